/* See identity.h. Reads of /proc by the broker itself; none of them touches a target's memory or paths. */
#include "fs/broker/identity.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "fs/util.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static uint64_t read_net_ns(int dirfd, const char *path)
{
	char text[64];
	ssize_t n = readlinkat(dirfd, path, text, sizeof text - 1);

	if (n <= 5)
		return 0;
	text[n] = '\0';
	return g_str_has_prefix(text, "net:[") ? g_ascii_strtoull(text + 5, NULL, 10) : 0;
}

uint64_t identity_net_ns(pid_t pid)
{
	char path[40];

	g_snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	return read_net_ns(AT_FDCWD, path);
}

/* Of ours, which says nothing about the process. */
static gboolean is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE;
}

static gboolean all_equal(const uid_t *ids)
{
	return ids[0] == ids[1] && ids[0] == ids[2] && ids[0] == ids[3];
}

static gboolean is_dead(const DiscoveryStat *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

/* What was read of it before is its own only while it has not ended: a pid is free for others then, and what could
 * not be read counts for nothing. */
static gboolean has_ended(const Identity *identity)
{
	struct pollfd pidfd = { .fd = identity->pidfd, .events = POLLIN };

	return poll(&pidfd, 1, 0) > 0;
}

/* 0 and 1 stand for what we may not know. */
static gboolean differ(uint64_t before, uint64_t now)
{
	return before > 1 && now > 1 && before != now;
}

static gboolean is_other_program(const Identity *identity, const DiscoveryStat *now)
{
	return differ(identity->start_code, now->start_code) ||
	       differ(identity->start_stack, now->start_stack);
}

static int read_status(int procfd, DiscoveryStatus *ret)
{
	int r = discovery_read_status(procfd, ret);

	if (r < 0)
		return is_shortage(r) ? -ENFILE : -ESRCH;
	if (geteuid() != 0 && ret->uid[1] != geteuid())
		return -EPERM;
	return all_equal(ret->uid) ? 0 : -EACCES;
}

static void take_credentials(Identity *identity, const DiscoveryStatus *status)
{
	HelperCredentials *credentials = &identity->credentials;

	credentials->uid = status->uid[1];
	credentials->gid = status->gid[1];
	credentials->n_groups = MIN(status->n_groups, G_N_ELEMENTS(credentials->groups));
	memcpy(credentials->groups, status->groups,
	       credentials->n_groups * sizeof credentials->groups[0]);
	identity->nspid = status->nspid;
	identity->owner = (Owner){ .why = "it was not looked at" };
}

int identity_open(pid_t pid, Identity *ret)
{
	Identity identity = { .pid = pid, .procfd = -1, .pidfd = -1 };
	DiscoveryStatus status;
	DiscoveryStat stat;
	char path[32];
	int r;

	g_snprintf(path, sizeof path, "/proc/%d", (int)pid);
	identity.procfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	identity.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (identity.pidfd >= 0)
		fcntl(identity.pidfd, F_SETFD, FD_CLOEXEC);
	if (identity.procfd < 0 || identity.pidfd < 0) {
		r = is_shortage(-errno) ? -ENFILE : -ESRCH;
		identity_close(&identity);
		return r;
	}
	r = discovery_read_stat(identity.procfd, &stat);
	if (r >= 0)
		r = read_status(identity.procfd, &status);
	if (r >= 0 && is_dead(&stat))
		r = -ESRCH;
	if (r < 0) {
		identity_close(&identity);
		return r == -EPERM || r == -EACCES ? r : is_shortage(r) ? -ENFILE : -ESRCH;
	}
	identity.start_ticks = stat.start_time;
	identity.start_code = stat.start_code;
	identity.start_stack = stat.start_stack;
	take_credentials(&identity, &status);
	identity.net_ns = read_net_ns(identity.procfd, "ns/net");
	if (has_ended(&identity)) {
		identity_close(&identity);
		return -ESRCH;
	}
	*ret = identity;
	return 0;
}

void identity_close(Identity *identity)
{
	util_close_fd(&identity->procfd);
	util_close_fd(&identity->pidfd);
}

static uint64_t ticks_per_second(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return hz > 0 ? (uint64_t)hz : 100;
}

static int check(const Identity *identity, DiscoveryStatus *ret)
{
	DiscoveryStat stat;
	int r = discovery_read_stat(identity->procfd, &stat);

	if (is_shortage(r))
		return -ENFILE;
	if (r < 0 || is_dead(&stat) || stat.start_time != identity->start_ticks)
		return -ESRCH;
	if (is_other_program(identity, &stat))
		return -ESTALE;
	r = read_status(identity->procfd, ret);
	if (r == -ESRCH || r == -ENFILE)
		return r;
	if (r < 0 || ret->uid[1] != identity->credentials.uid ||
	    ret->gid[1] != identity->credentials.gid)
		return -ESTALE;
	return 0;
}

int identity_check(const Identity *identity)
{
	DiscoveryStatus status;

	return check(identity, &status);
}

int identity_look(Identity *identity, gboolean *ret_changed)
{
	DiscoveryStatus status;
	Owner owner;
	int r = check(identity, &status);

	*ret_changed = FALSE;
	if (r < 0)
		return r;
	owner = owner_read(identity->procfd, &status);
	if (has_ended(identity))
		return -ESRCH;
	*ret_changed = owner.uid != identity->owner.uid || owner.gid != identity->owner.gid ||
	               owner.why != identity->owner.why;
	identity->owner = owner;
	return 0;
}

gboolean identity_glance(const Identity *identity, char *ret_state)
{
	DiscoveryStat stat;
	uid_t uid;

	*ret_state = '?';
	if (discovery_read_stat(identity->procfd, &stat) < 0)
		return FALSE;
	*ret_state = stat.state;
	if (is_dead(&stat))
		return FALSE;
	if (is_other_program(identity, &stat) || identity->owner.why)
		return TRUE;
	/* The owner of its stat is its effective user, while it can be dumped. */
	return owner_read_stat_uid(identity->procfd, &uid) == 0 && uid != identity->owner.uid;
}

/* What a time namespace adds to the time since boot, in ticks; dirfd: of a process whose children are in it. */
static int64_t boottime_ticks(int dirfd)
{
	int64_t hz = (int64_t)ticks_per_second();
	long long s = 0, ns = 0;
	const char *line;
	char text[256];

	if (discovery_read(dirfd, "timens_offsets", text, sizeof text) <= 0)
		return 0;
	line = strstr(text, "boottime");
	if (!line || sscanf(line, "boottime %lld %lld", &s, &ns) != 2)
		return 0;
	return s * hz + ns / (1000000000 / hz);
}

/* What its time namespace adds that ours does not: /proc tells start times as the reader's counts them. */
static int64_t time_offset_ticks(const Identity *identity)
{
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char ours[64], theirs[64];
	ssize_t n, m;

	n = readlinkat(identity->procfd, "ns/time", theirs, sizeof theirs);
	m = readlinkat(self, "ns/time", ours, sizeof ours);
	if (n <= 0 || (n == m && memcmp(ours, theirs, (size_t)n) == 0))
		return 0;
	return boottime_ticks(identity->procfd) - boottime_ticks(self);
}

int identity_check_key(const Identity *identity, uint64_t key)
{
	int64_t more;

	if (!key || key == identity->start_ticks)
		return 0;
	more = time_offset_ticks(identity);
	/* Two roundings to a tick. */
	return more && llabs((long long)(identity->start_ticks + (uint64_t)more - key)) <= 2
	               ? 0
	               : -EPERM;
}

/* Who called listen() is still there, and is that process. */
static int check_peer_pidfd(int fd, pid_t pid)
{
	char path[40], text[512];
	socklen_t len = sizeof(int);
	autofd int peer = -1;
	const char *line;
	ssize_t n;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &peer, &len) < 0) {
		peer = -1;
		return errno == ENOPROTOOPT ? 0 : is_shortage(-errno) ? -ENFILE : -EPERM;
	}
	fcntl(peer, F_SETFD, FD_CLOEXEC);
	g_snprintf(path, sizeof path, "/proc/self/fdinfo/%d", peer);
	n = discovery_read(AT_FDCWD, path, text, sizeof text);
	if (n <= 0)
		return is_shortage((int)n) ? -ENFILE : -EPERM;
	line = strstr(text, "\nPid:");
	return line && strtol(line + strlen("\nPid:"), NULL, 10) == pid ? 0 : -EPERM;
}

