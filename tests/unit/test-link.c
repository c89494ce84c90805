/* The link between the halves, against itself and against a raw socket that breaks the rules. */
#include "fs/broker/link.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	DEADLINE_S = 20
};

typedef struct {
	Link *link;
	GPtrArray *records;  /* of Record */
	GPtrArray *payloads; /* of GBytes */
	int fd;              /* the last one received */
	unsigned n_fds;
	unsigned idle;
	unsigned closed;
	int reason;
	unsigned free_at; /* frees the link in the callback of that record; 0: never */
	unsigned burst;   /* the most records in one turn of the loop */
	gboolean echo;
} End;

typedef struct {
	End front, broker;
	int raw;         /* the other end of `broker` in the tests that break rules */
	unsigned n_open; /* descriptors before the test */
} Fixture;

static unsigned count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	End *end = data;

	g_assert_cmpint(payload[len], ==, '\0');
	g_ptr_array_add(end->records, g_memdup2(record, sizeof *record));
	g_ptr_array_add(end->payloads, g_bytes_new(payload, len));
	if (fd >= 0) {
		util_close_fd(&end->fd);
		end->fd = fd;
		end->n_fds++;
	}
	end->burst++;
	if (end->echo) {
		Record reply = record_new(RECORD_REPLY);

		reply.id = record->id;
		g_assert_cmpint(link_send(end->link, &reply, NULL, 0, -1), ==, 0);
	}
	if (end->records->len == end->free_at)
		link_free(g_steal_pointer(&end->link));
}

static void on_closed(int reason, void *data)
{
	End *end = data;

	end->closed++;
	end->reason = reason;
}

static void on_idle(void *data)
{
	End *end = data;

	end->idle++;
	g_assert_true(link_idle(end->link));
}

static void end_init(End *end, int fd, gboolean is_front)
{
	static const LinkCallbacks callbacks = { .record = on_record,
		                                 .closed = on_closed,
		                                 .idle = on_idle };

	end->records = g_ptr_array_new_with_free_func(g_free);
	end->payloads = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	end->fd = -1;
	if (fd >= 0)
		end->link = link_new(fd, is_front, &callbacks, end);
}

static void end_clear(End *end)
{
	link_free(end->link);
	g_ptr_array_unref(end->records);
	g_ptr_array_unref(end->payloads);
	util_close_fd(&end->fd);
}

static void pair(int fds[2])
{
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
}

/* with_front: a link on either end; otherwise the broker's alone, and a raw socket. */
static void set_up(Fixture *f, gconstpointer with_front)
{
	int fds[2];

	/* Whatever the main context opens for itself is open before the count. */
	g_main_context_iteration(NULL, FALSE);
	f->n_open = count_open();
	pair(fds);
	end_init(&f->broker, fds[1], FALSE);
	end_init(&f->front, with_front ? fds[0] : -1, TRUE);
	f->raw = with_front ? -1 : fds[0];
}

static void tear_down(Fixture *f, gconstpointer data)
{
	end_clear(&f->front);
	end_clear(&f->broker);
	util_close_fd(&f->raw);
	g_assert_cmpuint(count_open(), ==, f->n_open);
}

/* Runs the loop until *value is at least `least`. */
static void run_until(const unsigned *value, unsigned least)
{
	gint64 deadline = g_get_monotonic_time() + DEADLINE_S * G_USEC_PER_SEC;

	while (*value < least) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(100);
	}
}

