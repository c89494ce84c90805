#!/bin/bash
# Every spike is detected: +300 MB over 100 MB for 300 or 150 ms of every 2.4 s, also when a collection
# interrupts its growth, with a threshold and dumps that are there at once. A process with
# detect=auto, and beside it one with detect=sampled, of which the count is told alone.
#
#	SPIKES		how many of each (default 5)
#	ONLY		runtimes (default truth-8.0 truth-10.0)
#	THRESHOLD	in MB (default 250)
#	KINDS		HOLD_MS[/GENERATION] of the collection that interrupts (default 300)
LIMIT=${LIMIT:-180}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

SPIKES=${SPIKES:-5}
THRESHOLD=${THRESHOLD:-250}
DAEMON=$INSTANT start_daemon attach_delay=0,keep_free=0

listed() { first_sample "$1" && awk -v v="$(get "$1/heap_mb")" 'BEGIN { exit !(v > 0) }'; }

# begin NAME DETECT HOLD_MS [GENERATION] - a target, armed before its first spike; its pid and log in $RUN
begin() {
	start_truth "$1" spike 100 300 "$3" 2400 $(((SPIKES * 24 + 9) / 10)) ${4:+"$4"} || return 1
	RUN="$TARGET $TRUTH $TARGET_OUT"
	wait_for 5 has "$TARGET" && arm "$TARGET" "$2" $THRESHOLD
}

# row NAME KIND DETECT PID TRUTH OUT
row() {
	wait_for $((SPIKES * 3 + 30)) grep -q ^DONE "$6"
	sleep 0.3 # what fires at the end of the last spike
	judge "$5" "$4" - -t $THRESHOLD
	printf -v line '%-12s %-6s %-8s %4s of %s detected, %s false, %s fired; after %s ms (median), %s (worst)' \
		"$1" "$2" "$3" "$(figure detected)" "$(figure crossings)" "$(figure false_alarms)" \
		"$(figure fired)" "$(figure fired_after_ms_median)" "$(figure fired_after_ms_worst)"
	note "$line"
}

note "runtime      spike  detect"
for name in ${ONLY:-truth-8.0 truth-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	for kind in ${KINDS:-300}; do
		hold=${kind%/*}
		generation=${kind#"$hold"}
		generation=${generation#/}
		begin "$name" auto "$hold" "$generation" || fail "$name, $kind: begins"
		auto=$RUN
		begin "$name" sampled "$hold" "$generation" || fail "$name, $kind: begins with sampled"
		sampled=$RUN
		row "$name" "$kind" auto $auto
		within "$name, spikes of $kind ms: as many crossings as spikes" "$(figure crossings)" $SPIKES $((SPIKES + 1))
		is "$name, spikes of $kind ms: all detected" "$(figure detected)" "$(figure crossings)"
		is "$name, spikes of $kind ms: no false alarm" "$(figure false_alarms) $(figure unjudged)" "0 0"
		row "$name" "$kind" sampled $sampled
		for run in "$auto" "$sampled"; do end ${run%% *} 2>/dev/null; done
	done
done
ok "the daemon ends" stop_daemon
finish
