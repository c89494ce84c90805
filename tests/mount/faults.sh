#!/bin/bash
# Runtimes that answer wrongly, never, or in pieces; old ones that know little. One healthy process
# beside them must stay live, whatever they do.
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

echo 1 >"$T/heap"
start_fake "heap-file $T/heap
interval 200" || finish
H=$TARGET
start_daemon attach_delay=0
first_sample "$H"
declare -A pid out

for command in info collect; do
	for how in "error 0x80004005" "error 0x80131515" "error 0x8013135b" "error 0x80131384" unknown silence hang \
		"garbage 64" half "size 5" "size 60000" "drip 50" close; do
		named_fake "$command $how" "answer $command $how"
	done
done
named_fake "stream silent" "stream silent"
named_fake "stream header" "stream header"
named_fake "stream in drips" "stream-drip 7 5"
named_fake "stream of garbage" "stream-garbage 0"
named_fake "garbage in a stream" "stream-garbage 3000"
named_fake "garbage in its header" "stream-garbage 20"
head -c 100000 /dev/urandom >"$T/random"
named_fake "a stream that is a random file" "stream file $T/random"
named_fake "a slow answer" "delay info 3000
delay collect 3000"
for i in $(seq 1 40); do
	named_fake "cut at $((i * i * 7))" "stream-cut $((i * i * 7))"
done

for round in 1 2 3; do
	echo "$round" >"$T/heap"
	eventually "round $round: the healthy one is live" 3 get_is "$H/heap_mb" "$round"
	ok "round $round: the mount answers" inmount 2 cat "$MNT/processes"
	sleep 3
done
unlike "nothing hangs" "$(inmount 20 grep -rac . "$MNT" 2>&1 | tr -d '\0')" HUNG
for name in "${!pid[@]}"; do
	like "$name: the target lives" "$(state_of "${pid[$name]}")" "^[RSD]$"
	like "$name: it has a state" "$(key "${pid[$name]}/status" state)" \
		"^(unreachable|attaching|starting|silent|live)$"
	case $name in
	collect*)
		is "$name: no connection with a session asked for was closed" \
			"$(grep -c 'gone answer' "${out[$name]}")" 0
		;;
	esac
done
like "drips: live all the same" "$(get "${pid[stream in drips]}/heap_mb")" "^100$"
like "slow answers: live all the same" "$(get "${pid[a slow answer]}/heap_mb")" "^100$"
like "[I5] cut: session-lost" "$(get "${pid[cut at 6300]}/events")" "session-lost"
ok "[I5] cut: opened again" wait_for 10 more_than 1 "^stream [0-9]" "${out[cut at 6300]}"
within "[I5] cut: but ever more rarely" "$(grep -c '^stream [0-9]' "${out[cut at 7]}")" 1 6
like "an unanswered session is named" "$(get "${pid[collect hang]}/events")" "may be hung by attaching"
is "and never repeated" "$(grep -c 'request collect' "${out[collect hang]}")" 1
like "its environ" "$(get "${pid[collect hang]}/environ")" "timed out"
for name in "${!pid[@]}"; do kill -KILL "${pid[$name]}"; done
gone() { local n; for n in "${!pid[@]}"; do has "${pid[$n]}" && return 1; done; return 0; }
eventually "all of them end, and are gone" 10 gone

