#!/bin/bash
# A dump holds the spike that it was taken of: real dumps of spikes of 300 ms (+300 MB over 100 MB), with
# the threshold at 95 % and at 60 % of the peak. Counted are the markers of the spike in the core. And how
# long it took from the crossing (the truth's stamp) to `fired`, to the request, and to the frozen target
# (frozen_at of the json, which is looked at every 20 ms; and the last reading of the truth before it).
#
#	ROUNDS		dumps of each (default 1)
#	ONLY		runtimes (default truth-8.0 truth-10.0)
#	SHARES		thresholds in percent of the peak (default 95)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

ROUNDS=${ROUNDS:-1}
PERIOD=${PERIOD:-6000}
OBJECTS=30000 # of a spike of 300 MB
start_daemon attach_delay=0

# The level of the first spike, as the program saw it last before letting go
peak() {
	sort -n -k2,2 "$TRUTH" | awk '$1 == "end" { print mb; exit } $1 == "t" && $3 > 0 && $3 < 1e12 { mb = $3 / 1e6 }'
}
had_spike() { grep -q '^end ' "$TRUTH"; }
quiet() { grep -q '^quiet' "$TARGET_OUT"; }
is_low() { awk -v v="$(get "$TARGET/heap_mb")" 'BEGIN { exit !(v > 0 && v < 150) }'; }
more_cores() { [ "$(cores "$TARGET" | wc -l)" -gt 0 ]; }
json_time() { sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" "$1"; }

# one_dump - waits for the next, counts, removes; a line "requested frozen_at spike markers" to $T/dumps
one_dump() {
	local core json found
	wait_for $((PERIOD / 1000 + 60)) more_cores || return 1
	core=$(cores "$TARGET" | tail -n 1)
	wait_for 5 has "$TARGET/dumps/$core.json"
	json=$T/json
	get "$TARGET/dumps/$core.json" >"$json"
	found=$(inmount 120 "$BENCH/count-markers" "$MNT/$TARGET/dumps/$core")
	inmount 20 bash -c "rm -f '$MNT/$TARGET/dumps/$core'*"
	echo "$(us_of "$(json_time "$json" requested)") $(us_of "$(json_time "$json" frozen_at)")" \
		"$(awk '{ print $(NF - 1), $NF }' <<<"$found")" >>"$T/dumps"
}

# steps - joins the crossings with the dumps: "to_fired to_requested to_frozen all truth" in ms, a line each
steps() {
	"$BENCH/crossings" -v -p "$TARGET" -t "$1" "$TRUTH" "$FIGURES.events" | grep "^crossing " >"$T/crossings"
	grep '^t ' "$TRUTH" | sort -n -k2,2 >"$T/sorted"
	awk '
		FNR == 1 { file++ }
		file == 1 { start[++n] = $2; fired[n] = $5; next }
		file == 2 { t[++m] = $2; next }
		{
			for (i = n; i > 1 && start[i] - $1 > $1 - start[i - 1]; i--) ; # the nearest
			for (k = 1; k < m && !(t[k + 1] > $2 && t[k + 1] - t[k] > 100000); k++) ;
			print (fired[i] ? (fired[i] - start[i]) / 1000 : "-"), (fired[i] ? ($1 - fired[i]) / 1000 : "-"), \
				($2 ? ($2 - $1) / 1000 : "-"), ($2 ? ($2 - start[i]) / 1000 : "-"), \
				$2 && k < m ? (t[k] - start[i]) / 1000 : "-"
		}' "$T/crossings" "$T/sorted" "$T/dumps"
}

# row NAME SHARE
row() {
	local name=$1 share=$2 top threshold i
	start_truth "$name" spike 100 300 300 "$PERIOD" 0 || return 1
	wait_for 20 has "$TARGET"
	wait_for 20 had_spike
	wait_for 5 quiet
	top=$(peak)
	threshold=$(awk -v p="$top" -v s="$share" 'BEGIN { printf "%.1f", p * s / 100 }')
	: >"$T/dumps"
	# A sample of the spike that is gone would fire at once.
	wait_for 5 is_low
	ok "$name, $share %: armed at $threshold of $top MB" arm "$TARGET" auto "$threshold"
	for i in $(seq "$ROUNDS"); do
		one_dump || fail "$name, $share %: dump $i" "$(key "$TARGET/status" last_error)" "$(get "$TARGET/events" | tail -n 5)"
	done
	put "$TARGET/threshold_mb" off
	judge "$TRUTH" "$TARGET" - -t "$threshold"
	steps "$threshold" >"$T/steps.one"
	sed "s/^/$name $share /" "$T/dumps" >>"$T/all.dumps"
	sed "s/^/$name $share /" "$T/steps.one" >>"$T/all.steps"
	# What the threshold says is alive: its part above the base of 100 MB
	needed=$(awk -v t="$threshold" -v p="$top" -v n=$OBJECTS 'BEGIN { printf "%d", n * (t - (p - 300)) / 300 * 0.98 }')
	[ "$share" -lt 95 ] || needed=$((OBJECTS * 95 / 100))
	is "$name, $share %: dumps with at least $needed of $OBJECTS markers of the spike" \
		"$(awk -v n="$needed" '$4 >= n { k++ } END { print k + 0 }' "$T/dumps")" "$ROUNDS"
	note "markers: $(awk '{ printf "%s ", $4 }' "$T/dumps")"
	end "$TARGET"
}

for name in ${ONLY:-truth-8.0 truth-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	for share in ${SHARES:-95}; do row "$name" "$share" || fail "$name, $share %"; done
done
ok "every dump has its crossing" test -s "$T/all.steps"
column_of() { awk -v s="$1" -v c="$2" '$2 == s && $c != "-" { print $c }' "$T/all.steps"; }
for share in ${SHARES:-95}; do
	note "threshold at $share % of the peak, $(grep -c " $share " "$T/all.dumps") dumps, ms:  median  worst"
	i=2
	for step in "crossing to fired" "fired to requested" "requested to frozen" "crossing to frozen" \
		"crossing to the last truth"; do
		i=$((i + 1))
		note "$(printf '%-30s %10s %6s' "  $step" "$(column_of "$share" $i | median)" "$(column_of "$share" $i | worst)")"
	done
done
ok "the daemon ends" stop_daemon
finish
