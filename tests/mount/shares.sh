#!/bin/bash
# One user cannot take from the others what all share: handles, the places where dumps are taken and wait, and the store,
# which nobody but root may have made or have a hand in.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 || skip_all "no user games"
QUICK="heap 100
interval 200
createdump 200"
SLOW="heap 100
interval 200
createdump 15000"

# --- a store in somebody else's hands --------------------------------------------------------------------------------
refused() { # NAME DIR REGEX
	local said
	said=$(timeout -s KILL 20 "$DAEMON" -f -o "dump_dir=$2" "$MNT" 2>&1)
	is "$1: refused" $? 1
	like "$1: and why" "$said" "$3"
	ok "$1: nothing is mounted" not_mounted
}
mkdir -m 1777 "$T/public"
as_user mkdir -p "$T/public/store/sealed" "$T/public/store/work"
refused "[F5] a store that a user has made" "$T/public/store" "dump_dir .*: .*/public/store can be changed by other users than root"
mkdir -m 755 "$T/theirs"
chown games "$T/theirs"
refused "a store below a user's directory" "$T/theirs/a/store" "/theirs can be changed by other users than root"
mkdir -m 755 "$T/own"
as_user ln -s "$T/own" "$T/public/link"
refused "a store behind a user's link" "$T/public/link/store" "/public/link can be changed by other users than root"
ok "a store behind a user's link: nothing was made where it leads" [ -z "$(ls -A "$T/own")" ]
mkdir -m 777 "$T/open"
refused "a store where all may write" "$T/open/store" "/open can be changed by other users than root"
mkdir -p -m 711 "$STORE"
mkdir -m 700 "$STORE/sealed"
chown games "$STORE/sealed"
refused "a directory in the store that is a user's" "$STORE" "Operation not permitted"
rm -rf "$STORE"

# --- handles ---------------------------------------------------------------------------------------------------------
start_fake "$QUICK" || finish
R=$TARGET
TARGET_AS=user start_fake "$SLOW" || finish
P=$TARGET
start_daemon attach_delay=0,keep_free=0
first_sample "$R"
first_sample "$P"
start "$T/many.out" "${AS_USER[@]}" bash -c 'n=0
	while [ $n -lt 300 ] && exec {fd}<"$1"; do n=$((n + 1)); done 2>"$2"
	echo "opened $n"
	exec sleep 60' many "$MNT/$P/status" "$T/home/why"
hog=$STARTED
eventually "[F2] handles of one user" 20 grep -q "^opened" "$T/many.out"
is "[F2] so many, and no more" "$(cat "$T/many.out")" "opened 256"
like "[F2] with an error" "$(cat "$T/home/why")" "Too many open files"
ok "others open as before" inmount 5 bash -c 'for i in $(seq 400); do exec {fd}<"$1" || exit 1; done' - "$MNT/$R/status"
end "$hog"
eventually "and he, when they are closed" 10 inmount 5 "${AS_USER[@]}" cat "$MNT/$P/status"

# --- dumps -----------------------------------------------------------------------------------------------------------
others=()
for i in $(seq 18); do
	TARGET_AS=user start_fake "$SLOW" || finish
	others+=("$TARGET")
done
for pid in "${others[@]}"; do first_sample "$pid"; done
for pid in "${others[@]}"; do put "$pid/dump" now; done >"$T/asked"
like "[D13] a user's dumps: so many wait, and no more" "$(sort "$T/asked" | uniq -c)" "Resource temporarily unavailable"
running() { for pid in "${others[@]}"; do get "$pid/dump"; done | grep -c running; }
is "[D13] one of them is taken at a time, of two" "$(running)" 1
is "[D13] root's is accepted" "$(put "$R/dump" now)" ""
eventually "[D13] and taken meanwhile" 10 has_core "$R"
like "[D13] while the user's go on" "$(running)" "^[01]$"
ok "[D13] the daemon ends" stop_daemon
finish
