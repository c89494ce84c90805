#!/bin/bash
# A process that becomes another one between two steps of what is done with it: while its environment is read, while
# its socket is opened, while it is dumped. What comes of it is the first one's, or an error.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
TURN=$BUILD/tests/mount/turn-into
install -m 4755 "$TURN" "$T/setuid"
if findmnt -no OPTIONS -T "$T" | grep -qw nosuid; then skip_all "set-uid programs do nothing here"; fi
user_target() { TARGET_AS=user start_fake "$1" || finish; }
start_daemon attach_delay=0

# --- an environment that is read from /proc: the runtime says that it does not know the command, when the process is
# a set-uid program already ------------------------------------------------------------------------------------------
reads=0 seen=
for round in 1 2 3 4 5 6; do
	user_target "heap 50
interval 200
answer environment unknown
delay environment 250
exec-keep $T/setuid"
	first_sample "$TARGET"
	start "$T/environ.$round" inmount 10 "${AS_USER[@]}" cat "$MNT/$TARGET/environ"
	reader=$STARTED
	wait_for 5 grep -q "^request environment" "$TARGET_OUT" && reads=$((reads + 1))
	kill -USR2 "$TARGET"
	wait "$reader"
	seen="$seen$(tr '\0' '\n' <"$T/environ.$round" | grep CANARY)"
	end "$TARGET"
done
is "[P6] environments asked for as a set-uid program takes the process's place" "$reads" 6
is "[P6] none of that program's is shown" "$seen" ""

ok "the daemon ends" stop_daemon
finish
