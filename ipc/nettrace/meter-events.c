/* The events are rows of fields, and a field is a row of how it is read. */
#include "ipc/nettrace/meter-events.h"

#include <errno.h>
#include <stddef.h>
#include "ipc/nettrace/decimal.h"
#include "ipc/nettrace/utf16.h"

enum {
	FIELDS_MAX = 16, /* of an event, with the end */
	NUMBER_UNITS_MAX = 40,
};

typedef enum {
	FIELD_END,
	/* texts */
	FIELD_SESSION,
	FIELD_METER,
	FIELD_METER_VERSION,
	FIELD_INSTRUMENT,
	FIELD_UNIT,
	FIELD_TYPE,
	FIELD_DESCRIPTION,
	FIELD_INSTRUMENT_TAGS,
	FIELD_METER_TAGS,
	FIELD_SCOPE_HASH,
	FIELD_TAGS,
	FIELD_MESSAGE,
	FIELD_HISTOGRAMS_IN_FORCE,
	FIELD_HISTOGRAMS_ASKED,
	FIELD_SERIES_IN_FORCE,
	FIELD_SERIES_ASKED,
	FIELD_INTERVAL_IN_FORCE,
	FIELD_INTERVAL_ASKED,
	N_TEXTS,
	/* others */
	FIELD_ID = N_TEXTS,
	FIELD_RATE,
	FIELD_VALUE,
	FIELD_QUANTILES,
	FIELD_COUNT_SUM,
	FIELD_EXPONENTIAL,
	FIELD_TIMES,
	FIELD_LIBRARY,
	N_FIELDS,
	/* what follows is there from that version of the event on */
	FIELD_V1 = N_FIELDS,
	FIELD_V2,
} Field;

#define TEXT(member)                                                          \
	{                                                                     \
		offsetof(MeterEvent, member), sizeof((MeterEvent *)0)->member \
	}

static const struct {
	size_t offset, size;
} texts[N_TEXTS] = {
	[FIELD_SESSION] = TEXT(session),
	[FIELD_METER] = TEXT(meter),
	[FIELD_METER_VERSION] = TEXT(version),
	[FIELD_INSTRUMENT] = TEXT(instrument),
	[FIELD_UNIT] = TEXT(unit),
	[FIELD_TYPE] = TEXT(type),
	[FIELD_DESCRIPTION] = TEXT(description),
	[FIELD_INSTRUMENT_TAGS] = TEXT(instrument_tags),
	[FIELD_METER_TAGS] = TEXT(meter_tags),
	[FIELD_SCOPE_HASH] = TEXT(scope_hash),
	[FIELD_TAGS] = TEXT(tags),
	[FIELD_MESSAGE] = TEXT(message),
	[FIELD_HISTOGRAMS_IN_FORCE] = TEXT(max_histograms[METER_EVENT_IN_FORCE]),
	[FIELD_HISTOGRAMS_ASKED] = TEXT(max_histograms[METER_EVENT_ASKED]),
	[FIELD_SERIES_IN_FORCE] = TEXT(max_series[METER_EVENT_IN_FORCE]),
	[FIELD_SERIES_ASKED] = TEXT(max_series[METER_EVENT_ASKED]),
	[FIELD_INTERVAL_IN_FORCE] = TEXT(interval[METER_EVENT_IN_FORCE]),
	[FIELD_INTERVAL_ASKED] = TEXT(interval[METER_EVENT_ASKED]),
};

static void clear(MeterEvent *ret, MeterEventKind kind)
{
	for (unsigned i = FIELD_SESSION; i < N_TEXTS; i++)
		((char *)ret)[texts[i].offset] = '\0';
	ret->kind = kind;
	ret->has_id = ret->tags_cut = false;
	ret->has_rate = ret->has_value = ret->has_count = ret->has_range = false;
	ret->id = 0;
	ret->rate = ret->value = ret->count = ret->sum = ret->min = ret->max = 0;
	ret->n_quantiles = 0;
	ret->interval_s = 0;
	memset(ret->library, 0, sizeof ret->library);
}

