#!/bin/bash
# A pid that another user's process has, between any two steps of finding one, connecting to it and asking it: the
# daemon is held before each of its looks at the process in turn. What is shown is the new one, as its user's; nothing
# of it is ever readable by the user of the old one, and what the old one was to be sent goes to nobody.
# EVERY=1: before each look; it is before each seventh one otherwise.
LIMIT=240
EVERY=${EVERY:-7}
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
TURN=$BUILD/tests/mount/turn-into
REUSE=$T/reuse
LIBRARY=$BUILD/tests/mount/libreuse.so
[ -f "$LIBRARY" ] || skip_all "there is no $LIBRARY"
if grep -q asan <<<"$(ldd "$DAEMON")"; then skip_all "nothing can be preloaded before a sanitizer"; fi

int32() { printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) 0)"; }
word() { od -An -t d4 -j $(($1 * 4)) -N 4 "$REUSE" | tr -d ' '; }
set_words() { local n; for n in "$@"; do int32 "$n"; done | dd of="$REUSE" conv=notrunc status=none; }
is_waiting() { [ "$(word 3)" = 1 ]; }
let_go() { int32 1 | dd of="$REUSE" bs=4 seek=4 conv=notrunc status=none; }
owner_is() { [ "$(inmount 5 stat -c %U "$MNT/$1" 2>/dev/null)" = "$2" ]; }
as() { # USER PID SCENARIO - the fake runtime as that user and with that pid
	start "$T/$1.$2.out" "$TURN" --pid "$2" setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all \
		env TMPDIR="$TMPDIR" "$FAKE" --log "$T/$1.log" "$T/$3"
	AS=$STARTED
	wait_for 5 grep -q "^READY $2 " "$T/$1.$2.out"
}
# replace PID - the process of games has become one of man's
replace() {
	kill -KILL "$1"
	wait "$OLD" 2>/dev/null
	rm -f "$TMPDIR"/dotnet-diagnostic-"$1"-*
	as man "$1" new
}

printf 'heap 50\ninterval 200\n' >"$T/old"
printf 'heap 77\ninterval 200\n' >"$T/new"
install -m 666 /dev/null "$T/games.log"
install -m 666 /dev/null "$T/man.log"
install -m 666 /dev/null "$REUSE.calls"
for i in 1 2 3 4 5; do int32 0; done >"$REUSE"
chmod 666 "$REUSE"
start "$T/daemon.out" env LD_PRELOAD="$LIBRARY" REUSE="$REUSE" \
	"$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
DAEMON_PID=$STARTED
wait_for 15 daemon_ready "$MNT" || { fail "the daemon starts" "$(cat "$T/daemon.out")"; finish; }
# whoever is games tries to read all that is there, all the time
start "$T/spy.out" "${AS_USER[@]}" bash -c 'cd "$1" && while sleep 0.02; do
	for pid in 1[0-9][0-9][0-9][0-9]; do echo "$(cat "$pid/heap_mb") $pid"; done 2>/dev/null; done' spy "$MNT"
as games 11999 old
eventually "who reads what is his" 15 grep -q "^50 11999" "$T/spy.out"
end 11999

# at_look N - P is held before its look N, and man's when that is done. 1: there is no such look. In $STEP which.
at_look() {
	wait_for 1 is_waiting || { let_go; return 1; }
	STEP=$(tail -n 1 "$REUSE.calls")
	replace $P
	let_go
}
is_mans() {
	wait_for 10 owner_is $P man && wait_for 10 get_is "$P/heap_mb" 77 && return
	fail "[P4][T-A2] another user's process before look $at ($STEP)" "$(get $P/status)" "$(get events | tail -n 5)"
	return 1
}
# A dump that was whole when its process ended is there, and its user's; the second one is asked for none.
is_first_ones() {
	local names whose
	names=$(inmount 5 ls "$MNT/dumps") &&
		whose=$(for name in $(grep "_$P$" <<<"$names"); do inmount 5 stat -c %U "$MNT/dumps/$name"; done) &&
		[[ $whose = "" || $whose = games ]] && ! grep -q "^request dump" "$T/man.$P.out" && return
	fail "[P4][T-A2] a dump of another, before look $at ($STEP)" "${whose:-}" "$(get events | tail -n 5)"
	return 1
}
over() {
	set_words 0 0 0 0 0
	kill -KILL $P 2>/dev/null
	wait "$AS" 2>/dev/null
}

at=$((1 - EVERY)) n=0 steps=
while [ $SECONDS -lt 200 ]; do
	at=$((at + EVERY))
	P=$((12000 + at))
	: >"$REUSE.calls"
	set_words $P $at 0 0 0
	as games $P old
	OLD=$AS
	at_look || { over; break; }
	is_mans && n=$((n + 1)) steps="$steps $STEP"
	over
done
within "[P4][T-A2] looks on the way to its first value, before which a pid was another one's" "$n" $((20 / EVERY)) 99
note "$steps"

at=$((1 - EVERY)) n=0 steps=
while [ $SECONDS -lt 200 ]; do
	at=$((at + EVERY))
	P=$((13000 + at))
	as games $P old
	OLD=$AS
	first_sample $P
	: >"$REUSE.calls"
	set_words $P $at 0 0 0
	start /dev/null inmount 10 bash -c 'echo now >"$1"' dump "$MNT/$P/dump"
	at_look || { over; break; }
	is_mans && is_first_ones && n=$((n + 1)) steps="$steps $STEP"
	over
done
within "[P4][T-A2] looks on the way to a dump, before which a pid was another one's: none is of the second" "$n" $((12 / EVERY)) 99
note "$steps"
unlike "[P4][T-A2] never was the second one's value the first one's user's to read" "$(cat "$T/spy.out")" "77 1"
ok "the daemon ends" stop_daemon
finish
