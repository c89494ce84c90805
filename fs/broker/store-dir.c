/* See store-dir.h. */
#include "fs/broker/store-dir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make(const char *path, mode_t mode, GPtrArray *made)
{
	mode_t mask = umask(0);
	int r = mkdir(path, mode) < 0 ? -errno : 0;

	umask(mask);
	if (!r)
		g_ptr_array_add(made, g_strdup(path));
	return r == -EEXIST ? 0 : r;
}

int store_dir_make(const char *path, mode_t mode, GPtrArray *made)
{
	g_autofree char *part = g_strdup(path);
	int r = 0;

	for (char *slash = strchr(part + 1, '/'); slash && !r; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = make(part, mode, made);
		*slash = '/';
	}
	return r ? r : make(path, mode, made);
}

int store_dir_open(int at, const char *name, mode_t mode)
{
	struct stat st;
	int fd, r;

	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Whoever owns it can rename what is in it, and put other files there. */
	r = fstat(fd, &st) < 0 ? -errno : st.st_uid != geteuid() ? -EPERM : 0;
	if (!r && fchmod(fd, mode) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Nobody but root can put something else in the place of what is in that directory, or of the link itself. */
static gboolean is_roots(const struct stat *st)
{
	if (st->st_uid != 0)
		return FALSE;
	return S_ISLNK(st->st_mode) || !(st->st_mode & (S_IWGRP | S_IWOTH)) ||
	       st->st_mode & S_ISVTX;
}

static int check_one(const char *dir, const char *path, gboolean is_parent, char **ret_why)
{
	struct stat st;
	const char *what = NULL;

	if (lstat(path, &st) < 0)
		return 0;
	if (!is_roots(&st))
		what = "can be changed by other users than root";
	else if (is_parent && stat(path, &st) == 0 && !(st.st_mode & S_IXOTH))
		what = "cannot be entered by the users of the processes that write dumps there";
	if (!what)
		return 0;
	*ret_why = g_strdup_printf("dump_dir %s: %s %s", dir, path, what);
	return -EACCES;
}

static int check_path(const char *dir, const char *from, char **ret_why)
{
	g_autofree char *path = g_strdup(from);
	int r = check_one(dir, path, FALSE, ret_why);

	for (char *slash = strrchr(path, '/'); slash && !r; slash = strrchr(path, '/')) {
		slash[slash == path] = '\0';
		r = check_one(dir, path, TRUE, ret_why);
		if (slash == path)
			break;
	}
	return r;
}

int store_dir_check_parents(const char *dir, char **ret_why)
{
	g_autofree char *real = realpath(dir, NULL);
	int r = check_path(dir, dir, ret_why);

	return r || !real ? r : check_path(dir, real, ret_why);
}

void store_dir_undo(GPtrArray *made)
{
	for (guint i = made->len; i > 0; i--)
		if (remove(made->pdata[i - 1]) < 0)
			g_debug("%s stays: %s", (char *)made->pdata[i - 1], g_strerror(errno));
	g_ptr_array_set_size(made, 0);
}
