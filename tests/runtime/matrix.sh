#!/bin/bash
# Every real runtime: listed, its counters live, a threshold that fires in a spike, a whole dump that
# holds the spike, or the right refusal.
LIMIT=600
. "$(dirname "$0")/../lib/harness.sh"

start_daemon attach_delay=1
BASE=60 SPIKE=150

# of the runtime, as it should be: VERSION COUNTERS KIND
facts() {
	case $1 in
	*-3.1) echo "3.1 19 coreclr" ;;
	twin-*) echo "${1#twin-} 27 coreclr" ;;
	single-*) echo "${1#single-} 27 single" ;;
	aot-*) echo "${1#aot-} 27 aot" ;;
	esac
}

# The heap as the mount has it and as the program itself says, at nearly the same moment
agrees() {
	local said shown
	said=$(cat "$1")
	shown=$(get "$TARGET/heap_mb")
	awk -v a="$said" -v b="$shown" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b > 0 && d <= 0.05 * a) }'
}
moves() { # a value that moves with every interval
	local first second
	first=$(get "$TARGET/counters/working-set")$(get "$TARGET/counters/alloc-rate")$(get "$TARGET/heap_mb")
	sleep 1.2
	second=$(get "$TARGET/counters/working-set")$(get "$TARGET/counters/alloc-rate")$(get "$TARGET/heap_mb")
	[ "$first" != "$second" ]
}
at_rest() { awk -v v="$(get "$TARGET/heap_mb")" -v m=$((BASE + 40)) 'BEGIN { exit !(v > 0 && v < m) }'; }
well() { [ "$(state_of "$1")" = S ] && grep -q '^TracerPid:[[:space:]]0$' "/proc/$1/status"; }

# A core that the trigger took: whole, and with the spike in it. It fires while the spike grows, so that
# what lies between the level at rest and the threshold is there (all but 1 %), and all of it at most.
judge_core() { # NAME TYPE
	local name=$1 core
	core=$(cores "$TARGET")
	like "$name: file(1)" "$(inmount 20 file "$MNT/$TARGET/dumps/$core")" "ELF 64-bit LSB core file"
	within "$name: the spike is in it" "$(markers "$MNT/$TARGET/dumps/$core" SPIKE)" $(((SPIKE - 50) * 99)) \
		$((SPIKE * 100))
	is "$name: and every customer" "$(markers "$MNT/$TARGET/dumps/$core" CUSTOMER)" $((BASE * 1000))
	like "$name: its json" "$(get "$TARGET/dumps/$core.json")" "\"type\": *\"$2\""
	like "$name: size" "$(inmount 5 stat -c %s "$MNT/$TARGET/dumps/$core")" "^[0-9]{8,}$"
}

try() {
	local name=$1 version counters kind
	read -r version counters kind <<<"$(facts "$name")"
	if ! have_runtime "$name"; then
		skip "$name" "not to be had"
		return
	fi
	start_target "$name" spike $BASE $SPIKE 4000 8000 0 "$T/heap.$name" || return
	eventually "$name: listed" 5 has "$TARGET"
	eventually "$name: live" 20 key_is "$TARGET/status" state live
	like "$name: version" "$(key "$TARGET/runtime" version)" "^${version/./\\.}($|\.)"
	like "$name: command line" "$(get "$TARGET/cmdline")" "spike $BASE $SPIKE 4000 8000"
	is "$name: counters" "$(inmount 5 ls "$MNT/$TARGET/counters" | wc -l)" "$counters"
	ok "$name: each has a number" inmount 10 bash -c \
		'for f in "$1"/*; do grep -qxE -- "-?[0-9.]+|NaN" "$f" || { echo "$f"; exit 1; }; done' - \
		"$MNT/$TARGET/counters"
	eventually "$name: values change" 10 moves
	within "$name: once a second, in 5 s" "$(changes "$TARGET/counters/gc-heap-size" 5)" 3 7
	eventually "$name: heap_mb is what the program says, within 5 %" 20 agrees "$T/heap.$name"
	like "$name: environ" "$(get "$TARGET/environ")" "TMPDIR=$TMPDIR"
	if [ "$kind" = aot ]; then
		local no="$TARGET is a NativeAOT program: its runtime cannot write dumps"
		is "$name: arming is refused" "$(put "$TARGET/threshold_mb" 150)" "Operation not supported"
		is "$name: with a sentence" "$(key "$TARGET/status" last_error)" "threshold_mb: $no"
		is "$name: and a dump" "$(put "$TARGET/dump" now)" "Operation not supported"
		is "$name: the state is as it was" "$(get "$TARGET/threshold_mb")" off
		is "$name: and its sentence" "$(key "$TARGET/status" last_error)" "$no"
	else
		# Armed on the last sample of a spike that is over it would fire at once; and of a single-file
		# program the runtime's answer to a dump can be missing, which takes half a minute to be sure of.
		ok "$name: at rest" wait_for 30 at_rest
		is "$name: armed" "$(put "$TARGET/threshold_mb" $((BASE + SPIKE - 50)))" ""
		eventually "$name: fires in a spike" 120 key_is "$TARGET/status" trigger fired
		eventually "$name: a dump is listed" 60 has_core "$TARGET"
		if [ "$kind" = single ]; then judge_core "$name" full; else judge_core "$name" heap; fi
		inmount 20 bash -c "rm '$MNT/$TARGET'/dumps/core*"
		ok "$name: removed" no_core "$TARGET"
	fi
	eventually "$name: the program runs on" 5 well "$TARGET"
	end "$TARGET"
	eventually "$name: gone" 2 hasnt "$TARGET"
}

for name in ${ONLY:-twin-3.1 twin-8.0 twin-9.0 twin-10.0 twin-11.0 single-8.0 single-10.0 aot-8.0 aot-10.0}; do
	try "$name"
done
for half in front broker; do like "the $half, all that time" "$(key status $half)" "seccomp=yes$"; done
ok "the daemon ends" stop_daemon
finish
