#!/bin/bash
# A plain user mounts, sees his own processes and nobody else's, arms and dumps.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

allow_users || skip_all "no /dev/fuse can be made here"
id games >/dev/null 2>&1 || skip_all "no user games"
chown games "$MNT"
start_fake "heap 100" || finish
R=$TARGET
TARGET_AS=user start_fake "heap 200
interval 200" || finish
P=$TARGET
in_user() { inmount 10 "${AS_USER[@]}" "$@" 2>&1; }
start "$T/daemon.out" "${AS_USER[@]}" "$DAEMON" -f -o attach_delay=0 "$MNT"
DAEMON_PID=$STARTED
if ! wait_for 10 is_mounted || ! wait_for 10 in_user grep -q ^version "$MNT/status"; then
	fail "the daemon starts" "$(cat "$T/daemon.out")"
	finish
fi
heap_shows() { [ "$(in_user cat "$MNT/$P/heap_mb")" = 200 ]; }
eventually "his process is listed, and its heap" 10 heap_shows
like "not root's" "$(in_user cat "$MNT/$R/heap_mb")" "No such file"
like "root stays outside" "$(inmount 5 ls "$MNT" 2>&1)" "Permission denied"
is "his directory" "$(in_user stat -c '%a %U' "$MNT/$P")" "500 games"
for half in $(all_of_daemon); do
	like "half $half is his" "$(sed -n 's/^Uid:\t//p' "/proc/$half/status" | cut -f1)" "^$(id -u games)$"
	is "half $half is not dumpable" "$(stat -c %U "/proc/$half/mem")" root
done
in_user bash -c "echo now >'$MNT/$P/dump'"
listed() { in_user ls "$MNT/$P/dumps" | grep -q '^core_[0-9_]*$'; }
eventually "a dump on demand" 15 listed
core=$(in_user ls "$MNT/$P/dumps" | grep -v json | head -n 1)
in_user bash -c "cat '$MNT/$P/dumps/$core'" >"$T/core"
like "which file(1) knows" "$(file "$T/core")" "ELF 64-bit.* core file"
in_user bash -c "echo 150 >'$MNT/$P/threshold_mb'"
second() { [ "$(in_user ls "$MNT/$P/dumps" | grep -vc json)" = 2 ]; }
eventually "a threshold that holds already fires" 15 second
ok "the store is in his home" bash -c "find '$T/home/state/triggerdumpfs' -type f | grep -q ."
is "his rm" "$(in_user bash -c "rm '$MNT'/$P/dumps/core_*"; in_user ls "$MNT/$P/dumps" | wc -l)" 0
# of what becomes a set-uid program he can read little: whose its stat is, and its user ids
install -m 4755 "$BUILD/tests/mount/turn-into" "$T/setuid"
TARGET_AS=user start_fake "heap 200
interval 200
exec-keep $T/setuid" || finish
S=$TARGET
his_heap() { [ "$(in_user cat "$MNT/$S/heap_mb")" = 200 ]; }
isnt_there() { ! in_user test -e "$MNT/$S"; }
eventually "another of his" 10 his_heap
is "[P6] armed" "$(in_user bash -c "echo 300 >'$MNT/$S/threshold_mb'")" ""
is_quiet() { local n; n=$(wc -l <"$TARGET_OUT"); sleep 2; [ "$(wc -l <"$TARGET_OUT")" = "$n" ]; }
ok "[P6] and no request is under way" wait_for 20 is_quiet
kill -USR2 "$S"
eventually "[P6] it becomes a set-uid program, and a child answers: it goes" 10 isnt_there
ok "[P6] it lives" alive "$S"
end "$S"
halves=$(all_of_daemon)
ok "he unmounts" in_user fusermount3 -u "$MNT"
ok "and the daemon ends" wait_for 15 none_alive $halves

# right after any end of the one before
his_again() { # NAME
	ok "$1: a new mount works at once" timeout -s KILL 30 "${AS_USER[@]}" "$DAEMON" -o attach_delay=0 "$MNT"
	DAEMON_PID=$(in_user sed -n 's/^pid //p' "$MNT/status" | xargs ps -o ppid= -p | tr -d ' ')
	started+=("$DAEMON_PID")
	is "$1: there is one mount" "$(grep -c " $MNT " /proc/self/mountinfo)" 1
}
his_again "after an end"
for i in 1 2 3; do
	in_user fusermount3 -u "$MNT"
	his_again "unmounted, $i"
	kill -KILL "$(front_of "$DAEMON_PID")"
	his_again "without a front, $i"
	kill -KILL "$DAEMON_PID"
	his_again "without a broker, $i"
done
in_user fusermount3 -u "$MNT"
ok "the last one ends" wait_for 15 dead "$DAEMON_PID"
finish
