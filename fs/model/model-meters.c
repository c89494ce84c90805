/*
 * Meters: whose events they are, and what the runtime says of its limits and of other tools. Every event carries
 * a session id, and all sessions get the events of all, errors too.
 */
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/value-log.h"
#include "fs/util.h"

#define SHARED "SHARED"

enum {
	YIELD_US = 300 * G_USEC_PER_SEC,
};

static gboolean is_ours(const Process *process, const MeterEvent *event)
{
	char client[RECORD_CLIENT_TEXT_SIZE];

	record_client_text(process->session_config.values.client, client);
	if (event->kind == METER_EVENT_OTHER_SETTINGS)
		return !g_ascii_strcasecmp(event->session, client);
	return !strcmp(event->session, process->session_config.values.shared ? SHARED : client);
}

static void warn(Model *model, Process *process, const char *text)
{
	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
	model_set_error(model, process, text);
}

static void tell_settings(Model *model, Process *process, const MeterEvent *event)
{
	g_autofree char *text = g_strdup_printf(
		"meters have the settings of another tool: every %.20s s instead of %.20s, %.20s "
		"histograms, %.20s time series",
		event->interval[METER_EVENT_IN_FORCE], event->interval[METER_EVENT_ASKED],
		event->max_histograms[METER_EVENT_IN_FORCE],
		event->max_series[METER_EVENT_IN_FORCE]);
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	warn(model, process, valid);
}

static void tell_error(Model *model, Process *process, const MeterEvent *event)
{
	g_autofree char *text =
		g_strdup_printf("the runtime says of its meters: %.300s", event->message);
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	/* A callback that fails does so in every interval. */
	if (g_strcmp0(process->meters_error, valid) == 0)
		return;
	util_set_str(&process->meters_error, valid);
	warn(model, process, valid);
}

static void take(Process *process, const MeterEvent *event, gint64 now_us, gint64 wall_us)
{
	/* The settings of another tool may be in force. */
	if (event->kind == METER_EVENT_COLLECTION_START)
		process->meters_interval_s = event->interval_s > 0
		                                     ? event->interval_s
		                                     : process->session_config.interval_ms / 1000.0;
	meter_store_take(process->meters, event, process->meters_interval_s, now_us, wall_us);
	/* Not before: equal tag sets of one collection are summed. */
	if (event->kind == METER_EVENT_COLLECTION_STOP) {
		value_log_add_meters(process->stream, process);
		process->sample_us = now_us;
	}
}

/*
 * Somebody was refused. The vendor's tools (10.0.750501) ask for a session of their own, also from .NET 8 on, and
 * end when there is any other: then it is left to them, and the next try of their user succeeds. Or it was we.
 */
static void yield(Model *model, Process *process, const MeterEvent *event)
{
	char client[RECORD_CLIENT_TEXT_SIZE];
	const char *own = process->session_config.values.shared ? SHARED : client;

	record_client_text(process->session_config.values.client, client);
	process->meters_from_us = g_get_monotonic_time() + YIELD_US;
	warn(model, process,
	     g_ascii_strcasecmp(event->session, own) == 0
	             ? "another tool that shares with nobody was refused the meters: they are left "
	               "to it "
	               "for 5 minutes"
	             : "another tool that shares with nobody has the meters: tried again in 5 "
	               "minutes");
}

void model_meters_take(Model *model, Process *process, const MeterEvent *event, gint64 now_us,
                       gint64 wall_us)
{
	char *notice;

	if (!process->session_config.values.meters || now_us < process->meters_from_us ||
	    (event->kind != METER_EVENT_NO_SHARING && !is_ours(process, event)))
		return;
	if (event->kind == METER_EVENT_OTHER_SETTINGS)
		tell_settings(model, process, event);
	else if (event->kind == METER_EVENT_NO_SHARING)
		yield(model, process, event);
	else if (event->kind == METER_EVENT_ERROR || event->kind == METER_EVENT_CALLBACK_ERROR)
		tell_error(model, process, event);
	else
		take(process, event, now_us, wall_us);
	while ((notice = meter_store_take_notice(process->meters))) {
		model_log(model, process, 0, EVENT_WARNING, "text", notice, NULL);
		g_free(notice);
		model_touch(model, process);
	}
}

void model_meters_begin(Model *model, Process *process, gboolean overlaps)
{
	gboolean again = meter_store_since_us(process->meters) > 0;

	if (!process->session_config.values.meters || (overlaps && again))
		return;
	meter_store_reset(process->meters, util_real_us());
	g_clear_pointer(&process->meters_error, g_free);
	if (again)
		model_log(model, process, 0, EVENT_WARNING, "reset", "meters", "text",
		          "counts begin at 0 again with the new session", NULL);
}
