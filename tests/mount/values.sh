#!/bin/bash
# All values of a process in one file, every sample in another, the table of all processes, and what a value
# is as extended attributes of its file.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 100" || finish
P=$TARGET
start_fake "heap 250" || finish
Q=$TARGET
start_daemon attach_delay=0
first_sample "$P" || fail "the first sample"
first_sample "$Q" || fail "the first sample of the second"
D=$MNT/$P
STAMP='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'
wait_for 10 get_like "$P/counters.csv" "Time spent in JIT"

# the snapshots
is "counters.csv: header" "$(get "$P/counters.csv" | head -n 1)" \
	"Timestamp,Provider,Counter Name,Counter Type,Mean/Increment"
like "counters.csv: a value" "$(get "$P/counters.csv")" $'\n'"$STAMP,System.Runtime,GC Heap Size \(MB\),Metric,100"$'\n'
like "counters.csv: a rate" "$(get "$P/counters.csv")" ",Allocation Rate \(B / 1 sec\),Rate,[0-9.]+"
is "counters.csv: all counters" "$(get "$P/counters.csv" | wc -l)" 28
like "counters.txt" "$(get "$P/counters.txt")" $'\n'"System.Runtime GC Heap Size \(MB\) +100 +0"$'\n'
is "counters.txt: all counters" "$(get "$P/counters.txt" | wc -l)" 28
like "counters.json" "$(get "$P/counters.json")" '"counters/gc-heap-size": \{"provider": "System.Runtime"'
if command -v python3 >/dev/null; then
	is "counters.json: is JSON" "$(inmount 10 python3 -c '
import json, sys
print(json.load(open(sys.argv[1]))["counters/gc-heap-size"]["value"])' "$D/counters.json")" 100
else
	skip "counters.json: is JSON" "no python3"
fi
is "catalog.tsv: a path each" "$(get "$P/catalog.tsv" | tail -n +2 | cut -f1 | sort)" \
	"$(cd / && inmount 5 ls "$D/counters" | sed 's|^|counters/|' | sort)"
is "catalog.tsv: eleven fields each" "$(get "$P/catalog.tsv" | awk -F '\t' '{ print NF }' | sort -u)" 11

# the interval that is asked for is 1 s, the one in force (another tool's, say) 0.1 s
tenfold() { # of the raw increments, which are 0 to 6; the interval is a float
	for i in $(seq 20); do
		get "$P/counters/alloc-rate"
		sleep 0.1
	done | awk '{ raw = $1 / 10; off = raw - int(raw + 0.5); if (off * off > 1e-6) odd = odd " " $1; if ($1 > most) most = $1 }
		END { print (odd == "" && most > 6.5 ? "tenfold" : "no tenfold:" odd " of " most) }'
}
is "[I13] another interval than ours: a rate is per second all the same" "$(tenfold)" tenfold
is "[I13] status says both" "$(key "$P/status" interval) $(key "$P/status" interval_seen)" "1 0.1"

# the table
is "top: the larger heap first" "$(get top | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" "$Q $P "
like "top: a row" "$(get top)" "$P +root +[0-9.]+ +100\.0 +\+0\.0 "
is "top: mode" "$(inmount 5 stat -c %a "$MNT/top")" 400

# every sample
samples() { grep -c ',GC Heap Size (MB),Metric,' "$1"; }
start "$T/followed" tail -n +1 -s 0.2 -f "$D/stream.csv"
follower=$STARTED
for i in $(seq 40); do
	echo "$((200 + i))" >"$T/heap"
	sleep 0.5
done
wait_for 10 grep -q ',GC Heap Size (MB),Metric,240$' "$T/followed"
is "stream.csv: the header once" "$(grep -c '^Timestamp,' "$T/followed")" 1
within "stream.csv: more than it keeps" "$(wc -l <"$T/followed")" 2000 20000
is "stream.csv: nothing twice" "$(sort "$T/followed" | uniq -d | wc -l)" 0
is "stream.csv: no row is broken" "$(grep -avcE "^($STAMP,System.Runtime,[^,]+,(Metric|Rate),[0-9.e-]+|Timestamp,.*)$" "$T/followed")" 0
is "stream.csv: nothing is left out" "$(grep -aoE ',GC Heap Size \(MB\),Metric,2[0-4][0-9]$' "$T/followed" | sort -u | wc -l)" 40
note "$(samples "$T/followed") samples of the heap"
end "$follower" TERM
smaller() { [ "$(inmount 5 stat -c %s "$D/stream.csv")" -le 65536 ]; }
eventually "stream.csv: its size is what is kept again" 5 smaller
like "stream.csv: tail -n" "$(inmount 5 tail -n 27 "$D/stream.csv")" ",GC Heap Size \(MB\),Metric,240"
is "stream.csv: a read does not wait" "$(inmount 5 head -n 1 "$D/stream.csv")" \
	"Timestamp,Provider,Counter Name,Counter Type,Mean/Increment"

# what a value is
if command -v getfattr >/dev/null; then
	attr() { inmount 5 getfattr --absolute-names "$@" 2>&1; }
	is "getfattr -d" "$(attr -d "$D/counters/alloc-rate" | grep -v '^$' | tail -n +2 | sort)" \
		"$(printf 'user.%s\n' 'display_name="Allocation Rate"' 'interval_s="1"' 'kind="rate"' 'unit="B"')"
	is "getfattr -n" "$(attr --only-values -n user.unit "$D/counters/gc-heap-size")" MB
	like "a name that is not there" "$(attr -n user.none "$D/counters/gc-heap-size")" "No such attribute"
	like "an empty one is not there" "$(attr -n user.description "$D/counters/gc-heap-size")" "No such attribute"
	is "other files have none" "$(attr -d "$D/status" "$MNT" "$D")" ""
	like "setfattr" "$(inmount 5 setfattr -n user.unit -v GB "$D/counters/gc-heap-size" 2>&1)" "not supported"
	like "setfattr -x" "$(inmount 5 setfattr -x user.unit "$D/counters/gc-heap-size" 2>&1)" "not supported"
	like "those who may not read the file" \
		"$(inmount 5 "${AS_USER[@]}" "$(command -v getfattr)" --absolute-names -n user.unit "$D/counters/gc-heap-size" 2>&1)" \
		"Permission denied"
else
	skip "extended attributes" "no getfattr"
fi
is "a write is accepted as ever" "$(put "$P/threshold_mb" 500)" ""
is "and has its effect" "$(get "$P/threshold_mb")" 500
ok "the daemon ends" stop_daemon
finish
