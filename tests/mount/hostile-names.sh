#!/bin/bash
# A runtime that calls its values whatever it likes, and has more of them than anybody wants: every name is a
# harmless file, all can be read, the caps hold, a healthy process beside it goes on.
LIMIT=150
. "$(dirname "$0")/../lib/harness.sh"

odd() { # one instrument with that name, and one with that tag
	printf 'meter Odd|1.0|%s|Gauge|%s|%s\nmeter-value %s||1\n' "$1" "$1" "$1" "$1"
	printf 'meter-value plain|k=%s|2\nmeter-value plain|%s|3\n' "$1" "$1"
}
letters=$(printf 'n%.0s' $(seq 300))
# As a scenario has them: \\ is one backslash, \n a newline.
names=(. .. ... a/b /a a//b ../../etc/passwd value rate p95 '~' 'a~12345678' -rf '*' '%' %2F %00 'a b' 'a=b' 'a,b'
	'k=v,k=w' '=' ',' '"' "'" '\\' '\n' '\r\nx' '\174' '$(id)' '{}' '#' ü é $'e\u0301' 😀 $'\e[2J' $'\a\b' '\t' $'\x7f'
	$'\u202e' "$letters" "${letters}x" "$letters$letters$letters$letters")
{
	echo "runtime 10.0.0"
	echo "interval 500"
	echo "meter Odd|1.0|plain|Counter||"
	for name in "${names[@]}"; do odd "$name"; done
	for i in $(seq 300); do printf 'meter Many.%d|1.0|only.%d|Gauge||\nmeter-value only.%d||1\n' "$i" "$i" "$i"; done
	echo "meter Odd|1.0|tagged|Gauge||"
	for i in $(seq 5000); do echo "meter-value tagged|n=$i|1"; done
} >"$T/lines"
start_fake "$(cat "$T/lines")" || finish
P=$TARGET
start_fake "runtime 10.0.0
interval 200
heap 100 200" || finish
Q=$TARGET
start_daemon attach_delay=0,meters_delay=0,providers=+*
eventually "the healthy one" 20 first_sample "$Q"
eventually "meters are on" 30 key_is "$P/status" meters on
all() { inmount 30 find "$MNT/$P/meters" -type f -print0 | tr -dc '\0' | wc -c; }
settled() { local before=$all; all=$(all); [ "$all" -gt 4000 ] && [ "$all" = "$before" ]; }
all=0
wait_for 30 settled
is "[H9] each file can be read" "$(inmount 60 bash -c 'find "$1" -type f -print0 | xargs -0 cat | wc -l' read "$MNT/$P/meters")" "$all"
is "[H9] names are printable ASCII" "$(inmount 30 find "$MNT/$P/meters" | LC_ALL=C grep -c '[^!-~]')" 0
is "[H9] and short enough for any archive" "$(inmount 30 find "$MNT/$P/meters" | awk -F/ '{ for (i = 1; i <= NF; i++) if (length($i) > 223) n++ } END { print n + 0 }')" 0
odd_instruments() { inmount 10 ls -A "$MNT/$P/meters/Odd" | wc -l; }
is "[H9] every odd instrument, plain and tagged" "$(odd_instruments)" $((${#names[@]} + 2))
within "[H8] meters: no more than the cap" "$(inmount 10 ls "$MNT/$P/meters" | wc -l)" 250 256
within "[H8] tag sets: no more than the cap" "$all" 4000 4500
like "[H8] events say so" "$(get "$P/events")" "more than [0-9]+ (tag sets|meters)|not taken|left out"
is "catalog.tsv: eleven fields each" "$(get "$P/catalog.tsv" | awk -F '\t' '{ print NF }' | sort -u)" 11
is "catalog.tsv: no path twice" "$(get "$P/catalog.tsv" | cut -f1 | sort | uniq -d | wc -l)" 0
is "catalog.tsv: nothing that a terminal obeys" "$(get "$P/catalog.tsv" | LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f\x7f]')" 0
get metrics >"$T/metrics"
is "metrics: no family twice" "$(grep '^# TYPE' "$T/metrics" | cut -d' ' -f3 | sort | uniq -d | wc -l)" 0
is "metrics: no sample twice" "$(grep -v '^#' "$T/metrics" | sed 's/ [^ ]*$//' | sort | uniq -d | wc -l)" 0
is "metrics: names are names" "$(grep -cvE '^(#|[a-z_][a-z0-9_]*(\{|( )))' "$T/metrics")" 0
PROMTOOL=$RUNTIMES/prometheus/usr/bin/promtool
if [ -x "$PROMTOOL" ]; then
	# Names that end in _info and the like are the application's choice.
	ok "metrics: promtool reads it" bash -c '"$1" check metrics <"$2" 2>&1 | grep -i "error while\|text format" && exit 1; exit 0' tool "$PROMTOOL" "$T/metrics"
else
	skip "metrics: promtool reads it" "no promtool"
fi
like "[H8] the healthy one goes on" "$(key "$Q/status" state)" live
within "with new samples" "$(changes "$Q/counters/gc-heap-size" 2)" 1 20
fds() { for pid in $(all_of_daemon); do ls "/proc/$pid/fd"; done | wc -l; }
within "descriptors of all of it" "$(fds)" 1 120
end "$P"
eventually "it goes away" 10 hasnt "$P"
ok "the daemon ends" stop_daemon
finish
