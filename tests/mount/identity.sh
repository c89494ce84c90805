#!/bin/bash
# Who a process is, and whose its files are: a pid that is used again, exec of another program, of a set-uid one, with
# somebody who answers in its place; processes that keep from their own user what they hold; sockets that are not
# what they seem. Each with something of the other side's that must stay untouched.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
TURN=$BUILD/tests/mount/turn-into
AS_MAN=(setpriv --reuid man --regid man --clear-groups --inh-caps=-all env TMPDIR="$TMPDIR")
LIVELY="heap 50
interval 200"
inode() { inmount 5 stat -c %i "$MNT/$1" 2>/dev/null; }
owner() { inmount 5 stat -c %U "$MNT/$1" 2>/dev/null; }
owner_is() { [ "$(owner "$1")" = "$2" ]; }
no_bytes() { [ ! -s "$1" ]; }
key_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
user_target() { TARGET_AS=user start_fake "$1" || finish; }
cat_as_user() { inmount 5 "${AS_USER[@]}" cat "$MNT/$1" 2>&1 | sed 's/.*: //'; }
arm() { is "$1: armed" "$(put "$2/threshold_mb" 60)" ""; }
install -m 755 "$TURN" "$T/plain"
install -m 4755 "$TURN" "$T/setuid"
install -m 4755 "$TURN" "$T/setuid-all"
if mount | grep -q " on $(stat -c %m "$T") .*nosuid"; then skip_all "set-uid programs do nothing here"; fi

# --- before the mount: sockets that are not what they seem -----------------------------------------------------------
start_fake "$LIVELY" || finish
R=$TARGET R_LOG=$TARGET_LOG R_SOCKET=$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")
TARGET_TMPDIR=$T/home user_target "$LIVELY
listen $R $(key_of "$R")"
PLANTER_LOG=$TARGET_LOG
user_target "$LIVELY"
LINKED=$TARGET LINKED_SOCKET=$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")
user_target "$LIVELY"
HARD=$TARGET HARD_SOCKET=$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")
# A service of root's that is no runtime: whatever it is sent is written down.
start "$T/service.out" "$FAKE" --log "$T/service.log" <(echo "listen 999999 1") 
wait_for 10 grep -q READY "$T/service.out"
SERVICE=$(sed -n 's/^READY [0-9]* //p' "$T/service.out")
: >"$T/service.log"
ln -sf "$SERVICE" "$LINKED_SOCKET"
rm "$HARD_SOCKET"
ln "$SERVICE" "$HARD_SOCKET"
user_target "$LIVELY"
OPEN=$TARGET
chmod 666 "$(sed -n 's/^READY [0-9]* //p' "$TARGET_OUT")"
start "$T/wrong.out" "$TURN" --pid 7777 "$FAKE" --log "$T/wrong.log" <(echo "listen 7777 12345")
wait_for 10 grep -q READY "$T/wrong.out"
: >"$T/wrong.log"

start_daemon attach_delay=0
first_sample "$R"
eventually "[T-A1][I6] a planted socket is told of" 10 get_like events "$R refused socket=.* text=\"somebody else listens"
ok "[T-A1][I6] and gets no byte" no_bytes "$PLANTER_LOG"
ok "[T-A1] whose name it has is found" test -s "$R_LOG"
is "[T-A1] and is root's" "$(owner "$R")" root
eventually "[T-A5] a symlink in the socket's place: told of" 10 get_like events "$LINKED (warning|refused) socket="
eventually "[T-A5] a hard link to another's socket: told of" 10 get_like events "$HARD (warning|refused) socket="
ok "[T-A5] whom they point to gets no byte" no_bytes "$T/service.log"
ok "[T-A5] nor is there a directory" eval "hasnt $LINKED && hasnt $HARD"
eventually "a start time that is not the one of the name" 10 get_like events "7777 refused socket="
ok "and it gets no byte" no_bytes "$T/wrong.log"
first_sample "$OPEN"
is "[T-A6] others may write to its socket: status says so" "$(key "$OPEN/status" socket)" insecure
ok "[T-A6] counters come" get_like "$OPEN/counters/gc-heap-size" "^50"
is "[T-A6] no dump of it" "$(put "$OPEN/dump" now)" "Operation not permitted"
like "[T-A6] and why" "$(key "$OPEN/status" last_error)" "others may write to its socket"
is "[T-A6] nor is it armed" "$(put "$OPEN/threshold_mb" 60)" "Operation not permitted"

# --- whose the files are ---------------------------------------------------------------------------------------------
user_target "$LIVELY
undumpable 1"
P=$TARGET P_SCENARIO=$TARGET_SCENARIO
first_sample "$P"
is "a user's process is that user's" "$(owner "$P") $(key "$P/status" owner)" "games games"
is "who reads it" "$(cat_as_user "$P/heap_mb")" 50
start "$T/held.out" "${AS_USER[@]}" bash -c 'exec 7<"$1" && echo open; while [ ! -e "$2" ]; do sleep 0.1; done
	cat <&7; echo "status $?"' held "$MNT/$P/heap_mb" "$T/home/go"
