/* Asks: places, order, answers. The broker's end of the link is the test's. */
#include "fs/model/ask-queue.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	DEADLINE_S = 20
};

typedef struct {
	Link *front;
	AskQueue *asks;
	int peer;        /* blocking; each record whole */
	GArray *answers; /* of Answer */
} Fixture;

typedef struct {
	int error;
	gpointer tag;
	int fd;
} Answer;

static Fixture *current;

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	Fixture *f = data;

	if (!ask_queue_take(f->asks, record, payload, len, fd))
		util_close_fd(&fd);
}

static void on_closed(int reason, void *data)
{
	ask_queue_fail_all(((Fixture *)data)->asks, -EPIPE);
}

static void on_answer(int error, const Record *record, const char *payload, gsize len, int fd,
                      void *data)
{
	Answer answer = { .error = error, .tag = data, .fd = fd };

	util_close_fd(&fd);
	g_array_append_val(current->answers, answer);
}

static void set_up(Fixture *f, gconstpointer data)
{
	static const LinkCallbacks callbacks = { .record = on_record, .closed = on_closed };
	int fds[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	current = f;
	f->front = link_new(fds[0], TRUE, &callbacks, f);
	f->peer = fds[1];
	f->asks = ask_queue_new(f->front);
	f->answers = g_array_new(FALSE, FALSE, sizeof(Answer));
}

static void tear_down(Fixture *f, gconstpointer data)
{
	ask_queue_free(f->asks);
	link_free(f->front);
	util_close_fd(&f->peer);
	g_array_unref(f->answers);
}

static guint64 ask(Fixture *f, RecordKind kind, guint64 serial, gboolean impatient, int tag)
{
	Record record = record_new(kind);

	record.serial = serial;
	record.type = 2;
	return ask_queue_send(f->asks, &record, NULL, 0, -1, impatient, on_answer,
	                      GINT_TO_POINTER(tag));
}

/* What the broker has got by now; FALSE when nothing (more). */
static gboolean got(Fixture *f, Record *ret)
{
	return recv(f->peer, ret, sizeof *ret, MSG_DONTWAIT) == (ssize_t)sizeof *ret;
}

static unsigned drain(Fixture *f)
{
	Record record;
	unsigned n = 0;

	while (got(f, &record))
		n++;
	return n;
}

static gboolean on_deadline(gpointer data)
{
	g_error("nothing happened in time");
	return G_SOURCE_REMOVE;
}

static void wait_answers(Fixture *f, unsigned n)
{
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);

	while (f->answers->len < n)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
}

static void answer(Fixture *f, guint64 id, int error)
{
	Record record = record_new(RECORD_REPLY);

	record.id = id;
	record.error = error;
	g_assert_cmpint(send(f->peer, &record, sizeof record, 0), ==, sizeof record);
}

static void test_one_a_target(Fixture *f, gconstpointer data)
{
	guint64 first = ask(f, RECORD_ASK_INFO, 7, FALSE, 1);
	guint64 second = ask(f, RECORD_ASK_ENVIRON, 7, TRUE, 2);
	guint64 other = ask(f, RECORD_ASK_INFO, 8, FALSE, 3);
	Record record;

	g_assert_cmpuint(first, !=, second);
	g_assert_true(got(f, &record));
	g_assert_cmpuint(record.id, ==, first);
	/* The one behind another target's is not held up. */
	g_assert_true(got(f, &record));
	g_assert_cmpuint(record.id, ==, other);
	g_assert_false(got(f, &record));
	/* What the broker sorts in itself goes at once. */
	ask(f, RECORD_DUMP, 7, TRUE, 4);
	ask(f, RECORD_PREFLIGHT, 7, TRUE, 5);
	g_assert_cmpuint(drain(f), ==, 2);
	g_assert_cmpuint(ask_queue_n(f->asks), ==, 5);
	answer(f, first, -ETIMEDOUT);
	wait_answers(f, 1);
	g_assert_cmpint(g_array_index(f->answers, Answer, 0).error, ==, -ETIMEDOUT);
	g_assert_true(got(f, &record));
	g_assert_cmpuint(record.id, ==, second);
}

/* What /proc is asked waits for no answer of the target and holds up no request to it; it has no place of the
 * user's acts. */
