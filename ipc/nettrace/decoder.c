#include "ipc/nettrace/decoder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ipc/nettrace/blocks.h"
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/metadata.h"

enum {
	TAG_NULL = 1,
	TAG_BEGIN = 5,
	TAG_END = 6
};

enum {
	READER_STREAM = 4,     /* the newest reader that the stream may ask for */
	READER_BLOCK = 2,      /* and that a block of a kind that we read may ask for */
	OBJECT_HEAD_SIZE = 14, /* BeginPrivateObject, NullReference, versions, length of a name */
	OBJECT_NAME_MAX = 64,  /* bytes */
	BLOCK_ALIGNMENT = 4,
	BUFFER_LEAST = 256,
	BUFFER_KEPT = 4096, /* a larger one is given back when its object is done */
};

typedef enum {
	STATE_SIGNATURE,
	STATE_TAG,  /* BeginPrivateObject, or the end mark */
	STATE_HEAD, /* of an object: OBJECT_HEAD_SIZE */
	STATE_NAME, /* and the EndObject of its type */
	STATE_SIZE, /* of a block */
	STATE_PADDING,
	STATE_BODY,
	STATE_SKIP,  /* a body that nobody wants */
	STATE_CLOSE, /* EndObject */
	STATE_ENDED,
	N_STATES,
} State;

/* The beginnings of the formats that we can tell apart. */
typedef struct {
	const char *bytes;
	size_t len;
	const char *refusal; /* NULL for ours */
} Signature;

enum {
	SIGNATURE_SIZE = 32
};

static const Signature signatures[] = {
	{ "Nettrace\x14\0\0\0!FastSerialization.1", SIGNATURE_SIZE, NULL },
	{ "Nettrace\0\0\0\0", 12, "the event stream has format V6, which is not supported" },
	{ "\x14\0\0\0!FastSerialization.1", 24,
	  "the event stream has the old format NetPerf V3, which is not supported" },
	{ "!FastSerialization.1", 20,
	  "the event stream has the old format NetPerf V3, which is not supported" },
};

/* What is done with the body of an object; NULL: it is passed over. */
typedef struct {
	const char *name;
	uint32_t reader; /* the newest that it may ask for */
	int (*read)(NettraceDecoder *d, const uint8_t *body, size_t len);
} ObjectKind;

struct NettraceDecoder {
	NettraceEventCb cb;
	void *data;
	State state;
	uint64_t offset; /* of the next byte that a state takes, from the 'N' of "Nettrace" */
	uint8_t *buf;    /* the beginning of what the state needs, when it came in pieces */
	size_t buf_size;
	size_t buf_len;

	uint8_t signature[SIGNATURE_SIZE];
	const ObjectKind *object; /* NULL for an unknown one */
	uint32_t min_reader;
	uint32_t size; /* of the signature so far, of the object's name, of its body */

	bool has_trace;
	NettraceTrace trace;
	NettraceMetadataTable metadata;
	NettraceSequences sequences;
	NettraceStats stats;
	int error;
	char sentence[128];
};

NettraceDecoder *nettrace_decoder_new(NettraceEventCb cb, void *data)
{
	NettraceDecoder *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->cb = cb;
	d->data = data;
	return d;
}

static void drop_buffer(NettraceDecoder *d)
{
	free(d->buf);
	d->buf = NULL;
	d->buf_size = 0;
	d->buf_len = 0;
}

void nettrace_decoder_free(NettraceDecoder *d)
{
	if (!d)
		return;
	drop_buffer(d);
	nettrace_metadata_clear(&d->metadata);
	nettrace_sequences_clear(&d->sequences);
	free(d);
}

__attribute__((format(printf, 3, 4))) static int fail(NettraceDecoder *d, int error,
                                                      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(d->sentence, sizeof d->sentence, format, args);
	va_end(args);
	d->error = error;
	return error;
}

static int fail_broken(NettraceDecoder *d, const char *what)
{
	return fail(d, -EPROTO, "the event stream is broken: %s near byte %llu", what,
	            (unsigned long long)d->offset);
}

static int fail_memory(NettraceDecoder *d)
{
	return fail(d, -ENOMEM, "no memory for the event stream");
}

/* Room for `want` bytes of the `need` that will come: memory follows what was received. */
static int grow_buffer(NettraceDecoder *d, size_t want, size_t need)
{
	size_t size = d->buf_size ? d->buf_size : BUFFER_LEAST;
	uint8_t *buf;

	if (want <= d->buf_size)
		return 0;
	while (size < want)
		size *= 2;
	if (size > need && need > BUFFER_LEAST)
		size = need;
	buf = realloc(d->buf, size);
	if (!buf)
		return fail_memory(d);
	d->buf = buf;
	d->buf_size = size;
	return 0;
}

/*
 * The next n bytes in one piece: 1 and *ret, which is in the pushed bytes when all of them are
 * there, else in the buffer, valid until the next call. 0 when more has to come.
 */
