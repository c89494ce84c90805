/* See socket-owners.h. */
#include "fs/broker/socket-owners.h"
#include <errno.h>
#include <glib.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/broker/unix-diag.h"
#include "fs/util.h"

/* Linux 5.3; headers may be older. */
#ifndef UDIAG_SHOW_UID
#define UDIAG_SHOW_UID 0x40
#endif
enum {
	ATTRIBUTE_UID = 7, /* UNIX_DIAG_UID */
	BUFFER_SIZE = 32768,
};

typedef struct {
	SocketOwnersCb cb;
	void *data;
} Each;

/* FALSE for a socket without a path, and for one that is no runtime's. */
static gboolean take_path(const struct rtattr *attribute, DiscoveryListener *ret)
{
	const size_t len = RTA_PAYLOAD(attribute);

	if (len >= sizeof ret->path)
		return FALSE;
	memcpy(ret->path, RTA_DATA(attribute), len);
	ret->path[len] = '\0';
	for (const char *p = ret->path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return FALSE;
	return discovery_name_parse(ret->path, &ret->name);
}

static void take_message(const Each *each, const struct nlmsghdr *header)
{
	const struct unix_diag_msg *body = NLMSG_DATA(header);
	DiscoveryListener listener = { .inode = body->udiag_ino };
	const struct rtattr *attribute = (const struct rtattr *)(const void *)(body + 1);
	size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *body);
	uid_t uid = SOCKET_OWNER_UNKNOWN;
	gboolean named = FALSE;

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == UNIX_DIAG_NAME)
			named = take_path(attribute, &listener);
		else if (attribute->rta_type == ATTRIBUTE_UID &&
		         RTA_PAYLOAD(attribute) >= sizeof uid)
			memcpy(&uid, RTA_DATA(attribute), sizeof uid);
	}
	if (named && body->udiag_type == SOCK_STREAM)
		each->cb(&listener, uid, each->data);
}

/* Messages of one datagram: 1 at the end of all, 0 when there is more, or negative errno. */
static int take_datagram(const Each *each, const char *bytes, size_t len)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)bytes;

	for (; NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR)
			return -EOPNOTSUPP;
		if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
			take_message(each, header);
	}
	return 0;
}

int socket_owners_each(SocketOwnersCb cb, void *data)
{
	static const struct unix_diag_req listening = {
		.sdiag_family = AF_UNIX,
		.udiag_states = 1u << TCP_LISTEN,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID,
	};
	autofd int fd = unix_diag_ask(&listening, NLM_F_DUMP);
	_Alignas(struct nlmsghdr) char bytes[BUFFER_SIZE];
	const Each each = { .cb = cb, .data = data };
	int r = MIN(fd, 0);

	while (!r) {
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		r = n <= 0 ? -EIO : take_datagram(&each, bytes, (size_t)n);
	}
	return MIN(r, 0);
}
