#!/bin/bash
# Thousands of sockets that three users plant under the names of others: they cost next to nothing, they push
# nothing out of events, and whoever is really there is found beside them. Of one user's not all are looked at
# (tests/mount/decoys.sh).
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

ticks() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")); echo $((f[11] + f[12])); }
forks() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")); echo $((f[13] + f[14])); }
key_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
lines() { get events | grep -c "$1"; }
start_plant() { # USER COUNT PID KEY
	local dir=$T/of.$1
	mkdir "$dir"
	chown "$1" "$dir"
	start "$T/plant.$3" setpriv --reuid "$1" --regid games --clear-groups --inh-caps=-all \
		env TMPDIR="$dir" "$BUILD/tests/mount/plant" "${@:2}"
	wait_for 10 grep -q READY "$T/plant.$3" || fail "planting" "$(cat "$T/plant.$3")"
}
quiet() { # no socket is looked at any more
	local before
	before=$(forks "$DAEMON_PID")
	sleep 2
	[ "$(forks "$DAEMON_PID")" = "$before" ]
}

for i in $(seq 100); do start /dev/null sleep 300; done
victim=$STARTED
start_daemon attach_delay=0
start_fake "heap 5
interval 200" || finish
R=$TARGET
first_sample "$R"

# 1,000 under no pid, 2,500 under that of a program that is none of .NET's, 1,500 under that of one
start_plant games 1000 999999 1
begun=$SECONDS
eventually "a socket of nobody is told of" 10 get_like events "warning socket=.* text=\"no process of that number"
start_plant bin 2500 "$victim" "$(key_of "$victim")"
start_plant daemon 1500 "$R" "$(key_of "$R")"
eventually "they are told of" 10 get_like events "refused socket=.*dotnet-diagnostic-"
start_fake "heap 6
interval 200" || finish
eventually "[H12] one that starts meanwhile does not wait behind them" 8 has "$TARGET"
eventually "and live" 10 get_is "$TARGET/heap_mb" 6
told=$(lines "socket=.*dotnet-diagnostic-.*text=")
within "in the first minute (it is second $((SECONDS - begun))): lines about them" "$told" 2 10
is "about those of nobody" "$(lines "no process of that number")" 1
eventually "[H12] all that are to be were looked at" 120 quiet
note "CPU of the broker: $(ticks "$DAEMON_PID") ticks, of its helpers: $(forks "$DAEMON_PID"), in $((SECONDS - begun)) s"
within "CPU of the broker and its helpers, in ticks" \
	$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID"))) 0 600
idle=$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID")))
sleep 5
within "[H12] CPU while they stay, in ticks of 5 s" \
	$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID") - idle)) 0 25
like "events has its earlier lines" "$(get events)" "Z $R found"
eventually "after the minute: the number of the others" 75 get_like events \
	"warning text=\"[0-9]{3,4} more such sockets are not told\""
ok "no directory of the victim" hasnt "$victim"
is "the real one is not disturbed" "$(key "$R/status" state)" live
ok "the daemon ends" stop_daemon
finish
