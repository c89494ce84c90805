#pragma once
/*
 * An event stream: socket, decoder, and who gets what is in it. What a row of the session table
 * means on this side (how soon it is read, which events are looked at) is data in session.c;
 * payload parsers stand beside each other in a table over (provider, event).
 *
 * A stream is always drained, also one that nobody wants any more: closing it at the wrong moment
 * kills or hangs a runtime of 3.1. So a session ends by itself: at the end of its stream, or, once
 * retired, when it may be closed.
 */
#include "fs/broker/records.h"
#include "ipc/nettrace/event-counters.h"
#include "ipc/nettrace/gc-events.h"
#include "ipc/nettrace/meter-events.h"

enum {
	SESSION_READ_BUDGET = 256 << 10, /* bytes in one dispatch */
	SESSION_PAUSE_MS = 20,  /* once or twice that between wake-up and read of counters: the
					  * runtime sends piecewise, and this saves nine of ten reads */
	SESSION_PACE_US = 1000, /* at least that between two reads of what is read at once: a byte a
					  * time would cost a third of a core */
	SESSION_CLOSE_MS = 5000,       /* from retirement to the close */
	SESSION_SETTLE_MS = 3,         /* GC events are handed on when nothing came for so long, */
	SESSION_SETTLE_MAX_MS = 20,    /* or the first of them is so old */
	SESSION_GC_EVENTS_MAX = 16384, /* or there are so many */
	/* A flood: so many bytes more than come at SESSION_FLOOD_RATE a second. A program that allocates 2 GB a
	 * second sends 4 MB of ticks a second, a thousand time series at 0.1 s 10 MB. */
	SESSION_FLOOD_RATE = 32 << 20,
	SESSION_FLOOD_MAX = 64 << 20,
};

typedef struct Session Session;

typedef struct {
	gint64 stamp_ns; /* of the target's clock, which all its sessions share */
	GcEvent event;
} SessionGcEvent;

/* None may free the session but `closed`. */
typedef struct {
	void (*sample)(Session *session, const EventCounterSample *sample, gint64 stamp_ns,
	               gint64 wall_us, void *data);
	/* An event of meters; it is good during the call. */
	void (*meter)(Session *session, const MeterEvent *event, gint64 wall_us, void *data);
	/* What one flush of the runtime brought, as far as can be told, in order of stamps: on the
	 * wire each thread's events are a run of their own. */
	void (*gc_events)(Session *session, const SessionGcEvent *events, unsigned n, void *data);
	/* After a read in which there was a sample. */
	void (*batch)(Session *session, void *data);
	/* What comes is no event stream any more, or a flood; it is drained from here on. Once. */
	void (*broken)(Session *session, const char *why, void *data);
	/* The stream is closed: 0 at its end or after retirement, negative errno. Once, last; the
	 * callee frees the session in it or later. */
	void (*closed)(Session *session, int reason, void *data);
	/* Whether a retired stream may be closed now (a stopped target's may not). */
	gboolean (*may_close)(Session *session, void *data);
} SessionCallbacks;

/* Takes fd. */
Session *session_new(int fd, RecordSession row, guint64 process_serial,
                     const SessionCallbacks *callbacks, void *data);
/* At the end of the whole front, or after `closed`. */
void session_free(Session *session);

/* No more callbacks but `closed` and `may_close`: drains, and closes when it may. The caller asks
 * the broker to end the session. May be called from `broken`; further calls do nothing. */
void session_retire(Session *session);
gboolean session_is_retired(const Session *session);

RecordSession session_row(const Session *session);
guint64 session_process_serial(const Session *session);
/* 4 or 8, of the target; 8 before that is known. */
unsigned session_pointer_size(const Session *session);
/* Events that the runtime says it dropped. */
guint64 session_dropped(const Session *session);
/* Definitions of metadata beyond the decoder's table, or malformed. */
guint64 session_definitions_refused(const Session *session);
/* Microseconds since the first byte, -1 before it. */
gint64 session_age_us(const Session *session, gint64 now_us);
