#pragma once
/*
 * What /proc says of a target, for asks of the front. Nothing is sent to the target and none of its
 * requests is waited for, so these are answered in every state: stopped, dumping, a request unanswered.
 * Before each the pinned process is checked; one that is gone is -ESRCH, one that changed its uids ends.
 *
 * RSS and threads are a read of /proc/PID/status, which takes no lock that a target can hold, and is done in
 * the broker. So is the number of descriptors from Linux 6.2 on, where it is the size of the directory (bits
 * of a table are counted). Before that a helper walks the directory: 100,000 entries take tens of
 * milliseconds. One at a time a target and 2 s at most; when it comes to nothing, the others are
 * answered with RECORD_PROC_UNKNOWN in its place.
 *
 * The limit of the heap is always a helper's (act_limit): environ and cmdline wait for the target's address
 * space, the runtimeconfig is on a file system of the target's.
 */
#include "fs/broker/target.h"

void proc_ask(Target *target, uint64_t ask);

/* major: of the runtime, 0 unknown. */
void proc_ask_limit(Target *target, uint64_t ask, unsigned major);

/* What the broker itself can read: 0; 1 when fds has to be counted (RECORD_PROC_UNKNOWN); or negative errno. */
int proc_read(int procfd, RecordProc *ret);
