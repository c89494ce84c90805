#!/bin/bash
# Dumps on demand: what a runtime may answer and leave behind; only a whole core of the target's own is
# ever listed, and nothing outside the store changes.
LIMIT=240
. "$(dirname "$0")/../lib/harness.sh"

FAST="heap 100
interval 200"
start_fake "$FAST" || finish
P=$TARGET
start_daemon attach_delay=0
first_sample "$P"

idle() { get_is "$P/dump" idle; }
events_of_dumps() { get "$P/events" | grep -c "dump-$1"; }
more_events() { [ "$(events_of_dumps "$1")" -gt "$2" ]; }
last_failure() { get "$P/events" | sed -n 's/.* dump-failed error=//p' | tail -n 1; }
leaves() { { find "$STORE" -name 'core*' -newer "$T/mark" | grep -v '\.json$'; find "$STORE/work" -mindepth 1; } | wc -l; }

# good NAME TYPE_WRITTEN ARGUMENT - a dump that is listed
good() {
	local before
	before=$(cores "$P" | wc -l)
	is "$1: the write" "$(put "$P/dump" "$3")" ""
	one_more() { [ "$(cores "$P" | wc -l)" -gt "$before" ]; }
	eventually "$1: listed" 10 one_more
	wait_for 5 idle
	like "$1: type" "$(grep '^dump ' "$TARGET_OUT" | tail -n 1)" "^dump $2 $STORE/"
}

# bad NAME SENTENCE LINES... - a scenario whose dump fails with exactly that sentence, in last_error, which
# still holds the one of the case before, and in a new line of events
bad() {
	local name=$1 sentence=$2 before n
	change_fake "$FAST
$3"
	touch "$T/mark"
	before=$(cores "$P" | wc -l)
	n=$(events_of_dumps failed)
	is "$name: the write" "$(put "$P/dump" now)" ""
	eventually "$name: dump-failed" "${4:-15}" more_events failed "$n"
	wait_for 5 idle
	is "$name: not listed" "$(cores "$P" | wc -l)" "$before"
	is "$name: last_error" "$(key "$P/status" last_error)" "$sentence"
	is "$name: events" "$(last_failure)" "\"$sentence\""
	is "$name: nothing is left" "$(leaves)" 0
	is "$name: the state is not failed" "$(key "$P/status" state)" live
}

good "now" 2 now
put "$P/dump_type" mini
is "dump_type reads back" "$(get "$P/dump_type")" mini
good "now, mini" 1 now
good "full" 4 full
good "triage" 3 triage
good "heap" 2 heap
is "another word" "$(put "$P/dump" sometime)" "Invalid argument"
is "another type" "$(put "$P/dump_type" huge)" "Invalid argument"
put "$P/dump_type" heap
is "five dumps" "$(cores "$P" | wc -l)" 5
is "names do not collide" "$(cores "$P" | sort -u | wc -l)" 5

change_fake "$FAST
delay dump 1500"
put "$P/dump" now
is "a second one meanwhile" "$(put "$P/dump" now)" "Device or resource busy"
is "dump says so" "$(get "$P/dump" | grep -cE 'queued|running')" 1
like "environ meanwhile" "$(get "$P/environ")" "busy"
ok "values go on" inmount 2 grep -q 100 "$MNT/$P/heap_mb"
eventually "and ends" 10 idle
is "listed" "$(cores "$P" | wc -l)" 6

bad "[D2] an error with text" "no room for it" "answer dump error 0x80004005 no room for it"
bad "an error without text" "the runtime could not do it and gives no reason" \
	"answer dump error 0x80004005"
bad "end of file" "the runtime closed the connection" "answer dump close
core none"
bad "garbage" "the runtime's answer cannot be understood" "answer dump garbage 100
core none"
bad "a size below the header's" "the runtime's answer cannot be understood" "answer dump size 5
core none"
bad "[D10] OK without a file" "the runtime reported success, but there is no file" "core none"
bad "[D10] an empty file" "the file is empty" "core empty"
bad "[D3] half a core" "the core is cut: not all of its segments are in the file" "core truncated"
bad "[D10] an older one" "the dump file is older than the request for it" "core old"
bad "[D10] no ELF" "the file is too short for an ELF core" "core not-elf"
bad "[D11] a FIFO" "what stands at the dump's path is no regular file" "core fifo"
bad "[D11] a directory" "what stands at the dump's path is no regular file" "core directory"
echo precious >"$T/precious"
chmod 604 "$T/precious"
bad "[D11] a symbolic link" "what stands at the dump's path is a symbolic link" \
	"core symlink $T/precious"
mkdir -p "$STORE"
echo precious >"$STORE/precious"
chmod 604 "$STORE/precious"
bad "[D11] a hard link" "the dump file has further names (hard links)" "core hardlink $STORE/precious"
is "[D11] what it led to is as it was" "$(cat "$T/precious") $(stat -c '%a %U %h' "$T/precious")" "precious 604 root 1"
is "[D11] also by the hard link" "$(cat "$STORE/precious") $(stat -c '%a %h' "$STORE/precious")" "precious 604 1"
rm -f "$STORE/precious"
change_fake "$FAST
answer dump drip 20"
good "an answer in drips" 2 now
change_fake "$FAST
knows dump 1"
good "an old runtime's command" 2 now
good "again" 2 now
is "is remembered" "$(grep -c 'request unknown 01' "$TARGET_OUT")" 2

# all cores that are listed are whole, also through the mount
for core in $(cores "$P"); do
	like "$core" "$(inmount 10 file "$MNT/$P/dumps/$core")" "ELF 64-bit LSB core file"
done

# a whole file without an answer is a dump; without a file it is a failure
change_fake "$FAST
answer dump silence"
before=$(cores "$P" | wc -l)
put "$P/dump" now
one_more() { [ "$(cores "$P" | wc -l)" -gt "$before" ]; }
eventually "a whole core without an answer" 60 one_more
ok "the process is served on" inmount 10 cat "$MNT/$P/status"

change_fake "$FAST"
is "the daemon is well" "$(key "$P/status" state)" live

# one that knows no dump at all
start_fake "$FAST
knows dump" || finish
P=$TARGET
first_sample "$P"
bad "no such command" "the runtime knows no command that takes a dump" "knows dump"
is "three versions were tried" "$(grep -c 'request unknown 01' "$TARGET_OUT")" 3
put "$P/dump" now
is "and none of them again" "$(grep -c 'request unknown 01' "$TARGET_OUT")" 3
ok "the daemon ends" stop_daemon
like "the target lives" "$(state_of "$P")" "^[RSD]$"
finish
