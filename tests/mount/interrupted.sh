#!/bin/bash
# System calls that come back as they may and hardly ever do: EINTR, one byte at a time (tests/lib/interrupt.c). What
# the mount shows of one and the same process is what it shows without. And a wall clock that jumps.
LIMIT=200
. "$(dirname "$0")/../lib/harness.sh"
INTERRUPT=$BUILD/tests/mount/libinterrupt.so
[ -f "$INTERRUPT" ] || { echo "Bail out! there is no $INTERRUPT"; exit 1; }
PLAIN=$DAEMON

# with VARIABLE=VALUE - the daemon of the next start
with() {
	printf '#!/bin/bash\nexport LD_PRELOAD=%q %q\nexec %q "$@"\n' "$INTERRUPT" "$1" "$PLAIN" >"$T/daemon"
	chmod 755 "$T/daemon"
	DAEMON=$T/daemon
}

# What there is to be seen of a process, without what tells of the daemon's own time.
seen() {
	local dir=$1
	inmount 20 ls -R "$MNT/$dir/counters"
	for file in counters/gc-heap-size heap_mb cmdline runtime environ threshold_mb trigger \
		dump_type dump interval providers catalog.tsv; do
		echo "== $file"
		inmount 20 cat "$MNT/$dir/$file" 2>&1 | tr '\0' '\n'
	done
}

# observe NAME [,OPTIONS] - one life of the daemon: all that is seen goes to $T/NAME
observe() {
	local before
	before=$(wc -l <"$P_OUT")
	start_daemon "attach_delay=0,keep_free=0${2:-}"
	eventually "$1: it is live" 60 key_is "$P/status" state live
	is "$1: a line is taken" "$(put "$P/trigger" "heap >= 900
threads > 9000 for 3 s")" ""
	# It is asked when it is read, and waits for what is asked already.
	wait_for 20 get_like "$P/environ" LONG=x
	seen "$P" >"$T/$1"
	is "$1: what is wrong is refused" "$(put "$P/threshold_mb" nonsense)" "Invalid argument"
	put "$P/dump" now
	eventually "$1: a dump" 60 has_core "$P"
	eventually "$1: and its json" 20 bash -c "ls '$MNT/$P/dumps' | grep -q json"
	inmount 20 bash -c 'cat "$1"/*.json | grep -oE "\"[a-z_]+\":" ; cat "$1"/core_*[0-9] | sha256sum' dump \
		"$MNT/$P/dumps" >>"$T/$1"
	inmount 20 bash -c 'rm "$1"/*' rm "$MNT/$P/dumps"
	# No request more than it takes, and nothing else to tell.
	get "$P/events" | awk '{ print "event", $3 }' | sort | uniq -c >>"$T/$1"
	key "$P/status" last_error >>"$T/$1"
	tail -n "+$((before + 1))" "$P_OUT" | grep -E '^(request|gone)' | sort | uniq -c >>"$T/$1"
	ok "$1: the daemon ends" stop_daemon
}

start_fake "heap 123.5
variable LONG=$(printf 'x%.0s' $(seq 3000))
interval 200" || finish
P=$TARGET P_OUT=$TARGET_OUT
observe plain
[ "$(wc -l <"$T/plain")" -gt 60 ] || fail "there is something to compare" "$(cat "$T/plain")"
with INTERRUPT_EVERY=3
observe interrupted
is "[I2] EINTR at every third system call: no change in what is seen" "$(diff "$T/plain" "$T/interrupted" | cut -c1-200)" ""
with INTERRUPT_SHORT=1
# What this asks the kernel for itself (the type of a socket) is no call of the front: without its filter.
observe short ,no_seccomp
is "[I3] one byte a read and a write: no change in what is seen" "$(diff "$T/plain" "$T/short" | cut -c1-200)" ""

# An hour forward, an hour back: deadlines, silence, age, `for` and cooldown know nothing of it.
for jump in 3600 -3600; do
	echo 10 >"$T/heap"
	start_fake "heap-file $T/heap
interval 200" || finish
	Q=$TARGET
	with "INTERRUPT_CLOCK=4000:$jump"
	start_daemon "attach_delay=0,keep_free=0${2:-}"
	eventually "jump of $jump s: live before it" 20 key_is "$Q/status" state live
	is "jump of $jump s: armed before it" "$(put "$Q/trigger" "heap >= 50 for 1 s")" ""
	sleep 5
	is "[D15] jump of $jump s: it is live" "$(key "$Q/status" state)" live
	within "[D15] jump of $jump s: with new samples" "$(changes "$Q/counters/gc-heap-size" 2)" 3 20
	echo 60 >"$T/heap"
	eventually "[D15] jump of $jump s: the trigger fires, by time that passed" 15 has_core "$Q"
	like "[D15] jump of $jump s: the dump has the new time in its name" "$(cores "$Q")" \
		"core_$(date -u -d "$jump seconds" +%Y%m%d_%H)"
	unlike "[D15] jump of $jump s: no stream was lost" "$(get "$Q/events")" "session-lost"
	ok "[D15] jump of $jump s: the daemon ends" stop_daemon
	end "$Q"
done
finish
