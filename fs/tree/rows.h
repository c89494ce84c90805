#pragma once
/* Directories that are tables of files, or begin with one. */
#include "fs/tree/node.h"

enum {
	ROWS_FIRST_COOKIE = 3, /* row n has the cookie n + 3 */
	ROWS_END =
		1 << INO_ROW_BITS, /* cookies above it are free for what comes behind the table */
};

/* 0 or -ENOENT. ret->ino holds the number of a row. */
int rows_resolve(const NodeRow *rows, unsigned n, Node *ret);
/* Row 0 of the table is `first`'s number. 0 or -ENOENT. */
int rows_lookup(const NodeRow *rows, unsigned n, guint64 first, const Node *dir, const char *name,
                Node *ret);
gboolean rows_next(const NodeRow *rows, unsigned n, guint64 first, guint64 after, NodeEntry *ret);
