#!/bin/bash
# No program is hung by its meters: four threads at once first use a pool, a timer and work items, so many
# seconds after the start, beside a daemon that asks for meters by its rules. A hit is a session that was asked
# for within 40 ms of that moment. With AIM=1 the rules are off and each session is asked for in that
# moment: some must hang, else the test proves nothing.
#
#	STARTS		of each moment (default 3)
#	PARALLEL	at a time, of all moments together (default 12)
#	BURSTS		seconds; "3-20" is drawn anew for each (default "0 3 6-9")
#	ONLY		runtimes (default twin-9.0)
#	OPTIONS		of the mount (default meters_delay=5)
#	AFTER		seconds from the last burst to the end of the programs (default 0)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

STARTS=${STARTS:-3}
PARALLEL=${PARALLEL:-12}
BURSTS=${BURSTS:-0 3 6-9}
OPTIONS=${OPTIONS:-meters_delay=5}
AIM=${AIM:-}
[ -z "$AIM" ] || OPTIONS=attach_delay=0,meters_delay=0,providers=off
start_daemon "$OPTIONS"

through() { grep -q ' DONE' "$1"; }
draw() { awk -v range="$1" -v seed="$RANDOM$RANDOM" 'BEGIN { srand(seed); n = split(range, r, "-")
	printf "%.3f", n == 2 ? r[1] + rand() * (r[2] - r[1]) : r[1] }'; }

# one NAME SECONDS OUT - runs until it is ended; each line has its time in microseconds before it
one() {
	start "$3" bash -c '"$1" burst "$2" | while IFS= read -r line; do
		printf "%s %s\n" "${EPOCHREALTIME/./}" "$line"; done' one "$RUNTIMES/bin/$1" "$2"
}

# aim OUT SECONDS - asks for its counters and meters when its burst is due
aim() {
	local pid
	wait_for 20 grep -q ' READY' "$1"
	pid=$(sed -n 's/.* READY //p' "$1")
	wait_for 20 has "$pid"
	start /dev/null bash -c 'sleep "$3"; echo default >"$1/$2/providers"' aim "$MNT" "$pid" \
		"$(awk -v s="$2" -v seed="$RANDOM$RANDOM" 'BEGIN { srand(seed); print s - 0.4 + rand() * 0.5 }')"
}

is_hit() { # OUT - of a session with meters
	local pid burst asked
	pid=$(sed -n 's/.* READY //p' "$1")
	burst=$(sed -n 's/ BURST.*//p' "$1")
	asked=$(grep " $pid attached .*meters=yes" "$T/events" | head -n 1 | cut -d' ' -f1)
	[ -n "$asked" ] && [ -n "$burst" ] || return 1
	asked=$(($(us_of "$asked") - burst))
	[ "${asked#-}" -le 40000 ]
}

# batch NAME SECONDS... - adds to $hung, $hits and $met
batch() {
	local name=$1 seconds outs=() pids=() longest=0 i
	shift
	for seconds; do
		outs+=("$T/burst.$RANDOM$RANDOM")
		one "$name" "$seconds" "${outs[-1]}"
		pids+=("$STARTED")
		longest=$(awk -v a="$longest" -v b="$seconds" 'BEGIN { print int(a > b ? a : b + 0.99) }')
		[ -z "$AIM" ] || aim "${outs[-1]}" "$seconds"
	done
	for i in "${!outs[@]}"; do
		wait_for $((longest + 30)) through "${outs[$i]}" || hung=$((hung + 1))
	done
	# and those whose meters came later than their burst
	[ -n "$AIM" ] || sleep "${AFTER:-0}"
	get events >"$T/events"
	for i in "${!outs[@]}"; do
		is_hit "${outs[$i]}" && hits=$((hits + 1))
		grep -q " $(sed -n 's/.* READY //p' "${outs[$i]}") attached .*meters=yes" "$T/events" &&
			met=$((met + 1))
	done
	for i in "${pids[@]}"; do end "$i" 2>/dev/null; done
	started=("$DAEMON_PID")
	rm -f "$T"/burst.*
}

for name in ${ONLY:-twin-9.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	hung=0 hits=0 met=0 n=0
	moments=()
	for ((i = 0; i < STARTS; i++)); do
		for burst in $BURSTS; do moments+=("$(draw "$burst")"); done
	done
	for ((i = 0; i < ${#moments[@]}; i += PARALLEL)); do
		batch "$name" "${moments[@]:i:PARALLEL}"
	done
	n=${#moments[@]}
	note "$name, bursts at $BURSTS s, $OPTIONS${AIM:+, aimed}: $n starts, $met got meters, $hits hits, $hung hung"
	if [ -n "$AIM" ]; then
		ok "$name: aimed at the burst, some hang" [ "$hung" -gt 0 ]
	else
		is "$name: hung of $n" "$hung" 0
	fi
done
ok "the daemon ends" stop_daemon
finish
