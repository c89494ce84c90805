#!/bin/bash
# What both halves may still do, by what the kernel says of them and by what happens when they try; and that the
# broker keeps no capability without which nothing fails.
LIMIT=480
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 || skip_all "no user games"
# Without a command for its environment, which is read from /proc then.
FAKE_LINES="knows environment
interval 200"
two_targets() { # root's and a user's: $R and $P
	start_fake "heap 100
$FAKE_LINES" || return
	R=$TARGET
	TARGET_AS=user start_fake "heap 200
$FAKE_LINES" || return
	P=$TARGET
}
two_targets || finish

proc() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' ' | sed 's/ *$//'; }
filtered() { is "$1: system calls are filtered" "$(proc "$2" Seccomp) $(proc "$2" NoNewPrivs)" "2 1"; }
no_core_dumps() { is "$1: no core dumps" "$(grep -c '^Max core file size *0 *0' "/proc/$2/limits")" 1; }
status_of() { key status "$1"; }

# as root
start_daemon attach_delay=0
first_sample "$R"
first_sample "$P"
broker=$DAEMON_PID
front=$(front_of "$broker")
for set in Inh Prm Eff Bnd Amb; do is "front: Cap$set" "$(proc "$front" "Cap$set")" 0000000000000000; done
filtered front "$front"
is "front: no groups" "$(proc "$front" Groups)" ""
uid=$(proc "$front" Uid | cut -d' ' -f1)
within "front: a uid of its own" "$uid" 1 65533
is "front: of all kinds" "$(proc "$front" Uid)" "$uid $uid $uid $uid"
is "front: not dumpable" "$(stat -c %u "/proc/$front/mem")" 0
no_core_dumps front "$front"
is "front: what status says" "$(status_of front)" "uid=$uid caps=none no_new_privs=yes seccomp=yes"
filtered broker "$broker"
user_of() { get processes | awk -v pid="$1" '$1 == pid { print $2 }'; }
eventually "broker: a helper asks the name services" 10 eval '[ "$(user_of "$P")" = games ]'
kept=$(status_of broker | sed -n 's/.*caps=\([a-z_,]*\) .*/\1/p' | tr , ' ')
like "broker: what status says" "$(status_of broker)" "^uid=0 caps=[a-z_,]+ no_new_privs=yes seccomp=yes$"
within "broker: capabilities" "$(wc -w <<<"$kept")" 1 8
number_of() { sed -n "s/^#define CAP_${1^^}[[:space:]]*\([0-9]*\)$/\1/p" /usr/include/linux/capability.h; }
bits=0
for name in $kept; do bits=$((bits | 1 << $(number_of "$name"))); done
bits=$(printf %016x "$bits")
for set in Prm Eff Bnd; do is "broker: Cap$set" "$(proc "$broker" "Cap$set")" "$bits"; done
for set in Inh Amb; do is "broker: Cap$set" "$(proc "$broker" "Cap$set")" 0000000000000000; done
no_core_dumps broker "$broker"
ok "the daemon ends" stop_daemon

# A front under the control of somebody else: what it tries is the end of it.
BREACH=(env "LD_PRELOAD=$BUILD/tests/mount/breach.so")
start "$T/daemon.out" "${BREACH[@]}" BREACH_CALL=1 "$DAEMON" -f -o "dump_dir=$STORE,attach_delay=0" "$MNT"
DAEMON_PID=$STARTED
wait_for 10 is_mounted
wait_for 10 has "$R"
halves=$(all_of_daemon)
like "a forbidden call: an error" "$(get status)" "not connected|[Cc]onnection (aborted|refused)|Software caused"
wait "$DAEMON_PID"
is "a forbidden call: the daemon failed" $? 1
ok "a forbidden call: no mount is left" not_mounted
ok "a forbidden call: nor a process" wait_for 10 none_alive $halves
start "$T/daemon.out" "${BREACH[@]}" BREACH_CALL=1 "$DAEMON" -f \
	-o "dump_dir=$STORE,attach_delay=0,no_seccomp" "$MNT"
DAEMON_PID=$STARTED
wait_for 10 is_mounted
is "no_seccomp: the same call goes through" "$(status_of front)" "uid=$uid caps=none no_new_privs=yes seccomp=no"
like "no_seccomp: the broker, too" "$(status_of broker)" "caps=${kept// /,} no_new_privs=no seccomp=no"
ok "no_seccomp: the daemon ends" stop_daemon

# on another kernel
WITHOUT=$BUILD/tests/mount/without
run() { timeout -s KILL 30 "$@" -o "dump_dir=$STORE,attach_delay=0" "$MNT" 2>&1; }
said=$(run "$WITHOUT" seccomp "$DAEMON")
is "without seccomp: status" $? 1
like "without seccomp: a sentence" "$said" \
	"system calls cannot be filtered here \(seccomp\).*; -o no_seccomp goes without$"
