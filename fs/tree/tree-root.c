/* The root: a table of files, then the directories of all processes in order of serials. */
#include "fs/tree/tree-kinds.h"

#include <errno.h>

#include "fs/model/render.h"
#include "fs/tree/log-file.h"
#include "fs/tree/rows.h"
#include "fs/tree/shared-file.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

enum {
	ROOT_ROW = 1
};

static const NodeRow root_rows[] = {
	{ "README", 0444, &text_file, .render_root = render_readme },
	{ "processes", 0400, &text_file, .render_root = render_processes, .wake = NODE_WAKE_STATE },
	{ "top", 0400, &text_file, .render_root = render_top },
	{ "status", 0400, &text_file, .render_root = render_root_status, .wake = NODE_WAKE_STATE },
	{ "events", 0400, &log_file, .wake = NODE_WAKE_LOG },
	{ "metrics", 0400, &shared_file, .render_root = render_metrics },
	{ "openmetrics", 0400, &shared_file, .render_root = render_openmetrics },
	{ "dumps", 01733, &tree_root_dumps_dir },
};

const NodeRow *tree_root_rows(unsigned *n)
{
	*n = G_N_ELEMENTS(root_rows);
	return root_rows;
}

/* The number in a directory's name as it is listed: digits without leading zeros; 0 for no such. */
static pid_t parse_pid(const char *name)
{
	guint64 pid = 0;

	if (name[0] == '0')
		return 0;
	for (const char *p = name; *p != '\0'; p++) {
		if (!g_ascii_isdigit(*p) || pid > G_MAXINT / 10)
			return 0;
		pid = pid * 10 + (guint64)(*p - '0');
	}
	return pid <= G_MAXINT ? (pid_t)pid : 0;
}

static int lookup(const Node *dir, const char *name, Node *ret)
{
	const ProcessTable *table = model_processes(tree_model(dir->tree));
	pid_t pid = parse_pid(name);
	Process *process;

	if (pid == 0)
		return rows_lookup(root_rows, G_N_ELEMENTS(root_rows),
		                   ino_make(INO_ROOT, 0, INO_FIRST_ROW), dir, name, ret);
	process = process_table_find_pid(table, pid);
	if (process == NULL)
		return -ENOENT;
	tree_process_node(dir, process, ret);
	return 0;
}

static gboolean next(const Node *dir, guint64 after, NodeEntry *ret)
{
	const ProcessTable *table = model_processes(tree_model(dir->tree));
	guint64 serial = after > ROWS_END ? after - ROWS_END : 0;
	Process *process;

	if (rows_next(root_rows, G_N_ELEMENTS(root_rows), ino_make(INO_ROOT, 0, INO_FIRST_ROW),
	              after, ret))
		return TRUE;
	/* Of two with one pid, the newer has the name. */
	do {
		process = process_table_next(table, serial);
		if (process == NULL)
			return FALSE;
		serial = process->serial;
	} while (process_table_find_pid(table, process->found.pid) != process);
	ret->cookie = ROWS_END + serial;
	ret->ino = ino_make(INO_PROCESS, serial, 0);
	ret->format = S_IFDIR;
	g_snprintf(ret->name, sizeof(ret->name), "%d", (int)process->found.pid);
	return TRUE;
}

static void stat_root(const Node *node, struct stat *st)
{
	st->st_mode |= 0555;
}

static const NodeType root_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_LONG,
	.stat = stat_root,
	.lookup = lookup,
	.next = next,
};

int tree_root_resolve(Node *ret)
{
	if (ino_serial(ret->ino) != 0)
		return -ENOENT;
	if (ino_row(ret->ino) == ROOT_ROW) {
		ret->type = &root_dir;
		return 0;
	}
	return rows_resolve(root_rows, G_N_ELEMENTS(root_rows), ret);
}
