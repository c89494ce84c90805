/* The pool that reads dumps. Functions that begin with io_ run on its threads. */
#include "fs/edge/dump-read.h"

#include <errno.h>
#include <unistd.h>

struct DumpReader {
	GThreadPool *pool; /* made at the first read */
	gint closing;      /* atomic */
};

typedef struct {
	fuse_req_t req;
	OpenFile *file;
	gint64 offset;
	gsize size;
} Job;

/* Bytes read, less than size only at the end of the file; or a negative errno. */
static gssize io_read_fully(int fd, char *buf, gsize size, gint64 offset)
{
	gsize done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buf + done, size - done, offset + (gint64)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return done > 0 ? (gssize)done : -errno;
		if (n == 0)
			break;
		done += (gsize)n;
	}
	return (gssize)done;
}

static void io_run(gpointer data, gpointer user_data)
{
	Job *job = data;
	DumpReader *reader = user_data;

	if (g_atomic_int_get(&reader->closing)) {
		fuse_reply_err(job->req, EINTR);
	} else {
		g_autofree char *buf = g_try_malloc(job->size);
		gssize n = -ENOMEM;

		if (buf != NULL || job->size == 0)
			n = io_read_fully(job->file->node.fd, buf, job->size, job->offset);
		if (n >= 0 && n < MIN((gint64)job->size, job->file->node.size - job->offset))
			n = -EIO; /* it was cut meanwhile */
		if (n < 0)
			fuse_reply_err(job->req, (int)-n);
		else
			fuse_reply_buf(job->req, buf, (size_t)n);
	}
	open_file_unref(job->file);
	g_free(job);
}

DumpReader *dump_reader_new(void)
{
	return g_new0(DumpReader, 1);
}

void dump_reader_free(DumpReader *reader)
{
	if (reader == NULL)
		return;
	g_atomic_int_set(&reader->closing, 1);
	if (reader->pool != NULL)
		g_thread_pool_free(reader->pool, /* immediate= */ FALSE, /* wait= */ TRUE);
	g_free(reader);
}

void dump_reader_read(DumpReader *reader, fuse_req_t req, OpenFile *file, gint64 offset, gsize size)
{
	Job *job = g_new0(Job, 1);

	if (reader->pool == NULL)
		reader->pool = g_thread_pool_new(io_run, reader, DUMP_READ_THREADS, FALSE, NULL);
	job->req = req;
	job->file = open_file_ref(file);
	job->offset = offset;
	job->size = size;
	/* When no thread can be started now, the job waits for one that ends: not an error here. */
	(void)g_thread_pool_push(reader->pool, job, NULL);
}
