#pragma once
/*
 * All processes that have a directory: by serial (ordered, for readdir) and by pid (the newest).
 */
#include "fs/model/process.h"

typedef struct ProcessTable ProcessTable;

ProcessTable *process_table_new(void);
/* Frees the processes too. */
void process_table_free(ProcessTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProcessTable, process_table_free)

/* Takes the process. Its serial must be new. */
void process_table_add(ProcessTable *table, Process *process);
/* Takes it out without freeing it; NULL when there is none. */
Process *process_table_steal(ProcessTable *table, guint64 serial);

Process *process_table_find(const ProcessTable *table, guint64 serial);
Process *process_table_find_pid(const ProcessTable *table, pid_t pid);
/* The first with a serial above `after`; NULL at the end. Starts with 0. */
Process *process_table_next(const ProcessTable *table, guint64 after);
unsigned process_table_n(const ProcessTable *table);
