#pragma once
/*
 * EventCounters: the event named "EventCounters" of any provider, which .NET sends once an interval
 * for each counter. Its ids are given out at run time, so that the name alone tells it.
 *
 * Its definition has one nameless object with one object "Payload" in it, whose fields are the
 * values; a flat list of the same fields is taken too. They are found by name, so that order,
 * additions and the Series (the interval in force, which other tools can lower) do not matter.
 */
#include "ipc/nettrace/decoder.h"

enum {
	EVENT_COUNTER_NAME_MAX = 256,
	EVENT_COUNTER_UNIT_MAX = 64,
};

typedef enum {
	EVENT_COUNTER_MEAN, /* a value: EventCounter, PollingCounter */
	EVENT_COUNTER_SUM,  /* an increment since the report before */
} EventCounterKind;

typedef struct {
	const char *provider;              /* the metadata's */
	char name[EVENT_COUNTER_NAME_MAX]; /* as sent, in UTF-8, cut at the size */
	char display_name[EVENT_COUNTER_NAME_MAX];
	char unit[EVENT_COUNTER_UNIT_MAX]; /* "" for none */
	EventCounterKind kind;
	double value;      /* MEAN: Mean; SUM: Increment, raw */
	double interval_s; /* IntervalSec: elapsed seconds as the runtime measured them, may be 0 */
	double min, max, stddev; /* MEAN */
	int count;               /* MEAN: values in the interval */
} EventCounterSample;

/*
 * 1 and *ret filled in; 0 when the event is no EventCounters event; -EPROTO when it is one whose
 * metadata or payload is broken. Numbers are as sent: NaN and infinities can occur. What the event
 * does not have (a display name, an interval) is empty or 0; a name and a value it must have.
 *
 * What was found in the metadata is kept there (`counter`, `role`), so that the second event of a
 * type looks no name up.
 */
int event_counter_parse(const NettraceEvent *event, EventCounterSample *ret);
