/* Two indices on the same processes. */
#include "fs/model/process-table.h"

struct ProcessTable {
	GTree *by_serial;   /* &process->serial -> Process; owns */
	GHashTable *by_pid; /* pid -> the newest Process */
};

static gint compare_serials(gconstpointer a, gconstpointer b, gpointer data)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

	return x < y ? -1 : x > y;
}

static void free_process(gpointer data)
{
	process_free(data);
}

ProcessTable *process_table_new(void)
{
	ProcessTable *table = g_new0(ProcessTable, 1);

	table->by_serial = g_tree_new_full(compare_serials, NULL, NULL, free_process);
	table->by_pid = g_hash_table_new(NULL, NULL);
	return table;
}

void process_table_free(ProcessTable *table)
{
	if (!table)
		return;
	g_hash_table_unref(table->by_pid);
	g_tree_unref(table->by_serial);
	g_free(table);
}

void process_table_add(ProcessTable *table, Process *process)
{
	Process *newest = process_table_find_pid(table, process->found.pid);

	g_tree_insert(table->by_serial, &process->serial, process);
	if (!newest || newest->serial < process->serial)
		g_hash_table_insert(table->by_pid, GINT_TO_POINTER(process->found.pid), process);
}

Process *process_table_steal(ProcessTable *table, guint64 serial)
{
	Process *process = process_table_find(table, serial);
	Process *newest = NULL;

	if (!process)
		return NULL;
	g_tree_steal(table->by_serial, &serial);
	if (process_table_find_pid(table, process->found.pid) != process)
		return process;
	for (Process *p = process_table_next(table, 0); p;
	     p = process_table_next(table, p->serial)) {
		if (p->found.pid == process->found.pid)
			newest = p;
	}
	if (newest)
		g_hash_table_insert(table->by_pid, GINT_TO_POINTER(newest->found.pid), newest);
	else
		g_hash_table_remove(table->by_pid, GINT_TO_POINTER(process->found.pid));
	return process;
}

Process *process_table_find(const ProcessTable *table, guint64 serial)
{
	return g_tree_lookup(table->by_serial, &serial);
}

Process *process_table_find_pid(const ProcessTable *table, pid_t pid)
{
	return g_hash_table_lookup(table->by_pid, GINT_TO_POINTER(pid));
}

Process *process_table_next(const ProcessTable *table, guint64 after)
{
	GTreeNode *node = g_tree_upper_bound(table->by_serial, &after);

	return node ? g_tree_node_value(node) : NULL;
}

unsigned process_table_n(const ProcessTable *table)
{
	return (unsigned)g_tree_nnodes(table->by_serial);
}
