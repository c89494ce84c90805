#pragma once
/*
 * Leaves: the directories below DIR/work in which createdumps write. A leaf is the target's while it is written to, and
 * a hostile target may fill it with what it likes: any number of files, directories in directories, modes and sticky
 * bits. So what is dropped becomes ours first (nobody puts anything into it any more), is renamed, and is removed a
 * bounded number of entries a time.
 */
#include <glib.h>
#include <sys/types.h>

enum {
	STORE_LEAF_NAME_MAX = 33,
	STORE_LEAF_STEP = 2000, /* entries: some tens of milliseconds */
};

/* A fresh one of a random name; as root it belongs to uid and gid. Its descriptor, or negative errno. */
int store_leaf_make(int work, gboolean root_mode, uid_t uid, gid_t gid,
                    char name[STORE_LEAF_NAME_MAX]);

/* Not wanted any more: store_leaf_clean() removes it. 0, or negative errno: to be tried again. */
int store_leaf_drop(int work, gboolean root_mode, const char *name);
/* The same of all that there is. */
void store_leaf_drop_all(int work, gboolean root_mode);

/* Removes at most so many entries of what was dropped. TRUE when all of it is gone. */
gboolean store_leaf_clean(int work, gboolean root_mode, unsigned budget);
