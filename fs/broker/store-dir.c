/* See store-dir.h. */
#include "fs/broker/store-dir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
	int fd;

	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

int store_dir_check_parents(const char *dir, char **ret_why)
{
	g_autofree char *path = g_strdup(dir);

	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		struct stat st;

		slash[slash == path] = '\0';
		if (stat(path, &st) == 0 && !(st.st_mode & S_IXOTH)) {
			*ret_why = g_strdup_printf(
				"dump_dir %s: %s cannot be entered by the users of the "
				"processes that write dumps there",
				dir, path);
			return -EACCES;
		}
		if (slash == path)
			break;
	}
	return 0;
}

void store_dir_undo(GPtrArray *made)
{
	for (guint i = made->len; i > 0; i--)
		if (remove(made->pdata[i - 1]) < 0)
			g_debug("%s stays: %s", (char *)made->pdata[i - 1], g_strerror(errno));
	g_ptr_array_set_size(made, 0);
}
