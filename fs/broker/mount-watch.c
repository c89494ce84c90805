/* See mount-watch.h. */
#include "fs/broker/mount-watch.h"
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>
#include "fs/broker/mount-table.h"
#include "fs/util.h"

struct MountWatch {
	char *mountpoint;
	guint64 id;
	gboolean as_root;
	void (*gone)(void *data);
	void *data;
	int fd;
	guint source;
	gboolean over;
};

static gboolean on_change(gint fd, GIOCondition condition, gpointer data)
{
	MountWatch *watch = data;
	char buf[4096];

	/* Reading the table is what takes the mark away. */
	if (lseek(fd, 0, SEEK_SET) == 0)
		while (read(fd, buf, sizeof buf) > 0)
			;
	if (mount_table_has(watch->id))
		return G_SOURCE_CONTINUE;
	watch->source = 0;
	if (!watch->over) {
		watch->over = TRUE;
		watch->gone(watch->data);
	}
	return G_SOURCE_REMOVE;
}

MountWatch *mount_watch_new(const char *mountpoint, guint64 id, gboolean as_root,
                            void (*gone)(void *data), void *data)
{
	MountWatch *watch = g_new0(MountWatch, 1);

	watch->mountpoint = g_strdup(mountpoint);
	watch->id = id;
	watch->as_root = as_root;
	watch->gone = gone;
	watch->data = data;
	watch->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (watch->fd >= 0)
		watch->source = g_unix_fd_add(watch->fd, G_IO_PRI | G_IO_ERR, on_change, watch);
	return watch;
}

void mount_watch_free(MountWatch *watch)
{
	if (watch->source)
		g_source_remove(watch->source);
	util_close_fd(&watch->fd);
	g_free(watch->mountpoint);
	g_free(watch);
}

gboolean mount_watch_present(const MountWatch *watch)
{
	return mount_table_has(watch->id);
}

void mount_watch_detach(MountWatch *watch)
{
	MountEntry entry;

	watch->over = TRUE;
	if (mount_table_find(watch->mountpoint, &entry) == 0 && entry.id == watch->id)
		mount_table_detach(watch->mountpoint, watch->as_root);
}
