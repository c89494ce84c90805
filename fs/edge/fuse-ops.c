/* The FUSE operations. Main thread only. */
#include "fs/edge/fuse-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "fs/tree/access.h"

enum {
	READDIR_MAX =
		1 << 16,     /* bytes of one answer to READDIR; the kernel asks for a page or two */
	READ_MAX = 16 << 20, /* bytes; the kernel asks for 1 MiB at most */
};

static FuseContext *context(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* Whose request it is, as the tree wants to know for each. */
static uid_t caller(fuse_req_t req)
{
	return fuse_req_ctx(req)->uid;
}

static void op_init(void *data, struct fuse_conn_info *conn)
{
	FuseContext *self = data;

	/* Entries with attributes count a lookup each, for nothing that ls or find need. */
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	self->initialised = TRUE;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { 0 };
	TreeAttr attr;
	int error = tree_lookup(context(req)->tree, caller(req), parent, name, &attr);

	if (error < 0) {
		fuse_reply_err(req, -error);
		return;
	}
	entry.ino = attr.st.st_ino;
	entry.attr = attr.st;
	entry.attr_timeout = attr.attr_timeout;
	entry.entry_timeout = attr.entry_timeout;
	fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	TreeAttr attr;
	int error = tree_attr(context(req)->tree, caller(req), ino, &attr);

	if (error < 0)
		fuse_reply_err(req, -error);
	else
		fuse_reply_attr(req, &attr.st, attr.attr_timeout);
}

/* Truncating is accepted where a write would be, and changes nothing; all else is the target's. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *wanted, int to_set,
                       struct fuse_file_info *info)
{
	const int others = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
	Tree *tree = context(req)->tree;
	TreeAttr attr;
	int error = -EPERM;

	if ((to_set & FUSE_SET_ATTR_SIZE) != 0 && (to_set & others) == 0)
		error = tree_truncate(tree, caller(req), ino);
	if (error == 0)
		error = tree_attr(tree, caller(req), ino, &attr);
	if (error < 0)
		fuse_reply_err(req, -error);
	else
		fuse_reply_attr(req, &attr.st, attr.attr_timeout);
}

static gboolean has_room(const FuseContext *self, uid_t uid)
{
	uid_t mounter = model_settings(tree_model(self->tree))->mounter_uid;

	return open_files_have_room(self->files, uid, mounter);
}

static void finish_open(Reply *reply, fuse_req_t req, int error)
{
	FuseContext *self = context(req);
	OpenFile *file = reply_file(reply);
	gboolean sealed = file->node.fd >= 0;
	struct fuse_file_info info = { .flags = file->node.flags };

	/* Others may have come first while it waited. */
	if (error == 0 && !has_room(self, file->opener)) {
		tree_release(self->tree, &file->node);
		error = -EMFILE;
	}
	if (error < 0) {
		fuse_reply_err(req, -error);
		return;
	}
	open_files_add(self->files, file);
	info.fh = file->handle;
	info.direct_io = !sealed;
	info.keep_cache = sealed;
	/* The caller was interrupted: no RELEASE will come. */
	if (fuse_reply_open(req, &info) == -ENOENT) {
		tree_release(self->tree, &file->node);
		open_files_remove(self->files, file);
	}
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	FuseContext *self = context(req);
	OpenFile *file;
	Reply *reply;

	if (!has_room(self, caller(req))) {
		fuse_reply_err(req, EMFILE);
		return;
	}
	file = open_file_new(ino, info->flags);
	file->opener = caller(req);
	reply = reply_new(self->replies, req, finish_open, file);
	reply_settle(reply, tree_open(self->tree, caller(req), &file->node, reply_wait(reply)));
	open_file_unref(file);
}

static void finish_read(Reply *reply, fuse_req_t req, int error)
{
	const OpenNode *node = &reply_file(reply)->node;
	gint64 from = reply_offset(reply) - node->text_from;

	/* The file may be somebody else's now. */
	if (error == 0 && reply_has_waited(reply) &&
	    tree_check(context(req)->tree, caller(req), node->ino, ACCESS_READ) == -EACCES)
		error = -EACCES;
	if (error < 0)
		fuse_reply_err(req, -error);
	else if (node->text == NULL || from < 0 || from >= (gint64)node->text->len)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_buf(req, node->text->str + from,
		               MIN(node->text->len - (gsize)from, reply_size(reply)));
}

/* A dump never becomes another one's, and the kernel has parts of it: who may open it may pass it on. */
static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
	FuseContext *self = context(req);
	OpenFile *file = open_files_get(self->files, info->fh, ino);
	Reply *reply;

	size = MIN(size, READ_MAX);
	if (file == NULL || offset < 0) {
		fuse_reply_err(req, file == NULL ? EBADF : EINVAL);
	} else if (file->node.fd >= 0) {
		dump_reader_read(self->reader, req, file, offset, size);
	} else {
		file->node.flags = info->flags;
		reply = reply_new(self->replies, req, finish_read, file);
		reply_set_range(reply, offset, size);
		reply_settle(reply, tree_read(self->tree, caller(req), &file->node, offset, size,
		                              reply_wait(reply)));
	}
}

static void finish_write(Reply *reply, fuse_req_t req, int error)
{
	if (error < 0)
		fuse_reply_err(req, -error);
	else
		fuse_reply_write(req, reply_size(reply));
}

