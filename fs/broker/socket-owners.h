#pragma once
/*
 * The listening unix sockets of our own network namespace with those who made them: /proc/net/unix does not say
 * whose they are, the kernel does when it is asked (sock_diag; the user since Linux 5.3). That takes less than half
 * the time, too, and no path with a line break can make up what stands in it.
 */
#include <stdint.h>
#include <sys/types.h>
#include "ipc/discovery.h"

/* The kernel does not say. */
#define SOCKET_OWNER_UNKNOWN ((uid_t)-1)

/*
 * Calls cb for each whose path is a runtime's name (discovery.h), as they are now. 0 when all were told of; what
 * fails otherwise, fails before the first call, or is -EIO.
 */
typedef void (*SocketOwnersCb)(const DiscoveryListener *listener, uid_t uid, void *data);
int socket_owners_each(SocketOwnersCb cb, void *data);
