/*
 * odd-fuse silent DIRECTORY MOUNTPOINT - a file system that answers nothing but its own start
 * odd-fuse pass DIRECTORY MOUNTPOINT - one that passes on what is asked to DIRECTORY, as far as a store needs it
 *
 * In the foreground, with one thread; prints "ready".
 */
#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <errno.h>
#include <fuse3/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int silent;
static int root;

static const char *below(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static int said(int r)
{
	return r < 0 ? -errno : 0;
}

static void *on_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	puts("ready");
	fflush(stdout);
	return NULL;
}

static int on_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	while (silent)
		pause();
	return said(fstatat(root, below(path), st, AT_SYMLINK_NOFOLLOW));
}

static int on_mkdir(const char *path, mode_t mode)
{
	return said(mkdirat(root, below(path), mode));
}

static int on_rmdir(const char *path)
{
	return said(unlinkat(root, below(path), AT_REMOVEDIR));
}

static int on_unlink(const char *path)
{
	return said(unlinkat(root, below(path), 0));
}

static int on_chmod(const char *path, mode_t mode, struct fuse_file_info *info)
{
	return said(fchmodat(root, below(path), mode, 0));
}

static int on_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *info)
{
	return said(fchownat(root, below(path), uid, gid, AT_SYMLINK_NOFOLLOW));
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	int fd = openat(root, below(path), O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : said(ftruncate(fd, size));

	if (fd >= 0)
		close(fd);
	return r;
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
	int fd = openat(root, below(path), info->flags | O_CREAT | O_CLOEXEC, mode);

	info->fh = (uint64_t)fd;
	return fd < 0 ? -errno : 0;
}

static int on_open(const char *path, struct fuse_file_info *info)
{
	return on_create(path, 0600, info);
}

static int on_release(const char *path, struct fuse_file_info *info)
{
	return said(close((int)info->fh));
}

static int on_read(const char *path, char *buf, size_t size, off_t at, struct fuse_file_info *info)
{
	ssize_t n = pread((int)info->fh, buf, size, at);

	return n < 0 ? -errno : (int)n;
}

static int on_write(const char *path, const char *buf, size_t size, off_t at,
                    struct fuse_file_info *info)
{
	ssize_t n = pwrite((int)info->fh, buf, size, at);

	return n < 0 ? -errno : (int)n;
}

static int on_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t at,
                      struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	int fd = openat(root, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));)
		fill(buf, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations operations = {
		.init = on_init,
		.getattr = on_getattr,
		.mkdir = on_mkdir,
		.rmdir = on_rmdir,
		.unlink = on_unlink,
		.chmod = on_chmod,
		.chown = on_chown,
		.truncate = on_truncate,
		.create = on_create,
		.open = on_open,
		.release = on_release,
		.read = on_read,
		.write = on_write,
		.readdir = on_readdir,
	};
	char allow_other[] = "-oallow_other", foreground[] = "-f", single[] = "-s";
	char *arguments[] = { argv[0], allow_other, foreground, single, argv[argc - 1], NULL };

	if (argc != 4) {
		fprintf(stderr, "usage: odd-fuse silent|pass DIRECTORY MOUNTPOINT\n");
		return 2;
	}
	silent = strcmp(argv[1], "silent") == 0;
	root = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		perror(argv[2]);
		return 1;
	}
	return fuse_main(5, arguments, &operations, NULL);
}
