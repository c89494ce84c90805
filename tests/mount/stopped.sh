#!/bin/bash
# A target that is stopped, or frozen with its cgroup, hangs nobody, gets nothing, and goes on where it was.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

ours() { cost_tree "$DAEMON_PID"; }

# A cgroup that can be frozen, with $1 in it: $GROUP; frozen and thawed by freeze and thaw.
freezer() {
	local mount
	mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)freezer(,|$)/ { m = $2 } END { print m }' /proc/mounts)
	STATE=freezer.state FROZEN=FROZEN THAWED=THAWED
	if [ -z "$mount" ]; then
		mount=$(awk '$3 == "cgroup2" { m = $2 } END { print m }' /proc/mounts)
		STATE=cgroup.freeze FROZEN=1 THAWED=0
	fi
	[ -n "$mount" ] || return 1
	mkdir "$mount/${T##*/}" 2>/dev/null || return 1
	GROUP=$mount/${T##*/}
	trap remove_group EXIT
	[ -w "$GROUP/$STATE" ] && echo "$1" >"$GROUP/cgroup.procs"
}
freeze() { echo "$FROZEN" >"$GROUP/$STATE"; }
thaw() { echo "$THAWED" >"$GROUP/$STATE"; }
remove_group() {
	thaw
	clean_up
	wait_for 10 rmdir "$GROUP"
}

start_fake "heap 100
interval 200
variable A=B" || finish
P=$TARGET
OUT=$TARGET_OUT
start_fake "heap 50
interval 200" || finish
Q=$TARGET
start_daemon attach_delay=0
first_sample "$P"
first_sample "$Q"
kill -STOP "$P"
eventually "[P8] its state" 5 key_is "$P/status" state stopped
requests=$(grep -c request "$OUT")
is "[P8] the last value stays readable" "$(get "$P/heap_mb")" 100
is "environ" "$(get "$P/environ")" "cat: $MNT/$P/environ: Resource temporarily unavailable"
is "a dump" "$(put "$P/dump" now)" "Resource temporarily unavailable"
is "arming needs no request" "$(put "$P/threshold_mb" 500)$(get "$P/threshold_mb")" 500
for tool in "ls -lR $MNT" "grep -ra . $MNT" "find $MNT -ls" "cat $MNT/processes" "tar -cf /dev/null -C $MNT ." \
	"cp -r $MNT/$P/counters $T/copy" "df $MNT" "stat $MNT/$P/environ" "wc -c $MNT/$P/heap_mb"; do
	unlike "does not hang: ${tool%% *}" "$(inmount 10 $tool 2>&1 | tr -d '\0')" HUNG
done
is "the other one is live" "$(key "$Q/status" state)" live
is "the other one's dump" "$(put "$Q/dump" now)" ""
eventually "is made" 10 has_core "$Q"
start_fake "heap 30" || finish
S=$TARGET
kill -STOP "$S"
sleep 0.5
unlike "one that is stopped before it is attached" "$(inmount 10 cat "$MNT/$S/heap_mb" 2>&1)" HUNG
unlike "its environ" "$(inmount 10 cat "$MNT/$S/environ" 2>&1)" HUNG
kill -CONT "$S"
put "$P/threshold_mb" off # so that nothing is to be asked for afterwards
kill -CONT "$P"
eventually "[P8] continued it is live" 10 key_is "$P/status" state live
is "[P8] nothing was sent meanwhile" "$(grep -c request "$OUT")" "$requests"
is "environ again" "$(inmount 10 cat "$MNT/$P/environ" | tr '\0' ' ')" "A=B "
eventually "the one that was stopped early, too" 20 get_is "$S/heap_mb" 30
kill -STOP "$P"
wait_for 5 key_is "$P/status" state stopped
# What was seen last holds the condition; nothing is judged by it but samples that come.
start_fake "heap 100
interval 200
core-mb 1" || finish
W=$TARGET
first_sample "$W"
no_growth() { # ROW - what the daemon holds while W gives nothing
	local fds kb
	fds=$(cost_descriptors $(ours))
	kb=$(cost_pss_kb $(ours))
	sleep 4
	within "[$1] descriptors meanwhile" "$(cost_descriptors $(ours))" 0 "$fds"
	within "[$1] memory meanwhile, in kB" "$(cost_pss_kb $(ours))" 0 $((kb + 1024))
	like "[$1] its trigger does not fire" "$(key "$W/status" trigger)" "^armed"
	is "[$1] nor is a dump begun" "$(get "$W/events" | grep -cE ' (fired|dump-started)')" "$2"
}
kill -STOP "$W"
wait_for 5 key_is "$W/status" state stopped
is "[P8] armed while it is stopped" "$(put "$W/trigger" "gc-heap-size >= 50 for 2s")" ""
no_growth P8 0
kill -CONT "$W"
eventually "[P8] continued: it fires by what comes then" 15 get_like "$W/events" " fired "
eventually "[P8] and there is a dump" 15 has_core "$W"
wait_for 10 get_is "$W/dump" idle

if freezer "$W"; then
	fired=$(get "$W/events" | grep -cE ' (fired|dump-started)')
	freeze
	eventually "[P9] frozen with its cgroup: its state" 15 get_like "$W/status" "state (silent|stopped)"
	is "[P9] armed while it is frozen" "$(put "$W/trigger" "gc-heap-size >= 50 for 2s")" ""
	is "[P9] the last value stays readable" "$(get "$W/counters/gc-heap-size")" 100
	no_growth P9 "$fired"
	thaw
	eventually "[P9] thawed it is live" 10 key_is "$W/status" state live
	fires_again() { [ "$(get "$W/events" | grep -c ' fired ')" -gt 1 ]; }
	eventually "[P9] it fires by what comes then" 15 fires_again
else
	skip "[P9] frozen with its cgroup" "no cgroup can be frozen here"
fi
ok "the daemon ends with a stopped target" stop_daemon
is "which it leaves stopped" "$(state_of "$P")" T
finish
