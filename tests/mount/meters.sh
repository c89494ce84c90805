#!/bin/bash
# meters/: what a runtime may send, and what is made of it. The fake runtime says it all on demand.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

meters_on() { key_is "$TARGET/status" meters on; }
list() { inmount 10 bash -c "cd '$MNT/$TARGET/meters' && find . -type f | sort | sed 's,^./,,'"; }
listed() { list | grep -qFx "$1"; }
start_fake "runtime 10.0.0
interval 300
meter Own|1.0|orders|Counter|{order}|how many
meter-value orders|shop=a|5 10
meter-value orders|shop=b/c,x= \"y\"|1 2
meter Own|1.0|queue|UpDownCounter||
meter-value queue||3 4 2
meter Own|1.0|load|ObservableGauge|%|
meter-value load||0.5
meter Own|1.0|duration|Histogram|s|
meter-value duration|route=/x|2 3 0.5=1;0.95=2;0.99=2.5
meter Own|2.0|load|ObservableGauge|%|
meter-value load||7
meter-event 6 series-limit
meter-event 8 error it went wrong
meter-event 8 callback-error it failed" || finish
P=$TARGET
start_daemon attach_delay=0,meters_delay=0,providers=+Own
eventually "meters are on" 20 meters_on
for file in Own/orders/shop=a/{value,rate} Own/queue/value Own/load/value \
	Own/duration/route=%2Fx/{p50,p95,p99,count,sum,count_rate} 'Own/orders/shop=b%2Fc,x=%20%22y%22/value'; do
	eventually "listed: $file" 10 listed "$file"
done
eventually "a counter" 10 get_is "$P/meters/Own/orders/shop=a/value" 10
eventually "an up-down counter" 10 get_is "$P/meters/Own/queue/value" 2
like "a gauge of one name in two versions" \
	"$(inmount 5 bash -c "cat '$MNT/$P/meters/Own'/load*/value | sort -n | tr '\n' ' '")" "^0.5 7 $"
is "a quantile" "$(get "$P/meters/Own/duration/route=%2Fx/p95")" 2
is "count and sum grow together" "$(inmount 5 bash -c "cd '$MNT/$P/meters/Own/duration/route=%2Fx' &&
	cat count sum" | tr '\n' ' ' | awk '{ print ($1 >= 2 && $2 == $1 * 1.5) }')" 1
eventually "a limit of the runtime: status" 20 key_is "$P/status" meters_limits time-series
is "and events, once" "$(get "$P/events" | grep -c 'time series')" 1
eventually "an error of the runtime" 20 get_like "$P/events" "it went wrong"
eventually "and of a callback" 20 get_like "$P/events" "it failed"
like "values go on" "$(get "$P/meters/Own/load/value")" "^[0-9]"
is "a trigger on a value of a meter" "$(put "$P/trigger" "meters/Own/duration/route=%2Fx/p95 >= 2")" ""
eventually "fires" 10 get_like "$P/events" " fired "
put "$P/providers" "-Own"
like "a meter that is asked for no more keeps its last value" "$(get "$P/meters/Own/queue/value")" "^2$"
end "$P"
wait_for 10 hasnt "$P"

# another tool was there first, with other settings; then one that shares with nobody
start_fake "runtime 10.0.0
interval 300
meter Own|1.0|queue|UpDownCounter||
meter-value queue||3
meter-event 0 other-settings 5" || finish
eventually "other settings: meters" 20 meters_on
eventually "values come all the same" 20 get_is "$TARGET/meters/Own/queue/value" 3
like "and last_error says whose settings they are" "$(key "$TARGET/status" last_error)" \
	"settings of another tool"
end "$TARGET"
start_fake "runtime 10.0.0
interval 300
meter Own|1.0|queue|UpDownCounter||
meter-value queue||3
meter-event 3 no-sharing 11111111-2222-3333-4444-555555555555" || finish
eventually "no sharing: last_error says so" 20 get_like "$TARGET/status" "last_error another tool .* has the meters"
eventually "and the session goes on without them" 10 key_is "$TARGET/status" meters left
eventually "counters live" 10 key_is "$TARGET/status" state live
end "$TARGET"
ok "the daemon ends" stop_daemon
finish
