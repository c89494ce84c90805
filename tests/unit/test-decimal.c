#include "ipc/nettrace/decimal.h"

#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static const struct {
	const char *text;
	double value;
} numbers[] = {
	{ "0", 0 },
	{ "-0", -0.0 },
	{ "12", 12 },
	{ "-1.5", -1.5 },
	{ "+1.5", 1.5 },
	{ "1E-05", 1e-5 },
	{ "1.7976931348623157E+308", 1.7976931348623157e308 },
	{ "5E-324", 5e-324 },
	{ "2.5e3", 2500 },
	{ "79228162514264337593543950335", 79228162514264337593543950335.0 },
	{ "-0.0000000000000000000000000001", -1e-28 },
	{ "0.1", 0.1 },
	{ "1E+999", (double)INFINITY },
	{ "1E-999", 0 },
	{ "Infinity", (double)INFINITY },
	{ "-Infinity", -(double)INFINITY },
	/* of other cultures */
	{ "0,95", 0.95 },
	{ "\xe2\x88\x92"
	  "1,5E\xe2\x88\x92"
	  "05",
	  -1.5e-5 },
	{ "\xe2\x88\x9e", (double)INFINITY },
	{ "-\xe2\x88\x9e", -(double)INFINITY },
	{ "\xe2\x88\x92\xe2\x88\x9e", -(double)INFINITY },
};

static void check_numbers(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		double v = 77;

		g_assert_cmpint(decimal_parse(numbers[i].text, &v), ==, 0);
		g_assert_cmpmem(&v, sizeof v, &numbers[i].value, sizeof v);
	}
}

static void test_numbers(void)
{
	double v = 0;

	check_numbers();
	g_assert_cmpint(decimal_parse("NaN", &v), ==, 0);
	g_assert_true(isnan(v));
}

/* Wherever the program is run: the decimal point is none of the locale's. */
static void test_locale(void)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "sv_SE.UTF-8" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!setlocale(LC_ALL, names[i]))
			continue;
		check_numbers();
		setlocale(LC_ALL, "C");
		return;
	}
	g_test_skip("no locale with a decimal comma");
}

static void test_refused(void)
{
	static const char *const texts[] = {
		"",      " ",    " 1",   "1 ",     "-",         "+",       ".",         "1.",
		".5",    "1..2", "1,5,", "1.000.", "1,000.5",   "1E",      "1E+",       "E5",
		"--1",   "0x10", "0x",   "inf",    "nan",       "nan(1)",  "infinity",  "Infinity1",
		"-NaN",  "1e5e", "1\n",  "1f",     "\xe2\x88",  "1_0",     "\xd9\xa1",  "1'000",
		"NaN\n", "1-",   "(1)",  "1%",     "Infinit\n", "Infinit", "+Infinity",
	};
	char longest[DECIMAL_MAX + 1];
	double v = 77;

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_cmpint(decimal_parse(texts[i], &v), ==, -EINVAL);
	}
	memset(longest, '0', sizeof longest);
	longest[DECIMAL_MAX] = '\0';
	g_assert_cmpint(decimal_parse(longest, &v), ==, -EINVAL);
	g_assert_cmpfloat(v, ==, 77);
	longest[DECIMAL_MAX - 1] = '\0';
	g_assert_cmpint(decimal_parse(longest, &v), ==, 0);
}

/* What .NET writes (the shortest that reads back) is read as the same double. */
static void test_round_trip(void)
{
	GRand *random = g_rand_new_with_seed(20261125);

	for (unsigned i = 0; i < 20000; i++) {
		guint64 bits = (guint64)g_rand_int(random) << 32 | g_rand_int(random);
		char text[G_ASCII_DTOSTR_BUF_SIZE];
		double v, back;

		memcpy(&v, &bits, sizeof v);
		if (!isfinite(v))
			continue;
		g_ascii_dtostr(text, sizeof text, v);
		g_assert_cmpint(decimal_parse(text, &back), ==, 0);
		g_assert_cmpmem(&v, sizeof v, &back, sizeof back);
	}
	g_rand_free(random);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/decimal/numbers", test_numbers);
	g_test_add_func("/decimal/locale", test_locale);
	g_test_add_func("/decimal/refused", test_refused);
	g_test_add_func("/decimal/round-trip", test_round_trip);
	return g_test_run();
}
