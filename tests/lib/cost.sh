# What our processes cost; sourced by scripts that measure. PIDs are those of cost_tree.

# cost_tree PID - it and its children
cost_tree() {
	local child
	echo "$1"
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do cost_tree "$child"; done
}

# cost_pss_kb PID... ; cost_descriptors PID...
cost_pss_kb() { for pid in "$@"; do cat "/proc/$pid/smaps_rollup" 2>/dev/null; done | sed -n 's/^Pss: *\([0-9]*\).*/\1/p' | awk '{ s += $1 } END { print s + 0 }'; }
cost_descriptors() { for pid in "$@"; do ls "/proc/$pid/fd" 2>/dev/null; done | wc -l; }

# cost_cpu_us PID... - what they ran so far, and the children that they waited for (those to a tick)
cost_cpu_us() {
	local pid hz
	hz=$(getconf CLK_TCK)
	for pid in "$@"; do
		cat /proc/"$pid"/task/*/schedstat | awk '{ print $1 / 1000 }'
		sed 's/.*) //' "/proc/$pid/stat" | awk -v hz="$hz" '{ print ($14 + $15) * 1e6 / hz }'
	done 2>/dev/null | awk '{ s += $1 } END { printf "%d\n", s }'
}
