#!/bin/bash
# So many simulated processes, mounted for so long: what the daemon holds at the end is what it held.
#
#	PROCESSES	how many (default 1000)
#	SECONDS_LONG	for how long (default 600)
#	SETTLE		before the figures of the start: until then stream.csv fills (default 60)
LIMIT=${LIMIT:-900}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/many.sh"

PROCESSES=${PROCESSES:-1000}
printf 'heap 100 200 100 200\nruntime 10.0.0\n' >"$T/scenario"
start_many "$PROCESSES" "$T/scenario"
start_daemon attach_delay=0
empty=$(cost_pss_kb $(cost_tree "$DAEMON_PID"))
eventually "all $PROCESSES have values" 120 all_live "$PROCESSES"
sleep "${SETTLE:-60}"
ours=$(cost_tree "$DAEMON_PID")
before_fds=$(cost_descriptors $ours)
before_kb=$(cost_pss_kb $ours)
figures "${SECONDS_LONG:-600}"
note "$PROCESSES processes for ${SECONDS_LONG:-600} s: CPU $(percent "$CPU") % of a core" \
	"descriptors $before_fds, $(cost_descriptors $ours)" \
	"PSS $before_kb kB, $PSS kB; $((PSS / PROCESSES)) kB a process, $empty kB when the daemon began"
within "descriptors" "$(cost_descriptors $(cost_tree "$DAEMON_PID"))" 0 $((before_fds + 2))
within "memory, kB" "$PSS" 0 $((before_kb + 1024 + 2 * PROCESSES))
ok "all still have values" all_live "$PROCESSES"
is "nothing was lost" "$(get events | grep -cE ' (session-lost|warning) ')" 0
ok "the daemon ends" stop_daemon
end_many
finish
