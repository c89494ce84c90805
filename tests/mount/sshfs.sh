#!/bin/bash
# The mount of another host, looked at by sshfs, here through a sshd on loopback: values, lists, a refused write, a
# dump, and what each of the three options that are recommended is for. The programs are Debian's, unpacked beside
# the real runtimes (tests/check) and never installed; the account that sshd runs as, its directory in /run and the
# shells of those who log in are of this mount namespace alone.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

PROGRAMS=${SSH:-$RUNTIMES/ssh}
[ -f "$PROGRAMS/.whole" ] || skip_all "Debian's openssh-server, openssh-client and sshfs cannot be had"
libraries=$(echo "$PROGRAMS"/{usr/,}lib/*-linux-gnu | tr ' ' :)
UNPACKED=(env LD_LIBRARY_PATH="$libraries")

# Who logs in: root and games, whatever locks and shells this machine gives them. sshd's own is that of nobody: the
# daemon takes an id for its front that no account has.
accounts() {
	echo "root:x:0:0::$T/home:/bin/sh"
	echo "games:x:$(id -u games):$(id -g games)::$T/home:/bin/sh"
	grep -vE '^(root|games|sshd):' /etc/passwd
	echo "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin"
}
accounts >"$T/passwd"
printf '%s:*:19000::::::\n' root games sshd >"$T/shadow"
chmod 600 "$T/shadow"
private() {
	mount --bind "$T/passwd" /etc/passwd && mount --bind "$T/shadow" /etc/shadow &&
		mount -t tmpfs -o mode=755 tdfs-test /run && mkdir -m 755 /run/sshd
}
private || { fail "accounts and /run of its own"; finish; }

for key in host user; do
	"${UNPACKED[@]}" "$PROGRAMS/usr/bin/ssh-keygen" -q -t ed25519 -N "" -f "$T/key.$key"
done
cat >"$T/sshd_config" <<C
ListenAddress 127.0.0.1
HostKey $T/key.host
AuthorizedKeysFile $T/key.user.pub
StrictModes no
UsePAM no
PermitUserRC no
PasswordAuthentication no
PidFile none
Subsystem sftp $PROGRAMS/usr/lib/openssh/sftp-server
C
cat >"$T/ssh_config" <<C
IdentityFile $T/key.user
UserKnownHostsFile $T/known_hosts
BatchMode yes
C
echo "127.0.0.1 $(cat "$T/key.host.pub")" >"$T/known_hosts"
start "$T/sshd" "${UNPACKED[@]}" "$PROGRAMS/usr/sbin/sshd" -D -e -f "$T/sshd_config"
wait_for 10 grep -q '^Server listening' "$T/sshd" || { fail "sshd starts" "$(cat "$T/sshd")"; finish; }

start_fake "heap 70.5" || finish
P=$TARGET
SCENARIO=$TARGET_SCENARIO
TARGET_AS=user start_fake "heap 55" || finish
USERS=$TARGET
start_fake "stream silent" || finish
SILENT=$TARGET
start_daemon
for pid in "$P" "$USERS"; do ok "a sample" first_sample "$pid"; done

# start_sshfs NAME USER [OPTIONS] - the daemon's mount at $T/NAME
start_sshfs() {
	mkdir "$T/$1"
	start "$T/$1.out" "${UNPACKED[@]}" "$PROGRAMS/usr/bin/sshfs" -f \
		-o "ssh_command=$PROGRAMS/usr/bin/ssh -F $T/ssh_config${3:+,$3}" "$2@127.0.0.1:$MNT" "$T/$1"
	wait_for 15 sshfs_ready "$T/$1" && return 0
	fail "sshfs starts: $1" "$(cat "$T/$1.out" "$T/sshd")"
	finish
}
sshfs_ready() { grep -q " $1 .* - fuse.sshfs " /proc/self/mountinfo && inmount 5 test -e "$1/README"; }
# at NAME COMMAND... - a function of the harness, with that mount as the mount
at() {
	local MNT=$T/$1
	shift
	"$@"
}
list() { inmount 10 ls -A "$MNT/$1" 2>&1; }
start_sshfs far root direct_io,sshfs_sync,dir_cache=no
start_sshfs direct root direct_io
start_sshfs plain root
start_sshfs own games direct_io,sshfs_sync,dir_cache=no

for dir in "" "$P" "$P/counters"; do is "a list: /$dir" "$(at far list "$dir")" "$(list "$dir")"; done
is "a counter" "$(at far get "$P/counters/gc-heap-size")" 70.5
is "and heap_mb" "$(at far get "$P/heap_mb")" 70.5
is "whose size is none" "$(inmount 10 stat -c %s "$T/far/$P/heap_mb")" 0
like "a value without a sample" "$(get "$SILENT/heap_mb")" "No data available"
is "is empty, as sshfs loses the errors of reads" "$(at far get "$SILENT/heap_mb")" ""
is "without direct_io every value is empty" "$(at plain get "$P/heap_mb")$(at plain get "$P/status")" ""
like "there are no attributes" "$(inmount 5 getfattr -d "$T/far/$P/heap_mb" 2>&1)" "not supported"
unlike "and poll does not wait" "$(inmount 9 "$POLL_WAIT" 4 "$T/far/$P/threshold_mb")" "timeout|HUNG"
like "as it does in the mount itself" "$(inmount 9 "$POLL_WAIT" 1 "$MNT/$P/threshold_mb")" "timeout"

# What is written, and refused.
is "a refused write" "$(at far put "$P/threshold_mb" abc)" "Input/output error"
is "armed nothing" "$(at far get "$P/threshold_mb")" off
like "last_error has the sentence" "$(at far key "$P/status" last_error)" "^threshold_mb: neither a size .* nor off$"
is "a value cannot be opened for writing" "$(at far put "$P/heap_mb" 1)" "Permission denied"
is "without sshfs_sync a refused write seems to be a good one" "$(at direct put "$P/threshold_mb" -5)" ""
is "armed nothing, either" "$(get "$P/threshold_mb")" off
like "and is refused" "$(key "$P/status" last_error)" "out of range"
closed() { echo abc | inmount 10 tee "$T/direct/$P/threshold_mb" 2>&1 >/dev/null; }
like "only close has the error, for those who look" "$(closed)" "Input/output error"
is "a good write" "$(at far put "$P/threshold_mb" 600MB)" ""
is "arms" "$(get "$P/threshold_mb") $(key "$P/status" trigger)" "600 armed"

# What changes there, changes here.
start "$T/tail" tail -n 0 -f "$T/far/events"
echo "heap 900" >"$SCENARIO"
kill -HUP "$P"
eventually "another value" 10 at far get_is "$P/heap_mb" 900
eventually "a dump is taken, and listed" 20 at far has_core "$P"
eventually "tail -f follows" 5 grep -q " $P dump-done " "$T/tail"
core=$(cores "$P")
ok "it is read whole" inmount 20 cmp "$T/far/$P/dumps/$core" "$MNT/$P/dumps/$core"
is "and removed" "$(inmount 10 rm "$T/far/$P/dumps/$core" "$T/far/$P/dumps/$core.json" 2>&1; list "$P/dumps")" ""
before=$(at direct list "")
start_fake "heap 20" || finish
eventually "a process that starts" 10 has "$TARGET"
like "is listed at once" "$(at far list "")" "$(printf '(^|\n)%s(\n|$)' "$TARGET")"
is "and without dir_cache=no later" "$(at direct list "")" "$before"

# Who logs in is who asks.
is "a user sees his own process" "$(at own get "$USERS/heap_mb")" 55
is "and arms it" "$(at own put "$USERS/threshold_mb" 500)$(get "$USERS/threshold_mb")" 500
like "of others nothing" "$(at own get "$P/heap_mb")" "Permission denied"
is "nor does he arm them" "$(at own put "$P/threshold_mb" 5)" "Permission denied"

ok "the daemon ends" stop_daemon
like "then there is nothing, and no hang" "$(at far get "$P/heap_mb")" "No such file"
finish
