#!/bin/bash
# What dumps may take and how long they stay: space before and during, max_use, one user's half, places
# and queue, a condition that no longer holds when its turn comes, retention; and the writer of dumps
# that answers at once. The store is a small tmpfs of its own.
LIMIT=420
. "$(dirname "$0")/../lib/harness.sh"

# A core of the fake may need 70 MB by its memory; it becomes as large as its scenario says.
SIZE=400
FAST="heap 100
interval 200"
mkdir "$STORE"
mount -t tmpfs -o "size=${SIZE}000000,mode=711" tdfs-test "$STORE" || { fail "a tmpfs for the store"; finish; }

idle() { get_is "$1/dump" idle; }
n_cores_are() { [ "$(cores "$1" | wc -l)" = "$2" ]; }
asked() { grep -q '^request dump' "$1"; }
events_like() { get_like "$1/events" "$2"; }
# A dump that is taken, MB large
taken() { # NAME PID MB
	local before
	change_fake "$FAST
core-mb $3"
	before=$(cores "$2" | wc -l)
	is "$1: accepted" "$(put "$2/dump" now)" ""
	eventually "$1: listed" 20 n_cores_are "$2" $((before + 1))
	wait_for 5 idle "$2"
}
# One that is refused at once: ENOSPC, and the sentence
refused() { # NAME PID REGEX
	local before requests
	before=$(cores "$2" | wc -l)
	requests=$(grep -c '^request dump' "$TARGET_OUT")
	is "$1: ENOSPC" "$(put "$2/dump" now)" "No space left on device"
	like "$1: last_error" "$(key "$2/status" last_error)" "$3"
	like "$1: events" "$(get "$2/events" | tail -n 1)" "refused what=dump error=.*$3"
	is "$1: nothing was asked of the runtime" "$(grep -c '^request dump' "$TARGET_OUT")" "$requests"
	is "$1: nothing is listed" "$(cores "$2" | wc -l)" "$before"
}
# One that is given up while it is written: scenario lines
given_up() { # NAME PID REGEX LINES
	local before failed
	change_fake "$FAST
$4"
	before=$(cores "$2" | wc -l)
	failed=$(get "$2/events" | grep -c dump-failed)
	is "$1: accepted" "$(put "$2/dump" now)" ""
	more_failed() { [ "$(get "$1/events" | grep -c dump-failed)" -gt "$2" ]; }
	eventually "$1: dump-failed" 30 more_failed "$2" "$failed"
	like "$1: its sentence" "$(get "$2/events" | grep dump-failed | tail -n 1)" "$3"
	wait_for 5 idle "$2"
	is "$1: nothing is listed" "$(cores "$2" | wc -l)" "$before"
	is "$1: nor left" "$(find "$STORE/work" -type f | wc -l)" 0
	is "$1: the process lives" "$(state_of "$2")" S
}
start_all_over() { # OPTIONS
	stop_daemon || fail "the daemon ends"
	rm -f "$STORE"/sealed/*
	start_daemon "attach_delay=0,$1"
}
start_one() { # LINES - its pid is $TARGET; seen in the mount
	start_fake "$1" || finish
	wait_for 10 has "$TARGET" || fail "$TARGET is found"
}

# --- space: before, while it is written, and when it is whole ---
start_fake "$FAST" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=280MB
first_sample "$P"
taken "with room" "$P" 60
like "json: the fake was never frozen" "$(get "$P/dumps/$(cores "$P").json")" '"frozen_s": null,.*"frozen_at": null'
like "room for less than it may need" "$(key "$P/status" dump_expected)" '^0$'
refused "keep_free" "$P" "MB free: the dump may need [0-9]+ MB, and 280 MB stay free .keep_free."
is "arming says so, too" "$(put "$P/threshold_mb" 5000)" "No space left on device"
inmount 5 bash -c "rm '$MNT/$P'/dumps/*"
given_up "[D4] keep_free at the end" "$P" "given up: $STORE has [0-9]+ MB free, and 280 MB stay free" "core-mb 170"
given_up "[D4] keep_free in between" "$P" "given up: $STORE has [0-9]+ MB free" "core-mb 170
answer dump silence"

end "$P"
start_fake "$FAST" || finish
P=$TARGET
start_all_over keep_free=0
echo 100 >"$T/heap"
change_fake "heap-file $T/heap
interval 200"
first_sample "$P"
is "armed while there is room" "$(put "$P/threshold_mb" 200)" ""
fallocate -l 340000000 "$STORE/filled"
refused "[D4] a disk that is nearly full" "$P" "has (5[0-9]|60) MB free: the dump may need"
echo 300 >"$T/heap"
eventually "nor by the trigger: dump-failed" 10 events_like "$P" "dump-failed error=.*has (5[0-9]|60) MB free"
is "by the trigger: failed" "$(key "$P/status" trigger)" failed
ok "by the trigger: nothing is listed" no_core "$P"
rm "$STORE/filled"

# --- max_use ---
start_all_over keep_free=0,max_use=150MB
wait_for 10 has "$P"
taken "the first" "$P" 60
given_up "max_use at the end" "$P" "dumps outgrew the 150 MB of max_use" "core-mb 100"
taken "the second" "$P" 60
refused "max_use" "$P" "with 120 MB of other dumps that is more than the 150 MB of max_use"
inmount 5 bash -c "rm '$MNT/$P'/dumps/*"
taken "after rm" "$P" 10
given_up "max_use in between" "$P" "dumps outgrew the 150 MB of max_use" "core-mb 150
answer dump silence"

# --- half of it for one user ---
start_all_over keep_free=0
TARGET_AS=user start_one "$FAST"
U=$TARGET
taken "a user's first" "$U" 70
taken "a user's second" "$U" 70
refused "a user's third" "$U" "140 MB of this user's other dumps that is more than the (199|200) MB of half the store"
start_one "$FAST"
taken "root's beside it" "$TARGET" 70
start_all_over keep_free=0,max_use_user=100MB
TARGET_AS=user start_one "$FAST"
U=$TARGET
given_up "max_use_user at the end" "$U" "this user's dumps outgrew the 100 MB of max_use_user" "core-mb 110"
taken "max_use_user" "$U" 50
refused "max_use_user" "$U" "more than the 100 MB of max_use_user"
for pid in "${started[@]}"; do [ "$pid" = "$DAEMON_PID" ] || end "$pid"; done

# --- three at once: two places, the third waits; and whether it is wanted when its turn comes ---
start_all_over keep_free=0
echo 100 >"$T/heap"
slow() { # a dump that never ends by itself, and its place
	start_one "$FAST
delay dump 300000"
	put "$TARGET/dump" now
	wait_for 10 get_is "$TARGET/dump" running || fail "$TARGET is dumped"
}
slow
A=$TARGET
slow
B=$TARGET
start_one "heap-file $T/heap
interval 200"
C=$TARGET
C_OUT=$TARGET_OUT
first_sample "$C"
put "$C/threshold_mb" 200
queued_again() {
	echo 300 >"$T/heap"
	eventually "$1: it waits" 10 get_is "$C/dump" queued
	sleep 1.2 # longer than a dump may wait without being asked about
}
queued_again "fallen"
is "fallen: two run" "$(get "$A/dump") $(get "$B/dump")" "running running"
is "fallen: its trigger" "$(key "$C/status" trigger)" queued
echo 100 >"$T/heap"
eventually "fallen: the heap" 10 get_is "$C/heap_mb" 100
end "$A"
eventually "fallen: missed" 10 events_like "$C" "missed reason=queue$"
is "fallen: armed again" "$(key "$C/status" trigger)" armed
is "fallen: idle" "$(get "$C/dump")" idle
ok "fallen: no dump" no_core "$C"
ok "fallen: nor any request" bash -c "! grep -q '^request dump' '$C_OUT'"
unlike "fallen: nor a failure" "$(get "$C/events")" "dump-failed"

slow
A=$TARGET
queued_again "not fallen"
end "$A"
eventually "not fallen: dumped" 10 has_core "$C"
wait_for 5 idle "$C"

slow
A=$TARGET
put "$C/threshold_mb" 200
queued_again "disarmed"
asked=$(grep -c '^request dump' "$C_OUT")
put "$C/threshold_mb" off
eventually "disarmed: it waits no longer" 10 get_is "$C/dump" idle
put "$C/threshold_mb" 200
eventually "raised: it waits again" 10 get_is "$C/dump" queued
put "$C/threshold_mb" 400
eventually "raised: and no longer" 10 get_is "$C/dump" idle
is "raised: armed" "$(key "$C/status" trigger)" armed
end "$A"
slow # has got the place that was free
A=$TARGET
is "neither was dumped" "$(grep -c '^request dump' "$C_OUT")" "$asked"
is "nor missed" "$(get "$C/events" | grep -c missed)" 1

put "$C/threshold_mb" 200
queued_again "no answer"
front=$(front_of "$DAEMON_PID")
kill -STOP "$front"
end "$A"
eventually "no answer: begun all the same" 10 more_than 1 '^request dump' "$C_OUT"
kill -CONT "$front"
eventually "no answer: dumped" 10 n_cores_are "$C" 2
end "$B"

# --- one place, sixteen that wait, and the users in turn ---
for pid in "${started[@]}"; do [ "$pid" = "$DAEMON_PID" ] || end "$pid"; done
start_all_over keep_free=0,max_use_user=off,max_parallel_dumps=1
slow
A=$TARGET
roots=
for i in $(seq 15); do
	start_one "heap 100"
	roots="$roots $TARGET"
	is "[D13] root's no. $i waits" "$(put "$TARGET/dump" now)$(get "$TARGET/dump")" queued
done
TARGET_AS=user start_one "heap 100"
U=$TARGET
is "[D13] a user's, the 16th, waits" "$(put "$U/dump" now)$(get "$U/dump")" queued
start_one "heap 100"
is "[D13] the 17th does not" "$(put "$TARGET/dump" now)" "Resource temporarily unavailable"
is "and says why" "$(key "$TARGET/status" last_error)" "too many dumps are waiting already"
start_one "$FAST"
first_sample "$TARGET"
put "$TARGET/threshold_mb" 50
eventually "[D13] a trigger's is missed" 10 events_like "$TARGET" "missed reason=queue-full$"
is "and stays armed" "$(key "$TARGET/status" trigger)" armed
put "$TARGET/threshold_mb" off
end "$A"
all_through() { [ "$(get events | grep -c 'dump-done')" = 16 ]; }
eventually "all sixteen are dumped" 60 all_through
is "[D13] the user first, then root's in the order of their asking" \
	"$(get events | awk '$3 == "dump-started" { print $2 }' | sed 1d | tr '\n' ' ')" "$U${roots} "
like "the mount is well" "$(key status version)" "."

# --- retention ---
for pid in "${started[@]}"; do [ "$pid" = "$DAEMON_PID" ] || end "$pid"; done
start_all_over keep_free=0,keep=2
start_one "$FAST"
P=$TARGET
taken "keep: one" "$P" 1
first=$(cores "$P")
taken "keep: two" "$P" 1
is "keep: the third" "$(put "$P/dump" now)" ""
eventually "keep: the oldest goes" 10 hasnt "$P/dumps/$first"
ok "keep: and its sidecar" hasnt "$P/dumps/$first.json"
ok "keep: at both places" hasnt "dumps/${first}_$P"
wait_for 5 idle "$P"
is "keep: two stay" "$(cores "$P" | wc -l)" 2
like "keep: events" "$(get "$P/events")" "dump-removed name=${first}_$P reason=keep"
is "keep: nothing is left of it" "$(find "$STORE/sealed" -name "${first}_$P*" | wc -l)" 0
newest=$(cores "$P" | tail -n 1)
stop_daemon
start_daemon attach_delay=0,keep_free=0,keep=1
wait_for 10 has "$P"
eventually "keep: also at the start" 10 n_cores_are "$P" 1
is "keep: the newest stays" "$(cores "$P")" "$newest"
like "keep: events at the start" "$(get events)" "dump-removed name=core_.*_$P reason=keep"
stop_daemon
start_daemon attach_delay=0,keep_free=0,max_age=7d
wait_for 10 has "$P"
is "max_age: a young one stays" "$(cores "$P")" "$newest"
stop_daemon
sleep 1.1
start_daemon attach_delay=0,keep_free=0,max_age=1
wait_for 10 has "$P"
eventually "max_age: an old one goes at the start" 10 n_cores_are "$P" 0
is "max_age: another" "$(put "$P/dump" now)" ""
eventually "max_age: is listed first" 10 has_core "$P"
eventually "max_age: and goes within a minute" 75 n_cores_are "$P" 0
like "max_age: events" "$(get "$P/events")" "dump-removed name=core_.*_$P reason=max_age"

# --- the writer that answers at once ---
stop_daemon
instant=$BUILD/tests/triggerdumpfs-instant
ok "the product knows nothing of it" bash -c "grep -q instant '$instant' && ! grep -q instant '$DAEMON'"
DAEMON=$instant start_daemon attach_delay=0,keep_free=0
TARGET_AS=user start_one "$FAST"
U=$TARGET
first_sample "$U"
put "$U/threshold_mb" 50
eventually "at once: a dump" 10 has_core "$U"
like "at once: a core" "$(inmount 10 file "$MNT/$U/dumps/$(cores "$U")")" "ELF 64-bit LSB core file"
ok "at once: nothing was asked of the runtime" bash -c "! grep -q '^request dump' '$TARGET_OUT'"
ok "the daemon ends" stop_daemon
finish
