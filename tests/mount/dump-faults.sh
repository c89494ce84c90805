#!/bin/bash
# Dumps that go wrong: rows D and C of the fault table (the name of each in brackets) that neither dump.sh nor
# limits.sh shows. A createdump here is a child of the fake runtime that freezes it, as the real one does.
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

FAST="heap 100
interval 200"

idle() { get_is "$1/dump" idle; }
n_failed() { get "$1/events" | grep -c dump-failed; }
more_failed() { [ "$(n_failed "$1")" -gt "$2" ]; }
last_failure() { get "$1/events" | grep dump-failed | tail -n 1; }
start_one() { # LINES - its pid is $TARGET
	start_fake "$1" || finish
	wait_for 10 has "$TARGET" || fail "$TARGET is found"
}
begin() { # PID - a dump, until its createdump is there; it is $CREATEDUMP
	put "$1/dump" now
	wait_for 10 has_createdump "$1" && CREATEDUMP=$(createdump_of "$1")
}
grown_to() { # BYTES
	local size
	while alive "$CREATEDUMP"; do
		size=$(stat -c %s "$STORE"/work/*/core 2>/dev/null)
		[ "${size:-0}" -ge "$1" ] && return 0
		sleep 0.01
	done
	return 1
}
after_failure() { # NAME PID
	eventually "$1: the target runs" 5 runs "$2"
	ok "$1: nothing is listed" no_core "$2"
	eventually "$1: nothing is left" 5 empty_work
}

# --- what stands at the path, with canaries ---
start_fake "$FAST
core foreign" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$P"
put "$P/dump" now
eventually "[D11] a file of another user's: dump-failed" 10 more_failed "$P" 0
like "[D11] a file of another user's: why" "$(last_failure "$P")" "the dump file belongs to somebody else"
after_failure "[D11] a file of another user's" "$P"

# Of an old runtime: everybody may read the file, nobody can reach it; nor when it is sealed.
change_fake "$FAST
core world-readable
answer dump silence"
put "$P/dump" now
file=$(wait_for 10 grep -q '^dump ' "$TARGET_OUT"; sed -n 's/^dump 2 //p' "$TARGET_OUT" | tail -n 1)
wait_for 5 test -s "$file"
is "[D11] a world-readable dump: its mode" "$(stat -c %a "$file")" 644
like "[D11] a world-readable dump: another user" "$(as_user cat "$file" 2>&1 | head -c 100)" "Permission denied"
like "[D11] a world-readable dump: nor is its directory listed" \
	"$(as_user ls "$STORE/work" "$STORE/sealed" 2>&1)" "Permission denied.*Permission denied"
change_fake "$FAST
core world-readable"
start_one "$FAST
core world-readable"
put "$TARGET/dump" now
eventually "[D11] a world-readable dump is taken" 10 has_core "$TARGET"
is "[D11] and its mode is not kept" "$(find "$STORE/sealed" -name "core*_$TARGET" -printf '%m %U')" "400 0"
end "$P"
end "$TARGET"

# --- somebody keeps it open for writing ---
start_one "$FAST
core keep-open"
begun=$SECONDS
put "$TARGET/dump" now
eventually "[D12] a writer keeps its descriptor: dump-failed" 30 more_failed "$TARGET" 0
like "[D12] unsealed" "$(last_failure "$TARGET")" "unsealed: somebody still has the dump file open for writing"
within "[D12] the file is gone within a minute" $((SECONDS - begun)) 4 60
after_failure "[D12] unsealed" "$TARGET"
is "[D12] nor in the store" "$(find "$STORE" -type f -size +4k)" "$STORE/sealed/$(basename "$(find "$STORE/sealed" -name 'core*' -size +4k)")"
end "$TARGET"

# --- createdump killed, denied, out of room in its own limit ---
start_one "$FAST
createdump 2000
core-mb 20"
P=$TARGET
killed() { # PERCENT - one that was quicker than we is tried again
	local try
	for try in 1 2 3 4 5; do
		failed=$(n_failed "$P")
		begin "$P" && grown_to $(($1 * 200000)) && kill -KILL "$CREATEDUMP" &&
			wait_for 10 more_failed "$P" "$failed" && return 0
		wait_for 10 idle "$P"
		inmount 5 bash -c "rm -f '$MNT/$P'/dumps/*"
	done
	return 1
}
for percent in 10 50 99; do
	ok "[D3] createdump killed at $percent %" killed "$percent"
	eventually "[D3] $percent %: dump-failed" 10 more_failed "$P" "$failed"
	like "[D3] $percent %: why" "$(last_failure "$P")" "the core is cut"
	after_failure "[D3] $percent %" "$P"
done
failed=$(n_failed "$P")
limited() { begin "$P" && prlimit --pid "$CREATEDUMP" --fsize=9000000; }
ok "[D5] RLIMIT_FSIZE below its size" limited
eventually "[D5] dump-failed" 10 more_failed "$P" "$failed"
like "[D5] why" "$(last_failure "$P")" "the core is cut"
after_failure "[D5] RLIMIT_FSIZE" "$P"
begin "$P"
kill -KILL "$P"
eventually "[D7] the target killed while createdump writes: gone" 10 hasnt "$P"
like "[D7] why" "$(get events | grep "$P dump-failed" | tail -n 1)" "the process ended before its dump was whole"
ok "[D7] no dump of it" no_dump_of "$P"
eventually "[D7] nothing is left" 5 empty_work
eventually "[D7] nor its createdump" 5 dead "$CREATEDUMP"
start_one "$FAST
answer dump error 0x80004005 [createdump] ptrace(ATTACH) FAILED Operation not permitted"
first_sample "$TARGET"
put "$TARGET/threshold_mb" 50
eventually "[D2] ptrace denied: failed at once" 10 key_is "$TARGET/status" trigger failed
like "[D2] and in its own words" "$(key "$TARGET/status" last_error)" "ptrace\(ATTACH\) FAILED Operation not permitted"
is "[D2] once" "$(grep -c '^request dump' "$TARGET_OUT")" 1
like "[D10] failures are counted" "$(get metrics | grep "_dumps.*pid=\"$TARGET\".*failed")" " 1$"
end "$TARGET"

# --- many at once ---
echo 100 >"$T/heap"
pids=()
printf 'heap-file %s\ninterval 200\ndelay dump 1500\n' "$T/heap" >"$T/many"
for i in $(seq 100); do start "$T/many.out" "$FAKE" "$T/many"; pids+=("$STARTED"); done
all_armed() { [ "$(get processes | grep -c ' armed ')" = 100 ]; }
eventually "[D13] a hundred are there" 20 has "${pids[99]}"
ok "[D13] armed" inmount 30 bash -c 'for pid; do echo 200 >"$0/$pid/threshold_mb" || exit 1; done' "$MNT" "${pids[@]}"
eventually "[D13] all of them" 10 all_armed
echo 300 >"$T/heap"
missed() { get events | awk '/missed reason=queue-full/ { print $2 }' | sort -u | wc -l; }
all_missed() { [ "$(missed)" -ge 82 ]; }
eventually "[D13] they fire at once" 20 all_missed
is "[D13] two run" "$(inmount 10 grep -l running "$MNT"/*/dump | wc -l)" 2
is "[D13] 16 wait" "$(inmount 10 grep -l queued "$MNT"/*/dump | wc -l)" 16
is "[D13] the others are missed" "$(missed)" 82
ok "[D13] the mount answers" inmount 2 cat "$MNT/status"
echo 100 >"$T/heap"
none_waits() { ! inmount 10 grep -lE 'running|queued' "$MNT"/*/dump; }
eventually "[D13] what waits is not wanted any more, and ends" 60 none_waits
for pid in "${pids[@]}"; do end "$pid"; done
inmount 20 bash -c "rm -f '$MNT'/dumps/*"
ok "the daemon ends" stop_daemon
finish
