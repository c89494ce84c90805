#!/bin/bash
# Runtimes that answer what is no answer, a piece of one, an error, or end in the middle: each is told in its words
# within seconds, tried again ever more rarely or never, and closed only where that harms nobody. Another process
# beside them does not notice.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

start_fake "heap 5
interval 200" || finish
H=$TARGET
start_daemon attach_delay=0
first_sample "$H"
declare -A pid out
halves=$(all_of_daemon)

# better NAME [LINES] - from now on it is as these say
better() {
	TARGET=${pid[$1]} TARGET_OUT=${out[$1]}
	TARGET_SCENARIO=${TARGET_OUT%.out}.scenario
	change_fake "interval 200
${2:-}"
}
status_of() { key "${pid[$1]}/status" "$2"; }
events_of() { get "${pid[$1]}/events"; }
n() { grep -cE "$2" "${out[$1]}"; } # lines of its output
state_is() { [ "$(status_of "$1" state)" = "$2" ]; }
error_like() { [[ $(status_of "$1" last_error) =~ $2 ]]; }
all_are() { # STATE NAME... - or it says which is not
	local name state=$1
	shift
	for name in "$@"; do state_is "$name" "$state" || { echo "$name: $(status_of "$name" state)"; return 1; }; done
}

SEEDS=$(seq 12)
for seed in $SEEDS; do
	named_fake "collect $seed" "answer collect garbage $((seed * 40 - 30)) $seed"
	named_fake "info $seed" "answer info garbage $((seed * 40 - 30)) $seed"
done
named_fake "header" "answer collect half 20"
named_fake "half a payload" "answer collect half 27"
named_fake "a byte in 4 s" "answer collect drip 4000"
named_fake "a byte in 0.3 s" "answer collect drip 300"
named_fake "header of info" "answer info half 20"
named_fake "info, a byte in 4 s" "answer info drip 4000"
named_fake "hangs up" "hang-up 1"
named_fake "ends behind the reply" "stream-cut 0"
named_fake "ends in a block" "stream-cut 60000"
named_fake "ends before the reply" "answer collect close"
declare -A text=(
	[0x80131384]="the runtime could not read the request"
	[0x80131385]="the runtime does not know this command"
	[0x80131386]="the runtime speaks another protocol"
	[0x80131515]="this kind of runtime cannot do it"
	[0x8013135b]=-
	[0x80131371]=-
	[0x80004005]="session-slots-full: other tools have all sessions of its runtime (64)"
)
for hresult in "${!text[@]}"; do named_fake "$hresult" "answer collect error $hresult"; done

# --- nobody else notices ---
within "[H1][H2][H3][I8] another process has its samples" "$(changes "$H/counters/gc-heap-size" 3)" 6 20

# --- what is no reply ---
mapfile -t names < <(printf 'collect %s\n' $SEEDS; printf 'info %s\n' $SEEDS)
eventually "[H1] random bytes: unreachable" 5 all_are unreachable "${names[@]}"
for name in "collect 1" "info 1"; do # 10 bytes and the end
	like "[H1] $name: why" "$(status_of "$name" last_error)" "without an answer|does not say what it is"
done
like "[H1] random bytes instead of a session: why" "$(status_of "collect 5" last_error)" "what the runtime answered is no reply"
like "[H1] random bytes instead of ProcessInfo: why" "$(status_of "info 5" last_error)" "does not say what it is"
like "[H1][I4] it hangs up: why" "$(status_of "hangs up" last_error)" "does not say what it is"

for name in "collect 7" "info 7" "hangs up"; do better "$name"; done

# --- a piece of a reply: one deadline, and the connection is kept ---
for name in "header" "half a payload" "a byte in 4 s" "header of info" "info, a byte in 4 s"; do
	eventually "[H2][H3] $name: unreachable" 8 state_is "$name" unreachable
	like "[H2][H3] $name: why" "$(status_of "$name" last_error)" "leaves a request unanswered"
