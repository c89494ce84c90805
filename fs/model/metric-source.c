/* Names of families, each made once. */
#include "fs/model/metric-source.h"
#include <stdarg.h>
#include <string.h>
#include "fs/model/metric-builtin.h"

#define TOTAL "_total"

typedef struct {
	pid_t pid;
	char *text;
} Notice;

struct MetricSources {
	GHashTable *sources;  /* MetricSource by its first five members; owns */
	GHashTable *by_plain; /* plain -> GPtrArray of MetricSource, the first in C order first */
	GHashTable *built_in; /* plain -> MetricSource, whether it was seen or not; owns */
	GHashTable *told;     /* notices ever */
	GQueue notices;       /* Notice: those to be taken */
};

static guint hash_source(gconstpointer data)
{
	const MetricSource *source = data;

	return g_str_hash(source->name) ^ (g_str_hash(source->provider) * 31) ^
	       (g_str_hash(source->unit) * 131) ^ (guint)source->kind << 8 ^ (guint)source->source;
}

static gboolean equal_sources(gconstpointer a, gconstpointer b)
{
	const MetricSource *x = a, *y = b;

	return x->source == y->source && x->kind == y->kind && !strcmp(x->name, y->name) &&
	       !strcmp(x->provider, y->provider) && !strcmp(x->unit, y->unit);
}

static void free_source(gpointer data)
{
	MetricSource *source = data;

	g_free(source->provider);
	g_free(source->name);
	g_free(source->unit);
	metric_name_clear(&source->metric);
	g_free(source->plain);
	g_free(source->digits);
	g_free(source->family);
	g_free(source);
}

static MetricSource *new_source(const Value *value)
{
	MetricSource *source = g_new0(MetricSource, 1);

	source->source = value->source;
	source->kind = value->kind;
	source->provider = g_strdup(value->provider);
	source->name = g_strdup(value->name);
	source->unit = g_strdup(value->unit);
	metric_name_make(value, &source->metric);
	source->digits = metric_name_source_digits(value);
	source->plain = g_strdup(source->metric.name);
	if (source->metric.type == METRIC_COUNTER && g_str_has_suffix(source->plain, TOTAL))
		source->plain[strlen(source->plain) - strlen(TOTAL)] = '\0';
	return source;
}

static void add_built_in(MetricSources *self)
{
	const MetricBuiltin *row;

	for (unsigned i = 0; (row = metric_builtin_get(i)); i++) {
		const Value value = { .source = row->source,
			              .kind = row->kind,
			              .provider = row->provider,
			              .name = row->name,
			              .unit = row->unit };
		MetricSource *source = new_source(&value);

		g_hash_table_replace(self->built_in, source->plain, source);
	}
}

static void unref_array(gpointer data)
{
	g_ptr_array_unref(data);
}

MetricSources *metric_sources_new(void)
{
	MetricSources *self = g_new0(MetricSources, 1);

	self->sources = g_hash_table_new_full(hash_source, equal_sources, NULL, free_source);
	self->by_plain = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_array);
	self->built_in = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_source);
	self->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&self->notices);
	add_built_in(self);
	return self;
}

static void free_notice(gpointer data)
{
	Notice *notice = data;

	g_free(notice->text);
	g_free(notice);
}

void metric_sources_free(MetricSources *self)
{
	if (!self)
		return;
	g_hash_table_unref(self->by_plain);
	g_hash_table_unref(self->sources);
	g_hash_table_unref(self->built_in);
	g_hash_table_unref(self->told);
	g_queue_clear_full(&self->notices, free_notice);
	g_free(self);
}

void metric_sources_notice(MetricSources *self, pid_t pid, const char *format, ...)
{
	Notice *notice;
	char *text;
	va_list list;

	if (g_hash_table_size(self->told) >= METRIC_NOTICES_MAX)
		return;
	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	if (!g_hash_table_add(self->told, text))
		return;
	notice = g_new(Notice, 1);
	*notice = (Notice){ pid, g_strdup(text) };
	g_queue_push_tail(&self->notices, notice);
}

