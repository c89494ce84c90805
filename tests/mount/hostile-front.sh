#!/bin/bash
# A front that an attacker has taken over (tests/hostile): it sends the real broker whatever the records allow and
# what they do not. The broker lives, answers what is wrong with EINVAL, hands out nothing but what a front may have,
# sends targets no command but its own, keeps the limits of dumps, and touches no file but those of its store.
# COUNT records of random fields, BREAKS connections that must end, all of SEED.
LIMIT=${LIMIT:-150}
COUNT=${COUNT:-10000}
BREAKS=${BREAKS:-100}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
. "$(dirname "$0")/../lib/harness.sh"
DAEMON=$BUILD/tests/hostile/triggerdumpfs-hostile
PARALLEL=1 KEEP_DUMPS=3

# start_hostile VARIABLE=VALUE... - the daemon with that front
start_hostile() {
	start "$T/hostile.out" env "$@" "$DAEMON" -f -o \
		"dump_dir=$STORE,attach_delay=0,meters_delay=0,max_parallel_dumps=$PARALLEL,keep=$KEEP_DUMPS,max_use=200M,keep_free=1M" "$MNT"
	DAEMON_PID=$STARTED
}

# Files that are none of the daemon's business: what they are, and what is in them.
plant_canaries() {
	local dir
	mkdir "$T/beside" && mkfifo "$T/beside/fifo" && ln -s /etc/passwd "$T/beside/link"
	for dir in "$T" "$T/beside" "$TMPDIR" "$T/home"; do
		echo "secret of $dir" >"$dir/canary"
		chmod 600 "$dir/canary"
	done
	chown games "$T/home/canary"
}
canaries() {
	find "$T/beside" "$T/canary" "$TMPDIR/canary" "$T/home/canary" /etc/passwd \
		-printf '%p %y %i %n %m %U:%G %s %T@ %C@\n'
	cat "$T/canary" "$T/beside/canary" "$TMPDIR/canary" "$T/home/canary"
	ls "$T" | grep -vE '^(ok|hostile)\.out$' # which does not look at the mount
	find "$TMPDIR" "$T/home" -printf '%p %y %m %U\n' | sort
}

# Whether FILE, what a target was sent, has no command but these: ProcessInfo (1, 2 and 3), environment, StopTracing,
# CollectTracing (1 to 4), GenerateCoreDump (1 to 3).
ALLOWED=' 04 00| 04 02| 04 04| 04 08| 02 01| 02 02| 02 03| 02 04| 02 05| 01 01| 01 02| 01 03'
only_ours() {
	local list set id n
	list=$("$BUILD/tests/hostile/list-requests" "$1") && [ -n "$list" ] || return 1
	note "set, id, how often: $(tr '\n' ';' <<<"$list")"
	while read -r set id n; do
		[[ "|$ALLOWED|" == *"| $set $id|"* ]] || { echo "a foreign command: $set $id"; return 1; }
	done <<<"$list"
}

# Whether a target was asked for no session but those of the table; OUT is what it says.
only_rows() { # OUT
	grep '^providers' "$1" | tr ' ' '\n' | grep : | cut -d: -f1-3 | sort | uniq -c | sort -rn | sed 's/^/# /'
	! grep '^providers' "$1" | tr ' ' '\n' | grep : | grep -vE \
		'^Microsoft-Windows-DotNETRuntime:(0x)?1:[45]:|^System\.Diagnostics\.Metrics:(0x)?2:4:|^[A-Za-z0-9._-]+:(0x)?0:1:'
}
none_of_ours() { ! ls -l /proc/[0-9]*/exe 2>/dev/null | grep triggerdumpfs; }

start_fake "runtime 10.0.0
interval 1000" || finish
A=$TARGET A_LOG=$TARGET_LOG A_OUT=$TARGET_OUT
TARGET_AS=user start_fake "runtime 8.0.0
interval 1000" || finish
B=$TARGET B_LOG=$TARGET_LOG B_OUT=$TARGET_OUT
TARGET_AS=user start_fake "knows info
knows environment
knows collect 1 2
knows dump 1
counters 19
interval 1000" || finish
C=$TARGET C_LOG=$TARGET_LOG C_OUT=$TARGET_OUT
start "$T/bystander.out" "${AS_USER[@]}" sleep 1000
BYSTANDER=$STARTED
mkdir -m 755 "$STORE"
plant_canaries
canaries >"$T.before" 2>&1

start_hostile HOSTILE_TARGETS=3 HOSTILE_RANDOM="$COUNT" HOSTILE_SEED="$SEED"
through() { grep -q '^through' "$T/hostile.out"; }
ok "seed $SEED, $COUNT records: the connection lives" wait_for $((LIMIT - 60)) through
grep -v '^not ok' "$T/hostile.out" | sed 's/^/# /'
is "what is wrong is answered so, and nothing is handed out but streams, dumps, sidecars and memfds" \
	"$(grep '^not ok' "$T/hostile.out")" ""
like "and each of these was" "$(grep descriptors: "$T/hostile.out" | sort | tr '\n' ' ')" \
	"dump [0-9]+ .*memfd [0-9]+ .*sidecar [0-9]+ .*stream [0-9]+"
is "never more dumps at once than allowed" "$(sed -n 's/^dumps at once: //p' "$T/hostile.out")" "$PARALLEL"
ok "the broker is alive" alive "$DAEMON_PID"
canaries >"$T.after" 2>&1
is "the canaries are as they were" "$(diff "$T.before" "$T.after")" ""
rm -f "$T.before" "$T.after"
for pid in $A $B $C $BYSTANDER; do like "$pid lives, neither stopped nor traced" \
	"$(state_of "$pid") $(sed -n 's/^TracerPid:\t//p' "/proc/$pid/status")" "^[RSD] 0$"; done
for log in "$A_LOG" "$B_LOG" "$C_LOG"; do
	ok "a target was sent only commands of ours" only_ours "$log"
	grep '^#' "$T/ok.out"
done
ok "one was asked for sessions" grep -q "^providers" "$A_OUT" "$B_OUT" "$C_OUT"
for out in "$A_OUT" "$B_OUT" "$C_OUT"; do
	ok "it was asked for no sessions but those of the table" only_rows "$out"
	grep '^#' "$T/ok.out"
done
is "dumps: their target's, as root's" "$(find "$STORE/sealed" -type f ! -perm 0400 ! -name '*.meta' | head)" ""
within "dumps: bytes in the store" "$(du -s --block-size=1 "$STORE" | cut -f1)" 0 200000000
is "nothing is left of what failed" "$(ls -A "$STORE/work")" ""
ok "the daemon ends" stop_daemon
ok "and its mount is gone" not_mounted

ok "$BREAKS records of a wrong shape, each on a new connection, which ends" \
	"$BUILD/tests/hostile/break-links" "$BREAKS" "$SEED"
sed 's/^/# /' "$T/ok.out"

# The same against the whole daemon: it ends with its front, as after its death.
for n in 0 1 2 3 4 5 6; do
	start_hostile HOSTILE_BREAK=$n
	eventually "record $n that breaks the connection: the daemon ends" 20 dead "$DAEMON_PID"
	wait "$DAEMON_PID"
	is "record $n: with an error" "$?" 1
	ok "record $n: without a mount" not_mounted
	ok "record $n: and without a process" none_of_ours
	unlike "record $n: it was one" "$(cat "$T/hostile.out")" "no such record"
done
finish
