#!/bin/bash
# Dumps of real runtimes within limits: how long the target was frozen; createdump killed at 10 %, 50 % and
# 99 % of the file, and ended by the daemon when space runs out; a store that is full but for 100 MB.
LIMIT=${LIMIT:-420}
. "$(dirname "$0")/../lib/harness.sh"

SIZE=2000 # MB of the store, a tmpfs of its own
BASE=300
mkdir "$STORE"
mount -t tmpfs -o "size=${SIZE}000000,mode=711" tdfs-test "$STORE" || { fail "a tmpfs for the store"; finish; }

well() { [ "$(state_of "$1")" = S ] && grep -q '^TracerPid:[[:space:]]0$' "/proc/$1/status"; }
no_createdump() { ! has_createdump "$1"; }
failed_more() { [ "$(get "$1/events" | grep -c dump-failed)" -gt "$2" ]; }
empty_work() { [ -z "$(find "$STORE/work" -type f)" ]; }
remove_all() { inmount 20 bash -c "rm -f '$MNT/$P'/dumps/core*"; }

# grown_to BYTES CREATEDUMP - until the file has so many; fails when createdump ends before
grown_to() {
	local size
	while alive "$2"; do
		size=$(stat -c %s "$STORE"/work/*/core 2>/dev/null)
		[ "${size:-0}" -ge "$1" ] && return 0
	done
	return 1
}
# begin - a dump on demand, until createdump is there: its pid is in $CREATEDUMP
begin() {
	put "$P/dump" now
	wait_for 20 has_createdump "$P" && CREATEDUMP=$(createdump_of "$P")
}
# killed_at PERCENT SIZE - the dump that createdump did not end; one that was quicker is tried again
killed_at() {
	local try
	for try in 1 2 3 4 5 6; do
		failed=$(get "$P/events" | grep -c dump-failed)
		if begin && grown_to $(($2 / 100 * $1)) "$CREATEDUMP" && kill -KILL "$CREATEDUMP" 2>/dev/null &&
			wait_for 30 failed_more "$P" "$failed"; then
			return 0
		fi
		wait_for 30 get_is "$P/dump" idle
		remove_all
	done
	return 1
}
seconds_of() { date -d "$(sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" <<<"$2")" +%s.%N; }

# Frozen: longer than nothing, shorter than all of it, and after it was asked for
judge_frozen() { # NAME
	local json frozen requested sealed
	json=$(get "$P/dumps/$(cores "$P").json")
	frozen=$(sed -n 's/.*"frozen_s": \(.*\),/\1/p' <<<"$json")
	requested=$(seconds_of requested "$json")
	sealed=$(seconds_of sealed "$json")
	within "$1: frozen_s within the whole time" "$frozen" 0.001 \
		"$(awk -v a="$requested" -v b="$sealed" 'BEGIN { print b - a }')"
	within "$1: frozen_at" "$(seconds_of frozen_at "$json")" "$requested" "$sealed"
	like "$1: dump-done tells it" "$(get "$P/events")" "dump-done .* frozen_s=$frozen"
	note "$1: frozen for $frozen s, $(awk -v a="$requested" -v b="$(seconds_of frozen_at "$json")" \
		'BEGIN { print b - a }') s after it was asked for"
}

for name in ${ONLY:-twin-3.1 twin-8.0 twin-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" spike $BASE 0 0 1000 0 || finish
	P=$TARGET
	start_daemon attach_delay=0,keep_free=300MB,max_parallel_dumps=1
	ok "$name: samples" first_sample "$P" 30

	put "$P/dump" now
	eventually "$name: a whole dump" 60 has_core "$P"
	judge_frozen "$name"
	size=$(inmount 5 stat -c %s "$MNT/$P/dumps/$(cores "$P")")
	like "$name: its size" "$size" "^[0-9]{9,}$"
	remove_all

	for percent in 10 50 99; do
		ok "[D3] $name: createdump killed at $percent %" killed_at $percent "$size"
		wait_for 10 get_is "$P/dump" idle
		ok "[D3] $name: $percent %: nothing is listed" no_core "$P"
		eventually "[D3] $name: $percent %: the target runs" 10 well "$P"
		eventually "[D3] $name: $percent %: nothing is left" 5 empty_work
	done

	# stopped at a tenth, so that it is not through before its turn to be ended
	failed=$(get "$P/events" | grep -c dump-failed)
	stopped() { begin && grown_to $((size / 10)) "$CREATEDUMP" && kill -STOP "$CREATEDUMP"; }
	ok "$name: a dump on the way" stopped
	progress_seen() { [ "$(key "$P/status" dump_bytes)" -ge $((size / 10)) ]; }
	eventually "$name: its progress" 10 progress_seen
	within "$name: and what is expected" "$(key "$P/status" dump_expected)" "$size" $((size * 3))
	free=$(($(stat -f -c '%a * %S' "$STORE")))
	fallocate -l $((free - 250000000)) "$STORE/filled"
	eventually "[D4] $name: space runs out: dump-failed" 20 failed_more "$P" "$failed"
	like "$name: and why" "$(key "$P/status" last_error)" "given up: $STORE has [0-9]+ MB free, and 300 MB stay free"
	ok "$name: createdump was ended" dead "$CREATEDUMP"
	eventually "$name: the target runs" 10 well "$P"
	ok "$name: nothing is listed" no_core "$P"
	eventually "$name: nothing is left" 5 empty_work

	rm "$STORE/filled"
	free=$(($(stat -f -c '%a * %S' "$STORE")))
	fallocate -l $((free - 100000000)) "$STORE/filled"
	is "[D4] $name: full but for 100 MB: on demand" "$(put "$P/dump" now)" "No space left on device"
	like "$name: and why" "$(key "$P/status" last_error)" "has (99|100) MB free: the dump may need [0-9]+ MB"
	is "$name: nor is it armed" "$(put "$P/threshold_mb" 100)" "No space left on device"
	ok "$name: no createdump" no_createdump "$P"
	ok "$name: no dump" no_core "$P"
	rm "$STORE/filled"
	ok "$name: with space again a whole dump" whole_dump "$P"
	remove_all

	kill -STOP "$P"
	sleep 2.5 # as long as a stop that createdump left is looked for
	is "$name: stopped by its user after its dump: it stays so" "$(state_of "$P")" T
	kill -CONT "$P"
	start_target "$name" spike 50 0 0 1000 0 || finish
	ok "$name: another one" first_sample "$TARGET" 30
	put "$TARGET/dump" now
	ok "$name: which is dumped" wait_for 20 has_createdump "$TARGET"
	kill -STOP "$(createdump_of "$TARGET")"
	put "$P/dump" now
	eventually "$name: queued behind it" 10 get_is "$P/dump" queued
	kill -STOP "$P"
	kill -CONT "$(createdump_of "$TARGET")"
	eventually "$name: stopped in the queue: not dumped" 20 \
		get_like "$P/events" "dump-failed error=\"the process is stopped\""
	sleep 2.5
	is "$name: and left as it is" "$(state_of "$P")" T
	unlike "$name: no signal was sent" "$(get events)" "SIGCONT"
	kill -CONT "$P"
	eventually "$name: it runs on" 10 well "$P"
	end "$TARGET"
	stop_daemon
	end "$P"
done
finish
