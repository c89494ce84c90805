#pragma once
/*
 * What a value is called outside: names, types, units and labels of Prometheus and OpenMetrics. Pure functions
 * of what the runtime says of a value, never of the order in which things came.
 *
 * Names. EventCounters: dotnet_, the provider (but System.Runtime) and the name; meters: the instrument's name
 * alone. In this order:
 *
 * 1. Lower case; a `_` goes between a small letter or a digit and a capital, and before the last capital of a run
 *    that a small letter follows; every run of other characters is one `_`. None at either end, no `__`, no digit
 *    first (`_` goes before it). Without a letter or digit it is `unnamed`.
 * 2. A gauge loses _count _sum _total _bucket _info at its end, a counter _total; never all it has.
 * 3. The base unit is the last word, unless it is that already:
 *
 *	B By (and k K M G T, Ki Mi Gi Ti before them)  bytes    s ms us ns min h d, and their words  seconds
 *	% percent                                      ratio    Hz Cel m V A J W g                   hertz celsius ...
 *	1 count sum total bucket info {...}            none     another word of up to 20 letters     itself
 *
 *    Values are converted by it (units[] in metric-name.c). A rate (By/s) and all else is dropped. Case counts
 *    in units of one or two letters only.
 * 4. A counter gains _total.
 *
 * A thread pool's threads and queue of the meter System.Runtime are gauges, also where the runtime (9, 10) has them
 * as Counters, so that a process has one name for them whatever its version.
 *
 * metric-names.tsv has the names of all that is built in; no two meet.
 *
 * Incrementing EventCounters are counters: the sum of what came since the daemon's session began.
 */
#include "fs/model/value.h"

typedef enum {
	METRIC_GAUGE,
	METRIC_COUNTER, /* a total: VALUE_RATE, VALUE_COUNTER */
	METRIC_SUMMARY, /* quantiles, _count, _sum */
	METRIC_N_TYPES,
} MetricType;

typedef struct {
	char *name; /* of the sample: a counter's with _total; a summary's without a suffix; owned */
	MetricType type;
	double scale;     /* what the value, quantiles and sum are multiplied with: 1e6 for MB */
	const char *unit; /* "bytes", "seconds", "ratio" ...; "" none, or not in units[]; static */
} MetricName;

/* value: source, kind, provider, name and unit are looked at. */
void metric_name_make(const Value *value, MetricName *ret);
void metric_name_clear(MetricName *name);

/* 8 hex digits of a hash of where a value comes from: what tells two sources of one name apart. To be freed. */
char *metric_name_source_digits(const Value *value);

/* Cleaned by rule 1, but `_` where there is nothing: what a label may be called. To be freed. */
char *metric_label_name(const char *raw);

/*
 * Appends `,key="value"` for each tag, or one `,tags="..."` for a text that does not split cleanly. Keys are
 * cleaned like names; pid process le quantile job instance otel_scope_name otel_scope_version tags get `tag_`
 * before them. No key twice, and keys in order: whatever is one set of labels to a scraper is one text. An empty
 * value is no label, as it is none to a scraper; tags of which none has a value are `tags`, so that they are not
 * taken for an instrument without tags.
 */
void metric_labels_append(GString *out, const char *tags);

/* Appends `,key="value"` with the value escaped: \, " and newline; invalid UTF-8 made valid. */
void metric_label_append(GString *out, const char *key, const char *value);

/* The text of a HELP line, escaped for 0.0.4 (\ and newline) or for OpenMetrics (" too). */
void metric_help_append(GString *out, const char *text, gboolean openmetrics);
