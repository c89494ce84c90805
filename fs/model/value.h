#pragma once
/*
 * All values of a process in one list, wherever they come from: what metrics, counters.csv, catalog.tsv and
 * extended attributes are made of. A Value is a view on the stores: it owns nothing, and is good until
 * the next sample.
 */
#include "fs/model/process.h"

typedef enum {
	VALUE_OF_COUNTER, /* an EventCounter */
	VALUE_OF_METER,
} ValueSource;

typedef enum {
	VALUE_GAUGE,     /* EventCounter and PollingCounter, ObservableGauge, Gauge */
	VALUE_RATE,      /* incrementing EventCounters: per second; increment is the raw one */
	VALUE_COUNTER,   /* Counter, ObservableCounter: a total; increment of the last interval */
	VALUE_UPDOWN,    /* UpDownCounter, ObservableUpDownCounter */
	VALUE_HISTOGRAM, /* quantiles, count and sum */
} ValueKind;

enum {
	VALUE_QUANTILES = 3
}; /* 0.5, 0.95, 0.99 */

typedef struct {
	ValueSource source;
	const Counter *counter;    /* VALUE_OF_COUNTER */
	const MeterSeries *series; /* VALUE_OF_METER */
	ValueKind kind;
	const char *provider; /* or the meter; raw, as all texts here */
	const char *version;  /* of the meter, "" none */
	const char *name;
	const char *display; /* the name where there is none */
	const char *description;
	const char *unit;            /* "" none */
	const char *tags;            /* as sent, "" none */
	const char *scope_tags;      /* of the meter, "" none */
	const char *instrument_tags; /* "" none */
	gboolean is_absolute;        /* else it counts from the session's start */

	gboolean has_value; /* all below */
	/* The process told of others for more than three intervals after it: its provider is not asked for any
	 * more, another tool has the meters, the instrument has ended. Or nothing is asked of the process at all. */
	gboolean is_old;
	double value;     /* not of a histogram */
	double increment; /* VALUE_RATE, VALUE_COUNTER: of the last interval, raw */
	double total;     /* VALUE_RATE: of all increments so far */
	double before;    /* the value before this one; NaN when there is none */
	double quantiles[VALUE_QUANTILES]; /* NaN: nothing was measured, or it is never sent */
	double count_rate;                 /* of the last interval */
	double count, sum;                 /* since the session's start; NaN: never sent */
	gint64 wall_us;                    /* of the sample */
} Value;

/*
 * For each: `for (ValueCursor at = { 0 }; value_next(process, &at, &value);)`. Counters come first, in the
 * order of their ids, then the tag sets of meters in the order of theirs. Those without a value come too.
 */
typedef struct {
	unsigned counter, series; /* the next to be looked at */
} ValueCursor;
gboolean value_next(const Process *process, ValueCursor *at, Value *ret);

/* What a counter's value is, by itself, and a tag set's. */
void value_of_counter(const Process *process, const Counter *counter, Value *ret);
void value_of_series(const Process *process, const MeterSeries *series, Value *ret);

/* Its file below <pid>/: "counters/gc-heap-size"; of a histogram's and a counter's tag set its directory. */
void value_append_path(const Process *process, const Value *value, GString *out);

/* What its increments are of, as it was asked for; of meters as the runtime collects them. */
unsigned value_interval_ms(const Process *process, ValueSource source);

/* "gauge", "rate", "counter", "updown", "histogram": user.kind, catalog.tsv. */
const char *value_kind_name(ValueKind kind);
