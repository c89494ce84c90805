/*
 * One event of System.Diagnostics.Metrics: u8 event id, u8 version, the payload. The parser must give the
 * same twice whatever was there before, and texts that end.
 */
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/meter-events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT(member)                                                          \
	{                                                                     \
		offsetof(MeterEvent, member), sizeof((MeterEvent *)0)->member \
	}

static const struct {
	size_t offset, size;
} texts[] = {
	TEXT(session),
	TEXT(meter),
	TEXT(version),
	TEXT(instrument),
	TEXT(unit),
	TEXT(type),
	TEXT(description),
	TEXT(instrument_tags),
	TEXT(meter_tags),
	TEXT(scope_hash),
	TEXT(tags),
	TEXT(message),
	TEXT(max_histograms[METER_EVENT_IN_FORCE]),
	TEXT(max_histograms[METER_EVENT_ASKED]),
	TEXT(max_series[METER_EVENT_IN_FORCE]),
	TEXT(max_series[METER_EVENT_ASKED]),
	TEXT(interval[METER_EVENT_IN_FORCE]),
	TEXT(interval[METER_EVENT_ASKED]),
};

static int parse(const NettraceEvent *event, int before, MeterEvent *ret)
{
	memset(ret, before, sizeof *ret);
	return meter_event_parse(event, ret);
}

static void check(gboolean condition)
{
	if (!condition)
		abort();
}

static gboolean same(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void check_same(const MeterEvent *a, const MeterEvent *b)
{
	check(a->kind == b->kind && a->has_id == b->has_id && a->id == b->id);
	check(a->has_id == (a->id > 0));
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text = (const char *)a + texts[i].offset;
		const char *end = memchr(text, '\0', texts[i].size);

		check(end && g_utf8_validate(text, end - text, NULL));
		check(strcmp(text, (const char *)b + texts[i].offset) == 0);
	}
	check(a->tags_cut == b->tags_cut && a->has_rate == b->has_rate &&
	      a->has_value == b->has_value && a->has_count == b->has_count &&
	      a->has_range == b->has_range);
	check(same(a->rate, b->rate) && same(a->value, b->value) && same(a->count, b->count) &&
	      same(a->sum, b->sum) && same(a->min, b->min) && same(a->max, b->max));
	check(a->n_quantiles <= METER_EVENT_QUANTILES_MAX && a->n_quantiles == b->n_quantiles);
	check(memcmp(a->quantiles, b->quantiles, a->n_quantiles * sizeof a->quantiles[0]) == 0);
	check(a->interval_s >= 0 && same(a->interval_s, b->interval_s));
	check(memcmp(a->library, b->library, sizeof a->library) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static MeterEvent first, second;
	ByteReader r = byte_reader(data, size);
	NettraceMetadata metadata = { .event_id = byte_reader_u8(&r),
		                      .version = byte_reader_u8(&r) };
	NettraceEvent event = { .metadata = &metadata,
		                .pointer_size = 8,
		                .payload_len = byte_reader_left(&r) };
	uint8_t *payload = malloc(event.payload_len + 1);
	int result;

	check(payload != NULL);
	/* At its end, so that a read past it shows. */
	event.payload = payload + 1;
	if (event.payload_len)
		memcpy(payload + 1, r.p, event.payload_len);
	result = parse(&event, 0xa5, &first);
	check(parse(&event, 0x5a, &second) == result);
	if (result == 1)
		check_same(&first, &second);
	free(payload);
	return 0;
}