int identity_check_peer(const Identity *identity, int fd, pid_t *ret_peer)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (ret_peer)
		*ret_peer = peer.pid;
	if (peer.pid != identity->pid || peer.uid != identity->credentials.uid)
		return -EPERM;
	return check_peer_pidfd(fd, identity->pid);
}

char identity_state(const Identity *identity)
{
	DiscoveryStat stat;

	return discovery_read_stat(identity->procfd, &stat) < 0 ? '?' : stat.state;
}

pid_t identity_tracer(const Identity *identity)
{
	DiscoveryStatus status;

	return discovery_read_status(identity->procfd, &status) < 0 ? 0 : status.tracer;
}

uint64_t identity_now_ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * ticks_per_second() +
	       (uint64_t)now.tv_nsec / (1000000000u / ticks_per_second());
}

int64_t identity_start_us(uint64_t start_ticks)
{
	struct timespec boot;
	int64_t boot_us;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	boot_us = util_real_us() - ((int64_t)boot.tv_sec * 1000000 + boot.tv_nsec / 1000);
	return boot_us + (int64_t)(start_ticks * (1000000 / ticks_per_second()));
}

static gboolean is_sign(int taskfd, const char *tid, uint64_t now)
{
	DiscoveryStat stat;
	char name[64], text[512];
	ssize_t n;

	g_snprintf(name, sizeof name, "%.20s/comm", tid);
	n = discovery_read(taskfd, name, text, sizeof text);
	if (n <= 0 || (!g_str_has_prefix(text, ".NET TP") && !g_str_has_prefix(text, ".NET Timer")))
		return FALSE;
	g_snprintf(name, sizeof name, "%.20s/stat", tid);
	n = discovery_read(taskfd, name, text, sizeof text);
	return n > 0 && discovery_stat_parse(text, (size_t)n, &stat) &&
	       now >= stat.start_time + ticks_per_second();
}

gboolean identity_has_sign(const Identity *identity)
{
	int taskfd = openat(identity->procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t now = identity_now_ticks();
	gboolean found = FALSE;
	struct dirent *entry;
	DIR *dir;

	if (taskfd < 0)
		return FALSE;
	dir = fdopendir(taskfd);
	if (!dir) {
		close(taskfd);
		return FALSE;
	}
	while (!found && (entry = readdir(dir)))
		if (g_ascii_isdigit(entry->d_name[0]))
			found = is_sign(taskfd, entry->d_name, now);
	closedir(dir);
	return found;
}