/* Runs the loop until there is nothing to do. */
static void run_dry(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static Record ask(guint64 id)
{
	Record record = record_new(RECORD_ASK_INFO);

	record.id = id;
	record.serial = 3;
	return record;
}

static Record found(guint64 serial)
{
	Record record = record_new(RECORD_FOUND);

	record.serial = serial;
	return record;
}

static const Record *record_at(const End *end, guint i)
{
	g_assert_cmpuint(i, <, end->records->len);
	return end->records->pdata[i];
}

static void test_both_ways(Fixture *f, gconstpointer data)
{
	Record record = found(11);
	gsize len;
	const char *text;

	record.found.pid = 4807;
	g_assert_cmpint(link_send(f->broker.link, &record, "a\0b", 4, -1), ==, 0);
	record = ask(5);
	g_assert_cmpint(link_send(f->front.link, &record, NULL, 0, -1), ==, 0);
	run_until(&f->front.records->len, 1);
	run_until(&f->broker.records->len, 1);
	g_assert_cmpint(record_at(&f->front, 0)->found.pid, ==, 4807);
	g_assert_cmpuint(record_at(&f->front, 0)->payload_len, ==, 4);
	text = g_bytes_get_data(f->front.payloads->pdata[0], &len);
	g_assert_cmpmem(text, len, "a\0b", 4);
	g_assert_cmpuint(record_at(&f->broker, 0)->id, ==, 5);
	g_assert_cmpuint(f->front.closed + f->broker.closed, ==, 0);
}

static void test_large(Fixture *f, gconstpointer data)
{
	g_autofree char *bytes = g_malloc(RECORD_PAYLOAD_MAX + 1);
	Record record = found(1);

	memset(bytes, 'x', RECORD_PAYLOAD_MAX + 1);
	for (unsigned i = 0; i < 40; i++)
		g_assert_cmpint(link_send(f->broker.link, &record, bytes, RECORD_PAYLOAD_MAX - i,
		                          -1),
		                ==, 0);
	g_assert_false(link_idle(f->broker.link));
	run_until(&f->front.records->len, 40);
	for (unsigned i = 0; i < 40; i++)
		g_assert_cmpuint(g_bytes_get_size(f->front.payloads->pdata[i]), ==,
		                 RECORD_PAYLOAD_MAX - i);
	run_until(&f->broker.idle, 1);
	g_assert_cmpuint(f->broker.idle, ==, 1);
	g_test_expect_message("triggerdumpfs", G_LOG_LEVEL_WARNING, "a found record*");
	g_assert_cmpint(link_send(f->broker.link, &record, bytes, RECORD_PAYLOAD_MAX + 1, -1), ==,
	                -EINVAL);
	g_test_assert_expected_messages();
}

static void test_descriptor(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_STREAM);
	struct stat sent, received;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	record.serial = 1;
	g_assert_cmpint(fstat(fd, &sent), ==, 0);
	g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0, fd), ==, 0);
	run_until(&f->front.n_fds, 1);
	g_assert_cmpint(fstat(f->front.fd, &received), ==, 0);
	g_assert_cmpuint(sent.st_ino, ==, received.st_ino);
	g_assert_true(fcntl(f->front.fd, F_GETFD) & FD_CLOEXEC);
}

/* Order and descriptors survive a peer that does not read; then the queue is full. */
static void test_queue(Fixture *f, gconstpointer data)
{
	struct rlimit limit;
	unsigned n = 0, n_fds = 0, turns = 0;
	int r;

	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	do {
		Record record = found(n + 1);
		int fd = -1;

		if (n % 64 == 63) {
			record = record_new(RECORD_STREAM);
			record.serial = n + 1;
			fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
			g_assert_cmpint(fd, >=, 0);
			n_fds++;
		}
		r = link_send(f->broker.link, &record, NULL, 0, fd);
		n += r == 0;
	} while (r == 0);
	g_assert_cmpint(r, ==, -ENOBUFS);
	g_assert_cmpuint(n, >, LINK_QUEUE_MAX);
	while (f->front.records->len < n) {
		f->front.burst = 0;
		run_until(&f->front.burst, 1);
		g_assert_cmpuint(f->front.burst, <=, 64);
		turns++;
	}
	g_assert_cmpuint(turns, >=, n / 64);
	for (unsigned i = 0; i < n; i++)
		g_assert_cmpuint(record_at(&f->front, i)->serial, ==, i + 1);
	g_assert_cmpuint(f->front.n_fds, ==, n_fds - (n % 64 == 63));
	run_until(&f->broker.idle, 1);
	g_assert_true(link_idle(f->broker.link));
}

static void test_refused(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_DUMP);

	record.id = 77;
	record.serial = 3;
	record.type = 9;
	record.magic = RECORD_MAGIC;
	g_assert_cmpint(send(f->raw, &record, sizeof record, 0), ==, sizeof record);
	run_dry();
	g_assert_cmpuint(f->broker.records->len, ==, 0);
	g_assert_cmpint(recv(f->raw, &record, sizeof record, 0), ==, sizeof record);
	g_assert_cmpuint(record.kind, ==, RECORD_REPLY);
	g_assert_cmpuint(record.id, ==, 77);
	g_assert_cmpint(record.error, ==, -EINVAL);
	record = ask(78);
	g_assert_cmpint(send(f->raw, &record, sizeof record, 0), ==, sizeof record);
	run_until(&f->broker.records->len, 1);
	g_assert_cmpuint(f->broker.closed, ==, 0);
}

/* READY has no id: nobody waits for an answer, and the connection lives. */
static void test_refused_without_id(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_READY);

	record.error = -EINVAL;
	g_assert_cmpint(send(f->raw, &record, sizeof record, 0), ==, sizeof record);
	record = ask(78);
	g_assert_cmpint(send(f->raw, &record, sizeof record, 0), ==, sizeof record);
	run_until(&f->broker.records->len, 1);
	run_dry();
	g_assert_cmpuint(record_at(&f->broker, 0)->id, ==, 78);
	g_assert_cmpint(recv(f->raw, &record, sizeof record, MSG_DONTWAIT), ==, -1);
	g_assert_cmpuint(f->broker.closed, ==, 0);
}

