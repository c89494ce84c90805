#!/bin/bash
# A process that becomes another one between two steps of what is done with it: while its environment is read, while
# its socket is opened, while it is dumped. What comes of it is the first one's, or an error.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
TURN=$BUILD/tests/mount/turn-into
install -m 4755 "$TURN" "$T/setuid"
if findmnt -no OPTIONS -T "$T" | grep -qw nosuid; then skip_all "set-uid programs do nothing here"; fi
user_target() { TARGET_AS=user start_fake "$1" || finish; }
start_daemon attach_delay=0

# --- an environment that is read from /proc: the runtime says that it does not know the command, when the process is
# a set-uid program already ------------------------------------------------------------------------------------------
reads=0 seen=
for round in 1 2 3 4 5 6; do
	user_target "heap 50
interval 200
answer environment unknown
delay environment 250
exec-keep $T/setuid"
	first_sample "$TARGET"
	start "$T/environ.$round" inmount 10 "${AS_USER[@]}" cat "$MNT/$TARGET/environ"
	reader=$STARTED
	wait_for 5 grep -q "^request environment" "$TARGET_OUT" && reads=$((reads + 1))
	kill -USR2 "$TARGET"
	wait "$reader"
	seen="$seen$(tr '\0' '\n' <"$T/environ.$round" | grep CANARY)"
	end "$TARGET"
done
is "[P6] environments asked for as a set-uid program takes the process's place" "$reads" 6
is "[P6] none of that program's is shown" "$seen" ""

# --- a child that listens anew on its parent's socket: the parent lives, and another one answers ---------------------
user_target "heap 50
interval 200
relisten 1"
P=$TARGET
first_sample "$P"
is "[T-A7] armed" "$(put "$P/threshold_mb" 60)" ""
kill -USR2 "$P"
wait_for 5 grep -q "^relisten ok" "$TARGET_OUT"
: >"$TARGET_LOG"
unlike "[T-A7][I6] a child listens in its place: its environment is not asked" "$(get "$P/environ")" =
eventually "[T-A7][I6] the directory goes at the first connect" 10 hasnt "$P"
ok "[T-A7][I6] the process lives" alive "$P"
eventually "[T-A7][I6] who listens is told of" 10 get_like events "Z $P refused socket="
ok "[T-A7][I6] not a byte is sent to it" test ! -s "$TARGET_LOG"
end "$P"

# --- a socket that others may write to, later than it was found -----------------------------------------------------
user_target "heap 50
interval 200"
P=$TARGET SOCKET=$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")
first_sample "$P"
is "[T-A6] its socket is its own" "$(key "$P/status" socket)" ok
chmod 622 "$SOCKET"
is "[T-A6] others may write to it from now on: no dump" "$(put "$P/dump" now)" "Operation not permitted"
like "[T-A6] and why" "$(key "$P/status" last_error)" "others may write to its socket"
is "[T-A6] which status says" "$(key "$P/status" socket)" insecure
is "[T-A6] nor is it armed" "$(put "$P/threshold_mb" 60)" "Operation not permitted"
chmod 600 "$SOCKET"
is "[T-A6] not any more: armed" "$(put "$P/threshold_mb" 60)" ""
is "[T-A6] which status says" "$(key "$P/status" socket)" ok
ok "[T-A6] and a dump" whole_dump "$P"
# between the word that a dump begins and the connection for its command
printf 'heap 50\ninterval 200\nanswer environment ok\ndelay environment 1500\n' >"$TARGET_SCENARIO"
kill -HUP "$P"
wait_for 5 grep -q ^reload "$TARGET_OUT"
n=$(cores "$P" | wc -l)
start /dev/null inmount 10 cat "$MNT/$P/environ"
wait_for 5 grep -q "^request environment" "$TARGET_OUT"
is "[T-A6] a dump that waits for an answer in flight" "$(put "$P/dump" now)" ""
chmod 666 "$SOCKET"
eventually "[T-A6] others may write to its socket when its turn comes: it failed" 10 \
	get_like "$P/events" "dump-failed .*others may write to its socket"
is "[T-A6] there is none" "$(cores "$P" | wc -l)" "$n"
is "[T-A6] nor was it asked for" "$(grep -c '^request dump' "$TARGET_OUT")" 1
end "$P"

# --- a process that changes while its dump is written: the reply takes three seconds --------------------------------
dump_begun() { # LINES - of a process of games that is dumped from here on: in P, its file is whole
	user_target "heap 50
interval 200
core whole
answer dump drip 120
$1"
	P=$TARGET
	first_sample "$P"
	is "$2: asked for" "$(put "$P/dump" now)" ""
	wait_for 10 grep -q "^dump " "$TARGET_OUT"
}
again() { # LINES - becomes what they say
	local n
	n=$(grep -c "^become" "$TARGET_OUT")
	change_fake "$1"
	kill -USR2 "$P"
	wait_for 5 more_than "$n" "^become" "$TARGET_OUT"
}
stored() { grep -rl "^pid $P\$" "$STORE" 2>/dev/null; }
owner() { inmount 5 stat -c %U "$MNT/$1" 2>/dev/null; }
owner_is() { [ "$(owner "$1")" = "$2" ]; }

