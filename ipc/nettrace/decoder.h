#pragma once
/*
 * A push decoder for the nettrace stream, format V4, as every runtime from 3.0 to 11 sends it:
 * bytes in, events out. No I/O, no main loop. Any split of the bytes gives the same events, down to
 * one byte a push.
 *
 *   "Nettrace" u32(20) "!FastSerialization.1"  object(Trace)  object(block)*  01
 *
 * Objects are Trace (the clock, first), MetadataBlock (what the events mean), EventBlock,
 * StackBlock, SPBlock (how many events each thread has written). Unknown ones with the framing of
 * blocks are passed over. Events come out when their block is whole: a stream that is cut gives
 * what came before the cut.
 *
 * Memory is bounded: one object is buffered at a time (at most NETTRACE_MAX_OBJECT, and only as
 * much as has arrived), and not even that when it lies whole in the bytes pushed. The metadata
 * table has at most NETTRACE_MAX_METADATA entries and NETTRACE_MAX_METADATA_BYTES; definitions
 * beyond, and malformed ones, are dropped and counted, their events too. Losses are counted for
 * NETTRACE_MAX_THREADS threads at a time.
 *
 * The callback runs inside push(); what it is given is valid only during the call. The decoder must
 * not be freed in it, nor pushed to.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NETTRACE_MAX_OBJECT = 4 << 20,    /* bytes; a runtime's blocks are about 100 KiB */
	NETTRACE_MAX_METADATA = 4096,     /* entries */
	NETTRACE_MAX_METADATA_ID = 16383, /* runtimes count up from 1 */
	NETTRACE_MAX_METADATA_BYTES = 1 << 20,
	NETTRACE_MAX_NAME = 1024,   /* bytes of a name with its NUL; longer is cut */
	NETTRACE_MAX_FIELDS = 1024, /* of one definition, nested ones too */
	NETTRACE_MAX_FIELD_DEPTH = 8,
	NETTRACE_MAX_PAYLOAD = 68 << 10, /* a runtime drops an event of more than 64 KiB */
	NETTRACE_MAX_THREADS = 4096,
};

/* Type codes of fields, and what each is in a payload. Integers are little-endian. */
typedef enum {
	NETTRACE_TYPE_OBJECT = 1,  /* its fields, one behind the other */
	NETTRACE_TYPE_BOOLEAN = 3, /* 4 bytes */
	NETTRACE_TYPE_CHAR = 4,    /* a UTF-16 unit */
	NETTRACE_TYPE_I8 = 5,
	NETTRACE_TYPE_U8 = 6,
	NETTRACE_TYPE_I16 = 7,
	NETTRACE_TYPE_U16 = 8,
	NETTRACE_TYPE_I32 = 9,
	NETTRACE_TYPE_U32 = 10,
	NETTRACE_TYPE_I64 = 11,
	NETTRACE_TYPE_U64 = 12,
	NETTRACE_TYPE_F32 = 13,
	NETTRACE_TYPE_F64 = 14,
	NETTRACE_TYPE_DECIMAL = 15,  /* 16 bytes */
	NETTRACE_TYPE_DATETIME = 16, /* FILETIME, 8 bytes */
	NETTRACE_TYPE_GUID = 17,     /* 16 bytes */
	NETTRACE_TYPE_STRING = 18,   /* UTF-16 up to a NUL, no length */
	NETTRACE_TYPE_ARRAY = 19,    /* u16 count, the elements; in V2 field lists alone */
} NettraceTypeCode;

typedef struct NettraceField NettraceField;
struct NettraceField {
	char *name;       /* UTF-8, "" for none */
	uint32_t type;    /* NettraceTypeCode, or a number that we do not know */
	uint32_t element; /* of an array; 0 for none */
	/* Of an object, or of an array of objects. Of an array of arrays one nameless field: the
	 * inner array. */
	NettraceField *fields;
	unsigned n_fields;
	uint8_t role; /* what event-counters.h reads this field as; 0 before it has looked */
};

/*
 * One event type of the stream; owned by the decoder. It lives as long as that, except when the
 * stream defines its id anew, which runtimes do not do.
 */
typedef struct {
	uint32_t id;
	char *provider;
	char *name; /* "" for the runtime's own events: match those by provider and event_id */
	uint32_t event_id;
	uint64_t keywords;
	uint32_t version;
	uint32_t level;
	uint8_t opcode;
	NettraceField *fields;
	unsigned n_fields;
	uint16_t counter; /* what event-counters.h found in the fields; 0 before it has looked */
	void *user;       /* for the consumer's dispatch: a cached verdict, never freed */
} NettraceMetadata;

typedef struct {
	NettraceMetadata *metadata;
	uint64_t timestamp; /* ticks of the stream's clock, CLOCK_MONOTONIC ns on Linux */
	uint64_t thread_id;
	const uint8_t *payload;
	size_t payload_len;
	unsigned pointer_size; /* of the target, 4 or 8 */
} NettraceEvent;

/* What the Trace object said. */
typedef struct {
	int64_t utc_ms; /* wall clock at sync_ticks, ms since the epoch */
	int64_t sync_ticks;
	int64_t ticks_per_second;
	uint32_t pointer_size;
	uint32_t pid; /* as the target sees itself */
} NettraceTrace;

typedef struct {
	uint64_t bytes;  /* pushed */
	uint64_t events; /* given to the callback */
	/*
	 * Lost by the runtime (its buffer was full, or an event too large). Each thread numbers its
	 * events from 1 and uses up a number for a lost one: a gap before an event, or what an
	 * SPBlock says beyond the last event. Nothing is said of what a thread lost before its
	 * first event that came through.
	 */
	uint64_t dropped;
	uint64_t unknown_metadata; /* events without a definition, or with a refused one */
	uint64_t skipped_objects;  /* of unknown names */
	uint64_t metadata_refused; /* over the caps, or malformed */
} NettraceStats;

typedef struct NettraceDecoder NettraceDecoder;
typedef void (*NettraceEventCb)(const NettraceEvent *event, void *data);

/* NULL when memory is out. */
NettraceDecoder *nettrace_decoder_new(NettraceEventCb cb, void *data);
void nettrace_decoder_free(NettraceDecoder *d);

/*
 * Takes len bytes. 0, or -EPROTO for what is no V4 stream or breaks its rules, -EOPNOTSUPP for
 * V3, V6 and what says that it needs a newer reader, -E2BIG for an object over the cap, -ENOMEM.
 * After an error every push gives the same one, and nettrace_decoder_error() a sentence.
 */
int nettrace_decoder_push(NettraceDecoder *d, const void *data, size_t len);

/* A sentence for the last error, or NULL. */
const char *nettrace_decoder_error(const NettraceDecoder *d);

/* True once the stream's end mark came: what follows is refused. An EOF without it means that the
 * target died or gave the session up. */
bool nettrace_decoder_ended(const NettraceDecoder *d);

/* NULL before the Trace object was there. */
const NettraceTrace *nettrace_decoder_trace(const NettraceDecoder *d);

const NettraceStats *nettrace_decoder_stats(const NettraceDecoder *d);

/* Wall clock of a time stamp, in microseconds since the epoch; 0 without a Trace object. What does
 * not fit is INT64_MIN or INT64_MAX. */
int64_t nettrace_decoder_utc_us(const NettraceDecoder *d, uint64_t timestamp);
