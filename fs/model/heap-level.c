/* The heap's level, from samples alone. */
#include "fs/model/heap-level.h"
#include <math.h>

void heap_level_sample(HeapLevel *level, double mb, gint64 now_us, gint64 wall_us)
{
	level->known = TRUE;
	level->mb = mb;
	level->time_us = now_us;
	level->wall_us = wall_us;
	level->seq++;
}

gboolean heap_level_fresh(const HeapLevel *level, gint64 now_us, gint64 age_us)
{
	return level->known && !isnan(level->mb) && now_us - level->time_us <= age_us;
}
