#!/bin/bash
# kill -9 on real runtimes: of the daemon within the first second of an attach and while a dump is
# written, of createdump, of the target. 3.1 is the one that dies of a connection closed too early.
# ROUNDS (default 1) repeats it.
LIMIT=${LIMIT:-420}
. "$(dirname "$0")/../lib/harness.sh"

well() { [ "$(state_of "$1")" = S ] && grep -q '^TracerPid:[[:space:]]0$' "/proc/$1/status"; }
child_named() { # PID NAME
	local p
	for p in $(descendants "$1"); do [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$2" ] && echo "$p"; done
}
has_child() { [ -n "$(child_named "$1" "$2")" ]; }
dumping() { # until createdump is there; 3.1 may refuse (see whole_dump)
	local try
	for try in 1 2 3; do
		put "$TARGET/dump" full
		wait_for 5 has_child "$TARGET" createdump && return 0
	done
	return 1
}
kill_daemon() {
	halves=$(all_of_daemon)
	kill -KILL $halves 2>/dev/null
	# The helper that holds the connection of a 3.1 ends by itself.
	ok "$1: none of ours is left" wait_for 15 none_alive $halves
}

for name in ${ONLY:-twin-3.1 twin-8.0 twin-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" spike 100 0 0 1000 0 || finish
	P=$TARGET
	for round in $(seq "${ROUNDS:-1}"); do
		for delay in 0.05 0.1 0.2 0.3 0.45 0.6 0.8 1; do
			start "$T/daemon.out" "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
			DAEMON_PID=$STARTED
			wait_for 10 is_mounted
			sleep "$delay"
			kill_daemon "$name, killed $delay s after the mount"
			wait_for 5 well "$P" || break # it may be busy for a moment: state R
		done
		eventually "$name: the target is well" 5 well "$P"
	done
	start_daemon attach_delay=0
	wait_for 10 get_like "$P/events" attached
	halves=$(all_of_daemon)
	kill -KILL $halves 2>/dev/null
	start_daemon attach_delay=0
	eventually "$name: and is attached again" 30 get_like "$P/events" attached
	# A second session in the moment of the first report of all would hang 3.1.
	[ "$name" != twin-3.1 ] || ok "$name: not before the one killed has let go of it" none_alive $halves
	ok "$name: and samples, too" first_sample "$P" 30

	ok "$name: a dump begins" dumping
	kill -KILL $(child_named "$P" createdump)
	eventually "[D3] $name: createdump killed: dump-failed" 30 get_like "$P/events" "dump-failed"
	wait_for 10 get_is "$P/dump" idle
	ok "$name: no partial dump" no_core "$P"
	eventually "$name: the target runs" 5 well "$P"
	ok "$name: the next dump is whole" whole_dump "$P" full
	inmount 20 bash -c "rm '$MNT/$P'/dumps/core*"

	ok "$name: another dump" dumping
	halves=$(all_of_daemon)
	createdump=$(child_named "$P" createdump | head -n 1)
	kill -KILL $halves 2>/dev/null
	start_at_once "[R3] $name, killed while a dump is written"
	# The helper that holds the connection of a 3.1 ends by itself.
	ok "$name: none of the one before is left" wait_for 15 none_alive $halves
	eventually "$name: its createdump ends" 30 dead "$createdump"
	eventually "$name: the target runs on" 30 well "$P"
	ok "$name: and the new mount is there" inmount 3 cat "$MNT/status"
	# Traced while the first scan was made, it is found at a later one.
	eventually "$name: the target is listed" 60 has "$P"
	ok "[R3] $name: without a partial dump" no_core "$P"
	left() { [ -z "$(find "$STORE" -name 'core*' -size +0 2>&1)" ]; }
	eventually "[R3] $name: nor anything of it in the store" 60 left
	ok "$name: and samples" first_sample "$P" 30

	ok "[D7] $name: a last dump" dumping
	kill -KILL "$P"
	eventually "[D7] $name: the target killed: gone" 5 hasnt "$P"
	eventually "$name: dump-failed" 30 get_like events "Z $P dump-failed"
	ok "[D7] $name: no dump of it" no_dump_of "$P"
	eventually "[D7] $name: no createdump of it" 30 bash -c "! grep -l createdump /proc/[0-9]*/comm 2>/dev/null | grep -q ."
	stop_daemon
done
finish
