# Which lines and branches of the parsers and of the protocol's code are run by unit and wire tests, by the replayed
# corpora and by the broker under a hostile front: coverage, for tests/long. Fails when fewer than COVERED_MIN % of all
# lines are, or a file has no line at all.

COVERED_MIN=95
COVERED="ipc/*.c ipc/nettrace/*.c ipc/nettrace/bytes.h fs/broker/records.c fs/broker/link.c fs/broker/proc.c fs/broker/proc-text.c
	fs/broker/identity.c fs/broker/elf-core.c fs/broker/store-meta.c fs/broker/environ.c fs/broker/mount-table.c
	fs/broker/heap-limit.c fs/broker/runtimeconfig.c fs/broker/memory-cgroup.c fs/broker/sessions.c fs/broker/exchange.c
	fs/model/trigger-parse.c fs/model/file-name.c fs/model/metric-*.c fs/model/number.c fs/model/size.c
	fs/model/provider-list.c fs/options.c fs/limit-options.c"

coverage() {
	local dir=$BUILDS/build-coverage flags='-fprofile-instr-generate -fcoverage-mapping' objects=() program report
	install_packages clang llvm || return 1
	[ -f "$dir/build.ninja" ] || CC=clang meson setup "$dir" -Dbuildtype=debug -Db_lundef=false \
		-Dc_args="$flags" -Dc_link_args="$flags" >/dev/null || return 1
	ninja -C "$dir" >/dev/null || return 1
	rm -rf "$dir/profiles"
	LLVM_PROFILE_FILE=$dir/profiles/%p.profraw meson test -C "$dir" --num-processes 2 >"$dir/test.log" 2>&1 ||
		{ tail -n 20 "$dir/test.log"; return 1; }
	LLVM_PROFILE_FILE=$dir/profiles/%p-front.profraw COUNT=3000 BUILD=$dir tests/mount/hostile-front.sh \
		>"$dir/hostile.log" 2>&1 || { grep -A 3 '^not ok' "$dir/hostile.log"; return 1; }
	find "$dir/profiles" -name '*.profraw' -size +0 >"$dir/profiles/list"
	llvm-profdata merge --sparse --failure-mode=all -f "$dir/profiles/list" -o "$dir/all.profdata" || return 1
	for program in "$dir"/tests/test-* "$dir"/tests/*/test-* "$dir"/tests/replay-* \
		"$dir/tests/hostile/triggerdumpfs-hostile"; do
		[ ! -f "$program" ] || [ ! -x "$program" ] || objects+=(${objects[0]:+-object} "$program")
	done
	llvm-cov report "${objects[@]}" -instr-profile="$dir/all.profdata" 2>/dev/null |
		awk -v files="$(printf '%s ' $COVERED)" -v min=$COVERED_MIN '
		function show(name, lines, missed, branches, skipped) {
			printf "%-40s %5d lines, %5.1f %%   %5d branches, %5.1f %%\n", name, lines,
				lines ? 100 - 100 * missed / lines : 0, branches,
				branches ? 100 - 100 * skipped / branches : 100
		}
		BEGIN { n = split(files, wanted, " ") }
		{ for (i = 1; i <= n; i++)
			if (index("/" $1 "$", "/" wanted[i] "$") && $8) {
				show(wanted[i], $8, $9, $11, $12)
				lines += $8; missed += $9; branches += $11; skipped += $12; seen++
			} }
		END { show("all", lines, missed, branches, skipped)
			exit !(seen == n && missed <= lines * (100 - min) / 100) }' || {
		echo "fewer than $COVERED_MIN % of the lines, or a file without any"
		return 1
	}
}
