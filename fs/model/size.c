/* The grammar of threshold_mb. */
#include "fs/model/size.h"
#include <errno.h>
#include <string.h>
#include "fs/model/number.h"

/* Times and divisor are whole numbers, so that 500MiB is 524.288 and not a hair beside it. */
static const struct {
	const char *name;
	double times, divisor;
} units[] = {
	{ "", 1, 1 },
	{ "m", 1, 1 },
	{ "mb", 1, 1 },
	{ "b", 1, 1e6 },
	{ "k", 1, 1e3 },
	{ "kb", 1, 1e3 },
	{ "g", 1e3, 1 },
	{ "gb", 1e3, 1 },
	{ "t", 1e6, 1 },
	{ "tb", 1e6, 1 },
	{ "p", 1e9, 1 },
	{ "pb", 1e9, 1 },
	{ "ki", 1024, 1e6 },
	{ "kib", 1024, 1e6 },
	{ "mi", 1048576, 1e6 },
	{ "mib", 1048576, 1e6 },
	{ "gi", 1073741824, 1e6 },
	{ "gib", 1073741824, 1e6 },
	{ "ti", 1099511627776, 1e6 },
	{ "tib", 1099511627776, 1e6 },
	{ "pi", 1125899906842624, 1e6 },
	{ "pib", 1125899906842624, 1e6 },
};

static gboolean is_word(const char *text)
{
	return !*text || !strcmp(text, "off") || !strcmp(text, "none") || !strcmp(text, "max");
}

/* The end of digits[.digits] at p, or NULL. */
static const char *skip_number(const char *p)
{
	if (!g_ascii_isdigit(*p))
		return NULL;
	while (g_ascii_isdigit(*p))
		p++;
	if (*p != '.')
		return p;
	if (!g_ascii_isdigit(*++p))
		return NULL;
	while (g_ascii_isdigit(*p))
		p++;
	return p;
}

int size_parse(const char *text, gsize len, double *ret_mb)
{
	g_autofree char *copy = NULL;
	gboolean negative;
	const char *p, *end;
	double mb;

	if (len > SIZE_TEXT_MAX || memchr(text, '\0', len))
		return -EINVAL;
	copy = g_ascii_strdown(text, (gssize)len);
	g_strstrip(copy);
	if (is_word(copy)) {
		*ret_mb = 0;
		return 0;
	}
	negative = *copy == '-';
	p = copy + negative;
	end = skip_number(p);
	if (!end)
		return -EINVAL;
	mb = g_ascii_strtod(p, NULL);
	while (*end == ' ' || *end == '\t')
		end++;
	for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		mb = mb * units[i].times / units[i].divisor;
		if ((negative && mb > 0) || mb > SIZE_MAX_MB)
			return -ERANGE;
		*ret_mb = mb;
		return 0;
	}
	return -EINVAL;
}

double size_unit_bytes(const char *unit)
{
	for (unsigned i = 1; i < G_N_ELEMENTS(units); i++) {
		if (!g_ascii_strcasecmp(units[i].name, unit))
			return units[i].times / units[i].divisor * 1e6;
	}
	return 0;
}

double size_value_unit_bytes(const char *unit)
{
	gsize len = strlen(unit);
	g_autofree char *ours = NULL;

	if (!g_str_has_suffix(unit, "By"))
		return size_unit_bytes(unit);
	ours = g_strndup(unit, len - 1);
	return size_unit_bytes(ours);
}

void size_append(GString *out, double mb)
{
	if (mb == 0)
		g_string_append(out, "off");
	else
		number_append(out, mb);
}
