/* Percent-encoding, and a hash where that gets too long. */
#include "fs/model/file-name.h"
#include <string.h>

enum {
	LIMIT = 200,
	HASH_DIGITS = 16,
};

static char *hash_digits(const char *raw)
{
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, raw, -1);

	return g_strndup(sum, HASH_DIGITS);
}

/* literal: what is not encoded, beside letters and digits; NULL: everything is. */
static char *encode(const char *raw, const char *literal)
{
	g_autofree char *digits = NULL;
	GString *out = g_string_new(NULL);
	gsize cut = 0;

	for (const char *p = raw; *p; p++) {
		if (out->len <= LIMIT - HASH_DIGITS - 1)
			cut = out->len;
		if (literal && (g_ascii_isalnum(*p) || strchr(literal, *p)))
			g_string_append_c(out, *p);
		else
			g_string_append_printf(out, "%%%02X", (guchar)*p);
	}
	if (out->len > LIMIT) {
		digits = hash_digits(raw);
		g_string_truncate(out, cut);
		g_string_append_printf(out, "~%s", digits);
	}
	return g_string_free(out, FALSE);
}

char *file_name_make(const char *raw)
{
	if (!*raw)
		return g_strdup("%00");
	return encode(raw, !strcmp(raw, ".") || !strcmp(raw, "..") ? NULL : "._-");
}

char *file_name_make_tags(const char *raw)
{
	return encode(raw, strchr(raw, '=') ? "._-=," : NULL);
}
