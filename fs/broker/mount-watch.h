#pragma once
/* Whether our mount is still there: the kernel marks /proc/self/mountinfo when the table changes. */
#include <glib.h>

typedef struct MountWatch MountWatch;

/* gone: called once, when the mount of that id is no more and mount_watch_detach() was not called. */
MountWatch *mount_watch_new(const char *mountpoint, guint64 id, gboolean as_root,
                            void (*gone)(void *data), void *data);
void mount_watch_free(MountWatch *watch);
gboolean mount_watch_present(const MountWatch *watch);
/* Takes it away, whoever has files open, when it is still ours. */
void mount_watch_detach(MountWatch *watch);
