#!/bin/bash
# Who may see and do what: every file of the tree, for root, the owner of the process, somebody of his group, another
# user, and that user as root of a user namespace. The table is printed, a line for all files of a kind that are the
# same to all; with MATRIX=all a line a file. What each letter says is in may.c.
LIMIT=100
. "$(dirname "$0")/../lib/harness.sh"

id games >/dev/null 2>&1 && id man >/dev/null 2>&1 || skip_all "no users games and man"
MAY=$BUILD/tests/mount/may
AS_GROUP=(setpriv --reuid man --regid games --clear-groups --inh-caps=-all)
AS_MAN=(setpriv --reuid man --regid man --clear-groups --inh-caps=-all)
AS_MEMBER=(setpriv --reuid man --regid man --groups tape --inh-caps=-all)
AS_NS=(setpriv --reuid man --regid man --clear-groups --inh-caps=-all unshare -Ur)
"${AS_NS[@]}" true 2>/dev/null || AS_NS=("${AS_MAN[@]}")
METERS="runtime 10.0.0
heap 50
interval 200
meter Own|1.0|orders|Counter|{order}|how many
meter-value orders|shop=a|5 10"
OPTIONS=attach_delay=0,meters_delay=0,keep_free=0,providers=+Own

new_core() { # PID - one more dump of it; its name is $CORE
	local before
	before=$(cores "$1")
	put "$1/dump" now
	wait_for 15 another_core "$1" "$before" || fail "a dump of $1" "$(key "$1/status" last_error)"
	CORE=$(comm -13 <(sort <<<"$before") <(cores "$1" | sort))
}
another_core() { [ "$(cores "$1")" != "$2" ] && get_is "$1/dump" idle; }
new_cores() {
	new_core "$P"
	first=$CORE
	new_core "$P"
	second=$CORE
}

