/* The files that the kinds of instruments have. */
#include "fs/model/meter-store.h"
#include <string.h>

#define BIT(value) (1U << (value))

static const unsigned kind_has[INSTRUMENT_N_KINDS] = {
	[INSTRUMENT_COUNTER] = BIT(METER_VALUE) | BIT(METER_RATE),
	[INSTRUMENT_UPDOWN] = BIT(METER_VALUE),
	[INSTRUMENT_GAUGE] = BIT(METER_VALUE),
	[INSTRUMENT_HISTOGRAM] = BIT(METER_P50) | BIT(METER_P95) | BIT(METER_P99) |
	                         BIT(METER_COUNT) | BIT(METER_SUM) | BIT(METER_COUNT_RATE),
};

static const struct {
	const char *name;
	gboolean is_number; /* of measurements, whatever is measured */
} values[METER_N_VALUES] = {
	[METER_VALUE] = { "value", FALSE }, [METER_RATE] = { "rate", FALSE },
	[METER_P50] = { "p50", FALSE },     [METER_P95] = { "p95", FALSE },
	[METER_P99] = { "p99", FALSE },     [METER_COUNT] = { "count", TRUE },
	[METER_SUM] = { "sum", FALSE },     [METER_COUNT_RATE] = { "count_rate", TRUE },
};

gboolean meter_kind_has(InstrumentKind kind, MeterValue value)
{
	return (kind_has[kind] & BIT(value)) != 0;
}

const char *meter_value_name(MeterValue value)
{
	return values[value].name;
}

const char *meter_value_unit(const Instrument *instrument, MeterValue value)
{
	return values[value].is_number ? "" : instrument->unit;
}

gboolean meter_value_find(InstrumentKind kind, const char *file, MeterValue *ret)
{
	for (unsigned i = 0; i < METER_N_VALUES; i++) {
		if (meter_kind_has(kind, i) && !strcmp(values[i].name, file)) {
			*ret = i;
			return TRUE;
		}
	}
	return FALSE;
}
