#!/bin/bash
# The daemon dies at every call with which a dump changes the store, and at every one of its start: the next start
# shows whole dumps or none, nothing that others can read, and nothing half done (R4, R8). The same calls fail
# with EIO while it runs on (D6). Triggers do not come back (R9).
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

INJECT=$T/inject
LIBRARY=$BUILD/tests/mount/libinject.so
[ -f "$LIBRARY" ] || skip_all "there is no $LIBRARY"
if grep -q asan <<<"$(ldd "$DAEMON")"; then skip_all "nothing can be preloaded before a sanitizer"; fi

int32() { printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) 0)"; }
inject() { # ARMED AT ERROR - from here on; how many calls there were is counted anew
	: >"$INJECT.calls"
	{ int32 0; int32 "$2"; int32 "$3"; int32 0; } | dd of="$INJECT" conv=notrunc status=none
	int32 "$1" | dd of="$INJECT" conv=notrunc status=none
}
seen() { od -An -t d4 -j 12 -N 4 "$INJECT" | tr -d ' '; }
start_preloaded() {
	start "$T/daemon.out" env LD_PRELOAD="$LIBRARY" INJECT="$INJECT" \
		"$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0,keep_free=0" "$MNT"
	DAEMON_PID=$STARTED
	wait_for 15 daemon_ready "$MNT" || { fail "the daemon starts" "$(cat "$T/daemon.out")"; finish; }
	wait_for 10 has "$P"
}
idle() { get_is "$P/dump" idle; }
has_json() { inmount 5 ls "$MNT/$P/dumps" | grep -q json; }

# What has to be so after whatever happened: the sentence of what is not.
judge() {
	local core name
	wait_for 5 bash -c "[ -z \"\$(find '$STORE/work' -mindepth 1)\" ]" || echo "left: $(find "$STORE/work" -mindepth 1)"
	[ -z "$(find "$STORE/sealed" -name '.*' -type f)" ] || echo "half done: $(ls -A "$STORE/sealed")"
	[ -z "$(find "$STORE" -type f -perm /077)" ] || echo "readable: $(find "$STORE" -type f -perm /077)"
	[ -z "$(find "$STORE" -type f ! -uid 0)" ] || echo "not root's: $(find "$STORE" -type f ! -uid 0)"
	for core in $(cores "$P"); do
		[ "$(inmount 5 stat -c %s "$MNT/$P/dumps/$core")" = 1004096 ] || echo "$core is not whole"
		wait_for 5 has "$P/dumps/$core.json" || echo "$core has no json"
	done
	for name in $(cd "$STORE/sealed" && ls | grep -v '\.'); do
		has "dumps/$name" || echo "$name is not listed"
	done
	get_like events "is damaged" && echo "damaged: $(get events | grep damaged)"
	runs_on "$P" || echo "the target: $(state_of "$P")"
	[ "$(grep -c " $MNT " /proc/self/mountinfo)" = 1 ] || echo "mounts: $(grep " $MNT " /proc/self/mountinfo)"
}
runs_on() { [[ $(state_of "$1") = [RS] ]]; }

start_fake "heap 100
interval 200" || finish
P=$TARGET
head -c 16 /dev/zero >"$INJECT"

# how many there are
start_preloaded
inject 1 0 0
put "$P/dump" now
wait_for 10 has_json
wait_for 5 idle
sleep 0.3
CALLS=$(seen)
NAMES=($(cat "$INJECT.calls"))
note "$CALLS calls change the store: $(xargs <"$INJECT.calls")"
inject 0 0 0
# Of the core, its record and their directories; the last one is of the json, which a dump may lack.
SYNCS=$(printf '%s\n' "${NAMES[@]}" | grep -n '^fsync$' | cut -d : -f 1 | head -n -1 | xargs)
within "[D6] calls that bring a dump to the disk" "$(wc -w <<<"$SYNCS")" 4 8
within "points of a dump" "$CALLS" 12 60

