#!/bin/bash
# What readers, pollers, writers, other users and administrators do to the mount: rows F1, F2, F4, F5 and F7 to F10
# of the fault table. F3, F6 and F12 are in start.sh, kill.sh and tools.sh.
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

idle() { get_is "$P/dump" idle; }
n_fds() { ls "/proc/$1/fd" | wc -l; }

# --- what a start refuses, and why ---
says() { # NAME REGEX ARGUMENT...
	local name=$1 regex=$2 out
	shift 2
	out=$(timeout -s KILL 20 "$DAEMON" -f -o "dump_dir=$STORE" "$@" 2>&1)
	is "[F5] $name: exit status" $? 1
	like "[F5] $name: why" "$out" "$regex"
}
says "no mountpoint, nor its parent" "$T/no: No such file or directory" "$T/no/such"
touch "$T/file"
says "a file" "$T/file: Not a directory" "$T/file"
mkdir "$T/full"
echo precious >"$T/full/canary"
says "not empty" "$T/full: it is not empty: what is in it would be hidden" "$T/full"
mkdir "$T/his"
chown games "$T/his"
says "another user's" "$T/his: it belongs to another user" "$T/his"
mkdir "$T/root"
as_user ln -s "$T/root" "$T/home/link"
says "another user's link" "$T/home/link: it is a symbolic link of another user's" "$T/home/link"
ln -s "$T/his" "$T/link"
says "a link to another user's" "$T/link: it belongs to another user" "$T/link"
mount --bind /dev/null /dev/fuse
says "no /dev/fuse" "$MNT cannot be mounted on" "$MNT"
umount /dev/fuse
mkdir "$T/dev"
mount -t tmpfs tdfs-test "$T/dev"
mount --bind "$T/dev" /dev
says "/dev without fuse" "fuse: device not found.*$MNT cannot be mounted on" "$MNT"
umount /dev
is "[F5] nothing is mounted after that" "$(grep -c triggerdumpfs /proc/self/mountinfo)" 0
is "[F5] the canary is as it was" "$(cat "$T/full/canary")" precious

# --- readers that stop, and die ---
echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 200
core sparse
core-mb 4000" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$P"
put "$P/dump" now
has_one() { has_core "$P"; }
eventually "a dump to read" 10 has_one
wait_for 5 idle
core=$MNT/$P/dumps/$(cores "$P")
front=$(front_of "$DAEMON_PID")
before=$(n_fds "$front")
readers=()
for i in 1 2 3 4 5 6 7 8; do
	start /dev/null dd if="$core" of=/dev/null bs=1M
	readers+=("$STARTED")
done
start /dev/null cat "$MNT/$P/heap_mb" "$core"
sleep 0.1
for pid in "${readers[@]}"; do kill -STOP "$pid"; done
ok "[F1] eight readers are stopped: the mount answers" inmount 2 cat "$MNT/processes" "$MNT/$P/heap_mb"
ok "[F1] and another one reads the same dump" inmount 20 dd if="$core" of=/dev/null bs=1M count=1000
for pid in "${readers[@]}" "$STARTED"; do end "$pid"; done
let_go() { [ "$(n_fds "$front")" -le "$before" ]; }
eventually "[F1] killed: nothing of theirs is held" 10 let_go
inmount 5 bash -c "rm '$MNT/$P'/dumps/*"

