#!/bin/bash
# Dumps of real runtimes that cannot work or are broken off: rows D1, D2, D5, D8 and D9 of the fault table. D3 and D7
# are in limits.sh and kill.sh. ONLY names runtimes (default twin-8.0).
LIMIT=${LIMIT:-100}
. "$(dirname "$0")/../lib/harness.sh"

DENY=$BUILD/tests/runtime/deny-ptrace
mkdir "$STORE"
mount -t tmpfs -o "size=2000000000,mode=711" tdfs-test "$STORE" || { fail "a tmpfs for the store"; finish; }

well() { [ "$(state_of "$1")" = S ] && grep -q '^TracerPid:[[:space:]]0$' "/proc/$1/status"; }
begin() { # PID - until createdump is there: $CREATEDUMP; 3.1 may refuse
	local try
	for try in 1 2 3; do
		put "$1/dump" full
		wait_for 10 has_createdump "$1" && CREATEDUMP=$(createdump_of "$1") && return
	done
	return 1
}
more_failed() { [ "$(get "$1/events" | grep -c dump-failed)" -gt "$2" ]; }
last_failure() { get "$1/events" | grep dump-failed | tail -n 1; }
empty_work() { [ -z "$(find "$STORE/work" -type f)" ]; }
after_failure() {
	eventually "$1: the target runs" 10 well "$2"
	ok "$1: nothing is listed" no_core "$2"
	eventually "$1: nothing is left" 5 empty_work
}
found() { wait_for 30 has "$TARGET" && first_sample "$TARGET" 30; }

start_daemon attach_delay=0,keep_free=0
for name in ${ONLY:-twin-8.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }

	# stopped at first, so that the minute passes while the rest goes on
	start_target "$name" spike 100 0 0 1000 0 || finish
	D9=$TARGET
	ok "$name: samples" found
	ok "[D9] $name: a dump begins" begin "$D9"
	kill -STOP "$CREATEDUMP"
	d9_createdump=$CREATEDUMP

	start_target "$name" spike 50 0 0 1000 0 || finish
	P=$TARGET
	ok "$name: another one" found
	libcoreclr=$(sed -n 's|^[^/]*\(/.*/libcoreclr.so\)$|\1|p' "/proc/$P/maps" | head -n 1)
	createdump=${libcoreclr%/*}/createdump
	echo "no program" >"$T/not-executable"
	mount --bind "$T/not-executable" "$createdump"
	is "[D1] $name: createdump is not executable" "$(put "$P/dump" now)" "Operation not supported"
	like "[D1] $name: why" "$(key "$P/status" last_error)" "createdump is not executable for the process"
	is "[D1] $name: nor is it armed" "$(put "$P/threshold_mb" 5000)" "Operation not supported"
	umount "$createdump"
	mkdir "$T/upper.$name" "$T/overlay"
	mount -t tmpfs tdfs-test "$T/overlay" && mkdir "$T/overlay/upper" "$T/overlay/work"
	if mount -t overlay -o "lowerdir=${libcoreclr%/*},upperdir=$T/overlay/upper,workdir=$T/overlay/work" \
		tdfs-test "${libcoreclr%/*}" 2>/dev/null; then
		rm "$createdump"
		is "[D1] $name: there is no createdump" "$(put "$P/dump" now)" "Operation not supported"
		like "[D1] $name: why" "$(key "$P/status" last_error)" "there is no $createdump, which the runtime writes"
		umount "${libcoreclr%/*}"
	else
		skip "[D1] $name: there is no createdump" "no overlay can be mounted here"
	fi
	umount "$T/overlay"
	ok "[D1] $name: its socket is there" test -S "$(echo "$TMPDIR"/dotnet-diagnostic-"$P"-*-socket)"
	ok "[D1] $name: with createdump a dump is whole" whole_dump "$P"
	inmount 10 bash -c "rm '$MNT/$P'/dumps/*"

	n=$(get "$P/events" | grep -c dump-failed)
	ok "[D5] $name: a dump begins" begin "$P"
	prlimit --pid "$CREATEDUMP" --fsize=20000000
	eventually "[D5] $name: RLIMIT_FSIZE below its size: dump-failed" 30 more_failed "$P" "$n"
	note "$(last_failure "$P")"
	after_failure "[D5] $name" "$P"

	start "$T/denied" env TMPDIR="$TMPDIR" "$DENY" "$RUNTIMES/bin/$name" spike 50 0 0 1000 0
	TARGET=$STARTED
	wait_for 20 grep -qE '^(READY|listening)' "$T/denied" || fail "$name without ptrace" "$(cat "$T/denied")"
	ok "[D2] $name without ptrace: samples" found
	put "$TARGET/threshold_mb" 1
	eventually "[D2] $name without ptrace: failed at once" 30 key_is "$TARGET/status" trigger failed
	like "[D2] $name: and why" "$(key "$TARGET/status" last_error)" "."
	note "$(last_failure "$TARGET")"
	after_failure "[D2] $name" "$TARGET"
	end "$TARGET"
	end "$P"

	failed() { get_like "$D9/events" "dump-failed error=\"createdump stood still: it was ended\""; }
	eventually "[D9] $name: given up after a minute" 90 failed
	ok "[D9] $name: createdump is gone" wait_for 5 dead "$d9_createdump"
	after_failure "[D9] $name" "$D9"
	ok "[D9] $name: the next dump is whole" whole_dump "$D9"
	ok "[R2] $name: a dump begins" begin "$D9"
	kill -STOP "$CREATEDUMP"
	ok "[R2] $name: the daemon ends meanwhile" stop_daemon
	ok "[R2] $name: createdump is gone" wait_for 5 dead "$CREATEDUMP"
	ok "[R2] $name: the target runs" wait_for 10 well "$D9"
	ok "[R2] $name: nothing is left" empty_work
	end "$D9"
	start_daemon attach_delay=0,keep_free=0
done
ok "the daemon ends" stop_daemon
finish
