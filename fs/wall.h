#pragma once
/*
 * The wall between the halves, closed once both are up. Each half is left with the system calls that it needs:
 * a filter of the kernel's (seccomp), made by libseccomp from the tables in wall.c. The broker keeps the
 * capabilities of a list; the front has none before that (privileges.h).
 *
 * Another call kills the front, and the broker ends with it; in the broker and its helpers, where name services
 * run code of others, it fails with ENOSYS. A filter is inherited, and only ever gets narrower.
 */
#include <glib.h>
#include "fs/broker/records.h"

/* Not with AddressSanitizer: it looks for leaks by tracing, and starts programs for its reports. */
#if defined(__has_feature)
#define WALL_IS_FULL !__has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define WALL_IS_FULL 0
#else
#define WALL_IS_FULL 1
#endif

/* Before anything is mounted: whether this kernel has what the wall (unless without_filter) and the broker's
 * way of opening paths are made of. 0, or -EOPNOTSUPP and a sentence. */
int wall_check(gboolean without_filter, char **ret_why);

/* All threads that there are, and those that come. 0 or negative errno. */
int wall_close_front(void);

/* As a plain user without a filter: it would take the set-uid bit from fusermount3, which unmounts. 0 or negative
 * errno. */
int wall_close_broker(gboolean root_mode, gboolean without_filter);

/* What is in force for this process: rights as the kernel tells them, and whether it closed its wall. */
void wall_read(RecordWall *ret);
