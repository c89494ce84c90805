#pragma once
/*
 * The limits of dumps (dump-limits.h) as things are: what the store holds, and the jobs that write. Each
 * gives 0, or -ENOSPC and *ret_text = a sentence (to be freed).
 */
#include "fs/broker/dump-job.h"

/* Whether a dump of that target which may need so many bytes could begin now. `without` is a job that is
 * not to be counted, or NULL. */
int dump_space_before(const Target *target, uint64_t expected, const DumpJob *without,
                      char **ret_text);
/* Whether what a job writes, as it was measured last, is within the limits. */
int dump_space_during(const DumpJob *job, char **ret_text);
