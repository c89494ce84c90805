/* Shortest decimals. Goes through g_ascii_*, so that the program's locale never shows. */
#include "fs/model/number.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum {
	SAFE_DIGITS = 15, /* a decimal of so many reads back as itself, but for denormal numbers */
	MAX_DIGITS = 17
};

#define SAFE_END 1e15 /* from here on a whole number may have more than SAFE_DIGITS */

/*
 * The fewest significant digits that read back; *ret_exponent is the decimal exponent of the first. Of
 * those with up to 15 the shortest is the one of 15 without its zeros, so that one try finds it.
 */
static unsigned shortest_digits(double value, char digits[24], int *ret_exponent)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	char format[8];
	unsigned n = 0;

	for (int n_digits = fabs(value) < DBL_MIN ? 1 : SAFE_DIGITS; n_digits <= MAX_DIGITS;
	     n_digits++) {
		g_snprintf(format, sizeof format, "%%.%de", n_digits - 1);
		g_ascii_formatd(text, sizeof text, format, value);
		if (g_ascii_strtod(text, NULL) == value)
			break;
	}
	for (const char *p = text; *p != 'e'; p++) {
		if (g_ascii_isdigit(*p))
			digits[n++] = *p;
	}
	*ret_exponent = (int)g_ascii_strtoll(strchr(text, 'e') + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

/*
 * Most values are whole numbers, or have a few decimals: those cost no printf. A decimal of up to 15 digits
 * is the only such one that reads back as its double, so it is the shortest. value is finite and above 0.
 * Returns the end of the text, NULL when it is none of these.
 */
static char *format_simple(double value, char *out)
{
	static const struct {
		double scale;
		int decimals;
	} tries[] = { { 1, 0 }, { 1e3, 3 }, { 1e6, 6 }, { 1e9, 9 } };
	char digits[24];
	double whole = 0;
	guint64 rest;
	unsigned i, n = 0;
	int decimals;

	for (i = 0; i < G_N_ELEMENTS(tries); i++) {
		whole = rint(value * tries[i].scale);
		if (!(whole < SAFE_END))
			return NULL;
		if (whole / tries[i].scale == value)
			break;
	}
	if (i == G_N_ELEMENTS(tries))
		return NULL;
	rest = (guint64)whole;
	for (decimals = tries[i].decimals; decimals && rest % 10 == 0; decimals--)
		rest /= 10;
	/* From the last digit on. */
	for (int done = 0; !done || rest || done <= decimals; rest /= 10) {
		digits[n++] = (char)('0' + rest % 10);
		if (++done == decimals)
			digits[n++] = '.';
	}
	while (n)
		*out++ = digits[--n];
	return out;
}

char *number_format(double value, char buf[NUMBER_MAX])
{
	char digits[24];
	char *p = buf, *end;
	unsigned n;
	int exponent;

	if (isnan(value))
		return strcpy(buf, "NaN");
	if (isinf(value))
		return strcpy(buf, value < 0 ? "-Inf" : "Inf");
	if (value == 0)
		return strcpy(buf, "0");
	if (value < 0) {
		*p++ = '-';
		value = -value;
	}
	end = format_simple(value, p);
	if (end) {
		*end = '\0';
		return buf;
	}
	n = shortest_digits(value, digits, &exponent);
	if (exponent < 0) {
		*p++ = '0';
		*p++ = '.';
		for (int i = -1; i > exponent; i--)
			*p++ = '0';
	}
	for (int i = 0; i < (int)n || i <= exponent; i++) {
		if (exponent >= 0 && i == exponent + 1)
			*p++ = '.';
		*p++ = i < (int)n ? digits[i] : '0';
	}
	*p = '\0';
	return buf;
}

void number_append(GString *out, double value)
{
	char buf[NUMBER_MAX];

	g_string_append(out, number_format(value, buf));
}
