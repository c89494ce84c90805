/* One list out of two stores. */
#include "fs/model/value.h"
#include <math.h>

enum {
	OLD_INTERVALS = 3,
	OLD_LEAST_US = 2 * G_USEC_PER_SEC, /* not all of an interval comes in one piece */
	HOUR_MS = 3600000                  /* the longest interval that can be asked for */
};

const char *value_kind_name(ValueKind kind)
{
	static const char *const names[] = {
		[VALUE_GAUGE] = "gauge",         [VALUE_RATE] = "rate",
		[VALUE_COUNTER] = "counter",     [VALUE_UPDOWN] = "updown",
		[VALUE_HISTOGRAM] = "histogram",
	};

	return names[kind];
}

static gboolean is_old(const Process *process, ValueSource source, gint64 seen_us)
{
	gint64 interval_us = (gint64)value_interval_ms(process, source) * 1000;
	gint64 last_us = MAX(process->sample_us, meter_store_seen_us(process->meters));

	if (process->is_idle && !process->session)
		return seen_us > 0;
	return seen_us > 0 && last_us - seen_us > OLD_LEAST_US + OLD_INTERVALS * interval_us;
}

void value_of_counter(const Process *process, const Counter *counter, Value *ret)
{
	*ret = (Value){
		.source = VALUE_OF_COUNTER,
		.counter = counter,
		.kind = counter->kind == EVENT_COUNTER_SUM ? VALUE_RATE : VALUE_GAUGE,
		.provider = counter_store_provider(process->counters, counter->provider)->raw,
		.version = "",
		.name = counter->raw,
		.display = *counter->display ? counter->display : counter->raw,
		.description = "",
		.unit = counter->unit,
		.tags = "",
		.scope_tags = "",
		.instrument_tags = "",
		.is_absolute = TRUE,
		.has_value = counter->has_value,
		.is_old = is_old(process, VALUE_OF_COUNTER, counter->time_us),
		.value = counter->value,
		.increment = counter->increment,
		.total = counter->total,
		.before = counter->before,
		.wall_us = counter->wall_us,
	};
}

static double number_of(const MeterSeries *series, MeterValue value)
{
	return series->has & 1U << value ? series->values[value] : (double)NAN;
}

void value_of_series(const Process *process, const MeterSeries *series, Value *ret)
{
	static const ValueKind kinds[INSTRUMENT_N_KINDS] = {
		[INSTRUMENT_COUNTER] = VALUE_COUNTER,
		[INSTRUMENT_UPDOWN] = VALUE_UPDOWN,
		[INSTRUMENT_GAUGE] = VALUE_GAUGE,
		[INSTRUMENT_HISTOGRAM] = VALUE_HISTOGRAM,
	};
	const Instrument *instrument = meter_store_instrument(process->meters, series->instrument);

	*ret = (Value){
		.source = VALUE_OF_METER,
		.series = series,
		.kind = kinds[instrument->kind],
		.provider = meter_store_meter(process->meters, instrument->meter)->raw,
		.version = instrument->version,
		.name = instrument->raw,
		.display = instrument->raw,
		.description = instrument->description,
		.unit = instrument->unit,
		.tags = series->tags,
		.scope_tags = instrument->meter_tags,
		.instrument_tags = instrument->instrument_tags,
		.is_absolute = instrument->is_observable || instrument->kind == INSTRUMENT_GAUGE,
		.has_value = series->seq != 0,
		.is_old = is_old(process, VALUE_OF_METER, series->seen_us),
		.value = number_of(series, METER_VALUE),
		.increment = series->increment,
		.before = series->before,
		.quantiles = { number_of(series, METER_P50), number_of(series, METER_P95),
		               number_of(series, METER_P99) },
		.count_rate = number_of(series, METER_COUNT_RATE),
		.count = number_of(series, METER_COUNT),
		.sum = number_of(series, METER_SUM),
		.wall_us = series->wall_us,
	};
}

gboolean value_next(const Process *process, ValueCursor *at, Value *ret)
{
	const Counter *counter = counter_store_get(process->counters, at->counter);
	const MeterSeries *series;

	if (counter) {
		at->counter++;
		value_of_counter(process, counter, ret);
		return TRUE;
	}
	series = meter_store_series(process->meters, at->series);
	if (!series)
		return FALSE;
	at->series++;
	value_of_series(process, series, ret);
	return TRUE;
}

static void append_series_path(const Process *process, const MeterSeries *series, GString *out)
{
	const Instrument *instrument = meter_store_instrument(process->meters, series->instrument);

	g_string_append_printf(out, "meters/%s/%s",
	                       meter_store_meter(process->meters, instrument->meter)->file,
	                       instrument->file);
	if (*series->file)
		g_string_append_printf(out, "/%s", series->file);
	if (instrument->kind == INSTRUMENT_UPDOWN || instrument->kind == INSTRUMENT_GAUGE)
		g_string_append_printf(out, "/%s", meter_value_name(METER_VALUE));
}

void value_append_path(const Process *process, const Value *value, GString *out)
{
	const Counter *counter = value->counter;

	if (value->source == VALUE_OF_METER) {
		append_series_path(process, value->series, out);
		return;
	}
	g_string_append(out, "counters/");
	if (counter->provider)
		g_string_append_printf(
			out, "%s/",
			counter_store_provider(process->counters, counter->provider)->file);
	g_string_append(out, counter->file);
}

unsigned value_interval_ms(const Process *process, ValueSource source)
{
	if (source == VALUE_OF_METER && process->meters_interval_s > 0)
		return (unsigned)CLAMP(process->meters_interval_s * 1000 + 0.5, 1, HOUR_MS);
	return process->interval_ms;
}
