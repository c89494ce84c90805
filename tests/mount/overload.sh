#!/bin/bash
# One process that takes more than it may have of something, and another beside it that does not notice: a row for each
# thing, with what its status says of it. (Bytes a second: flood.sh; meters: hostile-names.sh.)
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

pss() { # of both halves, kB
	local pid sum=0
	for pid in $(all_of_daemon); do
		sum=$((sum + $(sed -n 's/^Pss:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
	done
	echo $sum
}
cpu() { local pid f sum=0; for pid in $(all_of_daemon); do f=($(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null)); sum=$((sum + f[11] + f[12])); done; echo $sum; }
fds() { local pid; for pid in $(all_of_daemon); do ls "/proc/$pid/fd"; done | wc -l; }
at_least() { local n; n=$(key "$1" "$2"); [ "${n:-0}" -ge "$3" ]; }

start_fake "heap 5
interval 200" || finish
H=$TARGET
start_daemon attach_delay=0
first_sample "$H"

# row NAME LINES KEY LEAST KB - a process with that scenario; status has at least so much of KEY then, and the memory
# of both halves grew by no more than so many kB beyond what another process takes
row() {
	local before before_fds before_cpu begun
	before=$(pss) before_fds=$(fds) before_cpu=$(cpu) begun=$SECONDS
	start_fake "$2" || return
	eventually "$1: status says so" 40 at_least "$TARGET/status" "$3" "$4"
	within "$1: another process has its samples" "$(changes "$H/counters/gc-heap-size" 2)" 4 20
	is "$1: and is live" "$(key "$H/status" state)" live
	grown=$(($(pss) - before))
	within "$1: memory of both halves beyond that of another one, kB" "$((grown - ordinary))" -100000 "$5"
	within "$1: descriptors" "$(($(fds) - before_fds))" 0 20
	within "$1: CPU of both halves, in hundredths of a core" "$((($(cpu) - before_cpu) / (SECONDS - begun + 1)))" 0 100
	is "$1: its own values go on" "$(get "$TARGET/heap_mb")" 100
	like "$1: it is as it was" "$(state_of "$TARGET")" "^[RS]$"
	note "$1: $3 $(key "$TARGET/status" "$3"), $grown kB"
}
ordinary=0
row "an ordinary one" "interval 200" sessions 1 4096
ordinary=$((grown > 0 ? grown : 0))
row "[H7] a million definitions" "stream definitions 1000000
interval 200" definitions_refused 995000 2048
end "$TARGET"
row "[H8] 100,000 names of counters" "stream names 100000
interval 100" counters_refused 20000 2048
within "[H8] files of counters" "$(inmount 10 ls -R "$MNT/$TARGET/counters" | wc -l)" 900 1100
end "$TARGET"

# What is read at once, an armed process's, is read a thousand times a second at most.
start_fake "stream flood
stream-drip 1 0" || finish
is "a byte a time without a pause: armed" "$(put "$TARGET/threshold_mb" 5000)" ""
eventually "a byte a time: both sessions" 10 key_is "$TARGET/status" sessions 2
before_cpu=$(cpu) begun=$SECONDS
within "a byte a time: another process has its samples" "$(changes "$H/counters/gc-heap-size" 3)" 6 30
within "a byte a time: CPU of both halves, in hundredths of a core" \
	"$((($(cpu) - before_cpu) / (SECONDS - begun)))" 0 20
note "a byte a time: $((($(cpu) - before_cpu) / (SECONDS - begun))) hundredths of a core"
end "$TARGET"

# An environment of 5 MB, of which 4 are the most that is passed on.
long=$(printf 'x%.0s' $(seq 60000))
before=$(pss)
start_fake "interval 200
$(for i in $(seq 40); do echo "variable V$i=$long"; done)" || finish
first_sample "$TARGET"
is "a large environment" "$(inmount 10 cat "$MNT/$TARGET/environ" 2>&1 | tr -d '\0' | sed 's/.*: //')" \
	"Argument list too long"
is "a large environment: its status says so" "$(key "$TARGET/status" last_error)" "environ: Argument list too long"
is "a large environment: it is live" "$(key "$TARGET/status" state)" live
within "a large environment: memory of both halves, kB" "$(($(pss) - before))" -100000 2048
is "the other one is live" "$(key "$H/status" state)" live
ok "the daemon ends" stop_daemon
finish