static void test_proc(Fixture *f, gconstpointer data)
{
	guint64 info = ask(f, RECORD_ASK_INFO, 7, FALSE, 1);
	guint64 proc = ask(f, RECORD_ASK_PROC, 7, TRUE, 2);

	ask(f, RECORD_ASK_LIMIT, 7, TRUE, 3);
	g_assert_cmpuint(drain(f), ==, 3);
	/* The place that its end leaves is not the target's. */
	answer(f, proc, 0);
	wait_answers(f, 1);
	ask(f, RECORD_ASK_ENVIRON, 7, TRUE, 4);
	g_assert_cmpuint(drain(f), ==, 0);
	answer(f, info, 0);
	wait_answers(f, 2);
	g_assert_cmpuint(drain(f), ==, 1);
	for (unsigned i = 0; i < 40; i++)
		ask(f, RECORD_ASK_PROC, i + 100, FALSE, 5);
	g_assert_cmpuint(drain(f), ==, RECORD_ASKS_MAX - RECORD_ASKS_RESERVED - 2);
	g_assert_cmpuint(ask(f, RECORD_ASK_LIMIT, 99, TRUE, 6), ==, 0);
	g_assert_cmpuint(ask(f, RECORD_DUMP, 7, TRUE, 7), !=, 0);
	ask_queue_target_gone(f->asks, 7);
	g_assert_cmpuint(drain(f), ==, 3);
}

static void test_places(Fixture *f, gconstpointer data)
{
	guint64 first = 0;

	for (unsigned i = 0; i < 40; i++) {
		guint64 id = ask(f, RECORD_ASK_INFO, i + 1, FALSE, 0);

		first = first ? first : id;
	}
	g_assert_cmpuint(drain(f), ==, RECORD_ASKS_MAX - RECORD_ASKS_RESERVED);
	/* A user would rather know. */
	g_assert_cmpuint(ask(f, RECORD_ASK_ENVIRON, 99, TRUE, 0), ==, 0);
	for (unsigned i = 0; i < RECORD_ASKS_RESERVED; i++)
		g_assert_cmpuint(ask(f, RECORD_DUMP, i + 1, TRUE, 0), !=, 0);
	g_assert_cmpuint(drain(f), ==, RECORD_ASKS_RESERVED);
	g_assert_cmpuint(ask(f, RECORD_DUMP, 50, TRUE, 0), ==, 0);
	g_assert_cmpuint(ask(f, RECORD_DUMP, 50, FALSE, 0), !=, 0);
	answer(f, first, 0);
	wait_answers(f, 1);
	g_assert_cmpuint(drain(f), ==, 1);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
	guint64 sent = ask(f, RECORD_ASK_INFO, 7, FALSE, 1);
	guint64 unsent = ask(f, RECORD_ASK_INFO, 7, FALSE, 2);
	guint64 last = ask(f, RECORD_ASK_INFO, 7, FALSE, 3);
	Record record;

	g_assert_cmpuint(drain(f), ==, 1);
	g_assert_false(ask_queue_drop(f->asks, sent));
	g_assert_true(ask_queue_drop(f->asks, unsent));
	g_assert_cmpuint(drain(f), ==, 0);
	/* Its place is free, and the broker knows. */
	ask_queue_cancel(f->asks, sent);
	g_assert_true(got(f, &record));
	g_assert_cmpuint(record.kind, ==, RECORD_CANCEL);
	g_assert_cmpuint(record.id, ==, sent);
	g_assert_true(got(f, &record));
	g_assert_cmpuint(record.id, ==, last);
	answer(f, sent, 0);
	answer(f, last, 0);
	wait_answers(f, 1);
	g_assert_cmpint(GPOINTER_TO_INT(g_array_index(f->answers, Answer, 0).tag), ==, 3);
	ask_queue_cancel(f->asks, 12345);
}

static void test_gone(Fixture *f, gconstpointer data)
{
	ask(f, RECORD_ASK_INFO, 7, FALSE, 1);
	ask(f, RECORD_ASK_INFO, 7, FALSE, 2);
	ask(f, RECORD_PREFLIGHT, 7, FALSE, 3);
	/* A dump of that number is something else. */
	ask(f, RECORD_REMOVE_DUMP, 7, FALSE, 4);
	ask_queue_target_gone(f->asks, 7);
	g_assert_cmpuint(f->answers->len, ==, 3);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(g_array_index(f->answers, Answer, i).error, ==, -ESRCH);
	g_assert_cmpuint(ask_queue_n(f->asks), ==, 1);
	util_close_fd(&f->peer);
	wait_answers(f, 4);
	g_assert_cmpint(g_array_index(f->answers, Answer, 3).error, ==, -EPIPE);
	g_assert_cmpuint(ask_queue_n(f->asks), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/ask-queue/one-a-target", Fixture, NULL, set_up, test_one_a_target, tear_down);
	g_test_add("/ask-queue/proc", Fixture, NULL, set_up, test_proc, tear_down);
	g_test_add("/ask-queue/places", Fixture, NULL, set_up, test_places, tear_down);
	g_test_add("/ask-queue/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
	g_test_add("/ask-queue/gone", Fixture, NULL, set_up, test_gone, tear_down);
	return g_test_run();
}
