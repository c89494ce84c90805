# The fuzzers with their engine, for tests/long: fuzz SECONDS [NAME...], fuzz_merge [NAME...], fuzz_hours.
#
#	JOBS		how many run side by side (default 1)
#	CORPORA		what they have found so far, NAME/ each, beside NAME.total: CPU seconds and findings of all
#			runs (default build-fuzz/corpora)
#
# Inputs that fail are in CORPORA/findings.

FUZZ_DIR=$BUILDS/build-fuzz
CORPORA=${CORPORA:-$FUZZ_DIR/corpora}
# The parsers of what any process can send.
FUZZ_HOUR="nettrace counters meters gc-events replies"

fuzz_names() { basename -a tests/fuzz/corpus/*/; }

fuzz_build() {
	[ -f "$FUZZ_DIR/build.ninja" ] || CC=clang meson setup "$FUZZ_DIR" -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined >/dev/null || return 1
	ninja -C "$FUZZ_DIR" $(fuzz_names | sed 's|^|tests/fuzz-|') >/dev/null
}

# fuzz_one SECONDS NAME - and a line about it; fails when something was found
fuzz_one() {
	local name=$2 corpus=$CORPORA/$2 log=$CORPORA/$2.log status runs edges user system dict= cpu=0 all=0 found=0
	mkdir -p "$corpus" "$CORPORA/findings"
	cp -n tests/fuzz/corpus/"$name"/* "$corpus"
	[ ! -f "tests/fuzz/$name.dict" ] || dict=-dict=tests/fuzz/$name.dict
	TIMEFORMAT='%U %S'
	{ time "$FUZZ_DIR/tests/fuzz-$name" -max_total_time="$1" -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$CORPORA/findings/$name-" $dict "$corpus" >"$log" 2>&1; } 2>"$log.time"
	status=$?
	read -r user system < <(tail -n 1 "$log.time")
	cpu=$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%.0f", u + s }')
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	edges=$(sed -n 's/^#[0-9].* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	[ ! -f "$CORPORA/$name.total" ] || read -r all found <"$CORPORA/$name.total"
	echo "$((all + cpu)) $((found + (status != 0)))" >"$CORPORA/$name.total"
	echo "fuzz-$name: $cpu CPU s, ${runs:-?} runs, ${edges:-?} edges, $((status != 0)) findings;" \
		"in all $((all + cpu)) CPU s, $((found + (status != 0))) findings"
	[ $status -eq 0 ] || grep -E 'ERROR|SUMMARY|Test unit|No such' "$log"
	return $status
}

# JOBS at a time; the next one begins when one is through.
fuzz() {
	local seconds=$1 name running=0 status=0
	shift
	fuzz_build || return 1
	for name in ${*:-$(fuzz_names)}; do
		if [ $running -ge "${JOBS:-1}" ]; then
			wait -n || status=1
			running=$((running - 1))
		fi
		fuzz_one "$seconds" "$name" &
		running=$((running + 1))
	done
	while [ $running -gt 0 ]; do
		wait -n || status=1
		running=$((running - 1))
	done
	return $status
}

# The committed corpora anew: inputs that have a name (what a finding left should have one) stay, of all others the
# least that reach as much.
fuzz_merge() {
	local name fresh before
	fuzz_build || return 1
	for name in ${*:-$(fuzz_names)}; do
		fresh=$(mktemp -d)
		before=$(ls "tests/fuzz/corpus/$name" | wc -l)
		mkdir -p "$CORPORA/$name"
		find "tests/fuzz/corpus/$name" -type f | grep -vE '/[0-9a-f]{40}$' | xargs -r cp -t "$fresh"
		"$FUZZ_DIR/tests/fuzz-$name" -merge=1 -max_len="${MAX_LEN:-1000}" "$fresh" "tests/fuzz/corpus/$name" \
			"$CORPORA/$name" >"$CORPORA/$name.merge.log" 2>&1 || { echo "fuzz-$name: not merged"; return 1; }
		find "tests/fuzz/corpus/$name" -type f -delete
		cp "$fresh"/* "tests/fuzz/corpus/$name"
		rm -rf "$fresh"
		echo "fuzz-$name: $before inputs before, $(ls "tests/fuzz/corpus/$name" | wc -l) now," \
			"$(du -s --apparent-size -k "tests/fuzz/corpus/$name" | cut -f1) KiB"
	done
}

# A CPU hour for each of FUZZ_HOUR, ten minutes for each other; in rounds, so that all have had some at any time.
fuzz_hours() {
	local round others status=0
	others=$(fuzz_names | grep -vxF "$(printf '%s\n' $FUZZ_HOUR)")
	fuzz 600 $FUZZ_HOUR || status=1
	fuzz 600 $others || status=1
	for round in 2 3 4 5 6; do fuzz 600 $FUZZ_HOUR || status=1; done
	return $status
}
