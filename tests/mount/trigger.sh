#!/bin/bash
# trigger and what belongs to it: many lines, how often they fire, what they are fed with, peaks.
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 200
core-mb 1" || finish
P=$TARGET
F=$P/trigger
start_daemon attach_delay=0
first_sample "$P"

# bash's printf and echo write each line by itself: here it has to be one write
put_lines() {
	printf '%s\n' "$2" >"$T/text"
	inmount 10 dd if="$T/text" of="$MNT/$1" bs=4096 conv=notrunc 2>&1 | sed -n 's/^dd: error.*: //p'
}

# what is written, what is read
is "off at first" "$(get "$F")" off
text='# a comment
heap >= 1GB
cpu-usage > 90 for 30s

Microsoft.AspNetCore.Hosting/current-requests >= 200 for 5s
heap grows 100MB in 30s
rss > 100GB'
is "lines are taken" "$(put_lines "$F" "$text")" ""
is "and read back in canonical form" "$(get "$F")" 'heap >= 1000
cpu-usage > 90 for 30s
Microsoft.AspNetCore.Hosting/current-requests >= 200 for 5s
heap grows 100 in 30s
rss > 100000'
is "heap >= N is threshold_mb" "$(get "$P/threshold_mb")" 1000
eventually "a value that is not there is warned of" 5 get_like "$P/events" \
	"warning text=\"there is no Microsoft.AspNetCore.Hosting/current-requests so far"
like "status has each line" "$(get "$P/status")" 'line.1 "heap >= 1000" [0-9.]+ armed'
like "an unknown one, too" "$(get "$P/status")" 'current-requests >= 200 for 5s" - unknown'
eventually "rss is asked for while a line needs it" 5 get_like "$P/status" 'line.5 "rss > 100000" [0-9.]+ armed'

# cat, edit, write back
before=$(get "$F")
inmount 10 cat "$MNT/$F" >"$T/lines"
sed -i 's/^cpu-usage > 90/cpu-usage > 95/' "$T/lines"
ok "one line edited and written back" inmount 10 dd if="$T/lines" of="$MNT/$F" bs=4096 conv=notrunc
is "changes that line alone" "$(get "$F")" "$(cat "$T/lines")"
unlike "which was changed" "$(get "$F")" "^$before\$"
is "lines without a threshold are taken" "$(put "$F" "threads > 100000")" ""
is "and leave threshold_mb" "$(get "$F")" "heap >= 1000
threads > 100000"
put "$P/threshold_mb" off
is "which goes by its own file" "$(get "$F")" "threads > 100000"
put "$P/threshold_mb" 900
put "$F" off
is "off removes all others" "$(get "$F")" "heap >= 900"

while IFS='|' read -r line error sentence; do
	is "'$line' is refused" "$(put "$F" "$line")" "$error"
	like "'$line': last_error" "$(key "$P/status" last_error)" "$sentence"
done <<-'E'
	heap|Invalid argument|line 1, column 5
	heap >= 5x|Invalid argument|column 10
	threads > 5MB|Invalid argument|no unit
	rss > 80%|Invalid argument|percentage
	gc-heap-size > -5|Numerical result out of range|negative
	heap grows 5 in 3h|Invalid argument|s or m
	cpu-usage > 5GB|Invalid argument|no unit of size
	heap >= 80%|Operation not supported|limit|unknown
E
is "the lines are as they were" "$(get "$F")" "heap >= 900"
is "armed as before" "$(key "$P/status" trigger)" armed

while IFS='|' read -r file line error; do
	is "$file: '$line'" "$(put "$P/$file" "$line")" "$error"
done <<-'E'
	max_dumps|0|Numerical result out of range
	max_dumps|1.5|Invalid argument
	max_dumps|-1|Numerical result out of range
	max_dumps|3|
	cooldown_s|soon|Invalid argument
	cooldown_s|9999999|Numerical result out of range
	cooldown_s|2|
	detect|always|Invalid argument
	detect|alloc|
	detect|auto|
E
is "max_dumps reads back" "$(get "$P/max_dumps")" 3
is "cooldown_s reads back" "$(get "$P/cooldown_s")" 2
is "detect reads back" "$(get "$P/detect")" auto

