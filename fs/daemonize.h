#pragma once
/*
 * Into the background: fork before anything else, and the parent waits until the child says that the
 * mount answers. Errors until then go to the inherited stderr.
 */
#include <glib.h>

/* Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed, before anything else is opened:
 * else what is opened first lands there, and is taken for the terminal later. 0 or negative errno. */
int daemonize_hold_standard_fds(void);

/* In the child: the descriptor for daemonize_ready(). The parent does not come back: it exits 0 after
 * daemonize_ready(0), 1 when the child ended before. Negative errno when there is no child. */
int daemonize_fork(void);

/* Tells the parent and lets go of the terminal. */
void daemonize_ready(int fd);
