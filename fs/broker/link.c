/*
 * A dispatch takes at most BUDGET records, so that a peer that sends without end cannot keep the
 * main loop from its other sources. Callbacks may send, and may free the link (all but `closed`):
 * while they run the object is held.
 */
#include "fs/broker/link.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include "fs/util.h"

enum {
	BUDGET = 64,
	RETRY_MS = 20
};

/* What the socket did not take at once. */
typedef struct {
	Record record;
	void *payload;
	int fd;
} Pending;

struct Link {
	int fd; /* -1 when the connection has ended */
	gboolean is_front;
	gboolean peer_gone; /* nothing can be sent; what it sent before can still be read */
	LinkCallbacks callbacks;
	void *data;
	GQueue queue; /* Pending */
	guint in_source;
	guint out_source; /* waits for room; or for memory, with a timer */
	char buf[RECORD_PAYLOAD_MAX + 1];
};

static void pending_free(void *data)
{
	Pending *pending = data;

	util_close_fd(&pending->fd);
	g_free(pending->payload);
	g_free(pending);
}

static void clear_source(guint *source)
{
	if (*source)
		g_source_remove(*source);
	*source = 0;
}

static void stop_sending(Link *link)
{
	link->peer_gone = TRUE;
	clear_source(&link->out_source);
	g_queue_clear_full(&link->queue, pending_free);
}

/* For good: no callback but `closed` comes after it. */
static void shut(Link *link)
{
	stop_sending(link);
	clear_source(&link->in_source);
	util_close_fd(&link->fd);
}

static void end(Link *link, int reason)
{
	shut(link);
	link->callbacks.closed(reason, link->data);
}

/* 0, or the negative errno of one sendmsg. */
static int send_one(int fd, const Record *record, const void *payload, int passed)
{
	struct iovec iov[] = { { .iov_base = (void *)record, .iov_len = sizeof *record },
		               { .iov_base = (void *)payload, .iov_len = record->payload_len } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = record->payload_len ? 2 : 1 };
	ssize_t n;

	if (passed >= 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(header), &passed, sizeof passed);
	}
	do {
		n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static gboolean is_full(int error)
{
	return error == -EAGAIN;
}

/* No memory, or too many descriptors under way: the socket stays writable meanwhile. */
static gboolean is_short_of_memory(int error)
{
	return error == -ENOBUFS || error == -ENOMEM || error == -ETOOMANYREFS;
}

/* Sends what is queued, as far as it goes. 0 when there may be more to send at once. */
static int flush(Link *link)
{
	for (unsigned i = 0; i < BUDGET && link->queue.length; i++) {
		Pending *pending = g_queue_peek_head(&link->queue);
		int r = send_one(link->fd, &pending->record, pending->payload, pending->fd);

		if (r < 0)
			return r;
		pending_free(g_queue_pop_head(&link->queue));
	}
	return 0;
}

static void wait_to_send(Link *link, int error);
static gboolean on_records(gint fd, GIOCondition condition, gpointer data);

/* A front that asks and does not take the answers would have them pile up here, with their descriptors: it is
 * not heard until it does. The front itself always reads, so the two never wait for each other. */
static gboolean is_backed_up(const Link *link)
{
	return !link->is_front && link->queue.length >= LINK_QUEUE_BUSY;
}

static void go_on_reading(Link *link)
{
	if (link->fd >= 0 && !link->in_source && !is_backed_up(link))
		link->in_source =
			g_unix_fd_add(link->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_records, link);
}

static void go_on_sending(Link *link)
{
	int r;

	clear_source(&link->out_source);
	g_rc_box_acquire(link);
	r = flush(link);
	if (link->queue.length && (!r || is_full(r) || is_short_of_memory(r)))
		wait_to_send(link, r);
	else if (r < 0)
		stop_sending(link); /* reading finds the end, behind what is still there */
	else if (link->callbacks.idle)
		link->callbacks.idle(link->data);
	go_on_reading(link);
	g_rc_box_release(link);
}

static gboolean on_room(gint fd, GIOCondition condition, gpointer data)
{
	go_on_sending(data);
	return G_SOURCE_REMOVE;
}

static gboolean on_retry(gpointer data)
{
	go_on_sending(data);
	return G_SOURCE_REMOVE;
}

static void wait_to_send(Link *link, int error)
{
	if (is_short_of_memory(error))
		link->out_source = g_timeout_add(RETRY_MS, on_retry, link);
	else
		link->out_source = g_unix_fd_add(link->fd, G_IO_OUT, on_room, link);
}

static void enqueue(Link *link, const Record *record, const void *payload, int fd)
{
	Pending *pending = g_new(Pending, 1);

	*pending = (Pending){ .record = *record, .fd = fd };
	pending->payload = record->payload_len ? g_memdup2(payload, record->payload_len) : NULL;
	g_queue_push_tail(&link->queue, pending);
}

int link_send(Link *link, const Record *record, const void *payload, size_t len, int fd)
{
	autofd int passed = fd;
	Record copy = *record;
	int r = 0;

	if (link->peer_gone)
		return -EPIPE;
	copy.magic = RECORD_MAGIC;
	copy.payload_len = (guint32)MIN(len, G_MAXUINT32);
	if (record_check(&copy, len, passed >= 0, link->is_front) < 0) {
		g_warning("a %s record that the peer would not take", record_kind_name(copy.kind));
		return -EINVAL;
	}
	if (link->queue.length >= LINK_QUEUE_MAX)
		return -ENOBUFS;
	if (link_idle(link)) {
		r = send_one(link->fd, &copy, payload, passed);
		if (!r)
			return 0;
		if (!is_full(r) && !is_short_of_memory(r)) {
			stop_sending(link);
			return -EPIPE;
		}
		wait_to_send(link, r);
	}
	enqueue(link, &copy, payload, g_steal_fd(&passed));
	return 0;
}

gboolean link_idle(const Link *link)
{
	return !link->queue.length;
}

typedef struct {
	Record record;
	size_t len;    /* of the payload */
	int fd;        /* -1 or ours */
	gboolean lost; /* one came along, and there was no place for it here */
} Received;

/* The descriptors that came along: keeps the first, closes all others. How many there were. */
static unsigned take_descriptors(struct msghdr *message, int *ret_fd)
{
	unsigned n = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= header->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
			if (n++)
				util_close_fd(&fd);
			else
				*ret_fd = fd;
		}
	}
	return n;
}

