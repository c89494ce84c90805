/* See store-leaf.h. */
#include "fs/broker/store-leaf.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"

#define DROPPED "dropped-"

enum {
	DROPPED_NAME_MAX = STORE_LEAF_NAME_MAX + 8
};

static int random_name(char name[STORE_LEAF_NAME_MAX])
{
	uint64_t random[2];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return -EIO;
	g_snprintf(name, STORE_LEAF_NAME_MAX,
	           "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", random[0], random[1]);
	return 0;
}

int store_leaf_make(int work, gboolean root_mode, uid_t uid, gid_t gid,
                    char name[STORE_LEAF_NAME_MAX])
{
	int fd, r = random_name(name);

	if (r < 0)
		return r;
	if (mkdirat(work, name, 0700) < 0)
		return -errno;
	fd = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		r = -errno;
	else if (root_mode && fchown(fd, uid, gid) < 0)
		r = -errno;
	if (r < 0) {
		util_close_fd(&fd);
		unlinkat(work, name, AT_REMOVEDIR);
		return r;
	}
	return fd;
}

/* Opened, and made ours: with the sticky bit of a directory of somebody else's we could remove nothing of his. */
static int take(int work, gboolean root_mode, const char *name)
{
	int fd;

	/* Root may read whatever the mode is. */
	if (!root_mode && fchmodat(work, name, 0700, 0) < 0)
		g_debug("work/%s: %s", name, g_strerror(errno));
	fd = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && root_mode && fchown(fd, geteuid(), getegid()) < 0)
		g_debug("work/%s: %s", name, g_strerror(errno));
	if (fd >= 0)
		fchmod(fd, 0700);
	return fd;
}

static int move_here(int work, int from, const char *name)
{
	char fresh[STORE_LEAF_NAME_MAX], dropped[DROPPED_NAME_MAX];
	int r = random_name(fresh);

	if (r < 0)
		return r;
	g_snprintf(dropped, sizeof dropped, DROPPED "%s", fresh);
	return renameat(from, name, work, dropped) < 0 ? -errno : 0;
}

int store_leaf_drop(int work, gboolean root_mode, const char *name)
{
	int fd = take(work, root_mode, name), r;

	util_close_fd(&fd);
	r = move_here(work, work, name);
	return r == -ENOENT ? 0 : r;
}

static DIR *list(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		util_close_fd(&copy);
	return dir;
}

static gboolean is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

void store_leaf_drop_all(int work, gboolean root_mode)
{
	DIR *dir = list(work);

	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (!is_dots(entry->d_name) && !g_str_has_prefix(entry->d_name, DROPPED))
			(void)store_leaf_drop(work, root_mode, entry->d_name);
	closedir(dir);
}

typedef struct {
	int work;
	gboolean root_mode;
	unsigned budget;
	unsigned n;    /* of what was dropped and is still there, in this sweep */
	unsigned done; /* removed or moved in this sweep */
} Sweep;

/* Whatever it is. A directory that is not empty is cleaned like a leaf, so that no depth is too deep. */
static gboolean remove_entry(const Sweep *sweep, int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0)
		return TRUE;
	if (errno != EISDIR && errno != EPERM)
		return FALSE;
	if (unlinkat(at, name, AT_REMOVEDIR) == 0)
		return TRUE;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return FALSE;
	if (!sweep->root_mode && fchmodat(at, name, 0700, 0) < 0) /* else it could not be moved */
		return FALSE;
	return move_here(sweep->work, at, name) == 0;
}

static void empty(Sweep *sweep, int fd)
{
	DIR *dir = list(fd);

	if (!dir)
		return;
	for (struct dirent *entry; sweep->budget && (entry = readdir(dir));) {
		if (is_dots(entry->d_name))
			continue;
		sweep->budget--;
		sweep->done += remove_entry(sweep, fd, entry->d_name);
	}
	closedir(dir);
}

static void sweep_once(Sweep *sweep)
{
	DIR *dir = list(sweep->work);

	sweep->n = sweep->done = 0;
	if (!dir)
		return;
	for (struct dirent *entry; sweep->budget && (entry = readdir(dir));) {
		autofd int fd = -1;

		if (!g_str_has_prefix(entry->d_name, DROPPED))
			continue;
		sweep->n++;
		sweep->budget--;
		fd = take(sweep->work, sweep->root_mode, entry->d_name);
		if (fd >= 0)
			empty(sweep, fd);
		sweep->done +=
			unlinkat(sweep->work, entry->d_name, fd >= 0 ? AT_REMOVEDIR : 0) == 0;
	}
	closedir(dir);
}

gboolean store_leaf_clean(int work, gboolean root_mode, unsigned budget)
{
	Sweep sweep = { .work = work, .root_mode = root_mode, .budget = budget };

	do
		sweep_once(&sweep);
	while (sweep.done && sweep.budget);
	return !sweep.n && sweep.budget;
}
