#!/bin/bash
# A daemon with few file descriptors: it says so once, blames no target, watches as many as it can, and the
# others when some have ended.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

real=$DAEMON
listed() { inmount 5 ls "$MNT" | grep -c '^[0-9]'; }
lists() { [ "$(listed)" "$1" "$2" ]; }
count() { get events | grep -cE "$1"; }
# A quarter of few, for what comes and goes.
keeps_reserve() {
	local broker
	for broker in $(all_of_daemon); do
		[ "$(ls /proc/"$broker"/fd | wc -l)" -le "$((limit - limit / 4))" ] || return 1
	done
}
all_well() { [ "$(inmount 5 bash -c "cat '$MNT'/[0-9]*/status" | grep -c '^state live')" = "$(listed)" ]; }

for limit in 40 128; do
	pids=()
	for i in $(seq 45); do
		start_fake "heap $i
interval 500" || finish
		pids+=("$TARGET")
	done
	printf '#!/bin/bash\nulimit -n %s\nexec "%s" "$@"\n' "$limit" "$real" >"$T/few"
	chmod +x "$T/few"
	DAEMON=$T/few
	start_daemon attach_delay=0
	eventually "$limit: some are watched" 10 lists -ge 4
	eventually "$limit: status says so" 15 get_like status "no-fds broker"
	ok "$limit: not all are" lists -lt 45
	eventually "$limit: those that are there are well" 20 all_well
	sleep 3 # of further tries
	is "$limit: it is told once" "$(count 'warning text="no file descriptors are left')" 1
	is "$limit: no target is blamed" \
		"$(count 'No child processes|Protocol error|no free file descriptor|no process of that|in time')" 0
	ok "$limit: those that are there are still well" all_well
	eventually "$limit: both halves keep a reserve" 10 keeps_reserve
	before=$(listed)
	# Not of the last five.
	gone=$(inmount 5 ls "$MNT" | grep -xF "$(printf '%s\n' "${pids[@]:0:40}")" | head -n 4)
	for pid in $gone; do end "$pid"; done
	eventually "$limit: others take the place of those that ended" 15 lists -ge "$before"
	eventually "$limit: and are well" 20 all_well
	for pid in "${pids[@]:0:40}"; do end "$pid" 2>/dev/null; done
	eventually "$limit: the last five are there" 20 lists -eq "$((45 - 40))"
	eventually "$limit: and well" 20 all_well
	[ "$limit" = 40 ] || eventually "$limit: status says no more of it" 20 eval '! get_like status no-fds'
	ok "$limit: the daemon ends" stop_daemon
	for pid in "${pids[@]:40}"; do end "$pid"; done
done
finish
