/* See log.h. */
#include "fs/log.h"
#include <fuse_log.h>
#include <stdio.h>
#include <syslog.h>

static gboolean show_debug;
static gboolean use_syslog;

static int priority_of(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return LOG_ERR;
	if (level & G_LOG_LEVEL_WARNING)
		return LOG_WARNING;
	return level & G_LOG_LEVEL_DEBUG ? LOG_DEBUG : LOG_INFO;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  gpointer data)
{
	const char *message = "";

	if (level & G_LOG_LEVEL_DEBUG && !show_debug)
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < n_fields; i++)
		if (g_str_equal(fields[i].key, "MESSAGE"))
			message = fields[i].value;
	if (use_syslog)
		syslog(priority_of(level), "%s", message);
	else
		fprintf(stderr, "triggerdumpfs: %s\n", message);
	return G_LOG_WRITER_HANDLED;
}

G_GNUC_PRINTF(2, 0)
static void write_fuse(enum fuse_log_level level, const char *format, va_list args)
{
	g_autofree char *message = g_strdup_vprintf(format, args);

	g_strchomp(message);
	if (level == FUSE_LOG_DEBUG)
		g_debug("%s", message);
	else
		g_warning("%s", message);
}

void log_init(gboolean debug)
{
	show_debug = debug;
	g_log_set_writer_func(write_log, NULL, NULL);
	fuse_set_log_func(write_fuse);
}

void log_to_syslog(void)
{
	openlog("triggerdumpfs", LOG_PID, LOG_DAEMON);
	use_syslog = TRUE;
}