static void take_text(ByteReader *r, Field field, MeterEvent *ret)
{
	char *dst = (char *)ret + texts[field].offset;
	size_t units;
	const uint8_t *text = utf16_take_z(r, &units);
	size_t len = utf16_to_utf8(text, units, dst, texts[field].size);

	if (field == FIELD_TAGS)
		ret->tags_cut = len < utf16_to_utf8_len(text, units);
	if (field == FIELD_TYPE)
		dst[strcspn(dst, "`")] = '\0';
}

/* Characters of a text as a number. */
static double to_number(ByteReader *r, const uint8_t *text, size_t units)
{
	char utf8[NUMBER_UNITS_MAX * 3 + 1];
	double number = 0;

	if (units > NUMBER_UNITS_MAX) {
		r->bad = true;
		return 0;
	}
	utf16_to_utf8(text, units, utf8, sizeof utf8);
	if (decimal_parse(utf8, &number) < 0)
		r->bad = true;
	return number;
}

/* False when nothing was measured. */
static bool take_number(ByteReader *r, double *ret)
{
	size_t units;
	const uint8_t *text = utf16_take_z(r, &units);

	if (units)
		*ret = to_number(r, text, units);
	return units;
}

static void take_rate(ByteReader *r, MeterEvent *ret)
{
	ret->has_rate = take_number(r, &ret->rate);
}

static void take_value(ByteReader *r, MeterEvent *ret)
{
	ret->has_value = take_number(r, &ret->value);
}

/* Index of an ASCII character, or `end`. */
static size_t find(const uint8_t *text, size_t begin, size_t end, char c)
{
	while (begin < end && (text[2 * begin] != c || text[2 * begin + 1]))
		begin++;
	return begin;
}

static void take_quantiles(ByteReader *r, MeterEvent *ret)
{
	size_t units, end;
	const uint8_t *text = utf16_take_z(r, &units);

	for (size_t i = 0; i < units && ret->n_quantiles < METER_EVENT_QUANTILES_MAX; i = end + 1) {
		size_t equals;

		end = find(text, i, units, ';');
		equals = find(text, i, end, '=');
		if (equals == end) {
			r->bad = true;
			return;
		}
		ret->quantiles[ret->n_quantiles].q = to_number(r, text + 2 * i, equals - i);
		ret->quantiles[ret->n_quantiles].value =
			to_number(r, text + 2 * equals + 2, end - equals - 1);
		ret->n_quantiles++;
	}
}

static void take_id(ByteReader *r, MeterEvent *ret)
{
	int32_t id = (int32_t)byte_reader_u32(r);

	ret->has_id = id > 0;
	ret->id = ret->has_id ? id : 0;
}

static void take_count_sum(ByteReader *r, MeterEvent *ret)
{
	ret->count = (int32_t)byte_reader_u32(r);
	ret->sum = byte_reader_f64(r);
	ret->has_count = true;
}

static void take_exponential(ByteReader *r, MeterEvent *ret)
{
	byte_reader_u32(r); /* scale */
	ret->sum = byte_reader_f64(r);
	ret->count = (double)(int64_t)byte_reader_u64(r);
	byte_reader_u64(r); /* zeroes */
	ret->min = byte_reader_f64(r);
	ret->max = byte_reader_f64(r);
	ret->has_count = ret->has_range = true;
}

static void take_times(ByteReader *r, MeterEvent *ret)
{
	uint64_t start = byte_reader_u64(r);
	uint64_t end = byte_reader_u64(r);

	ret->interval_s = end > start ? (double)(end - start) / 1e7 : 0;
}

static void take_library(ByteReader *r, MeterEvent *ret)
{
	for (unsigned i = 0; i < 3; i++)
		ret->library[i] = (int32_t)byte_reader_u32(r);
}

static void (*const takes[N_FIELDS])(ByteReader *r, MeterEvent *ret) = {
	[FIELD_ID] = take_id,
	[FIELD_RATE] = take_rate,
	[FIELD_VALUE] = take_value,
	[FIELD_QUANTILES] = take_quantiles,
	[FIELD_COUNT_SUM] = take_count_sum,
	[FIELD_EXPONENTIAL] = take_exponential,
	[FIELD_TIMES] = take_times,
	[FIELD_LIBRARY] = take_library,
};

