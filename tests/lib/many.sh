# Many simulated processes, each a process of its own; sourced after harness.sh. An idle fake runtime costs a
# fraction of a real one, and sends the same 27 counters.

. "$HERE/lib/cost.sh"

many=() # their pids

# start_many N SCENARIO - until there are N
start_many() {
	while [ "${#many[@]}" -lt "$1" ]; do
		"$FAKE" "$2" >/dev/null 2>&1 </dev/null &
		many+=("$!")
	done
}

end_many() {
	[ "${#many[@]}" -eq 0 ] || kill "${many[@]}" 2>/dev/null
	wait "${many[@]}" 2>/dev/null
	many=()
}

# How many of them have a sample; all_live N
live() { inmount 30 bash -c 'grep -l . "$1"/[0-9]*/counters/gc-heap-size 2>/dev/null | wc -l' live "$MNT"; }
all_live() { [ "$(live)" -ge "$1" ]; }

# figures SECONDS - of the daemon over so long: $CPU in thousandths of a percent of a core, $PSS in kB after it.
# Fails when it has ended meanwhile.
figures() {
	local ours before after began
	ours=$(cost_tree "$DAEMON_PID")
	began=${EPOCHREALTIME/.}
	before=$(cost_cpu_us $ours)
	sleep "$1"
	after=$(cost_cpu_us $ours)
	CPU=$(((after - before) * 100000 / (${EPOCHREALTIME/.} - began)))
	PSS=$(cost_pss_kb $ours)
	alive "$DAEMON_PID"
}
percent() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }
