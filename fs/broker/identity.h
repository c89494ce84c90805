#pragma once
/*
 * Who a process is: (pid, start time, uids), read through descriptors pinned on it, so that a reused
 * pid cannot slip in between. A name or a pid in a socket's file name is a claim; what the kernel says
 * of the listener (SO_PEERCRED) and of the process is compared here, at every connect.
 */
#include <glib.h>
#include "fs/broker/helper.h"
#include "ipc/discovery.h"

typedef struct {
	pid_t pid;  /* in our pid namespace */
	int procfd; /* O_PATH on /proc/PID */
	int pidfd;
	pid_t nspid;
	uint64_t start_ticks;
	HelperCredentials
		credentials; /* the target's uid, gid and groups: all four of each are equal */
	uint64_t net_ns;     /* inode */
} Identity;

/*
 * Opens and reads. 0; -ESRCH when there is no such process or it is ending; -EPERM when its uids or
 * its gids differ among themselves (a set-uid program), or, as a plain user, are not ours; -ENFILE: we have
 * no descriptor left for it.
 * On failure *ret holds nothing.
 */
int identity_open(pid_t pid, Identity *ret);
void identity_close(Identity *identity);

/* Read again, through the pins: 0 when it is the same process with the same uids; -ESRCH when it ended;
 * -ESTALE when uids changed; -ENFILE as above. */
int identity_check(const Identity *identity);

/* 0 when the connected socket's peer is this process, -EPERM otherwise. *ret_peer may be NULL. */
int identity_check_peer(const Identity *identity, int fd, pid_t *ret_peer);

/* State letter of /proc/PID/stat; '?' when it cannot be read. */
char identity_state(const Identity *identity);
static inline gboolean identity_state_stopped(char state)
{
	return state == 'T' || state == 't';
}

/* Who traces its main thread (TracerPid); 0 nobody, or unknown. */
pid_t identity_tracer(const Identity *identity);

/* Inode of /proc/PID/ns/net, 0 when it cannot be read. */
uint64_t identity_net_ns(pid_t pid);

/* Wall clock of a start time in ticks since boot, microseconds. */
int64_t identity_start_us(uint64_t start_ticks);
/* Ticks since boot, now. */
uint64_t identity_now_ticks(void);

/* Whether a thread that .NET names after its first use of the thread pool or a timer is there and at
 * least a second old (the sign after which counters cannot hang a program). */
gboolean identity_has_sign(const Identity *identity);
