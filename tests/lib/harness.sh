# What every script of tests/mount and tests/runtime begins with:
#
#	LIMIT=120		# seconds for the whole script; then it fails, and cleans up
#	. "$(dirname "$0")/../lib/harness.sh"
#
# The script then runs in a mount, a net and a pid namespace of its own, under a watchdog: its daemons see no
# program but its own, other daemons see none of these, and nothing outlives it. It has
#	T		an empty directory, removed at the end
#	MNT		a mountpoint in it; STORE the daemon's dump_dir
#	TMPDIR		a directory in it: where programs started here have their sockets
#	DAEMON, FAKE, POLL_WAIT	the programs under test, from the build directory $BUILD
#	RUNTIMES	the real runtimes (tests/runtimes); absent ones are skipped by name
# and prints TAP: "ok N - name", "not ok N - name", "ok N - name # SKIP why", at the end "1..N".
#
# This shell never touches the mount: a hung file system must fail one test, not hang the run. What goes
# there is done by `inmount`, `get`, `put` in a child with a deadline. Nothing is ever killed but by the
# pid of what was started here.

set -u
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ROOT=$(dirname "$HERE")
NAME=$(basename "$(dirname "$0")")/$(basename "$0" .sh)
BUILD=${BUILD:-$ROOT/build}
RUNTIMES=${RUNTIMES:-${XDG_CACHE_HOME:-/var/cache}/triggerdumpfs-runtimes}
DAEMON=${DAEMON:-$BUILD/fs/triggerdumpfs}
FAKE=$BUILD/tests/fake/fake-runtime
POLL_WAIT=$BUILD/tests/mount/poll-wait

if [ -z "${TDFS_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP $NAME: must be run as root"; exit 0; }
	[ -x "$DAEMON" ] || { echo "Bail out! there is no $DAEMON: set BUILD to a build directory"; exit 1; }
	export TDFS_NAMESPACE=1
	# The first process of a pid namespace gets no signal that it does not handle: the script is its child.
	exec timeout -k 20 "${LIMIT:-120}" unshare -m --propagation private -n -p -f --kill-child --mount-proc \
		bash -c 'ip link set lo up; bash "$@"; exit $?' "$0" "$0" "$@"
fi
unset TDFS_NAMESPACE

T=$(mktemp -d /tmp/tdfs.XXXXXX)
chmod 755 "$T"
MNT=$T/mnt
STORE=$T/store
export TMPDIR=$T/tmp
mkdir "$MNT"
mkdir -m 1777 "$TMPDIR"
started=()	# pids of what was started here
tests=0
failures=0
DAEMON_PID=

# --- what is said -----------------------------------------------------------------------------------

note() { printf '%s\n' "$@" | sed 's/^/# /'; }
pass() { tests=$((tests + 1)); echo "ok $tests - $NAME: $1"; }
fail() {
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $NAME: $1"
	shift
	[ $# -eq 0 ] || note "$@"
}
skip() { tests=$((tests + 1)); echo "ok $tests - $NAME: $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $NAME: $1"; exit 0; }

# ok NAME COMMAND... - passes when the command does; its output is shown when it does not
ok() {
	local name=$1 status
	shift
	"$@" >"$T/ok.out" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		pass "$name"
	else
		fail "$name" "failed ($status): $*" "$(tr -d '\0' <"$T/ok.out" | head -c 2000)"
	fi
}

# is NAME GOT WANTED; like NAME GOT EXTENDED_REGEX; unlike
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:    ${2:0:1500}" "wanted: $3"; fi; }
like() { if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "got: ${2:0:1500}" "which is not like: $3"; fi; }
unlike() { if [[ $2 =~ $3 ]]; then fail "$1" "got: ${2:0:1500}" "which is like: $3"; else pass "$1"; fi; }

# within NAME VALUE LOWEST HIGHEST - of decimal numbers
within() {
	if awk -v v="$2" -v a="$3" -v b="$4" 'BEGIN { exit !(v + 0 == v && v >= a && v <= b) }'; then
		pass "$1"
	else
		fail "$1" "got $2, wanted $3 to $4"
	fi
}

finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}

# --- what waits -------------------------------------------------------------------------------------

