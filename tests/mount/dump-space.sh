#!/bin/bash
# Where dumps are kept runs full at any offset, lies in memory, or on a file system that may not answer; large and
# removed dumps. Rows D4, D8 and D16 to D18 of the fault table.
#
#	SIZES		offsets at which the space ends (default 40)
LIMIT=${LIMIT:-100}
. "$(dirname "$0")/../lib/harness.sh"

SIZES=${SIZES:-40}
FAST="heap 100
interval 200"
mkdir "$STORE"
mount -t tmpfs -o "size=200000000,mode=711" tdfs-test "$STORE" || { fail "a tmpfs for the store"; finish; }

idle() { get_is "$1/dump" idle; }
n_cores_are() { [ "$(cores "$1" | wc -l)" = "$2" ]; }
n_failed() { get "$1/events" | grep -c dump-failed; }
more_failed() { [ "$(n_failed "$1")" -gt "$2" ]; }
last_failure() { get "$1/events" | grep dump-failed | tail -n 1; }
used_kb() { df -k --output=used "$STORE" | tail -n 1 | tr -d ' '; }
refused() { # NAME ERRNO REGEX
	local requests
	requests=$(grep -c '^request dump' "$TARGET_OUT")
	is "$1: refused" "$(put "$TARGET/dump" now)" "$2"
	like "$1: why" "$(key "$TARGET/status" last_error)" "$3"
	is "$1: nothing was asked of the runtime" "$(grep -c '^request dump' "$TARGET_OUT")" "$requests"
}

# --- space that ends at any offset of a core of 3 MB: gone after the dump was accepted; the file system shrinks, as to
# fill it takes longer than createdump may wait ---
resize() { mount -o "remount,size=$1" "$STORE"; }
start_fake "$FAST
delay dump 400
core-mb 3" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$P"
failed_at() { # BYTES LEFT
	local failed used
	failed=$(n_failed "$P")
	put "$P/dump" now
	used=$(($(stat -f -c '(%b - %f) * %S' "$STORE")))
	resize $((used + $1 > 0 ? used + $1 : 4096)) || return 1
	wait_for 10 more_failed "$P" "$failed" || return 1
	wait_for 5 empty_work || return 1
	resize 200000000
	wait_for 5 idle "$P" && [[ $(state_of "$P") = [RS] ]] && [ "$(n_failed "$P")" = $((failed + 1)) ]
}
n=0
for i in $(seq "$SIZES"); do
	failed_at $((4096 * (i - 1) * 730 / SIZES)) && n=$((n + 1))
	resize 200000000
done
is "[D4] the space ended at $SIZES offsets: failed, nothing left, the target runs" "$n" "$SIZES"
like "[D4] and why" "$(last_failure "$P")" 'error="No space left on device"'
ok "[D4] nothing is listed" no_core "$P"
is "[D4] with space again a dump is taken" "$(put "$P/dump" now)" ""
eventually "[D4] and listed" 10 n_cores_are "$P" 1
wait_for 5 idle "$P"

# --- removed while it is read ---
before=$(used_kb)
start "$T/read" bash -c 'exec 3<"$1"; sleep 3; md5sum <&3; exec sleep 3' - "$MNT/$P/dumps/$(cores "$P")"
sum=$(inmount 10 md5sum <"$STORE/sealed/$(cores "$P")_$P")
wait_for 5 bash -c "ls -l /proc/$STARTED/fd | grep -q dumps"
reader=$STARTED
inmount 5 bash -c "rm '$MNT/$P'/dumps/*"
within "[D17] removed while it is read: its space is still taken, in MB" $(((before - $(used_kb)) / 1000)) 0 1
eventually "[D17] the reader comes to the end of it" 10 test -s "$T/read"
is "[D17] of what it was" "$(cat "$T/read")" "$sum"
end "$reader"
freed() { [ "$(used_kb)" -lt $((before - 2500)) ]; }
eventually "[D17] the space is free when it is closed" 10 freed

