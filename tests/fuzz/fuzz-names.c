/*
 * Two texts of a target, parted by a NUL, as file names: harmless, short, equal only when the texts are. What is
 * short enough leads back to its text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/file-name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	NAME_MAX_BYTES = 200
};

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

static char *decode(const char *name)
{
	GString *out = g_string_new(NULL);

	for (const char *p = name; *p; p++) {
		if (*p == '%') {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(p[1]) * 16 +
			                              g_ascii_xdigit_value(p[2])));
			p += 2;
		} else {
			g_string_append_c(out, *p);
		}
	}
	return g_string_free(out, FALSE);
}

static void check(const char *raw, const char *name)
{
	g_autofree char *back = NULL;

	require(*name || !*raw);
	require(strlen(name) <= NAME_MAX_BYTES && strcmp(name, ".") && strcmp(name, ".."));
	for (const char *p = name; *p; p++)
		require(g_ascii_isalnum(*p) || strchr("._-%~=,", *p));
	if (strchr(name, '~'))
		return;
	back = decode(name);
	require(!strcmp(back, raw));
}

static void run(const char *a, const char *b, char *(*make)(const char *))
{
	g_autofree char *first = make(a), *second = make(b);

	check(a, first);
	check(b, second);
	require(!strcmp(first, second) == !strcmp(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *copy = g_malloc0(size + 2);

	memcpy(copy, data, size);
	run(copy, copy + strlen(copy) + 1, file_name_make);
	run(copy, copy + strlen(copy) + 1, file_name_make_tags);
	return 0;
}