# old ones
start_fake "knows info
knows environment
knows collect 1 2
knows dump 1
counters 19
interval 200
heap 66" || finish
O=$TARGET
eventually "3.1: listed and live" 20 get_is "$O/heap_mb" 66
is "3.1: 19 counters" "$(inmount 5 ls "$MNT/$O/counters" | wc -l)" 19
like "3.1: cmdline from /proc" "$(get "$O/cmdline")" "fake-runtime"
like "3.1: environ from /proc" "$(get "$O/environ")" "TMPDIR=$TMPDIR"
put "$O/dump" now
eventually "3.1: a dump" 15 has_core "$O"
like "3.1: by the first command" "$(cat "$TARGET_OUT")" "request dump 1"
start_fake "runtime 5.0.17
knows info 1
knows environment
knows dump 1
knows collect 1
interval 200
heap 67" || finish
eventually "5.0: live" 20 get_is "$TARGET/heap_mb" 67
start_fake "runtime 9.0.22
knows collect 1 2 3 4
interval 200
heap 68" || finish
eventually "9.0: live" 20 get_is "$TARGET/heap_mb" 68
like "9.0: by the newest command" "$(grep 'request collect' "$TARGET_OUT" | head -n 1)" "collect 4"
start_fake "sessions 0
interval 200" || finish
N=$TARGET
eventually "all sessions taken: a sentence" 10 bash -c "timeout -s KILL 5 grep -q 'last_error .' '$MNT/$N/status'"
change_fake "interval 200
heap 69"
eventually "tried again" 15 get_is "$N/heap_mb" 69

# each command in each version that there was: the newest first, down to one that is known, and that is remembered
known() { # NAME UNKNOWN LINES - so many requests are not known, of a session and a dump each; and no more of a second one
	local out unknown
	start_fake "interval 200
heap 70
$3" || finish
	out=$TARGET_OUT
	eventually "[I7] $1: live" 20 get_is "$TARGET/heap_mb" 70
	put "$TARGET/dump" now
	eventually "[I7] $1: a dump" 15 has_core "$TARGET"
	eventually "[I7] $1: and it is idle again" 5 get_is "$TARGET/dump" idle
	inmount 10 cat "$MNT/$TARGET/environ" >/dev/null
	unknown=$(grep -c 'request unknown' "$out")
	is "[I7] $1: requests that are not known" "$unknown" "$2"
	put "$TARGET/threshold_mb" 5000
	eventually "[I7] $1: a second session" 10 more_than 1 '^stream [0-9]' "$out"
	put "$TARGET/dump" now
	eventually "[I7] $1: a second dump" 15 more_than 1 '^dump ' "$out"
	inmount 10 cat "$MNT/$TARGET/environ" >/dev/null
	is "[I7] $1: what is not known is not asked again" "$(grep -c 'request unknown' "$out")" "$unknown"
	end "$TARGET"
}
# 3 of ProcessInfo, 2 of CollectTracing, 2 of GenerateCoreDump, 1 of the environment
known 3.1 8 "knows info
knows environment
knows collect 1 2
knows dump 1
counters 19"
known 5.0 6 "runtime 5.0.17
knows info 1
knows collect 1 2
knows dump 1"
known 6.0 4 "runtime 6.0.36
knows info 1 2
knows dump 1 2
knows collect 1 2"
known 7.0 3 "runtime 7.0.20
knows info 1 2"
known 8.0 1 "runtime 8.0.33
knows collect 1 2 3"
for version in 9.0 10.0 11.0; do
	known "$version" 0 "runtime $version.1
knows collect 1 2 3 4"
done

# ProcessInfo that cannot be so
start_fake "info-pid 1
interval 200
heap 70" || finish
I=$TARGET
eventually "another pid in ProcessInfo: it is watched" 20 get_is "$I/heap_mb" 70
like "it is told" "$(get "$I/events")" 'warning text="its ProcessInfo is not believed: it names another pid"'
is "and not believed" "$(key "$I/runtime" version)" -
start_fake "$(printf 'os Li\033nux\ninterval 200\nheap 71')" || finish
eventually "texts that are no runtime's: it is watched" 20 get_is "$TARGET/heap_mb" 71
eventually "it is told" 5 get_like "$TARGET/events" 'warning text="its ProcessInfo is not believed: its texts'
is "and not believed" "$(key "$TARGET/runtime" os)" -
# It is asked for a second time when the process is a second old.
is "once" "$(get "$I/events" | grep -c 'not believed')" 1

# a stream that ends and comes again
kill -USR1 "$N"
eventually "ended: session-lost" 5 get_like "$N/events" session-lost
eventually "and again live" 10 key_is "$N/status" state live
ok "the daemon ends" stop_daemon
finish
