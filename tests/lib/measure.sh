# What the scripts that measure a detection share; sourced after harness.sh. They run tests/app/truth under
# a daemon, and judge its logs by tests/bench/crossings. Figures are printed as notes; what is asserted
# says so.

BENCH=$BUILD/tests/bench
# The daemon whose dumps are there at once, for what counts detections alone
INSTANT=$BUILD/tests/triggerdumpfs-instant

now_us() { date +%s%6N; }
us_of() { if [ -n "$1" ]; then date -d "$1" +%s%6N; else echo 0; fi; } # of a time as in events and json

# has_key KEY... - of the figures that judge left
figure() { sed -n "s/^$1 //p" "$FIGURES"; }

# start_truth NAME LOAD ARGUMENT... - as start_target; its log is in $TRUTH
start_truth() {
	TRUTH=$T/truth.$RANDOM$RANDOM
	start_target "$1" "$TRUTH" "${@:2}"
}

# arm PID DETECT THRESHOLD_MB [MAX_DUMPS [COOLDOWN_S]] - prints what was refused
arm() {
	local said
	said=$(put "$1/detect" "$2" && put "$1/max_dumps" "${4:-1000}" && put "$1/cooldown_s" "${5:-0}" &&
		put "$1/threshold_mb" "$3")
	[ -z "$said" ] || echo "armed $1 with $2, $3: $said"
	[ -z "$said" ]
}

# judge TRUTH PID READINGS|- [OPTION...] - the figures of a run, from the events so far
judge() {
	FIGURES=$T/figures.$RANDOM$RANDOM
	get events >"$FIGURES.events"
	"$BENCH/crossings" -p "$2" "${@:4}" "$1" "$FIGURES.events" "$3" >"$FIGURES"
}

# sample PID FILE EVERY_MS - in the background until `end $SAMPLER TERM`; the readings are in $READINGS
sample() {
	READINGS=$T/readings.$RANDOM$RANDOM
	start "$READINGS" "$BENCH/sample-file" "$MNT/$1/$2" "$3" 0
	SAMPLER=$STARTED
}

# median, worst of the numbers on stdin; "-" of none
median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2; else print "-" }'; }
worst() { sort -n | awk '{ v = $1 } END { print NR ? v : "-" }'; }

# interval - median and 95 % interval of the numbers on stdin, by order statistics: with k the largest
# number such that P(Binomial(n, 1/2) < k) <= 2.5 %, from the k-th smallest to the k-th largest. Below six
# numbers there is no such k, and the interval is "- -".
interval() {
	sort -n | awk '
		{ v[NR] = $1 }
		END {
			if (!NR) { print "- - -"; exit }
			p = 1; for (i = 0; i < NR; i++) p /= 2
			for (k = 0; k < NR && sum + p <= 0.025; k++) { sum += p; p *= (NR - k) / (k + 1) }
			m = (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2
			if (k) print m, v[k], v[NR + 1 - k]; else print m, "- -"
		}'
}

# at_most VALUE BAR - of decimal numbers
at_most() { awk -v v="$1" -v b="$2" 'BEGIN { exit !(v + 0 == v && v <= b) }'; }

# remove_sockets PID... - what a killed runtime leaves in a directory that is not this script's own
remove_sockets() { # DIRECTORY PID START_TIME
	rm -f "$1/dotnet-diagnostic-$2-$3-socket" "$1/clr-debug-pipe-$2-$3-in" "$1/clr-debug-pipe-$2-$3-out"
}
start_time() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
