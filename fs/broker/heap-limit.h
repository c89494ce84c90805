#pragma once
/*
 * The limit that a .NET runtime sets to its heap, worked out from what a helper has read of the process
 * (act-limit.c). Pure; texts of the target are hostile. The order, measured on 3.1 to 11:
 *
 *	1. GCHeapHardLimitSOH, LOH, POH: their sum; else the ...Percent of them: their sum (not on 3.1)
 *	2. GCHeapHardLimit, also when it is larger than the memory
 *	3. GCHeapHardLimitPercent from 1 to 99 of the memory
 *	4. max(20 MiB, 75 %) of the memory, when a cgroup or GCTotalPhysicalMemory limits it
 *
 * The memory is that of the machine, or what limits it: the process's own cgroup on 3.1 and 8, the smallest
 * limit along the hierarchy from 9 on. A setting is looked for in the environment (hexadecimal; DOTNET_
 * before COMPlus_, on 3.1 COMPlus_ alone), then in the runtimeconfig; an empty variable is none, one that
 * is 0 or no number hides the runtimeconfig's (not on 3.1).
 */
#include <glib.h>
#include <stdint.h>

#define HEAP_LIMIT_NONE UINT64_MAX

typedef struct {
	unsigned major; /* of the runtime; 0: unknown, and answered when all versions agree */
	const char *environment; /* KEY=VALUE, NUL-ended */
	size_t environment_len;
	const char *config; /* text of the runtimeconfig; NULL: it could not be read */
	size_t config_len;
	const char *config_lack; /* why not */
	/* Bytes or HEAP_LIMIT_NONE, unless cgroup_lack says why that cannot be told. */
	uint64_t cgroup_own, cgroup_smallest;
	const char *cgroup_lack;
	uint64_t address_space; /* RLIMIT_AS of the process, or HEAP_LIMIT_NONE */
	uint64_t physical;      /* memory of the machine */
} HeapLimitFacts;

/*
 * 0 with bytes > 0 and where they come from ("75 % of cgroup 1073741824"), or -EOPNOTSUPP and a sentence that
 * begins with "no limit: " or "unknown: ". Without a runtimeconfig the answer is unknown, unless the
 * environment decides; the source then says so when the runtimeconfig could overrule it.
 */
int heap_limit_find(const HeapLimitFacts *facts, uint64_t *ret_bytes, char *ret_text, size_t size);
