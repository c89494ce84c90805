/* The table of file handles. */
#include "fs/edge/open-file.h"

#include <unistd.h>

#include "fs/tree/shared-file.h"
#include "fs/util.h"

struct OpenFiles {
	GHashTable *by_handle; /* &OpenFile.handle -> OpenFile, a reference */
	GHashTable *by_user;   /* uid -> number of them */
	guint n_fds, fds_max;  /* of them with a descriptor */
	guint64 last;          /* handles go up and are never used again */
};

OpenFile *open_file_new(guint64 ino, int flags)
{
	OpenFile *file = g_atomic_rc_box_new0(OpenFile);

	file->node.ino = ino;
	file->node.flags = flags;
	file->node.fd = -1;
	file->poll_link.data = file;
	return file;
}

OpenFile *open_file_ref(OpenFile *file)
{
	return g_atomic_rc_box_acquire(file);
}

/* May run in the pool: whoever drops the last reference is alone with the file, and
 * no dump's text is shared. */
static void clear_file(void *data)
{
	OpenFile *file = data;

	g_assert(file->poll == NULL);
	util_close_fd(&file->node.fd);
	shared_file_drop_text(&file->node);
}

void open_file_unref(OpenFile *file)
{
	g_atomic_rc_box_release_full(file, clear_file);
}

static void unref_value(void *data)
{
	open_file_unref(data);
}

OpenFiles *open_files_new(void)
{
	OpenFiles *files = g_new0(OpenFiles, 1);
	glong fds = sysconf(_SC_OPEN_MAX);

	files->by_handle = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, unref_value);
	files->by_user = g_hash_table_new(NULL, NULL);
	files->fds_max = fds > 0 ? (guint)MIN(fds / 8, OPEN_FILES_FDS_MAX) : OPEN_FILES_FDS_MAX;
	return files;
}

void open_files_free(OpenFiles *files)
{
	if (files == NULL)
		return;
	g_hash_table_destroy(files->by_handle);
	g_hash_table_destroy(files->by_user);
	g_free(files);
}

static guint count_of(const OpenFiles *files, uid_t uid)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(files->by_user, GUINT_TO_POINTER(uid)));
}

static void count(OpenFiles *files, const OpenFile *file, int more)
{
	guint n = count_of(files, file->opener) + (guint)more;

	if (n > 0)
		g_hash_table_insert(files->by_user, GUINT_TO_POINTER(file->opener),
		                    GUINT_TO_POINTER(n));
	else
		g_hash_table_remove(files->by_user, GUINT_TO_POINTER(file->opener));
	if (file->node.fd >= 0)
		files->n_fds += (guint)more;
}

gboolean open_files_have_room(const OpenFiles *files, uid_t uid, uid_t mounter)
{
	guint others = g_hash_table_size(files->by_handle) - count_of(files, 0) -
	               (mounter != 0 ? count_of(files, mounter) : 0);

	if (files->n_fds >= files->fds_max)
		return FALSE;
	if (uid == 0 || uid == mounter)
		return TRUE;
	return count_of(files, uid) < OPEN_FILES_USER_MAX && others < OPEN_FILES_USERS_MAX;
}

void open_files_add(OpenFiles *files, OpenFile *file)
{
	file->handle = ++files->last;
	g_hash_table_insert(files->by_handle, &file->handle, open_file_ref(file));
	count(files, file, 1);
}

OpenFile *open_files_get(const OpenFiles *files, guint64 handle, guint64 ino)
{
	OpenFile *file = g_hash_table_lookup(files->by_handle, &handle);

	return file != NULL && file->node.ino == ino ? file : NULL;
}

void open_files_remove(OpenFiles *files, OpenFile *file)
{
	if (g_hash_table_lookup(files->by_handle, &file->handle) == file)
		count(files, file, -1);
	g_hash_table_remove(files->by_handle, &file->handle);
}

guint open_files_count(const OpenFiles *files)
{
	return g_hash_table_size(files->by_handle);
}
