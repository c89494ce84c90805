#!/bin/bash
# SIGKILL of processes whose values are streaming: each is gone within a second, and nothing is left of it.
#
#	COUNT		simulated ones (default 1000), ten at a time
#	REAL		of each real runtime in ONLY (default 20)
#	ONLY		default twin-3.1 twin-8.0 twin-9.0 twin-10.0; "" for none
LIMIT=${LIMIT:-3600}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

COUNT=${COUNT:-1000}
REAL=${REAL:-20}
AT_ONCE=10
ours() { cost_tree "$DAEMON_PID"; }
descriptors() { cost_descriptors $(ours); }
no_more_than() { [ "$(descriptors)" -le "$1" ]; }
no_zombies() { local p; for p in $(ours); do [ "$(state_of "$p")" != Z ] || return 1; done; }
sessions_are() { key_is status sessions "$1"; }

late=0 silent=0 killed=0
# kill_all PID... - once they stream, at moments of their own
kill_all() {
	local pid
	for pid; do first_sample "$pid" 30 || silent=$((silent + 1)); done
	for pid; do
		read -r -t "0.0$((RANDOM % 10))" <>"$T/never"
		kill -KILL "$pid"
		killed=$((killed + 1))
	done
	for pid; do wait_for 1 hasnt "$pid" || late=$((late + 1)); done
	wait "$@"
	started=("${started[@]:0:keep}")
}
judge() { # WHAT OF
	is "[P2] $1: killed while streaming" "$killed" "$2"
	is "[P2] $1: that gave no values before" "$silent" 0
	is "[P2] $1: still shown after a second" "$late" 0
	eventually "[P2] $1: sessions are given back" 10 sessions_are 1
	eventually "[P2] $1: descriptors are as before" 15 no_more_than "$before"
	eventually "[P2] $1: no process is left" 10 no_zombies
	late=0 silent=0 killed=0
}

mkfifo "$T/never"
printf 'heap 100 200 100 200\nheap-step 20\ninterval 20\n' >"$T/scenario"
start_daemon attach_delay=0
start "$T/steady" "$FAKE" "$T/scenario"
H=$STARTED
first_sample "$H"
sleep 1
before=$(descriptors)
before_kb=$(cost_pss_kb $(ours))
keep=${#started[@]}
begun=$SECONDS
while [ $killed -lt "$COUNT" ]; do
	pids=()
	for _ in $(seq $((COUNT - killed < AT_ONCE ? COUNT - killed : AT_ONCE))); do
		start /dev/null "$FAKE" "$T/scenario"
		pids+=("$STARTED")
	done
	kill_all "${pids[@]}" 2>/dev/null
done
note "$killed in $((SECONDS - begun)) s; PSS $before_kb kB, $(cost_pss_kb $(ours)) kB; descriptors $before, $(descriptors)"
within "[P2] memory, in kB" "$(cost_pss_kb $(ours))" 0 $((before_kb + 2048))
judge simulated "$COUNT"
for name in ${ONLY-twin-3.1 twin-8.0 twin-9.0 twin-10.0}; do
	have_runtime "$name" || { skip "[P2] $name" "not to be had"; continue; }
	while [ $killed -lt "$REAL" ]; do
		pids=()
		for _ in $(seq $((REAL - killed < 5 ? REAL - killed : 5))); do
			start_target "$name" spike 5 0 0 1000 0 || finish
			pids+=("$TARGET")
		done
		kill_all "${pids[@]}" 2>/dev/null
	done
	judge "$name" "$REAL"
done
is "the steady one is live" "$(key "$H/status" state)" live
ok "the daemon ends" stop_daemon
finish
