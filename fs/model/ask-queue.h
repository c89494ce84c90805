#pragma once
/*
 * The asks to the broker, with their ids, and who waits for their answer.
 *
 * At most RECORD_ASKS_MAX are outstanding, RECORD_ASKS_RESERVED of them for a user's acts on dumps
 * (dump, preflight, open, remove); a target has one outstanding ask at a time, but for these, which
 * the broker sorts in itself, and for those that are about what /proc says of it (proc, limit), which take
 * an ordinary place but none of the target's. What has no place waits here, in order.
 *
 * The broker keeps every ask's deadline; a caller that has one of its own cancels.
 */
#include "fs/broker/link.h"

typedef struct AskQueue AskQueue;

/*
 * The answer, once: REPLY or STREAM. error: 0, the broker's, or -EPIPE when the link is dead.
 * record and payload are NULL without an answer; fd is -1 or the callee's.
 */
typedef void (*AskReply)(int error, const Record *record, const char *payload, gsize len, int fd,
                         void *data);

AskQueue *ask_queue_new(Link *link);
/* Drops all without calling back. */
void ask_queue_free(AskQueue *queue);

/*
 * Takes fd, and a copy of payload; record's id is set here. The id, or 0 when `impatient` (a user
 * who would rather have EAGAIN than wait) and no place is free.
 */
guint64 ask_queue_send(AskQueue *queue, const Record *record, const void *payload, gsize len,
                       int fd, gboolean impatient, AskReply reply, void *data);
/* Nobody is called back. An unsent ask is dropped, of a sent one the broker is told, and its place
 * is free at once; what comes for it nevertheless is not taken (ask_queue_take). */
void ask_queue_cancel(AskQueue *queue, guint64 id);
/* Drops it when it is unsent, like cancelling. FALSE when it is on its way: its answer still
 * comes. */
gboolean ask_queue_drop(AskQueue *queue, guint64 id);
/* A process is gone: what was asked of it is called back with -ESRCH. */
void ask_queue_target_gone(AskQueue *queue, guint64 serial);

/* A record of the broker: TRUE when somebody waited for it, who has got it now, fd too. */
gboolean ask_queue_take(AskQueue *queue, const Record *record, const char *payload, gsize len,
                        int fd);
/* The link is dead: calls everybody back with error. */
void ask_queue_fail_all(AskQueue *queue, int error);

unsigned ask_queue_n(const AskQueue *queue); /* outstanding and waiting */
