#pragma once
/*
 * Whether somebody still has a socket open that was made here and handed on: the broker keeps no copy of a
 * stream, and has to know whether the front has let go of it. The kernel is asked (sock_diag): the text of
 * /proc/net/unix can be forged by whoever binds a path with a line break.
 */
#include <glib.h>
#include <stdint.h>

/* The number by which the kernel knows a socket; 0 when it cannot be told. */
uint32_t socket_alive_inode(int fd);

/* FALSE for 0, and where the kernel cannot say. Unix sockets of our own network namespace. */
gboolean socket_alive(uint32_t inode);
