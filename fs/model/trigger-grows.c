/*
 * The kind "NAME grows AMOUNT in N s|m": the value now minus the lowest one of that time. The lowest
 * values are kept in steps of a sixtieth of the window, so that what lies up to one step beyond it
 * may still count.
 */
#include <math.h>
#include <string.h>
#include "fs/model/number.h"
#include "fs/model/trigger.h"

enum {
	QUIET_PERCENT = 90
};

static double growth(const TriggerLine *line)
{
	double lowest = line->value;

	for (unsigned i = 0; i < line->n_minima; i++)
		lowest = MIN(lowest, line->minima[i].lowest);
	return line->value - lowest;
}

static void grows_take(TriggerLine *line, gint64 now_us)
{
	gint64 step = MAX(line->window_us / TRIGGER_MINIMA_MAX, 1);
	TriggerMinimum *last;
	unsigned old = 0;

	if (isnan(line->value))
		return;
	while (old < line->n_minima && line->minima[old].until_us < now_us - line->window_us)
		old++;
	line->n_minima -= old;
	memmove(line->minima, line->minima + old, line->n_minima * sizeof *line->minima);
	last = line->n_minima ? &line->minima[line->n_minima - 1] : NULL;
	if (last && now_us < last->until_us) {
		last->lowest = MIN(last->lowest, line->value);
		return;
	}
	/* Full only when the clock stood still between two steps. */
	if (line->n_minima > TRIGGER_MINIMA_MAX)
		memmove(line->minima, line->minima + 1, --line->n_minima * sizeof *line->minima);
	line->minima[line->n_minima++] =
		(TriggerMinimum){ .until_us = now_us + step, .lowest = line->value };
}

static gboolean grows_holds(const TriggerLine *line)
{
	return growth(line) >= line->limit;
}

static gboolean grows_is_quiet(const TriggerLine *line)
{
	return growth(line) < line->limit * QUIET_PERCENT / 100;
}

static void grows_describe(const TriggerLine *line, GString *out)
{
	g_string_append(out, "grows ");
	number_append(out, line->number);
	g_string_append_printf(out, "%s in %" G_GINT64_FORMAT "s", line->unit,
	                       line->window_us / G_USEC_PER_SEC);
}

const TriggerKind trigger_grows = {
	.name = "grows",
	.holds = grows_holds,
	.is_quiet = grows_is_quiet,
	.take = grows_take,
	.describe = grows_describe,
	.needs_exact = TRUE,
};
