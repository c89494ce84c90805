#!/bin/bash
# Thousands of sockets that any user plants under the names of others: they cost next to nothing, they push
# nothing out of events, and whoever is really there is found beside them.
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

ticks() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")); echo $((f[11] + f[12])); }
forks() { local f; f=($(sed 's/.*) //' "/proc/$1/stat")); echo $((f[13] + f[14])); }
key_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
lines() { get events | grep -c "$1"; }
start_plant() { # COUNT PID KEY
	start "$T/plant.$2" "${AS_USER[@]}" env TMPDIR="$T/home" "$BUILD/tests/mount/plant" "$@"
	wait_for 10 grep -q READY "$T/plant.$2" || fail "planting" "$(cat "$T/plant.$2")"
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
start_plant 1000 999999 1
begun=$SECONDS
eventually "a socket of nobody is told of" 10 get_like events "warning socket=.* text=\"no process of that number"
start_plant 2500 "$victim" "$(key_of "$victim")"
start_plant 1500 "$R" "$(key_of "$R")"
eventually "they are told of" 10 get_like events "refused socket=.*dotnet-diagnostic-"
start_fake "heap 6
interval 200" || finish
# A table that takes more than 5 ms to read is read every 5 s.
eventually "one that starts meanwhile does not wait behind them" 8 has "$TARGET"
eventually "and live" 10 get_is "$TARGET/heap_mb" 6
told=$(lines "socket=.*dotnet-diagnostic-.*text=")
within "in the first minute (it is second $((SECONDS - begun))): lines about them" "$told" 2 10
is "about those of nobody" "$(lines "no process of that number")" 1
eventually "all were looked at" 120 quiet
note "CPU of the broker: $(ticks "$DAEMON_PID") ticks, of its helpers: $(forks "$DAEMON_PID"), in $((SECONDS - begun)) s"
within "CPU of the broker and its helpers, in ticks" \
	$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID"))) 0 600
idle=$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID")))
sleep 5
within "CPU while they stay, in ticks of 5 s" \
	$(($(ticks "$DAEMON_PID") + $(forks "$DAEMON_PID") - idle)) 0 25
like "events has its earlier lines" "$(get events)" "Z $R found"
eventually "after the minute: the number of the others" 75 get_like events \
	"warning text=\"[0-9]{3,4} more such sockets are not told\""
ok "no directory of the victim" hasnt "$victim"
is "the real one is not disturbed" "$(key "$R/status" state)" live
ok "the daemon ends" stop_daemon
finish
