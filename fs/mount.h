#pragma once
/*
 * Mounting, which the first process does before it forks: the mountpoint is looked at through mountinfo
 * and a helper alone, and what libfuse made is reduced to one descriptor, so that nothing in the
 * front can unmount.
 */
#include <glib.h>
#include "fs/options.h"

typedef struct {
	char *path;    /* of the mountpoint: absolute, its parent resolved */
	int fd;        /* /dev/fuse of our mount */
	guint64 id;    /* of the mount, from mountinfo */
	gboolean made; /* the directory, by mount_prepare() */
} Mount;

/*
 * Resolves the parent of the mountpoint, makes the mountpoint when only that is missing, and replaces a
 * dead mount of our own. One that answers has two seconds to die: its daemon may have been killed just now.
 * 0, or negative errno and a sentence.
 */
int mount_prepare(const char *mountpoint, Mount *ret, char **ret_why);

/* Mounts; options->fuse has what goes to libfuse. 0, or negative errno and a sentence. */
int mount_do(Mount *mount, Options *options, char **ret_why);

/* The start failed after all: removes the directory if it was made. Nothing is mounted there any more. */
void mount_undo(const Mount *mount);
void mount_clear(Mount *mount);
