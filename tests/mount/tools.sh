#!/bin/bash
# What people use on a directory behaves on the mount: tool, expected output, exit status.
LIMIT=180
. "$(dirname "$0")/../lib/harness.sh"

echo 100 >"$T/heap"
start_fake "heap-file $T/heap
interval 200" || finish
P=$TARGET
start_daemon attach_delay=0
first_sample "$P" || fail "the first sample"
D=$MNT/$P

# tool NAME STATUS REGEX COMMAND...
tool() {
	local name=$1 status=$2 regex=$3 out
	shift 3
	out=$(inmount 20 "$@" 2>&1 | tr -d '\0'; exit "${PIPESTATUS[0]}")
	is "[F12] $name: exit status" $? "$status"
	like "[F12] $name: output" "$out" "$regex"
}

tool "ls -l" 0 "-r-------- 1 root root +0 .* heap_mb" ls -l "$D"
tool "ls -R" 0 "gc-heap-size" ls -R "$MNT"
tool "cat" 0 "^100$" cat "$D/heap_mb"
tool "head -c 2" 0 "^10$" head -c 2 "$D/heap_mb"
tool "dd of pieces" 0 "^100$" dd if="$D/heap_mb" bs=1 status=none
tool "grep -r" 0 "counters/gc-heap-size:100" grep -ra . "$D"
tool "grep over processes" 0 "gc-heap-size:100" bash -c "grep . '$MNT'/*/counters/gc-heap-size /dev/null"
tool "find -ls" 0 "threshold_mb" find "$MNT" -ls
tool "find -type f" 0 "counters/loh-size" find "$D" -type f
tool "tail -n" 0 "Z $P attached" tail -n 3 "$D/events"
tool "tail -f" 124 "Z $P found" timeout 2 tail -n 100 -f "$MNT/events"
tool "cp" 0 "^$" cp "$D/heap_mb" "$T/copy"
is "cp: content" "$(cat "$T/copy")" 100
tool "cp -r" 0 "^$" cp -r "$D/counters" "$T/counters"
is "cp -r: content" "$(cat "$T/counters/gc-heap-size")" 100
is "cp -r: files" "$(ls "$T/counters" | wc -l)" 27
tool "wc -l" 0 "^1 " wc -l "$D/heap_mb"
tool "wc -c of the log is its size" 0 "^same" bash -c \
	'[ "$(wc -c <"$1")" = "$(stat -c %s "$1")" ] && echo same' - "$D/events"
tool "stat" 0 "Size: 0 .*regular" stat "$D/heap_mb"
tool "df" 0 "^0 0 0$" bash -c "df --output=size,used,avail '$MNT' | tail -n 1 | xargs"
tool "df -T" 0 "fuse.triggerdumpfs" df -T "$MNT"
tool "du" 0 "^[0-9]+[[:space:]]" du -s "$D"
# not the file that changes all the time: tar says so, and fails
tool "tar" 0 "^$" tar -cf "$T/tar" --exclude stream.csv -C "$MNT" "$P"
is "tar: members" "$(tar -tf "$T/tar" | grep -c counters/.)" 27
is "tar: values are empty, logs are not" \
	"$(tar -tvf "$T/tar" | awk '/^-/ && $3 > 0 { print $6 }')" "$P/events"
