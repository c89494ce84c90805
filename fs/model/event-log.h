#pragma once
/*
 * The `events` files: one line each for what happened, oldest first,
 *
 *   2026-11-24T10:15:12.345Z PID WORD key=value ...
 *
 * PID is "-" for the daemon's own. A value with anything but [!#-~] stands in double quotes with C
 * escapes, at most EVENT_VALUE_MAX bytes of it. A log keeps its last bytes: when it overflows, the
 * oldest eighth goes at a line's boundary and its size shrinks (tail -f then says "truncated").
 */
#include <glib.h>
#include "fs/broker/records.h"

enum {
	EVENT_LOG_ROOT_SIZE = 1 << 20,
	EVENT_LOG_PROCESS_SIZE = 64 << 10,
	EVENT_VALUE_MAX = 512,
	EVENT_LINE_MAX = 4096,
};

typedef struct EventLog EventLog;

EventLog *event_log_new(gsize capacity);
void event_log_free(EventLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLog, event_log_free)

/* A whole line, with its newline, at most EVENT_LINE_MAX bytes. */
void event_log_append(EventLog *log, const char *line, gsize len, gint64 wall_us);

gsize event_log_size(const EventLog *log);
/* Bytes copied from an offset; 0 at and behind the end. */
gsize event_log_read(const EventLog *log, gsize offset, void *buf, gsize size);
guint64 event_log_seq(const EventLog *log);    /* lines ever appended */
gint64 event_log_wall_us(const EventLog *log); /* of the last one; 0 before */

const char *event_word(EventWord word);
/* The word of a text, EVENT_N_WORDS for none. */
EventWord event_word_find(const char *text);

/* Appends " key=value" with the quoting above. */
void event_pair(GString *out, const char *key, const char *value);
/* A line without its newline; pid 0 is the daemon. `pairs` as event_pair writes them, may be NULL;
 * what is no printable ASCII in it becomes '?'. */
char *event_line(gint64 wall_us, pid_t pid, EventWord word, const char *pairs);
/* 2026-11-24T10:15:12.345Z */
void event_time_append(GString *out, gint64 wall_us);