wait_for 5 grep -q open "$T/held.out"
kill -USR2 "$P"
eventually "[T-E4] it made itself undumpable: root's" 10 owner_is "$P" root
like "[T-E4] and why" "$(key "$P/status" owner)" "^root: it cannot be dumped"
is "[T-E3][F10] its user is denied at once" "$(cat_as_user "$P/heap_mb")" "Permission denied"
touch "$T/home/go"
eventually "[T-E3] with a descriptor of before, too" 5 grep -q "status 1" "$T/held.out"
unlike "[T-E3] and is told nothing" "$(cat "$T/held.out")" "50"
printf '%s\nundumpable 2\n' "$LIVELY" >"$P_SCENARIO"
kill -HUP "$P"
sleep 0.2
kill -USR2 "$P"
eventually "[T-E4] dumpable again: its user's" 10 owner_is "$P" games
end "$P"
start "$T/ambient.out" setpriv --reuid games --regid games --clear-groups --inh-caps +net_bind_service \
	--ambient-caps +net_bind_service env TMPDIR="$TMPDIR" "$FAKE" "$P_SCENARIO"
P=$STARTED
first_sample "$P"
is "[T-E4] with a capability: root's" "$(owner "$P")" root
like "[T-E4] and why" "$(key "$P/status" owner)" "^root: .*capabilities"
end "$P"
install -m 2755 -g man "$FAKE" "$T/setgid-fake"
start "$T/setgid.out" "${AS_USER[@]}" env TMPDIR="$TMPDIR" "$T/setgid-fake" "$P_SCENARIO"
P=$STARTED
first_sample "$P"
is "[T-E4] a set-gid program: root's" "$(owner "$P")" root
end "$P" TERM
install -m 4755 "$FAKE" "$T/setuid-fake"
start "$T/setuid.out" "${AS_USER[@]}" env TMPDIR="$TMPDIR" "$T/setuid-fake" "$P_SCENARIO"
P=$STARTED
wait_for 10 grep -q READY "$T/setuid.out"
user_target "$LIVELY"
first_sample "$TARGET"
ok "[T-E4] a set-uid program is not shown at all" hasnt "$P"
end "$P" TERM
end "$TARGET"

# --- exec ------------------------------------------------------------------------------------------------------------
user_target "$LIVELY
knows environment
exec $T/plain"
P=$TARGET
first_sample "$P"
arm "exec" "$P"
kill -USR2 "$P"
wait_for 5 grep -q "^become ok" "$TARGET_OUT"
unlike "[P5] exec of another program: its environment is not read" "$(get "$P/environ")" CANARY
eventually "[P5] exec of another program: the directory goes" 15 hasnt "$P"
ok "[P5] it lives" alive "$P"
end "$P"

user_target "$LIVELY
exec-keep $T/plain"
P=$TARGET
first_sample "$P"
before=$(inode "$P")
arm "[T-A7] exec, and a child answers" "$P"
kill -USR2 "$P"
another() { [ "$(inode "$P")" != "$before" ]; }
eventually "[T-A7] exec, and a child answers: it is another instance" 15 another
unlike "[T-A7] without its trigger" "$(get "$P/threshold_mb")" "^60"
end "$P"

for program in setuid setuid-all; do
	user_target "$LIVELY
exec-keep $T/$program"
	P=$TARGET
	first_sample "$P"
	arm "[P6] $program" "$P"
	kill -USR2 "$P"
	wait_for 5 grep -q "^become ok" "$TARGET_OUT"
	eventually "[P6] $program behind the socket: the directory goes" 15 hasnt "$P"
	is "[P6] $program: it is root's now" "$(stat -c %U "/proc/$P")" root
	printf '%s\nheap 70\n' "$LIVELY" >"$TARGET_SCENARIO"
	for child in $(descendants "$P"); do kill -HUP "$child"; done
	ok "[P6] $program: and stays away, whatever is said in its name" eval "sleep 3; hasnt $P"
	ok "[P6] $program: no dump was taken" no_dump_of "$P"
	end "$P"
done

# --- a pid that is used again ----------------------------------------------------------------------------------------
user_target "$LIVELY"
P=$TARGET
first_sample "$P"
before=$(inode "$P")
arm "[P4]" "$P"
start "$T/old.out" bash -c 'exec 7<"$1" && echo open; while [ ! -e "$2" ]; do sleep 0.1; done
	cat <&7; echo "status $?"' old "$MNT/$P/heap_mb" "$T/go"
wait_for 5 grep -q open "$T/old.out"
printf 'heap 77\ninterval 200\n' >"$T/second.scenario"
kill -KILL "$P"
wait "$P" 2>/dev/null
start "$T/second.out" "$TURN" --pid "$P" "${AS_MAN[@]}" "$FAKE" "$T/second.scenario"
wait_for 10 grep -q "^READY $P " "$T/second.out"
eventually "[P4] a pid used again at once by another user: shown as that" 15 owner_is "$P" man
first_sample "$P"
is "[P4] with its own value" "$(get "$P/heap_mb")" 77
is "[P4] other inodes" "$([ "$(inode "$P")" != "$before" ] && echo other)" other
is "[P4] without the trigger" "$(get "$P/threshold_mb")" off
is "[P4] and its user alone reads it" "$(cat_as_user "$P/heap_mb")" "Permission denied"
touch "$T/go"
eventually "[P4] a descriptor of before ends in an error" 5 grep -q "status 1" "$T/old.out"
unlike "[P4] and never shows the new one's" "$(cat "$T/old.out")" 77
is "all the time the first one was live" "$(key "$R/status" state)" live
ok "the daemon ends" stop_daemon
finish