/* clang-format off */
#define P4 FIELD_SESSION, FIELD_METER, FIELD_METER_VERSION, FIELD_INSTRUMENT
#define RATE { P4, FIELD_UNIT, FIELD_TAGS, FIELD_RATE, FIELD_V1, FIELD_VALUE, FIELD_V2, FIELD_ID }
#define INSTRUMENT { P4, FIELD_TYPE, FIELD_UNIT, FIELD_DESCRIPTION, FIELD_V1, FIELD_INSTRUMENT_TAGS, \
	FIELD_METER_TAGS, FIELD_SCOPE_HASH, FIELD_V2, FIELD_ID }

static const struct {
	uint32_t id;
	MeterEventKind kind;
	uint8_t fields[FIELDS_MAX];
} rows[] = {
	{ 4, METER_EVENT_COUNTER, RATE },
	{ 5, METER_EVENT_GAUGE,
	  { P4, FIELD_UNIT, FIELD_TAGS, FIELD_VALUE, FIELD_V2, FIELD_ID } },
	{ 6, METER_EVENT_HISTOGRAM,
	  { P4, FIELD_UNIT, FIELD_TAGS, FIELD_QUANTILES, FIELD_V1, FIELD_COUNT_SUM, FIELD_V2, FIELD_ID } },
	{ 16, METER_EVENT_UPDOWN, RATE },
	{ 2, METER_EVENT_COLLECTION_START, { FIELD_SESSION, FIELD_TIMES } },
	{ 3, METER_EVENT_COLLECTION_STOP, { FIELD_SESSION, FIELD_TIMES } },
	{ 7, METER_EVENT_BEGIN, INSTRUMENT },
	{ 8, METER_EVENT_END, INSTRUMENT },
	{ 9, METER_EVENT_ERROR, { FIELD_SESSION, FIELD_MESSAGE } },
	{ 10, METER_EVENT_ENUMERATED, { FIELD_SESSION } },
	{ 11, METER_EVENT_PUBLISHED, INSTRUMENT },
	{ 12, METER_EVENT_SERIES_LIMIT, { FIELD_SESSION } },
	{ 13, METER_EVENT_HISTOGRAM_LIMIT, { FIELD_SESSION } },
	{ 14, METER_EVENT_CALLBACK_ERROR, { FIELD_SESSION, FIELD_MESSAGE } },
	{ 15, METER_EVENT_NO_SHARING, { FIELD_SESSION } },
	{ 17, METER_EVENT_OTHER_SETTINGS,
	  { FIELD_SESSION, FIELD_HISTOGRAMS_IN_FORCE, FIELD_HISTOGRAMS_ASKED, FIELD_SERIES_IN_FORCE,
	    FIELD_SERIES_ASKED, FIELD_INTERVAL_IN_FORCE, FIELD_INTERVAL_ASKED } },
	{ 18, METER_EVENT_VERSION, { FIELD_LIBRARY } },
	{ 19, METER_EVENT_HISTOGRAM, { P4, FIELD_ID, FIELD_UNIT, FIELD_TAGS, FIELD_EXPONENTIAL } },
};
/* clang-format on */

static void take_fields(ByteReader *r, const uint8_t *fields, uint32_t version, MeterEvent *ret)
{
	for (; *fields != FIELD_END && !r->bad; fields++) {
		if (*fields < N_TEXTS)
			take_text(r, *fields, ret);
		else if (*fields < N_FIELDS)
			takes[*fields](r, ret);
		else if (version < *fields - FIELD_V1 + 1u)
			return;
	}
}

int meter_event_parse(const NettraceEvent *event, MeterEvent *ret)
{
	ByteReader r = byte_reader(event->payload, event->payload_len);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].id != event->metadata->event_id)
			continue;
		clear(ret, rows[i].kind);
		take_fields(&r, rows[i].fields, event->metadata->version, ret);
		return r.bad ? -EPROTO : 1;
	}
	return 0;
}
