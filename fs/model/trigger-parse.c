/* The grammar of `trigger`. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/size.h"
#include "fs/model/trigger.h"

enum {
	UNIT_MAX = 3,       /* letters of a size unit */
	NUMBER_LEN_MAX = 40 /* characters, a sign among them */
};

#define NUMBER_LARGEST 1e38

typedef struct {
	const char *line; /* NUL-ended, stripped at its end */
	const char *at;
	unsigned number; /* of the line, from 1 */
	int error;
	char *why;
} Cursor;

static const struct {
	const char *name; /* in lower case */
	TriggerSource source;
	const char *canonical;
	gboolean is_mb; /* its own unit is MB, and a plain number is in it */
} sources[] = {
	{ "heap", TRIGGER_HEAP, "heap", TRUE }, { "gc-heap-size", TRIGGER_HEAP, "heap", TRUE },
	{ "rss", TRIGGER_RSS, "rss", TRUE },    { "threads", TRIGGER_THREADS, "threads", FALSE },
	{ "fds", TRIGGER_FDS, "fds", FALSE },
};

static int G_GNUC_PRINTF(3, 4) bad(Cursor *c, int error, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	if (c->error)
		return c->error;
	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	c->error = error;
	c->why = g_strdup_printf("line %u, column %u: %s", c->number,
	                         (unsigned)(c->at - c->line) + 1, what);
	return error;
}

static void skip_blanks(Cursor *c)
{
	while (*c->at == ' ' || *c->at == '\t')
		c->at++;
}

/* A word of letters is next: takes it. */
static gboolean take_word(Cursor *c, const char *word)
{
	gsize len = strlen(word);

	skip_blanks(c);
	if (g_ascii_strncasecmp(c->at, word, len) != 0 || g_ascii_isalnum(c->at[len]))
		return FALSE;
	c->at += len;
	return TRUE;
}

static gboolean is_path(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);

	for (unsigned i = 0; parts[i]; i++)
		if (!*parts[i] || !strcmp(parts[i], ".") || !strcmp(parts[i], ".."))
			return FALSE;
	return TRUE;
}

/* Up to a blank or a comparison: neither is in the name of a file here. */
static int take_name(Cursor *c, char name[TRIGGER_NAME_MAX])
{
	gsize len = strcspn(c->at, " \t<>");

	for (gsize i = 0; i < len; i++) {
		if (!g_ascii_isalnum(c->at[i]) && !strchr("._-%=,~/", c->at[i])) {
			c->at += i;
			return bad(c, -EINVAL, "no name of a value has this in it");
		}
	}
	if (!len || len >= TRIGGER_NAME_MAX)
		return bad(c, -EINVAL, len ? "this is no name" : "a name is missing");
	memcpy(name, c->at, len);
	name[len] = '\0';
	if (!is_path(name))
		return bad(c, -EINVAL, "this is no name");
	if (g_str_has_prefix(name, "counters/"))
		return bad(c, -EINVAL, "a counter is named without counters/");
	c->at += len;
	return 0;
}

static int take_op(Cursor *c, TriggerOp *ret)
{
	gboolean greater = *c->at == '>';

	skip_blanks(c);
	greater = *c->at == '>';
	if (!greater && *c->at != '<')
		return bad(c, -EINVAL, "one of > >= < <= or grows is missing");
	c->at++;
	if (*c->at == '=')
		*ret = greater ? TRIGGER_GE : TRIGGER_LE;
	else
		*ret = greater ? TRIGGER_GT : TRIGGER_LT;
	c->at += *c->at == '=';
	return 0;
}