# --- a thousand that wait ---
memory_kb() { sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$front/smaps_rollup"; }
storm() {
	rm -f "$T/storm" # so that the last one's is not read
	start "$T/storm" "$POLL_WAIT" -m 1000 30 "$MNT/$P/threshold_mb"
	wait_for 30 grep -q ready "$T/storm" || fail "[F2] a thousand wait" "$(cat "$T/storm")"
	ok "[F2] a thousand wait: the mount answers" inmount 2 cat "$MNT/status"
	put "$P/threshold_mb" "$1"
	wait "$STARTED"
	like "[F2] all are woken" "$(tail -n 1 "$T/storm")" "^1000 of 1000,"
	note "$(tail -n 1 "$T/storm")"
}
storm 5000
sleep 1
before=$(memory_kb)
storm 6000
storm off
sleep 1
within "[F2] memory after two more storms, grown by kB" $(($(memory_kb) - before)) -100000 1024
rm -f "$T/storm"
start "$T/storm" "$POLL_WAIT" -m 200 30 "$MNT/$P/threshold_mb"
wait_for 30 grep -q ready "$T/storm"
for pid in $(descendants "$STARTED"); do kill -KILL "$pid"; done
wait "$STARTED"
ok "[F2] two hundred are killed as they wait: the mount answers" inmount 2 cat "$MNT/status"

# --- births and deaths as somebody lists ---
printf 'heap 5\ninterval 1000\n' >"$T/scenario"
constant=()
for i in 1 2 3 4 5 6 7 8 9 10; do start /dev/null "$FAKE" "$T/scenario"; constant+=("$STARTED"); done
eventually "[F7] ten that stay" 10 has "${constant[9]}"
births() {
	while :; do
		"$FAKE" "$T/scenario" >/dev/null &
		sleep 0.02
		"$FAKE" "$T/scenario" >/dev/null &
		sleep 0.05
		kill -KILL $(jobs -p) 2>/dev/null
		wait 2>/dev/null
		rm -f "$TMPDIR"/*-"$!"-*
	done
}
births 2>/dev/null &
births=$!
started+=("$births")
cat >"$T/lists" <<'X'
end=$((SECONDS + 6)) n=0 bad=
while [ $SECONDS -lt $end ]; do
	names=$(ls -U "$1") || bad="$bad an error;"
	n=$((n + 1))
	[ -z "$(sort <<<"$names" | uniq -d)" ] || bad="$bad twice: $(sort <<<"$names" | uniq -d | xargs);"
	for pid in $2; do [[ $'\n'$names$'\n' == *$'\n'$pid$'\n'* ]] || bad="$bad $pid is missing;"; done
done
echo "$n lists:$bad"
X
said=$(inmount 20 bash "$T/lists" "$MNT" "${constant[*]} $P")
end "$births"
like "[F7] each list has those that stay, once" "$said" "^[0-9]+ lists:$"
note "$said $(get events | grep -c ' found ') were found meanwhile"
for pid in "${constant[@]}"; do end "$pid"; done

# --- writes ---
put "$P/threshold_mb" 700
control=$MNT/$P/threshold_mb
writes() { # NAME WANTED COMMAND - which writes to $control, and leaves 700 when it is refused
	like "[F9] $1" "$(inmount 10 bash -c "$3" - "$control" 2>&1)" "$2"
	is "[F9] $1: what it is now" "$(get "$P/threshold_mb")" "${4:-700}"
}
writes "1 MiB" "Invalid argument" 'head -c 1048576 /dev/zero | tr "\0" 5 | dd of="$1" bs=1M iflag=fullblock'
writes "5,000 digits" "Invalid argument" 'printf "%05000d" 5 | dd of="$1" bs=8k'
writes "a NUL" "Invalid argument" 'printf "5\0006" >"$1"'
writes "at an offset, and it is a whole command" "^$" 'printf 800 | dd of="$1" bs=8 seek=512 conv=notrunc status=none' 800
put "$P/threshold_mb" 700
writes "with O_APPEND" "^$" 'echo 900 >>"$1"' 900
put "$P/threshold_mb" 700
writes "half a command" "Invalid argument" 'printf "50x" >"$1"'
writes "O_TRUNC alone" "^$" ': >"$1"'
for i in 1 2 3 4; do
	start /dev/null bash -c 'for n in $(seq 50); do echo "$2" >"$1"; done' - "$control" $((1000 * i))
	writers[i]=$STARTED
done
wait "${writers[@]}"
like "[F9] four writers: one of what they wrote" "$(get "$P/threshold_mb")" "^[1234]000$"
put "$P/threshold_mb" off

# --- others ---
end "$P"
TARGET_AS=user start_fake "heap 66
interval 200" || finish
U=$TARGET
start_fake "heap 77
interval 200
become 5" || finish
P=$TARGET
first_sample "$U"
first_sample "$P"
inmount 10 find "$MNT/$P" ! -type d -printf '%P\n' >"$T/files"
is "[F8] nothing of root's process for another user" \
	"$(inmount 30 "${AS_USER[@]}" bash -c 'while read -r f; do [ ! -e "$1/$f" ] || echo "$f"; ! cat "$1/$f" || echo "$f"; done' - "$MNT/$P" <"$T/files" 2>/dev/null)" ""
within "[F8] files that were tried" "$(wc -l <"$T/files")" 50 1000
like "[F8] his errors" "$(inmount 5 "${AS_USER[@]}" cat "$MNT/$P/heap_mb" "$MNT/processes" 2>&1)" "Permission denied.*Permission denied"
is "[F8] a third user sees nothing of his" "$(inmount 10 setpriv --reuid 1 --regid 1 --clear-groups bash -c \
	'cat "$1/heap_mb"; ls "$1"; echo 5 >"$1/threshold_mb"' - "$MNT/$U" 2>&1 | grep -vc 'Permission denied')" 0
is "[F8] what is his he reads" "$(inmount 5 "${AS_USER[@]}" cat "$MNT/$U/heap_mb")" 66
like "[F10] before the change" "$(inmount 5 "${AS_USER[@]}" cat "$MNT/$P/heap_mb" 2>&1)" "Permission denied"
is "[F10] root reads" "$(get "$P/heap_mb")" 77
kill -USR2 "$P"
wait_for 5 grep -q "^become ok" "$TARGET_OUT"
eventually "[F10] root's process became his: its directory is gone" 10 hasnt "$P"
like "[F10] and he reads nothing of it, at the first access" \
	"$(inmount 5 "${AS_USER[@]}" cat "$MNT/$P/heap_mb" "$MNT/$P/events" 2>&1)" "No such file.*No such file"

# --- the administrator cuts the connection ---
mount -t fusectl tdfs-test /sys/fs/fuse/connections 2>/dev/null
minor=$(sed -n "s|^[0-9]* [0-9]* [0-9]*:\([0-9]*\) / $MNT .*|\1|p" /proc/self/mountinfo)
if [ -w "/sys/fs/fuse/connections/$minor/abort" ]; then
	halves=$(all_of_daemon)
	start "$T/cut" cat "$MNT/$U/heap_mb" "$MNT/events"
	echo 1 >"/sys/fs/fuse/connections/$minor/abort"
	ok "[F4] aborted: both halves end" wait_for 15 none_alive $halves
	wait "$DAEMON_PID"
	is "[F4] the daemon says that it failed" "$(($? != 0))" 1
	ok "[F4] nothing is mounted" not_mounted
	ok "[F4] no reader hangs" wait_for 5 dead "$STARTED"
	begun=${EPOCHREALTIME/.}
	start_at_once "[F4]"
	note "a start after that: $(((${EPOCHREALTIME/.} - begun) / 1000)) ms"
	ok "[F4] samples come" first_sample "$U"

	# beside a dump that takes longer than the daemon waits for anything at its end
	start_fake "heap 100
interval 200
createdump 3000
core-mb 20" || finish
	eventually "[F4] beside a dump" 10 has "$TARGET"
	first_sample "$TARGET"
	put "$TARGET/dump" now
	ok "[F4] which is written" wait_for 10 writes_dump "$TARGET"
	kill -STOP "$CREATEDUMP"
	halves=$(all_of_daemon)
	minor=$(sed -n "s|^[0-9]* [0-9]* [0-9]*:\([0-9]*\) / $MNT .*|\1|p" /proc/self/mountinfo)
	echo 1 >"/sys/fs/fuse/connections/$minor/abort"
	start_at_once "[F4] aborted beside a dump"
	ok "[F4] nothing is left of the one before" none_alive $halves
	ok "[F4] the target runs" wait_for 10 runs "$TARGET"
else
	skip "[F4] the connection is aborted" "no fusectl here"
fi
kill -TERM "$DAEMON_PID"
ok "the daemon ends" wait_for 10 dead "$DAEMON_PID"
like "the target lives" "$(state_of "$U")" "^[RSD]$"
finish