# --- errors ---
bad=
n=0
for at in $(seq "$CALLS"); do
	n=$((n + 1))
	inmount 5 bash -c "rm -f '$MNT/$P'/dumps/*"
	inject 1 "$at" 5
	put "$P/dump" now >"$T/put"
	sleep 0.1
	wait_for 20 idle || bad="$bad at $at: never idle."
	inject 0 0 0
	if [ -z "$(cores "$P")" ] && [ ! -s "$T/put" ]; then
		get_like "$P/status" "last_error ." || bad="$bad at $at: no reason."
	fi
	has_core "$P" && wait_for 3 has_json
	[[ " $SYNCS " != *" $at "* ]] || [ -z "$(cores "$P")" ] || bad="$bad at $at: listed after a failed fsync."
	said=$(judge | grep -v "no json")
	[ -z "$said" ] || bad="$bad at $at: $said."
done
is "[D6] EIO at each of $n calls: whole or not listed, nothing is left" "$bad" ""
inmount 5 bash -c "rm -f '$MNT/$P'/dumps/*"
is "[D6] a dump after that" "$(put "$P/dump" now)" ""
eventually "[D6] is whole" 10 has_core "$P"
ok "[D6] the daemon ends" stop_daemon

# --- its death ---
bad=
kept=0
for at in $(seq "$CALLS"); do
	rm -rf "$STORE"/sealed/*
	start_preloaded
	inject 1 "$at" 0
	put "$P/dump" now >/dev/null
	wait_for 10 dead "$DAEMON_PID" || { stop_daemon; bad="$bad at $at: did not die."; }
	wait "$DAEMON_PID" 2>/dev/null
	inject 0 0 0
	start_daemon attach_delay=0,keep_free=0
	wait_for 10 has "$P"
	said=$(judge)
	[ -z "$said" ] || bad="$bad at $at (${NAMES[at - 1]}): $said."
	has_core "$P" && kept=$((kept + 1))
	stop_daemon || bad="$bad at $at: its end."
done
is "[R4] killed at each of $CALLS calls: after the next start whole or not listed, nothing is left" "$bad" ""
within "[R4] both kinds were seen: dumps kept" "$kept" 1 $((CALLS - 1))

# --- its death as it starts, over and over ---
start_daemon attach_delay=0
wait_for 10 has "$P"
put "$P/threshold_mb" 5000
is "[R9] armed" "$(get "$P/threshold_mb")" 5000
stop_daemon
bad=
slowest=0
for at in $(seq 30); do
	rm -rf "$STORE"
	inject 1 "$at" 0
	start "$T/daemon.out" env LD_PRELOAD="$LIBRARY" INJECT="$INJECT" \
		"$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
	DAEMON_PID=$STARTED
	dead_or_ready() { dead "$DAEMON_PID" || daemon_ready "$MNT"; }
	wait_for 15 dead_or_ready || bad="$bad at $at: neither dead nor ready."
	alive "$DAEMON_PID" && break
	wait "$DAEMON_PID" 2>/dev/null
	[ $? = 137 ] || bad="$bad at $at: status."
	is_mounted && inmount 5 ls "$MNT" >/dev/null 2>&1 && bad="$bad at $at: the mount answers."
	[ "$(grep -c " $MNT " /proc/self/mountinfo)" -le 1 ] || bad="$bad at $at: mounts."
done
inject 0 0 0
stop_daemon || bad="$bad the last one: its end."
is "[R8] killed at each of $((at - 1)) points of a start, one after the other" "$bad" ""
within "[R8] points" "$at" 6 29
ok "[R8] nothing is mounted, after the last one was ended" not_mounted
is "[R8] and nothing is left there" "$(ls -A "$MNT")" ""
begun=${EPOCHREALTIME/.}
start_daemon attach_delay=0
note "a start after that: $(((${EPOCHREALTIME/.} - begun) / 1000)) ms"
ok "[R8] a start by hand works" wait_for 10 has "$P"
is "[R9] no trigger is armed after it" "$(get "$P/threshold_mb")" off
is "[R9] nor after a plain restart" "$(stop_daemon; start_daemon attach_delay=0; wait_for 10 has "$P"; get "$P/threshold_mb")" off
ok "the daemon ends" stop_daemon
finish
