#!/bin/bash
# The story of the tutorial, on its web application: list, watch, arm, spike, dump, analyze.
LIMIT=420
. "$(dirname "$0")/../lib/harness.sh"

APP=${APP:-web-sdk}
have_runtime "$APP" || skip_all "no $APP"
api() { curl -s -m "${2:-20}" "$URL/api/$1"; }
DUMP=$RUNTIMES/tools/dotnet-dump
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
export DOTNET_ROOT

start_target "$APP" || finish
P=$TARGET
URL=$(sed -n 's/^listening //p' "$TARGET_OUT")
is "the application is ready" "$(api ready)" ready
start_daemon attach_delay=2
eventually "listed" 5 has "$P"
ok "live" first_sample "$P"
start_target "$APP" || finish
Q=$TARGET
eventually "one that starts after the mount, too" 5 has "$Q"
ok "live" first_sample "$Q"
is "27 counters of System.Runtime" "$(inmount 5 find "$MNT/$P/counters" -maxdepth 1 -type f | wc -l)" 27
ok "grep over all processes" inmount 5 bash -c "grep -c . '$MNT'/*/counters/gc-heap-size"

# the counter is what the application says
agrees() {
	local said shown
	said=$(api heap)
	shown=$(get "$P/counters/gc-heap-size")
	awk -v a="$said" -v b="$shown" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= 0.05 * a) }'
}
api diagscenario/memleak/50000 >/dev/null
sleep 2
eventually "gc-heap-size is GC.GetTotalMemory within 5 %" 10 agrees
is "wrong input is refused" "$(put "$P/threshold_mb" abc)" "Invalid argument"

# a dump in a quiet phase, read by SOS
analyze() { # CORE
	unwatched timeout -s KILL 120 "$DUMP" analyze "$1" -c 'dumpheap -stat' -c exit 2>&1
}
if [ -x "$DUMP" ]; then
	for attempt in 1 2 3; do
		put "$P/dump" now
		wait_for 30 has_core "$P"
		core=$(cores "$P" | tail -n 1)
		analyze "$MNT/$P/dumps/$core" >"$T/sos"
		inmount 20 bash -c "rm '$MNT/$P'/dumps/core*"
		grep -q "not in a valid state" "$T/sos" || break
	done
	count=$(awk '$NF == "Customer" { gsub(",", "", $2); print $2 }' "$T/sos")
	is "dumpheap -stat counts the customers exactly" "$count" 50000
	[ "$count" = 50000 ] || note "$(tail -n 15 "$T/sos")"
	note "$(grep -B 2 -A 1 -E ' Customer$' "$T/sos")"
else
	skip "dumpheap -stat" "no dotnet-dump"
fi

# the spike
start "$T/spike" curl -s -m 60 "$URL/api/diagscenario/memspike/30?baseMb=250&peakMb=530&periodS=5"
spike=$STARTED
has_spikes() { [[ $(api counts) == *"spikes $1"* ]]; }
eventually "the spike is whole" 20 has_spikes 28000
# a sample of the growth counts what the next collection takes away: one of the spike itself is waited for
eventually "and sampled" 5 agrees
said=$(api heap)
is "armed in the spike" "$(put "$P/threshold_mb" 400)$(get "$P/threshold_mb")" 400
eventually "fires in the spike" 20 key_is "$P/status" trigger fired
eventually "a core appears" 60 has_core "$P"
core=$(cores "$P")
like "file(1)" "$(inmount 20 file "$MNT/$P/dumps/$core")" "ELF 64-bit LSB core file, x86-64"
is "the whole spike is in it" "$(markers "$MNT/$P/dumps/$core" SPIKE)" 28000
is "and every customer" "$(markers "$MNT/$P/dumps/$core" CUSTOMER)" 300000
json=$(get "$P/dumps/$core.json")
like "its json" "$json" '"reason": *"?trigger'
value=$(printf %s "$json" | grep -oE '"value_mb": *[0-9.]+' | grep -oE '[0-9.]+$')
within "the value that fired" "$value" 400 700
within "the value that fired is what the application said, within 5 %" "$value" \
	$(awk -v a="$said" 'BEGIN { print a * 0.95, a * 1.05 }')
if [ -x "$DUMP" ]; then
	analyze "$MNT/$P/dumps/$core" >"$T/sos"
	if grep -q "not in a valid state" "$T/sos"; then
		skip "dumpheap -stat of the spike" "it was taken inside a collection"
	else
		is "dumpheap -stat of the spike" "$(awk '$NF == "Spike" { gsub(",", "", $2); print $2 }' "$T/sos")" 28000
	fi
fi
inmount 20 bash -c "rm '$MNT/$P'/dumps/core*"

# armed before a spike. The sample that fires may fall into the growth, and dead objects of the spike before
# may still be in memory: at least the part over the threshold is there.
is_low() { awk -v v="$(get "$P/heap_mb")" 'BEGIN { exit !(v > 0 && v < 400) }'; }
eventually "the baseline again" 20 is_low
is "armed" "$(put "$P/threshold_mb" 400)$(get "$P/threshold_mb")" 400
is "not yet fired" "$(key "$P/status" trigger)" armed
eventually "fires in the next spike" 20 key_is "$P/status" trigger fired
eventually "a core of it appears" 60 has_core "$P"
core=$(cores "$P")
ok "the spike is in it" test "$(markers "$MNT/$P/dumps/$core" SPIKE)" -ge 14000
is "the other process has no dump" "$(cores "$Q" | wc -l)" 0
wait "$spike"
is "the application answers after all that" "$(cat "$T/spike")" "success:memspike"
is "one core alone" "$(cores "$P" | wc -l)" 1
end "$P"
eventually "ended: gone" 2 hasnt "$P"
ok "its core stays" inmount 5 test -f "$MNT/dumps/${core}_$P"
inmount 20 bash -c "rm '$MNT'/dumps/*"
ok "the daemon ends" stop_daemon
finish
