#pragma once
/*
 * Whether the caller of a request may do it, looked at by this program too, beyond the kernel's default_permissions:
 * what the kernel decided a moment ago may have been decided for another owner, and a descriptor may be older than
 * the owner (a process that made itself undumpable, security's E3).
 *
 * Root may everything. Where a mode has group bits the kernel has looked whether they are the caller's group: who is in
 * a group is not known here.
 */
#include <fuse_lowlevel.h>
#include "fs/tree/tree.h"

enum {
	CALLER_SEARCH = 1,
	CALLER_WRITE = 2,
	CALLER_READ = 4,
};

/*
 * What `uid` wants of that inode, bits CALLER_*; 0: to see its attributes, which below a process is its owner's right
 * alone. 0, -EACCES, or -ENOENT for what is hidden from that user (-o hide=others). An inode that is not there is
 * the operation's to complain of: 0.
 */
int caller_may(Tree *tree, uid_t uid, guint64 ino, unsigned wanted);

/* Likewise: to remove that name, which where the directory is sticky is right of the owner of either. */
int caller_may_unlink(Tree *tree, uid_t uid, guint64 parent, const char *name);

/* Whether an entry of a directory is hidden from `uid`. Cheap where nothing is hidden. */
gboolean caller_is_blind(Tree *tree, uid_t uid, guint64 ino);
