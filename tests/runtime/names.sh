#!/bin/bash
# counters.csv and stream.csv beside what dotnet-counters collect writes of the same process: providers,
# names and types are the same to the letter, none is missing. That tool shares a meter with nobody, so it goes first.
#
#	ONLY		runtimes (default web-8.0 web-11.0)
LIMIT=300
. "$(dirname "$0")/../lib/harness.sh"

COUNTERS=$RUNTIMES/tools/dotnet-counters
[ -x "$COUNTERS" ] || skip_all "no dotnet-counters"
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
export DOTNET_ROOT

# names FILE - provider, name and type of each row of an EventCounter of System.Runtime; the instruments of the
# meter of that name begin with dotnet.
names() { sed 's/^[^,]*,//; s/,[^,]*$//' "$1" | grep '^System\.Runtime,' | grep -v '^[^,]*,dotnet\.' | sort -u; }

# collect PROVIDERS - what the tool writes within six seconds: $T/theirs.csv
collect() {
	(cd "$T" && rm -f theirs.csv && unwatched timeout 60 "$COUNTERS" collect -p "$TARGET" --format csv -o "$T/theirs.csv" \
		--duration 00:00:06 --counters "$1") >"$T/theirs.out" 2>&1 </dev/null
}
# meters_missing - names of its meters that counters.csv has not
meters_missing() {
	get "$TARGET/counters.csv" | sed 's/^[^,]*,//; s/,[^,]*$//' | sort -u >"$T/ours"
	tail -n +2 "$T/meters.csv" | sed 's/^[^,]*,//; s/,[^,]*$//' | sort -u | comm -13 "$T/ours" -
}
none_missing() { [ -z "$(meters_missing)" ]; }

for runtime in ${ONLY:-web-8.0 web-11.0}; do
	have_runtime "$runtime" || { skip "$runtime" "not to be had"; continue; }
	start_target "$runtime" || finish
	start /dev/null bash -c 'while :; do curl -s -m 5 "$1/api/heap" >/dev/null; sleep 0.05; done' load \
		"$(sed -n 's/^listening //p' "$TARGET_OUT")"
	load=$STARTED
	collect System.Runtime,Microsoft.AspNetCore.Hosting
	mv "$T/theirs.csv" "$T/meters.csv"
	start_daemon attach_delay=2,meters_delay=0
	first_sample "$TARGET"
	within "$runtime: it collected meters" "$(tail -n +2 "$T/meters.csv" | cut -d, -f2-4 | sort -u | wc -l)" 4 100
	eventually "$runtime: counters.csv has the names of meters" 20 none_missing
	none_missing || note "$(meters_missing)"
	like "$runtime: stream.csv has them, too" "$(get "$TARGET/stream.csv")" \
		",http.server.request.duration \(s\)\[[^,]*;Percentile=95\],Metric,"
	collect 'EventCounters\System.Runtime'
	names "$T/theirs.csv" >"$T/theirs"
	get "$TARGET/counters.csv" >"$T/snapshot.csv"
	get "$TARGET/stream.csv" >"$T/stream.csv"
	within "$runtime: it collected" "$(wc -l <"$T/theirs")" 27 100
	is "$runtime: the same header" "$(head -n 1 "$T/snapshot.csv")" "$(head -n 1 "$T/theirs.csv")"
	is "$runtime: counters.csv has its names" "$(names "$T/snapshot.csv")" "$(cat "$T/theirs")"
	is "$runtime: stream.csv has its names" "$(names "$T/stream.csv")" "$(cat "$T/theirs")"
	ok "$runtime: the daemon ends" stop_daemon
	end "$load"
	end "$TARGET"
done
finish
