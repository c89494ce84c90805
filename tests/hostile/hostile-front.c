/*
 * See hostile.h. Instead of serving the mount it sends
 *
 *	what brings every sort of descriptor, once
 *	every kind with each field at its boundaries
 *	HOSTILE_RANDOM records with valid kind and length and random fields, of HOSTILE_SEED
 *
 * once HOSTILE_TARGETS processes are found, and says on standard output, a table a phase, how often each kind
 * was accepted and with what it was refused; "not ok ..." where the broker did what it must not; "through" at the
 * end. With HOSTILE_BREAK=N it sends the N-th record that no connection survives, and waits for its end.
 */
#include "fs/front.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/util.h"
#include "tests/hostile/hostile.h"

enum {
	WAIT_MS = 60000,
	QUIET_MS = 3000,
	RECENT = 64,
	ERRNO_MAX = 200,
};

/* An ask that is not answered yet. */
typedef struct {
	RecordKind kind;
	HostileVerdict verdict;
	gboolean is_cancelled; /* it may never be answered */
} Ask;

typedef struct {
	guint64 sent, accepted;
	guint64 refused[ERRNO_MAX];
} Tally;

typedef struct {
	int link;
	const char *dump_dir;
	HostileKnown known;
	GHashTable *asks;    /* id -> Ask */
	GHashTable *running; /* ids of dumps that are written */
	GHashTable *fds;     /* what was received -> how many */
	Tally tallies[RECORD_N_KINDS];
	guint most_running, n_failures;
	gboolean scanned, stopped, ended;
	char payload[RECORD_PAYLOAD_MAX];
} Front;

