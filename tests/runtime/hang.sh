#!/bin/bash
# No program is hung by being watched: four threads at once first use a pool, a timer and work items,
# 0, 1 and 3 s after the start, while a daemon with its defaults runs. STARTS is how many of each
# (default 5); PARALLEL at a time. With OPTIONS=attach_delay=0 it is shown what the delay is for. With
# ARMED=1 each is armed as soon as its directory appears, at a threshold that it does not reach.
LIMIT=${LIMIT:-300}
. "$(dirname "$0")/../lib/harness.sh"

# Another daemon on this machine attaches to these programs as well, by its own rules.
others=$(grep -lx triggerdumpfs /proc/[0-9]*/comm 2>/dev/null | wc -l)
[ "$others" -eq 0 ] || note "beware: $others other processes named triggerdumpfs run here"

STARTS=${STARTS:-5}
PARALLEL=${PARALLEL:-5}
start_daemon "${OPTIONS:-interval=1}"

through() { grep -q '^DONE' "$1"; }

armer_ready() { grep -q READY "$T/armed"; }

# batch NAME SECONDS NUMBER - adds to $hung, and to $armed those that were
batch() {
	local i pids=() outs=()
	if [ -n "${ARMED:-}" ]; then
		rm -f "$T/armed"
		start "$T/armed" timeout -s KILL 60 "$BUILD/tests/bench/arm-early" "$MNT" 5000 "$TMPDIR" "$3" 30
		armer=$STARTED
		wait_for 10 armer_ready
	fi
	for i in $(seq "$3"); do
		start "$T/burst.$1.$2.$i" "$RUNTIMES/bin/$1" burst "$2"
		pids+=("$STARTED")
		outs+=("$T/burst.$1.$2.$i")
	done
	for i in "${!pids[@]}"; do
		wait_for $((${2%.*} + 12)) through "${outs[$i]}" || hung=$((hung + 1))
	done
	if [ -n "${ARMED:-}" ]; then
		wait_for 35 dead "$armer"
		armed=$((armed + $(awk '$4 > 0' "$T/armed" | wc -l)))
	fi
	for i in "${!pids[@]}"; do end "${pids[$i]}" 2>/dev/null; done
	started=("$DAEMON_PID")
}

for name in ${ONLY:-twin-8.0 twin-9.0 twin-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	for seconds in 0 1 3; do
		hung=0 armed=0
		for ((begun = 0; begun < STARTS; begun += PARALLEL)); do
			left=$((STARTS - begun))
			batch "$name" "$seconds" $((left < PARALLEL ? left : PARALLEL))
		done
		if [ -n "${OPTIONS:-}" ]; then
			note "$name, burst after $seconds s: $hung of $STARTS hung with $OPTIONS"
		else
			is "$name, burst after $seconds s: hung of $STARTS" "$hung" 0
			[ -z "${ARMED:-}" ] || is "$name, burst after $seconds s: armed of $STARTS" "$armed" "$STARTS"
		fi
	done
done
ok "the daemon ends" stop_daemon
finish
