#include "ipc/nettrace/blocks.h"

#include <errno.h>
#include <stdlib.h>

enum {
	HEADER_LEAST = 20,
	HEADER_COMPRESSED = 1 << 0,
};

enum {
	BLOB_METADATA = 1 << 0,
	BLOB_CAPTURE = 1 << 1,
	BLOB_THREAD = 1 << 2,
	BLOB_STACK = 1 << 3,
	BLOB_ACTIVITY = 1 << 4,
	BLOB_RELATED = 1 << 5,
	BLOB_PAYLOAD = 1 << 7,
};

enum {
	VARINT_32 = 5, /* bytes at most */
	VARINT_64 = 10,
	GUID_SIZE = 16,
	POINT_SIZE = 12,
};

/* Above, the microseconds of a part of a second would not fit. */
#define TICKS_PER_SECOND_MAX INT64_C(1000000000000)

/* Days from 1970-01-01 in the Gregorian calendar. Years begin in March: the leap day is last. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t leap_days = y / 4 - y / 100 + y / 400;

	return 365 * y + leap_days + (153 * m + 2) / 5 + day - 1 - 719468;
}

int nettrace_trace_parse(const uint8_t *body, size_t len, NettraceTrace *ret)
{
	ByteReader r = byte_reader(body, len);
	int64_t date[8], days;

	for (unsigned i = 0; i < 8; i++)
		date[i] = byte_reader_u16(&r);
	ret->sync_ticks = (int64_t)byte_reader_u64(&r);
	ret->ticks_per_second = (int64_t)byte_reader_u64(&r);
	ret->pointer_size = byte_reader_u32(&r);
	ret->pid = byte_reader_u32(&r);
	byte_reader_take(&r, 2 * sizeof(uint32_t)); /* 65535 processors on NativeAOT: no use */
	if (r.bad || date[0] < 1601 || date[0] > 9999 || date[1] < 1 || date[1] > 12 ||
	    date[3] < 1 || date[3] > 31 || date[4] > 23 || date[5] > 59 || date[6] > 60 ||
	    date[7] > 999)
		return -EPROTO;
	if (ret->ticks_per_second < 1 || ret->ticks_per_second > TICKS_PER_SECOND_MAX ||
	    (ret->pointer_size != 4 && ret->pointer_size != 8))
		return -EPROTO;
	days = days_since_epoch(date[0], date[1], date[3]);
	ret->utc_ms = (((days * 24 + date[4]) * 60 + date[5]) * 60 + date[6]) * 1000 + date[7];
	return 0;
}

int64_t nettrace_trace_utc_us(const NettraceTrace *trace, uint64_t timestamp)
{
	int64_t ticks = (int64_t)(timestamp - (uint64_t)trace->sync_ticks);
	int64_t seconds = ticks / trace->ticks_per_second;
	int64_t rest = ticks % trace->ticks_per_second;
	int64_t us;

	if (__builtin_mul_overflow(seconds, 1000000, &us) ||
	    __builtin_add_overflow(us, rest * 1000000 / trace->ticks_per_second, &us) ||
	    __builtin_add_overflow(us, trace->utc_ms * 1000, &us))
		return ticks < 0 ? INT64_MIN : INT64_MAX;
	return us;
}

int nettrace_blobs_open(NettraceBlobs *blobs, const uint8_t *block, size_t len)
{
	ByteReader r = byte_reader(block, len);
	uint16_t header_size = byte_reader_u16(&r);
	uint16_t flags = byte_reader_u16(&r);

	*blobs = (NettraceBlobs){ .start = block };
	if (r.bad || header_size < HEADER_LEAST)
		return -EPROTO;
	blobs->compressed = flags & HEADER_COMPRESSED;
	byte_reader_take(&r, header_size - 2 * sizeof(uint16_t));
	blobs->r = r;
	return r.bad ? -EPROTO : 0;
}

static void read_compressed(ByteReader *r, NettraceBlob *blob)
{
	uint8_t flags = byte_reader_u8(r);

	if (flags & BLOB_METADATA)
		blob->metadata_id = (uint32_t)byte_reader_varint(r, VARINT_32);
	if (flags & BLOB_CAPTURE) {
		blob->sequence += (uint32_t)byte_reader_varint(r, VARINT_32) + 1;
		blob->capture_thread = byte_reader_varint(r, VARINT_64);
		byte_reader_varint(r, VARINT_32);
	} else if (blob->metadata_id) {
		blob->sequence++;
	}
	if (flags & BLOB_THREAD)
		blob->thread = byte_reader_varint(r, VARINT_64);
	if (flags & BLOB_STACK)
		byte_reader_varint(r, VARINT_32);
	blob->timestamp += byte_reader_varint(r, VARINT_64);
	if (flags & BLOB_ACTIVITY)
		byte_reader_take(r, GUID_SIZE);
	if (flags & BLOB_RELATED)
		byte_reader_take(r, GUID_SIZE);
	if (flags & BLOB_PAYLOAD)
		blob->payload_len = (uint32_t)byte_reader_varint(r, VARINT_32);
	blob->payload = byte_reader_take(r, blob->payload_len);
}

/*
 * The size at the front leaves itself out. Whether it has the padding to a multiple of 4 in it, the
 * writers do not agree: rounding up fits both. The last blob may come without.
 */
