/* Tags as labels; see metric-name.h. */
#include "fs/model/metric-name.h"
#include <stdlib.h>
#include <string.h>

#define ALL_TAGS "tags"

/* What is set by us, or by who scrapes. */
static const char *const taken[] = {
	"pid",
	"process",
	"le",
	"quantile",
	"job",
	"instance",
	ALL_TAGS,
	"otel_scope_name",
	"otel_scope_version",
};

static void append_escaped(GString *out, const char *text, gboolean quotes)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	for (const char *p = valid; *p; p++) {
		if (*p == '\n')
			g_string_append(out, "\\n");
		else if (*p == '\\' || (*p == '"' && quotes))
			g_string_append_printf(out, "\\%c", *p);
		else
			g_string_append_c(out, *p);
	}
}

void metric_help_append(GString *out, const char *text, gboolean openmetrics)
{
	append_escaped(out, text, openmetrics);
}

void metric_label_append(GString *out, const char *key, const char *value)
{
	g_string_append_c(out, ',');
	g_string_append(out, key);
	g_string_append(out, "=\"");
	append_escaped(out, value, TRUE);
	g_string_append_c(out, '"');
}

/* An identifier as applications write them: http.request.method, error-type. */
static gboolean is_key(const char *key)
{
	if (!g_ascii_isalpha(*key) && *key != '_')
		return FALSE;
	for (; *key; key++)
		if (!g_ascii_isalnum(*key) && !strchr("._-", *key))
			return FALSE;
	return TRUE;
}

static char *label_of_key(const char *key)
{
	g_autofree char *name = metric_label_name(key);

	for (unsigned i = 0; i < G_N_ELEMENTS(taken); i++) {
		if (!strcmp(taken[i], name))
			return g_strdup_printf("tag_%s", name);
	}
	return g_steal_pointer(&name);
}

/* What it points to are texts. */
static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No value has a comma in it: tags are split at every one. */
static void sort_labels(GString *out, gsize from)
{
	g_auto(GStrv) labels = g_strsplit(out->str + from + 1, ",", -1);

	qsort(labels, g_strv_length(labels), sizeof *labels, compare_texts);
	g_string_truncate(out, from);
	for (char **label = labels; *label; label++) {
		g_string_append_c(out, ',');
		g_string_append(out, *label);
	}
}

/* FALSE: it does not split cleanly, or no value is in it, and nothing was appended. */
static gboolean append_pieces(GString *out, const char *tags)
{
	g_auto(GStrv) pieces = g_strsplit(tags, ",", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gsize before = out->len, last = before;
	gboolean is_sorted = TRUE;

	for (char **piece = pieces; *piece; piece++) {
		char *equals = strchr(*piece, '=');
		gsize at = out->len;
		char *label;

		if (!equals || strchr(equals + 1, '='))
			break;
		*equals = '\0';
		if (!is_key(*piece))
			break;
		label = label_of_key(*piece);
		if (equals[1]) {
			metric_label_append(out, label, equals + 1);
			is_sorted = is_sorted && strcmp(out->str + last, out->str + at) <= 0;
			last = at;
		}
		if (g_hash_table_add(seen, label))
			continue;
		break; /* two keys that are one label */
	}
	if (g_hash_table_size(seen) < g_strv_length(pieces) || out->len == before) {
		g_string_truncate(out, before);
		return FALSE;
	}
	if (!is_sorted)
		sort_labels(out, before);
	return TRUE;
}

void metric_labels_append(GString *out, const char *tags)
{
	if (*tags && !append_pieces(out, tags))
		metric_label_append(out, ALL_TAGS, tags);
}