# wait_for SECONDS COMMAND... - until the command succeeds
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# eventually NAME SECONDS COMMAND... - a test of it
eventually() {
	local name=$1 seconds=$2
	shift 2
	if wait_for "$seconds" "$@"; then
		pass "$name"
	else
		fail "$name" "not within $seconds s: $*" "$("$@" 2>&1 | head -c 1000)"
	fi
}

# --- what runs --------------------------------------------------------------------------------------

# start OUTPUT COMMAND... - in the background; its pid is in $STARTED
start() {
	local out=$1
	shift
	"$@" >"$out" 2>&1 </dev/null &
	STARTED=$!
	started+=("$STARTED")
}

alive() { kill -0 "$1" 2>/dev/null && [ "$(state_of "$1")" != Z ]; }
dead() { ! alive "$1"; }
state_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1; }

# end PID [SIGNAL] - of something started here, and waits for its end; what it forked ends, too: the fork
# in which a single-file 8.0 writes its dump outlives the program otherwise
end() {
	local pid forked
	forked=$(descendants "$1")
	kill "-${2:-KILL}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	for pid in $forked; do kill -KILL "$pid" 2>/dev/null; done
}

descendants() {
	local child
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		echo "$child"
		descendants "$child"
	done
}

clean_up() {
	local pid all=
	trap - EXIT TERM
	umount -l "$MNT" 2>/dev/null
	for pid in "${started[@]}"; do all="$all $pid $(descendants "$pid")"; done
	for pid in $all; do kill -CONT "$pid" 2>/dev/null; kill -KILL "$pid" 2>/dev/null; done
	wait 2>/dev/null
	if [ -n "${KEEP:-}" ]; then note "kept: $T"; else umount "$T"/* 2>/dev/null; rm -rf "$T"; fi
}
trap clean_up EXIT
trap 'fail "the whole script" "not through within ${LIMIT:-120} s"; finish' TERM

# --- the mount --------------------------------------------------------------------------------------

# inmount SECONDS COMMAND... - a command that touches the mount; 137 and a word when it hangs
inmount() {
	local seconds=$1 status
	shift
	timeout -s KILL "$seconds" "$@"
	status=$?
	[ $status -ne 137 ] || echo "HUNG: no answer within $seconds s: $*"
	return $status
}

# get FILE - the text of a file of the mount, or the error's words
get() { inmount 10 cat "$MNT/$1" 2>&1 | tr -d '\0'; }

# put FILE TEXT - one write of TEXT and a newline; prints nothing, or the error's words
put() {
	inmount 10 bash -c 'printf "%s\n" "$2" >"$1"' put "$MNT/$1" "$2" 2>&1 | sed 's/.*: //'
}

# key FILE KEY - of a flat-keyed file
key() { get "$1" | sed -n "s/^$2 //p"; }

has() { inmount 10 test -e "$MNT/$1"; }
hasnt() { ! has "$1"; }
key_is() { [ "$(key "$1" "$2")" = "$3" ]; }
get_is() { [ "$(get "$1")" = "$2" ]; }
get_like() { [[ $(get "$1") =~ $2 ]]; }
is_mounted() { grep -q " ${1:-$MNT} .* - fuse.triggerdumpfs " /proc/self/mountinfo; }
not_mounted() { ! is_mounted "$@"; }

# environ_of PID - what an application has there, or the error's words
environ_of() { inmount 10 cat "$MNT/$1/environ" 2>&1 | tr -d '\0' | sed 's/.*: //'; }

# refused_at PID - when a session was refused to it as all were taken: a line each, in seconds
refused_at() {
	get "$1/events" | sed -n 's/ .*refused what=session error="session-slots-full.*//p' | date -f - +%s.%N
}
refused_more_than() { [ "$(refused_at "$1" | wc -l)" -gt "$2" ]; } # PID N

# changes FILE SECONDS - how often its mtime changed meanwhile
changes() {
	inmount $(($2 + 10)) bash -c 'before=$(stat --cached=never -c %.9Y "$1") || exit 1
		end=$((${EPOCHREALTIME/.} + $2 * 1000000))
		while [ "${EPOCHREALTIME/.}" -lt $end ]; do
			now=$(stat --cached=never -c %.9Y "$1") || exit 1
			[ "$now" = "$before" ] || n=$((n + 1))
			before=$now
			sleep 0.05
		done
		echo "${n:-0}"' changes "$MNT/$1" "$2"
}

