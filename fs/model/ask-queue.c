/* Places, and the queue in front of them. */
#include "fs/model/ask-queue.h"
#include <errno.h>
#include <string.h>
#include "fs/util.h"

typedef struct {
	Record record;
	guint8 *payload;
	gsize len;
	int fd;
	AskReply reply;
	void *data;
} Ask;

struct AskQueue {
	Link *link;
	GQueue waiting;          /* of unsent Ask, oldest first */
	GHashTable *outstanding; /* id -> Ask */
	GHashTable *targets;     /* serials that have an outstanding ask that goes to them */
	unsigned n_ordinary;
	guint64 last_id;
};

static gboolean is_reserved(const Record *record)
{
	return record->kind == RECORD_DUMP || record->kind == RECORD_PREFLIGHT ||
	       record->kind == RECORD_OPEN_DUMP || record->kind == RECORD_REMOVE_DUMP ||
	       record->kind == RECORD_ANNEX;
}

/* What /proc is asked does not wait for what the target was asked, which may be unanswered for long. */
static gboolean goes_to_target(const Record *record)
{
	return !is_reserved(record) && record->kind != RECORD_ASK_PROC &&
	       record->kind != RECORD_ASK_LIMIT;
}

static void ask_free(gpointer data)
{
	Ask *ask = data;

	util_close_fd(&ask->fd);
	g_free(ask->payload);
	g_free(ask);
}

AskQueue *ask_queue_new(Link *link)
{
	AskQueue *queue = g_new0(AskQueue, 1);

	queue->link = link;
	g_queue_init(&queue->waiting);
	queue->outstanding = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, ask_free);
	queue->targets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return queue;
}

void ask_queue_free(AskQueue *queue)
{
	if (!queue)
		return;
	g_queue_clear_full(&queue->waiting, ask_free);
	g_hash_table_unref(queue->outstanding);
	g_hash_table_unref(queue->targets);
	g_free(queue);
}

static gboolean names_a_dump(const Record *record)
{
	return record->kind == RECORD_OPEN_DUMP || record->kind == RECORD_REMOVE_DUMP ||
	       record->kind == RECORD_ANNEX;
}

/* No place of its sort is left, whichever target it is for. */
static gboolean is_full(const AskQueue *queue, const Record *record)
{
	if (g_hash_table_size(queue->outstanding) >= RECORD_ASKS_MAX)
		return TRUE;
	return !is_reserved(record) && queue->n_ordinary >= RECORD_ASKS_MAX - RECORD_ASKS_RESERVED;
}

static gboolean has_place(const AskQueue *queue, const Record *record)
{
	return !is_full(queue, record) &&
	       (!goes_to_target(record) || !g_hash_table_contains(queue->targets, &record->serial));
}

static void leave_place(AskQueue *queue, const Ask *ask)
{
	if (is_reserved(&ask->record))
		return;
	queue->n_ordinary--;
	if (goes_to_target(&ask->record))
		g_hash_table_remove(queue->targets, &ask->record.serial);
}

static void send_ask(AskQueue *queue, Ask *ask)
{
	int error;

	g_hash_table_insert(queue->outstanding, &ask->record.id, ask);
	if (!is_reserved(&ask->record))
		queue->n_ordinary++;
	if (goes_to_target(&ask->record))
		g_hash_table_add(queue->targets, g_memdup2(&ask->record.serial, sizeof(guint64)));
	error = link_send(queue->link, &ask->record, ask->payload, ask->len, ask->fd);
	ask->fd = -1;
	if (error < 0)
		g_debug("ask %s: %s", record_kind_name(ask->record.kind), g_strerror(-error));
}

/* Sends what has a place. An ask for a busy target does not hold up those behind it. */
static void pump(AskQueue *queue)
{
	GList *next;

	for (GList *l = queue->waiting.head; l; l = next) {
		Ask *ask = l->data;

		next = l->next;
		if (!has_place(queue, &ask->record))
			continue;
		g_queue_delete_link(&queue->waiting, l);
		send_ask(queue, ask);
	}
}

