#pragma once
/*
 * The instruments of one process and the last values of each of their tag sets: what stands under meters/.
 *
 * Like counter-store.h: ids are append-only and small, so that they serve as rows of inode numbers and as
 * cookies of readdir; a name never goes, never changes its place and never its type. What a target sends
 * beyond the caps is dropped and counted; what exists goes on.
 *
 * An instrument is its id where the runtime sends one (.NET 9 on), else its meter, version, name and kind.
 * Ids belong to one session of the target's: what tells an instrument across sessions is meter, version,
 * name, kind, scope hash, meter tags and instrument tags. Of several with one name the lowest id has the
 * plain file name, the others get `~` and 8 hex digits of a hash of version, scope hash and meter tags.
 * Which id is the lowest is known when those that came together are there: at the end of an enumeration
 * or a collection (is_settled).
 *
 * What the numbers are (.NET counts from the start of our session; observable ones are absolute):
 * histograms' count and sum are of one interval on the wire and summed here, and so are the deltas of
 * counters and up-downs of runtimes that send no totals (6 and 7). Quantiles are of the last interval: NaN
 * when nothing was measured in it.
 */
#include <glib.h>
#include "ipc/nettrace/meter-events.h"

enum {
	METER_MAX = 256,
	METER_INSTRUMENT_MAX = 1024,
	METER_SERIES_MAX = 4096,    /* of a process; ids below it */
	METER_EQUAL_MAX = 64,       /* instruments of one meter, version, name and kind */
	METER_TEXT_MAX = 2 << 20,   /* bytes of all texts of a process */
	METER_FILE_NAME_SIZE = 224, /* bytes with the NUL */
};

typedef enum {
	INSTRUMENT_COUNTER,   /* value rate */
	INSTRUMENT_UPDOWN,    /* value */
	INSTRUMENT_GAUGE,     /* value */
	INSTRUMENT_HISTOGRAM, /* p50 p95 p99 count sum count_rate */
	INSTRUMENT_N_KINDS,
} InstrumentKind;

/* The files of a tag set. */
typedef enum {
	METER_VALUE,
	METER_RATE, /* per second */
	METER_P50,
	METER_P95,
	METER_P99,
	METER_COUNT, /* since the session's start */
	METER_SUM,
	METER_COUNT_RATE, /* per second, of the last interval */
	METER_N_VALUES,
} MeterValue;

typedef struct {
	unsigned id;
	char *raw;
	char *file; /* in meters/ */
} Meter;

typedef struct {
	unsigned id, meter;
	char *raw, *file; /* file: in its meter's directory */
	InstrumentKind kind;
	gboolean is_observable; /* absolute; else counted from our session's start */
	gboolean has_ended;     /* its values stay readable */
	gboolean is_settled;    /* file stays; until then it is not shown: a lower id may take it */
	char *unit, *description, *version, *instrument_tags, *meter_tags, *scope_hash;
} Instrument;

typedef struct {
	unsigned id, instrument;
	char *tags; /* as sent, "" none */
	char *file; /* in its instrument's directory; "" without tags: the values lie in that itself */
	guint32 has; /* bits 1 << MeterValue */
	double values[METER_N_VALUES];
	double increment; /* of a counter and an up-down, of the last interval, raw; NaN unknown */
	double before;    /* METER_VALUE before its last; NaN: there was none */
	guint64 seq;      /* of the store, at its last sample; 0 before */
	gint64 time_us;   /* monotonic */
	gint64 wall_us;
	gint64 seen_us; /* monotonic: when the runtime told of it last, with a measurement or without */
} MeterSeries;

typedef struct MeterStore MeterStore;

MeterStore *meter_store_new(void);
void meter_store_free(MeterStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeterStore, meter_store_free)

/*
 * Takes an event: BEGIN, END, ENUMERATED, the four kinds of values, COLLECTION_START and _STOP (which bound a
 * collection: equal tag sets within one are summed for counters, else the last wins), the limits. Others are
 * not its. interval_s: what rates are made of; below 0.01 there are none. TRUE when a value was taken: not
 * for one over a cap, of another kind than its instrument, of tags that were cut, or without a measurement.
 */
gboolean meter_store_take(MeterStore *store, const MeterEvent *event, double interval_s,
                          gint64 now_us, gint64 wall_us);

/* A session begins that does not overlap the last: ids mean nothing any more, sums begin at 0 again with the
 * next sample of each; until then the old values stay readable. */
void meter_store_reset(MeterStore *store, gint64 wall_us);
/* Wall clock of the last reset: since when counters count. 0: no session so far. */
gint64 meter_store_since_us(const MeterStore *store);

/* A sentence for `events`, said once each: a limit reached (which), a cap of ours, tag sets that are equal on
 * the wire, instruments that only ids would tell apart. NULL: none. To be freed. */
char *meter_store_take_notice(MeterStore *store);
/* "time-series", "histograms", "time-series,histograms", or "-": limits that the runtime has reached. */
const char *meter_store_limits(const MeterStore *store);

unsigned meter_store_n_meters(const MeterStore *store);
const Meter *meter_store_meter(const MeterStore *store,
                               unsigned id); /* NULL: no such id; so for all */
unsigned meter_store_n_instruments(const MeterStore *store);
const Instrument *meter_store_instrument(const MeterStore *store, unsigned id);
unsigned meter_store_n_series(const MeterStore *store);
const MeterSeries *meter_store_series(const MeterStore *store, unsigned id);

const Meter *meter_store_find_meter(const MeterStore *store, const char *file);
const Instrument *meter_store_find_instrument(const MeterStore *store, unsigned meter,
                                              const char *file);
/* file "" for the values without tags. */
const MeterSeries *meter_store_find_series(const MeterStore *store, unsigned instrument,
                                           const char *file);
/* "Meter/instrument[/tags]/p95", as below meters/: the series, and which of its values, which it may not `has`. */
const MeterSeries *meter_store_find_path(const MeterStore *store, const char *path,
                                         MeterValue *ret);

/* Whether a kind has that value at all, and its file's name. */
gboolean meter_kind_has(InstrumentKind kind, MeterValue value);
const char *meter_value_name(MeterValue value);
/* The unit of that file: the instrument's, but "" for numbers of measurements; of rates, per second. */
const char *meter_value_unit(const Instrument *instrument, MeterValue value);
/* The value with that file name: TRUE and *ret. */
gboolean meter_value_find(InstrumentKind kind, const char *file, MeterValue *ret);

/* Monotonic: when the runtime told of any of them last; 0 never. */
gint64 meter_store_seen_us(const MeterStore *store);
guint64 meter_store_seq(const MeterStore *store);
guint64 meter_store_refused(const MeterStore *store); /* over the caps */