# start_daemon [OPTIONS] [MOUNTPOINT] - in the foreground of a background job; OPTIONS as for -o. Its
# pid, which is the broker's, is in $DAEMON_PID, and what it says in $T/daemon.out.
start_daemon() {
	local mnt=${2:-$MNT}
	start "$T/daemon.out" "$DAEMON" -f -o "dump_dir=$STORE,${1:-attach_delay=0}" "$mnt"
	DAEMON_PID=$STARTED
	wait_for 15 daemon_ready "$mnt" && return 0
	fail "the daemon starts" "$(cat "$T/daemon.out")"
	finish
}

daemon_ready() { alive "$DAEMON_PID" && is_mounted "$1" && inmount 5 grep -q ^version "$1/status"; }

# start_at_once NAME - a test of a start right after what ended the daemon before: in the background, as the
# command then returns when the new mount answers. $DAEMON_PID is the new broker, which is no job of this shell.
start_at_once() {
	local front
	ok "$1: a new mount works at once" timeout -s KILL 30 \
		"$DAEMON" -o "dump_dir=$STORE,attach_delay=0" "$MNT"
	front=$(key status pid)
	DAEMON_PID=$(ps -o ppid= -p "${front:-0}" 2>/dev/null | tr -d ' ')
	if [ -n "$DAEMON_PID" ]; then
		started+=("$DAEMON_PID")
	else
		fail "$1: and answers" "$(get status)"
		finish
	fi
}

# The front: the one child of the broker that has the fuse device open.
front_of() {
	local pid
	for pid in $(descendants "$1"); do
		if ls -l "/proc/$pid/fd" 2>/dev/null | grep -q /dev/fuse; then
			echo "$pid"
			return
		fi
	done
}

# Both halves and what they forked, before they are killed: to see afterwards that none is left.
all_of_daemon() { echo "$DAEMON_PID" $(descendants "$DAEMON_PID"); }
none_alive() { local pid; for pid in "$@"; do dead "$pid" || return 1; done; }

# stop_daemon - by SIGTERM; its exit status
stop_daemon() {
	local status
	kill -TERM "$DAEMON_PID" 2>/dev/null
	wait_for 15 dead "$DAEMON_PID" || return 99
	wait "$DAEMON_PID" 2>/dev/null
	status=$?
	DAEMON_PID=
	return $status
}

# --- targets ----------------------------------------------------------------------------------------

# A tool of the vendor's is a .NET program itself: with attach_delay=0 a daemon may hang it as it starts.
unwatched() { env DOTNET_EnableDiagnostics=0 "$@"; }

have_runtime() { [ -x "$RUNTIMES/bin/$1" ]; }

# It is neither stopped nor traced.
runs() { [[ $(state_of "$1") = [RS] ]] && grep -q '^TracerPid:[[:space:]]0$' "/proc/$1/status"; }

createdump_of() { # PID
	local p
	for p in $(descendants "$1"); do [ "$(cat "/proc/$p/comm" 2>/dev/null)" = createdump ] && echo "$p" && return; done
	return 1
}
has_createdump() { createdump_of "$1" >/dev/null; }

# writes_dump PID - its createdump, which has begun to write, is $CREATEDUMP.
writes_dump() { CREATEDUMP=$(createdump_of "$1") && [ -s "$(echo "$STORE"/work/*/core)" ]; }

# No dump is being written, and none has left anything.
empty_work() { [ -z "$(find "$STORE/work" -mindepth 1)" ]; }

# start_target NAME ARGUMENT... - a program of the runtimes' folder; $TARGET is its pid, $TARGET_OUT what
# it says. TARGET_TMPDIR is its TMPDIR; with TARGET_AS=user it runs as games.
start_target() {
	local name=$1 out=$T/$1.$RANDOM.out
	shift
	start "$out" ${TARGET_AS:+"${AS_USER[@]}"} env TMPDIR="${TARGET_TMPDIR:-$TMPDIR}" \
		"$RUNTIMES/bin/$name" "$@"
	TARGET=$STARTED
	TARGET_OUT=$out
	wait_for 20 grep -qE '^(READY|listening)' "$out" && return 0
	fail "$name starts" "$(tail -n 5 "$out")"
	return 1
}

