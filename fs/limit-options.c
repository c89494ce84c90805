/* See limit-options.h. Sizes have the grammar of threshold_mb. */
#include "fs/limit-options.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/size.h"

#define PERCENT_MAX 99
#define AGE_MAX_S   3153600000.0 /* 100 years */
#define KEEP_MAX    1000000

static int refuse(const char *name, const char *text, const char *wanted, char **ret_why)
{
	*ret_why = g_strdup_printf("%s=%s: %s is wanted", name, text, wanted);
	return -EINVAL;
}

/* A size above nothing, or a word that says "none": *ret_bytes = 0. */
static int parse_size(const char *name, const char *text, const char *wanted, uint64_t *ret_bytes,
                      char **ret_why)
{
	double mb;

	if (!text[0] || size_parse(text, strlen(text), &mb) < 0)
		return refuse(name, text, wanted, ret_why);
	*ret_bytes = (uint64_t)(mb * 1e6);
	return 0;
}

/* digits[.digits] up to *ret_end. */
static gboolean parse_number(const char *text, double *ret, char **ret_end)
{
	size_t n = strspn(text, "0123456789.");

	if (!g_ascii_isdigit(text[0]) || text[n - 1] == '.')
		return FALSE;
	*ret = g_ascii_strtod(text, ret_end);
	return *ret_end == text + n;
}

static int parse_keep_free(const char *text, DumpLimits *ret, char **ret_why)
{
	static const char wanted[] = "a size (500MB, 1.5GB, 500MiB) or a part of the file system "
				     "(10%, at most 99%)";
	double percent;
	char *end;

	if (parse_number(text, &percent, &end) && strcmp(end, "%") == 0) {
		if (percent > PERCENT_MAX)
			return refuse("keep_free", text, wanted, ret_why);
		ret->keep_free_part = percent / 100;
		ret->keep_free_default = FALSE;
		return 0;
	}
	return parse_size("keep_free", text, wanted, &ret->keep_free, ret_why);
}

static int parse_use(const char *name, const char *text, uint64_t *ret, char **ret_why)
{
	uint64_t bytes;
	int r = parse_size(name, text, "a size (500MB, 1.5GB, 500MiB) or off", &bytes, ret_why);

	if (r < 0)
		return r;
	*ret = bytes ? bytes : DUMP_LIMITS_OFF;
	return 0;
}

static int parse_count(const char *name, const char *text, guint64 min, guint64 max,
                       const char *wanted, unsigned *ret, char **ret_why)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(text, 10, min, max, &n, NULL))
		return refuse(name, text, wanted, ret_why);
	*ret = (unsigned)n;
	return 0;
}

static int parse_age(const char *text, int64_t *ret_us, char **ret_why)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	double age;
	char *end;

	if (strcmp(text, "off") == 0) {
		*ret_us = 0;
		return 0;
	}
	if (parse_number(text, &age, &end)) {
		for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
			if (strcmp(end, units[i].name) != 0 || age * units[i].seconds > AGE_MAX_S)
				continue;
			*ret_us = (int64_t)llround(age * units[i].seconds * 1e6);
			return 0;
		}
	}
	return refuse("max_age", text, "an age (seconds, or 90m, 12h, 7d) or off", ret_why);
}

int limit_options_parse(const LimitTexts *texts, DumpLimits *ret, char **ret_why)
{
	int r = 0;

	if (texts->keep_free)
		r = parse_keep_free(texts->keep_free, ret, ret_why);
	if (!r && texts->max_use)
		r = parse_use("max_use", texts->max_use, &ret->max_use, ret_why);
	if (!r && texts->max_use_user)
		r = parse_use("max_use_user", texts->max_use_user, &ret->max_use_user, ret_why);
	if (!r && texts->max_parallel_dumps)
		r = parse_count("max_parallel_dumps", texts->max_parallel_dumps, 1,
		                DUMP_LIMITS_PARALLEL_MAX, "a number from 1 to 8",
		                &ret->max_parallel, ret_why);
	if (!r && texts->keep && strcmp(texts->keep, "off") != 0)
		r = parse_count("keep", texts->keep, 0, KEEP_MAX,
		                "a number of dumps (0 or off: all of them)", &ret->keep, ret_why);
	if (!r && texts->max_age)
		r = parse_age(texts->max_age, &ret->max_age_us, ret_why);
	return r;
}

void limit_texts_clear(LimitTexts *texts)
{
	/* fuse_opt's own. */
	free(texts->keep_free);
	free(texts->max_use);
	free(texts->max_use_user);
	free(texts->max_parallel_dumps);
	free(texts->keep);
	free(texts->max_age);
}