dump_begun "exec-keep $T/setuid" "[P6] a dump, and then a set-uid program"
kill -USR2 "$P"
eventually "[P6] a set-uid program before the dump is through: it fails" 10 \
	get_like events "Z $P dump-failed .*(another program or another user|ended before its dump)"
eventually "[P6] and the directory goes" 10 hasnt "$P"
ok "[P6] nothing of it is listed" no_dump_of "$P"
is "[P6] nor kept" "$(stored)" ""
end "$P"

dump_begun "undumpable 1" "[T-E4] a dump of who is undumpable for a while"
kill -USR2 "$P"
eventually "[T-E4] undumpable while it is dumped: its files are root's" 10 owner_is "$P" root
again "undumpable 2"
eventually "[T-E4] and its user's again" 10 owner_is "$P" games
eventually "[T-E4] the dump is there" 15 has_core "$P"
CORE=$(cores "$P" | head -n 1)
is "[T-E4] and root's: the strictest that was seen stays" "$(owner "$P/dumps/$CORE")" root
is "[T-E4] also what says why" "$(owner "$P/dumps/$CORE.json")" root
is "[T-E4] also in the store" "$(grep -h ^uid $(stored))" "uid 0"
like "[T-E4] its user is denied it" "$(inmount 5 "${AS_USER[@]}" head -c 4 "$MNT/$P/dumps/$CORE" 2>&1)" "No such file|ermission denied"
printf 'heap 50\ninterval 200\n' >"$TARGET_SCENARIO"
kill -HUP "$P"
wait_for 5 more_than 1 ^reload "$TARGET_OUT"
put "$P/dump" now
second() { [ "$(cores "$P" | wc -l)" = 2 ]; }
eventually "[T-E4] a later one" 15 second
is "[T-E4] is its user's" "$(owner "$P/dumps/$(cores "$P" | grep -vx "$CORE")")" games
ok "[T-E4] the daemon ends" stop_daemon
start_daemon attach_delay=0
first_sample "$P"
eventually "[T-E4] after a restart both are there" 10 second
is "[T-E4] and the first one is root's" "$(owner "$P/dumps/$CORE")" root
end "$P"

# --- T-A4: the file of a socket changes places with an impostor's all the time, while it is looked at and connected to;
# one impostor is of another user, one of the same -------------------------------------------------------------------
ok "the daemon ends" stop_daemon
impostors=() logs=() pairs=() pids=()
for as in games man; do
	printf 'heap 99\nlisten 999999 %s\n' "${#logs[@]}" >"$T/impostor.$as.scenario"
	install -m 666 /dev/null "$T/impostor.$as.log"
	start "$T/impostor.$as.out" setpriv --reuid $as --regid $as --clear-groups --inh-caps=-all env TMPDIR="$TMPDIR" \
		"$FAKE" --log "$T/impostor.$as.log" "$T/impostor.$as.scenario"
	wait_for 10 grep -q ^READY "$T/impostor.$as.out" || fail "an impostor" "$(cat "$T/impostor.$as.out")"
	impostors+=("$(sed -n 's/^READY [0-9]* //p' "$T/impostor.$as.out")")
	logs+=("$T/impostor.$as.log")
done
for i in {0..11}; do
	user_target "heap 50
interval 200"
	pids+=("$TARGET")
	pairs+=("$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")" "$T/tmp/x$i")
	ln "${impostors[i % 2]}" "$T/tmp/x$i"
done
start "$T/swap.out" "$BUILD/tests/mount/swap" "${pairs[@]}"
SWAP=$STARTED
good() { # NAME - all that is shown is a true one
	local pid n=0 bad=0
	for pid in "${pids[@]}"; do
		[ "$(get "$pid/heap_mb")" = 99 ] && bad=$((bad + 1))
		key_is "$pid/status" owner games && n=$((n + 1))
	done
	note "$1: $n of ${#pids[@]} were found"
	is "[T-A4][I6] $1: no impostor is shown" "$bad" 0
}
for round in 1 2 3; do
	start_daemon attach_delay=0
	sleep 1
	good "round $round"
	for pid in "${pids[@]}"; do inmount 10 cat "$MNT/$pid/environ" >/dev/null 2>&1 & done
	wait $(jobs -p | grep -vxF "$(printf '%s\n' "${started[@]}")")
	ok "[T-A4] round $round: the daemon ends" stop_daemon
done
ok "[T-A4] swapping lasted to the end" alive "$SWAP"
kill -TERM "$SWAP"
wait "$SWAP"
note "exchanges of ${#pids[@]} names: $(cat "$T/swap.out")" \
	"connections to impostors: $(cat "$T"/impostor.*.out | grep -c ^connect)"
ok "[T-A4][I6] not a byte was sent to an impostor" test ! -s "${logs[0]}" -a ! -s "${logs[1]}"
start_daemon attach_delay=0
all_there() { local pid; for pid in "${pids[@]}"; do get_is "$pid/heap_mb" 50 || return 1; done; }
eventually "[T-A4] all are found when it is over" 15 all_there
for pid in "${pids[@]}"; do end "$pid"; done

ok "the daemon ends" stop_daemon
finish
