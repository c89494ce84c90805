/* The lines of a family: one HELP, one TYPE, its samples; then those of another type, under other names. */
#include <math.h>
#include "fs/model/metrics-internal.h"
#include "fs/model/value-csv.h"

/* What is written of a sample: all that its type has, or, of one of another type than its family's, a part. */
typedef enum {
	PART_ALL,
	PART_VALUE, /* of a summary: its quantiles */
	PART_COUNT,
	PART_SUM,
	N_PARTS,
} Part;

static void value_of(const Exposition *e, const Sample *sample, Value *ret)
{
	const Process *process = e->processes[sample->process];

	if (sample->source->source == VALUE_OF_COUNTER)
		value_of_counter(process, counter_store_get(process->counters, sample->id), ret);
	else
		value_of_series(process, meter_store_series(process->meters, sample->id), ret);
}

/* Into e->labels. */
static void make_labels(Exposition *e, const Sample *sample, const Value *value)
{
	g_string_assign(e->labels, e->processes[sample->process]->metric_labels);
	if (value->source != VALUE_OF_METER)
		return;
	metric_label_append(e->labels, "otel_scope_name", value->provider);
	if (*value->version)
		metric_label_append(e->labels, "otel_scope_version", value->version);
	if (*value->tags && *value->scope_tags) {
		g_autoptr(GString) tags = g_string_new(NULL);

		value_append_tags(tags, value);
		metric_labels_append(e->labels, tags->str);
	} else if (*value->tags || *value->scope_tags) {
		metric_labels_append(e->labels, *value->tags ? value->tags : value->scope_tags);
	}
}

/* What counts can be told: NaN was never sent, and strictly none is negative. */
static gboolean is_count(const Exposition *e, double value)
{
	return !isnan(value) && (value >= 0 || e->format == METRIC_TEXT_PROMETHEUS);
}

static void write_quantiles(Exposition *e, const char *name, const Value *value, double scale)
{
	static const char *const labels[VALUE_QUANTILES] = { ",quantile=\"0.5\"",
		                                             ",quantile=\"0.95\"",
		                                             ",quantile=\"0.99\"" };

	for (unsigned i = 0; i < VALUE_QUANTILES; i++)
		metric_text_sample(e->out, name, "", e->labels->str, labels[i],
		                   metric_text_scale(value->quantiles[i], scale));
}

/* Incrementing EventCounters are shown per second; here their sum is wanted. */
static double number_of(const Value *value)
{
	return value->kind == VALUE_RATE ? value->total : value->value;
}

static void write_typed(Exposition *e, const char *name, const MetricName *metric,
                        const Value *value)
{
	const char *labels = e->labels->str;
	double scaled = metric_text_scale(number_of(value), metric->scale);

	switch (metric->type) {
	case METRIC_GAUGE:
		metric_text_sample(e->out, name, "", labels, "", scaled);
		break;
	case METRIC_COUNTER:
		if (is_count(e, scaled))
			metric_text_sample(e->out, name, "_total", labels, "", scaled);
		break;
	case METRIC_SUMMARY:
		write_quantiles(e, name, value, metric->scale);
		if (is_count(e, value->sum))
			metric_text_sample(e->out, name, "_sum", labels, "",
			                   metric_text_scale(value->sum, metric->scale));
		if (is_count(e, value->count))
			metric_text_sample(e->out, name, "_count", labels, "", value->count);
		break;
	case METRIC_N_TYPES:
		break;
	}
}

static void write_part(Exposition *e, const char *name, const MetricName *metric,
                       const Value *value, Part part)
{
	double number =
		part == PART_SUM ? metric_text_scale(value->sum, metric->scale) : value->count;

	if (part == PART_VALUE && metric->type == METRIC_SUMMARY)
		write_quantiles(e, name, value, metric->scale);
	else if (part == PART_VALUE)
		metric_text_sample(e->out, name, "", e->labels->str, "",
		                   metric_text_scale(number_of(value), metric->scale));
	else if (!isnan(number))
		metric_text_sample(e->out, name, "", e->labels->str, "", number);
}

/* Tells what is left out. */
static void leave_out(Exposition *e, const Sample *sample, const char *why)
{
	pid_t pid = e->processes[sample->process]->found.pid;

	metric_sources_notice(e->sources, pid, "some metrics of process %d are left out: %s",
	                      (int)pid, why);
}

/*
 * Whether the labels in e->labels are this sample's alone. All samples of a process are neighbours, and one
 * without a neighbour costs no look.
 */
