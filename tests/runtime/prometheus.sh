#!/bin/bash
# What real runtimes have, as Prometheus takes it: promtool has nothing to say of any name, a strict parser of
# OpenMetrics takes the other file, and node_exporter takes every sample. values-10.0 is an application with
# tags that nobody escapes. See tests/mount/prometheus.sh for the programs.
#
#	ONLY		runtimes (default twin-3.1 web-8.0 web-9.0 web-10.0 web-11.0 values-10.0), all at once
#	APART		seconds between the two scrapes whose label sets are compared (default 5)
LIMIT=${LIMIT:-240}
. "$(dirname "$0")/../lib/harness.sh"

APART=${APART:-5}
PROGRAMS=${PROMETHEUS:-$RUNTIMES/prometheus}/usr/bin
[ -f "${PROGRAMS%/usr/bin}/.whole" ] || skip_all "Debian's prometheus and prometheus-node-exporter cannot be had"

# What an application measures for the first time is new, and nobody's labels change by it: its pool of memory
# allocates and gives back when it wants to, some half a minute after the start.
LATE='^aspnetcore_memory_pool_(allocated|evicted)_bytes_total\{'

pids=()
loads=()
for name in ${ONLY:-twin-3.1 web-8.0 web-9.0 web-10.0 web-11.0 values-10.0}; do
	have_runtime "$name" || { skip "$name" "not to be had"; continue; }
	mode=
	[[ $name != twin-* ]] || mode=idle
	start_target "$name" $mode || finish
	pids+=("$TARGET")
	case $name in web-*)
		start /dev/null bash -c 'while :; do curl -s -m 5 "$1/api/heap" >/dev/null; sleep 0.2; done' \
			load "$(sed -n 's/^listening //p' "$TARGET_OUT")"
		loads+=("$STARTED")
		;;
	esac
done
[ ${#pids[@]} -gt 0 ] || skip_all "no runtimes"
start_daemon attach_delay=0,meters_delay=0,providers=+Own-Provider:+Own.Meter
for pid in "${pids[@]}"; do ok "a sample" first_sample "$pid"; done
lines() { get metrics | wc -l; }
settled() { local before; before=$(lines); sleep 3; [ "$(lines)" = "$before" ]; }
eventually "meters came, and no further values do" 60 settled
within "samples" "$(get metrics | grep -vc '^#')" $((${#pids[@]} * 27)) 100000

# strict FILE - a parser of OpenMetrics takes it; it wants time stamps, which we do not have
strict() {
	sed "/^#/! s/\$/ $(date +%s)/" "$1" >"$T/strict" && rm -rf "$T/blocks" &&
		"$PROGRAMS/promtool" tsdb create-blocks-from openmetrics "$T/strict" "$T/blocks" >/dev/null
}
# complaints FILE - of promtool; the word b in a name that the application gave ("ticked/a b") is no unit of ours
complaints() {
	"$PROGRAMS/promtool" check metrics <"$1" 2>&1 |
		grep -v "^dotnet_own_provider_ticked_a_b_total metric names should not contain abbreviated units$"
}
for file in "" "${pids[@]/%//}"; do
	get "${file}metrics" >"$T/text"
	is "promtool: ${file}metrics" "$(complaints "$T/text")" ""
	get "${file}openmetrics" >"$T/open"
	ok "strictly: ${file}openmetrics" strict "$T/open"
done

# label_sets FILE - name and labels of every sample of the root's metrics
label_sets() { get metrics | grep -v '^#' | sed 's/ [^ ]*$//' | LC_ALL=C sort >"$1"; }
label_sets "$T/first"
for load in "${loads[@]:0:2}"; do end "$load"; done
sleep "$APART"
label_sets "$T/second"
is "$APART s apart: no sample has gone or has other labels, also where nothing is asked for any more" \
	"$(LC_ALL=C comm -23 "$T/first" "$T/second")" ""
is "and none is new" "$(LC_ALL=C comm -13 "$T/first" "$T/second" | grep -vE "$LATE")" ""
is "none is there twice" "$(uniq -d "$T/second")" ""
note "$(wc -l <"$T/first") samples, and $(wc -l <"$T/second") after $APART s"

mkdir "$T/textfile"
ln -s "$MNT/metrics" "$T/textfile/dotnet.prom"
start "$T/exporter" "$PROGRAMS/prometheus-node-exporter" --web.listen-address=127.0.0.1:9100 \
	--collector.disable-defaults --collector.textfile --collector.textfile.directory="$T/textfile"
EXPORTER=$STARTED
# labels FILE - of all samples in what node_exporter gives, without those of itself
scrape() { curl -s -m 5 http://127.0.0.1:9100/metrics; }
labels() { scrape | grep -E '^[a-z0-9_]+\{.*pid="' | sed 's/ [^ ]*$//' | LC_ALL=C sort >"$1"; }
up() { scrape | grep -q '^triggerdumpfs_up{'; }
eventually "node_exporter has them" 20 up
labels "$T/before"
is "all samples, whatever their tags" "$(wc -l <"$T/before")" "$(get metrics | grep -vc '^#')"
sleep 3
labels "$T/after"
is "the same labels in another scrape, if not more" "$(LC_ALL=C comm -23 "$T/before" "$T/after")" ""
is "without an error" "$(scrape | sed -n 's/^node_textfile_scrape_error //p')" 0
is "nor one in its log" "$(grep level=error "$T/exporter")" ""
end "$EXPORTER" TERM
ok "the daemon ends" stop_daemon
finish
