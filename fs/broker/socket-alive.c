/* See socket-alive.h. */
#include "fs/broker/socket-alive.h"
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/broker/unix-diag.h"
#include "fs/util.h"

uint32_t socket_alive_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ? 0 : (uint32_t)st.st_ino;
}

gboolean socket_alive(uint32_t inode)
{
	const struct unix_diag_req body = {
		.sdiag_family = AF_UNIX,
		.udiag_states = ~0u,
		.udiag_ino = inode,
		.udiag_cookie = { ~0u, ~0u },
	};
	autofd int fd = inode ? unix_diag_ask(&body, 0) : -1;
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;
	ssize_t n;

	if (fd < 0)
		return FALSE;
	n = recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
	return n >= (ssize_t)sizeof answer.header &&
	       answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY;
}
