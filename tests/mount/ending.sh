#!/bin/bash
# Dumps that become whole while the daemon ends: each has its json, from the half that knows its story where
# that is alive, otherwise from the next start.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

start_fake "heap 100
interval 200
delay dump 2000" || finish
P=$TARGET P_OUT=$TARGET_OUT
KEYS="reason trigger threshold_mb value_mb value type requested sealed pid uid start_time runtime cmdline counters"
KEYS="$KEYS path size frozen_s frozen_at analyze"

keys() { grep -oE '^  "[a-z_]+"' | tr -d ' "' | xargs; }
value() { sed -n "s/^  \"$1\": \(.*[^,]\),*$/\1/p"; } # of a key, of the json on stdin
sealed() { find "$STORE/sealed" -name 'core*' "$@" | sort; }
sealed_cores() { sealed ! -name '*.json' ! -name '*.meta'; }
newest() { sealed_cores | tail -n 1; }
n_cores() { sealed_cores | wc -l; }
n_jsons() { sealed -name '*.json' | wc -l; }
dumping() { put "$P/dump" now; wait_for 5 get_like "$P/dump" running; }
begin() {
	start_daemon attach_delay=0
	first_sample "$P"
	ok "$1: a dump begins" dumping
}

n=0
terminate() { kill -TERM "$DAEMON_PID"; }
unmount() { umount "$MNT"; }
unmount_lazily() { umount -l "$MNT"; }
for how in terminate unmount unmount_lazily; do
	begin "$how"
	n=$((n + 1))
	halves=$(all_of_daemon)
	$how
	ok "[F3] $how: both halves end" wait_for 15 none_alive $halves
	wait "$DAEMON_PID"
	is "[F3] $how: status" $? 0
	is "[F3] $how: the dump is there" "$(n_cores)" "$n"
	is "$how: and its json" "$(n_jsons)" "$n"
	json=$(newest).json
	is "$how: all keys" "$(keys <"$json")" "$KEYS"
	is "$how: value_mb" "$(value value_mb <"$json")" 100
	like "$how: counters" "$(cat "$json")" '"gc-heap-size": 100'
done
start_time=$(value start_time <"$json")

# with a file open in the mount, which then is served until the dump is whole
begin "an open file"
n=$((n + 1))
start /dev/null bash -c 'exec 3<"$1"; exec sleep 60' - "$MNT/$P/heap_mb"
holder=$STARTED
wait_for 5 bash -c "ls -l /proc/$holder/fd | grep -q heap_mb"
halves=$(all_of_daemon)
terminate
ok "an open file: both halves end" wait_for 15 none_alive $halves
is "an open file: a json for each dump" "$(n_cores) $(n_jsons)" "$n $n"
end "$holder"

# the front dies: nobody is there to write it
begin "no front"
n=$((n + 1))
halves=$(all_of_daemon)
kill -KILL "$(front_of "$DAEMON_PID")"
ok "no front: both halves end" wait_for 15 none_alive $halves
is "no front: the dump is there" "$(n_cores)" "$n"
is "no front: without json" "$(n_jsons)" "$((n - 1))"
core=$(basename "$(newest)")
start_daemon attach_delay=0
eventually "the next start lists it" 5 has "dumps/$core"
eventually "and makes its json" 5 has "dumps/$core.json"
inmount 5 cat "$MNT/dumps/$core.json" >"$T/json"
is "of the same keys" "$(keys <"$T/json")" "$KEYS"
is "reason" "$(value reason <"$T/json")" '"demand"'
is "type" "$(value type <"$T/json")" '"heap"'
seconds() { date -d "$(tr -d '"' <<<"$1")" +%s; }
first=$(seconds "$start_time")
within "start_time, as told before" "$(seconds "$(value start_time <"$T/json")")" "$((first - 1))" "$((first + 1))"
is "pid and uid" "$(value pid <"$T/json") $(value uid <"$T/json")" "$P 0"
is "path" "$(value path <"$T/json")" "\"$STORE/sealed/$core\""
is "size" "$(value size <"$T/json")" "$(stat -c %s "$STORE/sealed/$core")"
for key in trigger threshold_mb value_mb runtime cmdline counters; do
	is "$key is unknown" "$(value $key <"$T/json")" null
done
like "events say so" "$(get events)" "$P warning text=\"the json of an earlier dump was made at this start[^\"]*\" name=$core"
is "it is no new dump" "$(get events | grep -c dump-done)" 0
is "rm of that json" "$(inmount 5 rm "$MNT/dumps/$core.json" 2>&1)" ""
stop_daemon
start_daemon attach_delay=0
eventually "the start after that lists the core" 5 has "dumps/$core"
wait_for 10 has "$P"
ok "and makes no json again that was removed" hasnt "dumps/$core.json"
ok "the daemon ends" stop_daemon

# one that stands still, and one that waits for its turn
start_fake "heap 100
interval 200
createdump 3000
core-mb 20" || finish
W=$TARGET
start_daemon attach_delay=0,max_parallel_dumps=1,keep_free=0
first_sample "$P" && first_sample "$W" || fail "samples"
put "$W/dump" now
ok "[R2] a dump is written" wait_for 10 writes_dump "$W"
kill -STOP "$CREATEDUMP"
put "$P/dump" now
ok "[R2] another one waits" wait_for 5 get_like "$P/dump" queued
before=$(n_cores)
closed=$(grep -c '^stream-closed' "$P_OUT")
asked=$(grep -c "request dump" "$TARGET_OUT" "${P_OUT}" | paste -sd " ")
ok "[R2] the daemon ends" stop_daemon
ok "[R2] what wrote is gone" wait_for 5 dead "$CREATEDUMP"
ok "[R2] the target runs" wait_for 5 runs "$W"
is "[R2] nothing is left, nothing is new" "$(find "$STORE/work" -mindepth 1) $(n_cores)" " $before"
is "[R2] what waited was not asked" "$(grep -c "request dump" "$TARGET_OUT" "${P_OUT}" | paste -sd " ")" "$asked"
is "[R2] and its session was stopped" "$(tail -n 3 "$P_OUT" | grep -c '^stop ')" 1
is "[R2] not closed" "$(grep -c '^stream-closed' "$P_OUT")" "$closed"
like "the target lives" "$(state_of "$P")" "^[RSD]$"
finish
