#pragma once
/*
 * The names under which runtimes listen, and what /proc says of processes: pure parsers over text
 * that other users can influence, plus readers on a pinned /proc/PID directory descriptor.
 *
 * A name is a claim, not a fact: /tmp is everybody's, and whoever binds a socket chooses its name,
 * line breaks included, so that lines of /proc/net/unix can be made up. The peer credential of a
 * connection decides.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	DISCOVERY_PATH_MAX = 108, /* sun_path */
};

/* ".../dotnet-diagnostic-PID-KEY-socket" */
typedef struct {
	pid_t pid;    /* as the target sees itself */
	uint64_t key; /* its start time in clock ticks since boot; 0 where it could not read it */
} DiscoveryName;

/* Parses the last component of a path. False for anything but the exact form (no leading zeros, no
 * overflow, absolute path, whole path below DISCOVERY_PATH_MAX). */
bool discovery_name_parse(const char *path, DiscoveryName *ret);

typedef struct {
	uint64_t inode; /* of the socket */
	char path[DISCOVERY_PATH_MAX];
	DiscoveryName name;
} DiscoveryListener;

/*
 * Walks the text of /proc/net/unix and calls cb for each bound path socket in listening state whose
 * path is such a name. Returns the number of calls. Lines that are no such socket, that are cut or
 * whose path has a control byte are passed over.
 */
typedef void (*DiscoveryListenerCb)(const DiscoveryListener *listener, void *data);
unsigned discovery_scan_unix(const char *text, size_t len, DiscoveryListenerCb cb, void *data);

/* How many connections to the socket of that path are open: accepted, with the other end there or not. Those
 * that wait to be accepted are not counted. */
unsigned discovery_count_accepted(const char *text, size_t len, const char *path);

/* Fields of /proc/PID/stat, taken after the last ')'. */
typedef struct {
	char state; /* R S D T t Z X ... */
	pid_t ppid;
	uint64_t utime, stime; /* clock ticks */
	uint64_t start_time;   /* clock ticks since boot */
	/* Where the program's code and its first stack are (fields 26 and 28): they change with each exec. 0 or 1
	 * where the reader may not know, and 0 in a text that ends before them. */
	uint64_t start_code, start_stack;
} DiscoveryStat;
bool discovery_stat_parse(const char *text, size_t len, DiscoveryStat *ret);

enum {
	DISCOVERY_MAX_GROUPS = 64,
};

/* Fields of /proc/PID/status. */
typedef struct {
	uid_t uid[4]; /* real, effective, saved, file system */
	gid_t gid[4];
	gid_t groups[DISCOVERY_MAX_GROUPS];
	unsigned n_groups; /* more than the array are dropped */
	pid_t nspid;       /* innermost */
	unsigned n_nspid;  /* levels of pid namespaces seen */
	pid_t tracer;
	uint64_t permitted; /* capabilities, bits 1 << CAP_*; UINT64_MAX without such a line */
	uint64_t threads;
	uint64_t vm_rss_kb, vm_swap_kb, vm_size_kb, rss_file_kb; /* 0 of a zombie */
} DiscoveryStatus;
/*
 * False without Uid, Gid or NSpid, or with a line of ours that is malformed. Of lines with the same
 * key the last one counts: the program's own name, which stands in the first line, cannot make one
 * up.
 */
bool discovery_status_parse(const char *text, size_t len, DiscoveryStatus *ret);

/* Read whole small files of a process: procfd is an O_PATH|O_DIRECTORY descriptor of /proc/PID,
 * name e.g. "stat". Bytes read (at most size - 1, NUL-terminated) or negative errno. */
ssize_t discovery_read(int procfd, const char *name, char *buf, size_t size);
/* 0, what reading said (-ENOENT and -ESRCH: the process is gone), or -EPROTO. */
int discovery_read_stat(int procfd, DiscoveryStat *ret);
int discovery_read_status(int procfd, DiscoveryStatus *ret);
