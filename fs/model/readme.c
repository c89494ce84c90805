/* What is here, for somebody who has just mounted it. */
#include "fs/model/render.h"

static const char text[] =
	"Every running .NET process is a directory here, named by its pid.\n"
	"\n"
	"  cat processes                   pid, user, runtime, heap MB, trigger, command\n"
	"  cat PID/counters/gc-heap-size   a live counter (MB = 1,000,000 bytes)\n"
	"  ls -R PID/meters                meters; PID/providers: whose; catalog.tsv: units\n"
	"  grep . */counters/gc-heap-size  one counter of all processes\n"
	"  watch -n1 cat top               all processes by heap; PID/counters.txt: of one\n"
	"  tail -n 0 -f PID/stream.csv     every sample; counters.csv, .json: the last\n"
	"  cat PID/status                  state, and last_error: why it was refused\n"
	"\n"
	"  echo 500 > PID/threshold_mb     one dump when heap_mb reaches 500 MB\n"
	"  echo off > PID/threshold_mb     no more; state fired: write to arm again\n"
	"  echo 'cpu-usage > 90 for 30s' > PID/trigger    any value; rss, threads, fds\n"
	"  echo now > PID/dump             a dump now; or mini, heap, triage, full\n"
	"  echo full > PID/dump_type       the type of the dumps that follow (heap)\n"
	"\n"
	"  ls PID/dumps dumps              whole dumps; dumps/ has those of the dead too\n"
	"  cat PID/dumps/core_*.json       why, when, how large, how to analyze it\n"
	"  rm dumps/core_X*                removes a dump and its .json\n"
	"\n"
	"  tail -f events                  what happens; PID/events: of one process\n"
	"  cat PID/cmdline PID/runtime     and: tr '\\0' '\\n' < PID/environ\n"
	"\n"
	"Reading never acts. \"No data available\": not sampled yet.\n"
	"More: triggerdumpfs(1), triggerdumpfs(5).\n";

int render_readme(Model *model, GString *out)
{
	g_string_append(out, text);
	return 0;
}
