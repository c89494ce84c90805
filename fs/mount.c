/* See mount.h. */
#include "fs/mount.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/mount-table.h"
#include "fs/util.h"

enum {
	LOOK_DEADLINE_MS = 2000,
	PATIENCE_MS = 2000,
	POLL_US = 20000,
	READ_AHEAD_KB = 1024
};

/* What statfs of a mount says, asked in a process of its own: 0, an errno, or -1 for no answer in time. */
static int ask_mount(const char *path)
{
	struct pollfd ended = { .events = POLLIN };
	pid_t pid = fork();
	int status, r;

	if (pid == 0) {
		struct statfs st;

		_exit(statfs(path, &st) == 0 ? 0 : errno);
	}
	if (pid < 0)
		return -1;
	ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	do
		r = poll(&ended, 1, LOOK_DEADLINE_MS);
	while (r < 0 && errno == EINTR);
	if (ended.fd >= 0)
		close(ended.fd);
	if (r <= 0) {
		kill(pid, SIGKILL); /* it may stay until that mount is gone */
		waitpid(pid, NULL, WNOHANG);
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Broker and front follow each other into death: what answers now may be dead in a moment, and what is dead may
 * be taken away by the other half at the same time as by us. */
static int replace_stale(const char *path, char **ret_why)
{
	gint64 until = g_get_monotonic_time() + PATIENCE_MS * 1000;
	MountEntry entry;

	while (mount_table_find(path, &entry) == 0 && entry.is_ours) {
		int said = ask_mount(path);

		if (said == ENOTCONN && mount_table_detach(path, geteuid() == 0) == 0)
			continue;
		if (said >= 0 && g_get_monotonic_time() < until) {
			g_usleep(POLL_US);
			continue;
		}
		*ret_why = g_strdup_printf(
			said < 0 ? "%s: a triggerdumpfs is mounted there, which does not answer"
			: said == ENOTCONN ? "%s: the dead mount there cannot be taken away"
					   : "%s: a triggerdumpfs is mounted there already",
			path);
		return -EBUSY;
	}
	return 0;
}

/* The parent is resolved, never the mountpoint: a dead mount there would not let itself be looked at. */
static char *resolve(const char *mountpoint, char **ret_why)
{
	g_autofree char *absolute = g_canonicalize_filename(mountpoint, NULL);
	g_autofree char *parent = g_path_get_dirname(absolute);
	g_autofree char *base = g_path_get_basename(absolute);
	char *real = realpath(parent, NULL);
	char *path;

	if (!real) {
		*ret_why = g_strdup_printf("%s: %s", parent, g_strerror(errno));
		return NULL;
	}
	path = strcmp(absolute, "/") == 0 ? g_strdup("/") : g_build_filename(real, base, NULL);
	free(real);
	return path;
}

/* Who may move a directory, or a link to one, decides what is mounted upon. */
static gboolean is_foreign(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

/* An autofs (x-systemd.automount) waits for this very mount, and reading it would wait for us. */
static gboolean is_empty(const char *path)
{
	autofd int fd = open(path, O_PATH | O_CLOEXEC);
	g_autoptr(GDir) dir = NULL;
	struct statfs st;

	if (fd < 0 || fstatfs(fd, &st) < 0 || st.f_type == AUTOFS_SUPER_MAGIC)
		return TRUE;
	dir = g_dir_open(path, 0, NULL);
	return !dir || !g_dir_read_name(dir);
}

/* Why nothing is to be mounted on a directory; path: as it was given, real: where it leads to. */
static const char *find_fault(const char *path, const char *real)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && is_foreign(&st))
		return "it is a symbolic link of another user's";
	if (stat(real, &st) < 0)
		return g_strerror(errno);
	if (!S_ISDIR(st.st_mode)) /* FUSE would mount on a file as well */
		return g_strerror(ENOTDIR);
	if (is_foreign(&st))
		return "it belongs to another user";
	return is_empty(real) ? NULL : "it is not empty: what is in it would be hidden";
}

/* Makes it when it is missing; *path becomes what a link there leads to. Nothing of ours is mounted on it, so
 * that it may be looked at. */
static int check_directory(char **path, gboolean *ret_made, char **ret_why)
{
	const char *fault = NULL;
	char *real = NULL;

	*ret_made = mkdir(*path, 0755) == 0;
	if ((!*ret_made && errno != EEXIST) || !(real = realpath(*path, NULL)))
		fault = g_strerror(errno);
	if (!fault)
		fault = find_fault(*path, real);
	if (fault)
		*ret_why = g_strdup_printf("%s: %s", *path, fault);
	else
		util_set_str(path, real);
	free(real);
	return fault ? -EINVAL : 0;
}

int mount_prepare(const char *mountpoint, Mount *ret, char **ret_why)
{
	g_autofree char *path = resolve(mountpoint, ret_why);
	gboolean made = FALSE;
	int r;

	if (!path)
		return -ENOENT;
	r = replace_stale(path, ret_why);
	if (r >= 0)
		r = check_directory(&path, &made, ret_why);
	if (r >= 0)
		r = replace_stale(path, ret_why); /* it was a link */
	if (r < 0)
		return r;
	*ret = (Mount){ .path = g_steal_pointer(&path), .fd = -1, .made = made };
	return 0;
}

/* Dumps are read in pieces of this size then, instead of 128 KiB. Only a matter of speed. */
static void raise_read_ahead(const MountEntry *entry)
{
	g_autofree char *path =
		g_strdup_printf("/sys/class/bdi/%u:%u/read_ahead_kb", entry->major, entry->minor);
	autofd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!dprintf(fd, "%d\n", READ_AHEAD_KB);
}

static void add_mount_options(Options *options)
{
	g_autofree char *name =
		g_strdup_printf("fsname=%s", options->source && *options->source ? options->source
	                                                                         : "triggerdumpfs");

	/* allow_other never without default_permissions: cached permission results would be shared. */
	fuse_opt_add_arg(&options->fuse, "-o");
	fuse_opt_add_arg(&options->fuse, geteuid() == 0 ? "default_permissions,allow_other"
	                                                : "default_permissions");
	fuse_opt_add_arg(&options->fuse, "-osubtype=triggerdumpfs,nodev,nosuid,noexec");
	for (char *p = name; *p; p++)
		if (*p == ',' || *p == '\\')
			*p = '_';
	fuse_opt_add_arg(&options->fuse, "-o");
	fuse_opt_add_arg(&options->fuse, name);
}

int mount_do(Mount *mount, Options *options, char **ret_why)
{
	static const struct fuse_lowlevel_ops none;
	struct fuse_session *session;
	MountEntry entry;

	add_mount_options(options);
	session = fuse_session_new(&options->fuse, &none, sizeof none, NULL);
	if (!session) {
		*ret_why = g_strdup("the options are not understood");
		return -EINVAL;
	}
	if (fuse_session_mount(session, mount->path) != 0) {
		fuse_session_destroy(session);
		*ret_why = g_strdup_printf("%s cannot be mounted on", mount->path);
		return -EIO;
	}
	mount->fd = fcntl(fuse_session_fd(session), F_DUPFD_CLOEXEC, 3);
	fuse_session_destroy(session); /* does not unmount */
	if (mount->fd < 0 || mount_table_find(mount->path, &entry) < 0 || !entry.is_ours) {
		*ret_why = g_strdup_printf("%s: the mount is not in /proc/self/mountinfo",
		                           mount->path);
		mount_table_detach(mount->path, geteuid() == 0);
		return -EIO;
	}
	mount->id = entry.id;
	raise_read_ahead(&entry);
	return 0;
}

void mount_undo(const Mount *mount)
{
	if (mount->made && rmdir(mount->path) < 0)
		g_debug("%s stays: %s", mount->path, g_strerror(errno));
}

void mount_clear(Mount *mount)
{
	util_close_fd(&mount->fd);
	g_clear_pointer(&mount->path, g_free);
}
