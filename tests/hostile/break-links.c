/*
 * break-links COUNT SEED - COUNT connections to the broker's end of a link, each of which gets some good records,
 * then one of a wrong length, kind or descriptor: it must end with -EPROTO, with every descriptor closed, and with
 * nothing delivered but the good ones. Prints how many of each sort there were.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/broker/link.h"
#include "fs/util.h"

enum {
	FDS_MAX = 4,
	TURNS_MAX = 1000,
};

typedef struct {
	const char *name;
	/* Makes a good ASK_INFO of len bytes into a bad one. */
	void (*spoil)(Record *record, size_t *len, unsigned *n_fds, GRand *rand);
	unsigned count;
} Sort;

static void too_short(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	*len = (size_t)g_rand_int_range(rand, 1, RECORD_HEADER_SIZE);
}

static void too_long(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->kind = RECORD_START_SESSION;
	*len = (size_t)g_rand_int_range(rand, RECORD_HEADER_SIZE + RECORD_PAYLOAD_MAX + 1,
	                                RECORD_HEADER_SIZE + 2 * RECORD_PAYLOAD_MAX);
	record->payload_len =
		g_rand_boolean(rand) ? RECORD_PAYLOAD_MAX : (guint32)(*len - RECORD_HEADER_SIZE);
}

static void other_length(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->kind = RECORD_START_SESSION;
	*len += (size_t)g_rand_int_range(rand, 0, 300);
	do
		record->payload_len = g_rand_boolean(rand)
		                              ? g_rand_int(rand)
		                              : (guint32)g_rand_int_range(rand, 0, 300);
	while (record->payload_len == *len - RECORD_HEADER_SIZE);
}

static void unasked_payload(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->payload_len = (guint32)g_rand_int_range(rand, 1, RECORD_PAYLOAD_MAX + 1);
	*len += record->payload_len;
}

static void wrong_kind(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	do
		record->kind = g_rand_boolean(rand) ? g_rand_int(rand)
		                                    : (guint32)g_rand_int_range(rand, 0, 300);
	while (record->kind >= RECORD_READY && record->kind <= RECORD_PING);
}

static void wrong_magic(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->magic ^= 1u << g_rand_int_range(rand, 0, 32);
}

static void unasked_fd(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	*n_fds = 1;
}

static void no_fd(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->kind = RECORD_ANNEX;
	record->part = RECORD_PART_JSON;
}

static void many_fds(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	no_fd(record, len, n_fds, rand);
	*n_fds = (unsigned)g_rand_int_range(rand, 2, FDS_MAX + 1);
}

static void no_id(Record *record, size_t *len, unsigned *n_fds, GRand *rand)
{
	record->id = 0;
}

static Sort sorts[] = {
	{ "shorter than a header", too_short, 0 },
	{ "longer than a record", too_long, 0 },
	{ "another length than it says", other_length, 0 },
	{ "a payload where none may be", unasked_payload, 0 },
	{ "no kind of the front's", wrong_kind, 0 },
	{ "another magic number", wrong_magic, 0 },
	{ "a descriptor where none may be", unasked_fd, 0 },
	{ "no descriptor where one must be", no_fd, 0 },
	{ "two to four descriptors", many_fds, 0 },
	{ "no id", no_id, 0 },
};

typedef struct {
	unsigned delivered, closed;
	int reason;
} Seen;

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	((Seen *)data)->delivered++;
	util_close_fd(&fd);
}

static void on_closed(int reason, void *data)
{
	((Seen *)data)->closed++;
	((Seen *)data)->reason = reason;
}

static Record good(void)
{
	Record record = record_new(RECORD_ASK_INFO);

	record.id = record.serial = 1;
	record.row = RECORD_SESSION_COUNTERS;
	record.interval_ms = 1000;
	return record;
}

static gboolean send_bytes(int fd, const void *bytes, size_t len, unsigned n_fds)
{
	const int null[FDS_MAX] = { 0 };
	union {
		char bytes[CMSG_SPACE(sizeof null)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), null, n_fds * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)len;
}

static gboolean break_one(Sort *sort, GRand *rand)
{
	static const LinkCallbacks callbacks = { .record = on_record, .closed = on_closed };
	static char bytes[RECORD_HEADER_SIZE + 2 * RECORD_PAYLOAD_MAX];
	unsigned n_good = (unsigned)g_rand_int_range(rand, 0, 4), n_fds = 0;
	size_t len = RECORD_HEADER_SIZE;
	Record record = good();
	Seen seen = { 0 };
	gboolean sent = TRUE;
	Link *link;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return FALSE;
	link = link_new(pair[1], FALSE, &callbacks, &seen);
	for (unsigned i = 0; i < n_good; i++)
		sent &= send_bytes(pair[0], &record, sizeof record, 0);
	sort->spoil(&record, &len, &n_fds, rand);
	memcpy(bytes, &record, sizeof record);
	sent &= send_bytes(pair[0], bytes, len, n_fds);
	record = good();
	sent &= send_bytes(pair[0], &record, sizeof record, 0);
	for (unsigned i = 0; i < TURNS_MAX && !seen.closed; i++)
		g_main_context_iteration(NULL, FALSE);
	link_free(link);
	close(pair[0]);
	sort->count++;
	if (sent && seen.closed == 1 && seen.reason == -EPROTO && seen.delivered == n_good)
		return TRUE;
	printf("not ok %s: sent %d, closed %u, reason %d, delivered %u of %u\n", sort->name, sent,
	       seen.closed, seen.reason, seen.delivered, n_good);
	return FALSE;
}

int main(int argc, char **argv)
{
	unsigned count = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
	g_autoptr(GRand) rand = g_rand_new_with_seed(argc == 3 ? (guint32)atoi(argv[2]) : 0);
	unsigned n_bad = 0;
	int before, after;

	if (!count) {
		fprintf(stderr, "usage: break-links COUNT SEED\n");
		return EXIT_FAILURE;
	}
	g_main_context_iteration(NULL, FALSE); /* it opens what it needs */
	before = dup(0);
	close(before);
	for (unsigned i = 0; i < count; i++)
		n_bad += !break_one(&sorts[i % G_N_ELEMENTS(sorts)], rand);
	after = dup(0);
	close(after);
	for (unsigned i = 0; i < G_N_ELEMENTS(sorts); i++)
		printf("%8u %s\n", sorts[i].count, sorts[i].name);
	if (after != before)
		printf("not ok descriptors were left open\n");
	printf("through, seed %s, %u failures\n", argv[2], n_bad + (after != before));
	return n_bad || after != before ? EXIT_FAILURE : EXIT_SUCCESS;
}
