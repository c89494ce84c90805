#!/bin/bash
# What a user does whose process is dumped and whose directories are walked by root's daemon: links, files that are
# swapped for links while a dump begins or ends, a name with a line break. Each has a canary, which nobody may read, change
# or own afterwards. What stands at a dump's path from the start is in dump.sh and dump-faults.sh; dead file systems in
# standing.sh and dump-space.sh; sockets that are not what they seem in identity.sh and planted.sh.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
ATTACK=$BUILD/tests/mount/attack
AS_MAN=(setpriv --reuid man --regid man --clear-groups --inh-caps=-all)
FAST="heap 50
interval 200"
key_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
idle() { get_is "$P/dump" idle; }
n_failed() { get "$P/events" | grep -c dump-failed; }
more_failed() { [ "$(n_failed)" -gt "$1" ]; }
last_failure() { get "$P/events" | grep dump-failed | tail -n 1; }
asked_path() { sed -n 's/^dump [0-9]* //p' "$TARGET_OUT" | tail -n 1; }
asked_more() { [ "$(grep -c '^dump [0-9]' "$TARGET_OUT")" -gt "$1" ] && [ -e "$(asked_path)" ]; }
begin_dump() { # until its file is there; that is $FILE
	local before
	before=$(grep -c '^dump [0-9]' "$TARGET_OUT")
	put "$P/dump" now
	wait_for 10 asked_more "$before"
	FILE=$(asked_path)
}
ready() { wait_for 5 grep -q READY "$1" || fail "an attacker is ready" "$(cat "$1")"; }
# What lies in the store and in the mount of what nobody was to read
leaked() {
	grep -rlaF "CANARY of root" "$STORE"
	inmount 20 bash -c 'cat "$1"/*/dumps/* | grep -caF "CANARY of root"' cat "$MNT" | grep -v '^0$'
}
state_of_canaries() { stat -c '%n %a %U:%G %h %s %Y' "$T/secret" "$T/home/precious" "$T/beside" "$T"/beside/*; cat "$T/secret"; }

echo "CANARY of root" >"$T/secret"
chmod 600 "$T/secret"
echo precious >"$T/home/precious"
chown games "$T/home/precious"
chmod 604 "$T/home/precious"
mkdir "$T/beside"
echo "CANARY of root" >"$T/beside/core"
canaries=$(state_of_canaries)

TARGET_AS=user start_fake "$FAST" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$P"
echo "CANARY of root" >"$STORE/control"
is "a canary in the store would be found" "$(leaked)" "$STORE/control"
rm "$STORE/control"
refused() { # NAME REGEX LINES
	local failed
	failed=$(n_failed)
	change_fake "$FAST
$3"
	put "$P/dump" now
	eventually "$1: dump-failed" 20 more_failed "$failed"
	like "$1: why" "$(last_failure)" "$2"
	is "$1: nothing was read" "$(leaked)" ""
	is "$1: nor changed" "$(state_of_canaries)" "$canaries"
	eventually "$1: nothing is left" 10 empty_work
	wait_for 5 idle
}
refused "[T-C1] a user's link to a file of root's" "is a symbolic link" "core symlink $T/secret"
refused "[T-C1] a link to the password file" "is a symbolic link" "core symlink /etc/shadow"
refused "[T-C3] a user's FIFO" "is no regular file" "core fifo"
refused "[D3] a user's full directories" "not all of its segments" "core crowded"
change_fake "$FAST
core sticky
core-mb 5"
put "$P/dump" now
one_core() { [ "$(cores "$P" | wc -l)" = 1 ]; }
eventually "[D3] a directory with the sticky bit: the dump is listed" 20 one_core
wait_for 5 idle
is "[D3] nothing of them is left" "$(find "$STORE/work" -mindepth 1)" ""

# A second name on the same file system: what is sealed would be the file of the other name.
change_fake "$FAST
createdump 600
core-mb 5"
failed=$(n_failed)
begin_dump
as_user ln "$FILE" "$(dirname "$FILE")/second"
eventually "[T-C2] a second name given while it is written: dump-failed" 15 more_failed "$failed"
like "[T-C2] why" "$(last_failure)" "further names \(hard links\)"
eventually "[T-C2] both names are gone" 10 empty_work
wait_for 5 idle

# The file away, and something else there
failed=$(n_failed)
begin_dump
as_user mv "$FILE" "$T/home/taken"
eventually "[T-C6] the file taken away while it is written: dump-failed" 15 more_failed "$failed"
like "[T-C6] why" "$(last_failure)" "there is no file"
eventually "[T-C6] nothing is left" 10 empty_work
wait_for 5 idle
rm -f "$T/home/taken"

# The file and a link to a secret exchanged as quickly as one can, until it is collected
swaps=0
for i in 1 2 3 4; do
	begin_dump
	as_user ln -s "$T/secret" "$(dirname "$FILE")/link"
	start "$T/swap" "${AS_USER[@]}" "$ATTACK" swap "$FILE" "$(dirname "$FILE")/link"
	ready "$T/swap"
	wait_for 20 idle
	wait_for 5 dead "$STARTED" || kill -TERM "$STARTED"
	wait "$STARTED"
	swaps=$((swaps + $(sed -n 's/ times:.*//p' "$T/swap")))
done
note "$swaps exchanges of a dump and a link; $(n_failed) dumps failed in all, $(cores "$P" | wc -l) are listed"
is "[T-C1] exchanged for a link while it is written and collected: nothing was read" "$(leaked)" ""
is "[T-C1] nor changed" "$(state_of_canaries)" "$canaries"
bad_cores() { local core; for core in $(cores "$P"); do [ "$(markers "$MNT/$P/dumps/$core" SPIKE)" = 500 ] || echo "$core"; done; }
is "[T-C1] what is listed is whole" "$(bad_cores)" ""
eventually "[T-C1] nothing is left" 10 empty_work
end "$P"

# --- the store that the process sees becomes another directory while a dump begins --------------------------------------
mkdir -p "$T/otherstore"
ln -s "$T/beside" "$T/otherstore/work"
printf '%s\n' "$FAST" >"$T/swapped.scenario"
start "$T/swapped.out" unshare -m --propagation private env TMPDIR="$TMPDIR" "$FAKE" "$T/swapped.scenario"
P=$STARTED
first_sample "$P"
start "$T/mounts" nsenter -t "$P" -m bash -c 'trap "exit 0" TERM
	echo READY
	while :; do mount --bind "$1" "$2"; umount "$2"; done' mounts "$T/otherstore" "$STORE"
M=$STARTED
ready "$T/mounts"
told=0
for i in $(seq 12); do
	said=$(put "$P/dump" now)
	case $said in "" | "Operation not supported" | "Permission denied") told=$((told + 1)) ;; *) note "dump: $said" ;; esac
	wait_for 20 idle
