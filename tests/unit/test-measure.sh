#!/bin/bash
# tests/unit/test-measure.sh DIRECTORY - the programs of tests/bench that judge a detection, on made-up
# logs of which the outcome is known, as TAP.
set -u
export LC_ALL=C
BIN=$1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
number=0
status=0
EPOCH=1795612800 # 2026-11-25T13:20:00Z

is() { # NAME GOT WANTED
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - measure: $1"
	else
		echo "not ok $number - measure: $1"
		printf '# got:    %s\n# wanted: %s\n' "$2" "$3"
		status=1
	fi
}
key() { sed -n "s/^$1 //p" "$T/out"; }

# truth - the truth file: every 5 ms, what "FROM_MS TO_MS MB [MB_AT_END]" on stdin says; 100 MB otherwise
truth() {
	awk -v epoch=$EPOCH '
		{ from[NR] = $1; to[NR] = $2; mb[NR] = $3; last[NR] = NF > 3 ? $4 : $3 }
		END {
			for (ms = 0; ms <= 10000; ms += 5) {
				v = 100
				for (i = 1; i <= NR; i++)
					if (ms >= from[i] && ms < to[i])
						v = mb[i] + (last[i] - mb[i]) * (ms - from[i]) / (to[i] - from[i])
				printf "t %d%03d000 %.0f\n", epoch + int(ms / 1000), ms % 1000, v * 1e6
			}
		}' >"$T/truth"
}

# events - of "MS WORD THRESHOLD [PID]" on stdin
events() {
	while read -r ms word threshold pid; do
		printf '2026-11-25T13:20:%02d.%03dZ %d %s value_mb=%s threshold_mb=%s\n' $((ms / 1000)) \
			$((ms % 1000)) "${pid:-77}" "$word" "$threshold" "$threshold"
	done >"$T/events"
}
us() { printf '%d%03d000' $((EPOCH + $1 / 1000)) $(($1 % 1000)); }
judge() { "$BIN/crossings" -p 77 "$@" >"$T/out" 2>"$T/err"; }

# --- crossings and firings ---------------------------------------------------------------------------

truth <<-'X'
	1000 1300 400
	3000 3300 400
	5000 5300 400
X
events <<-'X'
	500 armed 250
	1100 fired 250
	3394 fired 250
	5396 fired 250
	1050 fired 250 78
X
judge "$T/truth" "$T/events"
is "a threshold that events tell" "$(key threshold_mb)" 250
is "three crossings" "$(key crossings)" 3
is "two detected: one in time, one up to 100 ms after the end" "$(key detected)" 2
is "one missed: more than 100 ms after the end" "$(key missed)" 1
is "firings of this process alone" "$(key fired)" 3
is "none false: the truth was above within 150 ms" "$(key false_alarms)" 0
is "how long after the crossing: the worst" "$(key fired_after_ms_worst)" 394.0
judge -f "$(us 2000)" "$T/truth" "$T/events"
is "from a moment on" "$(key crossings) $(key fired)" "2 2"
judge -u "$(us 2000)" "$T/truth" "$T/events"
is "until a moment" "$(key crossings) $(key fired)" "1 1"
judge -p 78 "$T/truth" "$T/events"
is "of another process; not armed: from the beginning" "$(key threshold_mb)$(key crossings)" ""

truth <<-'X'
	1000 1045 400
	2000 2060 400
	4000 4300 254
	6000 6300 256
X
events </dev/null
judge -t 250 "$T/truth" "$T/events"
is "40 ms are no crossing, 55 ms are; 1.6 % are none, 2.4 % are" "$(key crossings)" 2
is "nothing fired" "$(key detected) $(key missed) $(key fired)" "0 2 0"

truth <<-'X'
	1000 1300 400
	1300 1500 240
	1500 1800 400
	1800 2000 200
	2000 2300 400
X
events <<-'X'
	1010 fired 250
	2010 fired 250
X
judge -t 250 "$T/truth" "$T/events"
is "one that follows before it was quiet belongs to the first" "$(key crossings) $(key detected)" "2 2"

truth <<-'X'
	1000 1030 400
X
for ms in $(seq 1030 5 2500); do echo "/^t $(us $ms) /d"; done >"$T/sed"
sed -i -f "$T/sed" "$T/truth"
events <<-'X'
	1025 fired 250
X
judge -t 250 "$T/truth" "$T/events"
is "30 ms, and then frozen by its dump: a crossing" "$(key crossings) $(key detected)" "1 1"

truth <<-'X'
	1000 2000 100 300
	2000 3000 300
X
events <<-'X'
	1740 fired 250
X
judge -t 250 -v "$T/truth" "$T/events"
is "slow growth, fired at 248: detected, and not false" "$(key detected) $(key false_alarms)" "1 0"
is "a crossing begins at the threshold" "$(awk '$1 == "crossing" { print $2 }' "$T/out")" "$(us 1750)"
events <<-'X'
	1200 fired 250
X
judge -t 250 "$T/truth" "$T/events"
is "fired at 140: false, and the crossing missed" "$(key detected) $(key false_alarms)" "0 1"

truth <<-'X'
	1000 1005 -3
	2000 2005 250000000000
	3000 3005 900
	4000 4010 120
	6000 6300 245
X
events <<-'X'
	3001 fired 250
	6100 fired 250
	12000 fired 250
X
judge -t 250 "$T/truth" "$T/events"
is "negative, huge and single readings are no truth" "$(key truth_garbage) $(key crossings)" "3 0"
is "a firing on one of these is false; one at 98 % too; one without a truth is not judged" \
	"$(key fired) $(key false_alarms) $(key unjudged)" "3 2 1"
