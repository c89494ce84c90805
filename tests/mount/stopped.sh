#!/bin/bash
# A target that is stopped hangs nobody, gets nothing, and goes on where it was.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

start_fake "heap 100
interval 200
variable A=B" || finish
P=$TARGET
OUT=$TARGET_OUT
start_fake "heap 50
interval 200" || finish
Q=$TARGET
start_daemon attach_delay=0
first_sample "$P"
first_sample "$Q"
kill -STOP "$P"
eventually "its state" 5 key_is "$P/status" state stopped
requests=$(grep -c request "$OUT")
is "the last value stays readable" "$(get "$P/heap_mb")" 100
is "environ" "$(get "$P/environ")" "cat: $MNT/$P/environ: Resource temporarily unavailable"
is "a dump" "$(put "$P/dump" now)" "Resource temporarily unavailable"
is "arming needs no request" "$(put "$P/threshold_mb" 500)$(get "$P/threshold_mb")" 500
for tool in "ls -lR $MNT" "grep -ra . $MNT" "find $MNT -ls" "cat $MNT/processes" "tar -cf /dev/null -C $MNT ." \
	"cp -r $MNT/$P/counters $T/copy" "df $MNT" "stat $MNT/$P/environ" "wc -c $MNT/$P/heap_mb"; do
	unlike "does not hang: ${tool%% *}" "$(inmount 10 $tool 2>&1 | tr -d '\0')" HUNG
done
is "the other one is live" "$(key "$Q/status" state)" live
is "the other one's dump" "$(put "$Q/dump" now)" ""
eventually "is made" 10 has_core "$Q"
start_fake "heap 30" || finish
S=$TARGET
kill -STOP "$S"
sleep 0.5
unlike "one that is stopped before it is attached" "$(inmount 10 cat "$MNT/$S/heap_mb" 2>&1)" HUNG
unlike "its environ" "$(inmount 10 cat "$MNT/$S/environ" 2>&1)" HUNG
kill -CONT "$S"
put "$P/threshold_mb" off # so that nothing is to be asked for afterwards
kill -CONT "$P"
eventually "continued it is live" 10 key_is "$P/status" state live
is "nothing was sent meanwhile" "$(grep -c request "$OUT")" "$requests"
is "environ again" "$(inmount 10 cat "$MNT/$P/environ" | tr '\0' ' ')" "A=B "
eventually "the one that was stopped early, too" 20 get_is "$S/heap_mb" 30
kill -STOP "$P"
wait_for 5 key_is "$P/status" state stopped
ok "the daemon ends with a stopped target" stop_daemon
is "which it leaves stopped" "$(state_of "$P")" T
finish