static int gather(NettraceDecoder *d, ByteReader *in, size_t n, const uint8_t **ret)
{
	size_t missing = n - d->buf_len;
	size_t now = missing < byte_reader_left(in) ? missing : byte_reader_left(in);
	int r;

	if (!d->buf_len && now == n) {
		*ret = byte_reader_take(in, n);
	} else {
		r = grow_buffer(d, d->buf_len + now, n);
		if (r < 0)
			return r;
		if (now)
			memcpy(d->buf + d->buf_len, byte_reader_take(in, now), now);
		d->buf_len += now;
		if (d->buf_len < n)
			return 0;
		*ret = d->buf;
		d->buf_len = 0;
	}
	d->offset += n;
	return 1;
}

/* Byte by byte, so that what is wrong is refused as soon as it shows. */
static int step_signature(NettraceDecoder *d, ByteReader *in)
{
	bool possible = false;

	if (!byte_reader_left(in))
		return 0;
	d->signature[d->size++] = byte_reader_u8(in);
	d->offset++;
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		const Signature *s = &signatures[i];

		if (d->size > s->len || memcmp(d->signature, s->bytes, d->size) != 0)
			continue;
		possible = true;
		if (d->size < s->len)
			continue;
		if (s->refusal)
			return fail(d, -EOPNOTSUPP, "%s", s->refusal);
		d->state = STATE_TAG;
	}
	return possible ? 1 : fail(d, -EPROTO, "this is no event stream of a .NET runtime");
}

static int step_tag(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *tag;
	int r = gather(d, in, 1, &tag);

	if (r <= 0)
		return r;
	if (*tag == TAG_BEGIN)
		d->state = STATE_HEAD;
	else if (*tag == TAG_NULL && d->has_trace)
		d->state = STATE_ENDED;
	else
		return fail_broken(d, "no object begins where one has to");
	return 1;
}

static int step_head(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *bytes;
	ByteReader head;
	int r = gather(d, in, OBJECT_HEAD_SIZE, &bytes);

	if (r <= 0)
		return r;
	head = byte_reader(bytes, OBJECT_HEAD_SIZE);
	if (byte_reader_u8(&head) != TAG_BEGIN || byte_reader_u8(&head) != TAG_NULL)
		return fail_broken(d, "an object has no type");
	byte_reader_u32(&head); /* what it is; what it needs is said by the next */
	d->min_reader = byte_reader_u32(&head);
	d->size = byte_reader_u32(&head);
	if (!d->size || d->size > OBJECT_NAME_MAX)
		return fail_broken(d, "the name of an object has an impossible length");
	d->state = STATE_NAME;
	return 1;
}

static int read_trace(NettraceDecoder *d, const uint8_t *body, size_t len)
{
	if (nettrace_trace_parse(body, len, &d->trace) < 0)
		return fail_broken(d, "the Trace object has impossible values");
	d->has_trace = true;
	return 0;
}

static int read_definitions(NettraceDecoder *d, const uint8_t *body, size_t len)
{
	NettraceBlobs blobs;
	int r = nettrace_blobs_open(&blobs, body, len);

	while (r >= 0 && (r = nettrace_blobs_next(&blobs)) > 0) {
		r = nettrace_metadata_define(&d->metadata, blobs.blob.payload,
		                             blobs.blob.payload_len);
		if (r == -ENOMEM)
			return fail_memory(d);
		if (r < 0)
			d->stats.metadata_refused++;
		r = 0;
	}
	return r < 0 ? fail_broken(d, "a MetadataBlock ends inside of a definition") : 0;
}

static int read_events(NettraceDecoder *d, const uint8_t *body, size_t len)
{
	NettraceEvent event = { .pointer_size = d->trace.pointer_size };
	NettraceBlobs blobs;
	const NettraceBlob *blob = &blobs.blob;
	int r = nettrace_blobs_open(&blobs, body, len);

	while (r >= 0 && (r = nettrace_blobs_next(&blobs)) > 0) {
		if (blob->payload_len > NETTRACE_MAX_PAYLOAD)
			return fail_broken(d, "an event is too large");
		if (blob->metadata_id)
			d->stats.dropped += nettrace_sequences_event(
				&d->sequences, blob->capture_thread, blob->sequence);
		event.metadata = nettrace_metadata_find(&d->metadata, blob->metadata_id);
		if (!event.metadata) {
			d->stats.unknown_metadata++;
			continue;
		}
		event.timestamp = blob->timestamp;
		event.thread_id = blob->thread;
		event.payload = blob->payload;
		event.payload_len = blob->payload_len;
		d->stats.events++;
		d->cb(&event, d->data);
	}
	return r < 0 ? fail_broken(d, "an EventBlock ends inside of an event") : 0;
}

static int read_points(NettraceDecoder *d, const uint8_t *body, size_t len)
{
	if (nettrace_sequences_points(&d->sequences, body, len, &d->stats.dropped) < 0)
		return fail_broken(d, "an SPBlock ends too early");
	return 0;
}

static const ObjectKind object_trace = { "Trace", READER_STREAM, read_trace };
static const ObjectKind object_blocks[] = {
	{ "EventBlock", READER_BLOCK, read_events },
	{ "MetadataBlock", READER_BLOCK, read_definitions },
	{ "SPBlock", READER_BLOCK, read_points },
	{ "StackBlock", READER_BLOCK, NULL }, /* no session of ours asks for stacks */
};

