#!/bin/bash
# Sockets that one user plants, far more than a machine has processes: of each user so many are looked at, and
# processes of other users are found beside them as without them.
#
#	DECOYS		how many (default 2000)
#	SECONDS_LONG	how long the broker's processor time is measured (default 5)
LIMIT=${LIMIT:-120}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

DECOYS=${DECOYS:-2000}
SECONDS_LONG=${SECONDS_LONG:-5}
AT_ONCE=10000 # in one program: it has a descriptor of each
U=$(id -u games)
PROBE=(setpriv --reuid daemon --regid daemon --clear-groups --inh-caps=-all env TMPDIR="$TMPDIR")

# found_in - starts a program of another user; the ms until it is in the mount, in $FOUND
found_in() {
	local began=${EPOCHREALTIME/.}
	start "$T/probe.out" "${PROBE[@]}" "$FAKE" "$T/scenario"
	PROBED=$STARTED
	inmount 30 bash -c 'until [ -e "$1" ]; do sleep 0.01; done' - "$MNT/$PROBED" || { FOUND=never; return 1; }
	FOUND=$(((${EPOCHREALTIME/.} - began) / 1000))
}
three_found() {
	local i
	all_ms=
	for i in 1 2 3; do
		found_in || return 1
		all_ms="$all_ms $FOUND"
		sleep 1.1
	done
}
planted() { grep -q READY "$T/plant.$1" || { cat "$T/plant.$1"; return 1; }; }

printf 'heap 5\ninterval 200\n' >"$T/scenario"
chmod 644 "$T/scenario"
start_daemon attach_delay=0
ok "a program of another user is found" three_found
before_ms=$all_ms
R=$PROBED
first_sample "$R"
broker_us() { cost_cpu_us "$DAEMON_PID"; }
begun=$(broker_us)
for ((i = 0; i < DECOYS; i += AT_ONCE)); do
	n=$((DECOYS - i < AT_ONCE ? DECOYS - i : AT_ONCE))
	start "$T/plant.$i" "${AS_USER[@]}" env TMPDIR="$T/home" "$BUILD/tests/mount/plant" $n $((900000 + i)) 1
	wait_for 60 planted "$i" || fail "planting" "$(cat "$T/plant.$i")"
done
eventually "[H12] it is said in events" 30 get_like events "warning text=\"too many sockets of uid $U belong to no"
eventually "[H12] and in status" 10 key_is status too-many-sockets "$U"
note "CPU of the broker until then: $((($(broker_us) - begun) / 1000)) ms"
ok "[H12][A8] programs of another user are found" three_found
is "[H12][A8] the one that was there is live" "$(key "$R/status" state)" live
begun=$(broker_us)
sleep "$SECONDS_LONG"
cpu_ms=$((($(broker_us) - begun) / 1000))
note "$DECOYS sockets: programs of another user found in$all_ms ms (before:$before_ms)," \
	"CPU of the broker in $SECONDS_LONG s: $cpu_ms ms"
within "[H12][A8] CPU of the broker in $SECONDS_LONG s, in ms" $cpu_ms 0 $((SECONDS_LONG * 100))
is "[H12] it is said once" "$(get events | grep -c 'too many sockets of uid')" 1
within "[H12] memory of the broker, in kB" "$(key status broker_rss_kb)" 1 65536

ok "[A8] nothing of theirs was removed" test -S "$T/home/dotnet-diagnostic-900000-1-socket"
# The user's own come in again when his sockets have gone.
for pid in "${started[@]:1}"; do [ "$pid" = "$R" ] || kill "$pid" 2>/dev/null; done
start "$T/probe.out" "${AS_USER[@]}" env TMPDIR="$TMPDIR" "$FAKE" "$T/scenario"
eventually "[H12] that user's own program, when they have gone" 20 has "$STARTED"
hasnt_key() { local text; text=$(get status) && ! grep -q '^too-many-sockets' <<<"$text"; }
eventually "[H12] and status says nothing any more" 40 hasnt_key
ok "the daemon ends" stop_daemon
finish
