/*
 * Pin and connect, as the target's uid. The socket file is opened O_PATH without following links inside
 * the target's root, and the connection goes through /proc/self/fd/N: what was looked at is what is
 * connected to, also after somebody unlinked or replaced the name.
 */
#include "fs/broker/acts.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	LIMITS_MAX = 8192,
	WATCHES_MAX = 1024,
	ENVIRON_MAX = 4 << 20,
	/* 3.1 needs 2 s, and a session that ends just when its first report is written hangs it (asks.c): no
	 * usual interval. */
	HOLD_AFTER_FIRST_BYTE_MS = 2500,
};

int act_open_in_root(int rootfd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, rootfd, path, &how, sizeof how);

	return fd < 0 ? -errno : fd;
}

/* From "Max open files": the soft limit; 0 when it cannot be told. */
static uint64_t descriptor_limit(int procfd)
{
	char text[LIMITS_MAX];
	ssize_t n = discovery_read(procfd, "limits", text, sizeof text);
	const char *line = n > 0 ? strstr(text, "\nMax open files") : NULL;

	return line ? strtoull(line + strlen("\nMax open files"), NULL, 10) : 0;
}

/* Linux 6.2 and later have the count as the directory's size. */
int64_t act_n_descriptors(int procfd)
{
	int fd = openat(procfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int64_t n = 0;
	DIR *dir;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		close(fd);
		return st.st_size;
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/*
 * A runtime that cannot accept never answers, and 8.0 burns a core from one connect on; so the
 * descriptors are counted before each.
 */
gboolean act_has_free_descriptor(int procfd)
{
	uint64_t limit = descriptor_limit(procfd);

	/* A directory that cannot be read counts as empty. */
	return !limit || act_n_descriptors(procfd) < (int64_t)MIN(limit, INT64_MAX);
}

gboolean act_is_stopped(int procfd)
{
	DiscoveryStat stat;

	return discovery_read_stat(procfd, &stat) == 0 && (stat.state == 'T' || stat.state == 't');
}

/* One of the ports, "address[,tag]...", suspends unless it says otherwise. */
static gboolean port_suspends(const char *port, size_t len)
{
	g_autofree char *text = g_ascii_strdown(port, (gssize)len);

	return len && !strstr(text, ",nosuspend");
}

static gboolean ports_suspend(const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ";");

		if (port_suspends(value, len))
			return TRUE;
		value += len + (value[len] == ';');
	}
	return FALSE;
}

static gboolean variable_suspends(const char *entry)
{
	static const char *const prefixes[] = { "DOTNET_", "COMPlus_" };

	for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		const char *rest;

		if (!g_str_has_prefix(entry, prefixes[i]))
			continue;
		rest = entry + strlen(prefixes[i]);
		if (g_str_has_prefix(rest, "DefaultDiagnosticPortSuspend="))
			return strtoul(strchr(rest, '=') + 1, NULL, 16) != 0;
		if (g_str_has_prefix(rest, "DiagnosticPorts="))
			return ports_suspend(strchr(rest, '=') + 1);
	}
	return FALSE;
}

/* Whether its environment asks for a start that waits for ResumeRuntime. */
static gboolean starts_suspended(int procfd)
{
	char *text = malloc(ENVIRON_MAX);
	ssize_t n = text ? discovery_read(procfd, "environ", text, ENVIRON_MAX) : -1;
	gboolean found = FALSE;

	for (ssize_t at = 0; at < n && !found; at += (ssize_t)strlen(text + at) + 1)
		found = variable_suspends(text + at);
	free(text);
	return found;
}

