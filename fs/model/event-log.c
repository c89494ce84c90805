/*
 * A log is one growing buffer that is cut at its front. Cutting moves at most seven eighths of it,
 * once in an eighth of its size.
 */
#include "fs/model/event-log.h"
#include <string.h>

enum {
	DROP_SHARE = 8,
	PAIRS_MAX = EVENT_LINE_MAX - 128
};

struct EventLog {
	GString *text;
	gsize capacity;
	guint64 seq;
	gint64 wall_us;
};

static const char *const words[EVENT_N_WORDS] = {
	[EVENT_FOUND] = "found",
	[EVENT_GONE] = "gone",
	[EVENT_ATTACHED] = "attached",
	[EVENT_SESSION_LOST] = "session-lost",
	[EVENT_ARMED] = "armed",
	[EVENT_DISARMED] = "disarmed",
	[EVENT_FIRED] = "fired",
	[EVENT_MISSED] = "missed",
	[EVENT_DUMP_STARTED] = "dump-started",
	[EVENT_DUMP_DONE] = "dump-done",
	[EVENT_DUMP_FAILED] = "dump-failed",
	[EVENT_DUMP_REMOVED] = "dump-removed",
	[EVENT_REFUSED] = "refused",
	[EVENT_WARNING] = "warning",
};

EventLog *event_log_new(gsize capacity)
{
	EventLog *log = g_new0(EventLog, 1);

	log->text = g_string_new(NULL);
	log->capacity = capacity;
	return log;
}

void event_log_free(EventLog *log)
{
	if (!log)
		return;
	g_string_free(log->text, TRUE);
	g_free(log);
}

void event_log_append(EventLog *log, const char *line, gsize len, gint64 wall_us)
{
	gsize drop = 0;

	if (len > EVENT_LINE_MAX)
		return;
	if (log->text->len + len > log->capacity) {
		const char *end;

		drop = MAX(log->capacity / DROP_SHARE, log->text->len + len - log->capacity);
		drop = MIN(drop, log->text->len);
		end = drop ? memchr(log->text->str + drop - 1, '\n', log->text->len - drop + 1)
		           : NULL;
		drop = end ? (gsize)(end - log->text->str) + 1 : log->text->len;
	}
	g_string_erase(log->text, 0, (gssize)drop);
	g_string_append_len(log->text, line, (gssize)len);
	log->seq++;
	log->wall_us = wall_us;
}

gsize event_log_size(const EventLog *log)
{
	return log->text->len;
}

gsize event_log_read(const EventLog *log, gsize offset, void *buf, gsize size)
{
	if (offset >= log->text->len)
		return 0;
	size = MIN(size, log->text->len - offset);
	memcpy(buf, log->text->str + offset, size);
	return size;
}

guint64 event_log_seq(const EventLog *log)
{
	return log->seq;
}

gint64 event_log_wall_us(const EventLog *log)
{
	return log->wall_us;
}

const char *event_word(EventWord word)
{
	return words[word];
}

EventWord event_word_find(const char *text)
{
	for (unsigned i = 0; i < EVENT_N_WORDS; i++) {
		if (!strcmp(words[i], text))
			return (EventWord)i;
	}
	return EVENT_N_WORDS;
}

static gboolean needs_quotes(const char *value)
{
	if (!*value)
		return TRUE;
	for (const char *p = value; *p; p++) {
		if (*p != '!' && (*p < '#' || *p > '~'))
			return TRUE;
	}
	return FALSE;
}

static void append_escaped(GString *out, const char *value)
{
	for (const char *p = value; *p && p - value < EVENT_VALUE_MAX; p++) {
		guchar c = (guchar)*p;

		if (c == '"' || c == '\\')
			g_string_append_printf(out, "\\%c", c);
		else if (c == '\n')
			g_string_append(out, "\\n");
		else if (c == '\t')
			g_string_append(out, "\\t");
		else if (c < ' ' || c > '~')
			g_string_append_printf(out, "\\%03o", c);
		else
			g_string_append_c(out, (char)c);
	}
}

void event_pair(GString *out, const char *key, const char *value)
{
	g_string_append_printf(out, " %s=", key);
	if (needs_quotes(value)) {
		g_string_append_c(out, '"');
		append_escaped(out, value);
		g_string_append_c(out, '"');
	} else {
		g_string_append_len(out, value, (gssize)strnlen(value, EVENT_VALUE_MAX));
	}
}

void event_time_append(GString *out, gint64 wall_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(wall_us / G_USEC_PER_SEC);
	g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;

	g_string_append_printf(out, "%s.%03dZ", text ? text : "1970-01-01T00:00:00",
	                       (int)(wall_us / 1000 % 1000));
}

char *event_line(gint64 wall_us, pid_t pid, EventWord word, const char *pairs)
{
	GString *line = g_string_new(NULL);

	event_time_append(line, wall_us);
	if (pid > 0)
		g_string_append_printf(line, " %d %s", (int)pid, words[word]);
	else
		g_string_append_printf(line, " - %s", words[word]);
	if (pairs && *pairs) {
		if (*pairs != ' ')
			g_string_append_c(line, ' ');
		for (const char *p = pairs; *p && p - pairs < PAIRS_MAX; p++)
			g_string_append_c(line, *p >= ' ' && *p <= '~' ? *p : '?');
	}
	return g_string_free(line, FALSE);
}
