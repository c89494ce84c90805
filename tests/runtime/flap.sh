#!/bin/bash
# Storms: a heap that goes to and fro ten times a second between 50 % and 150 % of the threshold makes one
# dump a cooldown; one between 95 % and 105 % makes one, as it is never quiet enough to be armed again. And
# `exception-count > 0` fires, is armed again by the quiet that follows, and fires again. Real dumps.
#
#	FLAP		seconds of it that the triggers stand (default 8)
#	COOLDOWN	seconds (default 3)
#	ONLY		runtimes (default truth-10.0)
LIMIT=${LIMIT:-300}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/measure.sh"

FLAP=${FLAP:-8}
COOLDOWN=${COOLDOWN:-3}
start_daemon attach_delay=0,max_parallel_dumps=3

# flapping NAME LOW HIGH THRESHOLD - armed while it flaps; $TARGET
flapping() {
	start_truth "$1" flap "$2" "$3" 10 $((FLAP + 60)) || return 1
	wait_for 10 has "$TARGET"
	first_sample "$TARGET"
	arm "$TARGET" auto "$4" 10 "$COOLDOWN"
}
# words PID WORD - the stamps of its lines
words() { get events | awk -v p="$1" -v w="$2" '$2 == p && $3 == w { print $1 }'; }
count() { words "$@" | grep -c .; }
has_fired() { [ "$(count "$1" fired)" -ge "$2" ]; }

# in_time PID - how often it fired in the FLAP seconds since it was armed (what follows is measuring's own time)
in_time() {
	local stamp end=$(($(us_of "$(words "$1" armed | head -n 1)") + FLAP * 1000000)) n=0
	for stamp in $(words "$1" fired); do n=$((n + ($(us_of "$stamp") < end))); done
	echo "$n"
}

# spacing PID - the least time from the end of a dump to the next firing, in ms; "-" for less than two
spacing() {
	local i fired=($(words "$1" fired)) done=($(words "$1" dump-done)) least=-
	for ((i = 1; i < ${#fired[@]}; i++)); do
		[ -n "${done[i - 1]:-}" ] || continue
		us=$((($(us_of "${fired[i]}") - $(us_of "${done[i - 1]}")) / 1000))
		[ "$least" != - ] && [ "$least" -le "$us" ] || least=$us
	done
	echo "$least"
}

for name in ${ONLY:-truth-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	ok "$name: wide flapping, armed" flapping "$name" 20 60 40
	wide=$TARGET
	ok "$name: narrow flapping, armed" flapping "$name" 95 105 100
	narrow=$TARGET
	start_truth "$name" exceptions 3 0.125 || finish
	thrower=$TARGET
	wait_for 10 has "$thrower"
	first_sample "$thrower"
	put "$thrower/max_dumps" 2
	put "$thrower/cooldown_s" "$((COOLDOWN < 5 ? COOLDOWN : 5))"
	is "$name: exception-count > 0" "$(put "$thrower/trigger" "exception-count > 0")" ""
	sleep "$FLAP"
	put "$wide/threshold_mb" off
	put "$narrow/threshold_mb" off
	idle() { get_is "$wide/dump" idle && get_is "$narrow/dump" idle; }
	wait_for 30 idle
	within "$name: wide flapping fires two or three times" "$(in_time "$wide")" 2 3
	is "$name: a dump each" "$(count "$wide" dump-done)" "$(count "$wide" fired)"
	within "$name: each a cooldown after the end of the dump before, ms" "$(spacing "$wide")" \
		$((COOLDOWN * 1000 - 1)) 1000000
	note "wide: fired at $(words "$wide" fired | tr '\n' ' ')" "dump-done at $(words "$wide" dump-done | tr '\n' ' ')"
	is "$name: narrow flapping fires once" "$(count "$narrow" fired) $(count "$narrow" dump-done)" "1 1"
	is "$name: and stands unarmed" "$(count "$narrow" missed)" 0
	eventually "$name: exceptions fire, and fire again" 40 has_fired "$thrower" 2
	within "$name: not within the cooldown, ms" "$(spacing "$thrower")" $(((COOLDOWN < 5 ? COOLDOWN : 5) * 1000 - 1)) 1000000
	for pid in $wide $narrow $thrower; do end "$pid"; done
done
ok "the daemon ends" stop_daemon
finish
