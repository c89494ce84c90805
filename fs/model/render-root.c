/* `status` at the root. */
#include <stdio.h>
#include <unistd.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/util.h"

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
