#pragma once
/*
 * The network namespaces that processes are in, our own first, and their tables of sockets: each is read once a
 * second, every five where reading takes long. At a hint, too, but never so often that reading costs more than a
 * tenth of a core: anybody can give hints.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
	uint64_t inode;
	pid_t member;   /* 0 for our own */
	gint64 next_us; /* not before, monotonic */
	gint64 hint_us; /* not before at a hint */
	gboolean seen;
} NetSpace;

typedef struct NetSpaces NetSpaces;

NetSpaces *net_spaces_new(void);
void net_spaces_free(NetSpaces *spaces);

/* Lists them again when that was long ago; one that has no member any more is lost. */
typedef void (*NetSpaceLost)(uint64_t inode, void *data);
void net_spaces_refresh(NetSpaces *spaces, gint64 now_us, NetSpaceLost lost, void *data);

unsigned net_spaces_n(const NetSpaces *spaces);
NetSpace *net_spaces_at(NetSpaces *spaces, unsigned i);
/* NULL when there is none */
const NetSpace *net_spaces_find(NetSpaces *spaces, uint64_t inode);

/* The whole text of its table; FALSE when it could not be read to its end. */
gboolean net_space_read(const NetSpace *space, GString *text);

/* A pass over it began then, and took so much of our processor. */
void net_space_passed(NetSpace *space, gint64 began_us, gint64 cpu_us);
