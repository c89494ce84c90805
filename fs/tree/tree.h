#pragma once
/*
 * The tree of files over the model: what an inode number is, and every operation on it, in terms
 * that know no FUSE. Main thread only; all is answered from memory, but for what says NODE_WAIT
 * (node.h).
 *
 * What is done for a caller takes his uid, `who`, and is refused where access.h does not allow it: EACCES, or ENOENT
 * for what is hidden from him.
 *
 * Errors: ENOENT for a name or number that is not there, also below a process that is gone; ESRCH
 * for open, read and write of a file of such a process; ENOTDIR, EISDIR, EACCES, EPERM where a node
 * cannot do what is asked; else what the model said.
 */
#include "fs/tree/node.h"

typedef struct {
	struct stat st;       /* st_ino is set */
	double entry_timeout; /* seconds */
	double attr_timeout;
} TreeAttr;

/* What waits in poll() on files of this process (0: of the daemon) should be looked at. */
typedef void (*TreeChanged)(guint64 serial, void *data);

/* The model must outlive the tree. */
Tree *tree_new(Model *model, TreeChanged changed, void *data);
/* Nothing may wait any more, and no descriptor may be left. NULL is allowed. */
void tree_free(Tree *tree);
Model *tree_model(const Tree *tree);

/* 0 or -ENOENT. *ret is good until the model changes. */
int tree_resolve(Tree *tree, guint64 ino, Node *ret);

/* 0, or why he may not do it now (access.h). For what was allowed before and comes to its end. */
int tree_check(Tree *tree, uid_t who, guint64 ino, unsigned wanted);
int tree_lookup(Tree *tree, uid_t who, guint64 parent, const char *name, TreeAttr *ret);
int tree_attr(Tree *tree, uid_t who, guint64 ino, TreeAttr *ret);
/*
 * The entry of a directory with the smallest cookie above `after` ("." is 1, ".." is 2): 1, 0 at
 * the end, or a negative errno. What is added or removed meanwhile neither skips nor repeats
 * another.
 */
int tree_next(Tree *tree, uid_t who, guint64 dir, guint64 after, NodeEntry *ret);

/* open->ino and open->flags are set. On success of a sealed file open->fd is set. */
int tree_open(Tree *tree, uid_t who, OpenNode *open, NodeWait *wait);
/* What tree_open() succeeded for is closed. */
void tree_release(Tree *tree, OpenNode *open);
/* On success open->text holds what there is at `offset`: less than size bytes at the end. */
int tree_read(Tree *tree, uid_t who, OpenNode *open, gint64 offset, gsize size, NodeWait *wait);
int tree_write(Tree *tree, uid_t who, guint64 ino, const char *data, gsize len, NodeWait *wait);
int tree_truncate(Tree *tree, uid_t who, guint64 ino);
int tree_unlink(Tree *tree, uid_t who, guint64 parent, const char *name, NodeWait *wait);

/* Extended attributes (value-attr.h), appended. -ENODATA for a name that the node has not; the list of
 * one without any is empty. Answered from memory. */
int tree_get_xattr(Tree *tree, uid_t who, guint64 ino, const char *name, GString *out);
int tree_list_xattr(Tree *tree, uid_t who, guint64 ino, GString *out);

/* poll(2)'s events as they are now, for this descriptor. */
unsigned tree_poll(Tree *tree, const OpenNode *open);
/* Whether a poll() on it can be woken. */
gboolean tree_can_wake(Tree *tree, guint64 ino);
/* NodeType.sequence; 0 for what has none. */
guint64 tree_sequence(Tree *tree, guint64 ino);
/* The serial that TreeChanged is called with for this file. */
guint64 tree_wake_serial(guint64 ino);

/*
 * For a READ before the first sample: registers wait, which sees the text of the node rendered
 * again after each change of its process. NODE_WAIT, or -ENODATA or -EAGAIN when it may not wait.
 */
int tree_wait_sample(const Node *node, OpenNode *open, NodeWait *wait);

/* Where the newest text of a row of the root is kept while a descriptor has it (shared-file.c). */
SharedText **tree_shared_text(Tree *tree, const NodeRow *row);

/* What the root's `status` changed with last: a sequence number and the wall clock. */
guint64 tree_state_seq(const Tree *tree);
gint64 tree_state_us(const Tree *tree);
