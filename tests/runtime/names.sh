#!/bin/bash
# counters.csv and stream.csv beside what dotnet-counters collect writes of the same process: providers,
# names and types are the same to the letter, none is missing.
#
#	ONLY		runtimes (default web-8.0 web-9.0 web-10.0 web-11.0)
LIMIT=300
. "$(dirname "$0")/../lib/harness.sh"

COUNTERS=$RUNTIMES/tools/dotnet-counters
[ -x "$COUNTERS" ] || skip_all "no dotnet-counters"
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
export DOTNET_ROOT

# names FILE - provider, name and type of each row of an EventCounter of System.Runtime; the instruments of the
# meter of that name begin with dotnet.
names() { sed 's/^[^,]*,//; s/,[^,]*$//' "$1" | grep '^System\.Runtime,' | grep -v '^[^,]*,dotnet\.' | sort -u; }

for runtime in ${ONLY:-web-8.0 web-9.0 web-10.0 web-11.0}; do
	have_runtime "$runtime" || { skip "$runtime" "not to be had"; continue; }
	start_target "$runtime" || finish
	start_daemon attach_delay=2
	first_sample "$TARGET"
	(cd "$T" && timeout 60 "$COUNTERS" collect -p "$TARGET" --format csv -o "$T/theirs.csv" \
		--duration 00:00:06 --counters 'EventCounters\System.Runtime') >"$T/theirs.out" 2>&1 </dev/null
	names "$T/theirs.csv" >"$T/theirs"
	get "$TARGET/counters.csv" >"$T/snapshot.csv"
	get "$TARGET/stream.csv" >"$T/stream.csv"
	within "$runtime: it collected" "$(wc -l <"$T/theirs")" 27 100
	is "$runtime: the same header" "$(head -n 1 "$T/snapshot.csv")" "$(head -n 1 "$T/theirs.csv")"
	is "$runtime: counters.csv has its names" "$(names "$T/snapshot.csv")" "$(cat "$T/theirs")"
	is "$runtime: stream.csv has its names" "$(names "$T/stream.csv")" "$(cat "$T/theirs")"
	ok "$runtime: the daemon ends" stop_daemon
	end "$TARGET"
done
finish
