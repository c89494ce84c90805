#pragma once
/*
 * Where values come from, and the family of metrics that each goes to. Names are made once
 * (metric-name.h) and kept; whether two sources may have one name is settled here:
 *
 * - One source is (EventCounter or meter, provider or meter, name), whatever kind and unit it has in this
 *   process or that: it has one name.
 * - Instruments of several meters with one name, kind and unit share it: a label has the meter.
 * - Of others that meet, the first in C order of (provider, name) has it. All others get `_` and the digits
 *   of their source (a counter's _total comes last all the same), and there is a notice.
 * - So does what would take a name that is another's: of what runtimes have built in (metric-builtin.h), whether
 *   it is there or not, and so whatever a process calls its own; or by its form: of our own metrics, of the
 *   samples of a summary or a counter, of samples of another type.
 *
 * Families are told apart by names without _total, as OpenMetrics does: a gauge and a counter of one name
 * meet.
 *
 * Nothing a target does makes this grow without end: metric_sources_begin().
 */
#include "fs/model/metric-name.h"

enum {
	METRIC_SOURCES_MAX = 16384, /* kept from one exposition to the next */
	METRIC_MEET_MAX = 64, /* sources that are compared for one name; further ones get digits */
	METRIC_NOTICES_MAX = 256, /* in the life of a daemon */
};

/* Samples of another type than their family's go to NAME_untyped. */
#define METRIC_UNTYPED "_untyped"
/* Ours begin with it. */
#define METRIC_OWN "triggerdumpfs_"

typedef struct {
	ValueSource source;
	ValueKind kind;
	char *provider, *name, *unit; /* raw */
	MetricName metric;
	char *plain;          /* metric.name without _total */
	char *digits;         /* of the source */
	char *family;         /* plain, or with the digits */
	gboolean is_built_in; /* in all that the table says of it */

	/* Whoever renders writes here: which family it was in which exposition. */
	guint64 render;
	unsigned index;
} MetricSource;

typedef struct MetricSources MetricSources;

MetricSources *metric_sources_new(void);
void metric_sources_free(MetricSources *sources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetricSources, metric_sources_free)

/* An exposition begins: all sources are forgotten when they are too many. */
void metric_sources_begin(MetricSources *sources);
/*
 * Good until metric_sources_begin(); its family may change while further sources come in: all have to be
 * known before the first is written.
 */
MetricSource *metric_sources_get(MetricSources *sources, const Value *value);

/* Says a sentence for `events`, once each; of the process pid, or 0. */
void metric_sources_notice(MetricSources *sources, pid_t pid, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* The next of them, to be freed; NULL none. */
char *metric_sources_take_notice(MetricSources *sources, pid_t *ret_pid);