static gboolean is_distinct(Exposition *e, const Family *family, unsigned i)
{
	const Sample *samples = (const Sample *)(const void *)family->samples->data;
	unsigned process = samples[i].process;

	if (!(i && samples[i - 1].process == process) &&
	    !(i + 1 < family->samples->len && samples[i + 1].process == process))
		return TRUE;
	if (e->seen_of != process)
		g_hash_table_remove_all(e->seen);
	e->seen_of = process;
	return g_hash_table_add(e->seen, g_strndup(e->labels->str, e->labels->len));
}

static void write_sample(Exposition *e, const Family *family, unsigned i, const char *name,
                         Part part)
{
	const Sample *sample = &g_array_index(family->samples, Sample, i);
	gsize *left = &e->left[sample->process];
	gsize before = e->out->len;
	Value value;

	if (!*left)
		return;
	value_of(e, sample, &value);
	make_labels(e, sample, &value);
	if (!is_distinct(e, family, i)) {
		leave_out(e, sample, "their labels are those of others");
		return;
	}
	if (part == PART_ALL)
		write_typed(e, name, &sample->source->metric, &value);
	else
		write_part(e, name, &sample->source->metric, &value, part);
	*left -= MIN(*left, e->out->len - before);
	if (!*left)
		leave_out(e, sample, "there are too many");
}

static gboolean has_part(const Sample *sample, Part part)
{
	return part == PART_ALL || part == PART_VALUE ||
	       sample->source->metric.type == METRIC_SUMMARY;
}

/* Samples of the family's own type for PART_ALL, of the others for a part. */
static void write_samples(Exposition *e, const Family *family, const char *name, Part part)
{
	MetricType type = family->newest.source->metric.type;

	e->seen_of = G_MAXUINT;
	for (unsigned i = 0; i < family->samples->len; i++) {
		const Sample *sample = &g_array_index(family->samples, Sample, i);

		if ((part == PART_ALL) == (sample->source->metric.type == type) &&
		    has_part(sample, part))
			write_sample(e, family, i, name, part);
	}
}

/* What is of another type: a family a part, as a sample of an unknown type is one number. */
static void write_untyped(Exposition *e, const Family *family, const char *help)
{
	static const char *const suffixes[N_PARTS] = {
		[PART_VALUE] = METRIC_UNTYPED,
		[PART_COUNT] = "_count" METRIC_UNTYPED,
		[PART_SUM] = "_sum" METRIC_UNTYPED,
	};
	unsigned has = 0;

	for (unsigned i = 0; i < family->samples->len; i++) {
		const Sample *sample = &g_array_index(family->samples, Sample, i);

		if (sample->source->metric.type == family->newest.source->metric.type)
			continue;
		for (unsigned part = PART_VALUE; part < N_PARTS; part++)
			has |= has_part(sample, part) ? 1U << part : 0;
	}
	for (unsigned part = PART_VALUE; part < N_PARTS; part++) {
		g_autofree char *name = g_strconcat(family->name, suffixes[part], NULL);

		if (!(has & 1U << part))
			continue;
		metric_text_head(e->out, e->format, METRIC_TEXT_UNKNOWN, name, "", help);
		write_samples(e, family, name, part);
	}
}

/* Totals that begin with our session say so. */
static char *help_of(const Value *value)
{
	gboolean is_total = value->kind != VALUE_GAUGE;
	gboolean is_ours = value->kind == VALUE_RATE || !value->is_absolute;

	return is_total && is_ours
	               ? g_strconcat(value->display, " (since triggerdumpfs began to watch)", NULL)
	               : g_strdup(value->display);
}

void metrics_append_family(Exposition *e, const Family *family)
{
	static const MetricTextType types[METRIC_N_TYPES] = {
		[METRIC_GAUGE] = METRIC_TEXT_GAUGE,
		[METRIC_COUNTER] = METRIC_TEXT_COUNTER,
		[METRIC_SUMMARY] = METRIC_TEXT_SUMMARY,
	};
	const MetricName *metric = &family->newest.source->metric;
	g_autofree char *help = NULL;
	Value value;

	value_of(e, &family->newest, &value);
	help = help_of(&value);
	metric_text_head(e->out, e->format, types[metric->type], family->name, metric->unit, help);
	write_samples(e, family, family->name, PART_ALL);
	if (family->is_mixed)
		write_untyped(e, family, help);
}
