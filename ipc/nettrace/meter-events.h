#pragma once
/*
 * Events of System.Diagnostics.Metrics (MetricsEventSource, .NET 6 and later): what instruments there are,
 * and once an interval what each has measured. Found by the provider's name and the event id; only the
 * leading fields that a version is known to have are read, so that later ones may append.
 *
 * Layout: every text is UTF-16 up to a NUL, numbers of measurements are decimal texts of the invariant
 * culture ("" for no measurement), DateTime is 8 bytes of 100 ns, ids and counts are i32, sums f64.
 *   P4 = session id, meter, meter version, instrument; vN: from version N of the event on
 *
 *   2  COLLECTION_START  session id, DateTime start, DateTime end
 *   3  COLLECTION_STOP   the same; what is between the two is of one interval
 *   4  COUNTER           P4, unit, tags, number rate, v1: number value, v2: id
 *   5  GAUGE             P4, unit, tags, number value, v2: id
 *   6  HISTOGRAM         P4, unit, tags, quantiles, v1: count, sum, v2: id
 *   7  BEGIN             P4, type, unit, description, v1: instrument tags, meter tags, scope hash, v2: id,
 *                        v3: schema URL (not read)
 *   8  END               as 7
 *   9  ERROR             session id, message
 *   10 ENUMERATED        session id
 *   11 PUBLISHED         as 7 (keyword 4)
 *   12 SERIES_LIMIT      session id
 *   13 HISTOGRAM_LIMIT   session id
 *   14 CALLBACK_ERROR    session id, message
 *   15 NO_SHARING        running session id
 *   16 UPDOWN            as 4
 *   17 OTHER_SETTINGS    client id (every client gets it: mind whose it is), then in force and asked, each as
 *                        text: histograms, time series, interval
 *   18 VERSION           i32 major, i32 minor, i32 patch (keyword 1)
 *   19 HISTOGRAM         P4, id, unit, tags, i32 scale, f64 sum, i64 count, i64 zeroes, f64 min, f64 max,
 *                        buckets (not read); nobody gets it who does not ask for it
 *
 * Versions seen: 4, 6, 7, 16 v1 and 5 v0 on 8; v2 of all on 9; 7 v3 from 10 on. Quantiles are
 * "0.5=1.2;0.95=3;0.99=4", on 8 to 11 also where the target's culture has a decimal comma; what 6 and 7 would
 * write there is taken, too (decimal.h).
 * Source: dotnet/runtime, System.Diagnostics.DiagnosticSource, MetricsEventSource.cs
 */
#include "ipc/nettrace/decoder.h"

#define METER_EVENTS_PROVIDER "System.Diagnostics.Metrics"

enum {
	METER_EVENT_NAME_MAX = 512, /* bytes of UTF-8 with the NUL; longer texts are cut there */
	METER_EVENT_TEXT_MAX = 1024,
	METER_EVENT_TAGS_MAX = 8192,
	METER_EVENT_QUANTILES_MAX = 16, /* those beyond are not read; runtimes send 3 */
};

typedef enum {
	METER_EVENT_COLLECTION_START, /* 2 */
	METER_EVENT_COLLECTION_STOP,  /* 3 */
	METER_EVENT_COUNTER,          /* 4: Counter, ObservableCounter */
	METER_EVENT_GAUGE,            /* 5 */
	METER_EVENT_HISTOGRAM,    /* 6; 19 is taken as one: count, sum, min and max, no quantiles */
	METER_EVENT_BEGIN,        /* 7: an instrument is reported from now on */
	METER_EVENT_END,          /* 8: no more */
	METER_EVENT_ERROR,        /* 9 */
	METER_EVENT_ENUMERATED,   /* 10: the first BEGINs are through */
	METER_EVENT_PUBLISHED,    /* 11 */
	METER_EVENT_SERIES_LIMIT, /* 12 */
	METER_EVENT_HISTOGRAM_LIMIT, /* 13 */
	METER_EVENT_CALLBACK_ERROR,  /* 14 */
	METER_EVENT_NO_SHARING,      /* 15: one session at a time before .NET 8 */
	METER_EVENT_UPDOWN,          /* 16 */
	METER_EVENT_OTHER_SETTINGS,  /* 17: joined a shared session, whose settings are in force */
	METER_EVENT_VERSION,         /* 18 */
} MeterEventKind;

/*
 * What the event's kind or version does not have is "", false or 0, but behind the NUL of a text and beyond
 * n_quantiles is what was there before: it is never cleared as a whole.
 */
typedef struct {
	MeterEventKind kind;
	/* The session id of the event; of NO_SHARING the running session's, of OTHER_SETTINGS the client id. */
	char session[METER_EVENT_NAME_MAX];
	char meter[METER_EVENT_NAME_MAX];
	char version[METER_EVENT_NAME_MAX]; /* of the meter */
	char instrument[METER_EVENT_NAME_MAX];
	char unit[METER_EVENT_NAME_MAX];
	bool has_id; /* an instrument id above 0 was there: it tells instruments of one name apart */
	int32_t id;

	/* BEGIN, END, PUBLISHED */
	char type
		[METER_EVENT_NAME_MAX]; /* the class without type arguments: "Counter", "ObservableGauge" */
	char description[METER_EVENT_TEXT_MAX];
	char instrument_tags[METER_EVENT_TEXT_MAX];
	char meter_tags[METER_EVENT_TEXT_MAX];
	char scope_hash[METER_EVENT_NAME_MAX];

	/* COUNTER, UPDOWN, GAUGE, HISTOGRAM. Numbers are as sent: NaN and infinities can occur. */
	char tags[METER_EVENT_TAGS_MAX]; /* as sent: key=value,key2=value2, nothing escaped */
	bool tags_cut; /* they were longer: what is here does not tell series apart */
	bool has_rate; /* COUNTER, UPDOWN: of this interval, the increment */
	double rate;
	bool has_value; /* COUNTER, UPDOWN from version 1 on: the total; GAUGE: the last value */
	double value;
	unsigned n_quantiles;
	struct {
		double q, value;
	} quantiles[METER_EVENT_QUANTILES_MAX];
	bool has_count; /* HISTOGRAM from version 1 on: of this interval */
	double count, sum;
	bool has_range; /* HISTOGRAM of event 19 */
	double min, max;

	char message[METER_EVENT_TEXT_MAX]; /* ERROR, CALLBACK_ERROR */
	/* OTHER_SETTINGS: what is in force, and what was asked for; in the target's culture */
	char max_histograms[2][64], max_series[2][64], interval[2][64];
	double interval_s; /* COLLECTION_START, _STOP: end minus start; 0 when that makes no sense */
	int32_t library[3]; /* VERSION: major, minor, patch */
} MeterEvent;

enum {
	METER_EVENT_IN_FORCE,
	METER_EVENT_ASKED
};

/*
 * 1 and *ret; 0 for an event that is none of these (its provider is not looked at: the caller's to match);
 * -EPROTO for one whose payload is too short or whose number is no number. *ret is large: let it be static.
 */
int meter_event_parse(const NettraceEvent *event, MeterEvent *ret);
