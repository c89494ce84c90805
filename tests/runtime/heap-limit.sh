#!/bin/bash
# The limit of the heap: what the broker works out of a process against what the runtime itself says
# (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), in a memory cgroup of 1 GiB. ONLY names runtimes.
LIMIT=300
. "$(dirname "$0")/../lib/harness.sh"

ASK=$BUILD/tests/runtime/broker-ask
[ -x "$ASK" ] || skip_all "there is no $ASK"
GIB=$((1 << 30))
PHYSICAL=$(($(getconf _PHYS_PAGES) * $(getconf PAGESIZE)))
GROUP= INNER= FILE=

# new_groups DIRECTORY - a cgroup below it, and one in that
new_groups() {
	GROUP=$1/${T##*/}
	INNER=$GROUP/inner
	mkdir "$GROUP" && mkdir "$INNER"
}

# Version 1 with the memory controller, or version 2 where the controller may be handed on.
make_groups() {
	local mount
	mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { m = $2 } END { print m }' /proc/mounts)
	if [ -n "$mount" ]; then
		FILE=memory.limit_in_bytes
		new_groups "$mount"
		return
	fi
	mount=$(awk '$3 == "cgroup2" { m = $2 } END { print m }' /proc/mounts)
	FILE=memory.max
	[ -n "$mount" ] && grep -qw memory "$mount/cgroup.controllers" &&
		{ grep -qw memory "$mount/cgroup.subtree_control" || echo +memory >"$mount/cgroup.subtree_control"; } &&
		new_groups "$mount" && echo +memory >"$GROUP/cgroup.subtree_control"
}

# A cgroup can be removed when the last process in it is gone.
remove_groups() {
	local group
	clean_up
	for group in "$INNER" "$GROUP"; do
		if [ -n "$group" ] && [ -d "$group" ]; then wait_for 10 rmdir "$group"; fi
	done
}
trap remove_groups EXIT
make_groups 2>"$T/groups" || skip_all "no memory cgroup can be made: $(tail -n 1 "$T/groups")"
echo $GIB >"$GROUP/$FILE" || skip_all "no memory cgroup can be limited"

said_or_ended() { grep -q ^limit "$1" || dead "$2"; }

# run COMMAND... - starts it in the inner cgroup; its pid is in $TARGET, what it says in $SAID
run() {
	local out=$T/limit.$RANDOM$RANDOM
	start "$out" bash -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' - "$INNER" "$@"
	TARGET=$STARTED
	wait_for 30 said_or_ended "$out" "$TARGET"
	SAID=$(sed -n 's/^limit //p' "$out")
	[ -n "$SAID" ] || note "$*" "$(tail -n 3 "$out")"
}

# config FILE VERSION [PROPERTIES] - the runtimeconfig of the twin, with these too
config() {
	sed "s/\"configProperties\": {/&${3:+$3, }/" "$RUNTIMES/app/twin-$2.json" >"$1"
}

# row NAME VERSION EXPECTED SOURCE PROPERTIES [VARIABLE=VALUE...] - the broker's figure and its source,
# and that the runtime says the same; EXPECTED "-" for no limit, where the runtime says the machine's memory
row() {
	local name="$2: $1" version=$2 expected=$3 source=$4 properties=$5 answer
	shift 5
	config "$T/row.json" "$version" "$properties"
	run env DOTNET_ROOT="$RUNTIMES/root" "$@" "$RUNTIMES/root/dotnet" exec \
		--runtimeconfig "$T/row.json" "$RUNTIMES/app/twin.dll" limit
	answer=$("$ASK" "${version%%.*}" "$TARGET" 2>&1)
	is "$name: the broker's" "$(echo "$answer" | cut -d' ' -f2)" "$expected"
	like "$name: source" "$(echo "$answer" | cut -d' ' -f3-)" "$source"
	if [ "$expected" = - ]; then
		is "$name: the runtime's" "$SAID" "$PHYSICAL"
	else
		is "$name: the runtime's" "$SAID" "$expected"
	fi
	end "$TARGET"
}

H='"System.GC.HeapHardLimit'
try() {
	local v=$1 whole=805306368
	echo $GIB >"$INNER/$FILE"
	row "nothing set" "$v" $whole "^75 % of cgroup $GIB$" ""
	row "percent 5A" "$v" 966367641 "^GCHeapHardLimitPercent 5A of cgroup $GIB$" "" \
		COMPlus_GCHeapHardLimitPercent=5A
	row "percent 64" "$v" $whole "^75 % of" "" COMPlus_GCHeapHardLimitPercent=64
	row "limit 38000000" "$v" 939524096 "^GCHeapHardLimit$" "" COMPlus_GCHeapHardLimit=38000000
	row "both" "$v" 939524096 "^GCHeapHardLimit$" "" COMPlus_GCHeapHardLimit=38000000 \
		COMPlus_GCHeapHardLimitPercent=5A
	row "a larger limit" "$v" 2147483648 "^GCHeapHardLimit$" "" COMPlus_GCHeapHardLimit=0x80000000
	row "runtimeconfig" "$v" 300000000 "^runtimeconfig System.GC.HeapHardLimit$" "$H\": 300000000"
	row "percent of the runtimeconfig" "$v" 536870912 \
		"^runtimeconfig System.GC.HeapHardLimitPercent 50 of cgroup $GIB$" "${H}Percent\": 50"
	if [ "$v" = 3.1 ]; then
		row "DOTNET_" "$v" $whole "^75 % of" "" DOTNET_GCHeapHardLimitPercent=5A
		row "0 is none" "$v" 300000000 "^runtimeconfig" "$H\": 300000000" COMPlus_GCHeapHardLimit=0
	else
		row "DOTNET_" "$v" 966367641 "^GCHeapHardLimitPercent 5A" "" DOTNET_GCHeapHardLimitPercent=5A
		row "0 hides" "$v" $whole "^75 % of" "$H\": 300000000" DOTNET_GCHeapHardLimit=0
	fi
	# On the parent alone.
	if [ "$FILE" = memory.max ]; then echo max >"$INNER/$FILE"; else echo -1 >"$INNER/$FILE"; fi
	case $v in 3.1 | 8.0) row "the parent's limit" "$v" - "^no limit: " "" ;;
	*) row "the parent's limit" "$v" $whole "^75 % of cgroup $GIB$" "" ;;
	esac
}