/* One write is one command, whatever its offset: the shell's `>>` and a second echo move it. */
static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
                     struct fuse_file_info *info)
{
	FuseContext *self = context(req);
	OpenFile *file = open_files_get(self->files, info->fh, ino);
	Reply *reply;

	if (file == NULL) {
		fuse_reply_err(req, EBADF);
		return;
	}
	reply = reply_new(self->replies, req, finish_write, file);
	reply_set_range(reply, offset, size);
	reply_settle(reply,
	             tree_write(self->tree, caller(req), ino, data, size, reply_wait(reply)));
}

static void finish_unlink(Reply *reply, fuse_req_t req, int error)
{
	fuse_reply_err(req, -error);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	FuseContext *self = context(req);
	Reply *reply = reply_new(self->replies, req, finish_unlink, NULL);

	reply_settle(reply, tree_unlink(self->tree, caller(req), parent, name, reply_wait(reply)));
}

static void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info,
                    struct fuse_pollhandle *handle)
{
	FuseContext *self = context(req);
	OpenFile *file = open_files_get(self->files, info->fh, ino);
	int error = file == NULL ? EBADF : 0;

	if (file != NULL && tree_check(self->tree, caller(req), ino, ACCESS_READ) == -EACCES)
		error = EACCES;
	/* Never ENOSYS: that would switch poll off for the whole mount. */
	if (error == 0 && tree_can_wake(self->tree, ino)) {
		if (handle != NULL)
			poll_set_arm(self->polls, file, g_steal_pointer(&handle));
	}
	if (handle != NULL)
		fuse_pollhandle_destroy(handle);
	if (error != 0)
		fuse_reply_err(req, error);
	else
		fuse_reply_poll(req, tree_poll(self->tree, &file->node));
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	FuseContext *self = context(req);
	OpenFile *file = open_files_get(self->files, info->fh, ino);

	if (file != NULL) {
		poll_set_disarm(self->polls, file);
		tree_release(self->tree, &file->node);
		open_files_remove(self->files, file);
	}
	fuse_reply_err(req, file == NULL ? EBADF : 0);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	int error = tree_check(context(req)->tree, caller(req), ino, ACCESS_READ);

	if (error < 0)
		fuse_reply_err(req, -error);
	else
		fuse_reply_open(req, info);
}

/* offset is the cookie of the last entry that the caller has. */
static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                       struct fuse_file_info *info)
{
	Tree *tree = context(req)->tree;
	g_autofree char *buf = NULL;
	guint64 after = (guint64)offset;
	gsize used = 0;
	NodeEntry entry;
	int more;

	size = MIN(size, READDIR_MAX);
	buf = g_malloc(size);
	while ((more = tree_next(tree, caller(req), ino, after, &entry)) > 0) {
		struct stat st = { .st_ino = entry.ino, .st_mode = entry.format };
		gsize need = fuse_add_direntry(req, buf + used, size - used, entry.name, &st,
		                               (off_t)entry.cookie);

		if (need > size - used)
			break;
		used += need;
		after = entry.cookie;
	}
	if (more < 0)
		fuse_reply_err(req, -more);
	else
		fuse_reply_buf(req, buf, used);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	/* No blocks, as on proc: df leaves it out. */
	struct statvfs st = { .f_bsize = 4096, .f_frsize = 4096, .f_namemax = NODE_NAME_MAX };

	fuse_reply_statfs(req, &st);
}

/* size 0 asks how long it is. */
static void reply_xattr(fuse_req_t req, int error, const GString *text, size_t size)
{
	if (error < 0)
		fuse_reply_err(req, -error);
	else if (size == 0)
		fuse_reply_xattr(req, text->len);
	else if (text->len > size)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, text->str, text->len);
}

/*
 * The kernel asks for security.capability before a file is written to, and ls -l for two more of each
 * file. ENOSYS would spare these requests, but switch all attributes off for the whole mount.
 */
static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	g_autoptr(GString) text = g_string_new(NULL);

	reply_xattr(req, tree_get_xattr(context(req)->tree, caller(req), ino, name, text), text,
	            size);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	g_autoptr(GString) text = g_string_new(NULL);

	reply_xattr(req, tree_list_xattr(context(req)->tree, caller(req), ino, text), text, size);
}

/* libfuse 3.14.0 passes a truncated name, which matters to nobody here. */
static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
                        size_t size, int flags)
{
	fuse_reply_err(req, EOPNOTSUPP);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	fuse_reply_err(req, EOPNOTSUPP);
}

/*
 * What the tree does not allow. Without these libfuse says ENOSYS, and mkdir "Function not
 * implemented".
 */
static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                      struct fuse_file_info *info)
{
	fuse_reply_err(req, EPERM);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
	fuse_reply_err(req, EPERM);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	fuse_reply_err(req, EPERM);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                      const char *new_name, unsigned flags)
{
	fuse_reply_err(req, EPERM);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name)
{
	fuse_reply_err(req, EPERM);
}

const struct fuse_lowlevel_ops fuse_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.poll = op_poll,
	.release = op_release,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.statfs = op_statfs,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
	.unlink = op_unlink,
	.create = op_create,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.rmdir = op_rmdir,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
};