# a storm: up and down, far and near
level() { echo "$1" >"$T/heap" && wait_for 5 get_is "$P/counters/gc-heap-size" "$1"; }
n_cores() { [ "$(cores "$P" | wc -l)" = "$1" ]; }
put "$P/detect" sampled
put "$P/threshold_mb" 200
level 250
eventually "the first dump" 10 n_cores 1
eventually "then it rests" 10 key_is "$P/status" trigger cooldown
eventually "and is armed again" 10 key_is "$P/status" trigger armed
level 190
level 210
like "not quiet: below by 5 % is not enough" "$(get "$P/status")" 'line.1 "heap >= 200" 210 waits'
n_cores 1 && pass "nothing more was dumped" || fail "nothing more was dumped" "$(cores "$P")"
level 170
level 210
eventually "below by 15 % is: the second" 15 n_cores 2
eventually "armed" 10 key_is "$P/status" trigger armed
level 100
level 300
eventually "the third" 15 n_cores 3
eventually "and that was all" 10 key_is "$P/status" trigger exhausted
level 100
level 300
is "exhausted it stays" "$(key "$P/status" trigger)" exhausted
is "three were asked for" "$(grep -c 'request dump' "$TARGET_OUT")" 3
put "$P/max_dumps" 1
eventually "a write begins anew, and fires at once" 15 n_cores 4
eventually "fired" 10 key_is "$P/status" trigger fired
like "why is in the json" "$(get "$P/dumps/$(cores "$P" | tail -n 1).json")" '"trigger": *"heap >= 200"'

# conditions over other values
put "$P/threshold_mb" off
is "fds" "$(put "$F" "fds > 1")" ""
eventually "fires" 15 n_cores 5
like "its event" "$(get "$P/events")" 'fired value=[0-9]+ trigger="fds > 1"'
level 100
put "$F" "System.Runtime/gc-heap-size >= 400 for 1s"
level 500
eventually "a line with for" 15 n_cores 6
put "$F" "heap grows 200 in 60s"
sleep 1
level 100
eventually "it starts at what is there" 5 get_like "$P/status" 'grows 200 in 60s" 100 armed'
level 310
eventually "growth" 15 n_cores 7
put "$F" off

# peaks
level 120
put "$P/peak_mb" 0
is "the peak is what it is now" "$(get "$P/peak_mb")" 120
level 240
level 130
is "the highest since" "$(get "$P/peak_mb")" 240
is "the same of each counter" "$(get "$P/peaks/gc-heap-size")" 500
put "$P/peaks/gc-heap-size" reset
is "until it is written to" "$(get "$P/peaks/gc-heap-size")" 130
is "peaks has the names of counters" "$(inmount 5 ls "$MNT/$P/peaks")" "$(inmount 5 ls "$MNT/$P/counters")"

# samples that no heap can have
echo 20 >"$T/heap"
wait_for 5 get_is "$P/heap_mb" 20
put "$P/peak_mb" 0
put "$P/detect" auto
put "$P/threshold_mb" 250
echo -12.3 >"$T/heap"
eventually "a negative one is shown" 5 get_is "$P/counters/gc-heap-size" -12.3
echo 18446744073709.5 >"$T/heap"
eventually "one above the address space is shown" 5 get_is "$P/counters/gc-heap-size" 18446744073709.5
is "neither is heap_mb" "$(get "$P/heap_mb")" 20
is "nor the peak" "$(get "$P/peak_mb")" 20
within "both are counted" "$(key "$P/status" samples_refused)" 2 1000
is "and no dump was taken" "$(cores "$P" | wc -l)" 7
echo 300 >"$T/heap"
eventually "300 is dumped" 15 n_cores 8
is "and is the peak" "$(get "$P/peak_mb")" 300

# waiting in a script, as the man page has it
level 130
inmount 30 bash -c "tail -n 0 -f '$MNT/events' | grep -m1 'dump-done\|dump-failed'" >"$T/waited" &
waiter=$!
sleep 1
put "$P/dump" now
eventually "tail -f and grep -m1 see it" 20 grep -q " $P dump-done name=" "$T/waited"
wait_for 10 get_is "$P/dump" idle
put "$P/dump" now # the tail of that pipe ends at its next line
wait_for 20 dead "$waiter"
is "dump is idle again" "$(inmount 20 bash -c "while [ \"\$(cat '$MNT/$P/dump')\" != idle ]; do sleep 0.2; done; echo yes")" yes

# the second session comes and goes with the trigger
put "$P/threshold_mb" 900
eventually "two sessions while armed" 10 key_is "$P/status" sessions 2
is "in force" "$(key "$P/status" detect)" alloc
for i in 1 2 3; do
	put "$P/threshold_mb" off
	eventually "one when not ($i)" 15 key_is "$P/status" sessions 1
	put "$P/threshold_mb" 900
	eventually "two again ($i)" 10 key_is "$P/status" sessions 2
done
put "$P/detect" gc
eventually "other events of the collector" 10 key_is "$P/status" detect gc
eventually "in place of the first" 15 key_is "$P/status" sessions 2
put "$P/detect" sampled
eventually "none of them" 15 key_is "$P/status" sessions 1
ok "the daemon ends" stop_daemon
finish
