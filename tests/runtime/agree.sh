#!/bin/bash
# The values of `dotnet-counters collect` and ours, of one web application under load.
#
# EventCounters\System.Runtime at the same time: the runtime sends one report to both, so each number of theirs is
# one of ours, of the same second or the next. The meter System.Runtime (.NET 9 on): that tool shares a meter with
# nobody, so it collects before our session and after it, and what stood in the tree between lies within what it
# saw, or no further out than a value moved in one interval; numbers of bytes 300 kB more, which a session itself
# holds and allocates in the process. What both sources have is compared at the same time, too: each of their
# EventCounters with our instruments.
#
#	ONLY		runtimes (default web-8.0 web-10.0)
LIMIT=${LIMIT:-300}
. "$(dirname "$0")/../lib/harness.sh"

COUNTERS=$RUNTIMES/tools/dotnet-counters
[ -x "$COUNTERS" ] || skip_all "no dotnet-counters"
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
export DOTNET_ROOT TZ=UTC

collect() { # PROVIDER FILE
	rm -f "$2"
	(cd "$T" && unwatched timeout 60 "$COUNTERS" collect -p "$TARGET" --format csv -o "$2" --duration 00:00:06 \
		--counters "$1") >"$T/theirs.out" 2>&1 </dev/null
}

# The tool is refused as long as a session before it, ours or its own, is not quite gone.
collected() { collect System.Runtime "$1" && [ "$(wc -l <"$1")" -gt 50 ]; }

# rows FILE PATTERN - "name TAB number TAB seconds of the day", of System.Runtime where the name is like that
rows() {
	grep -E '^[^,]*,System\.Runtime,' "$1" | awk -F, -v pattern="$2" '$3 ~ pattern {
		match($1, /[0-9][0-9]:[0-9][0-9]:[0-9][0-9](\.[0-9]+)?/)
		split(substr($1, RSTART, RLENGTH), t, ":")
		printf "%s\t%s\t%.3f\n", $3, $NF, t[1] * 3600 + t[2] * 60 + t[3] }'
}

# same_numbers THEIRS OURS - rows of theirs that no row of ours is equal to within 2.5 s
same_numbers() {
	awk -F '\t' 'NR == FNR { n[$1]++; value[$1, n[$1]] = $2; at[$1, n[$1]] = $3; next } {
		for (i = 1; i <= n[$1]; i++) {
			d = value[$1, i] - $2; s = at[$1, i] - $3
			if (s < 0) s = -s
			if (s > 43200) s = 86400 - s # midnight
			if (d < 0) d = -d
			if (s < 2.5 && d <= 1e-6 * ($2 < 0 ? -$2 : $2)) next
		}
		print }' "$2" "$1"
}

