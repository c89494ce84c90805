#!/bin/bash
# threshold_mb: its grammar, its errors, and that it fires once, at >=.
LIMIT=180
. "$(dirname "$0")/../lib/harness.sh"

echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 200
core-mb 2" || finish
P=$TARGET
F=$P/threshold_mb
start_daemon attach_delay=0
first_sample "$P"

while IFS='|' read -r text shown; do
	put "$F" off
	said=$(put "$F" "$text")
	is "'$text' is taken and reads back" "$said$(get "$F")" "$shown"
done <<-'X'
	500|500
	 500 |500
	500MB|500
	500 mb|500
	500MiB|524.288
	1.5GB|1500
	1GiB|1073.741824
	400.25|400.25
	off|off
	0|off
	none|off
	max|off
	0.0|off
	0MB|off
	OFF|off
X
put "$F" 700
SYNTAX="threshold_mb: neither a size (500, 500MiB, 1.5GB) nor off"
RANGE="threshold_mb: out of range: 0 to 9.2e12 MB"
while IFS='|' read -r text error; do
	put "$P/dump_type" huge # so that last_error is another one
	is "'$text' is refused" "$(put "$F" "$text")" "$error"
	case $error in Invalid*) sentence=$SYNTAX ;; *) sentence=$RANGE ;; esac
	is "'$text': last_error" "$(key "$P/status" last_error)" "$sentence"
	is "'$text' leaves it as it was" "$(get "$F")" 700
	is "'$text' leaves the state as it was" "$(key "$P/status" trigger)" armed
done <<-'X'
	abc|Invalid argument
	nan|Invalid argument
	5x|Invalid argument
	1e3|Invalid argument
	0x10|Invalid argument
	80%|Invalid argument
	5 0|Invalid argument
	.|Invalid argument
	-5|Numerical result out of range
	99999999999999999999|Numerical result out of range
X
put "$P/dump_type" huge
is "another sentence" "$(key "$P/status" last_error)" "dump_type: none of mini, heap, triage, full"
printf '%5000s' 1 >"$T/long" # to be written at once
is "5 KiB are refused" "$(inmount 5 dd if="$T/long" of="$MNT/$F" bs=8192 conv=notrunc 2>&1 |
	sed -n 's/^dd: error.*: //p')" "Invalid argument"
is "5 KiB: last_error" "$(key "$P/status" last_error)" "threshold_mb: a command has at most 4096 bytes"
inmount 5 bash -c ": >'$MNT/$F'"
is "O_TRUNC alone changes nothing" "$(get "$F")" 700
inmount 5 bash -c "echo 800 >>'$MNT/$F'"
is ">> is a write like another" "$(get "$F")" 800
inmount 5 bash -c "printf 900 >'$MNT/$F'"
is "without a newline" "$(get "$F")" 900
put "$F" ""
is "an empty line disarms" "$(get "$F")" off
is "and the state says so" "$(key "$P/status" trigger)" off
unlike "nothing of this is a dump" "$(cat "$TARGET_OUT")" "request dump"

# firing
put "$F" 150
is "armed" "$(key "$P/status" trigger)" armed
like "events: armed" "$(get events)" "Z $P armed .*150"
echo 149.9 >"$T/heap"
wait_for 5 get_is "$P/heap_mb" 149.9
ok "below it nothing happens" no_core "$P"
echo 150 >"$T/heap"
eventually "at >= it fires" 10 has_core "$P"
is "fired" "$(key "$P/status" trigger)" fired
like "events" "$(get "$P/events")" "fired.*dump-started.*dump-done"
core=$(cores "$P")
like "its name" "$core" "^core_[0-9]{8}_[0-9]{6}$"
is "its mode" "$(inmount 5 stat -c %a "$MNT/$P/dumps/$core")" 400
is "its content" "$(markers "$MNT/$P/dumps/$core" SPIKE)" 200
is "beside the others, with the pid" "$(inmount 5 ls "$MNT/dumps" | grep -v json)" "${core}_$P"
is "the same file" "$(inmount 5 stat -c %i "$MNT/dumps/${core}_$P")" \
	"$(inmount 5 stat -c %i "$MNT/$P/dumps/$core")"
json=$(get "$P/dumps/$core.json")
for word in '"reason": *"?trigger' '"threshold_mb": *150' '"value_mb": *150' "\"pid\": *$P" '"counters"' \
	'"size": *[0-9]+' '"frozen_s": *null' '"analyze": *"dotnet-dump analyze'; do
	like "its json has $word" "$json" "$word"
done
if command -v python3 >/dev/null; then
	ok "its json is json" python3 -c 'import json, sys; json.loads(sys.argv[1])' "$json"
fi
echo 90 >"$T/heap"
wait_for 5 get_is "$P/heap_mb" 90
echo 300 >"$T/heap"
wait_for 5 get_is "$P/heap_mb" 300
sleep 1
is "it fired once" "$(cores "$P" | wc -l)" 1
put "$F" 200
two() { [ "$(cores "$P" | wc -l)" = 2 ]; }
eventually "written again it is armed, and fires at once" 10 two
is "one request a dump" "$(grep -c 'request dump' "$TARGET_OUT")" 2

# two processes know nothing of each other
start_fake "heap 1000
interval 200" || finish
first_sample "$TARGET"
is "another process is off" "$(get "$TARGET/threshold_mb")" off
ok "and has no dumps" no_core "$TARGET"
ok "the daemon ends" stop_daemon
finish
