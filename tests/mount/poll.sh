#!/bin/bash
# poll(2): a new sample, a change of state, the end of a process. Waiting for the first sample.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 300" || finish
P=$TARGET
start_daemon attach_delay=0
first_sample "$P"

# waiting FILE [hup] - starts a poll on it in the background, and returns when it waits
waiting() {
	start "$T/poll" "$POLL_WAIT" 8 "$MNT/$1" ${2:-}
	wait_for 5 grep -q ready "$T/poll" || note "no poll: $(cat "$T/poll")"
}
polled() { wait "$STARTED"; POLLED=$(tail -n +2 "$T/poll"); } # in this shell: only it can wait

waiting "$P/heap_mb"
echo 150 >"$T/heap"
polled
like "a value: a new sample" "$POLLED" "POLLIN POLLPRI"
waiting "$P/threshold_mb"
put "$P/threshold_mb" 400
polled
like "a control: its change" "$POLLED" "POLLIN POLLPRI ?.400"
# the session that follows the heap is a change of the state, too
wait_for 10 key_is "$P/status" sessions 2
waiting "$P/threshold_mb"
like "a control: nothing without one" "$(sleep 1; cat "$T/poll")" "^ready$"
put "$P/threshold_mb" off
polled
like "a control: off" "$POLLED" "off"
waiting events
put "$P/threshold_mb" 500
polled
like "events" "$POLLED" "POLLIN POLLPRI.*armed"
waiting "$P/status"
put "$P/threshold_mb" 600
polled
like "status" "$POLLED" "POLLIN POLLPRI"
waiting "$P/dump"
put "$P/dump" now
polled
like "dump: ready when it is idle again" "$POLLED" "POLLIN POLLPRI.*(queued|running|idle)"
wait_for 10 has_core "$P"
wait_for 5 get_is "$P/dump" idle
waiting "$P/status" hup
end "$P"
polled
like "the end of the process" "$POLLED" "POLLHUP"

# the first sample
start_fake "heap 77
interval 2500" || finish
eventually "a process before its first sample" 5 has "$TARGET"
like "O_NONBLOCK" "$(inmount 5 "$POLL_WAIT" -n "$MNT/$TARGET/heap_mb")" "EAGAIN"
begun=$SECONDS
is "stat does not wait" "$(inmount 1 stat -c %s "$MNT/$TARGET/heap_mb")" 0
start "$T/first" timeout 10 cat "$MNT/$TARGET/heap_mb"
ok "a waiting reader holds nobody up" inmount 1 cat "$MNT/status"
wait "$STARTED"
is "a read that waited has the sample, or says that there is none" \
	"$(grep -cE '^77$|No data available' "$T/first")" 1
eventually "the sample" 10 get_is "$TARGET/heap_mb" 77
start_fake "stream header" || finish
wait_for 5 has "$TARGET"
like "no sample ever: ENODATA in the end" "$(get "$TARGET/heap_mb")" "No data available"
start_fake "stream silent" || finish
wait_for 5 has "$TARGET"
start /dev/null cat "$MNT/$TARGET/counters/cpu-usage"
sleep 0.3
end "$STARTED"
ok "[F1] a killed reader is let go" dead "$STARTED"
waiting events
ok "the daemon ends with a waiting poll" stop_daemon
finish
