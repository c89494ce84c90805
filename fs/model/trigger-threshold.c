/* The kind "heap >= N": the level of the managed heap against a fixed number of MB. */
#include "fs/model/number.h"
#include "fs/model/trigger.h"

static gboolean threshold_holds(const Trigger *trigger, const HeapLevel *level)
{
	/* A comparison with NaN is false. */
	return level->known && level->mb >= trigger->limit_mb;
}

static void threshold_describe(const Trigger *trigger, GString *out)
{
	g_string_append(out, "heap >= ");
	number_append(out, trigger->limit_mb);
}

const TriggerKind trigger_threshold = {
	.name = "threshold",
	.holds = threshold_holds,
	.describe = threshold_describe,
};
