/* See identity.h. Reads of /proc by the broker itself; none of them touches a target's memory or paths. */
#include "fs/broker/identity.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "fs/util.h"

uint64_t identity_net_ns(pid_t pid)
{
	char path[40], text[64];
	ssize_t n;

	g_snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	n = readlink(path, text, sizeof text - 1);
	if (n <= 5)
		return 0;
	text[n] = '\0';
	return g_str_has_prefix(text, "net:[") ? g_ascii_strtoull(text + 5, NULL, 10) : 0;
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

static int read_credentials(int procfd, HelperCredentials *ret, pid_t *ret_nspid)
{
	DiscoveryStatus status;
	int r = discovery_read_status(procfd, &status);

	if (r < 0)
		return is_shortage(r) ? -ENFILE : -ESRCH;
	if (!all_equal(status.uid) || !all_equal(status.gid))
		return -EPERM;
	if (geteuid() != 0 && status.uid[0] != geteuid())
		return -EPERM;
	ret->uid = status.uid[0];
	ret->gid = status.gid[0];
	ret->n_groups = MIN(status.n_groups, G_N_ELEMENTS(ret->groups));
	memcpy(ret->groups, status.groups, ret->n_groups * sizeof ret->groups[0]);
	*ret_nspid = status.nspid;
	return 0;
}

int identity_open(pid_t pid, Identity *ret)
{
	Identity identity = { .pid = pid, .procfd = -1, .pidfd = -1 };
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
		r = read_credentials(identity.procfd, &identity.credentials, &identity.nspid);
	if (r >= 0 && (stat.state == 'Z' || stat.state == 'X'))
		r = -ESRCH;
	if (r < 0) {
		identity_close(&identity);
		return r == -EPERM ? r : is_shortage(r) ? -ENFILE : -ESRCH;
	}
	identity.start_ticks = stat.start_time;
	identity.net_ns = identity_net_ns(pid);
	*ret = identity;
	return 0;
}

void identity_close(Identity *identity)
{
	util_close_fd(&identity->procfd);
	util_close_fd(&identity->pidfd);
}

int identity_check(const Identity *identity)
{
	HelperCredentials now;
	DiscoveryStat stat;
	pid_t nspid;
	int r;

	r = discovery_read_stat(identity->procfd, &stat);
	if (is_shortage(r))
		return -ENFILE;
	if (r < 0 || stat.state == 'Z' || stat.state == 'X' ||
	    stat.start_time != identity->start_ticks)
		return -ESRCH;
	r = read_credentials(identity->procfd, &now, &nspid);
	if (r == -ESRCH || r == -ENFILE)
		return r;
	if (r < 0 || now.uid != identity->credentials.uid || now.gid != identity->credentials.gid)
		return -ESTALE;
	return 0;
}

int identity_check_peer(const Identity *identity, int fd, pid_t *ret_peer)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (ret_peer)
		*ret_peer = peer.pid;
	return peer.pid == identity->pid && peer.uid == identity->credentials.uid ? 0 : -EPERM;
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

static uint64_t ticks_per_second(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return hz > 0 ? (uint64_t)hz : 100;
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
