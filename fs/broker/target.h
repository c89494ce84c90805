#pragma once
/*
 * A process as the broker knows it, from the first connect that proved who listens (its peer credential)
 * to its end. One request at a time goes to it (exchange.h); what else is asked waits in `asks`.
 *
 * A target is one instance: when its uids change, or another socket takes the old one's place (execv
 * keeps pid and start time), it ends and a new one begins.
 */
#include <glib.h>
#include <sys/stat.h>
#include "fs/broker/identity.h"
#include "fs/broker/records.h"
#include "ipc/commands.h"
#include "ipc/discovery.h"

typedef struct Broker Broker;
typedef struct Exchange Exchange;
typedef struct DumpJob DumpJob;
typedef struct Preflight Preflight;

typedef struct {
	gboolean open;
	uint64_t id;    /* the runtime's; a pointer of its own: never shown */
	uint32_t inode; /* of our end of its stream (socket-alive.h); 0 unknown */
} TargetSession;

typedef struct {
	Broker *broker;
	uint64_t serial; /* 0 until proven */
	Identity identity;
	DiscoveryName name;
	char path[DISCOVERY_PATH_MAX]; /* of the socket, as the target sees it */
	uint64_t line_inode;           /* of the socket, in /proc/net/unix */
	int pin;                       /* O_PATH on the socket file */
	int64_t socket_us;             /* its ctime, wall clock */
	char *command;                 /* /proc/PID/cmdline, joined with blanks */

	uint32_t flags; /* RECORD_FOUND_* */
	gboolean dirty; /* FOUND has to be sent */

	IpcAbilities abilities;
	gboolean informed; /* ProcessInfo was answered, or is known to be unknown (3.1) */
	TargetSession sessions[RECORD_N_SESSIONS];
	Exchange *exchange; /* in flight */
	GQueue asks;        /* Exchange, not begun */
	DumpJob *dump;
	Preflight *preflight;    /* of an arming */
	gboolean counting;       /* a helper counts its descriptors for an ask */
	gboolean limit_asked;    /* a helper looks for its heap's limit */
	gboolean environ_coming; /* an environment of it is on its way into a memfd */

	gint64 attach_us;   /* monotonic: attach_delay is over then */
	gint64 born_us;     /* monotonic: what ages are counted from; 0 not yet */
	gboolean suspended; /* its environment asks for a suspended start: gate session first */
	int gate_fd;        /* stream of that session until its first byte */
	guint gate_source;
	gint64 lost_us;         /* monotonic: since when no line of its socket is there; 0 */
	gint64 info_us;         /* monotonic: last attempt of an unanswered ProcessInfo */
	unsigned info_failures; /* answers to it that were none */
	gint64 others_us; /* monotonic: since when a session waits for those of others (3.1); 0 */
	gint64 looked_us; /* monotonic: last look at the pin and the free descriptors */
	guint pidfd_source;
	gboolean ended;
	gboolean released; /* will be freed at the next idle moment */
} Target;

/* Takes the identity. */
Target *target_new(Broker *broker, Identity *identity, const DiscoveryName *name, const char *path,
                   uint64_t line_inode);
void target_free(Target *target);

/* Sets or clears flags; marks it dirty when that changed something. TRUE when it did. */
gboolean target_set_flags(Target *target, uint32_t set, uint32_t clear);

#define TARGET_REPLACED_TEXT "another program or another user has taken the process's place"
#define TARGET_INSECURE_TEXT \
	"others may write to its socket: what answers there is not trusted with a dump"

static inline gboolean target_mode_is_insecure(mode_t mode)
{
	return (mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* The mode of its socket: whether others may write to it, and so command it, as after CVE-2026-62909. What comes
 * from there may be theirs. */
void target_set_mode(Target *target, mode_t mode);

/* identity_look, and what follows from it: the front is told of another owner (broker_target_changed), and a dump
 * under way keeps the strictest. 0, 1 when its owner is another one, or negative errno. */
int target_look(Target *target);

/* Why its runtime cannot be asked anything now, with a sentence: 0; -EBUSY (a dump), -EAGAIN (stopped, no free
 * descriptor), -ETIMEDOUT (an earlier request is unanswered). ret_text may be NULL. */
int target_refusal(const Target *target, const char **ret_text);

/* The FOUND record of its present state; payload into `texts` (user: the name for its uid). */
Record target_found(const Target *target, const char *user, GString *texts);

/* Command line again from /proc; TRUE when it changed. */
gboolean target_read_command(Target *target);
