#pragma once
/*
 * What a file or directory of the tree is: a Node is an inode number that was looked up, a NodeType
 * says what can be done with it, a NodeRow is a line in a table of files.
 *
 * A Node lives on the stack for the length of one request and owns nothing; it is looked up anew
 * for each (tree_resolve), so that nobody holds on to a process that is gone. What an open
 * descriptor keeps between requests is its OpenNode.
 *
 * Nothing here knows libfuse. Operations return 0 or a negative errno, or NODE_WAIT (below).
 */
#include <glib.h>
#include <sys/stat.h>
#include "fs/model/model.h"
#include "fs/model/value.h"
#include "fs/tree/ino.h"

typedef struct Tree Tree;
typedef struct NodeType NodeType;
typedef struct NodeRow NodeRow;
typedef struct NodeWait NodeWait;
typedef struct SharedText SharedText;

enum {
	NODE_WAIT = 1,           /* the answer comes later, through NodeWait.done */
	NODE_NAME_MAX = 255,     /* bytes of a name, as statfs says */
	NODE_COMMAND_MAX = 4096, /* bytes of one write to a control file */
};

/* Seconds: what never changes under a number, and what may be one sample old. The timeout of
 * attributes is 0 only where not all are shown the same (access.h): the kernel then asks anew for each check of a
 * permission. */
#define NODE_TIMEOUT_LONG  3600.0
#define NODE_TIMEOUT_VALUE 1.0

typedef struct {
	Tree *tree;
	guint64 ino;
	const NodeType *type;
	const NodeRow *row; /* NULL for what has no row: root, process, counter, meter, dump ... */
	Process *process;   /* NULL for what belongs to no process */
	const Dump *dump;   /* of INO_DUMP */
	guint item;         /* the row of ino: number of a counter ..., RecordPart of a dump */
} Node;

typedef struct {
	guint64 cookie; /* above 2; grows along the directory and stays with the entry for ever */
	guint64 ino;
	mode_t format; /* S_IFDIR or S_IFREG */
	char name[NODE_NAME_MAX + 1];
} NodeEntry;

/* What an open descriptor keeps. `text` is the snapshot that READs are served from. */
typedef struct {
	guint64 ino;
	int flags;     /* of the request that is being served: O_NONBLOCK may change */
	int fd;        /* a sealed dump's, else -1; closed with the descriptor */
	gint64 size;   /* of that dump, which never changes: a file that is shorter is an error */
	GString *text; /* NULL before the first read */
	SharedText *shared; /* whose text it is (shared-file.h); NULL: this descriptor's */
	gint64 text_from;   /* the offset in the file at which text begins */
	gint64 skipped;     /* of stream.csv: bytes that went before they were read (value-log.h) */
	uid_t reader;       /* who was allowed to read last, when text is there */
	guint64 seen;       /* sequence number at the last read at offset 0; 0 before */
} OpenNode;

/*
 * A request that may have to wait, owned by the caller of the operation. An operation that returns
 * NODE_WAIT has set `cancel`, `deadline_us` and `deadline_error` and calls done() exactly once
 * later, never before it returned. The caller gives up (deadline, interrupt, end) by calling
 * cancel() once; done() is not called after that. `open` and the buffers in it stay alive until
 * either was called.
 */
struct NodeWait {
	void (*done)(NodeWait *wait, int error); /* set by the caller */

	void (*cancel)(NodeWait *wait);
	gint64 deadline_us; /* monotonic */
	int deadline_error; /* negative errno */

	/* The operation's own. */
	Tree *tree;
	OpenNode *open;
	ModelAct *act;
	GList link;
};

struct NodeType {
	mode_t format;
	/*
	 * Seconds the kernel may keep the name and the attributes: chosen so that nothing ever
	 * needs to be invalidated. Names below a process are kept long, because each walk passes
	 * the process's directory, which is asked for every time.
	 */
	double entry_timeout;
	double attr_timeout;

	/* All optional; tree.c has the errno for each that is not there. */
	/* Adds to what all nodes have: no size, the owner of the process or the mounter. */
	void (*stat)(const Node *node, struct stat *st);
	int (*lookup)(const Node *dir, const char *name, Node *ret);
	/* The entry with the smallest cookie above `after`: TRUE, FALSE at the end. */
	gboolean (*next)(const Node *dir, guint64 after, NodeEntry *ret);
	int (*open)(const Node *node, OpenNode *open, NodeWait *wait);
	/* A descriptor that `open` succeeded for is closed. Not called once the node is gone. */
	void (*release)(const Node *node, OpenNode *open);
	/* Sees to it that open->text holds what there is at `offset`. */
	int (*read)(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait);
	int (*write)(const Node *node, const char *data, gsize len, NodeWait *wait);
	int (*truncate)(const Node *node);
	/* The whole text, appended: 0 or a negative errno (-ENODATA: no sample yet). */
	int (*render)(const Node *node, GString *text);
	/* Grows when there is something new to read, 0 while there is not: for poll(). */
	guint64 (*sequence)(const Node *node);
	/* Of a file that holds a value: which; extended attributes tell what it is. */
	void (*value)(const Node *node, Value *ret);
	int (*unlink)(const Node *dir, const char *name, NodeWait *wait);
};

/* What wakes poll() on a file, and what its mtime tells. */
typedef enum {
	NODE_WAKE_NONE,   /* always ready; mtime: start of the process, or of the daemon */
	NODE_WAKE_SAMPLE, /* a new level of the heap */
	NODE_WAKE_VALUES, /* a new sample of any value */
	NODE_WAKE_STATE,  /* a change of the process's state; at the root, of any process's */
	NODE_WAKE_IDLE,   /* the same, but never ready while a dump is queued or running */
	NODE_WAKE_LOG,    /* a line in the event log */
} NodeWake;

/*
 * A line in a table of files: one row adds a file. A text has one of the two renders
 * (fs/model/render.h) and a control file `apply` too, which takes one write and is 0, a negative
 * errno or NODE_WAIT.
 */
struct NodeRow {
	const char *name;
	mode_t mode; /* permission bits, without a group's */
	const NodeType *type;
	int (*render)(Model *model, Process *process, GString *text);
	int (*render_root)(Model *model, GString *text);
	int (*apply)(const Node *node, const char *data, gsize len, NodeWait *wait);
	gint64 (*written_us)(const Process *process); /* last accepted write, wall clock; 0 never */
	NodeWake wake;
};

/* The mtime, and the times that are kept like it. */
static inline void node_set_mtime(struct stat *st, gint64 wall_us)
{
	st->st_mtim.tv_sec = wall_us / G_USEC_PER_SEC;
	st->st_mtim.tv_nsec = wall_us % G_USEC_PER_SEC * 1000;
	st->st_ctim = st->st_mtim;
	st->st_atim = st->st_mtim;
}

/* Sets the common fields of a node that stands in the same tree as `from`. */
static inline Node node_make(const Node *from, guint64 ino, const NodeType *type)
{
	return (Node){ .tree = from->tree, .ino = ino, .type = type, .process = from->process };
}
