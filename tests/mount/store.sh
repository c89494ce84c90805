#!/bin/bash
# The store: dumps outlive their process and the daemon; rm removes both names.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

make_dump() { # PID
	local before
	before=$(cores "$1" | wc -l)
	put "$1/dump" now
	more() { [ "$(cores "$1" | wc -l)" -gt "$2" ]; }
	wait_for 10 more "$1" "$before" || fail "a dump of $1"
	wait_for 5 get_is "$1/dump" idle
}
names() { inmount 5 ls "$MNT/$1" | sort | tr '\n' ' '; }

start_fake "heap 100
interval 200" || finish
P=$TARGET
TARGET_AS=user start_fake "heap 200
interval 200" || finish
U=$TARGET
start_daemon attach_delay=0
first_sample "$P"
first_sample "$U"
make_dump "$P"
make_dump "$P"
make_dump "$U"
of_p=$(names "$P/dumps")
of_u=$(names "$U/dumps")
all=$(names dumps)
is "two dumps and their sidecars" "$(echo "$of_p" | wc -w)" 4
is "all six, by both ways" "$(echo "$all" | wc -w)" 6
core=$(cores "$P" | head -n 1)
sum=$(inmount 10 md5sum <"$MNT/$P/dumps/$core")
is "status counts them" "$(key status dumps)" 3
is "in the mount the user owns his" "$(inmount 5 stat -c '%U %a' "$MNT/$U/dumps/$(cores "$U")")" "games 400"
is "in the store root does" "$(find "$STORE" -name 'core*' -type f -size +100k -printf '%u %m\n' | sort -u)" "root 400"
like "the store's own mode" "$(stat -c %a "$STORE")" "^711$"
ok "the user reads his" inmount 5 "${AS_USER[@]}" cp "$MNT/$U/dumps/$(cores "$U")" "$T/home/core"
like "and lists nobody else's" "$(inmount 5 "${AS_USER[@]}" ls "$MNT/$P/dumps" 2>&1)" "Permission denied"
like "nor removes them" "$(inmount 5 "${AS_USER[@]}" rm "$MNT/dumps/${core}_$P" 2>&1)" "No such file"
ok "it is there still" has "dumps/${core}_$P"
like "nor in the store" "$(inmount 5 "${AS_USER[@]}" ls "$STORE"/* 2>&1)" "Permission denied"

ok "the daemon ends" stop_daemon
start_daemon attach_delay=0
wait_for 10 has "$P"
is "after a restart all are there" "$(names dumps)" "$all"
is "also under the living process" "$(names "$P/dumps")" "$of_p"
is "and the user's" "$(names "$U/dumps")" "$of_u"
is "the content too" "$(inmount 10 md5sum <"$MNT/$P/dumps/$core")" "$sum"
end "$U"
wait_for 5 hasnt "$U"
is "after the end of its process a dump stays" "$(names dumps)" "$all"
start_daemon_again() { stop_daemon; start_daemon attach_delay=0; wait_for 10 has "$P"; }
ok "another restart" start_daemon_again
is "and it still stays" "$(names dumps)" "$all"

# a reader keeps what is removed
start "$T/read" bash -c 'exec 3<"$1"; sleep 3; md5sum <&3' - "$MNT/$P/dumps/$core"
sleep 0.5
is "rm of one name" "$(inmount 5 rm "$MNT/$P/dumps/$core" 2>&1)" ""
ok "removes it" hasnt "$P/dumps/$core"
ok "and the other name" hasnt "dumps/${core}_$P"
ok "the sidecar stays" has "$P/dumps/$core.json"
like "events: dump-removed" "$(get events)" "dump-removed"
wait "$STARTED"
is "[D17] a reader goes on to the end" "$(cat "$T/read")" "$sum"
second=$(cores "$P")
is "rm core_X*" "$(inmount 5 bash -c "rm '$MNT/$P/dumps/$second'*" 2>&1)" ""
ok "removes core and sidecar" hasnt "$P/dumps/$second.json"
is "rm dumps/*" "$(inmount 5 bash -c "rm '$MNT'/dumps/*" 2>&1)" ""
is "leaves none" "$(names dumps)" ""
is "nor in the store" "$(find "$STORE" -type f -name 'core*' | wc -l)" 0
make_dump "$P"
is "a new one after that" "$(cores "$P" | wc -l)" 1
ok "the daemon ends" stop_daemon

# rubbish in the store is neither listed nor in the way
echo rubbish >"$STORE/core_20200101_000000"
mkdir -p "$STORE/rubbish"
echo precious >"$STORE/sealed/core_20200101_000001_1"
printf 'triggerdumpfs-dump 1\nname core_20200101' >"$STORE/sealed/core_20200101_000002_1.meta"
echo precious >"$STORE/sealed/core_20200101_000002_1"
echo half >"$STORE/sealed/.core_20200101_000003_1.part"
start_daemon attach_delay=0
wait_for 10 has "$P"
is "rubbish in the store is not listed" "$(inmount 5 ls "$MNT/dumps" | grep -vc json)" 1
is "and stays" "$(cat "$STORE"/sealed/core_2020*_1 | sort -u)" precious
ok "[R4] but for what sealing itself left" test ! -e "$STORE/sealed/.core_20200101_000003_1.part"
eventually "a core without .meta is told of" 5 get_like events \
	'- warning text="core_20200101_000001_1 has no .meta: not listed"'
is "once" "$(get events | grep -c 'has no .meta')" 1
eventually "and one whose .meta is damaged" 5 get_like events \
	'- warning text="core_20200101_000002_1.meta is damaged: its dump is not listed"'
ok "the daemon ends" stop_daemon
finish