done
end "$M" TERM
is "[T-B1] another directory in the store's place: each dump is refused, or begins" "$told" 12
note "$(cores "$P" | wc -l) dumps listed, $(n_failed) failed, of 12"
is "[T-B1] nothing beside the store was read" "$(leaked)" ""
is "[T-B1] nor changed, nor made" "$(state_of_canaries)" "$canaries"
eventually "[T-B1] nothing is left in the store" 10 empty_work
ok "[T-B1] the process goes on" first_sample "$P"
end "$P"
ok "the daemon ends" stop_daemon

# --- the directory of its sockets exchanged for a link to one where another one listens, as the daemon looks -------------
as_user mkdir "$T/home/tmp"
TARGET_AS=user TARGET_TMPDIR=$T/home/tmp start_fake "$FAST" || finish
P=$TARGET
name=dotnet-diagnostic-$P-$(key_of "$P")-socket
mkdir -m 755 "$T/evil"
chown man "$T/evil"
: >"$T/evil.log"
chmod 666 "$T/evil.log"
start "$T/evil.out" "${AS_MAN[@]}" "$ATTACK" listen "$T/evil" "$name" "$T/evil.log"
ready "$T/evil.out"
as_user ln -s "$T/evil" "$T/home/tmp2"
start "$T/swap" "${AS_USER[@]}" "$ATTACK" swap "$T/home/tmp" "$T/home/tmp2"
S=$STARTED
ready "$T/swap"
found=0
for i in 1 2 3 4; do
	start_daemon attach_delay=0
	wait_for 2 get_is "$P/heap_mb" 50 && found=$((found + 1))
	inmount 10 cat "$MNT/$P/environ" >/dev/null 2>&1
	stop_daemon || fail "the daemon ends"
done
kill -TERM "$S"
wait "$S"
note "$(grep times "$T/swap"); found in $found of 4 starts"
is "[T-A4][T-B1] who listens where the link leads gets no byte" "$(stat -c %s "$T/evil.log")" 0

# --- lines of /proc/net/unix that somebody made up -------------------------------------------------------------------------
# In our own network namespace the kernel is asked otherwise; that text is what there is of the others.
start /dev/null sleep 300
victim=$STARTED
start_fake "$FAST" || finish
R=$TARGET
start /dev/null unshare -n sleep 300
away=$STARTED
start "$T/away.out" unshare -n env TMPDIR="$TMPDIR" "$FAKE" "$T/swapped.scenario"
live_away=$STARTED
wait_for 5 grep -q READY "$T/away.out" || fail "a process in another network namespace"
forge() { # PID - a socket beside it whose path has a line break, and then a line of that process's
	local line dir
	line=$(printf 'x\n0000000000000000: 00000002 00000000 00010000 0001 01 4711 /e/dotnet-diagnostic-%d-%s-socket' "$1" "$(key_of "$1")")
	dir=$(dirname "$line"; echo x)
	as_user mkdir -p "$T/home/${dir%?x}"
	start "$T/forged.$1" nsenter -t "$1" -n "${AS_USER[@]}" "$ATTACK" listen "$T/home" "$line" "$T/home/forged.log"
	ready "$T/forged.$1"
	grep -q "^0*: 00000002 00000000 00010000 0001 01 *4711 /e/dotnet-diagnostic-$1-" "/proc/$1/net/unix" ||
		fail "[T-A1] a made-up line is there"
}
for pid in "$victim" "$R" "$away" "$live_away"; do forge "$pid"; done
start_daemon attach_delay=0
first_sample "$R"
eventually "[T-A1] a made-up line of another network namespace is looked at" 15 get_like events \
	"(warning|refused) socket=.*/e/dotnet-diagnostic-$away-"
unlike "[T-A1] of our own none is seen" "$(get events)" "/e/dotnet-diagnostic-($victim|$R)-"
ok "[T-A1] they make no directory" eval "hasnt $victim && hasnt $away"
eventually "[T-A1] whose name they have is found beside them" 15 get_is "$live_away/heap_mb" 50
is "[T-A1] nor disturb it" "$(key "$R/status" state) $(key "$live_away/status" state) $(get "$R/heap_mb")" "live live 50"
ok "[T-A1] who listens there gets no byte" test ! -s "$T/home/forged.log"
is "[T-A1] events has whole lines" "$(get events | grep -vcE '^[0-9]{4}-[0-9-]+T[0-9:.]+Z (-|[0-9]+) [a-z-]+( |$)')" 0
ok "the daemon ends" stop_daemon
finish
