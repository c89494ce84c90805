#pragma once
/*
 * The one table of operations that libfuse calls. Each looks its inode up in the tree, asks for
 * what is wanted for the caller's uid and answers; errno for the caller is decided in fs/tree. Only OPEN, READ, WRITE
 * and UNLINK may wait. What is not in the table libfuse answers itself: locks stay the kernel's
 * business, FLUSH is switched off by the first ENOSYS, FORGET has nothing to forget.
 */
#include <fuse_lowlevel.h>
#include "fs/edge/dump-read.h"
#include "fs/edge/open-file.h"
#include "fs/edge/poll-set.h"
#include "fs/edge/reply.h"
#include "fs/tree/tree.h"

/* The session's user data. Owned by edge.c. */
typedef struct {
	Tree *tree;
	Replies *replies;
	OpenFiles *files;
	PollSet *polls;
	DumpReader *reader;
	gboolean initialised; /* INIT came; its answer is out when the request was processed */
} FuseContext;

extern const struct fuse_lowlevel_ops fuse_ops;
