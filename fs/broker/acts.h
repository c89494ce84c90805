#pragma once
/*
 * What helpers do (helper.h): the acts, their arguments and what they say. All of a target's paths are
 * resolved inside its own root with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), after the helper
 * has become the target's uid; only /proc/PID/root, environ, maps and exe are opened before that.
 */
#include <glib.h>
#include "fs/broker/helper.h"
#include "ipc/discovery.h"

/* ACT: pin the socket (when there is no pin yet) and connect through the pin. */
typedef struct {
	pid_t pid;
	int procfd;
	int pidfd;
	int pin;     /* -1: resolve path, and say ACT_SAID_PIN with it */
	int inotify; /* -1, or where a watch on the socket's directory is added after a pin */
	char path[DISCOVERY_PATH_MAX]; /* as the target sees it */
	HelperCredentials credentials;
	gboolean hold; /* 3.1: keep a copy of the connection until 2.5 s after its first byte */
	int told; /* of hold: a byte comes through this pipe when the request is sent, and one when the answer is
		   * there; its end when the daemon ends before */
	gboolean
		check_only; /* do not connect: look whether the pin has a name and a descriptor is free */
	uint64_t serial; /* of the target, said back by check_only */
} ActConnect;

enum {
	ACT_SAID_PIN = 1, /* fd = the O_PATH pin; value: ACT_PIN_* */
	ACT_SAID_CONNECTION, /* fd = connected; or error: -EAGAIN stopped, -EMFILE no free descriptor in the
			      * target, -ECONNREFUSED, -ENOENT, ... ; value[0] = link count of the pin,
			      * value[1] = its mode */
};

enum {
	ACT_PIN_INODE,     /* of the socket file, in its file system */
	ACT_PIN_CTIME_US,  /* wall clock */
	ACT_PIN_SUSPENDED, /* its environment asks for a suspended start */
};

void act_connect(HelperContext *context, const void *args);

/* ACT: /proc/PID/environ into a sealed memfd of at most 4 MiB: one message with it or an error. */
typedef struct {
	int procfd;
} ActEnviron;
void act_environ(HelperContext *context, const void *args);

/* What kind of runtime a process has, told by its files. */
typedef enum {
	ACT_KIND_UNKNOWN, /* asked, and judged by the result */
	ACT_KIND_CORECLR,
	ACT_KIND_SINGLE_FILE, /* or trimmed: can do full dumps alone */
	ACT_KIND_NATIVE_AOT,  /* can do none */
} ActKind;

/* ACT: can this target write a dump into that leaf directory? One message: error (0, -EOPNOTSUPP,
 * -EACCES, ...), text = a sentence for the user, value[0] = ActKind, value[1] = bytes that a dump is
 * expected to need at most, value[2] = the mode of its socket; fd = memory_cgroup_kills_file() of its cgroup, or -1. */
typedef struct {
	pid_t pid;
	int procfd;
	int pin; /* of its socket */
	HelperCredentials credentials;
	char leaf[1024]; /* absolute, as seen from our root */
	uint64_t leaf_dev, leaf_ino;
	guint32 type; /* IpcDumpType */
	/* The runtime will be asked at once: -EAGAIN while stopped, -EMFILE without a free descriptor. */
	gboolean to_ask;
	/* The leaf is in memory: -ENOSPC unless twice the dump is free of it, for the target's cgroup and here. */
	gboolean in_memory;
} ActPreflight;
void act_preflight(HelperContext *context, const void *args);

/* ACT: take the file that createdump wrote out of the leaf, make it root's and read-only, check that it
 * is a whole ELF core. One message: error, text, value[0] = size. On failure nothing is left. */
typedef struct {
	int leaf;                 /* directory */
	int sealed;               /* directory of the store */
	char name[128];           /* its name there, until it is published */
	uid_t owner;              /* whose file it must be */
	int64_t since_us;         /* wall clock: last written to since then */
	gboolean rename;          /* FALSE: only check, leave it where it is */
	HelperCredentials reader; /* who reads the ELF */
} ActSeal;
void act_seal(HelperContext *context, const void *args);

/* ACT: the name of a uid. One message: text. */
typedef struct {
	uid_t uid;
} ActName;
void act_name(HelperContext *context, const void *args);

/* ACT: how many descriptors a process has. One message: value[0], or an error. */
typedef struct {
	int procfd;
} ActCountFds;
void act_count_fds(HelperContext *context, const void *args);

/*
 * ACT: the limit of its managed heap. Reads the environment, the cgroup and RLIMIT_AS of /proc/PID and our
 * own cgroup mounts with the broker's rights, the runtimeconfig as the target; heap-limit.h has the rules.
 * One message: value[0] = bytes and text = the source, or -EOPNOTSUPP and a sentence. The text is of
 * printable ASCII.
 */
typedef struct {
	int procfd;
	HelperCredentials credentials;
	unsigned major; /* of the runtime; 0 unknown */
} ActLimit;
void act_limit(HelperContext *context, const void *args);

/* A text of /proc, and a NUL behind it. */
typedef struct {
	char *text; /* malloc; "" when it could not be read, NULL without memory */
	size_t len;
	gboolean cut; /* there is more than was asked for */
} ActText;

/* dirfd: of a process. 0 or negative errno. */
int act_read_text(int dirfd, const char *name, size_t max, ActText *ret);

/* Whether a process is in state T or t; whether it has a descriptor free. */
gboolean act_is_stopped(int procfd);
gboolean act_has_free_descriptor(int procfd);
/* Entries of /proc/PID/fd or negative errno; quick from Linux 6.2 on, a walk before it. */
int64_t act_n_descriptors(int procfd);

/* Resolves a target's path inside its root: a descriptor or a negative errno. */
int act_open_in_root(int rootfd, const char *path, uint64_t flags);