guint64 ask_queue_send(AskQueue *queue, const Record *record, const void *payload, gsize len,
                       int fd, gboolean impatient, AskReply reply, void *data)
{
	Ask *ask;

	if (impatient && is_full(queue, record)) {
		util_close_fd(&fd);
		return 0;
	}
	ask = g_new0(Ask, 1);
	ask->record = *record;
	ask->record.id = ++queue->last_id;
	ask->payload = len ? g_memdup2(payload, len) : NULL;
	ask->len = len;
	ask->fd = fd;
	ask->reply = reply;
	ask->data = data;
	g_queue_push_tail(&queue->waiting, ask);
	pump(queue);
	return queue->last_id;
}

/* Takes an outstanding ask out of the tables; NULL when there is none. */
static Ask *settle(AskQueue *queue, guint64 id)
{
	Ask *ask = g_hash_table_lookup(queue->outstanding, &id);

	if (!ask)
		return NULL;
	g_hash_table_steal(queue->outstanding, &id);
	leave_place(queue, ask);
	return ask;
}

static GList *find_queued(AskQueue *queue, guint64 id)
{
	for (GList *l = queue->waiting.head; l; l = l->next) {
		if (((const Ask *)l->data)->record.id == id)
			return l;
	}
	return NULL;
}

gboolean ask_queue_drop(AskQueue *queue, guint64 id)
{
	GList *waiting = find_queued(queue, id);

	if (!waiting)
		return FALSE;
	ask_free(waiting->data);
	g_queue_delete_link(&queue->waiting, waiting);
	return TRUE;
}

void ask_queue_cancel(AskQueue *queue, guint64 id)
{
	Record cancel = record_new(RECORD_CANCEL);
	Ask *ask;

	if (ask_queue_drop(queue, id))
		return;
	ask = settle(queue, id);
	if (!ask)
		return;
	cancel.id = id;
	cancel.serial = ask->record.serial;
	ask_free(ask);
	(void)link_send(queue->link, &cancel, NULL, 0, -1);
	pump(queue);
}

static void fail(GPtrArray *lost, int error)
{
	for (unsigned i = 0; i < lost->len; i++) {
		Ask *ask = lost->pdata[i];

		ask->reply(error, NULL, NULL, 0, -1, ask->data);
	}
}

/* All queue (serial 0), or those for one target, out of queue and tables. */
static GPtrArray *take_out(AskQueue *queue, guint64 serial)
{
	GPtrArray *lost = g_ptr_array_new_with_free_func(ask_free);
	GHashTableIter iter;
	gpointer value;
	GList *next;

	for (GList *l = queue->waiting.head; l; l = next) {
		Ask *ask = l->data;

		next = l->next;
		if (serial && (ask->record.serial != serial || names_a_dump(&ask->record)))
			continue;
		g_queue_delete_link(&queue->waiting, l);
		g_ptr_array_add(lost, ask);
	}
	g_hash_table_iter_init(&iter, queue->outstanding);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Ask *ask = value;

		if (serial && (ask->record.serial != serial || names_a_dump(&ask->record)))
			continue;
		g_hash_table_iter_steal(&iter);
		leave_place(queue, ask);
		g_ptr_array_add(lost, ask);
	}
	return lost;
}

void ask_queue_target_gone(AskQueue *queue, guint64 serial)
{
	g_autoptr(GPtrArray) lost = take_out(queue, serial);

	fail(lost, -ESRCH);
	pump(queue);
}

void ask_queue_fail_all(AskQueue *queue, int error)
{
	g_autoptr(GPtrArray) lost = take_out(queue, 0);

	fail(lost, error);
}

gboolean ask_queue_take(AskQueue *queue, const Record *record, const char *payload, gsize len,
                        int fd)
{
	Ask *ask = record->id ? settle(queue, record->id) : NULL;

	if (!ask)
		return FALSE;
	ask->reply(record->error, record, payload, len, fd, ask->data);
	ask_free(ask);
	pump(queue);
	return TRUE;
}

unsigned ask_queue_n(const AskQueue *queue)
{
	return g_hash_table_size(queue->outstanding) + queue->waiting.length;
}
