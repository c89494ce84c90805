#pragma once
/*
 * A process forked for one act: whatever can hang (a target's paths, its socket, name services) or must
 * be done as the target is done there, and only an errno, numbers, a short text or a descriptor come
 * back. The broker never waits for it.
 *
 * At most HELPER_MAX run at once, further ones queue. A helper past its deadline is killed and its act
 * is over with -ETIMEDOUT; one that the kernel will not let die (D state) is no longer waited for.
 *
 * In the child: every descriptor is closed but those of the act, the parent's death ends it, and
 * only system calls are made (the name lookup apart).
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HELPER_MAX = 8,
	HELPER_TEXT_MAX = 2048,
	HELPER_FDS_MAX = 6
};

/* What a helper says: one datagram, at most one descriptor with it. */
typedef struct {
	uint32_t kind; /* of the act's own */
	int32_t error; /* 0 or negative errno */
	uint64_t value[6];
	char text[HELPER_TEXT_MAX]; /* NUL-ended */
} HelperMessage;

/* Whose rights the act takes on after its privileged part. */
typedef struct {
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	unsigned n_groups;
} HelperCredentials;

typedef struct HelperContext HelperContext;

/* Runs in the child. `args` is a copy of what helper_start was given. */
typedef void (*HelperAct)(HelperContext *context, const void *args);

/* In the child: says something; fd -1 or sent along. */
void helper_say(HelperContext *context, const HelperMessage *message, int fd);
/* In the child: becomes these, without capabilities; sets the parent's death signal again. As a plain
 * user only checks that the uid is already so. 0 or negative errno. */
int helper_become(HelperContext *context, const HelperCredentials *credentials);
/* In the child: from here on it outlives the broker and counts no more (the holder of a 3.1 connection). */
void helper_detach(HelperContext *context);

typedef struct {
	/* One call per message; fd is -1 or the callee's. */
	void (*message)(const HelperMessage *message, int fd, void *data);
	/* Once, last: 0 when the helper ended by itself (or detached), -ETIMEDOUT, or what this process
	 * lacks for it (helper_is_shortage). */
	void (*done)(int error, void *data);
} HelperCallbacks;

typedef struct Helper Helper;

/*
 * args (args_len bytes, copied) may name descriptors, which are listed in fds so that the child keeps
 * them; they must stay open until the act is over.
 */
Helper *helper_start(HelperAct act, const void *args, size_t args_len, const int *fds,
                     unsigned n_fds, unsigned deadline_ms, const HelperCallbacks *callbacks,
                     void *data);

/*
 * What it works for, such as a socket (0: nothing). One that the kernel did not let die is stuck until it does:
 * whoever answers a path can keep it so for ever. Nothing more is to be started for what has one.
 */
void helper_set_key(Helper *helper, uint64_t key);
gboolean helper_is_stuck(uint64_t key);
unsigned helper_n_stuck(void);
/* It has one that is stuck, runs (forgotten or not) or is queued. */
gboolean helper_is_busy(uint64_t key);

/* Forgets the callbacks; a queued act is dropped, a running one is killed. */
void helper_cancel(Helper *helper);

/* Forgets the callbacks and lets it come to its end: a helper that has handed over a connection may still be
 * about to detach itself. A queued act is dropped. */
void helper_forget(Helper *helper);

/* Whether done's error says that we have no descriptor (-EMFILE, -ENFILE: also for one that a helper sent), no
 * process (-EAGAIN) or no memory (-ENOMEM) left: to be tried again, and no fault of a target. */
gboolean helper_is_shortage(int error);

/* Call on SIGCHLD: collects what ended. */
void helper_reap(void);

/* Kills all; at the broker's end. Detached ones live on. */
void helper_end_all(void);

unsigned helper_running(void);
