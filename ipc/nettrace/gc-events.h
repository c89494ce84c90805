#pragma once
/*
 * The runtime's own GC events (provider Microsoft-Windows-DotNETRuntime, keyword 0x1), as far as a
 * running estimate of the managed heap needs them. Payloads checked against 3.1 to 11, NativeAOT too;
 * their order at the end of a collection is: HISTORY of each heap, END, STATS, all on one thread.
 *
 *   1  START     u32 count, u32 generation, ...
 *   2  END       u32 count, u32 generation, u16
 *   4  STATS     u64 (size, promoted) of gen0, gen1, gen2, LOH, u64 x 2, u32 x 3, u16;
 *                from 5 on: u64 (size, promoted) of POH
 *   10 TICK      level 5: u32 amount, u32 kind, u16, from v2: u64 amount, ptr type, utf16z name,
 *                u32 heap, ... one per 100 kB of a thread's allocations
 *   204 HISTORY  u16, ptr x 6, u32 x 6 (the last: heap), ptr, u32 n, n x ptr x 10:
 *                size, free list, free objects before; size, free list, free objects after; ...
 *
 * ptr is of the target's pointer size. Nothing is allocated; a payload that is too short is refused.
 */
#include "ipc/nettrace/decoder.h"

#define GC_EVENTS_PROVIDER "Microsoft-Windows-DotNETRuntime"

typedef enum {
	GC_EVENT_START,
	GC_EVENT_END,
	GC_EVENT_STATS,
	GC_EVENT_TICK,
	GC_EVENT_HISTORY,
} GcEventKind;

typedef struct {
	GcEventKind kind;
	uint64_t bytes; /* STATS: sum of the generations, free space in them too; TICK: allocated;
			 * HISTORY: what is alive in this heap, free space taken off */
	uint64_t free;  /* HISTORY: free space in it */
	uint64_t young; /* HISTORY: of that, what is on the free list of generation 0 */
	uint32_t count; /* START, END: number of the collection */
	uint32_t heap;  /* HISTORY */
} GcEvent;

enum {
	GC_EVENT_GENERATIONS_MAX = 16
}; /* in a HISTORY; runtimes have 4 or 5 */

/* 1 and *ret; 0 for any other event; -EPROTO for one of these whose payload is too short or has more
 * generations than the cap. The provider is not looked at: that is the caller's to match. Sums of
 * bytes are as the target says and may be anything. */
int gc_event_parse(const NettraceEvent *event, GcEvent *ret);
