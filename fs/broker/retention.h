#pragma once
/*
 * Which dumps go by themselves: of each user all but the newest `keep`, and what is older than max_age_us.
 * Both are off unless asked for; without them nothing is ever removed, and a full store refuses.
 */
#include "fs/broker/dump-limits.h"
#include "fs/broker/store.h"

/* The next one to go, the oldest of the user whose dumps take most, and *ret_reason = "keep" or "max_age";
 * NULL when none has to. */
const StoreDump *retention_next(const Store *store, const DumpLimits *limits, int64_t now_us,
                                const char **ret_reason);

/* Removes them one by one; `removed` is told of each, after it is gone. Stops at the first that cannot be. */
typedef void (*RetentionRemoved)(uint64_t serial, const char *reason, void *data);
void retention_apply(Store *store, const DumpLimits *limits, int64_t now_us,
                     RetentionRemoved removed, void *data);
