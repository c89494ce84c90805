#pragma once
/*
 * One end of the SEQPACKET socketpair, on the default GLib main context, non-blocking. Sending
 * never waits: what the socket does not take is queued, at most LINK_QUEUE_MAX records; the sender
 * of unasked news (FOUND) keeps a dirty flag and sends when link_idle() says so. The broker's end takes no
 * record while LINK_QUEUE_BUSY of its own wait.
 *
 * A wrong length, MSG_TRUNC, MSG_CTRUNC or a record that record_check() calls -EPROTO ends the
 * connection: `closed` is called once, with the reason, and the link is dead. An ask that it calls
 * -EINVAL is answered with that by the link itself and not delivered.
 */
#include <glib.h>
#include "fs/broker/records.h"

enum {
	LINK_QUEUE_MAX = 4096,
	LINK_QUEUE_BUSY = 256,
};

typedef struct Link Link;

typedef struct {
	/* fd is -1 or owned by the callee. Payload is followed by a NUL that is not counted. */
	void (*record)(const Record *record, const char *payload, size_t len, int fd, void *data);
	/* The peer is gone (0) or broke a rule (negative errno). Do not free the link in it. */
	void (*closed)(int reason, void *data);
	/* The queue is empty again after it was not: a place for dirty flags. May be NULL. */
	void (*idle)(void *data);
} LinkCallbacks;

/* Takes fd. is_front: this end is the front's. */
Link *link_new(int fd, gboolean is_front, const LinkCallbacks *callbacks, void *data);
void link_free(Link *link);

/*
 * Takes fd (or -1), also on failure. Magic and payload length of the record are set here. 0,
 * -ENOBUFS when the queue is full, -EPIPE when dead (`closed` follows when what the peer sent has
 * been read), -EINVAL for a record that the peer would refuse: a mistake of the caller's, told in a
 * warning.
 */
int link_send(Link *link, const Record *record, const void *payload, size_t len, int fd);

/* TRUE when nothing is queued. */
gboolean link_idle(const Link *link);
