#!/bin/bash
# kill -9 of either half and of targets: no dead mount, no process of ours, no partial dump, no target
# stopped; a new mount works at once.
LIMIT=200
. "$(dirname "$0")/../lib/harness.sh"

SLOW="heap 100
interval 200
delay dump 3000"
start_fake "$SLOW" || finish
P=$TARGET

# A core that the fake wrote is whole with this size; the daemon may well have finished one before it ended.
all_whole() { [ -z "$(inmount 5 find "$MNT/dumps" -type f ! -name '*.json' ! -size 1004096c 2>&1)" ]; }

after() { # NAME PIDS...
	local name=$1
	shift
	ok "$name: none of ours is left" wait_for 10 none_alive "$@"
	like "$name: the target runs" "$(state_of "$P")" "^[RSD]$"
	start_daemon attach_delay=0
	ok "$name: a new mount works at once" inmount 3 cat "$MNT/status"
	ok "$name: and has samples" first_sample "$P"
	ok "$name: without a partial dump" all_whole
}

start_daemon attach_delay=0
first_sample "$P"
halves=$(all_of_daemon)
kill -KILL "$(front_of "$DAEMON_PID")"
ok "front: the mount is gone" wait_for 5 not_mounted
wait "$DAEMON_PID"
is "front: the daemon says that it failed" "$(($? != 0))" 1
after front $halves

halves=$(all_of_daemon)
kill -KILL "$DAEMON_PID"
ok "broker: the front ends" wait_for 10 none_alive $halves
after broker $halves

halves=$(all_of_daemon)
kill -KILL $halves
after both $halves

for half in front broker; do
	put "$P/dump" now
	wait_for 5 get_like "$P/dump" "running"
	halves=$(all_of_daemon)
	if [ $half = front ]; then kill -KILL "$(front_of "$DAEMON_PID")"; else kill -KILL "$DAEMON_PID"; fi
	after "$half while a dump is written" $halves
	wait_for 10 bash -c "! ls '$STORE'/*/core* 2>/dev/null | grep -q ."
done

# within the first second of an attach
for delay in 0 0.05 0.2 0.5; do
	stop_daemon
	start "$T/daemon.out" "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
	DAEMON_PID=$STARTED
	sleep "$delay"
	halves=$(all_of_daemon)
	kill -KILL $halves
	after "both, $delay s after the start" $halves
done

# targets
for i in 1 2 3 4 5 6 7 8; do
	start_fake "heap 10" || break
	sleep "0.$i"
	kill -KILL "$TARGET"
	ok "a target that was killed is gone" wait_for 3 hasnt "$TARGET"
done
start_fake "$SLOW" || finish
first_sample "$TARGET"
put "$TARGET/dump" now
wait_for 5 get_like "$TARGET/dump" running
kill -KILL "$TARGET"
ok "killed while it is dumped: gone" wait_for 3 hasnt "$TARGET"
ok "no dump of it" bash -c "! timeout -s KILL 5 ls '$MNT/dumps' | grep -q _$TARGET"
like "events: dump-failed" "$(get events)" "Z $TARGET dump-failed"
is "the other one is well" "$(key "$P/status" state)" live
ok "the daemon ends" stop_daemon
like "the target lives" "$(state_of "$P")" "^[RSD]$"
finish
