#!/bin/bash
# A process whose stream comes as fast as it is taken: it is given up for a while, and said so; nobody else notices.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

cpu() { local pid f sum=0; for pid in $(all_of_daemon); do f=($(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null)); sum=$((sum + f[11] + f[12])); done; echo $sum; }
rss() { local pid sum=0; for pid in $(all_of_daemon); do sum=$((sum + $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"))); done; echo $sum; }

start_fake "heap 5
interval 200" || finish
H=$TARGET
start_daemon attach_delay=0
first_sample "$H"
begun=$SECONDS before=$(cpu)
start_fake "stream flood" || finish
F=$TARGET F_OUT=$TARGET_OUT
# Counters are read every 20 ms, and what the socket holds at most: that much is a flood's, too.
eventually "[H11] counters without a pause: they are shown" 20 get_is "$F/heap_mb" 100
within "[H11] CPU of both halves, in hundredths of a core" \
	$((($(cpu) - before) / (SECONDS - begun + 1))) 0 100
# Of an armed process every byte is read at once.
is "armed" "$(put "$F/threshold_mb" 5000)" ""
eventually "[H11] a flood: its stream is given up as such" 30 get_like "$F/events" \
	"session-lost what=gc-session reason=\"flood: more than 32 MiB a second"
within "[H11] another process has its samples meanwhile" "$(changes "$H/counters/gc-heap-size" 3)" 6 20
like "[H11] status says why" "$(key "$F/status" last_error)" "^flood: more than 32 MiB a second"
like "[H11] the runtime was asked to end it" "$(cat "$F_OUT")" "stop [0-9]"
# Its server serves nobody else until what waits is taken, as a real one's.
drained() { local id; for id in $(sed -n 's/^stop //p' "$F_OUT"); do grep -q "^stream-end $id$" "$F_OUT" || return 1; done; }
eventually "[I11] a stop while the stream is full: drained to the end that the runtime makes" 10 drained
is "[I11] which is never closed before" "$(grep -c '^stream-closed' "$F_OUT")" 0
ok "[I11] and the runtime answers as ever" inmount 10 cat "$MNT/$F/environ"
eventually "[H11] it is tried again, and given up again" 60 \
	bash -c "[ \"\$(timeout -s KILL 5 grep -c flood '$MNT/$F/events')\" -ge 2 ]"
within "[H11] CPU of both halves, in hundredths of a core" \
	$((($(cpu) - before) / (SECONDS - begun + 1))) 0 100
within "[H11] memory of both halves, kB" "$(rss)" 1 80000
within "[H11] another process has its samples all the time" "$(changes "$H/counters/gc-heap-size" 3)" 6 20
is "[H11] it is live" "$(key "$H/status" state)" live
like "[H11] the flooding process lives" "$(state_of "$F")" "^[RS]$"
is "[H11] no connection was closed with its request unanswered" "$(grep -c 'gone answer' "$F_OUT")" 0
change_fake "stream counters
interval 200
heap 42"
eventually "[H11] when it is quiet again, it is live again" 75 get_is "$F/heap_mb" 42
ok "the daemon ends" stop_daemon
finish
