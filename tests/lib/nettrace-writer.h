#pragma once
/*
 * An encoder of nettrace V4 streams, for tests, the fake runtime and benchmarks: it writes what a
 * runtime writes, and on demand what none would.
 *
 * Bytes gather in the writer until nettrace_writer_steal(); the offset from the 'N' of "Nettrace",
 * which the padding of blocks depends on, goes on counting. The order of calls is the caller's:
 *
 *   new -> start -> (metadata | stacks | events | points | object)* -> end
 *
 * Nothing is checked: the numbers given are the numbers written.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "ipc/nettrace/decoder.h"

typedef struct NettraceWriter NettraceWriter;

NettraceWriter *nettrace_writer_new(void);
void nettrace_writer_free(NettraceWriter *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NettraceWriter, nettrace_writer_free)

/* What was written since the last call; the caller owns it (g_byte_array_unref). */
GByteArray *nettrace_writer_steal(NettraceWriter *w);
/* Bytes written since the beginning, stolen ones too. */
size_t nettrace_writer_offset(const NettraceWriter *w);

/* "Nettrace" and the Trace object. utc_ms, sync_ticks, ticks_per_second, pointer_size and pid as in
 * NettraceTrace; nettrace_writer_trace_default() is a 64-bit Linux target with pid 4807. */
void nettrace_writer_start(NettraceWriter *w, const NettraceTrace *trace);
NettraceTrace nettrace_writer_trace_default(void);
/* The end mark. */
void nettrace_writer_end(NettraceWriter *w);

/* Bytes as they are. */
void nettrace_writer_raw(NettraceWriter *w, const void *data, size_t len);

/* Any object with block framing: size, padding, body, end. */
void nettrace_writer_object(NettraceWriter *w, const char *name, uint32_t version,
                            uint32_t min_reader, const void *body, size_t len);

/* A field of an event type, as it is to be written. */
typedef struct NettraceWriterField NettraceWriterField;
struct NettraceWriterField {
	const char *name;
	uint32_t type;    /* NettraceTypeCode, or nonsense */
	uint32_t element; /* of an array (V2 only) */
	const NettraceWriterField *fields;
	unsigned n_fields;
};

typedef struct {
	uint32_t id;
	const char *provider;
	uint32_t event_id;
	const char *name;
	uint64_t keywords;
	uint32_t version;
	uint32_t level;
	const NettraceWriterField *fields;
	unsigned n_fields;
	bool v2;          /* the fields go into a V2Params tag, and the list before it is empty */
	uint8_t opcode;   /* a tag when not 0 */
	const void *tail; /* behind everything: further tags, or nonsense */
	size_t tail_len;
} NettraceWriterMetadata;

typedef struct {
	uint32_t metadata_id;
	uint32_t sequence;
	uint64_t capture_thread;
	uint64_t thread; /* 0: capture_thread */
	uint64_t timestamp;
	uint32_t stack_id;
	const void *payload;
	size_t payload_len;
	bool activity; /* with activity ids */
} NettraceWriterEvent;

/* A MetadataBlock. */
void nettrace_writer_metadata(NettraceWriter *w, const NettraceWriterMetadata *list, unsigned n);

typedef enum {
	NETTRACE_WRITER_COMPRESSED,   /* as runtimes do */
	NETTRACE_WRITER_UNCOMPRESSED, /* allowed by the format, never seen */
} NettraceWriterHeaders;

/* An EventBlock. */
void nettrace_writer_events(NettraceWriter *w, const NettraceWriterEvent *list, unsigned n,
                            NettraceWriterHeaders headers);

/* A StackBlock of `n` stacks of two frames each. */
void nettrace_writer_stacks(NettraceWriter *w, uint32_t first_id, unsigned n);

typedef struct {
	uint64_t thread;
	uint32_t sequence; /* the last number that the thread used */
} NettraceWriterPoint;

/* An SPBlock. */
void nettrace_writer_points(NettraceWriter *w, uint64_t timestamp, const NettraceWriterPoint *list,
                            unsigned n);

/* Pieces of payloads, appended to out. */
void nettrace_writer_put_le(GByteArray *out, uint64_t v, unsigned width);
void nettrace_writer_put_f32(GByteArray *out, float v);
void nettrace_writer_put_f64(GByteArray *out, double v);
void nettrace_writer_put_utf16z(GByteArray *out, const char *utf8);
void nettrace_writer_put_varint(GByteArray *out, uint64_t v);

/*
 * EventCounters as every runtime from 3.1 to 11 writes them: one event type for each kind. The
 * returned definitions refer to static data and `provider`.
 */
NettraceWriterMetadata nettrace_writer_counter_mean(uint32_t id, const char *provider);
NettraceWriterMetadata nettrace_writer_counter_sum(uint32_t id, const char *provider);

typedef struct {
	const char *name;
	const char *display_name;
	const char *unit;
	double value; /* Mean (also Min and Max), or Increment */
	float interval_s;
} NettraceWriterCounter;

/* The payloads of the two. */
void nettrace_writer_put_mean(GByteArray *out, const NettraceWriterCounter *counter);
void nettrace_writer_put_sum(GByteArray *out, const NettraceWriterCounter *counter);
