#pragma once
/*
 * Every sealed dump that the broker told of, also of processes that are gone. A dump is shown (its
 * `parts` are not empty) after its json was stored, or 2 s without; before that it is here, but no
 * function that the tree uses gives it.
 *
 * Serials only go up; they are the cookies of readdir. A dump has one name below its process,
 * "core_DATE_TIME", and one at /dumps, "core_DATE_TIME_PID"; sidecars add ".json". Removing a part
 * removes both of its names; with its last part the dump goes.
 */
#include <glib.h>
#include "fs/broker/records.h"

typedef struct Dump {
	guint64 serial;
	RecordSealed info; /* pid uid gid types sizes times; process_serial 0 when that is gone */
	char *name;        /* without the pid */
	char *name_pid;    /* with it */
	char *path;        /* of the core in the store; text only */
	unsigned parts;    /* shown ones, bits 1 << RecordPart */
} Dump;

typedef struct DumpList DumpList;

DumpList *dump_list_new(void);
void dump_list_free(DumpList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DumpList, dump_list_free)

/* For the model. Adds, or brings up to date, without showing it. */
Dump *dump_list_put(DumpList *list, guint64 serial, const RecordSealed *info, const char *name,
                    const char *path);
void dump_list_show(DumpList *list, Dump *dump, unsigned parts, gint64 wall_us);
/* The part is no more; frees the dump with its last one. */
void dump_list_remove_part(DumpList *list, guint64 serial, RecordPart part, gint64 wall_us);
/* Dumps of that process keep their names at /dumps alone. */
void dump_list_process_gone(DumpList *list, guint64 process_serial);
/* Dumps of an earlier life of the daemon belong to this process again. Returns how many. */
unsigned dump_list_adopt(DumpList *list, const RecordFound *found, guint64 process_serial);
Dump *dump_list_any(DumpList *list, guint64 serial); /* shown or not */

/* For the tree: shown ones. process_serial 0: all, by their names at /dumps. */
const Dump *dump_list_find(const DumpList *list, guint64 serial);
const Dump *dump_list_find_name(const DumpList *list, guint64 process_serial, const char *name,
                                RecordPart *ret_part);
/* The first with a serial above `after`; NULL at the end. */
const Dump *dump_list_next(const DumpList *list, guint64 process_serial, guint64 after);
/* The name of one part, appended. */
void dump_name_append(const Dump *dump, guint64 process_serial, RecordPart part, GString *out);
guint64 dump_size(const Dump *dump, RecordPart part);
gboolean dump_has_part(const Dump *dump, RecordPart part);

unsigned dump_list_n(const DumpList *list, guint64 process_serial); /* cores shown */
gint64 dump_list_changed_us(const DumpList *list); /* wall clock of the last change; 0 never */
const char *dump_part_suffix(RecordPart part);     /* "" or ".json" */

const char *dump_type_name(guint32 type); /* of IpcDumpType: mini heap triage full */
guint32 dump_type_find(const char *name); /* 0: no such type */
