#pragma once
/*
 * One request to a target and what came of it: a helper connects through the pin, the peer is checked
 * against the process, the request is sent, the reply read; UNKNOWN_COMMAND goes on with the next older
 * version on a new connection. One at a time a target; `front` ones go before others not begun.
 *
 * The deadline is the asker's: past it `done` is called with -ETIMEDOUT and the target is BUSY, but the
 * connection is kept until the reply, its end or the target's, and until then nothing else is sent to
 * that target. The late reply is given to `late`. One that was not sent by then is over at once
 * (`late`: -ECONNABORTED).
 */
#include <glib.h>
#include "fs/broker/target.h"

typedef struct {
	int error; /* 0: a reply (ok or not); -ETIMEDOUT, -EAGAIN (stopped), -EMFILE (it has no free
			  * descriptor), -ENFILE (we have none, or cannot fork), -ECONNREFUSED, -ESTALE (another process than was proven, whose
			  * target ends afterwards), -EPERM (somebody else; a dump, and others may write to the socket),
			  * -EOPNOTSUPP (knows no version of it), -ECONNRESET, -EPROTO, ... */
	unsigned version; /* that answered */
	gboolean ok;
	uint32_t hresult; /* when not ok */
	const uint8_t *payload;
	size_t len;
	int fd; /* after an OK CollectTracing or GetProcessEnvironment: the callee's, else -1 */
} ExchangeResult;

typedef struct {
	IpcCommand command;
	unsigned deadline_ms; /* 0: none */
	gboolean first;       /* before everything that has not begun */
	/* Whether it may be sent at all: asked when its turn comes, and again on the connection, as what held when
	 * it was queued may not hold any more. 0, or negative errno, which ends the exchange. May be NULL. */
	int (*check)(Target *target, gboolean connected, void *data);
	/* 0 or negative errno, which ends the exchange. */
	int (*build)(unsigned version, IpcRequest *ret, void *data);
	/* Once. The target may be ending. */
	void (*done)(Target *target, const ExchangeResult *result, void *data);
	/* After a -ETIMEDOUT: what came in the end. May be NULL. */
	void (*late)(Target *target, const ExchangeResult *result, void *data);
	/* The connection is there and proven, the request not yet sent (first connect). May be NULL. */
	void (*proven)(Target *target, void *data);
	/* May be NULL. */
	void (*free)(void *data);
	void *data;
	uint64_t ask; /* id of the front's ask, 0 for our own */
} ExchangeParams;

/* A sentence for what a target did instead of answering; NULL for the other errors. */
const char *exchange_error_text(int error);

/* Queues it; begins at once when nothing else is in flight. Copies params. */
void exchange_add(Target *target, const ExchangeParams *params);

/* Whether too many wait already for a further one of the front's. */
gboolean exchange_is_full(const Target *target);

/* Drops an ask of the front that has not begun; its `done` is not called. FALSE when there is none. */
gboolean exchange_cancel(Target *target, uint64_t ask);

/* The target ended: everything is done with -ESRCH. */
void exchange_end_all(Target *target);

/* Whether a request is in flight. */
gboolean exchange_busy(const Target *target);

/* As if its deadline had passed (a dump that was judged by its file): the one in flight is told so, and its
 * connection kept. */
void exchange_give_up(Target *target);
