/* Dumps by serial, in order. */
#include "fs/model/dump-list.h"
#include <string.h>
#include "ipc/commands.h"

struct DumpList {
	GTree *by_serial; /* &dump->serial -> Dump */
	gint64 changed_us;
};

static const char *const suffixes[RECORD_N_PARTS] = {
	[RECORD_PART_CORE] = "",
	[RECORD_PART_JSON] = ".json",
};

static const struct {
	guint32 type;
	const char *name;
} types[] = {
	{ IPC_DUMP_MINI, "mini" },
	{ IPC_DUMP_HEAP, "heap" },
	{ IPC_DUMP_TRIAGE, "triage" },
	{ IPC_DUMP_FULL, "full" },
};

static gint compare_serials(gconstpointer a, gconstpointer b, gpointer data)
{
	guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

	return x < y ? -1 : x > y;
}

static void dump_free(gpointer data)
{
	Dump *dump = data;

	g_free(dump->name);
	g_free(dump->name_pid);
	g_free(dump->path);
	g_free(dump);
}

DumpList *dump_list_new(void)
{
	DumpList *list = g_new0(DumpList, 1);

	list->by_serial = g_tree_new_full(compare_serials, NULL, NULL, dump_free);
	return list;
}

void dump_list_free(DumpList *list)
{
	if (!list)
		return;
	g_tree_unref(list->by_serial);
	g_free(list);
}

Dump *dump_list_put(DumpList *list, guint64 serial, const RecordSealed *info, const char *name,
                    const char *path)
{
	Dump *dump = g_tree_lookup(list->by_serial, &serial);

	if (!dump) {
		dump = g_new0(Dump, 1);
		dump->serial = serial;
		dump->name = g_strdup(name);
		dump->name_pid = g_strdup_printf("%s_%d", name, (int)info->pid);
		dump->path = g_strdup(path);
		g_tree_insert(list->by_serial, &dump->serial, dump);
	}
	dump->info = *info;
	return dump;
}

void dump_list_show(DumpList *list, Dump *dump, unsigned parts, gint64 wall_us)
{
	if (dump->parts == parts)
		return;
	dump->parts = parts;
	list->changed_us = wall_us;
}

void dump_list_remove_part(DumpList *list, guint64 serial, RecordPart part, gint64 wall_us)
{
	Dump *dump = g_tree_lookup(list->by_serial, &serial);

	if (!dump)
		return;
	dump->parts &= ~(1u << part);
	dump->info.parts &= ~(1u << part);
	list->changed_us = wall_us;
	if (!dump->info.parts)
		g_tree_remove(list->by_serial, &serial);
}

Dump *dump_list_any(DumpList *list, guint64 serial)
{
	return g_tree_lookup(list->by_serial, &serial);
}

const Dump *dump_list_find(const DumpList *list, guint64 serial)
{
	const Dump *dump = g_tree_lookup(list->by_serial, &serial);

	return dump && dump->parts ? dump : NULL;
}

static gboolean belongs_to(const Dump *dump, guint64 process_serial)
{
	return dump->parts && (!process_serial || dump->info.process_serial == process_serial);
}

/* The first with a serial above `after`, shown or not; NULL at the end. */
static Dump *next_any(const DumpList *list, guint64 after)
{
	GTreeNode *node = g_tree_upper_bound(list->by_serial, &after);

	return node ? g_tree_node_value(node) : NULL;
}

const Dump *dump_list_next(const DumpList *list, guint64 process_serial, guint64 after)
{
	const Dump *dump = next_any(list, after);

	while (dump && !belongs_to(dump, process_serial))
		dump = next_any(list, dump->serial);
	return dump;
}

const Dump *dump_list_find_name(const DumpList *list, guint64 process_serial, const char *name,
                                RecordPart *ret_part)
{
	for (const Dump *dump = dump_list_next(list, process_serial, 0); dump;
	     dump = dump_list_next(list, process_serial, dump->serial)) {
		const char *base = process_serial ? dump->name : dump->name_pid;
		gsize len = strlen(base);

		if (strncmp(name, base, len) != 0)
			continue;
		for (unsigned part = 0; part < RECORD_N_PARTS; part++) {
			if (dump_has_part(dump, part) && !strcmp(name + len, suffixes[part])) {
				*ret_part = (RecordPart)part;
				return dump;
			}
		}
	}
	return NULL;
}

void dump_list_process_gone(DumpList *list, guint64 process_serial)
{
	for (Dump *dump = next_any(list, 0); dump; dump = next_any(list, dump->serial)) {
		if (dump->info.process_serial == process_serial)
			dump->info.process_serial = 0;
	}
}

unsigned dump_list_adopt(DumpList *list, const RecordFound *found, guint64 process_serial)
{
	unsigned n = 0;

	for (Dump *dump = next_any(list, 0); dump; dump = next_any(list, dump->serial)) {
		const RecordSealed *info = &dump->info;

		/* Pids and ticks since boot repeat after a reboot; a dump of an earlier boot is
		 * then older than the process. Its owner may have been another one at the time. */
		if (info->process_serial || info->pid != found->pid ||
		    (info->uid != found->uid && info->uid != 0) ||
		    info->start_ticks != found->start_ticks || info->requested_us < found->start_us)
			continue;
		dump->info.process_serial = process_serial;
		n++;
	}
	return n;
}

void dump_name_append(const Dump *dump, guint64 process_serial, RecordPart part, GString *out)
{
	g_string_append(out, process_serial ? dump->name : dump->name_pid);
	g_string_append(out, suffixes[part]);
}

guint64 dump_size(const Dump *dump, RecordPart part)
{
	return part == RECORD_PART_CORE ? dump->info.size : dump->info.json_size;
}

gboolean dump_has_part(const Dump *dump, RecordPart part)
{
	return (dump->parts >> part) & 1;
}

unsigned dump_list_n(const DumpList *list, guint64 process_serial)
{
	unsigned n = 0;

	for (const Dump *dump = dump_list_next(list, process_serial, 0); dump;
	     dump = dump_list_next(list, process_serial, dump->serial))
		n += dump_has_part(dump, RECORD_PART_CORE);
	return n;
}

gint64 dump_list_changed_us(const DumpList *list)
{
	return list->changed_us;
}

const char *dump_part_suffix(RecordPart part)
{
	return suffixes[part];
}

const char *dump_type_name(guint32 type)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (types[i].type == type)
			return types[i].name;
	}
	return "-";
}

guint32 dump_type_find(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (!strcmp(types[i].name, name))
			return types[i].type;
	}
	return 0;
}
