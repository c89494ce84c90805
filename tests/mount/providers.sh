#!/bin/bash
# providers, interval, attach=lazy: which sessions are asked for, and when.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"


start_fake "heap 77
interval 300" || finish
P=$TARGET
start_daemon attach_delay=0
first_sample "$P"

like "providers: the defaults" "$(get "$P/providers")" "^System.Runtime"
is "providers: a name that cannot be asked for" "$(put "$P/providers" "a b" | grep -c 'Invalid argument')" 1
like "and last_error says why" "$(key "$P/status" last_error)" "no name of a provider"
is "a mixture of list and changes" "$(put "$P/providers" A,+B | grep -c 'Invalid argument')" 1
before=$(get "$P/providers")
put "$P/providers" "+My.Own"
is "+ adds" "$(get "$P/providers")" "$before
My.Own"
put "$P/providers" "-My.Own"
is "- takes away" "$(get "$P/providers")" "$before"
eventually "one session in the end" 15 key_is "$P/status" sessions 1
put "$P/providers" off
eventually "off: none" 15 key_is "$P/status" sessions 0
is "off reads back" "$(get "$P/providers")" off
eventually "off: idle" 5 key_is "$P/status" state idle
unlike "off: its values are not in metrics" "$(get metrics)" $'\n'"dotnet_gc_heap_size_bytes.*pid=\"$P\""
like "off: they are old" "$(get "$P/counters.txt")" "GC Heap Size[^"$'\n'"]*old"
is "off: no heap in processes" "$(get processes | awk -v p="$P" '$1 == p { print $4 }')" -
put "$P/providers" '*'
eventually "* alone: a warning" 5 get_like "$P/events" "without System.Runtime there is no sample"
is "* alone: idle as long as no meters may be asked for" "$(key "$P/status" state)" idle
put "$P/providers" default
is "default" "$(get "$P/providers")" "$before"
eventually "a session again" 15 key_is "$P/status" sessions 1

is "interval" "$(get "$P/interval")" 1
for bad in x 1-1 1e3 '' 1,5 nan; do
	is "interval: $bad" "$(put "$P/interval" "$bad " | grep -c 'Invalid argument')" 1
done
for far in 0.01 4000; do
	is "interval: $far" "$(put "$P/interval" "$far" | grep -c 'out of range')" 1
done
is "interval: below 0" "$(put "$P/interval" -1 | grep -c "out of range")" 1
is "unchanged" "$(get "$P/interval")" 1
put "$P/interval" 0.5
is "interval: written" "$(get "$P/interval")" 0.5
eventually "attached at the new one" 15 get_like "$P/events" "attached interval=0.5"
eventually "and the old session has ended" 15 key_is "$P/status" sessions 1
like "a short one: a warning" "$(get "$P/events")" "warning .*one interval for all tools"
end "$P"
stop_daemon

# lazy: nobody reads, nothing is open
start_fake "heap 77
interval 300" || finish
P=$TARGET
start_daemon attach_delay=0,attach=lazy
wait_for 10 has "$P"
wait_for 10 key_is "$P/status" attach lazy
inmount 10 ls -lR "$MNT/$P" >/dev/null
get processes >/dev/null
like "heap_mb opens nothing" "$(get "$P/heap_mb")" "No data available"
is "nor do ls and processes" "$(key "$P/status" sessions)" 0
is "a reader opens the session, and waits for the sample" "$(get "$P/counters/gc-heap-size")" 77
is "open" "$(key "$P/status" sessions)" 1
put "$P/threshold_mb" 5000
eventually "armed: with the session of its heap" 10 key_is "$P/status" sessions 2
put "$P/threshold_mb" off
eventually "disarmed: that one goes" 10 key_is "$P/status" sessions 1
eventually "and 60 s after the last read the other" 90 key_is "$P/status" sessions 0
is "a reader later waits for a fresh one" "$(get "$P/counters/gc-heap-size")" 77
end "$P"
ok "the daemon ends" stop_daemon
finish
