/*
 * Streams on the main loop. One buffer serves all of them: a read is decoded before the
 * next one begins.
 */
#include "fs/model/session.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "fs/model/stream-watch.h"
#include "ipc/client.h"
#include "ipc/nettrace/decoder.h"

enum {
	READ_SIZE = 64 << 10
};

/* A target's clock is believed that far. */
enum {
	CLOCK_TRUST_US = 5 * G_USEC_PER_SEC
};

typedef struct {
	const char *provider; /* NULL: any */
	const char *name;     /* of the event; NULL: any */
	void (*take)(Session *session, const NettraceEvent *event);
} EventHandler;

typedef struct {
	unsigned pause_ms;
	const EventHandler *handlers; /* ends with take NULL */
} SessionRow;

struct Session {
	StreamWatch watch; /* first: its callback knows no more */
	IpcStream stream;
	NettraceDecoder *decoder; /* NULL: drained only */
	const SessionRow *row;
	RecordSession row_id;
	guint64 process_serial;
	guint close_timer;
	gboolean closed;
	gboolean reading; /* past the pause */
	gboolean paced;   /* woken because it is time, not because nothing came */
	gint64 read_us;   /* monotonic: the last read */
	gboolean retired;
	gboolean broken;
	unsigned n_samples;  /* in this dispatch */
	GArray *gc_events;   /* SessionGcEvent, not handed on yet; NULL: none ever came */
	gint64 gc_since_us;  /* monotonic: when the first of them was read */
	guint64 dropped;     /* of a decoder that is gone */
	gint64 flood_us;     /* monotonic: when flood_bytes was right */
	guint64 flood_bytes; /* more than SESSION_FLOOD_RATE lets pass */
	const SessionCallbacks *callbacks;
	void *data;
};

static guint8 buffer[READ_SIZE];

static gint64 sample_wall_us(const Session *session, const NettraceEvent *event)
{
	gint64 now = g_get_real_time();
	gint64 stamp = nettrace_decoder_utc_us(session->decoder, event->timestamp);

	return stamp > now - CLOCK_TRUST_US && stamp < now + CLOCK_TRUST_US ? stamp : now;
}

/* Runtimes count nanoseconds; anything else is scaled. */
static gint64 stamp_ns(const Session *session, const NettraceEvent *event)
{
	const NettraceTrace *trace = nettrace_decoder_trace(session->decoder);
	double tps = trace ? (double)trace->ticks_per_second : 1e9;

	if (!(tps > 0) || tps == 1e9)
		return (gint64)MIN(event->timestamp, (uint64_t)G_MAXINT64);
	return (gint64)CLAMP((double)event->timestamp / tps * 1e9, 0, 9e18);
}

static void take_counter(Session *session, const NettraceEvent *event)
{
	EventCounterSample sample;

	if (event_counter_parse(event, &sample) != 1)
		return;
	session->n_samples++;
	session->callbacks->sample(session, &sample, stamp_ns(session, event),
	                           sample_wall_us(session, event), session->data);
}

static void take_meter(Session *session, const NettraceEvent *event)
{
	static MeterEvent meter; /* large */

	if (meter_event_parse(event, &meter) != 1)
		return;
	session->n_samples++;
	session->callbacks->meter(session, &meter, sample_wall_us(session, event), session->data);
}

static void hand_on(Session *session);

static void take_gc_event(Session *session, const NettraceEvent *event)
{
	SessionGcEvent gc = { .stamp_ns = stamp_ns(session, event) };

	if (gc_event_parse(event, &gc.event) != 1)
		return;
	if (!session->gc_events)
		session->gc_events = g_array_new(FALSE, FALSE, sizeof gc);
	if (!session->gc_events->len)
		session->gc_since_us = g_get_monotonic_time();
	g_array_append_val(session->gc_events, gc);
	if (session->gc_events->len == SESSION_GC_EVENTS_MAX)
		hand_on(session);
}

static gint by_stamp(gconstpointer a, gconstpointer b)
{
	const SessionGcEvent *first = a, *second = b;

	return first->stamp_ns < second->stamp_ns ? -1 : first->stamp_ns > second->stamp_ns;
}

static void hand_on(Session *session)
{
	GArray *events = session->gc_events;

	if (!events || !events->len)
		return;
	g_array_sort(events, by_stamp);
	if (!session->retired)
		session->callbacks->gc_events(session, (const SessionGcEvent *)events->data,
		                              events->len, session->data);
	g_array_set_size(events, 0);
}