done
like "[H2] named as such" "$(events_of header)" "may be hung by attaching"
eventually "[H3] what comes whole after the deadline counts" 10 state_is "a byte in 0.3 s" live
like "[H3] which was over before" "$(events_of "a byte in 0.3 s")" "may be hung by attaching"
for name in "header" "half a payload" "a byte in 4 s" "header of info" "info, a byte in 4 s"; do
	is "[H2][H3] $name: asked once, and never closed" "$(n "$name" 'request (collect|info [23]$)') $(n "$name" gone)" \
		"$([[ $name = *info* ]] && echo 1 || echo 2) 0"
done
put "${pid[header]}/dump" now >/dev/null
is "[H2] a dump of it" "$(put "${pid[header]}/dump" now)" "Connection timed out"

# --- the end in the middle ---
like "[I5] ends behind the reply" "$(events_of "ends behind the reply")" 'session-lost reason="the stream has ended"'
like "[I5] ends in a block: session-lost" "$(events_of "ends in a block")" 'session-lost reason="the stream has ended"'
is "[I5] ends in a block: what came before stays" "$(get "${pid[ends in a block]}/counters/gc-heap-size")" 100
like "[I5] ends before the reply" "$(status_of "ends before the reply" last_error)" "without an answer"

# --- errors: the words, and when it is tried again ---
for hresult in "${!text[@]}"; do
	is "[I8] $hresult: words" "$(status_of "$hresult" last_error)" "${text[$hresult]}"
	case $hresult in
	0x8013135b | 0x80131371)
		is "[I8] $hresult: it is soon tried again, without a word" \
			"$(status_of "$hresult" state) $(events_of "$hresult" | grep -c refused)" "attaching 0"
		;;
	0x80131385) is "[I8][I7] $hresult: never asked again" "$(n "$hresult" 'request collect')" 2 ;;
	*) within "[I8] $hresult: tried again ever more rarely" "$(n "$hresult" 'request collect')" 2 6 ;;
	esac
done
within "[I8] soon is more often than that" "$(n 0x80131371 'request collect')" "$(n 0x80004005 'request collect')" 100
for name in "${names[@]}"; do # 1, 2, 4 s; ProcessInfo 1, 4, 8 s
	[[ $name = *7 ]] || [ "$(n "$name" ^connect)" -le 9 ] || fail "[H1] $name: tried ever more rarely" "$(cat "${out[$name]}")"
done
within "[I5] ends behind the reply: opened ever more rarely" "$(n "ends behind the reply" '^stream [0-9]')" 2 6

# --- and when they are well ---
better 0x8013135b
for name in 0x8013135b "collect 7" "info 7" "hangs up"; do
	eventually "[H1][I4][I8] $name: live when it answers well" 35 state_is "$name" live
done
like "its runtime is known then" "$(get "${pid[info 7]}/runtime")" "version 8.0.33"
# A write to a connection whose other end is closed.
better "info 7" "hang-up 1"
for i in 1 2 3 4 5; do inmount 10 cat "$MNT/${pid[info 7]}/environ" >/dev/null 2>>"$T/environ"; done
like "[I4] hangs up before it has read" "$(sed 's/.*: //' "$T/environ" | sort -u | xargs)" \
	"^(Broken pipe|Connection reset by peer|Broken pipe Connection reset by peer)$"
put "${pid[info 7]}/dump" now >/dev/null
eventually "[I4] a dump then fails" 10 get_like "${pid[info 7]}/events" "dump-failed"
is "[I4] it is live" "$(status_of "info 7" state)" live
is "[I4] and so are both halves" "$(all_of_daemon)" "$halves"
better "info 7"
ok "[I4] and it is asked again" inmount 10 cat "$MNT/${pid[info 7]}/environ"

for name in "${!pid[@]}"; do
	[[ $(state_of "${pid[$name]}") = [RSD] ]] || fail "$name lives" "$(state_of "${pid[$name]}")"
done
is "the other one is live" "$(key "$H/status" state)" live
ok "the daemon ends" stop_daemon
finish
