#pragma once
/*
 * /proc/self/mountinfo, the only way in which we look at our own mountpoint: a stat of it could wait for a
 * dead or hung server.
 */
#include <glib.h>

#define MOUNT_TABLE_TYPE "fuse.triggerdumpfs"

typedef struct {
	guint64 id;
	guint major, minor;
	gboolean is_ours; /* of our type */
} MountEntry;

/* A line, which is written to; *ret_path is in it. FALSE when it is none. */
gboolean mount_table_parse(char *line, MountEntry *ret, char **ret_path);

/* The uppermost mount at exactly that absolute path. 0, -ENOENT, or why the table cannot be read. */
int mount_table_find(const char *path, MountEntry *ret);

/* Whether a mount of that id is there. TRUE when the table cannot be read. */
gboolean mount_table_has(guint64 id);

/* Detaches what is at path, open files or not; as a plain user through fusermount3. 0 or negative errno. */
int mount_table_detach(const char *path, gboolean as_root);
