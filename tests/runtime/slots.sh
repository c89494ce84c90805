#!/bin/bash
# All event sessions of a real runtime are taken by another tool: it is said, what needs none is served, and there are
# values when one is given back.
LIMIT=200
. "$(dirname "$0")/../lib/harness.sh"

start_daemon interval=1
for name in ${ONLY:-twin-8.0 twin-10.0}; do
	have_runtime "$name" || { skip "[P14] $name" "not to be had"; continue; }
	# Its counters are asked for when it is 10 s old: until then there are 64.
	start_target "$name" spike 5 0 0 1000 0 || finish
	P=$TARGET
	start "$T/$name.taken" "$BUILD/tests/runtime/take-sessions" "$(echo "$TMPDIR/dotnet-diagnostic-$P-"*)" 64
	taker=$STARTED
	wait_for 20 grep -q ^READY "$T/$name.taken"
	is "[P14] $name: another tool has all" "$(cat "$T/$name.taken")" "READY 64"
	eventually "[P14] $name: tried again" 40 refused_more_than "$P" 1
	like "[P14] $name: status says why" "$(key "$P/status" last_error)" "^session-slots-full"
	like "[P14] $name: what needs none is served" "$(key "$P/runtime" version)" "^[0-9]+\."
	like "[P14] $name: environ, too" "$(inmount 10 cat "$MNT/$P/environ" | tr '\0' '\n')" "TMPDIR="
	ok "[P14] $name: and a dump" whole_dump "$P" mini
	kill -USR1 "$taker"
	eventually "[P14] $name: one is given back: values" 70 get_like "$P/heap_mb" "^[0-9]"
	is "[P14] $name: and its state" "$(key "$P/status" state)" live
	end "$taker" TERM
	end "$P"
done
ok "the daemon ends" stop_daemon
finish
