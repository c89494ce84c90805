/* File names of texts that a target made up: safe, short enough, and different for different texts. */
#include "fs/model/file-name.h"
#include <string.h>

typedef char *(*MakeName)(const char *raw);

static const MakeName makers[] = { file_name_make, file_name_make_tags };

static void test_names(void)
{
	static const char *const table[][3] = {
		{ "gc-heap-size", "gc-heap-size", NULL },
		{ "../x", "..%2Fx", NULL },
		{ ".", "%2E", "%2E" },
		{ "..", "%2E%2E", "%2E%2E" },
		{ "...", "...", NULL },
		{ "", "%00", "" },
		{ "a b", "a%20b", "%61%20%62" },
		{ "a%20b", "a%2520b", NULL },
		{ "a\nb\x1b", "a%0Ab%1B", NULL },
		{ "\xc3\xa9", "%C3%A9", "%C3%A9" },
		{ "~", "%7E", "%7E" },
		{ "a=b,c", "a%3Db%2Cc", "a=b,c" },
		{ "route=/api,to=\"x y\"", NULL, "route=%2Fapi,to=%22x%20y%22" },
		{ "k=\xf0\x9f\x98\x80", NULL, "k=%F0%9F%98%80" },
		{ "..=.", NULL, "..=." },
		/* No name of a value file. */
		{ "p95", "p95", "%70%39%35" },
		{ "value", "value", "%76%61%6C%75%65" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		for (unsigned k = 0; k < G_N_ELEMENTS(makers); k++) {
			g_autofree char *file = makers[k](table[i][0]);

			if (table[i][1 + k])
				g_assert_cmpstr(file, ==, table[i][1 + k]);
		}
	}
}

static void check(GHashTable *seen, MakeName make, const char *raw)
{
	g_autofree char *file = make(raw);
	const char *other = g_hash_table_lookup(seen, file);

	g_assert_cmpuint(strlen(file), <=, 200);
	g_assert_null(strchr(file, '/'));
	g_assert_cmpstr(file, !=, ".");
	g_assert_cmpstr(file, !=, "..");
	if (other)
		g_assert_cmpstr(other, ==, raw);
	else
		g_hash_table_insert(seen, g_steal_pointer(&file), g_strdup(raw));
}

/* Long names that differ at their end alone, and names of every length around the limit. */
static void test_long(void)
{
	for (unsigned k = 0; k < G_N_ELEMENTS(makers); k++) {
		g_autoptr(GHashTable) seen =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

		for (unsigned len = 190; len < 310; len++) {
			for (char last = 'a'; last < 'd'; last++) {
				g_autofree char *raw = g_strnfill(len, len % 2 ? '/' : 'x');

				raw[len - 1] = last;
				check(seen, makers[k], raw);
				raw[1] = '=';
				check(seen, makers[k], raw);
			}
		}
		g_assert_cmpuint(g_hash_table_size(seen), ==, 120 * 3 * 2);
	}
}

/* Every text of up to four of the characters that matter, one of them what an encoded one looks like. */
static void test_injective(void)
{
	static const char *const pieces[] = { "",  "a", ".", "/", "=",   ",",  "%",
		                              "~", " ", "2", "F", "%2F", "%3D" };
	const unsigned n = G_N_ELEMENTS(pieces);

	for (unsigned k = 0; k < G_N_ELEMENTS(makers); k++) {
		g_autoptr(GHashTable) seen =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

		for (unsigned i = 0; i < n * n * n * n; i++) {
			g_autofree char *raw =
				g_strconcat(pieces[i % n], pieces[i / n % n], pieces[i / n / n % n],
			                    pieces[i / n / n / n], NULL);

			check(seen, makers[k], raw);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/file-name/row-H9/names", test_names);
	g_test_add_func("/file-name/row-H9/long", test_long);
	g_test_add_func("/file-name/row-H9/injective", test_injective);
	return g_test_run();
}
