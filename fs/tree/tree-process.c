/* The directory of a process: one row a file. */
#include "fs/tree/tree-kinds.h"

#include <errno.h>

#include "fs/model/render.h"
#include "fs/tree/control-file.h"
#include "fs/tree/environ-file.h"
#include "fs/tree/log-file.h"
#include "fs/tree/rows.h"
#include "fs/tree/stream-file.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

static gint64 threshold_written_us(const Process *process)
{
	return process->trigger.threshold_written_us;
}

static gint64 trigger_written_us(const Process *process)
{
	return process->trigger.written_us;
}

static gint64 max_dumps_written_us(const Process *process)
{
	return process->trigger.max_dumps_written_us;
}

static gint64 cooldown_written_us(const Process *process)
{
	return process->trigger.cooldown_written_us;
}

static gint64 detect_written_us(const Process *process)
{
	return process->detect.written_us;
}

static gint64 providers_written_us(const Process *process)
{
	return process->providers_written_us;
}

static gint64 interval_written_us(const Process *process)
{
	return process->interval_written_us;
}

static gint64 peak_us(const Process *process)
{
	return process->heap.peak_wall_us;
}

static gint64 dump_type_written_us(const Process *process)
{
	return process->dump_type_written_us;
}

static gint64 dump_written_us(const Process *process)
{
	return process->dump_written_us;
}

static const NodeRow process_rows[] = {
	{ "cmdline", 0400, &text_file, .render = render_process_cmdline },
	{ "environ", 0400, &environ_file },
	{ "runtime", 0400, &text_file, .render = render_process_runtime },
	{ "status", 0400, &text_file, .render = render_process_status, .wake = NODE_WAKE_STATE },
	{ "events", 0400, &log_file, .wake = NODE_WAKE_LOG },
	{ "counters", 0500, &tree_counters_dir },
	{ "meters", 0500, &tree_meters_dir },
	{ "counters.txt", 0400, &text_file, .render = render_process_txt,
	  .wake = NODE_WAKE_VALUES },
	{ "counters.csv", 0400, &text_file, .render = render_process_csv,
	  .wake = NODE_WAKE_VALUES },
	{ "counters.json", 0400, &text_file, .render = render_process_json,
	  .wake = NODE_WAKE_VALUES },
	{ "stream.csv", 0400, &stream_file, .wake = NODE_WAKE_LOG },
	{ "catalog.tsv", 0400, &text_file, .render = render_process_catalog },
	{ "metrics", 0400, &text_file, .render = render_process_metrics, .wake = NODE_WAKE_VALUES },
	{ "openmetrics", 0400, &text_file, .render = render_process_openmetrics,
	  .wake = NODE_WAKE_VALUES },
	{ "threshold_mb", 0600, &control_file, .render = render_process_threshold,
	  .apply = control_file_threshold, .written_us = threshold_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "heap_mb", 0400, &text_file, .render = render_process_heap, .wake = NODE_WAKE_SAMPLE },
	{ "peak_mb", 0600, &control_file, .render = render_process_peak, .apply = control_file_peak,
	  .written_us = peak_us, .wake = NODE_WAKE_SAMPLE },
	{ "peaks", 0500, &tree_peaks_dir },
	{ "trigger", 0600, &control_file, .render = render_process_trigger,
	  .apply = control_file_trigger, .written_us = trigger_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "max_dumps", 0600, &control_file, .render = render_process_max_dumps,
	  .apply = control_file_max_dumps, .written_us = max_dumps_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "cooldown_s", 0600, &control_file, .render = render_process_cooldown,
	  .apply = control_file_cooldown, .written_us = cooldown_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "detect", 0600, &control_file, .render = render_process_detect,
	  .apply = control_file_detect, .written_us = detect_written_us, .wake = NODE_WAKE_STATE },
	{ "providers", 0600, &control_file, .render = render_process_providers,
	  .apply = control_file_providers, .written_us = providers_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "interval", 0600, &control_file, .render = render_process_interval,
	  .apply = control_file_interval, .written_us = interval_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "dump_type", 0600, &control_file, .render = render_process_dump_type,
	  .apply = control_file_dump_type, .written_us = dump_type_written_us,
	  .wake = NODE_WAKE_STATE },
	{ "dump", 0600, &control_file, .render = render_process_dump, .apply = control_file_dump,
	  .written_us = dump_written_us, .wake = NODE_WAKE_IDLE },
	{ "dumps", 0700, &tree_process_dumps_dir },
};

const NodeRow *tree_process_rows(unsigned *n)
{
	*n = G_N_ELEMENTS(process_rows);
	return process_rows;
}

static guint64 first_row(guint64 serial)
{
	return ino_make(INO_PROCESS, serial, INO_FIRST_ROW);
}

guint64 tree_process_dir_ino(const NodeType *type, guint64 serial)
{
	unsigned i = 0;

	while (process_rows[i].type != type)
		i++;
	return first_row(serial) + i;
}

static int lookup(const Node *dir, const char *name, Node *ret)
{
	return rows_lookup(process_rows, G_N_ELEMENTS(process_rows),
	                   first_row(dir->process->serial), dir, name, ret);
}

static gboolean next(const Node *dir, guint64 after, NodeEntry *ret)
{
	return rows_next(process_rows, G_N_ELEMENTS(process_rows), first_row(dir->process->serial),
	                 after, ret);
}

static void stat_process(const Node *node, struct stat *st)
{
	st->st_mode |= 0500;
}

/* The name is asked for at every walk, so that with the process all below it goes at once. */
static const NodeType process_dir = {
	.format = S_IFDIR,
	.entry_timeout = 0,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_process,
	.lookup = lookup,
	.next = next,
};

void tree_process_node(const Node *from, Process *process, Node *ret)
{
	*ret = node_make(from, ino_make(INO_PROCESS, process->serial, 0), &process_dir);
	ret->process = process;
}

int tree_process_resolve(Node *ret)
{
	if (ino_row(ret->ino) == 0) {
		ret->type = &process_dir;
		return 0;
	}
	return rows_resolve(process_rows, G_N_ELEMENTS(process_rows), ret);
}
