#pragma once
/*
 * What stands behind a file handle: the tree's OpenNode and at most one poll handle. Handles are
 * numbers in a table, not pointers, so that one which nobody knows is an error and not a crash.
 *
 * The reference count is atomic, because a read of a dump holds one while it runs in the pool; all
 * else belongs to the main thread.
 */
#include <glib.h>
#include <fuse_lowlevel.h>
#include "fs/tree/node.h"

typedef struct {
	OpenNode node;
	uid_t opener;
	guint64 handle;               /* what fi->fh holds; 0 before it is in the table */
	struct fuse_pollhandle *poll; /* armed, owned; poll-set.h */
	guint64 poll_sequence;        /* the file's sequence number when it was armed */
	GList poll_link;
} OpenFile;

OpenFile *open_file_new(guint64 ino, int flags);
OpenFile *open_file_ref(OpenFile *file);
/* The last one closes its descriptor; no poll handle may be left. */
void open_file_unref(OpenFile *file);

/*
 * How many may be open: a handle costs memory (that of an environment 4 MiB), one of a dump a descriptor, and one user
 * must not use up what the others need. Root and the one who mounted have no limit but that of descriptors.
 */
enum {
	OPEN_FILES_USER_MAX = 256,
	OPEN_FILES_USERS_MAX = 4096, /* of all users but these */
	OPEN_FILES_FDS_MAX =
		1024, /* handles with a descriptor, of all; or an eighth of what we may have */
};

typedef struct OpenFiles OpenFiles;

OpenFiles *open_files_new(void);
/* What got no RELEASE is let go too. */
void open_files_free(OpenFiles *files);

/* Whether that user may have one more. */
gboolean open_files_have_room(const OpenFiles *files, uid_t uid, uid_t mounter);

/* Takes a reference of its own and gives the file its handle. */
void open_files_add(OpenFiles *files, OpenFile *file);
/* NULL for a handle that was not given out, or that belongs to another inode. */
OpenFile *open_files_get(const OpenFiles *files, guint64 handle, guint64 ino);
void open_files_remove(OpenFiles *files, OpenFile *file);
guint open_files_count(const OpenFiles *files);
