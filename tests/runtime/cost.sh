#!/bin/bash
# What being watched costs a target: CPU of a program that allocates so many MB a second, unmounted,
# mounted and armed, in turn, and the order goes round; the next three are of a new process. (Two processes
# of one program differ by more than is looked for here: with a process for each run the same difference
# at 500 MB/s had an interval of 3.7 points after 24 pairs.) utime + stime of /proc/PID/stat, as a share of
# one core. The difference of a pair is told with its median and its 95 % interval by order statistics
# (measure.sh). With the default of one pair it is shown that this works.
#
#	PAIRS		interleaved runs of each (default 1)
#	MORE		up to so many, until the interval is no wider than 2 points (default PAIRS)
#	SECONDS_EACH	measured of each run, after 2 s (default 2)
#	WARM		seconds before the first run of a process: until then it compiles (default 3)
#	ONLY		runtimes (default truth-10.0)
#	RATES		MB a second; 0 is flat out (default 100)
#	DETECT		of the armed ones (default auto)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

PAIRS=${PAIRS:-1}
MORE=${MORE:-$PAIRS}
SECONDS_EACH=${SECONDS_EACH:-2}
WARM=${WARM:-3}
HZ=$(getconf CLK_TCK)

# cpu PID - ticks
cpu() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")) && echo $((f[11] + f[12])); }
allocated() { grep -a '^allocated' "$TARGET_OUT" | tail -n 1 | awk '{ print $2, $5 }'; }
has_allocated() { [ -n "$(allocated)" ]; }

# measure - of $TARGET: "percent MB_per_s CPU_s_per_GB"
measure() {
	local c0 c1 u0 u1 a0 a1
	a0=$(allocated)
	u0=$(now_us) c0=$(cpu "$TARGET")
	sleep "$SECONDS_EACH"
	c1=$(cpu "$TARGET") u1=$(now_us)
	sleep 0.5
	a1=$(allocated)
	awk -v c=$((c1 - c0)) -v hz="$HZ" -v us=$((u1 - u0)) -v a0="${a0% *}" -v s0="${a0#* }" \
		-v a1="${a1% *}" -v s1="${a1#* }" 'BEGIN {
		share = c / hz / (us / 1e6); rate = s1 > s0 ? (a1 - a0) / (s1 - s0) : 0
		print share * 100, rate, rate ? share / rate * 1000 : "-"
	}'
}

is_armed() { [ "$(key "$1/status" trigger)" = armed ] && [ "$(key "$1/status" sessions)" = 2 ]; }

# once STATE DETECT - a run of $TARGET
once() {
	if [ "$1" != unmounted ]; then
		start_daemon attach_delay=0
		wait_for 10 has "$TARGET"
		first_sample "$TARGET"
	fi
	if [ "$1" = armed ]; then
		arm "$TARGET" "$2" 1000000
		wait_for 10 is_armed "$TARGET" || note "armed, but with $(key "$TARGET/status" sessions) sessions"
	fi
	sleep 2
	wait_for 5 has_allocated
	measure >>"$T/cost.$1"
	[ "$1" != armed ] || key "$TARGET/status" detect >"$T/detect"
	[ "$1" = unmounted ] || stop_daemon
}

# pairs NAME RATE DETECT - so many, with the order going round
pairs() {
	local i states=(unmounted mounted armed) k
	rm -f "$T"/cost.*
	for i in $(seq "$MORE"); do
		start_target "$1" - paced "$2" $((3 * SECONDS_EACH + 120)) || return 1
		sleep "$WARM"
		for k in 0 1 2; do once "${states[(i + k) % 3]}" "$3"; done
		end "$TARGET"
		[ "$i" -ge "$PAIRS" ] || continue
		difference armed
		awk -v a="$LOW" -v b="$HIGH" 'BEGIN { exit !(a != "-" && b - a <= 2) }' && break
	done
}

# difference STATE - to unmounted, in points of a core: MEDIAN LOW HIGH
difference() {
	read -r MEDIAN LOW HIGH < <(paste "$T/cost.$1" "$T/cost.unmounted" | awk '{ print $1 - $4 }' | interval)
}
column() { cut -d' ' -f"$2" "$T/cost.$1" | median; }

for name in ${ONLY:-truth-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	for rate in ${RATES:-100}; do
		for detect in ${DETECT:-auto}; do
			pairs "$name" "$rate" "$detect"
			n=$(wc -l <"$T/cost.armed")
			is "$name, $rate MB/s, $detect: figures of every run" \
				"$(cat "$T"/cost.* | grep -cE '^[0-9.]+ [0-9.]+ [0-9.]+$')" $((3 * n))
			note "$name, $rate MB/s, detect $detect (in force: $(cat "$T/detect")), $n pairs of $SECONDS_EACH s"
			for state in unmounted mounted armed; do
				note "$(printf '  %-10s %7.2f %% of a core  %8.1f MB/s  %6.4f CPU s/GB' $state \
					"$(column $state 1)" "$(column $state 2)" "$(column $state 3)")"
			done
			for state in mounted armed; do
				difference $state
				note "  $state - unmounted: median $MEDIAN points, 95 % interval $LOW to $HIGH"
			done
		done
	done
done
finish
