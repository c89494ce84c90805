#!/bin/bash
# Programs that live for a moment, RATE of them a second, for SECONDS_LONG: what the daemon holds afterwards is what
# it held, and it connects to each once at most.
#
#	SECONDS_LONG	default 600
#	RATE		default 100
LIMIT=${LIMIT:-900}
. "$(dirname "$0")/../lib/harness.sh"
. "$HERE/lib/cost.sh"

SECONDS_LONG=${SECONDS_LONG:-600}
RATE=${RATE:-100}
ours() { cost_tree "$DAEMON_PID"; }
descriptors() { cost_descriptors $(ours); }
no_more_than() { [ "$(descriptors)" -le "$1" ]; }

# Some are dead before they are seen, some behind the first answer; half leave their socket's name behind.
lives=("20 exit" "20 kill" "150 exit" "150 kill" "600 exit" "600 kill")
for i in "${!lives[@]}"; do
	printf 'interval 200\nlive %s\n' "${lives[$i]}" >"$T/storm.$i.scenario"
done
printf 'heap 5\ninterval 200\n' >"$T/scenario"

# second DIRECTORY - RATE programs, in ten bursts; none is a child of this shell
second() { (burst "$1") 2>/dev/null; }
burst() {
	local i n=0
	mkdir "$1"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		while [ $n -lt $((RATE * i / 10)) ]; do
			"$FAKE" "$T/storm.$((n % ${#lives[@]})).scenario" >"$1/$n" 2>&1 </dev/null &
			n=$((n + 1))
		done
		read -r -t 0.08 <>"$T/never" # no process for a pause
	done
}
# What became of one second's programs: how many began, and how many connections the one with the most had.
judge() {
	began=$((began + $(grep -l '^READY' "$1"/* | wc -l)))
	reached=$((reached + $(grep -l '^connect' "$1"/* | wc -l)))
	twice=$((twice + $(grep -c '^connect' "$1"/* | awk -F: '$2 > 1' | wc -l)))
	rm -r "$1"
}

mkfifo "$T/never"
start_daemon interval=1
start "$T/steady.out" "$FAKE" "$T/scenario"
H=$STARTED
eventually "a steady program is there" 10 has "$H"
first_sample "$H"
second "$T/warm"
sleep 3
rm -r "$T/warm"
before=$(descriptors)
before_kb=$(cost_pss_kb $(ours))
began=0 reached=0 twice=0 most=0
begun_us=$(cost_cpu_us $(ours))
begun=${EPOCHREALTIME/.}
end=$((SECONDS + SECONDS_LONG))
round=0
while [ $SECONDS -lt $end ]; do
	round=$((round + 1))
	second "$T/s.$round"
	[ $((round % 5)) -ne 0 ] || { now=$(descriptors); [ "$now" -le $most ] || most=$now; }
	[ $round -le 3 ] || judge "$T/s.$((round - 3))"
done
us=$(($(cost_cpu_us $(ours)) - begun_us))
took=$((${EPOCHREALTIME/.} - begun))
sleep 3
for ((i = round > 3 ? round - 2 : 1; i <= round; i++)); do judge "$T/s.$i"; done
note "$began programs in $((took / 1000000)) s, of which $reached were connected to;" \
	"CPU of the daemon, its helpers included: $((us * 100 / took)) % of a core;" \
	"descriptors $before before, $most at most, $(descriptors) after; PSS $before_kb kB, $(cost_pss_kb $(ours)) kB"
within "[P11] programs that began" "$began" $((round * RATE / 4)) $((round * RATE))
is "[P11] connected to more than once" "$twice" 0
eventually "[P11] no descriptor is left of them" 20 no_more_than "$before"
within "[P11] descriptors meanwhile" "$most" 0 $((before + RATE * 12))
within "[P11] memory, in kB" "$(cost_pss_kb $(ours))" 0 $((before_kb + 4096))
only_steady() { [ "$(inmount 5 ls "$MNT" | grep -c '^[0-9]')" = 1 ]; }
eventually "[P11] none is shown any more" 10 only_steady
ok "[P11] the steady one is" has "$H"
ok "the daemon ends" stop_daemon
finish
