#!/bin/bash
# The tree: what is there, whose it is, what it says.
LIMIT=120
. "$(dirname "$0")/../lib/harness.sh"

start_fake "variable NAME=value
variable EMPTY=
command-line /usr/bin/dotnet Shop.dll --port 1
heap 123.456
interval 200" || finish
P=$TARGET
TARGET_AS=user start_fake "heap 50" || finish
U=$TARGET
start_daemon attach_delay=0
eventually "a process that ran before is listed" 5 has "$P"
eventually "another user's too" 5 has "$U"
start_fake "heap 70" || finish
eventually "one that started after the mount is listed" 5 has "$TARGET"
eventually "its heap shows" 10 get_is "$TARGET/heap_mb" 70

is "the root" "$(inmount 5 ls "$MNT" | grep -v '^[0-9]' | tr '\n' ' ')" "README dumps events metrics openmetrics processes status top "
is "a process" "$(inmount 5 ls "$MNT/$P" | tr '\n' ' ')" \
	"catalog.tsv cmdline cooldown_s counters counters.csv counters.json counters.txt detect dump dump_type dumps environ events heap_mb interval max_dumps meters metrics openmetrics peak_mb peaks providers runtime status stream.csv threshold_mb trigger "
eventually "the value of the counter" 10 get_is "$P/counters/gc-heap-size" 123.456
is "heap_mb is the same" "$(get "$P/heap_mb")" 123.456
is "all counters of a new runtime" "$(inmount 5 ls "$MNT/$P/counters" | wc -l)" 27
ok "each of them has a number" inmount 10 bash -c \
	'for f in "$1"/*; do grep -qxE -- "-?[0-9]+(\.[0-9]+)?" "$f" || { echo "$f"; exit 1; }; done' - \
	"$MNT/$P/counters"
is "cmdline" "$(get "$P/cmdline")" "/usr/bin/dotnet Shop.dll --port 1"
is "environ" "$(inmount 10 cat "$MNT/$P/environ" | tr '\0' '|')" "NAME=value|EMPTY=|"
like "runtime" "$(get "$P/runtime")" "version 8.0.33"
like "runtime: rid" "$(get "$P/runtime")" "rid linux-x64"
like "runtime: entrypoint" "$(get "$P/runtime")" "entrypoint Fake"
is "state" "$(key "$P/status" state)" live
is "trigger" "$(key "$P/status" trigger)" off
is "threshold_mb" "$(get "$P/threshold_mb")" off
is "dump_type" "$(get "$P/dump_type")" heap
is "dump" "$(get "$P/dump")" idle
like "the table's header" "$(get processes | head -n 1)" "^PID +USER +RUNTIME +HEAP_MB +TRIGGER +COMMAND$"
like "the table's row" "$(get processes)" "$P +root +8\.0\.33 +123\.456 +off +/usr/bin/dotnet Shop.dll --port 1"
like "the table's row of a user" "$(get processes)" "$U +games "
like "status of the daemon" "$(get status)" "version [0-9]+\.[0-9]+"
is "status counts them" "$(key status processes)" "$(inmount 5 ls "$MNT" | grep -c '^[0-9]')"
like "events" "$(get events)" "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z $P found"
unlike "a process's events are its own" "$(get "$P/events")" "Z $U "
is "README has its lines" "$(($(get README | wc -l) >= 10))" 1

# Before any sample: all that the runtime's version is known to send are there, and a read of one waits
# like for the others.
while read -r version n name; do
	start_fake "stream silent
$([ "$version" = 3.1 ] && echo "knows info" || echo "runtime $version.1")" || finish
	has_version() { get_like "$TARGET/runtime" "version ${version/./\\.}"; }
	eventually "$version: known" 5 has_version
	is "$version: counters before the first sample" "$(inmount 5 ls "$MNT/$TARGET/counters" | wc -l)" "$n"
	like "$version: $name" "$(get "$TARGET/counters/$name")" "No data available"
	end "$TARGET"
done <<-'X'
	3.1 19 assembly-count
	5.0 23 poh-size
	6.0 25 time-in-jit
	8.0 27 total-pause-time-by-gc
	11.0 27 gen-0-gc-budget
X
start_fake "interval 1500" || finish
eventually "another one is listed" 5 has "$TARGET/counters/time-in-jit"
like "a read of time-in-jit waits for its sample" "$(get "$TARGET/counters/time-in-jit")" "^[0-9.]+$"

modes() { inmount 5 stat -c '%a %U:%G' "$MNT/$1"; }
is "mode of the root" "$(modes . | cut -d' ' -f1)" 555
is "mode of README" "$(modes README)" "444 root:root"
is "mode of processes" "$(modes processes)" "400 root:root"
is "mode of events" "$(modes events)" "400 root:root"
is "mode of /dumps" "$(modes dumps)" "1733 root:root"
is "mode of a process" "$(modes "$U")" "500 games:games"
is "mode of a value" "$(modes "$U/heap_mb")" "400 games:games"
is "mode of a counter" "$(modes "$U/counters/gc-heap-size")" "400 games:games"
is "mode of a control" "$(modes "$U/threshold_mb")" "600 games:games"
is "mode of dumps" "$(modes "$U/dumps")" "700 games:games"
ok "its owner reads it" inmount 5 "${AS_USER[@]}" cat "$MNT/$U/heap_mb"
like "nobody else's" "$(inmount 5 "${AS_USER[@]}" cat "$MNT/$P/heap_mb" 2>&1)" "Permission denied"
like "nor the table" "$(inmount 5 "${AS_USER[@]}" cat "$MNT/processes" 2>&1)" "Permission denied"
like "nor the list of dumps" "$(inmount 5 "${AS_USER[@]}" ls "$MNT/dumps" 2>&1)" "Permission denied"
is "inode numbers stay" "$(inmount 5 stat -c %i "$MNT/$P/heap_mb")" "$(inmount 5 stat -c %i "$MNT/$P/heap_mb")"
like "mtime of a value is its sample's" "$(($(date +%s) - $(inmount 5 stat -c %Y "$MNT/$P/heap_mb")))" "^-?[0-3]$"
is "one read of environ is one request" "$(cat "$T"/fake.*.out | grep -c 'request environment')" 1

end "$TARGET"
eventually "a process that ended is gone at once" 2 hasnt "$TARGET"
like "and says so" "$(get events)" "Z $TARGET gone"
ok "the daemon ends on SIGTERM" stop_daemon
ok "and with it the mount" not_mounted
like "the targets live on" "$(state_of "$P")$(state_of "$U")" "^[RSD][RSD]$"
finish
