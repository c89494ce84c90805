#!/bin/bash
# What the daemon's session brings from a web application under load is counters and nothing else, whatever the
# application does: not one event a request, which the same providers send at level 4 (shown last, or the test
# would prove nothing). And what the daemon itself reads is no more than that.
#
#	ONLY		runtimes (default web-8.0 web-10.0)
#	SECONDS_EACH	how long is counted (default 4)
LIMIT=${LIMIT:-180}
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/measure.sh"

SECONDS_EACH=${SECONDS_EACH:-4}
METERS=System.Diagnostics.Metrics
BYTES_EACH=400 # an event of values is 160 to 200 with its share of a block
ONCE=$(printf '%s\t-\t1\n' $'Microsoft-AspNetCore-Server-Kestrel\tConfiguration' \
	$'Microsoft-DotNETCore-EventPipe\tProcessInfo')

served() { wc -l <"$T/load"; }
# count [meters | LEVEL] - of $P: $T/counted, and in $SERVED how many requests there were meanwhile
count() {
	local before status
	before=$(served)
	timeout 60 "$BUILD/tests/runtime/count-events" "$SOCKET" "$SECONDS_EACH" "$@" >"$T/counted" 2>"$T/said"
	status=$?
	SERVED=$(($(served) - before))
	return $status
}
# sum PATTERN - of events whose "PROVIDER TAB EVENT" is like that; others - those of which it is not
sum() { awk -F '\t' -v like="$1" '$1 "\t" $2 ~ like { n += $4 } END { print n + 0 }' "$T/counted"; }
others() { awk -F '\t' -v like="$1" '$1 "\t" $2 !~ like' "$T/counted" | sort | grep -vxF "$ONCE"; }
counters() { cut -f3 "$T/counted" | grep -cvx -e -; }
each() { awk -F '\t' -v n="$1" '$3 != "-" && ($4 < n - 1 || $4 > n + 1)' "$T/counted"; } # other than N reports
read_by() { sed -n 's/^rchar: //p' "/proc/$1/io"; }

for name in ${ONLY:-web-8.0 web-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" || finish
	P=$TARGET
	SOCKET=$TMPDIR/dotnet-diagnostic-$P-$(start_time "$P")-socket
	URL=$(sed -n 's/^listening //p' "$TARGET_OUT")
	start "$T/load" nice curl -sN --rate 500/s "$URL/api/heap?n=[1-10000000]" # on one connection
	load=$STARTED
	sleep 3 # first uses and event sources that are switched on at once hang a runtime

	ok "$name: a session as ours" count
	within "$name: requests meanwhile" "$SERVED" 500 10000000
	is "$name: events other than EventCounters" "$(others '\tEventCounters$')" ""
	within "$name: counters" "$(counters)" 40 120
	is "$name: reports of each, one a second" "$(each "$SECONDS_EACH")" ""
	note "$name: $SERVED requests, $(sum '\tEventCounters$') events of $(counters) counters, $(cat "$T/said")"

	ok "$name: one with meters, too" count meters
	is "$name: events other than EventCounters and those of meters" "$(others "\tEventCounters\$|^$METERS\t")" ""
	within "$name: events of meters" "$(sum "^$METERS\t")" 20 $((SECONDS_EACH * 1000))
	note "$name: $SERVED requests, $(sum '\tEventCounters$') and $(sum "^$METERS\t") of meters, $(cat "$T/said")"
	most=$((($(sum '\tEventCounters$') + $(sum "^$METERS\t")) * BYTES_EACH / SECONDS_EACH))

	# what nobody but the front's streams brings, as the mount is left alone
	start_daemon attach_delay=0,meters_delay=0
	eventually "$name: meters are on" 20 key_is "$P/status" meters on
	front=$(front_of "$DAEMON_PID")
	sleep 2 # definitions are sent once
	before=$(read_by "$front") requests=$(served)
	sleep "$SECONDS_EACH"
	rate=$((($(read_by "$front") - before) / SECONDS_EACH))
	requests=$(($(served) - requests))
	within "$name: requests meanwhile" "$requests" 500 10000000
	within "$name: bytes a second that the daemon reads, whatever is asked of the application" "$rate" 1000 "$most"
	note "$name: the daemon reads $rate bytes a second, under $((requests / SECONDS_EACH)) requests a second"
	is "$name: nothing was dropped" "$(key "$P/status" dropped_events)" 0
	ok "$name: the daemon ends" stop_daemon

	count 4
	ok "$name: at level 4 an event or more for each request" \
		[ "$(($(sum .) - $(sum '\tEventCounters$')))" -gt "$SERVED" ]
	note "$name: at level 4: $SERVED requests, $(($(sum .) - $(sum '\tEventCounters$'))) other events, $(cat "$T/said")"
	end "$load"
	end "$P"
done
finish
