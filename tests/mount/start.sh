#!/bin/bash
# Starting and ending: options, what is refused and how, mount(8), fstab, busy and stale mounts.
LIMIT=180
. "$(dirname "$0")/../lib/harness.sh"

start_fake "heap 100" || finish
P=$TARGET

says() { # NAME STATUS REGEX ARGUMENT... - of the daemon, which must end by itself
	local name=$1 status=$2 regex=$3 out
	shift 3
	out=$(timeout -s KILL 20 "$DAEMON" "$@" 2>&1)
	is "$name: exit status" $? "$status"
	like "$name: what it says" "$out" "$regex"
}

# The broker of a mountpoint that was not started as a job of this shell
broker_of() {
	local file pid
	for file in /proc/[0-9]*/cmdline; do
		pid=${file#/proc/}
		pid=${pid%/cmdline}
		{ tr '\0' ' ' <"$file"; } 2>/dev/null | grep -q "^[^ ]*triggerdumpfs .*$1" || continue
		case " $(ps -o ppid= -p "$pid") " in *" 1 "*) echo "$pid" ;; esac
	done | head -n 1
}
adopt() { DAEMON_PID=$(broker_of "$1"); [ -z "$DAEMON_PID" ] || started+=("$DAEMON_PID"); }

says "--help" 0 "attach_delay=" --help
says "--version" 0 "triggerdumpfs [0-9]+\.[0-9]+" --version
says "no mountpoint" 1 "." -f
says "an unknown option" 1 "^triggerdumpfs: unknown option: nonsense=1 \(see --help\)$" -o nonsense=1 "$MNT"
says "an unknown flag" 1 "^triggerdumpfs: unknown option: --bogus \(see --help\)$" --bogus "$MNT"
says "a decimal comma" 1 "^triggerdumpfs: unknown option: 5 \(a comma [^
]*\)$" -o interval=1,5 "$MNT"
says "-o without words" 1 "^triggerdumpfs: [^
]*-o[^
]*$" "$MNT" -o
says "no remount" 1 "^triggerdumpfs: [^
]*remounted[^
]*$" -o remount,ro "$MNT"
says "an empty mountpoint" 1 "^triggerdumpfs: [^
]*empty[^
]*$" ""
is "means no other place" "$(cd "$T" && timeout -s KILL 20 "$DAEMON" "" 2>/dev/null; grep -c triggerdumpfs /proc/self/mountinfo)" 0
says "attach_delay that is no number" 1 "attach_delay" -o attach_delay=x "$MNT"
says "interval that is too small" 1 "interval" -o interval=0 "$MNT"
says "a group that is not there" 1 "group" -o group=no-such-group "$MNT"
says "attach= something else" 1 "attach" -o attach=some "$MNT"
says "[F5] a mountpoint without a parent" 1 "/no.*No such file" "$T/no/such"
touch "$T/file"
says "[F5] a mountpoint that is a file" 1 "file" -f "$T/file"
says "a store inside the mount" 1 "dump_dir|store" -o "dump_dir=$MNT/store" "$MNT"
mkdir -m 700 "$T/private"
says "a store that others cannot enter" 1 "private" -o "dump_dir=$T/private/store" "$MNT"
ok "nothing is mounted after all that" not_mounted

# a start that fails takes away what it made, and nothing else
says "a store that others cannot enter" 1 "private" -o "dump_dir=$T/private/store" "$T/made"
ok "leaves no mountpoint" test ! -e "$T/made"
ok "nor a store" test ! -e "$T/private/store"
mkdir "$T/empty"
mount --bind /dev/null /dev/fuse
says "[F5] a mount that fails" 1 "cannot be mounted on" -o "dump_dir=$T/deep/er/store" "$T/made"
ok "leaves no mountpoint" test ! -e "$T/made"
ok "nor a store" test ! -e "$T/deep"
says "another one that fails" 1 "cannot be mounted on" -o "dump_dir=$T/empty" "$MNT"
is "leaves the directories of others, empty" "$(ls -A "$T/empty" "$MNT" | xargs)" "$T/empty: $MNT:"
umount /dev/fuse
says "a store inside the mount that is not there yet" 1 "inside" -o "dump_dir=$T/made/store" "$T/made"
ok "leaves no mountpoint" test ! -e "$T/made"