/* digits[.digits], with a sign where may_be_negative. */
static int take_number(Cursor *c, gboolean may_be_negative, double *ret)
{
	const char *end;
	gboolean negative;

	skip_blanks(c);
	end = c->at;
	negative = *end == '-';
	end += negative;
	if (!g_ascii_isdigit(*end))
		return bad(c, -EINVAL, "a number is missing");
	while (g_ascii_isdigit(*end))
		end++;
	if (*end == '.' && g_ascii_isdigit(end[1]))
		for (end++; g_ascii_isdigit(*end);)
			end++;
	*ret = g_ascii_strtod(c->at, NULL);
	if (negative && !may_be_negative && *ret < 0)
		return bad(c, -ERANGE, "this cannot be negative");
	/* What is accepted is written again without an exponent, and may have become longer: 99.. is 100.. then. */
	if (!(fabs(*ret) <= NUMBER_LARGEST) || end - c->at > NUMBER_LEN_MAX)
		return bad(c, -ERANGE, "this number is too large");
	c->at = end;
	/* 1e3, 0x10, 5x, 1.2.3: what follows must not belong to it. */
	if (*c->at == '.' || ((*c->at == 'e' || *c->at == 'E') && g_ascii_isalnum(c->at[1])))
		return bad(c, -EINVAL, "this is no plain decimal number");
	return 0;
}

/* A unit of size, a percent sign, or nothing. */
static int take_unit(Cursor *c, TriggerLine *line, gboolean is_mb, gboolean may_be_percent)
{
	char unit[UNIT_MAX + 1] = "";
	gsize len = 0;
	const char *before = c->at;

	skip_blanks(c);
	if (*c->at == '%') {
		if (!may_be_percent)
			return bad(c, -EINVAL, "a percentage is for heap and a comparison alone");
		line->is_percent = TRUE;
		if (!(line->number > 0 && line->number <= 100))
			return bad(c, -ERANGE, "a percentage is above 0, and 100 at most");
		c->at++;
		return 0;
	}
	while (g_ascii_isalpha(c->at[len]))
		len++;
	/* The words that may follow. */
	if (!len || (len == 3 && !g_ascii_strncasecmp(c->at, "for", 3)) ||
	    (len == 2 && !g_ascii_strncasecmp(c->at, "in", 2))) {
		c->at = len ? c->at : before;
		return 0;
	}
	if (len <= UNIT_MAX)
		memcpy(unit, c->at, len);
	if (!size_unit_bytes(unit))
		return bad(c, -EINVAL, "this is no unit of size");
	if (is_mb) {
		/* By the grammar of threshold_mb itself, so that both round alike. */
		g_autofree char *text = g_strdup_printf("%.17g%s", line->number, unit);
		double mb;

		line->number = size_parse(text, strlen(text), &mb) == 0
		                       ? mb
		                       : line->number * size_unit_bytes(unit) / 1e6;
	} else {
		g_strlcpy(line->unit, unit, sizeof line->unit);
	}
	c->at += len;
	return 0;
}

/* N s|m, in microseconds. */
static int take_time(Cursor *c, unsigned max_s, gint64 *ret_us)
{
	double n;

	if (take_number(c, FALSE, &n) < 0)
		return c->error;
	if (take_word(c, "m") || take_word(c, "min"))
		n *= 60;
	else if (!take_word(c, "s"))
		return bad(c, -EINVAL, "a time has s or m");
	if (n != floor(n))
		return bad(c, -EINVAL, "a time is in whole seconds");
	if (n < 1 || n > max_s)
		return bad(c, -ERANGE, "this time is 1 to %u seconds", max_s);
	*ret_us = (gint64)n * G_USEC_PER_SEC;
	return 0;
}

static int take_compare(Cursor *c, TriggerLine *line, gboolean is_mb)
{
	gboolean is_heap = line->source == TRIGGER_HEAP;

	if (take_op(c, &line->op) < 0 ||
	    take_number(c, line->source == TRIGGER_VALUE, &line->number) < 0 ||
	    take_unit(c, line, is_mb, is_heap) < 0)
		return c->error;
	if (take_word(c, "for"))
		return take_time(c, TRIGGER_FOR_MAX_S, &line->for_us);
	return 0;
}

