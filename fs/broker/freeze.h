#pragma once
/*
 * How long a target stood still under createdump: its TracerPid is looked at every FREEZE_TICK_MS, so that
 * begin and end are known to that precision. Several times in one dump add up.
 */
#include <glib.h>
#include "fs/broker/identity.h"

enum {
	FREEZE_TICK_MS = 20
};

typedef struct {
	const Identity *identity;
	guint timer;
	gint64 since_us; /* monotonic: it is frozen since then; 0 it is not */
	gint64 total_us; /* of the times that are over */
	int64_t at_us;   /* wall clock of the first; 0: none was seen */
} Freeze;

/* Begins to look. The identity outlives it, or freeze_end() comes first. */
void freeze_begin(Freeze *freeze, const Identity *identity);
/* Looks once more, and no longer; may be called twice. */
void freeze_end(Freeze *freeze);
/* Microseconds, -1 when it was never seen frozen. */
int64_t freeze_total_us(const Freeze *freeze);
