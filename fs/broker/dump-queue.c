/* See dump-queue.h. */
#include "fs/broker/dump-queue.h"

typedef struct {
	uid_t uid;
	void *job;
} Entry;

struct DumpQueue {
	GQueue entries;     /* in order of arrival */
	GHashTable *served; /* uid -> how many were served before it was for the last time */
	guint n_served;
};

DumpQueue *dump_queue_new(void)
{
	DumpQueue *queue = g_new0(DumpQueue, 1);

	g_queue_init(&queue->entries);
	queue->served = g_hash_table_new(NULL, NULL);
	return queue;
}

void dump_queue_free(DumpQueue *queue)
{
	if (!queue)
		return;
	g_queue_clear_full(&queue->entries, g_free);
	g_hash_table_unref(queue->served);
	g_free(queue);
}

gboolean dump_queue_is_full(const DumpQueue *queue, uid_t uid)
{
	unsigned n = 0;

	for (GList *link = queue->entries.head; link; link = link->next)
		n += ((const Entry *)link->data)->uid == uid;
	return (n && queue->entries.length >= DUMP_QUEUE_MAX) ||
	       queue->entries.length >= DUMP_QUEUE_ALL_MAX;
}

unsigned dump_queue_n(const DumpQueue *queue)
{
	return queue->entries.length;
}

void dump_queue_add(DumpQueue *queue, uid_t uid, void *job)
{
	Entry *entry = g_new(Entry, 1);

	*entry = (Entry){ .uid = uid, .job = job };
	g_queue_push_tail(&queue->entries, entry);
}

static void drop(DumpQueue *queue, GList *link)
{
	g_free(link->data);
	g_queue_delete_link(&queue->entries, link);
}

void dump_queue_remove(DumpQueue *queue, const void *job)
{
	for (GList *link = queue->entries.head; link; link = link->next) {
		if (((Entry *)link->data)->job == job) {
			drop(queue, link);
			return;
		}
	}
}

/* 0: never. */
static guint served(const DumpQueue *queue, uid_t uid)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(queue->served, GUINT_TO_POINTER(uid)));
}

void *dump_queue_take(DumpQueue *queue, DumpQueueMay may, void *data)
{
	GList *next = NULL;
	Entry *entry;
	void *job;

	for (GList *link = queue->entries.head; link; link = link->next) {
		uid_t uid = ((Entry *)link->data)->uid;

		if (may(uid, data) &&
		    (!next || served(queue, uid) < served(queue, ((Entry *)next->data)->uid)))
			next = link;
	}
	if (!next)
		return NULL;
	entry = next->data;
	job = entry->job;
	g_hash_table_insert(queue->served, GUINT_TO_POINTER(entry->uid),
	                    GUINT_TO_POINTER(++queue->n_served));
	drop(queue, next);
	return job;
}
