#pragma once
/*
 * One event session of a fake runtime: what a scenario says is sent on its socket, without
 * blocking.
 * Times are CLOCK_MONOTONIC microseconds.
 */
#include "tests/fake/reply.h"

typedef struct Stream Stream;

/* Owns fd, which is made non-blocking; refers to the scenario. `collection`: of the shared session of meters
 * that it joins, 0 when there is none. */
Stream *stream_new(const Scenario *s, int fd, guint64 id, const CollectRequest *request,
                   guint collection);
void stream_free(Stream *stream);

guint64 stream_id(const Stream *stream);
int stream_fd(const Stream *stream);
/* How many collections of that session of meters it has sent; 0 also for a stream without it. */
guint stream_collection(const Stream *stream, const char *session);

/* When stream_run() wants to be called next, also without the socket taking bytes; and whether it
 * waits for the socket to take some. */
gint64 stream_next_us(const Stream *stream);
gboolean stream_wants_out(const Stream *stream, gint64 now_us);

/* Makes the counters that are due, and sends what can be sent. FALSE: over, to be freed. */
gboolean stream_run(Stream *stream, gint64 now_us, double heap_mb);

/* StopTracing: the end mark is sent behind what waits, then stream_run() says FALSE. */
void stream_stop(Stream *stream);
