/* Texts and numbers of JSON. */
#include "fs/model/json.h"
#include <math.h>
#include <string.h>
#include "fs/model/number.h"

void json_append_text(GString *out, const char *text)
{
	g_autofree char *valid = NULL;

	if (!text) {
		g_string_append(out, "null");
		return;
	}
	valid = g_utf8_make_valid(text, (gssize)strnlen(text, JSON_TEXT_MAX));
	g_string_append_c(out, '"');
	for (const char *p = valid; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_printf(out, "\\%c", *p);
		else if ((guchar)*p < ' ')
			g_string_append_printf(out, "\\u%04x", (guchar)*p);
		else
			g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

void json_append_number(GString *out, double value)
{
	if (isfinite(value))
		number_append(out, value);
	else
		g_string_append(out, "null");
}
