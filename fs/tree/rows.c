/* Lookup and listing over a table of rows. */
#include "fs/tree/rows.h"

#include <errno.h>
#include <string.h>

int rows_resolve(const NodeRow *rows, unsigned n, Node *ret)
{
	guint row = ino_row(ret->ino);

	if (row < INO_FIRST_ROW || row - INO_FIRST_ROW >= n)
		return -ENOENT;
	ret->row = &rows[row - INO_FIRST_ROW];
	ret->type = ret->row->type;
	return 0;
}

int rows_lookup(const NodeRow *rows, unsigned n, guint64 first, const Node *dir, const char *name,
                Node *ret)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*ret = node_make(dir, first + i, rows[i].type);
			ret->row = &rows[i];
			return 0;
		}
	}
	return -ENOENT;
}

gboolean rows_next(const NodeRow *rows, unsigned n, guint64 first, guint64 after, NodeEntry *ret)
{
	guint64 i = after < ROWS_FIRST_COOKIE ? 0 : after - ROWS_FIRST_COOKIE + 1;

	if (i >= n)
		return FALSE;
	ret->cookie = i + ROWS_FIRST_COOKIE;
	ret->ino = first + i;
	ret->format = rows[i].type->format;
	g_strlcpy(ret->name, rows[i].name, sizeof(ret->name));
	return TRUE;
}
