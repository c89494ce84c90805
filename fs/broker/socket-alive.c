/* See socket-alive.h. The answer is there when the request was sent: nothing waits. */
#include "fs/broker/socket-alive.h"
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"

uint32_t socket_alive_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ? 0 : (uint32_t)st.st_ino;
}

gboolean socket_alive(uint32_t inode)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = { .nlmsg_len = sizeof request,
		            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		            .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_UNIX,
		          .udiag_states = ~0u,
		          .udiag_ino = inode,
		          .udiag_cookie = { ~0u, ~0u } },
	};
	autofd int fd = inode ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG) : -1;
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;
	ssize_t n;

	if (fd < 0 || send(fd, &request, sizeof request, MSG_DONTWAIT) != sizeof request)
		return FALSE;
	n = recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
	return n >= (ssize_t)sizeof answer.header &&
	       answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY;
}
