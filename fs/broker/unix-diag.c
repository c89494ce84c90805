/* See unix-diag.h. The answer is there when the request was sent: nothing waits. */
#include "fs/broker/unix-diag.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/util.h"

int unix_diag_ask(const struct unix_diag_req *body, uint16_t flags)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = { .nlmsg_len = sizeof request,
		            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		            .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.body = *body,
	};
	autofd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 || send(fd, &request, sizeof request, MSG_DONTWAIT) != sizeof request)
		return -errno;
	return g_steal_fd(&fd);
}
