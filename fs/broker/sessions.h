#pragma once
/*
 * The table of sessions: what an event session of each row contains. The front names a row, an interval and
 * providers of counters; keywords, levels, buffers and the runtime's own provider come from here.
 */
#include <glib.h>
#include "fs/broker/records.h"
#include "ipc/commands.h"

/*
 * payload: names, NUL-ended each, at most RECORD_NAMES_MAX; with values->meters "*" may be among them. values is
 * looked at in the rows of counters alone, and may be NULL. 0 or -EINVAL.
 * The interval is sent in whole seconds where it is one: the target parses it in its own culture.
 */
int session_build(RecordSession row, unsigned interval_ms, const RecordValues *values,
                  const char *payload, size_t len, unsigned version, IpcRequest *ret);