char *metric_sources_take_notice(MetricSources *self, pid_t *ret_pid)
{
	Notice *notice = g_queue_pop_head(&self->notices);
	char *text;

	if (!notice)
		return NULL;
	*ret_pid = notice->pid;
	text = g_steal_pointer(&notice->text);
	free_notice(notice);
	return text;
}

void metric_sources_begin(MetricSources *self)
{
	if (g_hash_table_size(self->sources) <= METRIC_SOURCES_MAX)
		return;
	g_hash_table_remove_all(self->by_plain);
	g_hash_table_remove_all(self->sources);
}

static gboolean is_one_source(const MetricSource *a, const MetricSource *b)
{
	return a->source == b->source && !strcmp(a->provider, b->provider) &&
	       !strcmp(a->name, b->name);
}

static gboolean may_share(const MetricSource *a, const MetricSource *b)
{
	if (is_one_source(a, b))
		return TRUE;
	return a->source == VALUE_OF_METER && b->source == VALUE_OF_METER && a->kind == b->kind &&
	       !strcmp(a->name, b->name) && !strcmp(a->unit, b->unit);
}

/* Names whose form says that they are something else. */
static gboolean is_reserved(const MetricSource *source)
{
	static const char *const of_samples[] = { "_count", "_sum", TOTAL };

	if (g_str_has_prefix(source->plain, METRIC_OWN) ||
	    g_str_has_suffix(source->plain, METRIC_UNTYPED))
		return TRUE;
	for (unsigned i = 0; i < G_N_ELEMENTS(of_samples); i++) {
		if (source->metric.type != METRIC_COUNTER &&
		    g_str_has_suffix(source->plain, of_samples[i]))
			return TRUE;
	}
	return FALSE;
}

/* first: of those with that plain name, the first in C order; NULL: it may not have it in any case. */
static void settle(MetricSources *self, MetricSource *source, const MetricSource *first)
{
	const MetricSource *built_in = g_hash_table_lookup(self->built_in, source->plain);
	const MetricSource *owner = built_in ? built_in : first;
	gboolean has_plain = owner && may_share(owner, source) && !is_reserved(source);

	g_free(source->family);
	source->family = has_plain ? g_strdup(source->plain)
	                           : g_strconcat(source->plain, "_", source->digits, NULL);
	if (!has_plain)
		metric_sources_notice(self, 0, "%s of %s is called %s in metrics: %s is another's",
		                      source->name, source->provider, source->family,
		                      source->plain);
}

static int compare(const MetricSource *a, const MetricSource *b)
{
	int order = strcmp(a->provider, b->provider);

	order = order ? order : strcmp(a->name, b->name);
	order = order ? order : (int)a->source - (int)b->source;
	order = order ? order : (int)a->kind - (int)b->kind;
	return order ? order : strcmp(a->unit, b->unit);
}

/* Who has the name may change with it. */
static void meet(MetricSources *self, MetricSource *source)
{
	GPtrArray *met = g_hash_table_lookup(self->by_plain, source->plain);

	if (!met) {
		met = g_ptr_array_new();
		g_hash_table_insert(self->by_plain, g_strdup(source->plain), met);
	}
	if (met->len >= METRIC_MEET_MAX) {
		settle(self, source, NULL);
		return;
	}
	if (met->len && compare(source, met->pdata[0]) > 0) {
		g_ptr_array_add(met, source);
		settle(self, source, met->pdata[0]);
		return;
	}
	g_ptr_array_insert(met, 0, source);
	for (unsigned i = 0; i < met->len; i++)
		settle(self, met->pdata[i], source);
}

static MetricSource *add(MetricSources *self, const Value *value)
{
	MetricSource *source = new_source(value);
	const MetricSource *built_in = g_hash_table_lookup(self->built_in, source->plain);

	source->is_built_in = built_in && equal_sources(built_in, source);
	g_hash_table_add(self->sources, source);
	meet(self, source);
	return source;
}

MetricSource *metric_sources_get(MetricSources *self, const Value *value)
{
	MetricSource key = { .source = value->source, .kind = value->kind };
	MetricSource *source;

	/* Not written to. */
	key.provider = (char *)value->provider;
	key.name = (char *)value->name;
	key.unit = (char *)value->unit;
	source = g_hash_table_lookup(self->sources, &key);
	return source ? source : add(self, value);
}
