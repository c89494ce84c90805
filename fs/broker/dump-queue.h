#pragma once
/*
 * Who dumps next: of the jobs that wait, the next is of the user that was served longest ago (or never);
 * first come, first served inside a user. So a user with many processes keeps nobody else waiting. Whoever has none
 * waiting always gets a place, and one whose share is running is passed over.
 */
#include <glib.h>
#include <sys/types.h>

enum {
	DUMP_QUEUE_MAX = 16,      /* beyond these one for each user who has none */
	DUMP_QUEUE_ALL_MAX = 1024 /* of all */
};

typedef struct DumpQueue DumpQueue;

DumpQueue *dump_queue_new(void);
void dump_queue_free(DumpQueue *queue); /* not the jobs */

gboolean dump_queue_is_full(const DumpQueue *queue, uid_t uid);
unsigned dump_queue_n(const DumpQueue *queue);
/* The caller has looked whether it is full. Jobs are borrowed. */
void dump_queue_add(DumpQueue *queue, uid_t uid, void *job);
/* Without effect when it does not wait. */
void dump_queue_remove(DumpQueue *queue, const void *job);
/* Takes the next one out of a user that may be served, and he is the one served last; NULL when none waits. */
typedef gboolean (*DumpQueueMay)(uid_t uid, void *data);
void *dump_queue_take(DumpQueue *queue, DumpQueueMay may, void *data);
