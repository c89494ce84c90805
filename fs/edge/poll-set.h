#pragma once
/*
 * The open files on which somebody waits in poll(), by the process that can wake them (0: the
 * daemon).
 *
 * The kernel sends a handle with each POLL. A file keeps the last one; what it replaces is
 * destroyed. A wake notifies each file once whose sequence number moved since it was armed, or
 * whose process is gone, and disarms it; the kernel then asks again. Notifying takes no inode's
 * lock, so that it may be done between and inside requests, but for POLL itself.
 */
#include <glib.h>
#include "fs/edge/open-file.h"
#include "fs/tree/tree.h"

typedef struct PollSet PollSet;

PollSet *poll_set_new(Tree *tree);
/* Disarms all without notifying. */
void poll_set_free(PollSet *set);

/* Takes handle. */
void poll_set_arm(PollSet *set, OpenFile *file, struct fuse_pollhandle *handle);
void poll_set_disarm(PollSet *set, OpenFile *file);
/* Something about the process (0: the daemon) is new. */
void poll_set_wake(PollSet *set, guint64 serial);
guint poll_set_armed(const PollSet *set);