tool "diff" 0 "^$" diff "$D/dump_type" "$D/dump_type"
tool "sort" 0 "PID" sort "$MNT/processes"
tool "awk" 0 "^live$" awk '$1 == "state" { print $2 }' "$D/status"
tool "test -w" 0 "^$" test -w "$D/threshold_mb"
tool "realpath" 0 "^$D/heap_mb$" realpath "$D/heap_mb"
tool "rm of a value" 1 "Operation not permitted" rm -f "$D/heap_mb"
tool "rm -r of a process" 1 "Operation not permitted|Permission denied" rm -rf "$D"
tool "touch of a new name" 1 "Operation not permitted|Permission denied" touch "$D/new"
tool "mkdir" 1 "Operation not permitted|Permission denied" mkdir "$MNT/new"
tool "mv" 1 "Operation not permitted|Permission denied" mv "$D/heap_mb" "$D/other"
tool "ln -s" 1 "Operation not permitted|Permission denied" ln -s x "$D/link"
# onto a file that may be written: only what writes to it does something
echo 700 >"$T/value"
control=$D/threshold_mb
tool "sed -i" 4 "Operation not permitted" sed -i s/off/700/ "$control"
is "sed -i: changes nothing" "$(get "$P/threshold_mb")" off
tool "install" 1 "Operation not permitted" install -m 600 "$T/value" "$control"
is "install: changes nothing" "$(get "$P/threshold_mb")" off
tool "mv onto it" 1 "Operation not permitted" bash -c "cp '$T/value' '$T/moved'; mv '$T/moved' '$control'"
is "mv onto it: changes nothing" "$(get "$P/threshold_mb")" off
tool "cp -p" 1 "Operation not permitted" cp -p "$T/value" "$control"
is "cp -p: has written it before" "$(get "$P/threshold_mb")" 700
put "$P/threshold_mb" off
tool "cp onto it" 0 "^$" cp "$T/value" "$control"
is "cp onto it: has written it" "$(get "$P/threshold_mb")" 700
tool "tee" 0 "800" bash -c "echo 800 | tee '$control'"
is "tee: has written it" "$(get "$P/threshold_mb")" 800
put "$P/threshold_mb" off
tool "chmod" 1 "Operation not permitted" chmod 777 "$D/heap_mb"
tool "chown" 1 "Operation not permitted" chown games "$D/heap_mb"
tool "a name that is not there" 1 "No such file or directory" cat "$D/none"
tool "a pid that is not there" 1 "No such file or directory" cat "$MNT/1/heap_mb"
tool "writing to a value" 1 "Permission denied|Operation not permitted" bash -c "echo 1 >'$D/heap_mb'"

(sleep 2; echo 111 >"$T/heap") &
started+=($!)
tool "watch -g sees a change" 0 "" env TERM=xterm watch -t -g -n 0.2 cat "$D/heap_mb"
tool "tail -f follows" 124 "armed" bash -c \
	"(sleep 1; echo 900 >'$D/threshold_mb') & timeout 6 tail -n 0 -f '$D/events'"

unlike "[F12] none of them started a dump" "$(cat "$TARGET_OUT")" "request dump"
unlike "nor is one told of" "$(get events)" "dump-started"

# dumps, which go by rm
make_dump() {
	rm_dump() { get_is "$P/dump" idle && [ "$(cores "$P" | wc -l)" -gt "$before" ]; }
	before=$(cores "$P" | wc -l)
	put "$P/dump" now
	eventually "a dump" 10 rm_dump
}
for i in 1 2 3; do make_dump; done
first=$(cores "$P" | head -n 1)
second=$(cores "$P" | sed -n 2p)
tool "rm of a core" 0 "^$" rm "$D/dumps/$first"
tool "its other name is gone" 2 "No such file" ls "$MNT/dumps/${first}_$P"
tool "its sidecar stays" 0 "json$" ls "$D/dumps/$first.json"
tool "rm of a sidecar by the other name" 0 "^$" rm "$MNT/dumps/${first}_$P.json"
tool "rm of a core once more" 1 "No such file" rm "$D/dumps/$first"
# with the pid: the third may have been made within the same second, as core_X_2
tool "rm core_X*" 0 "^$" bash -c "rm '$MNT/dumps/${second}_$P'*"
tool "rm dumps/*" 0 "^$" bash -c "rm '$D'/dumps/*"
tool "ls dumps" 0 "^$" ls "$D/dumps"
make_dump
tool "rm dumps/* at the root" 0 "^$" bash -c "rm '$MNT'/dumps/*"
tool "ls dumps at the root" 0 "^$" ls "$MNT/dumps"
is "nothing of them is in the store" "$(find "$STORE" -name 'core*')" ""
ok "the daemon ends" stop_daemon
finish