for v in ${ONLY:-3.1 8.0 9.0 10.0 11.0}; do
	if have_runtime "twin-$v"; then try "$v"; else skip "twin-$v" "not to be had"; fi
done

# Where the runtimeconfig stands otherwise; a program of another user.
echo $GIB >"$INNER/$FILE"
if have_runtime twin-10.0; then
	mkdir "$T/app"
	cp "$RUNTIMES/app/twin.dll" "$T/app/"
	config "$T/app/twin.runtimeconfig.json" 10.0 "$H\": 300000000"
	chmod 755 "$T/app"
	cd "$T/app" || exit 1
	export DOTNET_ROOT=$RUNTIMES/root
	run "$RUNTIMES/root/dotnet" twin.dll limit
	is "a relative path" "$("$ASK" 10 "$TARGET")" "$TARGET 300000000 runtimeconfig System.GC.HeapHardLimit"
	is "a version not known" "$("$ASK" 0 "$TARGET")" "$TARGET 300000000 runtimeconfig System.GC.HeapHardLimit"
	mv twin.runtimeconfig.json away
	like "a runtimeconfig that is gone" "$("$ASK" 10 "$TARGET")" \
		"^$TARGET - unknown: there is no $T/app/twin.runtimeconfig.json"
	mkfifo twin.runtimeconfig.json
	like "a pipe in its place" "$("$ASK" 10 "$TARGET")" "^$TARGET - unknown: $T/app/twin.runtimeconfig.json: "
	rm twin.runtimeconfig.json
	ln -s away twin.runtimeconfig.json
	like "a link in its place" "$("$ASK" 10 "$TARGET")" "^$TARGET 300000000 runtimeconfig"
	head -c 70000 /dev/zero >away
	like "one of 70,000 bytes" "$("$ASK" 10 "$TARGET")" "^$TARGET - unknown: .*json: File too large$"
	echo '{"runtimeOptions": {' >away
	like "one that is cut" "$("$ASK" 10 "$TARGET")" "^$TARGET - unknown: its runtimeconfig is no JSON$"
	end "$TARGET"
	config "$T/app/away" 10.0 "$H\": 300000000"
	run "${AS_USER[@]}" DOTNET_ROOT="$RUNTIMES/root" "$RUNTIMES/root/dotnet" twin.dll limit
	like "a program of another user" "$("$ASK" 10 "$TARGET")" "^$TARGET 300000000 runtimeconfig"
	cp "$ASK" "$T/ask"
	like "asked by that user" "$(as_user "$T/ask" 10 "$TARGET")" "^$TARGET 300000000 runtimeconfig"
	chmod 600 away
	like "what that user may not read is not read" "$("$ASK" 10 "$TARGET")" \
		"^$TARGET - unknown: .*json: Permission denied$"
	end "$TARGET"
	cd "$T" || exit 1
fi
for name in single-8.0 single-10.0; do
	have_runtime $name || { skip "$name" "not to be had"; continue; }
	start_target $name idle
	like "$name: its settings are inside" "$("$ASK" 0 "$TARGET")" \
		"^$TARGET - unknown: there is no .*/twin.runtimeconfig.json \(a single file has its settings inside\)$"
	end "$TARGET"
done

# The same through the mount.
start_daemon
for v in 3.1 8.0 10.0; do
	have_runtime "twin-$v" || { skip "twin-$v: heap >= 80%" "not to be had"; continue; }
	start "$T/idle.$v" bash -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' - "$INNER" \
		"$RUNTIMES/bin/twin-$v" idle
	TARGET=$STARTED
	eventually "$v: listed" 20 get_like "$TARGET/runtime" "version $v"
	is "$v: heap >= 80% is taken" "$(put "$TARGET/trigger" "heap >= 80%")" ""
	like "$v: of the limit" "$(key "$TARGET/status" heap_limit)" "^805.306368 75 % of cgroup $GIB$"
	is "$v: it reads back as written" "$(get "$TARGET/trigger")" "heap >= 80%"
	is "$v: and is no threshold" "$(get "$TARGET/threshold_mb")" off
	end "$TARGET"
done
start "$T/idle" "$RUNTIMES/bin/twin-10.0" idle
TARGET=$STARTED
eventually "without a cgroup: listed" 20 get_like "$TARGET/runtime" "version 10.0"
is "without a limit it is refused" "$(put "$TARGET/trigger" "heap >= 80%")" "Operation not supported"
like "and why" "$(key "$TARGET/status" last_error)" "trigger: no limit"
end "$TARGET"
ok "the daemon ends" stop_daemon
finish