/* A peer that asks and never reads: what it is owed stays small, and nothing is lost once it reads. */
static void test_backed_up(Fixture *f, gconstpointer data)
{
	unsigned n_sent = 0, n_read = 0;
	Record record;

	f->broker.echo = TRUE;
	for (unsigned i = 0; i < 4 * LINK_QUEUE_BUSY; i++) {
		record = ask(n_sent + 1);
		while (send(f->raw, &record, sizeof record, MSG_DONTWAIT) == sizeof record)
			record.id = ++n_sent + 1;
		run_dry();
	}
	/* What waits, and what the socket takes besides. */
	g_assert_cmpuint(f->broker.records->len, <, 2 * LINK_QUEUE_BUSY);
	g_assert_cmpuint(f->broker.records->len, <, n_sent);
	while (n_read < n_sent) {
		while (recv(f->raw, &record, sizeof record, MSG_DONTWAIT) == sizeof record)
			g_assert_cmpuint(record.id, ==, ++n_read);
		g_main_context_iteration(NULL, FALSE);
	}
	g_assert_cmpuint(f->broker.records->len, ==, n_sent);
	/* It is there for the end as well. */
	for (unsigned i = 0; i < 4 * LINK_QUEUE_BUSY; i++) {
		record = ask(n_sent + 1);
		while (send(f->raw, &record, sizeof record, MSG_DONTWAIT) == sizeof record)
			;
		run_dry();
	}
	f->broker.echo = FALSE;
	util_close_fd(&f->raw);
	run_until(&f->broker.closed, 1);
}

static void expect_closed(Fixture *f, int reason)
{
	Record record = found(1);

	run_until(&f->broker.closed, 1);
	run_dry();
	g_assert_cmpuint(f->broker.closed, ==, 1);
	g_assert_cmpint(f->broker.reason, ==, reason);
	g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0, open("/dev/null", O_RDONLY)),
	                ==, -EPIPE);
	g_assert_true(link_idle(f->broker.link));
}

/* One record with `n` descriptors. */
static void send_raw(int fd, const void *bytes, size_t len, unsigned n)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[8] = { STDERR_FILENO, STDERR_FILENO, STDERR_FILENO, STDERR_FILENO,
		       STDERR_FILENO, STDERR_FILENO, STDERR_FILENO, STDERR_FILENO };

	if (n) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
	}
	g_assert_cmpint(sendmsg(fd, &message, MSG_NOSIGNAL), ==, (ssize_t)len);
}

typedef struct {
	const char *name;
	RecordKind kind;
	size_t len;          /* bytes sent */
	guint32 payload_len; /* as the header says */
	unsigned n_fds;
} BadRecord;

static const BadRecord bad_records[] = {
	{ "one-byte", RECORD_ASK_INFO, 1, 0, 0 },
	{ "short-header", RECORD_ASK_INFO, 255, 0, 0 },
	{ "wrong-length", RECORD_START_SESSION, 260, 5, 0 },
	{ "too-long", RECORD_START_SESSION, 256 + 65537, 65537, 0 },
	{ "truncated", RECORD_START_SESSION, 256 + 65537, 65536, 0 },
	{ "unknown-kind", (RecordKind)60, 256, 0, 0 },
	{ "other-direction", RECORD_GONE, 256, 0, 0 },
	{ "unasked-descriptor", RECORD_ASK_INFO, 256, 0, 1 },
	{ "no-descriptor", RECORD_ANNEX, 256, 0, 0 },
	{ "two-descriptors", RECORD_ANNEX, 256, 0, 2 },
	{ "eight-descriptors", RECORD_ANNEX, 256, 0, 8 },
};

static void test_bad(gconstpointer data)
{
	const BadRecord *row = data;
	g_autofree char *bytes = g_malloc0(MAX(row->len, sizeof(Record)));
	Record record = ask(1);
	Fixture f = { 0 };

	set_up(&f, NULL);
	g_assert_cmpint(send(f.raw, &record, sizeof record, 0), ==, sizeof record);
	record.kind = row->kind;
	record.row = RECORD_SESSION_COUNTERS;
	record.interval_ms = 1000;
	record.part = RECORD_PART_JSON;
	record.payload_len = row->payload_len;
	memcpy(bytes, &record, sizeof record);
	send_raw(f.raw, bytes, row->len, row->n_fds);
	expect_closed(&f, -EPROTO);
	g_assert_cmpuint(f.broker.records->len, ==, 1); /* what was right came through */
	tear_down(&f, NULL);
}

