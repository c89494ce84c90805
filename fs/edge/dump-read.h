#pragma once
/*
 * Reads of sealed dumps, the only thing that waits for a disk: at most DUMP_READ_THREADS threads,
 * which own nothing but the job, read and answer the request. Threads exist only while there is
 * something to read.
 */
#include <glib.h>
#include "fs/edge/open-file.h"

enum {
	DUMP_READ_THREADS = 4
};

typedef struct DumpReader DumpReader;

DumpReader *dump_reader_new(void);
/* Jobs that were not begun are answered with EINTR; those that run are waited for. */
void dump_reader_free(DumpReader *reader);

/* Answers req. The file's descriptor is kept open until then, whatever RELEASE does. */
void dump_reader_read(DumpReader *reader, fuse_req_t req, OpenFile *file, gint64 offset,
                      gsize size);
