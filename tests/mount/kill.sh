#!/bin/bash
# kill -9 of either half and of targets: no dead mount, no process of ours, no partial dump, no target
# stopped; a new mount works at once.
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

SLOW="heap 100
interval 200
delay dump 3000"
start_fake "$SLOW" || finish
P=$TARGET

# A core that the fake wrote is whole with this size; the daemon may well have finished one before it ended.
dumping() { put "$P/dump" now; wait_for 5 get_like "$P/dump" running; }
all_whole() { [ -z "$(inmount 5 find "$MNT/dumps" -type f ! -name '*.json' ! -size 1004096c 2>&1)" ]; }

no_leaf() { [ -z "$(find "$STORE/work" -mindepth 1 2>&1)" ]; }

after() { # NAME PIDS...
	local name=$1
	shift
	start_at_once "$name"
	ok "$name: none of the one before is left" wait_for 10 none_alive "$@"
	ok "$name: which takes nothing from the new one" inmount 3 cat "$MNT/status"
	is "$name: there is one mount" "$(grep -c " $MNT " /proc/self/mountinfo)" 1
	like "$name: the target runs" "$(state_of "$P")" "^[RSD]$"
	ok "$name: samples come" first_sample "$P"
	ok "$name: without a partial dump" all_whole
}

start_daemon attach_delay=0
first_sample "$P"
halves=$(all_of_daemon)
kill -KILL "$(front_of "$DAEMON_PID")"
ok "[R1] front: the mount is gone" wait_for 5 not_mounted
wait "$DAEMON_PID"
is "[R1] front: the daemon says that it failed" "$(($? != 0))" 1
after "[R1] front" $halves

halves=$(all_of_daemon)
kill -KILL "$DAEMON_PID"
ok "[R1] broker: the front ends" wait_for 10 none_alive $halves
after "[R1] broker" $halves

# without a moment between
kill_front() { kill -KILL "$(front_of "$DAEMON_PID")"; }
kill_broker() { kill -KILL "$DAEMON_PID"; }
kill_both() { kill -KILL $halves; }
terminate() { kill -TERM "$DAEMON_PID"; }
for i in 1 2 3 4; do
	for how in kill_front kill_broker kill_both terminate; do
		halves=$(all_of_daemon)
		$how
		after "[R1] $how, $i" $halves
	done
done
for i in 1 2 3 4 5 6 7 8 9 10; do
	ok "umount, $i" inmount 5 umount "$MNT"
	start_at_once "umount, $i"
done

for how in kill_front kill_broker "umount $MNT" terminate; do
	ok "a dump begins" dumping
	halves=$(all_of_daemon)
	$how
	after "[R3] $how while a dump is written" $halves
	eventually "[R3] $how while a dump is written: nothing half done is in the store" 10 no_leaf
done

# what lives on is told at once, and by its pid
out=$(timeout -s KILL 20 "$DAEMON" -o "dump_dir=$STORE" "$T/other" 2>&1)
is "a second one on the same store: status" $? 1
like "a second one on the same store: what it says" "$out" "$STORE is in use by another triggerdumpfs \(pid $DAEMON_PID\)"
out=$(timeout -s KILL 20 "$DAEMON" -o "dump_dir=$T/store2" "$MNT" 2>&1)
is "[F6] a second one at the same place: status" $? 1
like "[F6] a second one at the same place: what it says" "$out" "mounted there already"
ok "[F6] neither does anything to the first" inmount 3 cat "$MNT/status"

# within the first second of an attach
for delay in 0 0.05 0.2 0.5; do
	terminate
	start "$T/daemon.out" "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
	DAEMON_PID=$STARTED
	sleep "$delay"
	halves=$(all_of_daemon)
	kill -KILL $halves
	after "[R1] both, $delay s after the start" $halves
done
terminate
wait_for 10 dead "$DAEMON_PID"
start_daemon attach_delay=0

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
ok "[D7] killed while it is dumped: gone" wait_for 3 hasnt "$TARGET"
ok "[D7] no dump of it" no_dump_of "$TARGET"
like "events: dump-failed" "$(get events)" "Z $TARGET dump-failed"
is "the other one is well" "$(key "$P/status" state)" live
ok "the daemon ends" stop_daemon
like "the target lives" "$(state_of "$P")" "^[RSD]$"
finish