static const EventHandler counter_handlers[] = {
	{ METER_EVENTS_PROVIDER, NULL, take_meter },
	{ NULL, "EventCounters", take_counter },
	{ NULL, NULL, NULL },
};

static const EventHandler gc_handlers[] = {
	{ GC_EVENTS_PROVIDER, NULL, take_gc_event },
	{ NULL, NULL, NULL },
};

static const SessionRow rows[RECORD_N_SESSIONS] = {
	[RECORD_SESSION_COUNTERS] = { .pause_ms = SESSION_PAUSE_MS, .handlers = counter_handlers },
	[RECORD_SESSION_COUNTERS_NEXT] = { .pause_ms = SESSION_PAUSE_MS,
	                                   .handlers = counter_handlers },
	[RECORD_SESSION_GC] = { .pause_ms = 0, .handlers = gc_handlers },
	[RECORD_SESSION_COLLECTIONS] = { .pause_ms = 0, .handlers = gc_handlers },
};

static void ignore(Session *session, const NettraceEvent *event)
{
}

/* Once for each type of event. */
static const EventHandler *find_handler(const Session *session, const NettraceMetadata *metadata)
{
	static const EventHandler none = { .take = ignore };

	for (const EventHandler *h = session->row->handlers; h->take; h++) {
		if ((!h->provider || !strcmp(h->provider, metadata->provider)) &&
		    (!h->name || !strcmp(h->name, metadata->name)))
			return h;
	}
	return &none;
}

static void on_event(const NettraceEvent *event, void *data)
{
	Session *session = data;
	const NettraceMetadata *metadata = event->metadata;

	if (session->retired)
		return;
	if (!metadata->user)
		event->metadata->user = (void *)find_handler(session, metadata);
	((const EventHandler *)metadata->user)->take(session, event);
}

static void drop_decoder(Session *session)
{
	if (!session->decoder)
		return;
	session->dropped = nettrace_decoder_stats(session->decoder)->dropped;
	nettrace_decoder_free(session->decoder);
	session->decoder = NULL;
}

static void clear_timer(guint *timer)
{
	if (*timer)
		g_source_remove(*timer);
	*timer = 0;
}

/* The last thing that a session does: it may be freed in the callback. */
static void finish(Session *session, int reason)
{
	clear_timer(&session->close_timer);
	stream_watch_remove(&session->watch);
	session->closed = TRUE;
	session->callbacks->closed(session, reason, session->data);
}

/* A bucket that runs empty at the rate. */
static gboolean is_flooded(Session *session, gsize len)
{
	gint64 now = g_get_monotonic_time();
	double passed = (double)(now - session->flood_us) / G_USEC_PER_SEC * SESSION_FLOOD_RATE;

	session->flood_us = now;
	session->flood_bytes -= MIN(session->flood_bytes, (guint64)passed);
	session->flood_bytes += len;
	return session->flood_bytes > SESSION_FLOOD_MAX;
}

static void decode(Session *session, gsize len)
{
	const char *why = NULL;

	if (!session->decoder)
		return;
	if (is_flooded(session, len))
		why = "flood: more than 32 MiB a second";
	/* Between the end mark and EOF nothing is expected, and nothing is made of it. */
	else if (nettrace_decoder_ended(session->decoder) ||
	         nettrace_decoder_push(session->decoder, buffer, len) == 0)
		return;
	if (session->retired || session->broken) {
		drop_decoder(session);
		return;
	}
	session->broken = TRUE;
	if (!why)
		why = nettrace_decoder_error(session->decoder);
	session->callbacks->broken(session, why ? why : "not an event stream", session->data);
	drop_decoder(session);
}

/* 1 when there may be more, 0 when the socket is empty; *ret_ended at the end, with its reason. */
static int read_some(Session *session, gboolean *ret_ended, int *ret_reason)
{
	gsize total = 0;

	while (total < SESSION_READ_BUDGET) {
		int n = ipc_stream_read(&session->stream, buffer, sizeof buffer,
		                        g_get_monotonic_time());

		if (n == -EAGAIN)
			return 0;
		if (n <= 0) {
			*ret_ended = TRUE;
			*ret_reason = n;
			return 0;
		}
		total += (gsize)n;
		decode(session, (gsize)n);
	}
	return 1;
}

/* When what was read is handed on although more may come: -1 for nothing. */
static gint64 settle_us(const Session *session)
{
	if (!session->gc_events || !session->gc_events->len)
		return -1;
	return MIN(g_get_monotonic_time() + SESSION_SETTLE_MS * 1000,
	           session->gc_since_us + SESSION_SETTLE_MAX_MS * 1000);
}