ok "without seccomp: nothing is mounted" not_mounted
ok "without seccomp, and no_seccomp" run "$WITHOUT" seccomp "$DAEMON" -o no_seccomp
like "without seccomp, and no_seccomp: status says so" "$(status_of front)" "seccomp=no$"
umount "$MNT"
said=$(run "$WITHOUT" openat2 "$DAEMON")
is "without openat2: status" $? 1
like "without openat2: a sentence" "$said" "openat2 is needed \(Linux 5.6\)"
ok "without openat2: nothing is mounted" not_mounted

# Each act in turn, of a daemon whose broker lacks one capability. The first round lacks none: all acts succeed. The
# rounds go side by side, each with a daemon, a store and targets of its own, as they mostly wait.
sealed() { find "$STORE/sealed" -name "core*_$1" "${@:2}" | grep -q .; }
user_rm() { inmount 5 "${AS_USER[@]}" bash -c "rm '$MNT/$P'/dumps/core*" && ! sealed "$P"; }
dumped() { put "$1/dump" now; wait_for 8 has_core "$1" && sealed "$1" -user root -perm 400; }
environ() { get_like "$1/environ" "TMPDIR=$TMPDIR"; }
stuck() { # a front that is stuck, at the end
	kill -STOP "$(front_of "$DAEMON_PID")"
	kill -TERM "$DAEMON_PID"
	wait_for 20 none_alive $halves
}
mounts() { wait_for 15 daemon_ready "$MNT"; }
unmounted() { not_mounted; }
acts=("a mount:mounts" "samples of root's process:first_sample \$R 8" "samples of a user's:first_sample \$P 8"
	"environ of root's:environ \$R" "environ of a user's:environ \$P" "a dump of root's:dumped \$R"
	"a dump of a user's:dumped \$P" "rm by the user:user_rm" "the end of a stuck front:stuck" "unmounting:unmounted")
# lacking CAPABILITY or "" - prints what failed; a subshell, which ends what it started
lacking() (
	local act failed=()
	T=$T/lacking-$1 started=()
	MNT=$T/mnt STORE=$T/store
	mkdir "$T" "$MNT"
	chmod 755 "$T"
	trap clean_up EXIT
	two_targets || exit
	start "$T/daemon.out" "${BREACH[@]}" ${1:+BREACH_LACKS="$(number_of "$1")"} "$DAEMON" -f \
		-o "dump_dir=$STORE,attach_delay=0" "$MNT"
	DAEMON_PID=$STARTED
	for act in "${acts[@]}"; do
		alive "$DAEMON_PID" && halves=$(all_of_daemon)
		eval "${act#*:}" >/dev/null 2>&1 || failed+=("${act%%:*}")
	done
	for act in $halves; do kill -KILL "$act" 2>/dev/null; done
	umount -l "$MNT" 2>/dev/null
	wait_for 10 none_alive $halves
	printf '%s, ' "${failed[@]}" | sed 's/, $//'
	echo
)
like "the targets live" "$(state_of "$R")$(state_of "$P")" "^[RS][RS]$"
end "$R"
end "$P"
rounds=()
for name in "" $kept; do
	lacking "$name" >"$T/lacks-$name" &
	rounds+=($!)
done
wait "${rounds[@]}"
is "with all capabilities that are kept nothing fails" "$(cat "$T/lacks-")" ""
for name in $kept; do
	row=$(cat "$T/lacks-$name")
	note "$(printf 'without %-14s these fail: %s' "$name" "$row")"
	ok "$name is needed" test -n "$row"
done

# as a plain user: no wall between the two, but the front has its own
if ! allow_users; then
	skip "a plain user" "no /dev/fuse can be made here"
	finish
fi
chown games "$MNT"
start "$T/daemon.out" "${AS_USER[@]}" "$DAEMON" -f -o attach_delay=0 "$MNT"
DAEMON_PID=$STARTED
user_status() { inmount 5 "${AS_USER[@]}" sed -n "s/^$1 //p" "$MNT/status"; }
wait_for 15 user_status version
front=$(front_of "$DAEMON_PID")
games=$(id -u games)
filtered "user: front" "$front"
is "user: front: what status says" "$(user_status front)" "uid=$games caps=none no_new_privs=yes seccomp=yes"
is "user: broker: what status says" "$(user_status broker)" "uid=$games caps=none no_new_privs=no seccomp=no"
is "user: broker: CapEff" "$(proc "$DAEMON_PID" CapEff)" 0000000000000000
for half in $(all_of_daemon); do
	is "user: half $half is not dumpable" "$(stat -c %U "/proc/$half/mem")" root
	no_core_dumps "user: half $half" "$half"
done
ok "user: the daemon ends" stop_daemon
ok "user: and has unmounted" not_mounted
finish