# --- 64 GiB, all of it a hole ---
memory_kb() { local p n=0; for p in $(all_of_daemon); do n=$((n + $(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' /proc/"$p"/status))); done; echo "$n"; }
change_fake "$FAST
core sparse
core-mb 68720"
before=$(memory_kb)
is "[D16] a dump of 64 GiB" "$(put "$P/dump" now)" ""
eventually "[D16] is listed" 20 n_cores_are "$P" 1
core=$MNT/$P/dumps/$(cores "$P")
is "[D16] its size" "$(inmount 5 stat -c %s "$core")" 68720004096
begun=${EPOCHREALTIME/.}
ok "[D16] read, from the start" inmount 60 dd if="$core" of=/dev/null bs=1M count=2000
note "2,000 MiB through the mount in $(((${EPOCHREALTIME/.} - begun) / 1000)) ms"
is "[D16] and to its end" "$(inmount 10 bash -c 'dd if="$1" bs=1M skip=65536 2>/dev/null | wc -c' - "$core")" 527360
within "[D16] memory of both halves at their peak, grown by kB" $(($(memory_kb) - before)) 0 8192
inmount 5 bash -c "rm '$MNT/$P'/dumps/*"
end "$P"

# --- in memory ---
start_fake "$FAST" || finish
wait_for 10 has "$TARGET"
sed 's/^MemAvailable:.*/MemAvailable:     100000 kB/' /proc/meminfo >"$T/meminfo"
mount --bind "$T/meminfo" /proc/meminfo
refused "[D18] tmpfs, and the machine has too little memory" "No space left on device" \
	"kept in memory \(tmpfs\): this one may need [0-9]+ MB, and twice that is not free: 102 MB are, of this machine"
is "[D18] nor is it armed" "$(put "$TARGET/threshold_mb" 5000)" "No space left on device"
umount /proc/meminfo
is "[D18] with enough it is taken" "$(put "$TARGET/dump" now)" ""
eventually "[D18] and listed" 10 n_cores_are "$TARGET" 1
inmount 5 bash -c "rm '$MNT/$TARGET'/dumps/*"

# The memory cgroup of a target, where one can be made: of version 1, or 2 with the controller handed on.
GROUP=
make_group() {
	local mount
	mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { m = $2 } END { print m }' /proc/mounts)
	MAX=memory.limit_in_bytes
	if [ -z "$mount" ]; then
		mount=$(awk '$3 == "cgroup2" { m = $2 } END { print m }' /proc/mounts)
		MAX=memory.max
		grep -qw memory "$mount/cgroup.subtree_control" || return 1
	fi
	mkdir "$mount/${T##*/}" && GROUP=$mount/${T##*/}
}
remove_group() {
	clean_up
	if [ -n "$GROUP" ]; then wait_for 10 rmdir "$GROUP"; fi
}
if make_group 2>/dev/null && echo 100000000 2>/dev/null >"$GROUP/$MAX"; then
	trap remove_group EXIT
	echo "$TARGET" >"$GROUP/cgroup.procs"
	refused "[D18] tmpfs, and its cgroup has too little memory" "No space left on device" \
		"kept in memory .*: (9[0-9]|100) MB are, of the process's cgroup"
	echo 400000000 >"$GROUP/$MAX"
	is "[D18] with enough it is taken" "$(put "$TARGET/dump" now)" ""
	eventually "[D18] and listed" 10 n_cores_are "$TARGET" 1
	wait_for 5 idle "$TARGET"
	inmount 5 bash -c "rm '$MNT/$TARGET'/dumps/*"

	# createdump is what the kernel kills; the limit is lowered when the dump is under way
	change_fake "$FAST
createdump 3000
core-mb 120"
	asked=$(grep -c '^request dump' "$TARGET_OUT")
	put "$TARGET/threshold_mb" 50
	createdump() { CREATEDUMP=$(for p in $(descendants "$TARGET"); do echo "$p"; done | head -n 1); [ -n "$CREATEDUMP" ]; }
	wait_for 10 createdump
	echo 1000 >"/proc/$CREATEDUMP/oom_score_adj"
	echo 40000000 >"$GROUP/$MAX"
	eventually "[D8] no memory for createdump in its cgroup: failed at once" 20 key_is "$TARGET/status" trigger failed
	like "[D8] why" "$(last_failure "$TARGET")" 'error="oom: memory ran out, and the kernel killed in the process'
	like "[D8] the target lives" "$(state_of "$TARGET")" "^[RS]$"
	is "[D8] and is not asked again" "$(grep -c '^request dump' "$TARGET_OUT")" $((asked + 1))
	ok "[D8] nothing is listed" no_core "$TARGET"
	eventually "[D8] nothing is left" 5 empty_work
	echo 400000000 >"$GROUP/$MAX"
	put "$TARGET/dump" now
	wait_for 10 createdump
	echo 1000 >"/proc/$TARGET/oom_score_adj"
	echo 0 >"/proc/$CREATEDUMP/oom_score_adj"
	echo 40000000 >"$GROUP/$MAX"
	eventually "[D8] the target is what the kernel kills: gone" 20 hasnt "$TARGET"
	like "[D8] and why" "$(get events | grep "$TARGET dump-failed" | tail -n 1)" 'error="oom: '
else
	skip "[D18] the memory of its cgroup" "no memory cgroup can be made here"
	skip "[D8] the kernel kills createdump" "no memory cgroup can be made here"
fi
ok "the daemon ends" stop_daemon

# --- on a file system that waits for some process ---
mkdir -m 711 "$T/behind" "$T/fuse"
start "$T/odd" "$BUILD/tests/mount/odd-fuse" pass "$T/behind" "$T/fuse"
wait_for 10 grep -q ready "$T/odd" || fail "a FUSE for the store" "$(cat "$T/odd")"
start_daemon "attach_delay=0,dump_dir=$T/fuse/store"
start_fake "$FAST" || finish
first_sample "$TARGET"
refused "[D18] on FUSE" "Operation not supported" "$T/fuse/store is on FUSE, where no dump is written"
is "[D18] nor is it armed" "$(put "$TARGET/threshold_mb" 5000)" "Operation not supported"
like "[D18] events say so from the start" "$(get events)" "warning text=\"$T/fuse/store is on FUSE"
ok "the daemon ends" stop_daemon
finish
