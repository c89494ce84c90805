#!/bin/bash
# How processes end, and what is left of them: nothing but their dumps.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

descriptors() { cost_descriptors $(cost_tree "$DAEMON_PID"); }
no_more_than() { [ "$(descriptors)" -le "$1" ]; }
no_zombies() { # of ours
	local pid
	for pid in $(all_of_daemon); do [ "$(state_of "$pid")" != Z ] || return 1; done
}
sessions_of() { key "$1/status" sessions; }
connects() { grep -c '^connect' "$1"; }

start_daemon attach_delay=0
start_fake "heap 1
interval 200" || finish
H=$TARGET
first_sample "$H"

# P1
start_fake "heap 100
interval 200
core-mb 1" || finish
P=$TARGET
first_sample "$P"
put "$P/dump" now >/dev/null
eventually "[P1] a dump, before the end" 15 has_core "$P"
core=$(cores "$P")
# One descriptor whose text was read by half, one that was not read at all.
cat >"$T/held.sh" <<'END'
exec 3<"$1/counters/gc-heap-size" 4<"$1/counters/gc-heap-size" 5<"$1/status"
IFS= read -r -N 1 first <&3
echo "first $first"
until [ -e "$2" ]; do sleep 0.05; done
IFS= read -r rest <&3 2>&1
echo "rest $rest"
{ IFS= read -r rest <&4; } 2>&1 | sed 's/.*: /new /'
echo "name $(cat "$1/counters/gc-heap-size" 2>&1)"
END
start "$T/held" timeout -s KILL 30 bash "$T/held.sh" "$MNT/$P" "$T/over"
held=$STARTED
wait_for 5 grep -q "^first 1" "$T/held" || fail "[P1] a value is read" "$(cat "$T/held")"
kill -TERM "$P"
eventually "[P1] it ends: its directory is gone within a second" 1 hasnt "$P"
touch "$T/over"
wait_for 5 dead "$held"
like "[P1] a descriptor that was read from has the rest of the last value" "$(cat "$T/held")" "rest 00"
like "[P1] one that was not read: ESRCH" "$(cat "$T/held")" "new No such process"
like "[P1] a name: ENOENT" "$(cat "$T/held")" "name cat: .*No such file"
ok "[P1] its dump stays" inmount 5 test -s "$MNT/dumps/${core}_$P"
like "[P1] events say it" "$(get events)" "Z $P gone"

# P7: a child with all descriptors, the listening one too
start_fake "heap 5
interval 200
fork 1" || finish
P=$TARGET
child=$(sed -n 's/^child //p' "$TARGET_OUT")
eventually "[P7] a program that forked is live" 10 get_is "$P/heap_mb" 5
ok "[P7] its child is not shown" hasnt "$child"
is "[P7] nor named" "$(get events | grep -c "Z $child ")" 0
kill -KILL "$P"
eventually "[P7] killed: it is gone, although the child holds its socket" 5 hasnt "$P"
ok "[P7] the child has no directory" hasnt "$child"
like "[P7] the child lives" "$(state_of "$child")" "^[SR]$"
kill -KILL "$child"

# P12: its parent does not wait for it; the socket still listens, in a child
printf 'heap 5\ninterval 200\nfork 1\n' >"$T/zombie.scenario"
start_zombie() { # OUTPUT
	start /dev/null bash -c '"$1" "$2" >"$3" 2>&1 </dev/null & exec sleep 120' - "$FAKE" "$T/zombie.scenario" "$1"
	wait_for 5 grep -q READY "$1"
	Z=$(sed -n 's/^READY \([0-9]*\) .*/\1/p' "$1")
	child=$(sed -n 's/^child //p' "$1")
}
start_zombie "$T/z1.out"
eventually "[P12] a program is found" 5 has "$Z"
kill -KILL "$Z"
eventually "[P12] it is a zombie: hidden" 5 hasnt "$Z"
is "[P12] and still one" "$(state_of "$Z")" Z
asked=$(connects "$T/z1.out")
kill -KILL "$child"

# P3: each at another point of the answer; the header has 20 bytes, CollectTracing's answer 28
before=$(descriptors)
dying=()
for at in 0 1 10 13 19 20 21 28 60 120; do
	start_fake "interval 200
answer info die $at" && dying+=("$TARGET")
done
for at in 0 1 13 14 19 20 21 24 27 28; do
	start_fake "interval 200
answer collect die $at" && dying+=("$TARGET")
done
is "[P3] programs that kill themselves in the middle of an answer" "${#dying[@]}" 20
gone_all() { local p; for p in "${dying[@]}"; do dead "$p" && hasnt "$p" || return 1; done; }
eventually "[P3] all are dead and gone" 10 gone_all
eventually "[P3] no descriptor is left of them" 10 no_more_than "$before"
eventually "[P3] no process either" 10 no_zombies
is "[P3] nothing says that they hang" "$(get events | grep -c 'may be hung')" 0

# P14: while it is tried again for the fourth time after 4 s, another tool takes all; then gives one back
start_fake "heap 8
interval 200
sessions 0" || finish
P=$TARGET
SOCKET=$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")
eventually "[P14] no session is free: events say why" 15 refused_more_than "$P" 2
change_fake "heap 9
interval 200"
start "$T/taken" "$BUILD/tests/runtime/take-sessions" "$SOCKET" 64
taker=$STARTED
wait_for 20 grep -q ^READY "$T/taken"
is "[P14] another tool has all" "$(cat "$T/taken")" "READY 64"
eventually "[P14] tried again" 15 refused_more_than "$P" 3
like "[P14] status, too" "$(key "$P/status" last_error)" "^session-slots-full"
is "[P14] what needs none is served" "$(key "$P/runtime" version)" 8.0.33
ok "[P14] environ, too" inmount 10 cat "$MNT/$P/environ"
kill -USR1 "$taker"
eventually "[P14] one is given back: values" 30 get_is "$P/heap_mb" 9
longer=$(refused_at "$P" | awk '{ gap[n++] = $1 - last; last = $1 }
	END { print (n > 3 && gap[3] > 1.5 * gap[1]) ? "yes" : "no: " gap[1] " " gap[2] " " gap[3] }')
is "[P14] it is tried ever more rarely" "$longer" yes
end "$taker" TERM

is "the healthy one is live" "$(key "$H/status" state)" live
ok "the daemon ends" stop_daemon
# P12 again: there before the daemon
start_zombie "$T/z2.out"
kill -KILL "$Z"
wait_for 5 test "$(state_of "$Z")" = Z
start_daemon attach_delay=0
eventually "[P12] a zombie that was there before, its socket alive: the healthy one is found" 10 has "$H"
ok "[P12] the zombie is hidden" hasnt "$Z"
is "[P12] and was not connected to" "$(connects "$T/z2.out")" 0
kill -KILL "$child"
ok "the daemon ends" stop_daemon
finish