static bool is_named(const ObjectKind *kind, const uint8_t *name, size_t len)
{
	return strlen(kind->name) == len && memcmp(kind->name, name, len) == 0;
}

static int step_name(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *name;
	int r = gather(d, in, (size_t)d->size + 1, &name);

	if (r <= 0)
		return r;
	if (name[d->size] != TAG_END)
		return fail_broken(d, "the type of an object does not end");
	d->object = is_named(&object_trace, name, d->size) ? &object_trace : NULL;
	for (size_t i = 0; i < sizeof object_blocks / sizeof *object_blocks; i++) {
		if (is_named(&object_blocks[i], name, d->size))
			d->object = &object_blocks[i];
	}
	if ((d->object == &object_trace) == d->has_trace)
		return fail_broken(d, "the Trace object is not the first and only one");
	if (d->min_reader > (d->object ? d->object->reader : READER_STREAM))
		return fail(d, -EOPNOTSUPP, "the event stream needs a reader of version %u",
		            (unsigned)d->min_reader);
	d->size = NETTRACE_TRACE_SIZE; /* the one object without a size */
	d->state = d->object == &object_trace ? STATE_BODY : STATE_SIZE;
	return 1;
}

static int step_size(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *bytes;
	ByteReader size;
	int r = gather(d, in, sizeof(uint32_t), &bytes);

	if (r <= 0)
		return r;
	size = byte_reader(bytes, sizeof(uint32_t));
	d->size = byte_reader_u32(&size);
	if (d->size > NETTRACE_MAX_OBJECT)
		return fail(d, -E2BIG, "the event stream has an object of %lu bytes",
		            (unsigned long)d->size);
	d->state = STATE_PADDING;
	return 1;
}

/* The body begins at a multiple of 4 from the 'N' of "Nettrace"; its size is without the
 * padding. */
static int step_padding(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *padding;
	int r = gather(d, in, (size_t)(-d->offset % BLOCK_ALIGNMENT), &padding);

	if (r <= 0)
		return r;
	if (!d->object)
		d->stats.skipped_objects++;
	d->state = d->object && d->object->read ? STATE_BODY : STATE_SKIP;
	return 1;
}

static int step_body(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *body;
	int r = gather(d, in, d->size, &body);

	if (r <= 0)
		return r;
	r = d->object->read(d, body, d->size);
	if (d->buf_size > BUFFER_KEPT)
		drop_buffer(d);
	d->state = STATE_CLOSE;
	return r < 0 ? r : 1;
}

static int step_skip(NettraceDecoder *d, ByteReader *in)
{
	size_t now = d->size < byte_reader_left(in) ? d->size : byte_reader_left(in);

	byte_reader_take(in, now);
	d->offset += now;
	d->size -= (uint32_t)now;
	if (d->size)
		return 0;
	d->state = STATE_CLOSE;
	return 1;
}

static int step_close(NettraceDecoder *d, ByteReader *in)
{
	const uint8_t *tag;
	int r = gather(d, in, 1, &tag);

	if (r <= 0)
		return r;
	if (*tag != TAG_END)
		return fail_broken(d, "an object does not end where its size says");
	d->state = STATE_TAG;
	return 1;
}

static int step_ended(NettraceDecoder *d, ByteReader *in)
{
	return byte_reader_left(in) ? fail_broken(d, "bytes follow the end mark") : 0;
}

/* Each takes what its state is about: 1 to go on, 0 when more has to come, or an error. */
static int (*const steps[N_STATES])(NettraceDecoder *d, ByteReader *in) = {
	[STATE_SIGNATURE] = step_signature, [STATE_TAG] = step_tag,
	[STATE_HEAD] = step_head,           [STATE_NAME] = step_name,
	[STATE_SIZE] = step_size,           [STATE_PADDING] = step_padding,
	[STATE_BODY] = step_body,           [STATE_SKIP] = step_skip,
	[STATE_CLOSE] = step_close,         [STATE_ENDED] = step_ended,
};

int nettrace_decoder_push(NettraceDecoder *d, const void *data, size_t len)
{
	ByteReader in = byte_reader(data, len);
	int r;

	if (d->error)
		return d->error;
	d->stats.bytes += len;
	do {
		r = steps[d->state](d, &in);
	} while (r > 0);
	return r;
}

const char *nettrace_decoder_error(const NettraceDecoder *d)
{
	return d->error ? d->sentence : NULL;
}

bool nettrace_decoder_ended(const NettraceDecoder *d)
{
	return d->state == STATE_ENDED;
}

const NettraceTrace *nettrace_decoder_trace(const NettraceDecoder *d)
{
	return d->has_trace ? &d->trace : NULL;
}

const NettraceStats *nettrace_decoder_stats(const NettraceDecoder *d)
{
	return &d->stats;
}

int64_t nettrace_decoder_utc_us(const NettraceDecoder *d, uint64_t timestamp)
{
	return d->has_trace ? nettrace_trace_utc_us(&d->trace, timestamp) : 0;
}
