/*
 * Two passes: the first notes which values there are and from which sources, and then everything is known
 * about names and types; the second writes the families in the order of their names.
 */
#include "fs/model/metrics.h"
#include <string.h>
#include "fs/model/metrics-internal.h"
#include "fs/model/metrics-own.h"

struct Metrics {
	MetricSources *sources;
	guint64 render; /* number of the exposition */
};

Metrics *metrics_new(void)
{
	Metrics *metrics = g_new0(Metrics, 1);

	metrics->sources = metric_sources_new();
	return metrics;
}

void metrics_free(Metrics *metrics)
{
	if (!metrics)
		return;
	metric_sources_free(metrics->sources);
	g_free(metrics);
}

char *metrics_take_notice(Metrics *metrics, pid_t *ret_pid)
{
	return metric_sources_take_notice(metrics->sources, ret_pid);
}

/* Of "10.0.14" such that a newer one is larger; 0 unknown. */
static guint64 runtime_number(const Process *process)
{
	const char *text = process_runtime(process);
	guint64 number = 0;

	for (unsigned i = 0; i < 3; i++) {
		char *end = NULL;

		number = number << 20 | (text ? MIN(g_ascii_strtoull(text, &end, 10), 0xfffff) : 0);
		text = end && *end == '.' ? end + 1 : NULL;
	}
	return number;
}

static void collect(Exposition *e, unsigned process)
{
	Value value;

	for (ValueCursor at = { 0 }; value_next(e->processes[process], &at, &value);) {
		Sample sample = { .process = process };

		if (!value.has_value || value.is_old)
			continue;
		sample.id = value.source == VALUE_OF_COUNTER ? value.counter->id : value.series->id;
		sample.source = metric_sources_get(e->sources, &value);
		g_array_append_val(e->samples, sample);
	}
}

static void free_family(gpointer data)
{
	Family *family = data;

	g_array_unref(family->samples);
	g_free(family);
}

static Family *family_of(Exposition *e, GHashTable *by_name, MetricSource *source)
{
	Family *family;

	if (source->render == e->render)
		return e->families->pdata[source->index];
	source->render = e->render;
	family = g_hash_table_lookup(by_name, source->family);
	if (family) {
		source->index = family->index;
		return family;
	}
	family = g_new0(Family, 1);
	family->index = source->index = e->families->len;
	family->name = source->family;
	family->samples = g_array_new(FALSE, FALSE, sizeof(Sample));
	g_ptr_array_add(e->families, family);
	g_hash_table_insert(by_name, source->family, family);
	return family;
}

/* What is built in has the type, whatever else a process calls so. Of two runtimes that are equally new the type
 * that comes first: never what came first. */
static gboolean is_newer(const Exposition *e, const Sample *a, const Sample *b)
{
	guint64 x = e->runtimes[a->process], y = e->runtimes[b->process];

	if (a->source->is_built_in != b->source->is_built_in)
		return a->source->is_built_in;
	return x != y ? x > y : a->source->metric.type < b->source->metric.type;
}

static void group(Exposition *e)
{
	g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < e->samples->len; i++) {
		const Sample *sample = &g_array_index(e->samples, Sample, i);
		Family *family = family_of(e, by_name, sample->source);

		if (!family->samples->len)
			family->newest = *sample;
		family->is_mixed |=
			sample->source->metric.type != family->newest.source->metric.type;
		if (is_newer(e, sample, &family->newest))
			family->newest = *sample;
		g_array_append_vals(family->samples, sample, 1);
	}
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	const Family *x = *(const Family *const *)a, *y = *(const Family *const *)b;

	return strcmp(x->name, y->name);
}

/* The samples of processes that have their labels. */
static void write_values(Exposition *e, unsigned n)
{
	gsize share = MIN(METRICS_PROCESS_MAX, METRICS_TEXT_MAX / MAX(n, 1));

	metric_sources_begin(e->sources);
	for (unsigned i = 0; i < n; i++) {
		e->runtimes[i] = runtime_number(e->processes[i]);
		e->left[i] = share;
		collect(e, i);
	}
	group(e);
	g_ptr_array_sort(e->families, compare_names);
	for (unsigned i = 0; i < e->families->len; i++)
		metrics_append_family(e, e->families->pdata[i]);
}

void metrics_append(Metrics *metrics, Process *const *processes, unsigned n,
                    MetricTextFormat format, gint64 now_us, GString *out)
{
	g_autoptr(GPtrArray) labelled = g_ptr_array_sized_new(n);
	g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(Sample));
	g_autoptr(GPtrArray) families = g_ptr_array_new_with_free_func(free_family);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) labels = g_string_new(NULL);
	g_autofree guint64 *runtimes = g_new(guint64, n);
	g_autofree gsize *left = g_new(gsize, n);
	Exposition e = {
		.sources = metrics->sources,
		.render = ++metrics->render,
		.runtimes = runtimes,
		.left = left,
		.format = format,
		.samples = samples,
		.families = families,
		.seen = seen,
		.labels = labels,
		.out = out,
	};

	for (unsigned i = 0; i < n; i++) {
		if (metrics_own_label(processes[i], now_us))
			g_ptr_array_add(labelled, processes[i]);
	}
	e.processes = (Process *const *)labelled->pdata;
	metrics_own_append(e.processes, labelled->len, format, now_us, out);
	write_values(&e, labelled->len);
	metric_text_end(out);
}
