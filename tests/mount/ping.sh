#!/bin/bash
# A front that says nothing any more is killed, whoever waits for it gets an error, and the daemon ends. A machine
# that stood still is no such thing.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

start_fake "heap 100
interval 200" || finish
P=$TARGET
start_daemon attach_delay=0
first_sample "$P"

# longer than what the front may be silent for, with nothing left to be read when it begins
halves=$(all_of_daemon)
front=$(front_of "$DAEMON_PID")
kill -STOP "$front"
sleep 2
kill -STOP "$DAEMON_PID"
sleep 24
kill -CONT "$DAEMON_PID"
kill -CONT "$front"
sleep 4
is "a paused machine: nothing is killed" "$(all_of_daemon)" "$halves"
ok "a paused machine: the mount answers" inmount 5 cat "$MNT/status"
eventually "a paused machine: samples come" 5 key_is "$P/status" state live

kill -STOP "$front"
start "$T/reader.out" cat "$MNT/status"
reader=$STARTED
ok "[R10] a front that is stuck ends" wait_for 40 dead "$front"
wait_for 10 dead "$DAEMON_PID"
wait "$DAEMON_PID"
is "[R10] and the daemon, which says that it failed" $? 1
like "[R10] and why" "$(cat "$T/daemon.out")" "the front has been silent for 20 s: it is killed"
ok "[R10] none of it is left" none_alive $halves
ok "[F11] a request that is never answered ends with the mount" wait_for 5 dead "$reader"
wait "$reader"
is "[F11] in an error" $? 1
like "[F11] which is one of the connection" "$(cat "$T/reader.out")" \
	"not connected|[Cc]onnection (aborted|refused)|Software caused"
ok "[F11] no mount is left" not_mounted
like "[R10] the target runs on" "$(state_of "$P")" "^[RS]$"
start_at_once "[F11] after it"
ok "[R10] and is watched again" first_sample "$P"
kill -TERM "$DAEMON_PID"
ok "the daemon ends" wait_for 10 dead "$DAEMON_PID"
finish
