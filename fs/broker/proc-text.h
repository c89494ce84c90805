#pragma once
/*
 * Texts of /proc/PID that only the broker's helpers read; the others are in ipc/discovery.h and memory-cgroup.h.
 * The paths in them are the target's choice.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

/* Of /proc/PID/limits: the soft limit of "Max address space" in bytes, HEAP_LIMIT_NONE when there is none. */
uint64_t proc_text_address_space(const char *text);

/* Bytes read, 0 at the end, or negative. */
typedef ssize_t (*ProcTextRead)(char *buf, size_t size, void *data);

/*
 * Of /proc/PID/maps, in pieces as they come: the path of the first libcoreclr.so that is mapped, cut to size; ""
 * for none. A line that is longer than any path can make it is passed over.
 */
void proc_text_find_coreclr(ProcTextRead read, void *data, char *ret, size_t size);
