#pragma once
/*
 * The descriptors of all event streams as one source of the main loop: the loop's own poll(2) would ask a
 * thousand of them, and look at a thousand sources, at every wake. Used by one thread, of the default context.
 *
 * A watch is a part of what its owner holds; it stays where it is until it was removed. Any watch may be removed
 * in the callback of any.
 */
#include <glib.h>

enum {
	STREAM_WATCH_BATCH = 64,        /* descriptors of one wake; the others come with the next */
	STREAM_WATCH_UNLISTED_MS = 100, /* one that the kernel would not watch is tried so often */
	STREAM_WATCH_PATIENCE_MS = 10,  /* how much later patient ones may hear of what came */
};

typedef struct StreamWatch StreamWatch;

struct StreamWatch {
	/* seen: G_IO_IN where it was asked for, G_IO_HUP and G_IO_ERR always; 0 when ready_us came. */
	void (*ready)(StreamWatch *watch, GIOCondition seen);
	/* The rest is the module's. */
	int fd;
	guint64 id;
	gint64 ready_us; /* monotonic, -1 never */
	gint64 due_us;   /* the earlier of that and of the next try of one that is not listed */
	guint at;        /* in the list of those with due_us, plus one; 0 when not in it */
	gboolean is_patient;
	gboolean wants_input;
	gboolean listed;
};

/*
 * Nothing is watched until stream_watch_set(). fd stays the caller's and is open until stream_watch_remove(). While
 * all are patient, what comes is looked for once in STREAM_WATCH_PATIENCE_MS: hundreds of them begin to send at
 * different times, and each would wake us.
 */
void stream_watch_add(StreamWatch *watch, int fd, gboolean is_patient,
                      void (*ready)(StreamWatch *watch, GIOCondition seen));
/* ready_us: when the callback comes whatever the descriptor does, 0 at once, -1 never. Holds until it is set again. */
void stream_watch_set(StreamWatch *watch, gboolean wants_input, gint64 ready_us);
/* What was never added, or is removed already, is left as it is. */
void stream_watch_remove(StreamWatch *watch);
