/* A table of attributes. */
#include "fs/tree/value-attr.h"

#include <errno.h>
#include <string.h>

#include "fs/model/number.h"

static void append_unit(const Process *process, const Value *value, GString *out)
{
	g_string_append(out, value->unit);
}

static void append_display_name(const Process *process, const Value *value, GString *out)
{
	g_string_append(out, value->display);
}

static void append_description(const Process *process, const Value *value, GString *out)
{
	g_string_append(out, value->description);
}

static void append_kind(const Process *process, const Value *value, GString *out)
{
	g_string_append(out, value_kind_name(value->kind));
}

static void append_version(const Process *process, const Value *value, GString *out)
{
	g_string_append(out, value->version);
}

static void append_interval(const Process *process, const Value *value, GString *out)
{
	number_append(out, value_interval_ms(process, value->source) / 1000.0);
}

static const struct {
	const char *name;
	void (*append)(const Process *process, const Value *value, GString *out);
} rows[] = {
	{ "user.unit", append_unit },
	{ "user.display_name", append_display_name },
	{ "user.description", append_description },
	{ "user.kind", append_kind },
	{ "user.interval_s", append_interval },
	{ "user.version", append_version },
};

int value_attr_get(const Process *process, const Value *value, const char *name, GString *out)
{
	gsize before = out->len;

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			rows[i].append(process, value, out);
	}
	return out->len > before ? 0 : -ENODATA;
}

void value_attr_list(const Process *process, const Value *value, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_string_truncate(text, 0);
		rows[i].append(process, value, text);
		if (text->len > 0)
			g_string_append_len(out, rows[i].name, (gssize)strlen(rows[i].name) + 1);
	}
}
