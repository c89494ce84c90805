/* The heap's level and its peak. */
#include "fs/model/heap-level.h"
#include <math.h>

void heap_level_set(HeapLevel *level, double mb, gboolean is_lower_bound, gint64 now_us,
                    gint64 wall_us)
{
	level->known = TRUE;
	level->is_lower_bound = is_lower_bound;
	level->mb = mb;
	level->time_us = now_us;
	level->wall_us = wall_us;
	level->seq++;
	if (!isnan(mb) && (!level->has_peak || mb > level->peak_mb)) {
		level->has_peak = TRUE;
		level->peak_mb = mb;
		level->peak_wall_us = wall_us;
	}
}

void heap_level_reset_peak(HeapLevel *level, gint64 wall_us)
{
	level->has_peak = level->known && !isnan(level->mb);
	level->peak_mb = level->mb;
	level->peak_wall_us = wall_us;
	level->seq++;
}

gboolean heap_level_fresh(const HeapLevel *level, gint64 now_us, gint64 age_us)
{
	return level->known && !isnan(level->mb) && now_us - level->time_us <= age_us;
}
