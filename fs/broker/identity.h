#pragma once
/*
 * Who a process is: (pid, start time, uids, program), read through descriptors pinned on it, so that a reused
 * pid cannot slip in between, nor another program by exec, which keeps pid and start time. A name or a pid in a
 * socket's file name is a claim; what the kernel says of the listener (SO_PEERCRED) and of the process is compared
 * here, at every connect.
 */
#include <glib.h>
#include "fs/broker/helper.h"
#include "fs/broker/owner.h"
#include "ipc/discovery.h"

typedef struct {
	pid_t pid;  /* in our pid namespace */
	int procfd; /* O_PATH on /proc/PID */
	int pidfd;
	pid_t nspid;
	uint64_t start_ticks;
	/* What the program looked like: start_code and start_stack of its stat, 0 where that is not to be known. */
	uint64_t start_code, start_stack;
	HelperCredentials
		credentials; /* the target's: its four uids are equal, of its gids the effective one */
	Owner owner;         /* as of the last identity_look; root until then */
	uint64_t net_ns;     /* inode */
} Identity;

/*
 * Opens and reads. 0; -ESRCH when there is no such process or it is ending; -EACCES when its uids differ among
 * themselves (a set-uid program); -EPERM when they are, for a plain user, not ours; -ENFILE: we have no descriptor
 * left for it.
 * On failure *ret holds nothing.
 */
int identity_open(pid_t pid, Identity *ret);
void identity_close(Identity *identity);

/* Read again, through the pins: 0 when it is the same process with the same uids and program; -ESRCH when it
 * ended; -ESTALE when it is another program or its uids changed; -ENFILE as above. */
int identity_check(const Identity *identity);

/* The same, and its owner is read anew: *ret_changed when that is another one. */
int identity_look(Identity *identity, gboolean *ret_changed);

/*
 * What each second costs: one read and one stat. *ret_state is its state letter ('?': it cannot be read). TRUE when
 * identity_look may find another program or another owner.
 */
gboolean identity_glance(const Identity *identity, char *ret_state);

/* 0 when `key`, the start time in a socket's name, is that of this process as it sees itself (of a time namespace
 * of its own, too), or 0, which a runtime writes that could not read it. -EPERM otherwise. */
int identity_check_key(const Identity *identity, uint64_t key);

/* 0 when the connected socket's peer is this process, and whoever began to listen there is alive (Linux 6.5 and
 * later say that); -EPERM otherwise. *ret_peer may be NULL. */
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
