/* The files at the root. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/util.h"

enum {
	COLUMN_PID,
	COLUMN_USER,
	COLUMN_RUNTIME,
	COLUMN_HEAP,
	COLUMN_TRIGGER,
	COLUMN_COMMAND,
	N_COLUMNS,
};

static const char *const titles[N_COLUMNS] = { "PID",     "USER",    "RUNTIME",
	                                       "HEAP_MB", "TRIGGER", "COMMAND" };

enum {
	CELL_MAX = 4096 /* bytes: of a command line, cmdline has the whole */
};

/* Bytes of a text that fit into a cell; a character of UTF-8 is not cut in two. */
static gsize cell_length(const char *text)
{
	gsize len = strnlen(text, CELL_MAX + 1);

	if (len <= CELL_MAX)
		return len;
	len = CELL_MAX;
	for (unsigned i = 0; i < 3 && ((guchar)text[len] & 0xc0) == 0x80; i++)
		len--;
	return len;
}

/* A cell of the table: no blanks but in the last column, control bytes as '?'. */
static char *cell(const char *text, gboolean last)
{
	char *copy = text && *text ? g_strndup(text, cell_length(text)) : g_strdup("-");

	for (char *p = copy; *p; p++) {
		if ((guchar)*p < ' ' || *p == 0x7f || (*p == ' ' && !last))
			*p = '?';
	}
	return copy;
}

static char **row_of(const Process *process)
{
	char **row = g_new0(char *, N_COLUMNS + 1);
	char heap[NUMBER_MAX] = "";

	if (process->heap.known)
		number_format(process->heap.mb, heap);
	row[COLUMN_PID] = g_strdup_printf("%d", (int)process->found.pid);
	row[COLUMN_USER] = *process->user ? cell(process->user, FALSE)
	                                  : g_strdup_printf("%u", (unsigned)process->found.uid);
	row[COLUMN_RUNTIME] = cell(process_runtime(process), FALSE);
	row[COLUMN_HEAP] = cell(heap, FALSE);
	row[COLUMN_TRIGGER] = cell(trigger_state_name(process->trigger.state), FALSE);
	row[COLUMN_COMMAND] = cell(process_command_line(process), TRUE);
	return row;
}

static void append_row(GString *out, char *const *row, const gsize *widths)
{
	for (unsigned i = 0; i < N_COLUMNS; i++) {
		g_string_append(out, row[i]);
		if (i == COLUMN_COMMAND)
			break;
		for (gsize n = strlen(row[i]); n < widths[i] + 1; n++)
			g_string_append_c(out, ' ');
	}
	g_string_append_c(out, '\n');
}

static void free_row(gpointer row)
{
	g_strfreev(row);
}

static gint by_pid(gconstpointer a, gconstpointer b)
{
	const Process *x = *(const Process *const *)a, *y = *(const Process *const *)b;

	return (x->found.pid > y->found.pid) - (x->found.pid < y->found.pid);
}

static GPtrArray *sorted_processes(const Model *model)
{
	GPtrArray *sorted = g_ptr_array_new();

	for (Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial))
		g_ptr_array_add(sorted, p);
	g_ptr_array_sort(sorted, by_pid);
	return sorted;
}

int render_processes(Model *model, GString *out)
{
	g_autoptr(GPtrArray) sorted = sorted_processes(model);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
	gsize widths[N_COLUMNS] = { 0 };
	char **head = g_new0(char *, N_COLUMNS + 1);

	for (unsigned i = 0; i < N_COLUMNS; i++)
		head[i] = g_strdup(titles[i]);
	g_ptr_array_add(rows, head);
	for (unsigned i = 0; i < sorted->len; i++)
		g_ptr_array_add(rows, row_of(sorted->pdata[i]));
	for (unsigned r = 0; r < rows->len; r++) {
		char *const *row = rows->pdata[r];

		for (unsigned i = 0; i < N_COLUMNS; i++)
			widths[i] = MAX(widths[i], strlen(row[i]));
	}
	for (unsigned r = 0; r < rows->len; r++)
		append_row(out, rows->pdata[r], widths);
	return 0;
}

/* Resident memory of this process, 0 when it cannot be told. */
static guint64 own_rss_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size = 0, resident = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return (guint64)resident * (guint64)sysconf(_SC_PAGESIZE) / 1024;
}

static void append_count(GString *out, const char *key, guint64 value)
{
	g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", key, value);
}

int render_root_status(Model *model, GString *out)
{
	const Settings *settings = model->settings;
	ModelFigures figures;

	model_figures(model, &figures);
	g_string_append_printf(out, "version %s\n", settings->version);
	append_count(out, "pid", (guint64)getpid());
	append_count(out, "uptime_s",
	             (guint64)(MAX(util_real_us() - settings->started_us, 0) / G_USEC_PER_SEC));
	append_count(out, "processes", process_table_n(model->processes));
	append_count(out, "sessions", figures.sessions);
	g_string_append(out, "interval ");
	number_append(out, settings->interval_ms / 1000.0);
	g_string_append_printf(out, "\nattach_delay %u\n", settings->attach_delay_s);
	g_string_append_printf(out, "dump_dir %s\n", settings->dump_dir);
	append_count(out, "rss_kb", own_rss_kb());
	append_count(out, "broker_rss_kb", figures.broker_rss_kb);
	append_count(out, "dumps", dump_list_n(model->dumps, 0));
	append_count(out, "dropped_events", figures.dropped_events);
	append_count(out, "log_dropped", figures.log_dropped);
	append_count(out, "asks", figures.asks);
	if (figures.no_fds_front)
		g_string_append(out, "no-fds front\n");
	if (figures.no_fds_broker)
		g_string_append(out, "no-fds broker\n");
	return 0;
}
