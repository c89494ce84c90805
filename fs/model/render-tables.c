/* The tables of all processes at the root. */
#include <math.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/model/text-table.h"

enum {
	BYTES_PER_MB = 1000000,
	FIXED_MAX = 400 /* bytes of the longest "%+.1f", with its NUL */
};

static GPtrArray *sorted_processes(const Model *model, GCompareFunc compare)
{
	GPtrArray *sorted = g_ptr_array_new();

	for (Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial))
		g_ptr_array_add(sorted, p);
	g_ptr_array_sort(sorted, compare);
	return sorted;
}

/* What both tables begin with: pid, user, runtime. */
static void add_head(TextTable *table, const Process *process)
{
	char text[32];

	g_snprintf(text, sizeof text, "%d", (int)process->found.pid);
	text_table_add(table, text);
	g_snprintf(text, sizeof text, "%u", (unsigned)process->found.uid);
	text_table_add(table, *process->user ? process->user : text);
	text_table_add(table, process_runtime(process));
}

static gint by_pid(gconstpointer a, gconstpointer b)
{
	const Process *x = *(const Process *const *)a, *y = *(const Process *const *)b;

	return (x->found.pid > y->found.pid) - (x->found.pid < y->found.pid);
}

int render_processes(Model *model, GString *out)
{
	static const TextTableColumn columns[] = {
		{ "PID", TEXT_TABLE_WORD },     { "USER", TEXT_TABLE_WORD },
		{ "RUNTIME", TEXT_TABLE_WORD }, { "HEAP_MB", TEXT_TABLE_WORD },
		{ "TRIGGER", TEXT_TABLE_WORD }, { "COMMAND", TEXT_TABLE_LEFT },
	};
	g_autoptr(GPtrArray) sorted = sorted_processes(model, by_pid);
	g_autoptr(TextTable) table = text_table_new(columns, G_N_ELEMENTS(columns));
	gint64 now = g_get_monotonic_time();

	for (unsigned i = 0; i < sorted->len; i++) {
		const Process *process = sorted->pdata[i];
		char heap[NUMBER_MAX] = "";

		if (process_has_heap(process, now))
			number_format(process->heap.mb, heap);
		add_head(table, process);
		text_table_add(table, heap);
		text_table_add(table, trigger_state_name(process->trigger.state));
		text_table_add(table, process_command_line(process));
	}
	text_table_append(table, out);
	return 0;
}

/* The largest heap first, the unknown last. */
static gint by_heap(gconstpointer a, gconstpointer b)
{
	const Process *x = *(const Process *const *)a, *y = *(const Process *const *)b;
	gint64 now = g_get_monotonic_time();
	double of_x = process_has_heap(x, now) ? x->heap.mb : -1;
	double of_y = process_has_heap(y, now) ? y->heap.mb : -1;

	return of_x != of_y ? (of_x < of_y) - (of_x > of_y) : by_pid(a, b);
}

/* A number of a fixed form, so that nothing jumps while one watches; NaN: there is none. */
static void add_fixed(TextTable *table, const char *format, double value)
{
	char text[FIXED_MAX] = "";

	if (!isnan(value))
		g_ascii_formatd(text, sizeof text, format, value);
	text_table_add(table, text);
}

static double value_of(const Process *process, const char *name)
{
	const Counter *counter = counter_store_find(process->counters, 0, name);

	return counter && counter->has_value ? counter->value : (double)NAN;
}

static void add_top(TextTable *table, const Process *process)
{
	const Counter *heap = counter_store_heap(process->counters);
	gboolean has_heap = process_has_heap(process, g_get_monotonic_time());

	add_head(table, process);
	add_fixed(table, "%.1f", has_heap ? process->heap.mb : (double)NAN);
	add_fixed(table, "%+.1f",
	          has_heap && heap->has_value ? heap->value - heap->before : (double)NAN);
	add_fixed(table, "%.1f", value_of(process, "cpu-usage"));
	add_fixed(table, "%.1f", value_of(process, "alloc-rate") / BYTES_PER_MB);
	add_fixed(table, "%.1f", value_of(process, "time-in-gc"));
	add_fixed(table, "%.0f", value_of(process, "threadpool-thread-count"));
	add_fixed(table, "%.1f", value_of(process, "exception-count"));
	text_table_add(table, trigger_state_name(process->trigger.state));
	text_table_add(table, process_command_line(process));
}

int render_top(Model *model, GString *out)
{
	static const TextTableColumn columns[] = {
		{ "PID", TEXT_TABLE_WORD },         { "USER", TEXT_TABLE_WORD },
		{ "RUNTIME", TEXT_TABLE_WORD },     { "HEAP_MB", TEXT_TABLE_RIGHT },
		{ "CHANGE", TEXT_TABLE_RIGHT },     { "CPU%", TEXT_TABLE_RIGHT },
		{ "ALLOC_MB/s", TEXT_TABLE_RIGHT }, { "GC%", TEXT_TABLE_RIGHT },
		{ "THREADS", TEXT_TABLE_RIGHT },    { "EXC/s", TEXT_TABLE_RIGHT },
		{ "TRIGGER", TEXT_TABLE_WORD },     { "COMMAND", TEXT_TABLE_LEFT },
	};
	g_autoptr(GPtrArray) sorted = sorted_processes(model, by_heap);
	g_autoptr(TextTable) table = text_table_new(columns, G_N_ELEMENTS(columns));

	for (unsigned i = 0; i < sorted->len; i++)
		add_top(table, sorted->pdata[i]);
	text_table_append(table, out);
	return 0;
}
