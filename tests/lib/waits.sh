#!/bin/bash
# Faults that last as long as the fault table says, side by side: a runtime that does nothing for SECONDS_LONG, as while
# another tool dumps it; programs that are stopped for a third of that, armed meanwhile; one whose sessions others
# have, until the pauses between two tries are the longest. Nothing grows, nothing fires, and all go on at the end.
#
#	SECONDS_LONG	default 1800
#	ONLY		real runtimes that are stopped (default twin-3.1 twin-8.0 twin-10.0; "" for none)
LIMIT=${LIMIT:-2400}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

SECONDS_LONG=${SECONDS_LONG:-1800}
ours() { cost_tree "$DAEMON_PID"; }
requests() { grep -c "^request $1" "$Q_OUT"; }
# What fired, and what was begun, of a process.
fired() { get "$1/events" | grep -cE ' (fired|dump-started)'; }
# The pauses between two refusals, in whole seconds, a line each.
pauses() { refused_at "$1" | awk 'NR > 1 { printf "%d\n", $1 - last + 0.5 } { last = $1 }'; }

start_fake "heap 5
interval 200" || finish
H=$TARGET
start_fake "variable C=D
interval 200" || finish
Q=$TARGET Q_OUT=$TARGET_OUT Q_SCENARIO=$TARGET_SCENARIO
start_fake "heap 8
interval 200
sessions 0" || finish
N=$TARGET N_OUT=$TARGET_OUT N_SCENARIO=$TARGET_SCENARIO
stopped=()
for name in ${ONLY-twin-3.1 twin-8.0 twin-10.0}; do
	have_runtime "$name" || { skip "[P8] $name" "not to be had"; continue; }
	start_target "$name" spike 20 0 0 1000 0 || finish
	stopped+=("$TARGET")
done
start_daemon attach_delay=1
for pid in "$H" "$Q" "${stopped[@]}"; do ok "samples of $pid" first_sample "$pid"; done
sleep 3
before=$(requests environment)
sessions=$(requests collect)
printf 'variable C=D\ninterval 200\nbusy %d\n' $((SECONDS_LONG * 1000)) >"$Q_SCENARIO"
kill -HUP "$Q"
ok "[I9] it does nothing from now on" wait_for 5 grep -q ^busy "$Q_OUT"
begun=$SECONDS
is "[I9] a request" "$(environ_of "$Q")" "Connection timed out"
eventually "[I9] silent" 20 key_is "$Q/status" state silent
last=$(get "$Q/heap_mb")
for pid in "${stopped[@]}"; do
	kill -STOP "$pid"
	eventually "[P8] $pid: stopped" 5 key_is "$pid/status" state stopped
	is "[P8] $pid: armed meanwhile" "$(put "$pid/trigger" "gc-heap-size >= 0.001 for 2s")" ""
done
sleep 3
fds=$(cost_descriptors $(ours))
kb=$(cost_pss_kb $(ours))
silent=0 unsure=0 slow=0
# Everything that is looked at in a while of a fault.
look() {
	local pid
	key_is "$H/status" state live || slow=$((slow + 1))
	key_is "$Q/status" state silent || silent=$((silent + 1))
	for pid in "$@"; do
		key_is "$pid/status" state stopped && get_like "$pid/status" "trigger armed" || unsure=$((unsure + 1))
	done
}
while [ $((SECONDS - begun)) -lt $((SECONDS_LONG / 3)) ]; do
	look "${stopped[@]}"
	sleep 2
done
is "[P8] stopped and armed, whenever looked at: others" "$unsure" 0
for pid in "${stopped[@]}"; do is "[P8] $pid: nothing fired in $((SECONDS_LONG / 3)) s" "$(fired "$pid")" 0; done
within "[P8] descriptors" "$(cost_descriptors $(ours))" 0 "$fds"
within "[P8] memory, in kB" "$(cost_pss_kb $(ours))" 0 $((kb + 2048))
for pid in "${stopped[@]}"; do kill -CONT "$pid"; done
for pid in "${stopped[@]}"; do
	eventually "[P8] $pid: continued it is live" 10 key_is "$pid/status" state live
	eventually "[P8] $pid: it fires by what comes then" 30 get_like "$pid/events" " fired "
	eventually "[P8] $pid: and there is a dump" 60 has_core "$pid"
done
while [ $((SECONDS - begun)) -lt $((SECONDS_LONG - 8)) ]; do
	look
	sleep 2
done
is "[I9] silent, whenever looked at: otherwise" "$silent" 0
is "[I9] another one is live: otherwise" "$slow" 0
is "[I9] the last value stays" "$(get "$Q/heap_mb")" "$last"
is "[I9] a second request" "$(environ_of "$Q")" "Connection timed out"
eventually "[I9] when it goes on it is live" 40 key_is "$Q/status" state live
eventually "[I9] it answers" 10 eval '[ "$(environ_of "$Q")" = "C=D" ]'
within "[I9] what was asked meanwhile came once" "$(($(requests environment) - before))" 2 3
# After ten minutes meters may be asked for: a session that has them takes the place of the first.
[ "$SECONDS_LONG" -lt 500 ] && most=0 || most=1
within "[I9] its session went on: new ones" "$(($(requests collect) - sessions))" 0 $most
is "[I9] the connection was kept" "$(grep -c ^gone "$Q_OUT")" 0
note "pauses between two tries of a session: $(pauses "$N" | xargs)"
# 1, 2, 4 ... 32 are 63 s; then each is a minute.
[ "$SECONDS_LONG" -lt 200 ] && least=3 || least=58
within "[P14] the longest pause, in s" "$(pauses "$N" | sort -n | tail -n 1)" $least 64
TARGET=$N TARGET_SCENARIO=$N_SCENARIO TARGET_OUT=$N_OUT
change_fake "heap 9
interval 200"
eventually "[P14] one is given back: values" 70 get_is "$N/heap_mb" 9
ok "the daemon ends" stop_daemon
finish
