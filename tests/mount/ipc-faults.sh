#!/bin/bash
# A runtime's socket at which nobody is, or may be reached, or nobody answers for long; a name that lies; old runtimes
# that know little; another tool beside us. Each has its words, is tried again now and then, and when all is well
# again it is as if nothing had been.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

forks() { bash -c 'echo $$'; } # the next pid of this namespace: how many were made
count() { grep -cE "$1" "$2"; }
requests() { count "^request" "$1"; }
socket_of() { ls "$TMPDIR"/dotnet-diagnostic-"$1"-*-socket; }
# change PID SCENARIO OUTPUT LINES
change() {
	TARGET=$1 TARGET_SCENARIO=$2 TARGET_OUT=$3
	change_fake "$4"
}

# --- nobody can be reached, from the start ---
start_fake "heap 5
interval 200" || finish
H=$TARGET
start_fake "" || finish
nofile=$TARGET
mv "$(socket_of "$nofile")" "$T/moved"
mkdir -m 777 "$T/shut"
TARGET_AS=user TARGET_TMPDIR=$T/shut start_fake "" || finish
shut=$TARGET
chmod 700 "$T/shut"
start_fake "deaf 300" || finish
deaf=$TARGET deaf_scenario=$TARGET_SCENARIO deaf_out=$TARGET_OUT
start_fake "variable A=B
interval 200" || finish
P=$TARGET P_SCENARIO=$TARGET_SCENARIO P_OUT=$TARGET_OUT
start_fake "variable C=D
interval 200" || finish
Q=$TARGET Q_SCENARIO=$TARGET_SCENARIO Q_OUT=$TARGET_OUT
key=$(sed 's/.*) //' "/proc/$$/stat" | cut -d' ' -f20)
TARGET_AS=user start_fake "listen $$ $key" || finish
liar=$TARGET_LOG liar_out=$TARGET_OUT
start_daemon attach_delay=0
first_sample "$H"
first_sample "$P"
first_sample "$Q"
eventually "[I1] ENOENT: why" 5 get_like events "warning socket=[^ ]*-$nofile-[^ ]* text=\"No such file or directory\""
eventually "[I1] EACCES: why" 5 get_like events "warning socket=[^ ]*-$shut-[^ ]* text=\"its own user may not reach the socket\""
eventually "[I1] EAGAIN: why" 5 get_like events \
	"warning socket=[^ ]*-$deaf-[^ ]* text=\"it accepts nobody, and no more can wait at its socket\""
eventually "[I6] the peer is not who the name says: why" 5 get_like events \
	"refused socket=[^ ]*-$$-[^ ]* text=\"somebody else listens under the name of this process\""
before=$(forks)
sleep 3
# Some sleeps and greps of this shell's own among them.
within "[I1] no busy loop: programs and helpers made in 3 s" "$(($(forks) - before))" 0 30
ok "[I1] none of them has a directory" eval 'hasnt "$nofile" && hasnt "$shut" && hasnt "$deaf"'
ok "[I6] nor has who is lied about" hasnt $$
is "[I6] the liar gets no byte" "$(stat -c %s "$liar")" 0
within "[I6] and no second connection" "$(count ^connect "$liar_out")" 0 1
mv "$T/moved" "$TMPDIR/$(basename "$(sed -n 's/^READY [0-9]* //p' "$T"/fake.*.out | grep -e "-$nofile-")")"
chmod 755 "$T/shut"
change "$deaf" "$deaf_scenario" "$deaf_out" ""

# --- a request that is not answered for long (P); nothing done at all, as while another tool dumps it (Q) ---
change "$P" "$P_SCENARIO" "$P_OUT" "variable A=B
interval 200
delay environment 8000"
printf 'variable C=D\ninterval 200\nbusy 9000\n' >"$Q_SCENARIO"
before=$(requests "$P_OUT") Q_before=$(requests "$Q_OUT")
kill -HUP "$Q"
wait_for 5 grep -q ^busy "$Q_OUT"
environ_of "$Q" >"$T/environ" &
waiting=$!
is "[I9] an answer that takes longer than 5 s" "$(environ_of "$P")" "Connection timed out"
is "[I9] a second request meanwhile" "$(environ_of "$P")" "Connection timed out"
is "[I9] a dump meanwhile" "$(put "$P/dump" now)" "Connection timed out"
is "[I9] arming meanwhile" "$(put "$P/threshold_mb" 5000)" ""
is "[I9] one request waits at most" "$(($(requests "$P_OUT") - before))" 1
is "[I9] its stream goes on" "$(key "$P/status" state)" live
is "[I9] the connection is kept" "$(count '^gone' "$P_OUT")" 0
eventually "[I9] nothing is done at all: silent" 5 key_is "$Q/status" state silent
wait "$waiting"
is "[I9][I10] a request then" "$(cat "$T/environ")" "Connection timed out"
is "[I9] the last value stays" "$(get "$Q/heap_mb")" 100
within "[I9] another process has its samples" "$(changes "$H/counters/gc-heap-size" 1)" 2 10
eventually "[I9] it recovers: armed now" 10 eval '[ "$(count "^stream [0-9]" "$P_OUT")" = 2 ]'
eventually "[I9] when it goes on: live" 20 key_is "$Q/status" state live
eventually "[I9][I10] what was asked arrives whole, once" 5 eval '[ $(($(requests "$Q_OUT") - Q_before)) = 1 ]'
is "[I10] nothing half was left" "$(count '^gone' "$Q_OUT")" 0
eventually "[I9] and is answered" 10 eval '[ "$(environ_of "$Q")" = "C=D" ]'
is "[I9] its first session goes on" "$(count '^stream [0-9]' "$Q_OUT")" 1
P=$Q P_SCENARIO=$Q_SCENARIO P_OUT=$Q_OUT

# --- the name is gone, then who listened ---
name=$(socket_of "$P")
rm "$name"
is "[I12] unlinked: requests go through the pin" "$(environ_of "$P")" "C=D"
is "[I12] status says so" "$(key "$P/status" socket)" unlinked
is "[I12] the stream goes on" "$(key "$P/status" state)" live
is "[I12] arming" "$(put "$P/threshold_mb" 5000)$(get "$P/threshold_mb")" 5000
eventually "[I12] a new session" 5 eval '[ "$(count "^stream [0-9]" "$P_OUT")" = 2 ]'
put "$P/dump" now
eventually "[I12] a dump" 10 has_core "$P"
before=$(count ^connect "$P_OUT")
change "$P" "$P_SCENARIO" "$P_OUT" "interval 200
closed 1"
is "[I1] ECONNREFUSED" "$(environ_of "$P")" "Connection refused"
like "[I1] ECONNREFUSED: status says why" "$(key "$P/status" last_error)" "refuses connections"
is "[I1] ECONNREFUSED: the stream goes on" "$(key "$P/status" state)" live
eventually "[I1] nobody listens any more: gone" 10 hasnt "$P"

for pid in $nofile $shut $deaf; do eventually "[I1] when it can be reached: live" 25 key_is "$pid/status" state live; done
ok "the daemon ends" stop_daemon
finish
