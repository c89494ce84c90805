#include "ipc/nettrace/gc-events.h"

#include <errno.h>
#include "ipc/nettrace/bytes.h"

static void take_numbers(ByteReader *r, const NettraceEvent *event, GcEvent *ret)
{
	(void)event;
	ret->count = byte_reader_u32(r);
}

static void take_stats(ByteReader *r, const NettraceEvent *event, GcEvent *ret)
{
	(void)event;
	for (unsigned i = 0; i < 4; i++) {
		ret->bytes += byte_reader_u64(r);
		byte_reader_u64(r); /* promoted */
	}
	byte_reader_take(r, 2 * 8 + 3 * 4 + 2);
	if (!r->bad && byte_reader_left(r) >= 2 * 8)
		ret->bytes += byte_reader_u64(r);
}

static void take_tick(ByteReader *r, const NettraceEvent *event, GcEvent *ret)
{
	ret->bytes = byte_reader_u32(r);
	byte_reader_take(r, 4 + 2);
	/* The first amount has 32 bits and does not do for a large object. */
	if (event->metadata->version >= 2)
		ret->bytes = byte_reader_u64(r);
}

static void take_history(ByteReader *r, const NettraceEvent *event, GcEvent *ret)
{
	unsigned width = event->pointer_size == 4 ? 4 : 8;
	uint32_t n;

	byte_reader_take(r, 2 + (size_t)6 * width + 5 * 4);
	ret->heap = byte_reader_u32(r);
	byte_reader_take(r, width);
	n = byte_reader_u32(r);
	if (n > GC_EVENT_GENERATIONS_MAX) {
		r->bad = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t size, list, objects;

		byte_reader_take(r, (size_t)3 * width);
		size = byte_reader_le(r, width);
		list = byte_reader_le(r, width);
		objects = byte_reader_le(r, width);
		byte_reader_take(r, (size_t)4 * width);
		/* Taken without a lock, so that they may not fit each other. */
		if (list < size && objects < size - list) {
			ret->bytes += size - list - objects;
			ret->free += list + objects;
			ret->young += i ? 0 : list;
		}
	}
}

static const struct {
	uint32_t id;
	GcEventKind kind;
	void (*take)(ByteReader *r, const NettraceEvent *event, GcEvent *ret);
} rows[] = {
	{ 10, GC_EVENT_TICK, take_tick },    { 204, GC_EVENT_HISTORY, take_history },
	{ 2, GC_EVENT_END, take_numbers },   { 4, GC_EVENT_STATS, take_stats },
	{ 1, GC_EVENT_START, take_numbers },
};

int gc_event_parse(const NettraceEvent *event, GcEvent *ret)
{
	ByteReader r = byte_reader(event->payload, event->payload_len);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].id != event->metadata->event_id)
			continue;
		*ret = (GcEvent){ .kind = rows[i].kind };
		rows[i].take(&r, event, ret);
		return r.bad ? -EPROTO : 1;
	}
	return 0;
}