echo "x $(us 500)" >>"$T/truth"
judge -t 250 "$T/truth" "$T/events"
is "and what took too long" "$(key truth_garbage)" 4

truth <<-'X'
	9900 10005 400
X
judge -t 250 "$T/truth" -
is "what the log ends in is not missed" "$(key crossings) $(key missed)" "0 0"
events <<-'X'
	9950 fired 250
X
judge -t 250 "$T/truth" "$T/events"
is "but detected, when it was" "$(key crossings) $(key detected)" "1 1"

# --- errors of readings ------------------------------------------------------------------------------

truth <<-'X'
	1000 1100 100 400
	1100 1500 400
X
{
	echo "$(us 500) 101 $(us 400)" # 1 too high
	echo "$(us 1150) 250 $(us 1050)" # right at its stamp, 150 too low as read
	echo "$(us 1490) 400 $(us 1100)"
	echo "$(us 1990) 100 $(us 1600)"
	echo "$(us 2990) 100 $(us 1600)" # no event since: of 250 ms before it was read
	echo "$(us 3100) 96 $(us 1200)" # 4 too low, though right at its stamp + 250 ms ago it was not
	echo "$(us 20000) 100 $(us 20000)" # no truth there
	echo "no reading"
} >"$T/readings"
judge "$T/truth" - "$T/readings"
is "readings compared, and those without a truth" "$(key error_n) $(key error_without_truth)" "6 1"
is "mean" "$(key error_mean_mb)" 0.833
is "bias" "$(key error_bias_mb)" -0.500
is "worst" "$(key error_worst_mb)" -4.000
is "95 of 100 are no worse than" "$(key error_p95_mb)" 4.000
is "as read: the delay is in it" "$(key as_read_worst_mb)" -150.000
echo "$(us 500) 107" >"$T/readings"
judge "$T/truth" - "$T/readings"
is "a log without times of modification" "$(key error_mean_mb)" 7.000
truth <<-'X'
	1000 2000 400
X
for ms in 985 990 995 1000 1005 1010 1015; do sed -i "/^t $(us $ms) /d" "$T/truth"; done
echo "$(us 1002) 400" >"$T/readings"
judge "$T/truth" - "$T/readings"
is "in a gap of the truth there is none" "$(key error_n) $(key error_without_truth)" "0 1"
truth <<-'X'
	1000 2000 400
	1500 1505 450
X
judge "$T/truth"
is "its top is what two readings in a row say" "$(key truth_peak_mb) $(key truth_top_mb)" "450.000 400.000"
"$BIN/crossings" "$T/none" >"$T/out" 2>&1
is "a truth that is not there" "$?" 1
"$BIN/crossings" >"$T/out" 2>&1
is "no argument" "$?" 2

# --- markers -----------------------------------------------------------------------------------------

{
	head -c $((1048576 - 25)) /dev/zero # so that one lies over the edge of a piece
	printf 'CUSTOMER-MARKER-0000001-%sCUSTOMER-MARKER-0000002-CUSTOMER-MARKER-0000001-' "$(printf '%040d' 0)"
	printf 'SPIKE-MARKER-0100001-SPIKE-MARKER-0100002-SPIKE-MARKER-0200001-SPIKE-MARKER-0200001-'
	printf 'SPIKE-MARKER-02000x1-SPIKE-MARKER-020000'
} >"$T/core"
for cut in 0 1 2 7 13; do
	tail -c +$((cut + 1)) "$T/core" >"$T/core.cut"
	is "markers, $cut bytes off" "$("$BIN/count-markers" "$T/core.cut")" \
		"$T/core.cut customers 2 spike 1 2 spike 2 1"
done
"$BIN/count-markers" "$T/none" >"$T/out" 2>&1
is "a core that is not there" "$?" 1

# --- a file, sampled ---------------------------------------------------------------------------------

echo 123.5 >"$T/value"
touch -d "@$EPOCH.250" "$T/value"
"$BIN/sample-file" "$T/value" 20 0.2 >"$T/out"
is "a value with its time" "$(cut -d' ' -f2- "$T/out" | sort -u)" "123.5 $(us 250)"
is "more than once" "$(($(wc -l <"$T/out") > 1))" 1
"$BIN/sample-file" "$T/none" 20 1 2>/dev/null
is "a file that is not there" "$?" 1

# --- armed as soon as it is there --------------------------------------------------------------------

mkdir -p "$T/mnt/5" "$T/sockets"
echo off >"$T/mnt/5/threshold_mb"
"$BIN/arm-early" "$T/mnt" 250 "$T/sockets" 2 20 >"$T/out" &
until grep -q READY "$T/out"; do sleep 0.01; done
touch "$T/sockets/dotnet-diagnostic-61-1234-socket"
for pid in 61 62; do
	mkdir "$T/new"
	echo off >"$T/new/threshold_mb"
	mv "$T/new" "$T/mnt/$pid"
done
wait $!
is "ends after two" "$?" 0
is "both are armed, the one from before is not" "$(cat "$T"/mnt/*/threshold_mb | tr '\n' ' ')" "off 250 250 "
is "times in their order, no error" "$(awk '$1 == 61 {
	print ($2 > 1e15 && $3 >= $2 - 20000 && $4 >= $3), $5, $6 }' "$T/out")" "1 1 -"
is "no socket, no time" "$(awk '$1 == 62 { print $2 }' "$T/out")" 0
mkdir "$T/mnt/63"
"$BIN/arm-early" "$T/mnt" 250 "$T/sockets" 1 0.1 >"$T/out"
is "ends when none comes" "$?" 1

echo "1..$number"
exit $status
