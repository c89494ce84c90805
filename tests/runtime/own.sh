#!/bin/bash
# An application's own counters and instruments of every kind, with tags that nobody escapes; the same names
# after a new mount; and two listeners that ask for different settings.
#
#	ONLY		runtimes (default values-8.0 values-10.0)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"

OPTIONS=attach_delay=0,meters_delay=0,providers=System.Runtime:Own-Provider:Own.Meter
files() { inmount 10 bash -c "cd '$MNT/$P' && find meters counters/Own-Provider -type f 2>/dev/null | LC_ALL=C sort"; }
listed() { files | grep -qFx "$1"; }
value() { get "$P/meters/Own.Meter/$1"; }
value_is() { [ "$(value "$1")" = "$2" ]; }
above() { awk -v a="$(get "$P/$1")" -v b="$2" 'BEGIN { exit !(a + 0 > b + 0) }'; }
tag() { printf 'meters/Own.Meter/orders/tag=%s/value' "$1"; }
LONG=$(printf 'x%.0s' $(seq 300))

for name in ${ONLY:-values-8.0 values-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" || finish
	P=$TARGET
	start_daemon "$OPTIONS"
	eventually "$name: meters are on" 20 key_is "$P/status" meters on
	for file in counters/Own-Provider/{measured,polled,ticked%2Fa%20b} meters/Own.Meter/orders/{value,rate} \
		meters/Own.Meter/{queue,load,level,absolute,later}/value \
		meters/Own.Meter/duration/tag=plain/{p50,p95,p99,count,sum,count_rate} \
		"$(tag a%2Fb)" "$(tag a=b)" "$(tag a,b)" "$(tag a%20b)" "$(tag a%22b)" "$(tag a%0Ab)" \
		"$(tag %F0%9F%98%80)" "$(tag ..)" "$(tag %252F)" "$(tag "")" meters/Own.Meter/later/tag=since/value; do
		eventually "$name: $file" 20 listed "$file"
	done
	like "$name: one of 300 characters" "$(files | grep -c 'orders/tag=xxxxx.*~[0-9a-f]\{16\}/value$')" "^1$"
	is "$name: eleven tag sets of one counter" \
		"$(files | grep -c '^meters/Own.Meter/orders/tag=.*/value$')" 11
	is "$name: that of version 2 is another" "$(files | grep -c '^meters/Own.Meter/orders~[0-9a-f]*/value$')" 1
	eventually "$name: a gauge" 5 value_is load/value 0.25
	eventually "$name: an observable up-down counter" 5 value_is level/value 7
	ok "$name: an observable counter is absolute" above meters/Own.Meter/absolute/value 1000
	eventually "$name: a counter counts" 10 above meters/Own.Meter/orders/value 10
	eventually "$name: so does a histogram" 10 above meters/Own.Meter/duration/tag=plain/count 10
	is "$name: its quantiles" "$(value duration/tag=plain/p50)" 0.5
	is "$name: an EventCounter" "$(get "$P/counters/Own-Provider/polled")" 42
	ok "$name: a rate" above counters/Own-Provider/ticked%2Fa%20b 0
	is "$name: no event was lost, and nothing to complain of" \
		"$(key "$P/status" dropped_events) $(key "$P/status" last_error)" "0 -"
	files >"$T/names"
	stop_daemon
	start_daemon "$OPTIONS"
	eventually "$name: meters again" 20 key_is "$P/status" meters on
	same() { files | grep -v '^meters/Own.Meter/later/\(value\|rate\)$' |
		cmp -s - <(grep -v '^meters/Own.Meter/later/\(value\|rate\)$' "$T/names"); }
	eventually "$name: the same names after a new mount" 20 same
	same || note "$(diff <(files) "$T/names")"

	# a second listener, that asks for another interval
	mkdir -p "$T/second" "$T/second-store"
	start "$T/second.out" "$DAEMON" -f -o "dump_dir=$T/second-store,interval=2,$OPTIONS" "$T/second"
	SECOND=$STARTED
	there() { inmount 5 grep -q "^meters on" "$T/second/$P/status"; }
	counts() { [ "$(inmount 5 cat "$T/second/$P/meters/Own.Meter/orders/value")" -gt 10 ]; }
	eventually "$name: the second listener" 20 there
	eventually "$name: it has values all the same" 20 counts
	like "$name: and says whose settings they are" "$(inmount 5 grep last_error "$T/second/$P/status")" \
		"settings of another tool: every 1 s instead of 2"
	before=$(value orders/value)
	eventually "$name: the first one's go on" 10 above meters/Own.Meter/orders/value "$before"
	is "$name: without a word" "$(key "$P/status" last_error)" -
	end "$SECOND" TERM

	# the runtime's shared session never gets fewer by itself
	put "$P/providers" -Own.Meter
	eventually "$name: a meter that is not asked for any more is old" 40 get_like "$P/counters.txt" "Own.Meter +queue[^"$'\n'"]* old"
	put "$P/providers" +Own.Meter
	eventually "$name: and comes back" 40 get_like "$P/counters.txt" "Own.Meter +queue[^"$'\n'"]* 0"
	end "$P"
	stop_daemon
done
finish
