/* What may be written to threshold_mb. */
#include "fs/model/size.h"
#include <errno.h>
#include <string.h>

static void test_accepted(void)
{
	static const struct {
		const char *text;
		double mb;
		const char *canonical;
	} table[] = {
		{ "500", 500, "500" },
		{ "500\n", 500, "500" },
		{ "  500\t\r\n", 500, "500" },
		{ "500MB", 500, "500" },
		{ "500mb\n", 500, "500" },
		{ "500 M", 500, "500" },
		{ "500MiB", 524.288, "524.288" },
		{ "500mi", 524.288, "524.288" },
		{ "1.5GB", 1500, "1500" },
		{ "1GiB", 1073.741824, "1073.741824" },
		{ "2T", 2000000, "2000000" },
		{ "250000 kB", 250, "250" },
		{ "5000000B", 5, "5" },
		{ "0.5", 0.5, "0.5" },
		{ "0.3", 0.3, "0.3" },
		{ "388.682712", 388.682712, "388.682712" },
		{ "007", 7, "7" },
		{ "9.2e0", -1, NULL },
		{ "9200000000000", 9.2e12, "9200000000000" },
		{ "off", 0, "off" },
		{ "OFF\n", 0, "off" },
		{ "none", 0, "off" },
		{ "max", 0, "off" },
		{ "", 0, "off" },
		{ "\n", 0, "off" },
		{ " \t ", 0, "off" },
		{ "0", 0, "off" },
		{ "0.0", 0, "off" },
		{ "0MB", 0, "off" },
		{ "-0", 0, "off" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		double mb = -1;
		int r = size_parse(table[i].text, strlen(table[i].text), &mb);

		if (!table[i].canonical) {
			g_assert_cmpint(r, ==, -EINVAL);
			continue;
		}
		g_assert_cmpint(r, ==, 0);
		g_assert_cmpfloat(mb, ==, table[i].mb);
		size_append(out, mb);
		g_assert_cmpstr(out->str, ==, table[i].canonical);
		/* What reads back is accepted, and means the same. */
		g_assert_cmpint(size_parse(out->str, out->len, &mb), ==, 0);
		g_assert_cmpfloat(mb, ==, table[i].mb);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		int error;
	} table[] = {
		{ "abc", -EINVAL },
		{ "nan", -EINVAL },
		{ "inf", -EINVAL },
		{ "5x", -EINVAL },
		{ "1e3", -EINVAL },
		{ "0x10", -EINVAL },
		{ "5.", -EINVAL },
		{ ".5", -EINVAL },
		{ "5..5", -EINVAL },
		{ "5 5", -EINVAL },
		{ "5\n6", -EINVAL },
		{ "+5", -EINVAL },
		{ "5,5", -EINVAL },
		{ "- 5", -EINVAL },
		{ "-", -EINVAL },
		{ "80%", -EINVAL },
		{ "500MBs", -EINVAL },
		{ "offf", -EINVAL },
		{ "-x", -EINVAL },
		{ "500\nMB", -EINVAL },
		{ "--5", -EINVAL },
		{ "-5", -ERANGE },
		{ "-0.1MB", -ERANGE },
		{ "9200000000001", -ERANGE },
		{ "9300000000 GB", -ERANGE },
		{ "99999999999999999999", -ERANGE },
	};
	double mb = 42;

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		g_assert_cmpint(size_parse(table[i].text, strlen(table[i].text), &mb), ==,
		                table[i].error);
	g_assert_cmpint(size_parse("5\0", 2, &mb), ==, -EINVAL);
	g_assert_cmpfloat(mb, ==, 42);
}

static void test_limits(void)
{
	g_autofree char *text = g_malloc(SIZE_TEXT_MAX + 2);
	double mb = 42;

	memset(text, '9', SIZE_TEXT_MAX + 2);
	g_assert_cmpint(size_parse(text, SIZE_TEXT_MAX, &mb), ==, -ERANGE);
	memset(text, ' ', SIZE_TEXT_MAX + 2);
	g_assert_cmpint(size_parse(text, SIZE_TEXT_MAX, &mb), ==, 0);
	g_assert_cmpint(size_parse(text, SIZE_TEXT_MAX + 1, &mb), ==, -EINVAL);
	/* Bytes without a NUL behind them. */
	memcpy(text, "500MB", 5);
	memset(text + 5, 'x', 10);
	g_assert_cmpint(size_parse(text, 5, &mb), ==, 0);
	g_assert_cmpfloat(mb, ==, 500);
}

static void test_units_of_values(void)
{
	static const struct {
		const char *unit;
		double bytes;
	} table[] = { { "MB", 1e6 },       { "B", 1 },   { "By", 1 },   { "kBy", 1e3 },
		      { "MiBy", 1 << 20 }, { "", 0 },    { "s", 0 },    { "y", 0 },
		      { "by", 0 },         { "xBy", 0 }, { "By/s", 0 }, { "{request}", 0 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_test_message("%s", table[i].unit);
		g_assert_cmpfloat(size_value_unit_bytes(table[i].unit), ==, table[i].bytes);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/size/accepted", test_accepted);
	g_test_add_func("/size/refused", test_refused);
	g_test_add_func("/size/limits", test_limits);
	g_test_add_func("/size/units-of-values", test_units_of_values);
	return g_test_run();
}