/* What the peer sent before it went away is delivered, also when it left our records unread. */
static void test_peer_ends(Fixture *f, gconstpointer data)
{
	Record record = found(1);

	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0, -1), ==, 0);
	for (unsigned i = 1; i <= 100; i++) {
		record = ask(i);
		g_assert_cmpint(send(f->raw, &record, sizeof record, 0), ==, sizeof record);
	}
	util_close_fd(&f->raw);
	record = found(1);
	g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0, -1), ==, -EPIPE);
	expect_closed(f, 0);
	g_assert_cmpuint(f->broker.records->len, ==, 100);
}

static void test_peer_ends_while_queued(Fixture *f, gconstpointer data)
{
	Record record = found(1);

	while (link_idle(f->broker.link))
		g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0, -1), ==, 0);
	util_close_fd(&f->raw);
	expect_closed(f, 0);
	g_assert_cmpuint(f->broker.idle, ==, 0);
}

static void test_free_in_callback(Fixture *f, gconstpointer data)
{
	f->broker.free_at = 3;
	for (unsigned i = 1; i <= 10; i++) {
		Record record = ask(i);

		g_assert_cmpint(link_send(f->front.link, &record, NULL, 0, -1), ==, 0);
	}
	run_until(&f->front.closed, 1);
	g_assert_cmpint(f->front.reason, ==, 0);
	g_assert_cmpuint(f->broker.records->len, ==, 3);
	g_assert_cmpuint(f->broker.closed, ==, 0);
}

static void test_free_with_queue(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_STREAM);

	record.serial = 1;
	while (link_idle(f->broker.link))
		g_assert_cmpint(link_send(f->broker.link, &record, NULL, 0,
		                          open("/dev/null", O_RDONLY | O_CLOEXEC)),
		                ==, 0);
	link_free(g_steal_pointer(&f->broker.link));
	run_until(&f->front.closed, 1);
	g_assert_cmpint(f->front.reason, ==, 0);
}

/* Sending from within a callback; thousands of turns lose nothing. */
static void test_ping(Fixture *f, gconstpointer data)
{
	f->broker.echo = TRUE;
	for (unsigned i = 1; i <= 3000; i++) {
		Record record = ask(i);

		g_assert_cmpint(link_send(f->front.link, &record, NULL, 0, -1), ==, 0);
		if (i % 32 == 0)
			run_until(&f->front.records->len, i);
	}
	run_until(&f->front.records->len, 3000);
	for (unsigned i = 0; i < 3000; i++)
		g_assert_cmpuint(record_at(&f->front, i)->id, ==, i + 1);
}

/* A caller's mistake stays on its own side. */
static void test_own_mistake(Fixture *f, gconstpointer data)
{
	Record record = ask(0);

	g_test_expect_message("triggerdumpfs", G_LOG_LEVEL_WARNING, "a ask-info record*");
	g_assert_cmpint(link_send(f->front.link, &record, NULL, 0, -1), ==, -EINVAL);
	g_test_assert_expected_messages();
	run_dry();
	g_assert_cmpuint(f->broker.closed + f->broker.records->len, ==, 0);
}

static void test_free_null(void)
{
	link_free(NULL);
}

int main(int argc, char **argv)
{
	static const int both = 1;

	g_test_init(&argc, &argv, NULL);
#define ADD(name, with_front, function) \
	g_test_add("/link/" name, Fixture, with_front, set_up, function, tear_down)
	ADD("both-ways", &both, test_both_ways);
	ADD("large", &both, test_large);
	ADD("descriptor", &both, test_descriptor);
	ADD("queue", &both, test_queue);
	ADD("refused", NULL, test_refused);
	ADD("refused-without-id", NULL, test_refused_without_id);
	ADD("backed-up", NULL, test_backed_up);
	ADD("peer-ends", NULL, test_peer_ends);
	ADD("peer-ends-while-queued", NULL, test_peer_ends_while_queued);
	ADD("free-in-callback", &both, test_free_in_callback);
	ADD("free-with-queue", &both, test_free_with_queue);
	ADD("ping", &both, test_ping);
	ADD("own-mistake", &both, test_own_mistake);
#undef ADD
	g_test_add_func("/link/free-null", test_free_null);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad_records); i++) {
		g_autofree char *path = g_strconcat("/link/bad/", bad_records[i].name, NULL);

		g_test_add_data_func(path, &bad_records[i], test_bad);
	}
	return g_test_run();
}