# One dump by its name below the process, the other by that in dumps/: to remove a name removes both.
paths() {
	inmount 10 find "$MNT" -mindepth 1 ! -path "*/dumps/*" ! -path "$MNT/$R/*" -printf '%P\n' | sort
	printf '%s\n' "$R/heap_mb" "$R/threshold_mb" "$P/dumps/$first" "$P/dumps/$first.json" "dumps/${second}_$P" \
		"dumps/${second}_$P.json" "dumps/${root_core}_$R"
}
# kinds - the names of this run made general
kinds() {
	sed "s,^$P,PID,; s,^$R,ROOTS,; s,dumps/[^ ]*_$R ,dumps/ROOTS ,; s,core_[0-9_]*,core_X,
		s,\(counters\|peaks\)/[^ ]*,\1/*,; s,\(Own/orders/[^ /]*\)/[^ ]*,\1/*,"
}
ask_as() { # COLUMN COMMAND...
	local column=$1
	shift
	inmount 30 "$@" "$MAY" "$MNT" <"$T/paths" >"$T/as.$column" 2>&1
}
table() { # COLUMN... - of what was asked; each kind with how many files it stands for
	local column joined=$T/joined
	sed 's/ [^ ]*$//' "$T/as.$1" >"$joined"
	for column; do paste -d' ' "$joined" <(sed 's/.* //' "$T/as.$column") >"$joined.2" && mv "$joined.2" "$joined"; done
	{
		echo "file $*"
		if [ "${MATRIX:-}" = all ]; then cat "$joined"; else kinds <"$joined" | uniq; fi
	} | column -t
}
# The table that is expected is on stdin: kinds as extended regular expressions, the first that fits counts.
compare() { # NAME COLUMN...
	local name=$1 differences
	shift
	cat >"$T/expected"
	note "$name: stat read write truncate xattr chmod mkdir rm; + may, A EACCES, P EPERM, E ENOENT, D EISDIR" "$(table "$@")"
	note "$name: $(wc -l <"$T/paths") files, $(($(wc -l <"$T/paths") * $# * 8)) answers"
	differences=$(MATRIX='' table "$@" | sed 1d | awk -v expected="$T/expected" '
		BEGIN { while (getline line <expected) { split(line, f); kind[++n] = f[1]; sub(/^[^ \t]+[ \t]+/, "", line); cells[n] = line } }
		{
			got = $2
			for (i = 3; i <= NF; i++) got = got " " $i
			for (i = 1; i <= n && $1 !~ "^(" kind[i] ")$"; i++);
			wanted = cells[i]
			gsub(/[ \t]+/, " ", wanted)
			if (got != wanted) print $1 ": " got ", and not " (i > n ? "in the table" : wanted)
		}')
	is "[F8][T-E1][T-E5] $name: differences from what is expected" "$differences" ""
}
CONTROLS='PID/(cooldown_s|detect|dump|dump_type|interval|max_dumps|peak_mb|peaks/[^/]*|providers|threshold_mb|trigger)'
DIRECTORIES='PID/(counters|dumps|meters|meters/Own|meters/Own/orders|meters/Own/orders/shop=a|peaks)'
MOUNTERS='events|metrics|openmetrics|processes|status|top'
as_man() { inmount 5 "${AS_MAN[@]}" "$@" 2>&1; }
in_user() { inmount 10 "${AS_USER[@]}" "$@" 2>&1; }

start_fake "heap 77
interval 200" || finish
R=$TARGET
TARGET_AS=user start_fake "$METERS" || finish
P=$TARGET
begin() { # OPTIONS
	start_daemon "$OPTIONS$1"
	first_sample "$P"
	first_sample "$R"
	wait_for 20 has "$P/meters/Own/orders/shop=a/rate" || fail "meters are there"
	new_core "$R"
	root_core=$CORE
	new_cores
	paths >"$T/paths"
}

begin ""
ask_as same-group "${AS_GROUP[@]}"
ask_as other "${AS_MAN[@]}"
ask_as ns-root "${AS_NS[@]}"
ask_as owner "${AS_USER[@]}"
new_cores
paths >"$T/paths"
ask_as root
compare default root owner same-group other ns-root <<X
PID               ++DD+PPP  ++DD+PAA  +ADD+PAA  +ADD+PAA  +ADD+PAA
ROOTS             ++DD+PPP  +ADD+PAA  +ADD+PAA  +ADD+PAA  +ADD+PAA
$CONTROLS         +++++PPP  +++++PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
$DIRECTORIES      ++DD+PPP  ++DD+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
PID/dumps/.*      ++AP+PP+  ++AA+PP+  AAAAAAAA  AAAAAAAA  AAAAAAAA
PID/.*            ++AP+PPP  ++AA+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
ROOTS/heap_mb     ++AP+PPP  AAAAAAAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
ROOTS/threshold_mb  +++++PPP  AAAAAAAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
README            ++AP+PPP  ++AA+PAA  ++AA+PAA  ++AA+PAA  ++AA+PAA
$MOUNTERS         ++AP+PPP  +AAA+PAA  +AAA+PAA  +AAA+PAA  +AAA+PAA
dumps             ++DD+PPP  +ADD+PAA  +ADD+PAA  +ADD+PAA  +ADD+PAA
dumps/ROOTS       ++AP+PP+  EEEEEEPE  EEEEEEPE  EEEEEEPE  EEEEEEPE
dumps/.*          ++AP+PP+  ++AA+PP+  EEEEEEPE  EEEEEEPE  EEEEEEPE
X

# --- what one learns without reading ---
start=$(inmount 5 stat -c %Y "$MNT")
is "[T-E7] another user: size and time of events, processes, dumps" \
	"$(as_man stat -c '%s %Y' "$MNT/events" "$MNT/processes" "$MNT/dumps" | sort -u)" "0 $start"
within "[T-E7] root: size of events" "$(inmount 5 stat -c %s "$MNT/events")" 100 1000000
is "[T-E7] right after that another user" "$(as_man stat -c '%s %Y' "$MNT/events")" "0 $start"
within "[T-E7] and root again" "$(inmount 5 stat -c %s "$MNT/events")" 100 1000000
start "$T/sizes" "${AS_MAN[@]}" "$MAY" -s 1500 "$MNT/events"
while alive "$STARTED"; do inmount 5 stat "$MNT/events" >/dev/null; done
is "[T-E7] through a descriptor that needs no permission, while root looks" "$(cat "$T/sizes")" 0
ok "[T-E7] ls -l says no error" as_man ls -l "$MNT"

# --- a descriptor in other hands ---
pass_on() { # FILE COMMAND... - which has it as descriptor 7
	local file=$1
	shift
	inmount 5 bash -c 'exec 7<>"$1" && shift && "$@"' pass "$MNT/$file" "$@" 2>&1
}
put "$P/max_dumps" 3
like "[T-E2] a control file opened by root, written by another user" \
	"$(pass_on "$P/max_dumps" "${AS_MAN[@]}" bash -c 'echo 9 >&7')" "Permission denied"
like "[T-E2] and read" "$(pass_on "$P/max_dumps" "${AS_MAN[@]}" sh -c 'cat <&7')" "Permission denied"
like "[T-E2] by his root of a user namespace" \
	"$(pass_on "$P/max_dumps" "${AS_NS[@]}" bash -c 'echo 9 >&7')" "Permission denied"
is "[T-E2] it is as it was" "$(get "$P/max_dumps")" 3
is "[T-E2] by the owner" "$(pass_on "$P/max_dumps" "${AS_USER[@]}" bash -c 'echo 4 >&7')" ""
is "[T-E2] and that counts" "$(get "$P/max_dumps")" 4

# --- another owner, while his shell stands in the directory ---
TARGET_AS=user start_fake "heap 50
interval 200
undumpable 1" || finish
Q=$TARGET
first_sample "$Q"
start "$T/inside" "${AS_USER[@]}" bash -c 'cd "$1" && cat heap_mb && echo inside; while [ ! -e "$2" ]; do sleep 0.1; done
	cat heap_mb; ls; echo 60 >threshold_mb; stat -c size=%s events; echo over' inside "$MNT/$Q" "$T/home/go"
wait_for 5 grep -q inside "$T/inside"
kill -USR2 "$Q"
roots() { [ "$(inmount 5 stat -c %U "$MNT/$Q")" = root ]; }
eventually "[T-E3][F10] it is root's now" 10 roots
touch "$T/home/go"
eventually "[T-E3] who was inside" 5 grep -q over "$T/inside"
is "[T-E3] gets nothing" "$(sed '1,/inside/d; s/.*: //' "$T/inside" | sort | uniq -c | xargs)" "4 Permission denied 1 over"
is "[T-E3] nor did he arm it" "$(get "$Q/threshold_mb")" off
end "$Q"
ok "the daemon ends" stop_daemon

# --- not even names ---
begin ,hide=others,group=tape
ask_as member "${AS_MEMBER[@]}"
ask_as other "${AS_MAN[@]}"
ask_as ns-root "${AS_NS[@]}"
ask_as owner "${AS_USER[@]}"
new_cores
paths >"$T/paths"
ask_as root
compare hide=others,group root owner member other ns-root <<X
PID               ++DD+PPP  ++DD+PAA  EEEEEEAE  EEEEEEAE  EEEEEEAE
ROOTS             ++DD+PPP  EEEEEEAE  EEEEEEAE  EEEEEEAE  EEEEEEAE
$CONTROLS         +++++PPP  +++++PAA  EEEEEEEE  EEEEEEEE  EEEEEEEE
$DIRECTORIES      ++DD+PPP  ++DD+PAA  EEEEEEEE  EEEEEEEE  EEEEEEEE
PID/dumps/.*      ++AP+PP+  ++AA+PP+  EEEEEEEE  EEEEEEEE  EEEEEEEE
PID/.*            ++AP+PPP  ++AA+PAA  EEEEEEEE  EEEEEEEE  EEEEEEEE
ROOTS/heap_mb     ++AP+PPP  EEEEEEEE  EEEEEEEE  EEEEEEEE  EEEEEEEE
ROOTS/threshold_mb  +++++PPP  EEEEEEEE  EEEEEEEE  EEEEEEEE  EEEEEEEE
README            ++AP+PPP  ++AA+PAA  ++AA+PAA  ++AA+PAA  ++AA+PAA
$MOUNTERS         ++AP+PPP  +AAA+PAA  ++AA+PAA  +AAA+PAA  +AAA+PAA
dumps             ++DD+PPP  +ADD+PAA  +ADD+PAA  +ADD+PAA  +ADD+PAA
dumps/ROOTS       ++AP+PP+  EEEEEEPE  EEEEEEPE  EEEEEEPE  EEEEEEPE
dumps/.*          ++AP+PP+  ++AA+PP+  EEEEEEPE  EEEEEEPE  EEEEEEPE
X
numbers() { grep '^[0-9]' | xargs; }
is "[T-E6] status says it" "$(key status hide)" others
is "[T-E6] root lists all" "$(inmount 5 ls "$MNT" | numbers)" "$(printf '%s\n' "$P" "$R" | sort | xargs)"
is "[T-E6] the owner lists his own" "$(in_user ls "$MNT" | numbers)" "$P"
is "[T-E6] another user lists none" "$(as_man ls "$MNT" | numbers)" ""
# What the kernel keeps of a name for one is not shown to another, nor taken from him.
new_cores
mixed() {
	local i core=${first}_$P
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(in_user cat "$MNT/$P/heap_mb")" = 50 ] && [[ $(as_man cat "$MNT/$P/heap_mb") = *"No such file"* ]] || return 1
		[[ $(as_man stat "$MNT/$P") = *"No such file"* ]] && in_user stat "$MNT/$P" || return 1
		in_user stat "$MNT/dumps/$core" && [[ $(as_man stat "$MNT/dumps/$core") = *"No such file"* ]] || return 1
	done
}
ok "[T-E6] each in turn sees what is his to see" mixed
start "$T/inside" "${AS_USER[@]}" bash -c 'cd "$1" && echo inside; while [ ! -e "$2" ]; do sleep 0.1; done
	cat heap_mb && cat "$1/heap_mb" && [ "$(/bin/pwd)" = "$1" ] && echo over' inside "$MNT/$P" "$T/home/go2"
wait_for 5 grep -q inside "$T/inside"
as_man stat "$MNT/$P" >/dev/null
touch "$T/home/go2"
eventually "[T-E6] who stands inside stays there when another one looks" 5 grep -q over "$T/inside"
ok "the daemon ends" stop_daemon
end "$R"

# --- a plain user's mount: nobody else at all ---
allow_users || { skip "a plain user's mount" "no /dev/fuse can be made here"; finish; }
chown games "$MNT"
start "$T/daemon.out" "${AS_USER[@]}" "$DAEMON" -f -o "$OPTIONS,dump_dir=$T/home/state/dumps" "$MNT"
DAEMON_PID=$STARTED
in_user_has() { in_user test -e "$MNT/$1"; }
wait_for 20 in_user_has "$P/meters/Own/orders/shop=a/rate" || fail "a user's daemon starts" "$(cat "$T/daemon.out")"
in_user find "$MNT" -mindepth 1 ! -path "*/dumps/*" -printf '%P\n' | sort >"$T/paths"
ask_as root
ask_as other "${AS_MAN[@]}"
ask_as same-group "${AS_GROUP[@]}"
ask_as ns-root "${AS_NS[@]}"
ask_as owner "${AS_USER[@]}"
R=none
compare "a user's own" root owner same-group other ns-root <<X
PID               AAAAAAAA  ++DD+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
$CONTROLS         AAAAAAAA  +++++PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
$DIRECTORIES      AAAAAAAA  ++DD+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
PID/.*            AAAAAAAA  ++AA+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
README|$MOUNTERS  AAAAAAAA  ++AA+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
dumps             AAAAAAAA  ++DD+PAA  AAAAAAAA  AAAAAAAA  AAAAAAAA
X
is "root cannot even list it" "$(inmount 5 ls "$MNT" 2>&1 | sed 's/.*: //')" "Permission denied"
in_user fusermount3 -u "$MNT"
ok "the daemon of a user ends" wait_for 15 dead "$DAEMON_PID"
finish