# start_fake LINES - the fake runtime with these lines as its scenario, $TARGET_SCENARIO; $TARGET is its
# pid, $TARGET_OUT what it says (a line a request), $TARGET_LOG every byte that it received
start_fake() {
	local id=$RANDOM$RANDOM
	TARGET_SCENARIO=$T/fake.$id.scenario
	TARGET_OUT=$T/fake.$id.out
	TARGET_LOG=$T/fake.$id.log
	printf '%s\n' "$1" >"$TARGET_SCENARIO"
	: >"$TARGET_LOG"
	chmod 666 "$TARGET_LOG"
	start "$TARGET_OUT" ${TARGET_AS:+"${AS_USER[@]}"} env TMPDIR="${TARGET_TMPDIR:-$TMPDIR}" \
		"$FAKE" --log "$TARGET_LOG" "$TARGET_SCENARIO"
	TARGET=$STARTED
	wait_for 10 grep -q '^READY' "$TARGET_OUT" && return 0
	fail "the fake runtime starts" "$(cat "$TARGET_OUT")"
	return 1
}

# named_fake NAME LINES - one that reports each 0.2 s; then ${pid[NAME]} is its pid, ${out[NAME]} what it says. The
# script has declared these: declare -A pid out
named_fake() {
	start_fake "interval 200
$2" || return
	pid[$1]=$TARGET
	out[$1]=$TARGET_OUT
}

# change_fake LINES - another scenario for the one that was started last
change_fake() {
	local reloads
	reloads=$(grep -c ^reload "$TARGET_OUT")
	printf '%s\n' "$1" >"$TARGET_SCENARIO"
	kill -HUP "$TARGET"
	wait_for 5 more_than "$reloads" ^reload "$TARGET_OUT"
}

# more_than N REGEX FILE - lines
more_than() { [ "$(grep -c "$2" "$3")" -gt "$1" ]; }

# first_sample PID - until the mount shows a number for its heap
first_sample() { wait_for "${2:-20}" get_like "$1/heap_mb" '^[0-9]'; }

cores() { inmount 10 ls "$MNT/$1/dumps" 2>/dev/null | grep -v '\.json$'; }
has_core() { [ -n "$(cores "$1")" ]; }
# no_core PID - its dumps/ was listed, and there is none
no_core() {
	local names
	names=$(inmount 10 ls "$MNT/$1/dumps") && [ -z "$(grep -v '\.json$' <<<"$names")" ]
}
# whole_dump PID [TYPE] - one that is listed. 3.1 refuses one now and then (2 in 50 after a createdump was killed), after
# 40 ms and without a reason: then it is asked again.
whole_dump() {
	local try
	for try in 1 2 3; do
		put "$1/dump" "${2:-now}"
		wait_for 60 get_is "$1/dump" idle
		has_core "$1" && return 0
		key "$1/status" last_error
		get_like "$1/status" "gives no reason" || return 1
	done
	return 1
}
# no_dump_of PID - dumps/ was listed, and none is of that process
no_dump_of() {
	local names
	names=$(inmount 5 ls "$MNT/dumps") && ! grep -q "_$1\($\|\.\)" <<<"$names"
}

# markers FILE WORD - how many different markers "WORD-MARKER-0000001-" a core holds
markers() { inmount 60 grep -aoE "$2-MARKER-[0-9]{7}-" "$1" | sort -u | wc -l; }

# --- a plain user -----------------------------------------------------------------------------------

# allow_users - a /dev/fuse that everybody may open, in this mount namespace
allow_users() {
	mkdir -p "$T/dev"
	mount -t tmpfs -o mode=755 tdfs-test "$T/dev" && mknod -m 666 "$T/dev/fuse" c 10 229 &&
		mount --bind "$T/dev/fuse" /dev/fuse
}

# as_user COMMAND... - as the system user games, without any group or capability of root's. For what is
# to have its own pid in $STARTED: start OUT "${AS_USER[@]}" COMMAND...
AS_USER=(setpriv --reuid games --regid games --clear-groups --inh-caps=-all
	env HOME="$T/home" XDG_STATE_HOME="$T/home/state")
mkdir -p "$T/home/state"
chown -R games:games "$T/home"
as_user() { "${AS_USER[@]}" "$@"; }
