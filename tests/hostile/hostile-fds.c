/* See hostile.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "fs/util.h"
#include "tests/hostile/hostile.h"

/* Every way to change a file that a descriptor gives. */
static gboolean can_change(int fd)
{
	char path[40];
	autofd int again = -1;

	g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again >= 0 && pwrite(again, "x", 1, 0) == 1)
		return TRUE;
	return pwrite(fd, "x", 1, 0) == 1 || ftruncate(fd, 0) == 0 || fchmod(fd, 0666) == 0 ||
	       fchown(fd, getuid(), getgid()) == 0 || futimens(fd, NULL) == 0;
}

static gboolean can_map_for_writing(int fd)
{
	void *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return FALSE;
	munmap(map, 1);
	return TRUE;
}

static const char *look_at_socket(int fd, const char **ret_what)
{
	struct sockaddr_un peer = { 0 };
	socklen_t len = sizeof peer, type_len = sizeof(int);
	int type = 0, listens = 0;
	const char *name;

	*ret_what = "stream";
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len);
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &type_len);
	if (type != SOCK_STREAM || listens || getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ||
	    peer.sun_family != AF_UNIX)
		return "a socket that is no connection to a runtime";
	name = strrchr(peer.sun_path, '/');
	return name && g_str_has_prefix(name, "/dotnet-diagnostic-")
	               ? NULL
	               : "a connection to something that is no runtime";
}

static const char *look_at_memfd(int fd, const char **ret_what)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	*ret_what = "memfd";
	if ((fcntl(fd, F_GET_SEALS) & seals) != seals)
		return "a memfd without all its seals";
	if (pwrite(fd, "x", 1, 0) == 1 || ftruncate(fd, 0) == 0 || can_map_for_writing(fd))
		return "a memfd that can be changed";
	return NULL;
}

static const char *look_at_file(int fd, const struct stat *st, const char *path,
                                const char *dump_dir, const char **ret_what)
{
	g_autofree char *sealed = g_build_filename(dump_dir, "sealed", "core_", NULL);

	*ret_what = g_str_has_suffix(path, ".json") ? "sidecar" : "dump";
	if (!g_str_has_prefix(path, sealed) || strchr(path + strlen(sealed), '/') ||
	    g_str_has_suffix(path, ".meta") || g_str_has_suffix(path, ".part"))
		return "a file that is no sealed dump";
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		return "a dump that is open for writing";
	if ((st->st_mode & 0777) != 0400 || st->st_uid == getuid())
		return "a dump that is not the store's alone";
	if (can_change(fd) || can_map_for_writing(fd))
		return "a dump that can be changed";
	return NULL;
}

const char *hostile_look_at_fd(int fd, const char *dump_dir, const char **ret_what)
{
	char link[40], path[PATH_MAX] = "";
	struct stat st;
	ssize_t n;

	*ret_what = "?";
	if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		return "a descriptor that would live through exec";
	g_snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0 || fstat(fd, &st) < 0)
		return "a descriptor of which nothing is known";
	if (S_ISSOCK(st.st_mode))
		return look_at_socket(fd, ret_what);
	if (S_ISREG(st.st_mode) && g_str_has_prefix(path, "/memfd:"))
		return look_at_memfd(fd, ret_what);
	if (S_ISREG(st.st_mode))
		return look_at_file(fd, &st, path, dump_dir, ret_what);
	return "neither a socket nor a file";
}
