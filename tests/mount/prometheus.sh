#!/bin/bash
# metrics as Prometheus takes them: promtool has nothing to say, node_exporter's textfile collector reads a link
# to the file, Prometheus scrapes that, and two scrapes have the same labels. The programs are Debian's
# prometheus and prometheus-node-exporter, unpacked beside the real runtimes (tests/check) and never installed.
LIMIT=180
. "$(dirname "$0")/../lib/harness.sh"

PROGRAMS=${PROMETHEUS:-$RUNTIMES/prometheus}
[ -f "$PROGRAMS/.whole" ] || skip_all "Debian's prometheus and prometheus-node-exporter cannot be had"
PROMTOOL=$PROGRAMS/usr/bin/promtool

start_fake "runtime 10.0.0
interval 500
meter Own|1.0|orders|Counter|{order}|how many
meter-value orders|shop=a|5
meter-value orders|shop=b c|1
meter Own|1.0|duration|Histogram|s|
meter-value duration|route=/x|2 3 0.5=1;0.95=2;0.99=2.5" || finish
P=$TARGET
start_fake "heap 70" || finish
start_daemon attach_delay=0,meters_delay=0,providers=+Own
complete() { inmount 5 grep -q '^duration_seconds_count{' "$MNT/metrics"; }
eventually "meters are in metrics" 20 complete
for pid in "$P" "$TARGET"; do ok "samples of both" first_sample "$pid"; done
lines() { get metrics | wc -l; }
settled() { local before; before=$(lines); sleep 1; [ "$(lines)" = "$before" ]; }
eventually "and no further values come" 20 settled
for file in metrics "$P/metrics"; do
	get "$file" >"$T/text"
	is "promtool: $file" "$("$PROMTOOL" check metrics <"$T/text" 2>&1)" ""
done
# a family of each name that is built in, whether a runtime is here or not
built_in() {
	grep -v '^#' "$ROOT/fs/model/metric-names.tsv" | awk -F'\t' '{
		print "# HELP " $6 " x\n# TYPE " $6 " " $7
		print $7 == "summary" ? $6 "{quantile=\"0.5\"} 1\n" $6 "_sum 1\n" $6 "_count 1" : $6 " 1"
	}'
}
is "promtool: all that is built in, 3.1 to 11" "$(built_in | "$PROMTOOL" check metrics 2>&1)" ""
like "the last line" "$(tail -n 1 "$T/text")" "^# EOF$"

# the labels of all samples, without their values
labels() { get metrics | grep -v '^#' | sed 's/ [^ ]*$//' | LC_ALL=C sort; }
labels >"$T/labels"
is "as many processes as there are" "$(grep -c '^triggerdumpfs_up{' "$T/labels")" 2
seq=$(get "$P/counters/gc-heap-size" && inmount 5 stat -c %y "$MNT/$P/counters/gc-heap-size")
later() { [ "$(get "$P/counters/gc-heap-size" && inmount 5 stat -c %y "$MNT/$P/counters/gc-heap-size")" != "$seq" ]; }
eventually "another sample" 10 later
is "two scrapes have the same labels" "$(labels | diff - "$T/labels")" ""

mkdir "$T/textfile" "$T/data"
ln -s "$MNT/metrics" "$T/textfile/dotnet.prom"
start "$T/exporter" "$PROGRAMS/usr/bin/prometheus-node-exporter" --web.listen-address=127.0.0.1:9100 \
	--collector.disable-defaults --collector.textfile --collector.textfile.directory="$T/textfile"
EXPORTER=$STARTED
scrape() { curl -s -m 5 http://127.0.0.1:9100/metrics; }
taken() { scrape | grep -q "^dotnet_gc_heap_size_bytes{.*pid=\"$P\""; }
eventually "node_exporter has the series" 20 taken
is "without an error" "$(scrape | sed -n 's/^node_textfile_scrape_error //p')" 0
cat >"$T/prometheus.yml" <<'Y'
global: { scrape_interval: 1s }
scrape_configs: [ { job_name: node, static_configs: [ { targets: ["127.0.0.1:9100"] } ] } ]
Y
start "$T/prometheus.out" "$PROGRAMS/usr/bin/prometheus" --config.file="$T/prometheus.yml" \
	--storage.tsdb.path="$T/data" --web.listen-address=127.0.0.1:9090
SERVER=$STARTED
ask() { curl -s -m 5 -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1"; }
answers() { ask "$1" | grep -q "\"pid\":\"$P\""; }
eventually "Prometheus has the heap" 30 answers "dotnet_gc_heap_size_bytes{pid=\"$P\"}"
eventually "and a quantile of a meter" 30 answers 'duration_seconds{quantile="0.95",route="/x"}'
eventually "a counter, with its tag" 30 answers 'orders_total{shop="b c",otel_scope_name="Own"}'
note "$(ask "dotnet_gc_heap_size_bytes{pid=\"$P\"}")"
end "$SERVER" TERM
end "$EXPORTER" TERM
ok "the daemon ends" stop_daemon
finish