static void watch_directory(int rootfd, const ActConnect *act)
{
	char path[DISCOVERY_PATH_MAX], proc[40];
	char *slash;
	int dir, wd;

	if (act->inotify < 0)
		return;
	g_strlcpy(path, act->path, sizeof path);
	slash = strrchr(path, '/');
	if (!slash)
		return;
	*(slash == path ? slash + 1 : slash) = '\0';
	dir = act_open_in_root(rootfd, path, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return;
	g_snprintf(proc, sizeof proc, "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(act->inotify, proc, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
	/* Numbers go up: anybody can make directories, and such watches are few for each user. Without one, what
	 * begins there is found within a second. */
	if (wd > WATCHES_MAX)
		inotify_rm_watch(act->inotify, wd);
	close(dir);
}

/* The pin, or a negative errno. */
static int pin_socket(HelperContext *context, const ActConnect *act, int rootfd, gboolean suspended)
{
	HelperMessage message = { .kind = ACT_SAID_PIN };
	struct stat st;
	int pin = act_open_in_root(rootfd, act->path, O_PATH | O_NOFOLLOW);

	if (pin < 0)
		return pin;
	if (fstat(pin, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != act->credentials.uid) {
		close(pin);
		return -EPERM;
	}
	message.value[ACT_PIN_INODE] = st.st_ino;
	message.value[ACT_PIN_CTIME_US] =
		(uint64_t)((int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000);
	message.value[ACT_PIN_SUSPENDED] = suspended;
	helper_say(context, &message, pin);
	return pin;
}

static int connect_through(int pin)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	g_snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", pin);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		/* A full backlog says EAGAIN, which here means that the target is stopped. */
		r = errno == EAGAIN ? -EBUSY : -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* TRUE: the daemon says what is next. FALSE: it ended, or has nothing more to say; or the target is gone. */
static gboolean is_told(int told, int pidfd)
{
	struct pollfd fds[] = { { .fd = told, .events = POLLIN },
		                { .fd = pidfd, .events = POLLIN } };
	char byte;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return !fds[1].revents && read(told, &byte, 1) == 1;
}

/* The first byte of the answer is there, or was: the daemon can have read it before this process had a look.
 * FALSE: the target is gone. */
static gboolean is_answered(int fd, int told, int pidfd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
		                { .fd = told, .events = POLLIN },
		                { .fd = pidfd, .events = POLLIN } };
	char byte;

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno == EINTR)
			continue;
		if (fds[2].revents)
			return FALSE;
		if (fds[0].revents || read(told, &byte, 1) == 1)
			return TRUE;
		fds[1].fd = -1; /* the daemon ended while the runtime was at it */
	}
}

/*
 * 3.1 dies or hangs of a connection closed early: ours must not be the last copy, whatever happens to
 * the daemon. Ends some time after the first byte, or with the target. When the daemon ended before it sent the
 * request, the runtime's one thread would wait for it as long as there is a copy; and a session that nobody reads
 * would go on in the runtime.
 */
static void hold(HelperContext *context, int fd, int pidfd, int told)
{
	struct pollfd pollfd = { .fd = pidfd, .events = POLLIN };

	helper_detach(context);
	if (!is_told(told, pidfd)) {
		shutdown(fd, SHUT_RDWR);
		return;
	}
	if (!is_answered(fd, told, pidfd))
		return;
	while (poll(&pollfd, 1, HOLD_AFTER_FIRST_BYTE_MS) < 0 && errno == EINTR)
		;
}

static int get_pin(HelperContext *context, const ActConnect *act)
{
	autofd int rootfd = -1;
	gboolean suspended = FALSE;
	int pin, r;

	if (act->pin < 0) {
		rootfd = openat(act->procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rootfd < 0)
			return -errno;
		suspended = starts_suspended(act->procfd);
	}
	r = helper_become(context, &act->credentials);
	if (r < 0)
		return r;
	if (act->pin >= 0)
		return act->pin;
	pin = pin_socket(context, act, rootfd, suspended);
	if (pin >= 0)
		watch_directory(rootfd, act);
	return pin;
}

void act_connect(HelperContext *context, const void *args)
{
	const ActConnect *act = args;
	HelperMessage message = { .kind = ACT_SAID_CONNECTION };
	struct stat st;
	int pin, fd = -1;

	if (act->check_only) {
		message.error = fstat(act->pin, &st) < 0 ? -errno : 0;
		message.value[0] = message.error ? 0 : st.st_nlink;
		message.value[1] = act->serial;
		message.value[2] = act_has_free_descriptor(act->procfd);
		message.value[3] = message.error ? 0 : st.st_mode;
		helper_say(context, &message, -1);
		return;
	}
	if (act_is_stopped(act->procfd))
		message.error = -EAGAIN;
	else if (!act_has_free_descriptor(act->procfd))
		message.error = -EMFILE;
	if (!message.error) {
		pin = get_pin(context, act);
		fd = pin < 0 ? pin : connect_through(pin);
		message.error = MIN(fd, 0);
		if (pin >= 0 && fstat(pin, &st) == 0) {
			message.value[0] = st.st_nlink;
			message.value[1] = st.st_mode;
		}
	}
	helper_say(context, &message, fd);
	if (act->hold && fd >= 0)
		hold(context, fd, act->pidfd, act->told);
}
