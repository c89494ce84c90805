/*
 * One of the runtime's GC events: u8 event id (204 as 255), u8 version, u8 pointer size, the payload, into
 * an estimate. The parser must give the same twice, and the estimate stay a number.
 */
#include <glib.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/heap-estimate.h"
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/gc-events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply(HeapEstimate *estimate, const GcEvent *event, gint64 stamp)
{
	double correction;

	switch (event->kind) {
	case GC_EVENT_TICK:
		heap_estimate_tick(estimate, stamp, event->bytes);
		break;
	case GC_EVENT_HISTORY:
		heap_estimate_history(estimate, event->heap, event->bytes, event->free,
		                      event->young);
		break;
	case GC_EVENT_STATS:
		heap_estimate_collected(estimate, stamp, event->bytes);
		break;
	case GC_EVENT_START:
		heap_estimate_lost(estimate);
		break;
	case GC_EVENT_END:
		heap_estimate_sample(estimate, stamp, event->count, TRUE, &correction);
		break;
	}
	if (!isfinite(heap_estimate_mb(estimate)) || heap_estimate_mb(estimate) < 0)
		abort();
}

/* Records of a length byte, a stamp of 8 bytes, and what is said above. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(HeapEstimate) estimate = heap_estimate_new();
	ByteReader r = byte_reader(data, size);

	while (byte_reader_left(&r) && !r.bad) {
		size_t len = byte_reader_u16(&r);
		gint64 stamp = (gint64)byte_reader_u64(&r);
		uint8_t id = byte_reader_u8(&r);
		NettraceMetadata metadata = { .event_id = id == 255 ? 204 : id,
			                      .version = byte_reader_u8(&r) };
		NettraceEvent event = { .metadata = &metadata, .pointer_size = byte_reader_u8(&r) };
		GcEvent first, second;
		uint8_t *copy;
		int result;

		if (r.bad)
			break;
		len = MIN(len, byte_reader_left(&r));
		event.payload_len = len;
		copy = malloc(len + 1);
		if (!copy)
			abort();
		/* At its end, so that a read past it shows. */
		if (len)
			memcpy(copy + 1, byte_reader_take(&r, len), len);
		event.payload = copy + 1;
		result = gc_event_parse(&event, &first);
		if (gc_event_parse(&event, &second) != result ||
		    (result == 1 && (first.kind != second.kind || first.bytes != second.bytes)))
			abort();
		if (result == 1)
			apply(estimate, &first, stamp);
		free(copy);
	}
	return 0;
}
