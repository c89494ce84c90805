/* Numbers as the tree shows them. */
#include "fs/model/number.h"
#include <float.h>
#include <math.h>
#include <string.h>

#define ZEROS_29 "00000000000000000000000000000"
/* clang-format off */
#define ZEROS_319 \
	ZEROS_29 ZEROS_29 ZEROS_29 ZEROS_29 ZEROS_29 ZEROS_29 \
	ZEROS_29 ZEROS_29 ZEROS_29 ZEROS_29 ZEROS_29
/* clang-format on */

static void test_table(void)
{
	static const struct {
		double value;
		const char *text;
	} table[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 10, "10" },
		{ 100000, "100000" },
		{ 12.5, "12.5" },
		{ 0.5, "0.5" },
		{ 1200.05, "1200.05" },
		{ 999999999999999, "999999999999999" },
		{ 999999.999999999, "999999.999999999" },
		{ 0.000000001, "0.000000001" },
		{ 0.0000000015, "0.0000000015" },
		{ 1e9 + 0.125, "1000000000.125" },
		{ 0.1, "0.1" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ 388.682712, "388.682712" },
		{ 524.288, "524.288" },
		{ 1e15, "1000000000000000" },
		{ 1e22, "10000000000000000000000" },
		{ 123456789012345680, "123456789012345680" },
		{ 1e-7, "0.0000001" },
		{ 1.5e-5, "0.000015" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 123456789012345, "123456789012345" },
		{ 0.123456789012345, "0.123456789012345" },
		{ 1.2345678901234567, "1.2345678901234567" },
		{ 5e-320, "0." ZEROS_319 "5" },
		{ INFINITY, "Inf" },
		{ -INFINITY, "-Inf" },
	};
	char buf[NUMBER_MAX];

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		g_assert_cmpstr(number_format(table[i].value, buf), ==, table[i].text);
	g_assert_cmpstr(number_format(NAN, buf), ==, "NaN");
	/* .NET's NaN has its sign bit set. */
	g_assert_cmpstr(number_format(-NAN, buf), ==, "NaN");
}

static void check_reads_back(double value)
{
	char buf[NUMBER_MAX];
	char *end;

	number_format(value, buf);
	g_assert_cmpuint(strlen(buf), <, NUMBER_MAX);
	g_assert_null(strpbrk(buf, "eE,+"));
	g_assert_true(g_ascii_strtod(buf, &end) == value);
	g_assert_cmpint(*end, ==, '\0');
}

static void test_reads_back(void)
{
	check_reads_back(DBL_MAX);
	check_reads_back(-DBL_MAX);
	check_reads_back(DBL_MIN);
	check_reads_back(DBL_TRUE_MIN);
	check_reads_back(-DBL_TRUE_MIN);
	for (unsigned i = 0; i < 20000; i++) {
		guint64 bits = (guint64)g_test_rand_int() << 32 | (guint32)g_test_rand_int();
		double value;

		memcpy(&value, &bits, sizeof value);
		if (isfinite(value) && value != 0)
			check_reads_back(value);
	}
}

/* The short ways say what printf says. */
static void test_simple(void)
{
	char buf[NUMBER_MAX], wanted[NUMBER_MAX], format[8];

	for (unsigned i = 0; i < 20000; i++) {
		int decimals = g_test_rand_int_range(0, 12);
		double value = (double)g_test_rand_int_range(-2000000, 2000000) / pow(10, decimals);

		g_snprintf(format, sizeof format, "%%.%df", decimals);
		g_ascii_formatd(wanted, sizeof wanted, format, value);
		while (decimals && g_str_has_suffix(wanted, "0"))
			wanted[strlen(wanted) - 1] = '\0';
		if (g_str_has_suffix(wanted, "."))
			wanted[strlen(wanted) - 1] = '\0';
		g_assert_cmpstr(number_format(value, buf), ==, value == 0 ? "0" : wanted);
	}
}

static void test_append(void)
{
	g_autoptr(GString) out = g_string_new("x ");

	number_append(out, 1.25);
	g_assert_cmpstr(out->str, ==, "x 1.25");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/number/row-H10/table", test_table);
	g_test_add_func("/number/reads-back", test_reads_back);
	g_test_add_func("/number/simple", test_simple);
	g_test_add_func("/number/append", test_append);
	return g_test_run();
}
