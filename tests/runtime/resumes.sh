#!/bin/bash
# Programs that wait for a resume at their start: the daemon shows them as paused and sends none; when another tool
# resumes them, none is hung by being watched, although four threads at once first use a pool, a timer and work
# items right then, 1 and 3 s later. COUNT of each runtime (default 3), PARALLEL at a time, with a daemon's
# defaults.
LIMIT=${LIMIT:-300}
. "$(dirname "$0")/../lib/harness.sh"

COUNT=${COUNT:-3}
PARALLEL=${PARALLEL:-5}
MOMENTS=(0 1 3)
start_daemon "${OPTIONS:-interval=1}"

all_paused() { local p; for p in "${pids[@]}"; do key_is "$p/status" state paused || return 1; done; }
through() { grep -q '^DONE' "$T/out.$1"; }
is_live() { key_is "$1/status" state live; }
sockets() { local p; for p in "${pids[@]}"; do ls "$TMPDIR/dotnet-diagnostic-$p-"*; done; }

# batch NAME FIRST NUMBER - adds to what became of them; the moments take turns
batch() {
	local i pid pids=()
	for ((i = $2; i < $2 + $3; i++)); do
		DOTNET_DefaultDiagnosticPortSuspend=1 start "$T/out" bash -c \
			'exec "$1" burst "$2" >"$3.$$"' - "$RUNTIMES/bin/$1" "${MOMENTS[$((i % 3))]}" "$T/out"
		pids+=("$STARTED")
	done
	if wait_for 30 all_paused; then
		paused=$((paused + $3))
	else
		note "$(get processes)" "$(for pid in "${pids[@]}"; do get "$pid/status"; done | grep -E '^(state|last_error)')"
	fi
	[ "$waited" != 0 ] || { sleep 2; waited=1; } # a resume of ours would be through by now
	for pid in "${pids[@]}"; do [ ! -s "$T/out.$pid" ] || early=$((early + 1)); done
	"$BUILD/tests/runtime/resume" $(sockets) || note "$1: not all took the resume"
	for pid in "${pids[@]}"; do
		wait_for 15 through "$pid" || hung=$((hung + 1))
	done
	# Counters are switched on a second after the first use, or later: nor does that hang anything.
	for pid in "${pids[@]}"; do
		if wait_for 20 is_live "$pid"; then
			live=$((live + 1))
		else
			note "$pid, resumed: $(get "$pid/status" | grep -E '^(state|attach|last_error)' | xargs)"
		fi
	done
	for pid in "${pids[@]}"; do end "$pid" 2>/dev/null; done
	rm -f "$T"/out*
	started=("$DAEMON_PID")
}

for name in ${ONLY:-twin-8.0 twin-9.0 twin-10.0}; do
	have_runtime "$name" || { skip "[P10] $name" "not to be had"; continue; }
	paused=0 early=0 hung=0 live=0 waited=0
	for ((begun = 0; begun < COUNT; begun += PARALLEL)); do
		left=$((COUNT - begun))
		batch "$name" $begun $((left < PARALLEL ? left : PARALLEL))
	done
	is "[P10] $name: paused, of $COUNT" "$paused" "$COUNT"
	is "[P10] $name: went on before the resume, of $COUNT" "$early" 0
	is "[P10] $name: hung after it, of $COUNT" "$hung" 0
	is "[P10] $name: live afterwards, of $COUNT" "$live" "$COUNT"
done
is "[P10] may be hung: lines about that" "$(get events | grep -c 'may be hung')" 0
ok "the daemon ends" stop_daemon
finish