/* Many that begin to send at about the same time are read in one wake. */
static gint64 pause_us(const Session *session)
{
	gint64 pause = session->row->pause_ms * 1000;

	return (g_get_monotonic_time() / pause + 2) * pause;
}

/* Whether it is read later than now, which then is set. */
static gboolean is_put_off(Session *session, GIOCondition seen)
{
	gint64 from = session->read_us + SESSION_PACE_US;

	if (seen & (G_IO_HUP | G_IO_ERR))
		return FALSE;
	if (!session->reading && session->row->pause_ms) {
		session->reading = TRUE;
		stream_watch_set(&session->watch, FALSE, pause_us(session));
		return TRUE;
	}
	if (!seen || session->row->pause_ms || g_get_monotonic_time() >= from)
		return FALSE;
	session->paced = TRUE;
	stream_watch_set(&session->watch, FALSE, from);
	return TRUE;
}

static void on_ready(StreamWatch *watch, GIOCondition seen)
{
	Session *session = (Session *)watch;
	gboolean ended = FALSE;
	int reason = 0, more;

	if (is_put_off(session, seen))
		return;
	session->n_samples = 0;
	/* Nothing came for a while. */
	if (!seen && !session->paced)
		hand_on(session);
	session->paced = FALSE;
	session->read_us = g_get_monotonic_time();
	more = read_some(session, &ended, &reason);
	if (session->n_samples && !session->retired)
		session->callbacks->batch(session, session->data);
	if (ended) {
		hand_on(session);
		stream_watch_remove(watch);
		ipc_stream_close(&session->stream, g_get_monotonic_time());
		finish(session, reason);
		return;
	}
	session->reading = more;
	if (more)
		stream_watch_set(watch, FALSE, 0);
	else
		stream_watch_set(watch, TRUE, settle_us(session));
}

Session *session_new(int fd, RecordSession row, guint64 process_serial,
                     const SessionCallbacks *callbacks, void *data)
{
	Session *session = g_new0(Session, 1);

	ipc_stream_init(&session->stream, fd);
	session->row = &rows[row];
	session->row_id = row;
	session->process_serial = process_serial;
	session->callbacks = callbacks;
	session->data = data;
	session->flood_us = g_get_monotonic_time();
	session->decoder = nettrace_decoder_new(on_event, session);
	stream_watch_add(&session->watch, fd, session->row->pause_ms > 0, on_ready);
	stream_watch_set(&session->watch, TRUE, -1);
	return session;
}

void session_free(Session *session)
{
	if (!session)
		return;
	clear_timer(&session->close_timer);
	stream_watch_remove(&session->watch);
	drop_decoder(session);
	if (session->gc_events)
		g_array_unref(session->gc_events);
	if (session->stream.fd >= 0)
		close(session->stream.fd);
	g_free(session);
}

static gboolean on_close_timer(gpointer data)
{
	Session *session = data;
	gint64 left = SESSION_CLOSE_MS * 1000;

	session->close_timer = 0;
	if (session->callbacks->may_close(session, session->data))
		left = ipc_stream_close(&session->stream, g_get_monotonic_time());
	if (left > 0) {
		left = MIN(left / 1000 + 1, SESSION_CLOSE_MS);
		session->close_timer = g_timeout_add((guint)left, on_close_timer, session);
	} else {
		finish(session, 0);
	}
	return G_SOURCE_REMOVE;
}

void session_retire(Session *session)
{
	if (session->retired || session->closed)
		return;
	session->retired = TRUE;
	session->close_timer = g_timeout_add(SESSION_CLOSE_MS, on_close_timer, session);
}

gboolean session_is_retired(const Session *session)
{
	return session->retired;
}

RecordSession session_row(const Session *session)
{
	return session->row_id;
}

guint64 session_process_serial(const Session *session)
{
	return session->process_serial;
}

unsigned session_pointer_size(const Session *session)
{
	const NettraceTrace *trace =
		session->decoder ? nettrace_decoder_trace(session->decoder) : NULL;

	return trace && trace->pointer_size == 4 ? 4 : 8;
}

guint64 session_dropped(const Session *session)
{
	return session->decoder ? nettrace_decoder_stats(session->decoder)->dropped
	                        : session->dropped;
}

guint64 session_definitions_refused(const Session *session)
{
	return session->decoder ? nettrace_decoder_stats(session->decoder)->metadata_refused : 0;
}

gint64 session_age_us(const Session *session, gint64 now_us)
{
	return session->stream.first_byte_us ? now_us - session->stream.first_byte_us : -1;
}