static void read_uncompressed(ByteReader *r, const uint8_t *start, NettraceBlob *blob)
{
	uint32_t size = byte_reader_u32(r);
	const uint8_t *body = byte_reader_take(r, size);
	size_t padding = (4 - (size_t)(r->p - start) % 4) % 4;
	ByteReader b;

	if (!body)
		return;
	byte_reader_take(r, padding < byte_reader_left(r) ? padding : byte_reader_left(r));
	b = byte_reader(body, size);
	blob->metadata_id = byte_reader_u32(&b) & INT32_MAX; /* the top bit is about sorting */
	blob->sequence = byte_reader_u32(&b);
	blob->thread = byte_reader_u64(&b);
	blob->capture_thread = byte_reader_u64(&b);
	byte_reader_take(&b, 2 * sizeof(uint32_t)); /* processor, stack */
	blob->timestamp = byte_reader_u64(&b);
	byte_reader_take(&b, 2 * (size_t)GUID_SIZE);
	blob->payload_len = byte_reader_u32(&b);
	blob->payload = byte_reader_take(&b, blob->payload_len);
	r->bad = b.bad;
}

int nettrace_blobs_next(NettraceBlobs *blobs)
{
	if (blobs->r.bad)
		return -EPROTO;
	if (!byte_reader_left(&blobs->r))
		return 0;
	if (blobs->compressed)
		read_compressed(&blobs->r, &blobs->blob);
	else
		read_uncompressed(&blobs->r, blobs->start, &blobs->blob);
	return blobs->r.bad ? -EPROTO : 1;
}

/* A slot is looked for in so many places: threads are named by the target, which could choose them
 * to fall into one. */
enum {
	PROBES = 16,
	SLOTS_LEAST = 64,
	SLOTS_MOST = NETTRACE_MAX_THREADS
};

/* The thread's slot, or else a free one, or else the one at home that another thread must leave. */
static NettraceSequence *find_slot(NettraceSequences *s, uint64_t thread)
{
	uint64_t hash = thread * 0x9e3779b97f4a7c15u;
	uint32_t home = (uint32_t)(hash >> 32) & (s->size - 1);

	for (uint32_t i = 0; i < PROBES; i++) {
		NettraceSequence *slot = &s->slots[(home + i) & (s->size - 1)];

		if (!slot->used || slot->thread == thread)
			return slot;
	}
	return &s->slots[home];
}

static void put(NettraceSequences *s, NettraceSequence *slot, uint64_t thread, uint32_t sequence)
{
	if (slot->used)
		s->forgot = true;
	else
		s->n++;
	*slot = (NettraceSequence){ .thread = thread, .sequence = sequence, .used = true };
}

/* Keeps the table half empty while it may grow. False: there is no table at all. */
static bool make_room(NettraceSequences *s)
{
	uint32_t size = s->size ? 2 * s->size : SLOTS_LEAST;
	NettraceSequences grown = { .size = size, .forgot = s->forgot };

	if (s->n < s->size / 2 || s->size >= SLOTS_MOST)
		return true;
	grown.slots = calloc(size, sizeof *grown.slots);
	if (!grown.slots)
		return s->size;
	for (uint32_t i = 0; i < s->size; i++) {
		const NettraceSequence *old = &s->slots[i];

		if (old->used)
			put(&grown, find_slot(&grown, old->thread), old->thread, old->sequence);
	}
	free(s->slots);
	*s = grown;
	return true;
}

/* Remembers a thread's number. The one before is in *ret_last; false when there was none. */
static bool update(NettraceSequences *s, uint64_t thread, uint32_t sequence, uint32_t *ret_last)
{
	NettraceSequence *slot = s->size ? find_slot(s, thread) : NULL;

	if (slot && slot->used && slot->thread == thread) {
		*ret_last = slot->sequence;
		slot->sequence = sequence;
		return true;
	}
	if (!make_room(s)) {
		s->forgot = true;
		return false;
	}
	put(s, find_slot(s, thread), thread, sequence);
	return false;
}

/* Numbers skipped between two, or 0 when the second is not ahead of the first: then the thread's id
 * was given to a new thread, which counts from 1. */
static uint32_t skipped(uint32_t from, uint32_t to)
{
	uint32_t n = to - from;

	return n > INT32_MAX ? 0 : n;
}

uint32_t nettrace_sequences_event(NettraceSequences *s, uint64_t thread, uint32_t sequence)
{
	uint32_t last;

	if (!update(s, thread, sequence, &last) || sequence == 1)
		return 0;
	return skipped(last + 1, sequence);
}

int nettrace_sequences_points(NettraceSequences *s, const uint8_t *block, size_t len,
                              uint64_t *dropped)
{
	ByteReader r = byte_reader(block, len);
	uint32_t n;

	byte_reader_u64(&r);
	n = byte_reader_u32(&r);
	if (r.bad || n > byte_reader_left(&r) / POINT_SIZE)
		return -EPROTO;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t thread = byte_reader_u64(&r);
		uint32_t sequence = byte_reader_u32(&r);
		bool complete = !s->forgot;
		uint32_t last;

		if (update(s, thread, sequence, &last))
			*dropped += skipped(last, sequence);
		else if (complete)
			*dropped += sequence; /* of this thread nothing came through */
	}
	return 0;
}

void nettrace_sequences_clear(NettraceSequences *s)
{
	free(s->slots);
	*s = (NettraceSequences){ 0 };
}
