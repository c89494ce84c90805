#pragma once
/*
 * The meters of one event session of a fake runtime: what the scenario has of those that were asked for, as
 * the events of that release, each RefreshInterval between a CollectionStart and a CollectionStop.
 */
#include "tests/fake/meters-request.h"
#include "tests/fake/scenario.h"

typedef struct Meters Meters;

/* Refers to the scenario and the writer. `collection`: how many this shared session has behind it (0: it
 * begins), as values go on where they are. */
Meters *meters_new(const Scenario *s, NettraceWriter *writer, const MetersRequest *request,
                   guint collection);
void meters_free(Meters *meters);

/* Definitions and what comes before the first collection. */
void meters_start(Meters *meters, guint64 stamp_ns);
/* The next collection, whenever it is called. */
void meters_collect(Meters *meters, guint64 stamp_ns);

/* 0: nothing is to come. */
guint meters_interval_ms(const Meters *meters);
guint meters_collection(const Meters *meters);
/* "SHARED", or the one that has it alone. */
const char *meters_session(const Meters *meters);
