/*
 * One definition and one payload: u16 length of the definition, the definition, the payload. The
 * parser must give the same twice, and texts that end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/event-counters.h"
#include "ipc/nettrace/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		abort();
}

static int parse(const NettraceEvent *event, EventCounterSample *ret)
{
	int r;

	memset(ret, 0xa5, sizeof *ret);
	r = event_counter_parse(event, ret);
	if (r == 1) {
		check_text(ret->name, sizeof ret->name);
		check_text(ret->display_name, sizeof ret->display_name);
		check_text(ret->unit, sizeof ret->unit);
		if (ret->count < 0)
			abort();
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ByteReader r = byte_reader(data, size);
	size_t len = byte_reader_u16(&r);
	NettraceMetadataTable table = { 0 };
	EventCounterSample first, second;
	const uint8_t *definition;
	uint32_t id;

	len = len < byte_reader_left(&r) ? len : byte_reader_left(&r);
	definition = byte_reader_take(&r, len);
	if (definition && nettrace_metadata_define(&table, definition, len) == 0) {
		ByteReader d = byte_reader(definition, len);
		NettraceEvent event = { .pointer_size = 8, .payload_len = byte_reader_left(&r) };
		uint8_t *payload = malloc(event.payload_len + 1);
		int result;

		if (!payload)
			abort();
		/* At its end, so that a read past it shows. */
		event.payload = payload + 1;
		memcpy(payload + 1, r.p, event.payload_len);
		id = byte_reader_u32(&d);
		event.metadata = nettrace_metadata_find(&table, id);
		result = parse(&event, &first);
		if (parse(&event, &second) != result)
			abort();
		if (result == 1 && (strcmp(first.name, second.name) != 0 ||
		                    memcmp(&first.value, &second.value, sizeof first.value) != 0))
			abort();
		free(payload);
	}
	nettrace_metadata_clear(&table);
	return 0;
}
