/*
 * The least that libfuse can do: one file, "value", whose text never changes. The baseline of bench-open.
 * bench-fuse-file MOUNTPOINT; serves in the foreground until it is unmounted.
 */
#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "388.682712\n";

enum {
	FILE_INO = 2
};

static struct stat attributes(fuse_ino_t ino)
{
	return (struct stat){
		.st_ino = ino,
		.st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0555 : S_IFREG | 0444,
		.st_nlink = 1,
	};
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct fuse_entry_param entry = {
		.ino = FILE_INO,
		.attr = attributes(FILE_INO),
		.attr_timeout = 1,
		.entry_timeout = 3600,
	};

	if (strcmp(name, "value") == 0)
		fuse_reply_entry(req, &entry);
	else
		fuse_reply_err(req, ENOENT);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	fuse_reply_attr(req, &st, 1);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
	size_t len = sizeof text - 1;

	if ((size_t)offset >= len)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_buf(req, text + offset,
		               len - (size_t)offset < size ? len - (size_t)offset : size);
}

static void on_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fuse_reply_err(req, 0);
}

int main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops ops = {
		.lookup = on_lookup,
		.getattr = on_getattr,
		.open = on_open,
		.read = on_read,
		.release = on_release,
	};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session;
	int status = 1;

	if (argc != 2)
		return 2;
	session = fuse_session_new(&args, &ops, sizeof ops, NULL);
	if (session && fuse_session_mount(session, argv[1]) == 0) {
		status = fuse_session_loop(session) == 0 ? 0 : 1;
		fuse_session_unmount(session);
	}
	if (session)
		fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	return status;
}