/* 1: a record of the right shape. 0: the peer's end. Otherwise a negative errno; nothing is held
 * then. */
static int receive(Link *link, Received *ret)
{
	struct iovec iov[] = { { .iov_base = &ret->record, .iov_len = sizeof ret->record },
		               { .iov_base = link->buf, .iov_len = RECORD_PAYLOAD_MAX } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = {
		.msg_iov = iov,
		.msg_iovlen = G_N_ELEMENTS(iov),
		.msg_control = control.bytes,
		/* CMSG_SPACE has room for a second one, and the kernel would fill it. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	unsigned n_fds;
	ssize_t n;

	ret->fd = -1;
	do {
		n = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	n_fds = take_descriptors(&message, &ret->fd);
	ret->lost = !n_fds && message.msg_flags & MSG_CTRUNC;
	if (n_fds > 1 || n < RECORD_HEADER_SIZE || message.msg_flags & MSG_TRUNC ||
	    (message.msg_flags & MSG_CTRUNC && !ret->lost)) {
		util_close_fd(&ret->fd);
		return -EPROTO;
	}
	ret->len = (size_t)n - RECORD_HEADER_SIZE;
	link->buf[ret->len] = '\0';
	return 1;
}

/* A record with a value out of range is answered here, so that nobody behind has to think of it. One without
 * an id, of a kind that needs none, has nobody who waits. */
static void refuse(Link *link, const Record *record, int error)
{
	Record reply = record_new(RECORD_REPLY);

	if (!record->id)
		return;
	reply.id = record->id;
	reply.serial = record->serial;
	reply.error = error;
	link_send(link, &reply, NULL, 0, -1);
}

/* We had no descriptor left for the one that came along: to the front it is an answer with that error, to the broker
 * an ask that is refused. Not a reason to end. */
static int take_without(const Link *link, Received *received)
{
	Record *record = &received->record;

	if (!link->is_front)
		return record->magic == RECORD_MAGIC ? -EMFILE : -EPROTO;
	if (record->kind == RECORD_STREAM)
		record->kind = RECORD_REPLY;
	record->error = -EMFILE;
	return record_check(record, received->len, FALSE, FALSE);
}

/* FALSE when there is no more to read now, or ever. */
static gboolean take_record(Link *link)
{
	Received received;
	int r = receive(link, &received);

	/* The kernel says once that the peer closed with our records unread; its own come after
	 * that. */
	if (r == -ECONNRESET || r == -EPIPE) {
		stop_sending(link);
		return TRUE;
	}
	if (r == -EAGAIN)
		return FALSE;
	if (r > 0 && received.lost)
		r = take_without(link, &received);
	else if (r > 0)
		r = record_check(&received.record, received.len, received.fd >= 0, !link->is_front);
	else if (r == 0)
		r = -ENODATA;
	if (r == 0) {
		link->callbacks.record(&received.record, link->buf, received.len, received.fd,
		                       link->data);
		return link->fd >= 0;
	}
	util_close_fd(&received.fd);
	if (r == -EINVAL || r == -EMFILE) {
		refuse(link, &received.record, r);
		return TRUE;
	}
	end(link, r == -ENODATA ? 0 : r);
	return FALSE;
}

static gboolean on_records(gint fd, GIOCondition condition, gpointer data)
{
	Link *link = data;
	gboolean goes_on;

	g_rc_box_acquire(link);
	for (unsigned i = 0; i < BUDGET && !is_backed_up(link) && take_record(link); i++)
		;
	goes_on = link->fd >= 0 && !is_backed_up(link);
	if (!goes_on)
		link->in_source = 0;
	g_rc_box_release(link);
	return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

Link *link_new(int fd, gboolean is_front, const LinkCallbacks *callbacks, void *data)
{
	Link *link = g_rc_box_new0(Link);

	link->fd = fd;
	link->is_front = is_front;
	link->callbacks = *callbacks;
	link->data = data;
	g_queue_init(&link->queue);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	go_on_reading(link);
	return link;
}

void link_free(Link *link)
{
	if (!link)
		return;
	shut(link);
	g_rc_box_release(link);
}
