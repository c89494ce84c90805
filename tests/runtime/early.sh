#!/bin/bash
# A program is armed by a script as soon as its directory appears: its spike of 300 MB for 300 ms, one
# second after its start, is in the dump. Told: the time from the socket to the directory and to the
# accepted write. Another program with its socket in the same directory runs all the time, as on a machine
# with .NET, so that the directory is watched.
#
#	ROUNDS		starts of each (default 2)
#	ONLY		runtimes (default truth-8.0 truth-10.0)
#	SOCKETS		where the sockets are (default the script's own directory; /tmp)
LIMIT=${LIMIT:-120}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

ROUNDS=${ROUNDS:-2}
SOCKETS=${SOCKETS:-$TMPDIR}
export TARGET_TMPDIR=$SOCKETS
start_daemon interval=1

through() { dead "$1"; }
armer_ready() { grep -q READY "$1"; }
has_spiked() { grep -q '^quiet' "$TARGET_OUT"; }

# one NAME ROUND - a line "name to_directory to_armed tries error late markers" to $T/early, in ms
one() {
	local armed=$T/armed.$RANDOM$RANDOM armer start core= line markers=0
	start "$armed" timeout -s KILL 60 "$BENCH/arm-early" "$MNT" 250 "$SOCKETS" 1 30
	armer=$STARTED
	wait_for 10 armer_ready "$armed"
	start_truth "$1" early 300 || return 1
	start=$(start_time "$TARGET")
	wait_for 40 through "$armer"
	line=$(grep -a "^$TARGET " "$armed") || line="$TARGET 0 0 0 0 none"
	wait_for 20 has_spiked
	if wait_for 20 has_core "$TARGET"; then
		core=$(cores "$TARGET" | head -n 1)
		markers=$(inmount 120 "$BENCH/count-markers" "$MNT/$TARGET/dumps/$core" |
			sed -n 's/.* spike 1 \([0-9]*\).*/\1/p')
		inmount 20 bash -c "rm -f '$MNT/$TARGET/dumps/core'*"
	else
		note "$1, round $2: no dump" "$(get "$TARGET/events")" "$(key "$TARGET/status" heap_mb)"
	fi
	awk -v name="$1" -v late="$(sed -n 's/^early //p' "$TARGET_OUT")" -v markers="${markers:-0}" '{
		print name, ($3 - $2) / 1000, $4 ? ($4 - $2) / 1000 : "-", $5, $6, late / 1000, markers
	}' <<<"$line" >>"$T/early"
	end "$TARGET"
	remove_sockets "$SOCKETS" "$TARGET" "$start"
}

have_runtime twin-10.0 && start_target twin-10.0 idle || start_fake "heap 10"
resident=$TARGET
resident_start=$(start_time "$resident")
eventually "the resident program is listed" 20 has "$resident"
for name in ${ONLY:-truth-8.0 truth-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	: >"$T/early"
	for round in $(seq "$ROUNDS"); do one "$name" "$round" || fail "$name, round $round: starts"; done
	note "$name: socket to directory, ms: median $(cut -d' ' -f2 "$T/early" | median), worst $(cut -d' ' -f2 "$T/early" | worst);" \
		"  to armed: median $(cut -d' ' -f3 "$T/early" | grep -v -- - | median), worst $(cut -d' ' -f3 "$T/early" | grep -v -- - | worst);" \
		"  first errors: $(cut -d' ' -f5 "$T/early" | sort | uniq -c | tr -s '\n ' ' ');" \
		"  markers of 30000: $(cut -d' ' -f7 "$T/early" | tr '\n' ' '); ms late: $(cut -d' ' -f6 "$T/early" | tr '\n' ' ')"
	# 250 MB are the base and half of the spike
	is "$name: dumps that hold the spike" "$(awk '$7 >= 15000 { n++ } END { print n + 0 }' "$T/early")" "$ROUNDS"
done
end "$resident"
remove_sockets "$SOCKETS" "$resident" "$resident_start"
ok "the daemon ends" stop_daemon
finish
