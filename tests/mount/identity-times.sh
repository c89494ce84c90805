#!/bin/bash
# Start times of processes that count the time since boot otherwise than the daemon: the key in a socket's name is the
# target's own view of it, what /proc says is the reader's.
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

unshare -T --boottime 1000 -f true 2>/dev/null || skip_all "no time namespaces here"
printf 'heap 44\ninterval 200\n' >"$T/scenario"
in_time() { # OFFSET - a fake runtime whose time since boot is so many seconds more: N, its pid
	start "$T/time.$1.out" unshare -T --boottime "$1" -f "$FAKE" "$T/scenario"
	wait_for 10 grep -q ^READY "$T/time.$1.out"
	N=$(sed -n 's/^READY \([0-9]*\) .*/\1/p' "$T/time.$1.out")
}
key_in_name() { sed -n 's/^READY .*-\([0-9]*\)-socket$/\1/p' "$T/time.$1.out"; }
start_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
show() { # NAME
	eventually "$1: what has our time is found" 10 get_is "$OURS/heap_mb" 44
	eventually "$1: so is what has more" 10 get_is "$MORE/heap_mb" 44
	eventually "$1: what has less" 10 get_is "$LESS/heap_mb" 44
}

start_fake "heap 44
interval 200" || finish
OURS=$TARGET
in_time 1000000
MORE=$N
within "a key of another time" "$(($(key_in_name 1000000) - $(start_of "$MORE")))" 99999990 100000010
in_time -5
LESS=$N

start_daemon attach_delay=0
show "a daemon of the machine's time"
ok "the daemon ends" stop_daemon

DAEMON_IN_TIME=(unshare -T --boottime 3000 -f)
start "$T/daemon.out" "${DAEMON_IN_TIME[@]}" "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
OUTER=$STARTED
wait_for 15 inmount 5 grep -q ^version "$MNT/status" || fail "the daemon starts" "$(cat "$T/daemon.out")"
DAEMON_PID=$(descendants "$OUTER" | head -n 1)
show "a daemon of a time of its own"
kill -TERM "$DAEMON_PID"
eventually "it ends" 15 dead "$OUTER"
DAEMON_PID=
finish
