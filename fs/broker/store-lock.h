#pragma once
/*
 * The lock of the store, DIR/lock: of one process at a time, by fcntl(F_SETLK), which a fork does not inherit.
 * A holder that begins to end writes that down there, so that the next start can tell "wait" from "in use".
 */
#include <glib.h>

enum {
	STORE_LOCK_WELL_MS =
		2000, /* a holder that seems well is given: it may just have been killed */
	STORE_LOCK_ENDING_MS = 15000, /* one that ends: it lets a dump become whole before */
};

/*
 * Blocks for as long as that, so before the daemon runs. dirfd and `dir` are the store's directory. 0 and the
 * descriptor that holds it: closing any descriptor of that file lets go of it. -EBUSY and a sentence with the
 * holder's pid, or negative errno and a sentence.
 */
int store_lock_take(int dirfd, const char *dir, int *ret_fd, char **ret_why);

/* We begin to end. */
void store_lock_mark_ending(int fd);
