#!/bin/bash
# No program is hung by being watched: four threads at once first use a pool, a timer and work items,
# 0, 1 and 3 s after the start, while a daemon with its defaults runs. STARTS is how many of each
# (default 5); PARALLEL at a time. With OPTIONS=attach_delay=0 it is shown what the delay is for.
LIMIT=${LIMIT:-300}
. "$(dirname "$0")/../lib/harness.sh"

# Another daemon on this machine attaches to these programs as well, by its own rules.
others=$(grep -lx triggerdumpfs /proc/[0-9]*/comm 2>/dev/null | wc -l)
[ "$others" -eq 0 ] || note "beware: $others other processes named triggerdumpfs run here"

STARTS=${STARTS:-5}
PARALLEL=${PARALLEL:-5}
start_daemon "${OPTIONS:-interval=1}"

through() { grep -q '^DONE' "$1"; }

# batch NAME SECONDS NUMBER - adds to $hung
batch() {
	local i pids=() outs=()
	for i in $(seq "$3"); do
		start "$T/burst.$1.$2.$i" "$RUNTIMES/bin/$1" burst "$2"
		pids+=("$STARTED")
		outs+=("$T/burst.$1.$2.$i")
	done
	for i in "${!pids[@]}"; do
		wait_for $((${2%.*} + 12)) through "${outs[$i]}" || hung=$((hung + 1))
	done
	for i in "${!pids[@]}"; do end "${pids[$i]}" 2>/dev/null; done
	started=("$DAEMON_PID")
}

for name in ${ONLY:-twin-8.0 twin-9.0 twin-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	for seconds in 0 1 3; do
		hung=0
		for ((begun = 0; begun < STARTS; begun += PARALLEL)); do
			left=$((STARTS - begun))
			batch "$name" "$seconds" $((left < PARALLEL ? left : PARALLEL))
		done
		if [ -n "${OPTIONS:-}" ]; then
			note "$name, burst after $seconds s: $hung of $STARTS hung with $OPTIONS"
		else
			is "$name, burst after $seconds s: hung of $STARTS" "$hung" 0
		fi
	done
done
ok "the daemon ends" stop_daemon
finish
