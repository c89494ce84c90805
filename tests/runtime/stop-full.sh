#!/bin/bash
# Sessions that end while their streams are full: nobody reads for a while what a program sends that allocates as fast
# as it can; then it is disarmed. The program goes on all the time, the stream is drained, and the runtime
# answers as ever.
#
#	ONLY		runtimes (default truth-3.1 truth-8.0 truth-10.0)
LIMIT=${LIMIT:-150}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

allocated() { grep -a '^allocated' "$TARGET_OUT" | tail -n 1 | awk '{ print $2 }'; }
allocates() { [ "$(allocated)" -gt "$1" ]; }
for runtime in ${ONLY:-truth-3.1 truth-8.0 truth-10.0}; do
	have_runtime "$runtime" || { skip "[I11] $runtime" "not to be had"; continue; }
	start_truth "$runtime" small 0 600 || finish
	start_daemon attach_delay=0
	first_sample "$TARGET"
	ok "$runtime: armed" arm "$TARGET" alloc 1000000 1
	eventually "$runtime: its allocations are listened to" 20 key_is "$TARGET/status" detect alloc
	sleep 2.5 # a younger stream is not closed, whoever asks
	front=$(front_of "$DAEMON_PID")
	kill -STOP "$front"
	sleep 2
	before=$(allocated)
	ok "[I11] $runtime: while nobody reads the program goes on" wait_for 10 allocates "$before"
	start /dev/null bash -c 'echo off >"$1"' off "$MNT/$TARGET/threshold_mb"
	kill -CONT "$front"
	eventually "[I11] $runtime: the session ends" 10 key_is "$TARGET/status" sessions 1
	before=$(allocated)
	ok "[I11] $runtime: the program goes on" wait_for 10 allocates "$before"
	note "$runtime: dropped_events $(key "$TARGET/status" dropped_events)"
	ok "[I11] $runtime: it answers" inmount 10 cat "$MNT/$TARGET/environ"
	ok "$runtime: armed again" arm "$TARGET" alloc 1000000 1
	eventually "[I11] $runtime: a new session, too" 20 key_is "$TARGET/status" detect alloc
	eventually "[I11] $runtime: it is live" 10 key_is "$TARGET/status" state live
	unlike "[I11] $runtime: no stream was lost" "$(get "$TARGET/events")" "session-lost"
	ok "$runtime: the daemon ends" stop_daemon
	end "$TARGET"
done
finish
