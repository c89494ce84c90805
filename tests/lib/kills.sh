#!/bin/bash
# SIGKILL of either half, or of both, at random moments under load, with dumps running: ROUNDS (default 1000) times.
# Each round starts the daemon, reads and dumps, kills, and judges (R1, R3): no target hung or stopped, no dead
# mount after the front's death, one that says ENOTCONN after the broker's and is replaced by the next start,
# no partial dump listed, nothing in the store that others can read, sessions given back, nothing of ours running.
#
#	ROUNDS		default 1000
#	SEED		of the moments and of what is killed; printed
#	ONLY		real runtimes beside the simulated ones (default twin-3.1 twin-8.0 twin-10.0; "" for none)
LIMIT=${LIMIT:-14400}
. "$(dirname "$0")/../lib/harness.sh"

ROUNDS=${ROUNDS:-1000}
SEED=${SEED:-$RANDOM}
RANDOM=$SEED
SIZE=2004096 # of a whole core of the fake
targets=()   # pids
fakes=()
bad=$T/bad
slow=0
writing=0 # rounds in which a dump was being written at the moment of the kill
slowest=0
: >"$bad"
note "SEED=$SEED, $ROUNDS rounds"

# More sessions than it allows would be refused: those of a daemon that was killed must be gone.
add_fake() { # LINES
	start_fake "heap 100
interval 200
sessions 3
core-mb 2
$1" || finish
	targets+=("$TARGET")
	fakes+=("$TARGET")
}
for ms in 300 600 900; do
	add_fake "createdump $ms"
	TARGET_AS=user add_fake "createdump $ms
core world-readable"
done
add_fake "delay dump 500"
TARGET_AS=user add_fake "delay dump 200"
add_fake "delay collect 200"
for name in ${ONLY-twin-3.1 twin-8.0 twin-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	start_target "$name" spike 20 0 0 1000 0 || finish
	targets+=("$TARGET")
done

round=0
what=
say() { echo "round $round ($what): $*" >>"$bad"; }
one_of() { eval "echo \${$1[$((RANDOM % $(eval "echo \${#$1[@]}")))]}"; }
all_well() { local p; for p in "${targets[@]}"; do runs "$p" || return 1; done; }
now_ms() { echo $((${EPOCHREALTIME/.} / 1000)); }

begin() {
	local begun
	begun=$(now_ms)
	start "$T/daemon.out" "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0,keep_free=0,keep=3" "$MNT"
	DAEMON_PID=$STARTED
	if ! wait_for 30 daemon_ready "$MNT"; then
		say "the daemon does not start: $(cat "$T/daemon.out")"
		return 1
	fi
	begun=$(($(now_ms) - begun))
	[ $begun -le $slowest ] || slowest=$begun
	[ $begun -le 3000 ] || slow=$((slow + 1))
}

judge_listed() {
	local odd core
	odd=$(inmount 10 find "$MNT/dumps" -type f ! -name '*.json' -printf '%s %f\n' 2>&1)
	while read -r size core; do
		[ -n "$core" ] || continue
		case " ${fakes[*]} " in
		*" ${core##*_} "*) [ "$size" = $SIZE ] || say "listed, but not whole: $core, $size" ;;
		*) inmount 10 file "$MNT/dumps/$core" | grep -q "ELF 64-bit LSB core" || say "listed, but no core: $core" ;;
		esac
	done <<<"$odd"
}

judge_store() {
	local odd
	odd=$(find "$STORE" -path "$STORE/work/*" -prune -o -type f -perm /077 -print 2>/dev/null)
	[ -z "$odd" ] || say "others can read: $odd"
	odd=$(find "$STORE/sealed" -type f ! -uid 0 2>/dev/null)
	# One that is being taken over still has the target's owner, in a directory that only root can enter.
	odd=$(grep -v '\.part$' <<<"$odd")
	[ -z "$odd" ] || say "not root's: $odd"
	odd=$(find "$STORE/work" -mindepth 1 -maxdepth 1 -perm /077 2>/dev/null)
	[ -z "$odd" ] || say "others can enter: $odd"
	# Killed at its first start it may have made none or some of them.
	odd=$(stat -c "%n %a" "$STORE" "$STORE/work" "$STORE/sealed" 2>/dev/null |
		grep -vxE "$STORE 711|$STORE/work 711|$STORE/sealed 700")
	[ -z "$odd" ] || say "modes of the store: $odd"
	odd=$(as_user find "$STORE" -type f -readable 2>/dev/null)
	[ -z "$odd" ] || say "games can read: $odd"
}

judge_mount() { # HALF
	local text
	if [ "$1" = front ]; then
		wait_for 10 not_mounted || say "a mount is left: $(grep " $MNT " /proc/self/mountinfo)"
	elif is_mounted; then
		text=$(inmount 5 ls "$MNT" 2>&1)
		[[ $text == *"endpoint is not connected"* ]] || ! is_mounted || say "the dead mount says: $text"
	fi
	[ "$(grep -c " $MNT " /proc/self/mountinfo)" -le 1 ] || say "mounts upon each other"
}

# What reads and dumps while the daemon is about to be killed; ends by itself.
load() { # TARGET...
	local pid
	for pid; do
		timeout -s KILL 3 bash -c 'echo mini >"$1/dump"' - "$MNT/$pid" 2>/dev/null
		timeout -s KILL 3 bash -c 'echo 50 >"$1/threshold_mb"' - "$MNT/$pid" 2>/dev/null
	done
	timeout -s KILL 5 grep -rac . "$MNT" >/dev/null 2>&1
	timeout -s KILL 5 bash -c 'cat "$1"/dumps/* >/dev/null' - "$MNT" 2>/dev/null
}

one_round() {
	local half delay halves loader status
	half=$(((RANDOM % 5)))
	case $half in 0 | 1) half=front ;; 2 | 3) half=broker ;; *) half=both ;; esac
	delay=$((RANDOM % 1500))
	what="$half after $delay ms"
	begin || return
	judge_listed
	first_sample "$(one_of targets)" 30 || say "no samples: $(get processes)"
	load "$(one_of targets)" "$(one_of targets)" "$(one_of fakes)" "$(one_of fakes)" "$(one_of fakes)" &
	loader=$!
	sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
	halves=$(all_of_daemon)
	[ -z "$(ls -A "$STORE/work")" ] || writing=$((writing + 1))
	case $half in
	front) kill -KILL "$(front_of "$DAEMON_PID")" ;;
	broker) kill -KILL "$DAEMON_PID" ;;
	both) kill -KILL $halves 2>/dev/null ;;
	esac
	judge_store
	wait_for 20 none_alive $halves || say "left running: $(ps -o pid,comm,state -p "$(xargs <<<"$halves" | tr ' ' ,)")"
	wait "$DAEMON_PID" 2>/dev/null
	status=$?
	[ $status -ne 0 ] || say "exit status 0"
	judge_mount $half
	judge_store
	wait_for 30 all_well || say "not well: $(for p in "${targets[@]}"; do echo "$p $(state_of "$p")"; done | xargs)"
	wait "$loader" 2>/dev/null
	started=("${started[@]:0:keep}")
}

