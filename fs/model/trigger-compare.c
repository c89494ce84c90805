/* The kind "NAME OP NUMBER[UNIT] [for N s|m]": a value against a limit. */
#include <math.h>
#include "fs/model/number.h"
#include "fs/model/trigger.h"

enum {
	QUIET_PERCENT = 10
};

static gboolean compare(TriggerOp op, double value, double limit)
{
	/* A comparison with NaN is false. */
	switch (op) {
	case TRIGGER_GT:
		return value > limit;
	case TRIGGER_GE:
		return value >= limit;
	case TRIGGER_LT:
		return value < limit;
	case TRIGGER_LE:
		return value <= limit;
	}
	return FALSE;
}

static gboolean compare_holds(const TriggerLine *line)
{
	return compare(line->op, line->value, line->limit);
}

static gboolean compare_is_quiet(const TriggerLine *line)
{
	double by = fabs(line->limit) * QUIET_PERCENT / 100;
	gboolean upward = line->op == TRIGGER_GT || line->op == TRIGGER_GE;

	return !isnan(line->value) &&
	       !compare(line->op, line->value, upward ? line->limit - by : line->limit + by);
}

static void compare_describe(const TriggerLine *line, GString *out)
{
	static const char *const ops[] = {
		[TRIGGER_GT] = "> ",
		[TRIGGER_GE] = ">= ",
		[TRIGGER_LT] = "< ",
		[TRIGGER_LE] = "<= ",
	};

	g_string_append(out, ops[line->op]);
	number_append(out, line->number);
	g_string_append(out, line->is_percent ? "%" : line->unit);
	if (line->for_us)
		g_string_append_printf(out, " for %" G_GINT64_FORMAT "s",
		                       line->for_us / G_USEC_PER_SEC);
}

const TriggerKind trigger_compare = {
	.name = "compare",
	.holds = compare_holds,
	.is_quiet = compare_is_quiet,
	.describe = compare_describe,
};