static void complain(Front *front, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void complain(Front *front, const char *format, ...)
{
	va_list args;

	if (++front->n_failures > 20)
		return;
	printf("not ok ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* --- what comes --- */

static void forget(GArray *from, guint64 serial)
{
	for (guint i = 0; i < from->len; i++)
		if (g_array_index(from, guint64, i) == serial) {
			g_array_remove_index_fast(from, i);
			return;
		}
}

static void remember(GArray *in, guint64 serial)
{
	forget(in, serial);
	g_array_append_val(in, serial);
}

static void take_answer(Front *front, const Record *record)
{
	const Ask *ask = g_hash_table_lookup(front->asks, &record->id);
	int error = record->kind == RECORD_STREAM ? 0 : -record->error;
	Tally *tally;

	if (!ask)
		return;
	tally = &front->tallies[ask->kind];
	if (error == 0)
		tally->accepted++;
	else
		tally->refused[MIN(error, ERRNO_MAX - 1)]++;
	if (ask->verdict == HOSTILE_WRONG && error != EINVAL)
		complain(front, "a wrong %s was answered %s", record_kind_name(ask->kind),
		         error ? g_strerror(error) : "as if it were right");
	if (ask->verdict == HOSTILE_GOOD && error == EINVAL)
		complain(front, "a right %s was answered EINVAL", record_kind_name(ask->kind));
	g_hash_table_remove(front->asks, &record->id);
}

static void take_fd(Front *front, const Record *record, int fd)
{
	const char *what, *why = hostile_look_at_fd(fd, front->dump_dir, &what);
	gpointer n = g_hash_table_lookup(front->fds, what);

	if (why)
		complain(front, "%s came with %s", why, record_kind_name(record->kind));
	if (record->kind == RECORD_STREAM && strcmp(what, "stream") != 0)
		complain(front, "a stream that is none");
	g_hash_table_insert(front->fds, (gpointer)what, GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
	close(fd);
}

static void take_dump_news(Front *front, const Record *record)
{
	guint64 id = record->id;

	if (record->kind == RECORD_DUMP_PROGRESS && record->state == RECORD_DUMP_RUNNING && id)
		g_hash_table_add(front->running, g_memdup2(&id, sizeof id));
	else if (record->kind != RECORD_DUMP_PROGRESS)
		g_hash_table_remove(front->running, &id);
	front->most_running = MAX(front->most_running, g_hash_table_size(front->running));
	if (record->kind == RECORD_DUMP_SEALED)
		remember(front->known.dumps, record->serial);
}

static void take(Front *front, const Record *record, int fd)
{
	switch (record->kind) {
	case RECORD_FOUND:
		remember(front->known.serials, record->serial);
		break;
	case RECORD_GONE:
		forget(front->known.serials, record->serial);
		break;
	case RECORD_SCANNED:
		front->scanned = TRUE;
		break;
	case RECORD_STOP:
		front->stopped = TRUE;
		break;
	case RECORD_REPLY:
	case RECORD_STREAM:
		take_answer(front, record);
		break;
	case RECORD_DUMP_PROGRESS:
	case RECORD_DUMP_SEALED:
	case RECORD_DUMP_FAILED:
		take_dump_news(front, record);
		break;
	case RECORD_DUMP_REMOVED:
		forget(front->known.dumps, record->serial);
		break;
	default:
		break;
	}
	if (fd >= 0)
		take_fd(front, record, fd);
}

/* FALSE when there is nothing to be read now. */
static gboolean receive(Front *front)
{
	Record record;
	struct iovec iov[] = { { &record, sizeof record },
		               { front->payload, sizeof front->payload } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_iov = iov,
		                  .msg_iovlen = 2,
		                  .msg_control = control.bytes,
		                  .msg_controllen = sizeof control.bytes };
	ssize_t n = recvmsg(front->link, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header;
	int fd = -1;

	if (n <= 0) {
		front->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
		return FALSE;
	}
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	if (n < (ssize_t)sizeof record ||
	    record_check(&record, (size_t)n - sizeof record, fd >= 0, FALSE) != 0)
		complain(front, "the broker sent a bad record");
	else
		take(front, &record, g_steal_fd(&fd));
	util_close_fd(&fd);
	return TRUE;
}

static void wait_and_receive(Front *front, short events, int ms)
{
	struct pollfd poll_fd = { .fd = front->link, .events = (short)(events | POLLIN) };

	poll(&poll_fd, 1, ms);
	while (receive(front))
		;
}

typedef gboolean (*Condition)(const Front *front);

static gboolean wait_for(Front *front, Condition condition, int ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)ms * 1000;

	while (!front->ended && !condition(front) && g_get_monotonic_time() < end)
		wait_and_receive(front, 0, 100);
	return condition(front);
}

/* --- what is sent --- */

/* Raw: what the link of the real front would not send is the point. */
static void send_record(Front *front, const Record *record, const void *payload, size_t len, int fd)
{
	struct iovec iov[] = { { (void *)record, sizeof *record }, { (void *)payload, len } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
	}
	while (!front->ended && sendmsg(front->link, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN && errno != ETOOMANYREFS && errno != EINTR)
			front->ended = TRUE;
		wait_and_receive(front, POLLOUT, 100);
	}
}

static void send_hostile(Front *front, HostileRecord *r, GRand *rand)
{
	Record *record = &r->record;
	Ask *ask;

	front->tallies[record->kind].sent++;
	if (r->is_answered || r->verdict == HOSTILE_WRONG) {
		record->id = ++front->known.last_id;
		ask = g_new0(Ask, 1);
		ask->kind = (RecordKind)record->kind;
		ask->verdict = r->verdict;
		g_hash_table_insert(front->asks, g_memdup2(&record->id, sizeof record->id), ask);
	} else {
		guint64 back = (guint64)g_rand_int_range(rand, 0, RECENT);

		record->id = front->known.last_id > back ? front->known.last_id - back : 1;
		ask = g_hash_table_lookup(front->asks, &record->id);
		if (ask && record->kind == RECORD_CANCEL)
			ask->is_cancelled = TRUE;
	}
	send_record(front, record, r->payload, r->len, r->fd);
	while (receive(front))
		;
}

static gboolean is_answered(const Front *front)
{
	GHashTableIter iter;
	gpointer ask;

	g_hash_table_iter_init(&iter, front->asks);
	while (g_hash_table_iter_next(&iter, NULL, &ask))
		if (!((const Ask *)ask)->is_cancelled)
			return FALSE;
	return TRUE;
}

static gboolean is_idle(const Front *front)
{
	return !g_hash_table_size(front->running);
}

static void print_tally(const char *phase, RecordKind kind, const Tally *tally)
{
	printf("%-9s %-14s %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " ",
	       phase, record_kind_name(kind), tally->sent, tally->accepted, tally->refused[EINVAL]);
	for (int error = 1; error < ERRNO_MAX; error++)
		if (tally->refused[error] && error != EINVAL)
			printf(" %s %" G_GUINT64_FORMAT, strerrorname_np(error),
			       tally->refused[error]);
	printf("\n");
}

/* The answers that are still due, and the table. */
static void end_phase(Front *front, const char *phase)
{
	if (!wait_for(front, is_answered, WAIT_MS))
		complain(front, "%s: some of %u asks were never answered", phase,
		         g_hash_table_size(front->asks));
	wait_for(front, is_idle, WAIT_MS);
	g_hash_table_remove_all(front->asks);
	printf("%-9s %-14s %8s %8s %8s  others\n", "phase", "kind", "sent", "accepted", "EINVAL");
	for (guint kind = 1; kind < RECORD_N_KINDS; kind++)
		if (front->tallies[kind].sent)
			print_tally(phase, (RecordKind)kind, &front->tallies[kind]);
	memset(front->tallies, 0, sizeof front->tallies);
	if (front->ended)
		complain(front, "%s: the connection ended", phase);
	fflush(stdout);
}

static guint64 number_from(const char *variable, guint64 otherwise)
{
	const char *text = getenv(variable);

	return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static gboolean has_dump(const Front *front)
{
	return front->known.dumps->len > 0;
}

static void send_good(Front *front, RecordKind kind, RecordPart part, GRand *rand)
{
	HostileRecord r;

	hostile_good(kind, &front->known, &r);
	r.record.part = part;
	send_hostile(front, &r, rand);
	hostile_clear(&r);
	wait_for(front, is_answered, WAIT_MS);
}

/* A stream, an environment, a dump and its sidecar. */
static void send_honest(Front *front, GRand *rand)
{
	send_good(front, RECORD_START_SESSION, RECORD_PART_CORE, rand);
	send_good(front, RECORD_ASK_ENVIRON, RECORD_PART_CORE, rand);
	send_good(front, RECORD_DUMP, RECORD_PART_CORE, rand);
	if (!wait_for(front, has_dump, WAIT_MS))
		complain(front, "no dump came");
	send_good(front, RECORD_ANNEX, RECORD_PART_JSON, rand);
	send_good(front, RECORD_OPEN_DUMP, RECORD_PART_CORE, rand);
	send_good(front, RECORD_OPEN_DUMP, RECORD_PART_JSON, rand);
	end_phase(front, "honest");
}

static void send_boundaries(Front *front, GRand *rand)
{
	HostileRecord r;

	for (guint n = 0; !front->ended && hostile_boundary(n, &front->known, &r); n++) {
		send_hostile(front, &r, rand);
		hostile_clear(&r);
	}
	end_phase(front, "boundary");
}

static void send_random(Front *front, GRand *rand, guint64 n)
{
	HostileRecord r;

	while (!front->ended && n--) {
		hostile_random(rand, &front->known, &r);
		send_hostile(front, &r, rand);
		hostile_clear(&r);
	}
	end_phase(front, "random");
}

/* One that ends the connection. FALSE: there are not so many. */
static gboolean send_breaking(Front *front, guint64 n)
{
	static const char payload[16];
	Record record = record_new(RECORD_ASK_INFO);
	int fd = -1;
	size_t len = 0;

	record.id = 1;
	record.serial = 1;
	switch (n) {
	case 0: /* a length that is not there */
		record.payload_len = 1;
		break;
	case 1: /* a payload where none may be */
		len = record.payload_len = sizeof payload;
		break;
	case 2:
		record.kind = RECORD_GONE;
		break;
	case 3:
		record.kind = 0;
		break;
	case 4:
		record.magic++;
		break;
	case 5:
		fd = STDIN_FILENO;
		break;
	case 6:
		record.id = 0;
		break;
	default:
		return FALSE;
	}
	send_record(front, &record, payload, len, fd);
	return TRUE;
}

static gboolean is_scanned(const Front *front)
{
	return front->scanned;
}

static gboolean is_complete(const Front *front)
{
	return front->known.serials->len >= number_from("HOSTILE_TARGETS", 1);
}

static gboolean has_stopped(const Front *front)
{
	return front->stopped;
}

static void say_ready(Front *front)
{
	const Record ready = record_new(RECORD_READY);

	send_record(front, &ready, NULL, 0, -1);
}

static void attack(Front *front)
{
	guint32 seed = (guint32)number_from("HOSTILE_SEED", 1);
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	GHashTableIter iter;
	gpointer what, n;

	printf("seed %u, uid %u\n", seed, getuid());
	if (!wait_for(front, is_complete, WAIT_MS))
		complain(front, "only %u processes were found", front->known.serials->len);
	wait_for(front, has_stopped, QUIET_MS); /* until they may get sessions */
	send_honest(front, rand);
	send_boundaries(front, rand);
	send_random(front, rand, number_from("HOSTILE_RANDOM", 1000));
	g_hash_table_iter_init(&iter, front->fds);
	while (g_hash_table_iter_next(&iter, &what, &n))
		printf("descriptors: %s %u\n", (const char *)what, GPOINTER_TO_UINT(n));
	printf("dumps at once: %u\n", front->most_running);
	printf("through, %u failures\n", front->n_failures);
	fflush(stdout);
}

int front_run(int link_fd, int fuse_fd, const Settings *settings, int log_fd,
              gboolean without_filter)
{
	Front *front = g_new0(Front, 1);
	guint64 breaking = number_from("HOSTILE_BREAK", G_MAXUINT64);

	front->link = link_fd;
	front->dump_dir = settings->dump_dir;
	front->known.serials = g_array_new(FALSE, FALSE, sizeof(guint64));
	front->known.dumps = g_array_new(FALSE, FALSE, sizeof(guint64));
	front->asks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	front->running = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	front->fds = g_hash_table_new(g_str_hash, g_str_equal);
	say_ready(front);
	wait_for(front, is_scanned, WAIT_MS);
	say_ready(front);
	if (breaking == G_MAXUINT64)
		attack(front);
	else if (!send_breaking(front, breaking))
		printf("no such record\n");
	wait_for(front, has_stopped, G_MAXINT);
	return front->stopped ? 0 : -EPIPE;
}
