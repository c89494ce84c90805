#pragma once
/*
 * What the files of the store share: meter-store.c (events in, getters out), meter-instrument.c (what an
 * instrument is), meter-names.c (its file name), meter-series.c (tag sets and their numbers). For nobody else.
 */
#include "fs/model/meter-store.h"

typedef struct MeterInstrument MeterInstrument;
struct MeterInstrument {
	Instrument base;
	gboolean has_id;       /* bound to wire_id in this session */
	gint32 wire_id;        /* the last; 0 none */
	gboolean is_defined;   /* a BEGIN has said what it is; else known by its values alone */
	MeterInstrument *next; /* of the same meter, version, name and kind */
};

typedef struct {
	MeterSeries base;
	guint64 session;                         /* of the store, at its last sample */
	guint64 collection;                      /* likewise */
	double from_value, from_count, from_sum; /* before that collection */
} MeterSeriesEntry;

/* Sentences of meter_store_take_notice(). */
typedef enum {
	METER_NOTICE_SERIES_LIMIT,
	METER_NOTICE_HISTOGRAM_LIMIT,
	METER_NOTICE_METERS, /* caps of ours */
	METER_NOTICE_INSTRUMENTS,
	METER_NOTICE_EQUAL,
	METER_NOTICE_SERIES,
	METER_NOTICE_TEXT,
	METER_NOTICE_TAGS_CUT,
	METER_NOTICE_EQUAL_TAGS,
	METER_NOTICE_AMBIGUOUS,
	METER_N_NOTICES,
} MeterNotice;

/* The tables by which things are found are sets of the things themselves: no key takes memory. */
struct MeterStore {
	GPtrArray *meters;      /* Meter */
	GPtrArray *instruments; /* MeterInstrument */
	GPtrArray *series;      /* MeterSeriesEntry */
	GHashTable *meter_by_raw;
	GHashTable *meter_by_file;
	GHashTable *by_identity; /* the first of each meter, version, name and kind */
	GHashTable *by_wire_id;  /* of this session */
	GHashTable *by_file;     /* of instruments, per meter */
	GHashTable *series_by_tags;
	GHashTable *series_by_file;
	GPtrArray *unsettled; /* MeterInstrument: their file names are not final */
	gboolean in_collection;
	guint64 collection; /* counts them */
	guint64 session;    /* counts resets */
	gint64 since_us;
	gint64 seen_us;
	unsigned limits;                /* bits 1 << MeterNotice, of the runtime's */
	unsigned said;                  /* bits 1 << MeterNotice */
	char *notices[METER_N_NOTICES]; /* to be taken; NULL */
	gsize text_bytes;
	guint64 seq;
	guint64 refused;
};

/* meter-store.c */
/* Says it, once. about may be NULL. */
void meter_store_notice(MeterStore *store, MeterNotice which, const MeterInstrument *about);
/* The same of what is dropped. */
void meter_store_refuse(MeterStore *store, MeterNotice why);
/* Whether so many more bytes of text may be kept; takes them when they may. */
gboolean meter_store_spend(MeterStore *store, gsize bytes);

/* meter-instrument.c */
void meter_instrument_tables_init(MeterStore *store);
void meter_instrument_begin(MeterStore *store, const MeterEvent *event);
void meter_instrument_end(MeterStore *store, const MeterEvent *event);
/* Whose value it is; made when it is new. NULL: refused. */
MeterInstrument *meter_instrument_of_value(MeterStore *store, const MeterEvent *event,
                                           InstrumentKind kind);
/* The same of what exists; NULL: none. */
MeterInstrument *meter_instrument_known(MeterStore *store, const MeterEvent *event,
                                        InstrumentKind kind);
void meter_instrument_free(void *instrument);

/* meter-names.c */
void meter_names_tables_init(MeterStore *store);
/* A new instrument's name, free, but not final. */
void meter_names_add(MeterStore *store, MeterInstrument *instrument);
/* All that came since the last time get their final names. */
void meter_names_settle(MeterStore *store);

/* meter-series.c */
void meter_series_tables_init(MeterStore *store);
/* Whether there was a measurement. */
gboolean meter_series_is_sample(const MeterEvent *event, InstrumentKind kind);
/* The tag set of a value without a measurement was told of. */
void meter_series_see(MeterStore *store, const MeterInstrument *instrument, const MeterEvent *event,
                      gint64 now_us);
/* The tag set of a value; made when it is new. NULL: refused. */
MeterSeriesEntry *meter_series_of_value(MeterStore *store, const MeterInstrument *instrument,
                                        const MeterEvent *event);
/* Takes the numbers. */
void meter_series_take(MeterStore *store, MeterSeriesEntry *entry,
                       const MeterInstrument *instrument, const MeterEvent *event,
                       double interval_s);
void meter_series_free(void *entry);
