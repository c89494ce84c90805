#!/bin/bash
# tests/unit/test-docs.sh - what the tables of the source hold has its paragraph in the man pages, as TAP:
# options, files of the tree, keys of status and json, words of events, names of states. A paragraph
# begins with the name in bold.
cd "$(dirname "$0")/../.." || exit 1
page1=man/triggerdumpfs.1.scd
page5=man/triggerdumpfs.5.scd
number=0
status=0

# section FILE TITLE - the text below "# TITLE"
section() { awk -v title="# $2" '/^# / { on = $0 == title; next } on' "$1"; }

# body FILE FUNCTION - of a C function
body() { sed -n "/^[a-z].*\<$2(/,/^}/p" "$1"; }

# table FILE NAME - the rows of a C array, in one line
table() { sed -n "/\<$2\[.*= {/,/^[[:blank:]]*};/p" "$1" | tr -s '\n\t ' ' '; }

# heads - of the paragraphs on stdin: the bold names of lines that begin with one, without backslashes
heads() { grep -E '^[[:blank:]]*(- )?\*' | sed 's/\\//g' | grep -oE '\*[^*]+\*' | tr -d '*'; }

# bold - all bold names on stdin
bold() { sed 's/\\//g' | grep -oE '\*[^*]+\*' | tr -d '*'; }

# compare WHAT NAMES TEXT_NAMES - every one of NAMES is one of TEXT_NAMES
compare() {
	local missing
	number=$((number + 1))
	missing=$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3"))
	if [ -n "${2//[[:space:]]/}" ] && [ -z "$missing" ]; then
		echo "ok $number - docs: $1 ($(wc -l <<<"$2"))"
		return
	fi
	echo "not ok $number - docs: $1"
	if [ -z "${2//[[:space:]]/}" ]; then
		echo "# nothing was found in the source: has the table another form?"
	else
		sed 's/^/# no paragraph for: /' <<<"$missing"
	fi
	status=1
}

# The third member of a row is the option as the help shows it: "-h, --help" or "-o interval=S".
options=$(table fs/options.c rows | grep -oE '\{ "[^"]*",[^"{}]*"[^"]*"' | sed 's/.*"\([^"]*\)"$/\1/' |
	sed 's/, /\n/g' | sed 's/=.*/=/')
compare "options" "$options" "$(section $page1 OPTIONS | heads)"

files() { table "$1" "$2" | grep -oE '\{ "[^"]+", 0[0-7]+' | cut -d'"' -f2; }
compare "files at the root" "$(files fs/tree/tree-root.c root_rows)" "$(section $page5 'THE ROOT' | heads)"
compare "files of a process" "$(files fs/tree/tree-process.c process_rows)" \
	"$(section $page5 'THE DIRECTORY OF A PROCESS' | heads)"

# Keys: the texts of a render function that begin like one.
keys() { body "$1" "$2" | grep -oE '"(\\n)?[a-z][a-z_-]*[ "]' | sed 's/\\n//' | tr -d '" '; }
compare "keys of status at the root" "$(keys fs/model/render-root.c render_root_status)" \
	"$(section $page5 'KEYS OF status AT THE ROOT' | heads)"
compare "keys of status of a process" "$(keys fs/model/render-process.c render_process_status)" \
	"$(section $page5 'KEYS OF status OF A PROCESS' | bold)"
compare "keys of runtime" "$(keys fs/model/render-process.c render_process_runtime)" \
	"$(section $page5 'THE DIRECTORY OF A PROCESS' | bold)"
compare "keys of the json" \
	"$(body fs/model/dump-json.c dump_json_build | grep -oE 'append_key\(out, "[a-z_]+"' | cut -d'"' -f2)" \
	"$(section $page5 DUMPS | heads)"

strings() { table "$1" "$2" | grep -oE '= "[^"]+"' | cut -d'"' -f2; }
compare "words of events" "$(strings fs/model/event-log.c words)" "$(section $page5 EVENTS | heads)"
states=$(body fs/model/process.c process_state_name | grep -oE '= "[a-z]+"' | cut -d'"' -f2
	body fs/model/trigger.c trigger_state_name | grep -oE '= "[a-z]+"' | cut -d'"' -f2)
compare "states" "$states" "$(section $page5 'KEYS OF status OF A PROCESS' | bold)"

# The pages themselves: no line that is too long to be read in the source, none that begins with a point,
# which would be lost, and nothing that scdoc refuses.
for page in man/*.scd; do
	number=$((number + 1))
	bad=$(awk 'length > 115 || /^[[:blank:]]*\./' "$page")
	if [ -n "$bad" ]; then
		echo "not ok $number - docs: $page: lines too long, or with a point in front"
		sed 's/^/# /' <<<"$bad"
		status=1
	elif ! command -v scdoc >/dev/null; then
		echo "ok $number - docs: $page # SKIP no scdoc"
	elif complaint=$(scdoc <"$page" 2>&1 >/dev/null) && [ -z "$complaint" ]; then
		echo "ok $number - docs: $page"
	else
		echo "not ok $number - docs: $page"
		sed 's/^/# /' <<<"$complaint"
		status=1
	fi
done
echo "1..$number"
exit $status
