#!/bin/bash
# Finding processes: late ones, in other places, planted names, removed and stale names.
LIMIT=200
. "$(dirname "$0")/../lib/harness.sh"

start_daemon attach_delay=0

# the pid, outside, of the one process of this name below PID
inside() { local p; for p in $(descendants "$1"); do [ "$(cat /proc/"$p"/comm)" = fake-runtime ] && echo "$p"; done; }
has_inside() { [ -n "$(inside "$1")" ]; }
printf 'heap 42\ninterval 200\n' >"$T/scenario"

# late: it becomes one seconds after its birth
mkdir "$T/own"
start "$T/late" bash -c "sleep 2; TMPDIR=$T/own exec '$FAKE' '$T/scenario'"
L=$STARTED
sleep 1
ok "a program that is none yet is not there" hasnt "$L"
wait_for 10 grep -q READY "$T/late"
begun=$(date +%s%N)
eventually "late, with its own TMPDIR: found" 5 has "$L"
within "within a second and a half" "$((($(date +%s%N) - begun) / 1000000))" 0 1500
eventually "and live" 10 get_is "$L/heap_mb" 42

# other namespaces
for flags in "-m" "-p -f --mount-proc" "-n" "-m -p -f --mount-proc -n" "-i -u"; do
	start "$T/ns" unshare $flags bash -c \
		"mount -t tmpfs x /mnt 2>/dev/null; sleep 1; '$FAKE' '$T/scenario'; true"
	wait_for 10 has_inside "$STARTED"
	N=$(inside "$STARTED")
	eventually "unshare $flags: found" 12 has "$N"
	eventually "unshare $flags: live" 10 get_is "$N/heap_mb" 42
done
start "$T/ns" unshare -m -p -f --mount-proc -n bash -c \
	"mkdir -p '$T/hidden' && mount -t tmpfs x '$T/hidden' && TMPDIR='$T/hidden' '$FAKE' '$T/scenario'; true"
wait_for 10 has_inside "$STARTED"
N=$(inside "$STARTED")
eventually "a name in a file system that we do not see: found" 12 has "$N"
eventually "and live" 10 get_is "$N/heap_mb" 42
like "its pid as it sees itself" "$(get "$N/runtime")" "pid_in_namespace [0-9]+"
is "its dump is refused when it does not see the store, or made" \
	"$(put "$N/dump" now | grep -cvE 'Operation not supported|^$')" 0

# planted: another user listens under a victim's pid
start /dev/null sleep 300
victim=$STARTED
key=$(sed 's/.*) //' "/proc/$victim/stat" | cut -d' ' -f20)
TARGET_AS=user start_fake "listen $victim $key" || finish
planted=$TARGET
planted_log=$TARGET_LOG
start_fake "heap 5
interval 200" || finish
R=$TARGET
first_sample "$R"
# and under the pid of a real one
TARGET_AS=user TARGET_TMPDIR=$T/home start_fake "listen $R $(sed 's/.*) //' "/proc/$R/stat" | cut -d' ' -f20)"
second_log=$TARGET_LOG
sleep 4
ok "[I6] a planted name makes no directory of its victim" hasnt "$victim"
is "[I6] and gets no byte" "$(stat -c %s "$planted_log")" 0
is "[I6] nor one under a real one's pid" "$(stat -c %s "$second_log")" 0
is "[I6] the real one is not disturbed" "$(key "$R/status" state)" live
ok "who planted it is no .NET process" hasnt "$planted"

# a name that is removed under a living process
rm -f "$TMPDIR"/dotnet-diagnostic-"$R"-*-socket
sleep 2
is "[I12] removed: the process stays" "$(get "$R/heap_mb")" 5
ok "[I12] requests go through the pin" inmount 10 cat "$MNT/$R/environ"
eventually "[I12] status says so" 90 key_is "$R/status" socket unlinked

# ends, stale names, names again
kill -KILL "$R"
eventually "killed: gone at once" 2 hasnt "$R"
start_fake "heap 6" || finish
wait_for 5 has "$TARGET"
name=$(ls "$TMPDIR"/dotnet-diagnostic-"$TARGET"-*-socket)
kill -KILL "$TARGET"
wait_for 5 hasnt "$TARGET"
ok "its name stays behind" test -S "$name"
sleep 2
ok "but is nothing" hasnt "$TARGET"
is "no more files than processes" "$(inmount 5 ls "$MNT" | grep -c "^$TARGET$")" 0

# the sign and the delay
ok "the daemon ends" stop_daemon
start_daemon attach_delay=6
start_fake "heap 9
interval 200
thread 2000 .NET TP Worker" || finish
A=$TARGET
start_fake "heap 8
interval 200" || finish
B=$TARGET
wait_for 5 has "$B"
is "before the sign: starting" "$(key "$A/status" state)" starting
like "a read then" "$(get "$A/heap_mb")" "No data available"
is "arming then" "$(put "$A/threshold_mb" 500)$(get "$A/threshold_mb")" 500
unlike "no counters session yet" "$(cat "$TARGET_OUT")" "System.Runtime"
eventually "the thread's name is the sign" 6 get_is "$A/heap_mb" 9
eventually "without one the delay is" 12 get_is "$B/heap_mb" 8
ok "the daemon ends" stop_daemon
finish
