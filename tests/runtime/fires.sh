#!/bin/bash
# Conditions on what a web application counts itself, EventCounters and meters: 220 slow requests at a time fire
# `current-requests >= 200 for 5s`, and when they are answered the p95 of their route fires another.
#
#	ONLY		runtimes (default web-10.0)
LIMIT=${LIMIT:-180}
. "$(dirname "$0")/../lib/harness.sh"
command -v curl >/dev/null || skip_all "no curl"

REQUESTS=220
SLOW='api/diagscenario/memspike/12?baseMb=1&peakMb=1&periodS=30'
[ "$(ulimit -n)" -gt 400 ] || ulimit -n 1024

# p95_file - below meters/: of the route that has been asked for already
p95_file() {
	inmount 10 bash -c 'cd "$1/meters" && find . -path "*http.server.request.duration/*memspike*/p95"' find "$MNT/$P" |
		sed 's,^\./,meters/,' | head -n 1
}
has_p95() { [ -n "$(p95_file)" ]; }
fired() { get "$P/events" | grep -c ' fired '; }
has_fired() { [ "$(fired)" -ge "$1" ]; }

for name in ${ONLY:-web-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" || finish
	P=$TARGET
	URL=$(sed -n 's/^listening //p' "$TARGET_OUT")
	start_daemon attach_delay=0,meters_delay=0
	eventually "$name: meters" 20 key_is "$P/status" meters on
	ok "$name: one quick request" curl -sf -m 20 "$URL/api/diagscenario/memspike/0?baseMb=1&peakMb=1&periodS=1"
	eventually "$name: its route has a p95" 20 has_p95
	p95=$(p95_file)
	note "$p95: $(get "$P/$p95")"
	put "$P/dump_type" mini
	put "$P/max_dumps" 2
	put "$P/cooldown_s" 0
	printf '%s\n' "Microsoft.AspNetCore.Hosting/current-requests >= 200 for 5s" "$p95 >= 10" >"$T/lines"
	ok "$name: two lines are taken" inmount 5 bash -c 'cat "$1" >"$2"' cat "$T/lines" "$MNT/$P/trigger"
	like "$name: both are armed" "$(get "$P/trigger")" "current-requests >= 200 for 5 ?s.*p95 >= 10"
	start /dev/null curl -s -Z --parallel-immediate --parallel-max 300 -m 60 "$URL/$SLOW&n=[1-$REQUESTS]"
	eventually "$name: so many requests are seen" 10 get_like \
		"$P/counters/Microsoft.AspNetCore.Hosting/current-requests" '^2[0-9][0-9]'
	begun=$EPOCHSECONDS
	is "$name: not before it was so for 5 s" "$(fired)" 0
	eventually "$name: current-requests fires" 20 has_fired 1
	note "fired $((EPOCHSECONDS - begun)) s after it was seen"
	like "$name: events: which" "$(get "$P/events" | grep ' fired ')" "current-requests >= 200"
	eventually "$name: the p95 fires" 30 has_fired 2
	like "$name: events: which" "$(get "$P/events" | grep ' fired ' | tail -n 1)" "p95 >= 10"
	two_cores() { [ "$(cores "$P" | wc -l)" -eq 2 ]; }
	eventually "$name: two dumps" 30 two_cores
	note "$(get "$P/events" | grep -E ' (fired|dump)')"
	end "$P"
	stop_daemon
done
finish
