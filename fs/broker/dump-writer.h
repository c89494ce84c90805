#pragma once
/*
 * How a dump comes about: three functions. A job (dump-job.h) decides that and where; a writer makes the
 * file "core" in the job's leaf and says once, through dump_job_written(), that it is there or why
 * not. Whether it is whole is judged by the file alone, afterwards.
 */
#include "fs/broker/broker.h"
#include "fs/broker/dump-job.h"

struct DumpWriter {
	const char *name;
	/* Begins. 0 or negative errno. */
	int (*start)(DumpJob *job);
	/* Every DUMP_JOB_TICK_MS until it has said dump_job_written(). */
	void (*watch)(DumpJob *job);
	/* The job ends now (target gone, daemon ends): says nothing more. */
	void (*cancel)(DumpJob *job);
};

/* The one of this program: linked in beside main.c (fs/dump-writer.c), so that a program of the tests can
 * have another. */
extern const DumpWriter *const program_dump_writer;

/* The runtime's own createdump, asked for over the diagnostics socket. */
extern const DumpWriter dump_writer_createdump;