# a store of which nothing is there
start_daemon "attach_delay=0,dump_dir=$T/deep/er/store"
is "its parents can be entered by all" "$(stat -c %a "$T/deep" "$T/deep/er" "$T/deep/er/store" | xargs)" "711 711 711"
stop_daemon

# in the background: the parent comes back when the mount answers
ok "it daemonises" timeout -s KILL 20 "$DAEMON" -o "dump_dir=$STORE,attach_delay=0" "$T/made"
ok "and the mount answers at once" inmount 2 cat "$T/made/status"
ok "with the first scan done" inmount 2 test -d "$T/made/$P"
ok "the mountpoint was made" test -d "$T/made"
adopt "$T/made"
like "it has two halves" "$(descendants "$DAEMON_PID" | wc -l)" "^[1-9]$"
says "[F6] a second mount at the same place" 1 "mounted|already|answers" -o "dump_dir=$T/store2" "$T/made"
says "a second daemon on the same store" 1 "store|dump_dir|lock" -o "dump_dir=$STORE" "$MNT"
front=$(front_of "$DAEMON_PID")
unlike "the front is not root" "$(sed -n 's/^Uid://p' "/proc/$front/status" | xargs)" "(^| )0( |$)"
like "the front has no capabilities" "$(sed -n 's/^CapEff://p' "/proc/$front/status")" "^.0+$"
is "the front has no_new_privs" "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$front/status")" 1
is "the front's groups" "$(sed -n 's/^Groups:\t*//p' "/proc/$front/status" | xargs)" ""
is "SIGTERM ends it" "$(kill -TERM "$DAEMON_PID"; wait_for 10 dead "$DAEMON_PID" && echo yes)" yes
ok "and the mount" not_mounted "$T/made"
ok "and the front" wait_for 5 dead "$front"

# whatever of 0, 1 and 2 is closed at the start
for closed in "<&-" ">&-" "2>&-" "<&- >&-" "<&- 2>&-" ">&- 2>&-" "<&- >&- 2>&-"; do
	ok "started with $closed: status 0" timeout -s KILL 20 bash -c "exec \"\$@\" $closed" - \
		"$DAEMON" -o "dump_dir=$STORE,attach_delay=0" "$MNT"
	ok "started with $closed: the mount answers" inmount 5 grep -q ^version "$MNT/status"
	adopt "$MNT"
	like "started with $closed: 0 to 2 are open" "$(ls -l "/proc/$DAEMON_PID/fd" | grep -c ' [012] -> /dev/null')" 3
	umount "$MNT"
	wait_for 10 dead "$DAEMON_PID"
done

# Of all streams so far each was stopped by a request, and read to its end.
ended_in_order() {
	local begun
	begun=$(grep -c '^stream [0-9]' "$TARGET_OUT")
	[ "$begun" -gt 0 ] && wait_for 10 count_is "$begun" '^stream-end ' && count_is "$begun" '^stop ' &&
		count_is 0 '^stream-closed '
}
count_is() { [ "$(grep -c "$2" "$TARGET_OUT")" = "$1" ]; }

