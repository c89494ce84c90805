#pragma once
/*
 * Who dumps next: of the jobs that wait, the next is of the user that was served longest ago (or never);
 * first come, first served inside a user. So a user with many processes keeps nobody else waiting.
 */
#include <glib.h>
#include <sys/types.h>

enum {
	DUMP_QUEUE_MAX = 16
};

typedef struct DumpQueue DumpQueue;

DumpQueue *dump_queue_new(void);
void dump_queue_free(DumpQueue *queue); /* not the jobs */

gboolean dump_queue_is_full(const DumpQueue *queue);
unsigned dump_queue_n(const DumpQueue *queue);
/* The caller has looked whether it is full. Jobs are borrowed. */
void dump_queue_add(DumpQueue *queue, uid_t uid, void *job);
/* Without effect when it does not wait. */
void dump_queue_remove(DumpQueue *queue, const void *job);
/* Takes the next one out, and its user is the one served last; NULL when none waits. */
void *dump_queue_take(DumpQueue *queue);
