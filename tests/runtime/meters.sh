#!/bin/bash
# Meters and the EventCounters of other providers, on web applications under load, and beside another tool.
#
#	ONLY		runtimes (default web-8.0 web-10.0)
#	SECONDS_BESIDE	how long dotnet-counters collects (default 6)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"

SECONDS_BESIDE=${SECONDS_BESIDE:-6}
COUNTERS=$RUNTIMES/tools/dotnet-counters
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet || echo /usr/bin/false)")")
export DOTNET_ROOT DOTNET_CLI_TELEMETRY_OPTOUT=1

beside() {
	unwatched timeout -s KILL 60 "$COUNTERS" collect -p "$P" --format csv -o "$T/beside.csv" \
		--counters Microsoft.AspNetCore.Hosting --duration "00:00:00:0$SECONDS_BESIDE" >"$T/beside" 2>&1 ||
		note "dotnet-counters: exit $?" "$(head -c 1000 "$T/beside")"
}
load() { # in the background, until it is ended
	start /dev/null bash -c 'while :; do curl -s -m 5 "$1/api/heap" >/dev/null; sleep 0.05; done' load "$URL"
	LOAD=$STARTED
}
series() { inmount 10 bash -c "cd '$MNT/$P/meters' && find . -type f | sed 's,^./,,'"; }
has_series() { series | grep -q "$1"; }

for name in ${ONLY:-web-8.0 web-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" || finish
	P=$TARGET
	URL=$(sed -n 's/^listening //p' "$TARGET_OUT")
	load
	start_daemon attach_delay=0,meters_delay=0
	eventually "$name: meters" 20 key_is "$P/status" meters on
	eventually "$name: a histogram with tags" 20 has_series \
		"^Microsoft.AspNetCore.Hosting/http.server.request.duration/http.request.method=GET.*/p95$"
	is "$name: one session" "$(key "$P/status" sessions)" 1
	route="Microsoft.AspNetCore.Hosting/http.server.request.duration/http.request.method=GET"
	before=$(inmount 5 bash -c "cat '$MNT/$P/meters/$route'*/count")
	more() { [ "$(inmount 5 bash -c "cat '$MNT/$P/meters/$route'*/count")" -gt "$before" ]; }
	eventually "$name: requests are counted" 10 more
	eventually "$name: an EventCounter of another provider" 10 get_like \
		"$P/counters/Microsoft.AspNetCore.Hosting/requests-per-second" '^[1-9]'
	case $name in
	web-8.0) is "$name: no meter System.Runtime" "$(series | grep -c '^System.Runtime/')" 0 ;;
	*)
		is "$name: 19 instruments of System.Runtime, at least 17 with a value" \
			"$(series | grep '^System.Runtime/' | cut -d/ -f2 | sort -u | wc -l |
				awk '{ print ($1 >= 17 && $1 <= 19) }')" 1
		heap=$(get "$P/meters/System.Runtime/dotnet.process.memory.working_set/value")
		ok "$name: its working set, in bytes" [ "${heap%.*}" -gt 10000000 ]
		;;
	esac
	# a new session takes the old one's place: what is counted goes on
	before=$(inmount 5 bash -c "cat '$MNT/$P/meters/$route'*/count")
	put "$P/providers" "+My.Own"
	eventually "$name: the old session has ended" 15 key_is "$P/status" sessions 1
	eventually "$name: counts go on across a renewal" 10 more
	like "$name: nothing was reset" "$(get "$P/events" | grep -c 'reset=meters')" "^0$"
	# another interval: they cannot
	put "$P/interval" 2
	eventually "$name: another interval: events say reset" 20 get_like "$P/events" "reset=meters"
	eventually "$name: and meters come again" 20 has_series "p95"
	put "$P/interval" 1
	eventually "[I13] $name: back at 1 s" 30 key_is "$P/status" interval_seen 1.0
	if [ -x "$COUNTERS" ]; then
		# It shares meters with nobody, and ends where somebody has them: they are left to it.
		beside
		eventually "[I13] $name: dotnet-counters was refused: meters are left to it" 20 \
			get_like "$P/events" "left to it for 5 minutes"
		eventually "$name: and our session is without them" 10 key_is "$P/status" meters left
		eventually "$name: the one with them has ended" 15 key_is "$P/status" sessions 1
		beside
		ok "$name: its second try has values" grep -q "http.server.request.duration" "$T/beside.csv"
		is "[I13] $name: our counters go on" "$(key "$P/status" state)" live
	else
		skip "$name: beside dotnet-counters" "no dotnet-counters"
	fi
	end "$LOAD"
	end "$P"
	stop_daemon
done
finish
