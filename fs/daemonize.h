#pragma once
/*
 * Into the background: fork before anything else, and the parent waits until the child says that the
 * mount answers. Errors until then go to the inherited stderr.
 */
#include <glib.h>

/* In the child: the descriptor for daemonize_ready(). The parent does not come back: it exits 0 after
 * daemonize_ready(0), 1 when the child ended before. Negative errno when there is no child. */
int daemonize_fork(void);

/* Tells the parent and lets go of the terminal. */
void daemonize_ready(int fd);