# open files
start_daemon
first_sample "$P"
start /dev/null bash -c 'exec 3<"$1"; exec sleep 60' - "$MNT/$P/heap_mb"
holder=$STARTED
wait_for 5 bash -c "ls -l /proc/$holder/fd | grep -q heap_mb"
like "[F3] fusermount3 -u while a file is open" "$(fusermount3 -u "$MNT" 2>&1)" "busy"
ok "changes nothing" inmount 5 grep -q . "$MNT/$P/heap_mb"
halves=$(all_of_daemon)
ok "[F3] fusermount3 -uz with open files" fusermount3 -uz "$MNT"
ok "[F3] ends the daemon" wait_for 15 none_alive $halves
wait "$DAEMON_PID"
is "[F3] with status 0" $? 0
end "$holder"
start_daemon
start /dev/null bash -c 'exec 3<"$1"; exec sleep 60' - "$MNT/$P/heap_mb"
holder=$STARTED
ok "[R2] SIGTERM with open files" stop_daemon
ok "[R2] stops its sessions, and drains them" ended_in_order
end "$holder"
start_daemon
halves=$(all_of_daemon)
umount "$MNT"
ok "[F3] umount ends it, too" wait_for 15 none_alive $halves
ok "[F3] in the same way" ended_in_order

# a mount whose daemon was killed
start_daemon
halves=$(all_of_daemon)
kill -KILL $halves
wait_for 5 none_alive $halves
if ! is_mounted; then
	skip "a stale mount is replaced" "none was left"
else
	start_daemon
	eventually "[R1] a stale mount is replaced" 10 has "$P/cmdline"
	is "and not mounted over" "$(grep -c " $MNT " /proc/self/mountinfo)" 1
	ok "which ends well" stop_daemon
fi

start_daemon "attach_delay=0,attach=all,interval=2,group=games"
is "group= may read the root's files" "$(inmount 5 stat -c '%a %G' "$MNT/processes")" "440 games"
ok "by its members" inmount 5 setpriv --reuid games --regid games --clear-groups cat "$MNT/processes"
first_sample "$P"
like "interval= is asked for" "$(cat "$TARGET_OUT")" "EventCounterIntervalSec=2[^0-9.]"
like "EventCounters at keywords 0, level 1" "$(cat "$TARGET_OUT")" "providers System.Runtime:0:1:"
unlike "and events have no warning" "$(get events)" "one interval for all tools"
stop_daemon

start_daemon "attach_delay=0,ro,interval=0.5"
first_sample "$P"
like "a short interval: events say what it does to others" "$(get events)" " warning .*one interval for all tools"
is "ro: nothing can be armed" "$(put "$P/threshold_mb" 100)" "Read-only file system"
is "ro: and it is still off" "$(get "$P/threshold_mb")" off
stop_daemon

# mount(8) finds the program by its type, on a PATH of its own making
mkdir "$T/bin"
ln -s "$DAEMON" "$T/bin/triggerdumpfs"
mount --bind "$T/bin" /usr/local/bin
if [ -x /sbin/mount.fuse ] || [ -x /sbin/mount.fuse3 ]; then
	ok "mount -t fuse.triggerdumpfs" timeout -s KILL 20 \
		mount -t fuse.triggerdumpfs -o "dump_dir=$STORE,attach_delay=0" dotnet "$MNT"
	ok "its tree" inmount 5 cat "$MNT/$P/cmdline"
	adopt "$MNT"
	like "its source" "$(grep " $MNT " /proc/self/mountinfo)" "fuse.triggerdumpfs dotnet "
	umount "$MNT"
	ok "ends with umount" wait_for 15 dead "$DAEMON_PID"
	echo "none $MNT fuse.triggerdumpfs dump_dir=$STORE,attach_delay=0,noauto,_netdev,nofail,relatime,x-systemd.automount 0 0" >"$T/fstab"
	ok "a line of fstab" timeout -s KILL 20 mount -T "$T/fstab" "$MNT"
	adopt "$MNT"
	ok "its tree" inmount 5 cat "$MNT/$P/cmdline"
	umount "$MNT"
	ok "ends with umount" wait_for 15 dead "$DAEMON_PID"
else
	skip "mount -t fuse.triggerdumpfs" "no mount.fuse"
fi
like "the target is as it was" "$(state_of "$P")" "^[RSD]$"
finish
