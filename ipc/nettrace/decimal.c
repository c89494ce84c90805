#include "ipc/nettrace/decimal.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS        "0123456789"
#define MINUS         "\xe2\x88\x92"
#define INFINITY_SIGN "\xe2\x88\x9e"

static const struct {
	const char *text;
	double value;
} words[] = {
	{ "NaN", (double)NAN },
	{ "Infinity", (double)INFINITY },
	{ "-Infinity", -(double)INFINITY },
	{ INFINITY_SIGN, (double)INFINITY },
	{ "-" INFINITY_SIGN, -(double)INFINITY },
	{ MINUS INFINITY_SIGN, -(double)INFINITY },
};

/* With the signs of the C locale; false when it does not fit. */
static bool translate(const char *text, char ret[DECIMAL_MAX])
{
	size_t n = 0;

	while (*text && n < DECIMAL_MAX - 1) {
		size_t len = strncmp(text, MINUS, strlen(MINUS)) == 0 ? strlen(MINUS) : 1;

		ret[n++] = len > 1 ? '-' : *text == ',' ? '.' : *text;
		text += len;
	}
	ret[n] = '\0';
	return !*text;
}

/* Past a run of digits; NULL when there is none. */
static const char *skip_digits(const char *p)
{
	size_t n = strspn(p, DIGITS);

	return n ? p + n : NULL;
}

/* strtod() takes much more than what a runtime writes. */
static bool is_decimal(const char *p)
{
	p = skip_digits(*p == '-' || *p == '+' ? p + 1 : p);
	if (p && *p == '.')
		p = skip_digits(p + 1);
	if (p && (*p == 'E' || *p == 'e'))
		p = skip_digits(p[1] == '-' || p[1] == '+' ? p + 2 : p + 1);
	return p && !*p;
}

int decimal_parse(const char *utf8, double *ret)
{
	char text[DECIMAL_MAX];
	locale_t c;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(utf8, words[i].text) == 0) {
			*ret = words[i].value;
			return 0;
		}
	}
	if (!translate(utf8, text) || !is_decimal(text))
		return -EINVAL;
	/* The C locale is there without memory, so that this is cheap and does not fail. */
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c)
		return -EINVAL;
	*ret = strtod_l(text, NULL, c);
	freelocale(c);
	return 0;
}
