/* See freeze.h. */
#include "fs/broker/freeze.h"
#include "fs/util.h"

static void look(Freeze *freeze)
{
	gboolean traced = identity_tracer(freeze->identity) != 0;
	gint64 now = g_get_monotonic_time();

	if (traced && !freeze->since_us) {
		freeze->since_us = now;
		if (!freeze->at_us)
			freeze->at_us = util_real_us();
	} else if (!traced && freeze->since_us) {
		freeze->total_us += now - freeze->since_us;
		freeze->since_us = 0;
	}
}

static gboolean on_tick(gpointer data)
{
	look(data);
	return G_SOURCE_CONTINUE;
}

void freeze_begin(Freeze *freeze, const Identity *identity)
{
	freeze->identity = identity;
	freeze->timer = g_timeout_add(FREEZE_TICK_MS, on_tick, freeze);
}

void freeze_end(Freeze *freeze)
{
	if (!freeze->timer)
		return;
	g_source_remove(freeze->timer);
	freeze->timer = 0;
	look(freeze);
	if (freeze->since_us)
		freeze->total_us += g_get_monotonic_time() - freeze->since_us;
	freeze->since_us = 0;
}

int64_t freeze_total_us(const Freeze *freeze)
{
	return freeze->at_us ? freeze->total_us : -1;
}