keep=${#started[@]}
begun=$SECONDS
for round in $(seq "$ROUNDS"); do
	one_round 2>/dev/null
	[ $((round % 25)) -ne 0 ] || note "$round rounds in $((SECONDS - begun)) s, $(wc -l <"$bad") complaints, slowest start $slowest ms"
done

what="the end"
begin
judge_listed
for pid in "${targets[@]}"; do
	first_sample "$pid" 30 || say "$pid gives no samples"
done
whole_again() { [ "$(inmount 5 find "$MNT/$1/dumps" -name 'core*' -newer "$T/mark" ! -name '*.json' | wc -l)" -gt 0 ]; }
for pid in "${targets[@]}"; do
	touch "$T/mark"
	wait_for 60 get_is "$pid/dump" idle
	put "$pid/dump" mini >/dev/null
	wait_for 90 whole_again "$pid" || say "$pid cannot be dumped: $(key "$pid/status" last_error)"
done
judge_listed
judge_store
halves=$(all_of_daemon)
stop_daemon || say "the daemon's end"
none_alive $halves || say "left running at the end"
not_mounted || say "mounted at the end"
[ -z "$(find "$STORE/work" -mindepth 1)" ] || say "leaves are left: $(find "$STORE/work" -mindepth 1)"
all_well || say "targets at the end"
# A session that was given back is a connection that is closed.
connections() { awk -v p="/dotnet-diagnostic-$1-" '$6 == "03" && index($8, p)' /proc/net/unix; }
none_open() { [ -z "$(connections "$1")" ]; }
for pid in "${targets[@]}"; do
	wait_for 20 none_open "$pid" || say "$pid still has sessions: $(connections "$pid" | wc -l)"
done
note "$ROUNDS rounds in $((SECONDS - begun)) s; slowest start $slowest ms, $slow over 3 s; in $writing of them a dump was under way"
[ "$ROUNDS" -lt 20 ] || within "dumps were under way" "$writing" $((ROUNDS / 4)) "$ROUNDS"
sed 's/^/# /' "$bad"
is "[R1] killed $ROUNDS times, SEED=$SEED: complaints" "$(wc -l <"$bad")" 0
is "[R3] of those, about dumps that were running" "$(grep -cE 'not whole|no core|left|read' "$bad")" 0
finish
