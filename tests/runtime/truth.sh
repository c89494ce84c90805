#!/bin/bash
# The estimate against the truth: heap_mb beside GC.GetTotalMemory while a load runs, and whether a
# threshold 5 % above the highest level that the truth had fires. The dumps are there at once.
#
#	ROWS		which rows of the table below, by words that all stand in it (default "10.0 spike -");
#			"all" for every one. Several are separated by commas
#	LEARN WATCH	seconds in which the highest level is learned, and in which the threshold stands
#			(default 5 and 8)
LIMIT=${LIMIT:-120}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

LEARN=${LEARN:-5}
WATCH=${WATCH:-8}
# runtime, load, setting of the GC ("-": none), bar or none, and the load's arguments; F the forever
TABLE=$(
	for v in 3.1 8.0 9.0 10.0 11.0; do
		echo "$v spike - bar spike 100 300 300 2400 F"
		echo "$v small-100 - bar small 100 F"
		echo "$v small-1000 - none small 1000 F"
		echo "$v loh - bar loh 200 F"
		echo "$v pinned - bar pinned 100 F"
		echo "$v small-500MB - bar small 100 F 500"
		echo "$v loh-500MB - bar loh 200 F 500"
	done
	for setting in gcServer=1 gcServer=1,DOTNET_GCDynamicAdaptationMode=0 gcConcurrent=0 GCHeapHardLimit=0x30000000; do
		echo "10.0 spike DOTNET_$setting bar spike 100 300 300 2400 F"
		echo "10.0 small-100 DOTNET_$setting bar small 100 F"
	done
	echo "8.0 spike DOTNET_gcServer=1 bar spike 100 300 300 2400 F"
	echo "8.0 small-100 DOTNET_gcServer=1 bar small 100 F"
)

# wanted ROW - by the words in $ROWS
wanted() {
	local words word
	[ "${ROWS:=10.0 spike -}" = all ] && return 0
	while read -r words; do
		for word in $words; do
			[[ " $1 " == *" $word "* ]] || continue 2
		done
		return 0
	done <<<"${ROWS//,/$'\n'}"
	return 1
}

# bars NAME RUNTIME - of the figures: the mean at most the larger of 1 % and 2 MB (4 MB on 3.1, which rounds
# to whole MB), 95 of 100 at most the larger of 3 % and 12 MB
bars() {
	local least=2 mean
	[ "$2" != 3.1 ] || least=4
	mean=$(figure truth_mean_mb)
	ok "$1: mean error under its bar" at_most "$(figure error_mean_mb)" \
		"$(awk -v m="$mean" -v l=$least 'BEGIN { print (m / 100 > l ? m / 100 : l) }')"
	ok "$1: p95 under its bar" at_most "$(figure error_p95_mb)" \
		"$(awk -v m="$mean" 'BEGIN { print (m * 0.03 > 12 ? m * 0.03 : 12) }')"
}

# row RUNTIME LOAD SETTING BAR ARGUMENT...
row() {
	local version=$1 load=$2 setting=$3 bar=$4 from threshold environment=() name
	shift 4
	name="$version $load $setting"
	have_runtime "truth-$version" || { skip "$name" "not to be had"; return; }
	[ "$setting" = - ] || IFS=, read -ra environment <<<"$setting"
	set -- "${@/#F/$((LEARN + WATCH + 60))}"
	for pair in "${environment[@]}"; do export "${pair?}"; done
	start_truth "truth-$version" "$@" || { fail "$name: starts"; return; }
	for pair in "${environment[@]}"; do unset "${pair%%=*}"; done
	wait_for 10 has "$TARGET"
	first_sample "$TARGET"
	ok "$name: armed" arm "$TARGET" auto 1000000
	sleep 2 # until there is a base
	from=$(now_us)
	sample "$TARGET" heap_mb 20
	sleep "$LEARN"
	judge "$TRUTH" "$TARGET" - -f "$from"
	threshold=$(awk -v t="$(figure truth_top_mb)" 'BEGIN { printf "%.1f", t * 1.05 }')
	put "$TARGET/threshold_mb" "$threshold"
	sleep "$WATCH"
	end "$SAMPLER" TERM
	judge "$TRUTH" "$TARGET" "$READINGS" -f "$from" -t "$threshold"
	note "$(printf '%-7s %-11s %-28s %7s %7s %7s %8s %8s %7s  %s of %s  %s  %s' "$version" "$load" "$setting" \
		"$(figure truth_mean_mb)" "$(figure error_mean_mb)" "$(figure error_p95_mb)" \
		"$(figure error_worst_mb)" "$(figure error_bias_mb)" "$(figure as_read_mean_mb)" \
		"$(figure false_alarms)" "$(figure fired)" "$(figure error_n)" "$(key "$TARGET/status" detect)")"
	ok "$name: readings were compared" test "$(figure error_n)" -ge $((WATCH * 20))
	[ "$bar" = none ] || bars "$name" "$version"
	case $load in
	spike | *-500MB) is "$name: no false alarm" "$(figure false_alarms) $(figure unjudged)" "0 0" ;;
	esac
	end "$TARGET"
}

DAEMON=$INSTANT start_daemon attach_delay=0,keep_free=0
note "runtime load        setting                        truth    mean     p95    worst     bias as-read  false     n"
number=0
while read -r line; do
	wanted "$line" || continue
	number=$((number + 1))
	row $line
done <<<"$TABLE"
ok "there were rows" test $number -gt 0
ok "the daemon ends" stop_daemon
finish
