#!/bin/bash
# Births and deaths, reads and triggers for SOAK_SECONDS; then what the daemon holds is what it held.
LIMIT=${LIMIT:-900}
. "$(dirname "$0")/../lib/harness.sh"

start_daemon attach_delay=0
printf 'heap 100 200 100 200\ninterval 200\n' >"$T/scenario"
descriptors() { local p n=0; for p in $(all_of_daemon); do n=$((n + $(ls /proc/"$p"/fd | wc -l))); done; echo $n; }
memory_kb() { local p n=0; for p in $(all_of_daemon); do n=$((n + $(sed -n 's/^Pss: *\([0-9]*\).*/\1/p' /proc/"$p"/smaps_rollup))); done; echo $n; }
generation() {
	local i pids=()
	for i in 1 2 3 4 5; do
		start /dev/null "$FAKE" "$T/scenario"
		pids+=("$STARTED")
	done
	wait_for 5 has "${pids[4]}"
	put "${pids[0]}/threshold_mb" 50 >/dev/null
	put "${pids[1]}/dump" now >/dev/null
	inmount 20 grep -rac . "$MNT" >/dev/null
	wait_for 5 has_core "${pids[0]}"
	for i in "${pids[@]}"; do end "$i" 2>/dev/null; rm -f "$TMPDIR"/dotnet-diagnostic-"$i"-*; done
	started=("$DAEMON_PID")
	inmount 20 bash -c "rm -f '$MNT'/dumps/*"
}

for i in 1 2 3 4 5; do generation; done
sleep 5
before_fds=$(descriptors)
before_kb=$(memory_kb)
end=$((SECONDS + ${SOAK_SECONDS:-600}))
n=0
while [ $SECONDS -lt $end ]; do
	generation
	n=$((n + 1))
done
sleep 5
note "$n generations of five processes; descriptors $before_fds, $(descriptors); PSS $before_kb kB, $(memory_kb) kB"
within "descriptors" "$(descriptors)" 0 $((before_fds + 2))
within "memory, kB" "$(memory_kb)" 0 $((before_kb + 2048))
ok "the daemon ends" stop_daemon
finish
