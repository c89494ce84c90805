#!/bin/bash
# What stands still: a createdump that was stopped (D9), and a file system that answers nothing where targets have
# their sockets. Neither holds anybody else up. It takes the minute after which a createdump is given up.
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

# Helpers of ours, most of which wait for the file system; the kernel does not let them die before it ends.
helpers() { descendants "$DAEMON_PID" | grep -vc "^$(front_of "$DAEMON_PID")$"; }

# Sockets in a directory over which the file system comes before the daemon has seen them
mkdir "$T/dead" "$T/behind"
dead=()
for i in $(seq 20); do TARGET_TMPDIR=$T/dead start_fake "heap 5" || finish; dead+=("$TARGET"); done
start "$T/odd" "$BUILD/tests/mount/odd-fuse" silent "$T/behind" "$T/dead"
ODD=$STARTED
wait_for 10 grep -q ready "$T/odd" || { fail "a FUSE that is silent" "$(cat "$T/odd")"; finish; }
echo 1 >"$T/heap"
start_fake "heap-file $T/heap
interval 200" || finish
H=$TARGET
start_fake "interval 200
createdump 3000
core-mb 20" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$H" && first_sample "$P" || fail "samples beside sockets that cannot be looked at"
put "$P/dump" now
ok "[D9] a dump begins" wait_for 10 writes_dump "$P"
kill -STOP "$CREATEDUMP"
is "[D9] its target is frozen" "$(state_of "$P")" t
begun=$SECONDS

most=0
for round in 2 3 4 5 6; do
	echo "$round" >"$T/heap"
	eventually "round $round: another one is live" 3 get_is "$H/heap_mb" "$round"
	n=$(helpers)
	[ "$n" -le "$most" ] || most=$n
	ok "round $round: the mount answers" inmount 2 cat "$MNT/processes"
	start_fake "heap 8
interval 200" || finish
	eventually "round $round: one that starts is found" 10 has "$TARGET"
	end "$TARGET"
	sleep 1
done
within "a silent file system: helpers meanwhile" "$most" 8 28
is "a silent file system: what is behind it has no directory" "$(for p in "${dead[@]}"; do has "$p" && echo "$p"; done)" ""
like "a silent file system: but a line" "$(get events)" "warning socket=$T/dead/dotnet-diagnostic-[^ ]* .*text="
put "$H/dump" now
eventually "another one is dumped meanwhile" 20 has_core "$H"

failed() { get_like "$P/events" "dump-failed error=\"createdump stood still: it was ended\""; }
eventually "[D9] given up after a minute" 75 failed
within "[D9] not before, in s" $((SECONDS - begun)) 58 100
eventually "[D9] the target runs" 5 runs "$P"
ok "[D9] createdump is gone" wait_for 5 dead "$CREATEDUMP"
ok "[D9] nothing is listed" no_core "$P"
eventually "[D9] nothing is left" 5 empty_work
within "a silent file system: one helper waits for each of the 20 sockets, however long that takes" "$(helpers)" 20 22
halves=$(all_of_daemon)
ok "the daemon ends, and waits for no dead path" stop_daemon
umount -l "$T/dead"
end "$ODD"
ok "none of its helpers is left when the file system ends" wait_for 5 none_alive $halves
finish
