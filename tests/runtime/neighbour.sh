#!/bin/bash
# Another tool beside us that asks for counters every second gets them every second: before, while it is
# mounted, armed, dumped, and after that. Its own session says so: the Series of each report is the
# interval in force, which the tools of a process share.
#
#	ONLY		runtimes (default truth-8.0 truth-10.0)
#	EACH		seconds of each phase (default 2)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

EACH=${EACH:-2}
reports() { grep -c Interval= "$1"; }
more_reports() { [ "$(reports "$1")" -gt "$2" ]; }

# phase NAME - so many seconds, and until at least one report came in it; kept as "NAME US"
phase() {
	local had
	had=$(reports "$LISTENED")
	echo "$1 $(now_us)" >>"$T/phases"
	sleep "$EACH"
	ok "$runtime, $1: reports come" wait_for 10 more_reports "$LISTENED" "$had"
}

for runtime in ${ONLY:-truth-8.0 truth-10.0}; do
	have_runtime "$runtime" || { skip "$runtime" "not to be had"; continue; }
	: >"$T/phases"
	LISTENED=$T/listened.$runtime
	start_truth "$runtime" spike 100 300 300 2400 0 || finish
	socket=$TMPDIR/dotnet-diagnostic-$TARGET-$(start_time "$TARGET")-socket
	wait_for 10 test -S "$socket"
	start "$LISTENED" "$BENCH/counter-listener" "$socket" 600
	listener=$STARTED
	ok "$runtime: another tool listens" wait_for 15 grep -q READY "$LISTENED"
	phase "before"
	start_daemon attach_delay=0
	first_sample "$TARGET"
	phase "mounted"
	ok "$runtime: armed" arm "$TARGET" auto 1000000 1
	phase "armed"
	put "$TARGET/threshold_mb" 250
	eventually "$runtime: dumped" 60 has_core "$TARGET"
	phase "dumped"
	put "$TARGET/threshold_mb" off
	phase "disarmed"
	ok "$runtime: the daemon ends" stop_daemon
	phase "unmounted"
	kill -TERM "$listener"
	ok "$runtime: it is stopped and drained" wait "$listener"
	is "[I13] $runtime: the interval in force, of all reports" "$(grep -o 'Interval=.*' "$LISTENED" | sort -u)" Interval=1000
	while read -r what from; do
		note "$(awk -v from="$from" -v what="$what" '/Interval=/ && $1 >= from { n++; s += $2; if ($2 > w) w = $2; if (n == 6) exit }
			END { printf "%-10s IntervalSec of its first reports: mean %.3f, longest %.3f", what, n ? s / n : 0, w }' "$LISTENED")"
	done <"$T/phases"
	end "$TARGET"
	inmount 5 true
done
finish
