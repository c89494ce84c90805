/* See dump-limits.h. */
#include "fs/broker/dump-limits.h"
#include <errno.h>

#define MB(bytes) ((guint64)((bytes) / 1000000))

void dump_limits_init(DumpLimits *limits, gboolean per_user)
{
	*limits = (DumpLimits){
		.keep_free = DUMP_LIMITS_OFF,
		.keep_free_part = DUMP_LIMITS_KEEP_FREE_PERCENT / 100.0,
		.keep_free_default = TRUE,
		.max_use = DUMP_LIMITS_OFF,
		.per_user = per_user,
		.max_parallel = DUMP_LIMITS_PARALLEL_DEFAULT,
	};
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t subtract(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t dump_limits_keep_free(const DumpLimits *limits, uint64_t total)
{
	uint64_t part;

	if (limits->keep_free != DUMP_LIMITS_OFF)
		return limits->keep_free;
	part = (uint64_t)((double)total * limits->keep_free_part);
	return limits->keep_free_default ? MIN(part, DUMP_LIMITS_KEEP_FREE_MAX) : part;
}

uint64_t dump_limits_allowance(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid)
{
	uint64_t all;

	if (!limits->per_user || uid == 0)
		return DUMP_LIMITS_OFF;
	if (limits->max_use_user)
		return limits->max_use_user;
	all = add(use->free, add(use->sealed, use->written));
	all = subtract(all, dump_limits_keep_free(limits, use->total));
	return MIN(all, limits->max_use) / 2;
}

static int refuse_use(uint64_t taken, uint64_t expected, const char *what, uint64_t most,
                      const char *option, char **ret_text)
{
	*ret_text =
		g_strdup_printf("the dump may need %" G_GUINT64_FORMAT
	                        " MB: with %" G_GUINT64_FORMAT
	                        " MB of %s that is more than the %" G_GUINT64_FORMAT " MB of %s",
	                        MB(expected), MB(taken), what, MB(most), option);
	return -ENOSPC;
}

/* What the sentence calls an allowance. */
static const char *user_option(const DumpLimits *limits)
{
	return limits->max_use_user ? "max_use_user" : "half the store that one user may hold";
}

int dump_limits_before(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid,
                       uint64_t expected, const char *dir, char **ret_text)
{
	uint64_t keep = dump_limits_keep_free(limits, use->total);
	uint64_t free = subtract(use->free, use->pending);
	uint64_t taken = add(add(use->sealed, use->written), use->pending);
	uint64_t allowance = dump_limits_allowance(limits, use, uid);

	if (free < add(expected, keep)) {
		*ret_text =
			g_strdup_printf("%s has %" G_GUINT64_FORMAT
		                        " MB free%s: the dump may need %" G_GUINT64_FORMAT
		                        " MB, and %" G_GUINT64_FORMAT " MB stay free (keep_free)",
		                        dir, MB(free),
		                        use->pending ? " beside the dumps under way" : "",
		                        MB(expected), MB(keep));
		return -ENOSPC;
	}
	if (limits->max_use != DUMP_LIMITS_OFF && add(taken, expected) > limits->max_use)
		return refuse_use(taken, expected, "other dumps", limits->max_use, "max_use",
		                  ret_text);
	taken = add(add(use->user_sealed, use->user_written), use->user_pending);
	if (allowance != DUMP_LIMITS_OFF && add(taken, expected) > allowance)
		return refuse_use(taken, expected, "this user's other dumps", allowance,
		                  user_option(limits), ret_text);
	return 0;
}

int dump_limits_during(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid,
                       const char *dir, char **ret_text)
{
	uint64_t keep =
		MAX(dump_limits_keep_free(limits, use->total), DUMP_LIMITS_KEEP_FREE_LOWEST);
	uint64_t allowance = dump_limits_allowance(limits, use, uid);

	if (use->free < keep) {
		*ret_text = g_strdup_printf("the dump was given up: %s has %" G_GUINT64_FORMAT
		                            " MB free, and %" G_GUINT64_FORMAT
		                            " MB stay free (keep_free)",
		                            dir, MB(use->free), MB(keep));
		return -ENOSPC;
	}
	if (limits->max_use != DUMP_LIMITS_OFF &&
	    add(use->sealed, use->written) > limits->max_use) {
		*ret_text = g_strdup_printf(
			"the dump was given up: dumps outgrew the %" G_GUINT64_FORMAT
			" MB of max_use",
			MB(limits->max_use));
		return -ENOSPC;
	}
	if (allowance != DUMP_LIMITS_OFF && add(use->user_sealed, use->user_written) > allowance) {
		*ret_text = g_strdup_printf(
			"the dump was given up: this user's dumps outgrew the %" G_GUINT64_FORMAT
			" MB of %s",
			MB(allowance), user_option(limits));
		return -ENOSPC;
	}
	return 0;
}
