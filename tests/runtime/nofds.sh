#!/bin/bash
# A target that loses its last free descriptor after it was listed: its CPU stays 0, its files answer
# within 2 s with a sentence, and all is well when it has some again.
LIMIT=180
. "$(dirname "$0")/../lib/harness.sh"

start_daemon attach_delay=1
ticks() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")); echo $((f[11] + f[12])); }

for name in ${ONLY:-twin-8.0 twin-9.0 twin-10.0 twin-11.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	mkfifo "$T/in.$name"
	bash -c "ulimit -n 150; exec '$RUNTIMES/bin/$name' nofds" <>"$T/in.$name" >"$T/out.$name" 2>&1 &
	TARGET=$!
	started+=("$TARGET")
	eventually "$name: listed" 10 has "$TARGET"
	ok "$name: live" first_sample "$TARGET"
	echo >"$T/in.$name"
	eventually "$name: it takes every descriptor" 10 grep -q ^FULL "$T/out.$name"
	sleep 2
	before=$(ticks "$TARGET")
	like "$name: a dump is refused within 2 s" "$(inmount 2 bash -c \
		"echo now >'$MNT/$TARGET/dump'" 2>&1)" "temporarily unavailable"
	like "$name: environ, too" "$(inmount 2 cat "$MNT/$TARGET/environ" 2>&1)" "temporarily unavailable"
	like "$name: with a sentence" "$(key "$TARGET/status" last_error)" "descriptor"
	ok "$name: its values go on" inmount 2 grep -q . "$MNT/$TARGET/heap_mb"
	sleep 4
	# Sending its counters takes a tick in 4 s; a thread that goes round takes 400.
	within "$name: its CPU in the 4 s and more, in ticks" $(($(ticks "$TARGET") - before)) 0 20
	echo >"$T/in.$name"
	eventually "$name: it frees them" 10 grep -q ^FREE "$T/out.$name"
	answers() { get "$TARGET/environ" | grep -q PATH; }
	eventually "$name: and answers again" 20 answers
	end "$TARGET"
done
ok "the daemon ends" stop_daemon
finish
