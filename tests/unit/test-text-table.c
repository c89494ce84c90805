/* Tables for people. */
#include "fs/model/text-table.h"
#include <string.h>

static const TextTableColumn columns[] = {
	{ "ID", TEXT_TABLE_WORD },
	{ "N", TEXT_TABLE_RIGHT },
	{ "VALUE", TEXT_TABLE_POINT },
	{ "TEXT", TEXT_TABLE_LEFT },
};

static char *table_of(const char *const *cells, unsigned n)
{
	g_autoptr(TextTable) table = text_table_new(columns, G_N_ELEMENTS(columns));
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++)
		text_table_add(table, cells[i]);
	text_table_append(table, out);
	return g_string_free(out, FALSE);
}

static void test_align(void)
{
	static const char *const cells[] = {
		"a b", "1", "388.682712", "one two", "", "1000", "-7", NULL, "c", "20", NULL, "x",
	};
	g_autofree char *text = table_of(cells, G_N_ELEMENTS(cells));

	g_assert_cmpstr(text, ==,
	                "ID     N VALUE        TEXT\n"
	                "a?b    1   388.682712 one two\n"
	                "-   1000    -7        -\n"
	                "c     20     -        x\n");
}

/* A row that is not whole is not shown. */
static void test_rows(void)
{
	static const char *const cells[] = { "a", "b" };
	g_autofree char *text = table_of(cells, G_N_ELEMENTS(cells));

	g_assert_cmpstr(text, ==, "ID N VALUE TEXT\n");
}

static void test_hostile(void)
{
	g_autofree char *longest = g_strnfill(3 * TEXT_TABLE_CELL_MAX, 'x');
	const char *const controls[] = { "\x1b[2J", "\xc2\x9b", "\x7f\n", "\xc3\xa9\t" };
	const char *const large[] = { "a", "b", "c", longest };
	const char *const wide[] = { "\xc3\xa9\xc3\xa9\xc3\xa9", "1", "2", "x" };
	g_autofree char *cleaned = table_of(controls, G_N_ELEMENTS(controls));
	g_autofree char *cut = table_of(large, G_N_ELEMENTS(large));
	g_autofree char *aligned = table_of(wide, G_N_ELEMENTS(wide));

	g_assert_nonnull(strstr(cleaned, "\n?[2J ?? "));
	g_assert_true(g_str_has_suffix(cleaned, " ?? \xc3\xa9?\n"));
	g_assert_cmpuint(strlen(strchr(cut, '\n')), ==,
	                 strlen("\na  b     c ") + TEXT_TABLE_CELL_MAX + 1);
	/* Three characters are as wide as three letters. */
	g_assert_true(g_str_has_prefix(aligned, "ID  N VALUE TEXT\n"));
}

/* A long cell does not push the others off the screen. */
static void test_long(void)
{
	static const TextTableColumn with_max[] = { { "A", TEXT_TABLE_LEFT },
		                                    { "B", TEXT_TABLE_LEFT, 5 },
		                                    { "N", TEXT_TABLE_POINT },
		                                    { "C", TEXT_TABLE_LEFT, 5 } };
	static const char *const cells[] = { "aa", "b",      "1.5", "c",     "a", "bbbbbb",
		                             "10", "longer", "a",   "bbbbb", "2", "c" };
	g_autoptr(TextTable) table = text_table_new(with_max, G_N_ELEMENTS(with_max));
	g_autoptr(GString) out = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++)
		text_table_add(table, cells[i]);
	text_table_append(table, out);
	g_assert_cmpstr(out->str, ==,
	                "A  B      N   C\n"
	                "aa b      1.5 c\n"
	                "a  bbbbbb\n"
	                "         10   longer\n"
	                "a  bbbbb  2   c\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text-table/align", test_align);
	g_test_add_func("/text-table/rows", test_rows);
	g_test_add_func("/text-table/hostile", test_hostile);
	g_test_add_func("/text-table/long", test_long);
	return g_test_run();
}