static int take_grows(Cursor *c, TriggerLine *line, gboolean is_mb)
{
	if (take_number(c, FALSE, &line->number) < 0 || take_unit(c, line, is_mb, FALSE) < 0)
		return c->error;
	if (line->number <= 0)
		return bad(c, -ERANGE, "an amount is above 0");
	if (!take_word(c, "in"))
		return bad(c, -EINVAL, "\"in N s\" is missing");
	return take_time(c, TRIGGER_WINDOW_MAX_S, &line->window_us);
}

static int check_limit(Cursor *c, TriggerLine *line, gboolean is_mb)
{
	if (is_mb && line->number > SIZE_MAX_MB)
		return bad(c, -ERANGE, "this is above 9.2e12 MB");
	/* threshold_mb has no zero. */
	if (trigger_line_is_threshold(line) && line->number == 0)
		return bad(c, -ERANGE, "a threshold is above 0");
	if (*line->unit && line->source != TRIGGER_VALUE)
		return bad(c, -EINVAL, "%s has no unit of size", line->name);
	/* A value of the target's: its unit has to be seen. */
	if (line->source != TRIGGER_VALUE && !line->is_percent) {
		line->limit = line->number;
		line->is_checked = TRUE;
	}
	return 0;
}

static TriggerLine *take_line(Cursor *c)
{
	char name[TRIGGER_NAME_MAX];
	TriggerSource source = TRIGGER_VALUE;
	const char *canonical = name;
	gboolean is_mb = FALSE, grows;
	TriggerLine *line;

	skip_blanks(c);
	if (take_name(c, name) < 0)
		return NULL;
	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++) {
		if (g_ascii_strcasecmp(name, sources[i].name) != 0)
			continue;
		source = sources[i].source;
		canonical = sources[i].canonical;
		is_mb = sources[i].is_mb;
	}
	grows = take_word(c, "grows");
	line = trigger_line_new(grows ? &trigger_grows : &trigger_compare, source, canonical);
	if ((grows ? take_grows(c, line, is_mb) : take_compare(c, line, is_mb)) == 0 &&
	    check_limit(c, line, is_mb) == 0) {
		skip_blanks(c);
		if (!*c->at)
			return line;
		bad(c, -EINVAL, "nothing is expected here");
	}
	trigger_line_free(line);
	return NULL;
}

static gboolean has_threshold(const TriggerSet *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (trigger_line_is_threshold(set->lines[i]))
			return TRUE;
	}
	return FALSE;
}

static void take_text_line(Cursor *c, TriggerSet *set)
{
	TriggerLine *line = take_line(c);

	if (!line)
		return;
	c->at = c->line;
	if (set->n == TRIGGER_LINES_MAX)
		bad(c, -EINVAL, "at most %d conditions", TRIGGER_LINES_MAX);
	else if (trigger_line_is_threshold(line) && has_threshold(set))
		bad(c, -EINVAL, "a second threshold: threshold_mb has one");
	else
		set->lines[set->n++] = g_steal_pointer(&line);
	if (line)
		trigger_line_free(line);
}

int trigger_parse(const char *text, gsize len, TriggerSet *ret, char **ret_why)
{
	g_autofree char *copy = g_strndup(text, len);
	g_auto(GStrv) lines = NULL;
	Cursor c = { 0 };

	*ret = (TriggerSet){ 0 };
	if (len > SIZE_TEXT_MAX || memchr(text, '\0', len)) {
		*ret_why = g_strdup("too long, or with a NUL byte in it");
		return -EINVAL;
	}
	if (!g_ascii_strcasecmp(g_strstrip(copy), "off"))
		return 0;
	lines = g_strsplit(copy, "\n", -1);
	for (unsigned i = 0; lines[i] && !c.error; i++) {
		c.line = c.at = g_strchomp(lines[i]);
		c.number = i + 1;
		skip_blanks(&c);
		if (*c.at && *c.at != '#')
			take_text_line(&c, ret);
	}
	if (!c.error)
		return 0;
	trigger_set_clear(ret);
	*ret_why = c.why;
	return c.error;
}