# outside THEIRS OURS - names of theirs whose numbers and ours do not overlap, by more than one interval moves them
outside() {
	awk -F '\t' '
	function abs(x) { return x < 0 ? -x : x }
	FNR == 1 { file++ }
	{
		k = $1; v = $2 + 0
		if (!((file, k) in low) || v < low[file, k]) low[file, k] = v
		if (!((file, k) in high) || v > high[file, k]) high[file, k] = v
		if ((file, k) in last && abs(v - last[file, k]) > step[k]) step[k] = abs(v - last[file, k])
		last[file, k] = v
		if (file == 1) names[k] = 1
	}
	END {
		for (k in names) {
			if (!((2, k) in low)) { print k ": none of ours"; continue }
			room = step[k] + (k ~ /\(By/ ? 3e5 : 1e-6 * abs(high[1, k]))
			if (low[2, k] > high[1, k] + room || high[2, k] < low[1, k] - room)
				print k ": theirs " low[1, k] " to " high[1, k] ", ours " low[2, k] " to " high[2, k]
		}
	}' "$1" "$2"
}

# What is the same in both: EventCounter, instrument, and what makes the one the other
PAIRS=$(tr -s '\t' <<'X'
Working Set (MB)		dotnet.process.memory.working_set (By)				1e6
GC Committed Bytes (MB)		dotnet.gc.last_collection.memory.committed_size (By)		1e6
Allocation Rate (B / 1 sec)	dotnet.gc.heap.total_allocated (By / 1 sec)			1
Gen 0 Size (B)			dotnet.gc.last_collection.heap.size (By)[gc.heap.generation=gen0]	1
Gen 1 Size (B)			dotnet.gc.last_collection.heap.size (By)[gc.heap.generation=gen1]	1
Gen 2 Size (B)			dotnet.gc.last_collection.heap.size (By)[gc.heap.generation=gen2]	1
LOH Size (B)			dotnet.gc.last_collection.heap.size (By)[gc.heap.generation=loh]	1
POH (Pinned Object Heap) Size (B)	dotnet.gc.last_collection.heap.size (By)[gc.heap.generation=poh]	1
Gen 2 GC Count (Count / 1 sec)	dotnet.gc.collections ({collection} / 1 sec)[gc.heap.generation=gen2]	1
Time paused by GC (ms / 1 sec)	dotnet.gc.pause.time (s / 1 sec)				1e-3
Time spent in JIT (ms / 1 sec)	dotnet.jit.compilation.time (s / 1 sec)				1e-3
Monitor Lock Contention Count (Count / 1 sec)	dotnet.monitor.lock_contentions ({contention} / 1 sec)	1
ThreadPool Completed Work Item Count (Count / 1 sec)	dotnet.thread_pool.work_item.count ({work_item} / 1 sec)	1
Number of Active Timers		dotnet.timer.count ({timer})					1
Number of Assemblies Loaded	dotnet.assembly.count ({assembly})				1
X
)
# as_instruments THEIRS - rows of EventCounters that are in PAIRS, as those of instruments
as_instruments() {
	awk -F '\t' 'NR == FNR { to[$1] = $2; times[$1] = $3; next }
		$1 in to { printf "%s\t%.17g\t%s\n", to[$1], $2 * times[$1], $3 }' <(echo "$PAIRS") "$1"
}

# apart THEIRS OURS - rows of theirs that are not between the least and the greatest of ours within 2.5 s, nor
# further out than a value moved in one interval and 3 % (sizes after a collection, of which there are fifteen a
# second)
apart() {
	awk -F '\t' '
	function abs(x) { return x < 0 ? -x : x }
	{
		file = NR == FNR ? 1 : 2
		k = $1; i = ++n[file, k]; v[file, k, i] = $2; at[file, k, i] = $3
		if (i > 1 && abs($2 - v[file, k, i - 1]) > step[k]) step[k] = abs($2 - v[file, k, i - 1])
		names[k] = 1
	}
	END {
		for (k in names)
			for (i = 1; i <= n[1, k]; i++) {
				seen = 0
				for (j = 1; j <= n[2, k]; j++) {
					s = abs(at[2, k, j] - at[1, k, i])
					if (s > 2.5 && s < 86400 - 2.5) continue # midnight
					if (!seen++) low = high = v[2, k, j]
					if (v[2, k, j] < low) low = v[2, k, j]
					if (v[2, k, j] > high) high = v[2, k, j]
				}
				room = step[k] + 0.03 * abs(v[1, k, i])
				if (seen < 2 || v[1, k, i] < low - room || v[1, k, i] > high + room)
					print k ": theirs " v[1, k, i] ", ours " (seen ? low " to " high : "none")
			}
	}' "$1" "$2"
}

# A rate has a second before its first.
has_rates() { [ "$(get "$TARGET/stream.csv" | grep -c ',dotnet\.gc\.heap\.total_allocated ')" -ge 2 ]; }

for runtime in ${ONLY:-web-8.0 web-10.0}; do
	have_runtime "$runtime" || { skip "$runtime" "not to be had"; continue; }
	start_target "$runtime" || finish
	URL=$(sed -n 's/^listening //p' "$TARGET_OUT")
	# It allocates so much that what watching itself allocates (100 kB a second) plays no part.
	start /dev/null bash -c 'while :; do
		curl -s -m 5 "$1/api/heap" "$1/api/diagscenario/memspike/0?baseMb=5&peakMb=5" >/dev/null
		sleep 0.05
	done' load "$URL"
	load=$STARTED
	meter=$([ "$runtime" = web-8.0 ] || echo yes)
	[ -z "$meter" ] || ok "$runtime: meter: collected" wait_for 60 collected "$T/before.csv"
	start_daemon attach_delay=2,meters_delay=0,providers=System.Runtime # stream.csv holds not many seconds of all
	first_sample "$TARGET"
	[ -z "$meter" ] || eventually "$runtime: rates of the meter" 20 has_rates
	collect 'EventCounters\System.Runtime' "$T/theirs.csv"
	sleep 1.5 # our side of their last second
	get "$TARGET/stream.csv" >"$T/stream.csv"
	rows "$T/theirs.csv" . | sort -u >"$T/theirs"
	rows "$T/stream.csv" . >"$T/ours"
	within "$runtime: EventCounters: numbers of theirs" "$(wc -l <"$T/theirs")" 100 400
	within "$runtime: of so many counters" "$(cut -f1 "$T/theirs" | sort -u | wc -l)" 27 40
	same_numbers "$T/theirs" "$T/ours" >"$T/differ"
	is "$runtime: each of them is ours" "$(head -n 5 "$T/differ")" ""
	if [ -n "$meter" ]; then
		as_instruments "$T/theirs" | sort -t $'\t' -k 1,1 -k 3,3n >"$T/theirs.meter"
		rows "$T/stream.csv" '^dotnet\.' >"$T/ours.meter"
		is "$runtime: of so many there are instruments" "$(cut -f1 "$T/theirs.meter" | sort -u | wc -l)" \
			"$(wc -l <<<"$PAIRS")"
		is "$runtime: which have their values at the same time" "$(apart "$T/theirs.meter" "$T/ours.meter")" ""
	fi
	ok "$runtime: the daemon ends" stop_daemon
	if [ -n "$meter" ]; then
		ok "$runtime: meter: collected once more" wait_for 60 collected "$T/after.csv"
		for file in before after; do rows "$T/$file.csv" '^dotnet\.'; done >"$T/theirs"
		rows "$T/stream.csv" '^dotnet\.' >"$T/ours"
		within "$runtime: meter: numbers of theirs" "$(wc -l <"$T/theirs")" 100 1000
		within "$runtime: of so many instruments" "$(cut -f1 "$T/theirs" | sed 's/[ [].*//' | sort -u | wc -l)" 15 19
		is "$runtime: the tree has them all, and their values" "$(outside "$T/theirs" "$T/ours")" ""
		note "$(wc -l <"$T/theirs") numbers of theirs, $(wc -l <"$T/ours") of ours"
	fi
	end "$load"
	end "$TARGET"
done
finish
