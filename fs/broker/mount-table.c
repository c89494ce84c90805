/* See mount-table.h. */
#include "fs/broker/mount-table.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Blanks, tabs, line feeds and backslashes are written as \ooo there. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] && p[3]) {
			*to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mountpoint options [tags] - type source options" */
gboolean mount_table_parse(char *line, MountEntry *ret, char **ret_path)
{
	char *save = NULL, *dash = strstr(line, " - ");
	const char *id, *device;

	if (!dash)
		return FALSE;
	id = strtok_r(line, " ", &save);
	if (!id || !strtok_r(NULL, " ", &save))
		return FALSE;
	device = strtok_r(NULL, " ", &save);
	if (!device || !strtok_r(NULL, " ", &save))
		return FALSE;
	*ret_path = strtok_r(NULL, " ", &save);
	if (!*ret_path)
		return FALSE;
	unescape(*ret_path);
	ret->id = g_ascii_strtoull(id, NULL, 10);
	ret->major = (guint)g_ascii_strtoull(device, NULL, 10);
	ret->minor = strchr(device, ':')
	                     ? (guint)g_ascii_strtoull(strchr(device, ':') + 1, NULL, 10)
	                     : 0;
	ret->is_ours = g_str_has_prefix(dash + 3, MOUNT_TABLE_TYPE " ");
	return TRUE;
}

typedef gboolean (*EachMount)(const MountEntry *entry, const char *path, void *data);

/* FALSE of `each` ends the walk. */
static int walk(EachMount each, void *data)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		MountEntry entry;
		char *path;

		if (mount_table_parse(line, &entry, &path) && !each(&entry, path, data))
			break;
	}
	free(line);
	fclose(file);
	return 0;
}

typedef struct {
	const char *path;
	guint64 id;
	MountEntry found;
	gboolean there;
} Wanted;

static gboolean match_path(const MountEntry *entry, const char *path, void *data)
{
	Wanted *wanted = data;

	if (strcmp(path, wanted->path) == 0) {
		wanted->found = *entry;
		wanted->there = TRUE; /* the last one is the uppermost */
	}
	return TRUE;
}

int mount_table_find(const char *path, MountEntry *ret)
{
	Wanted wanted = { .path = path };
	int r = walk(match_path, &wanted);

	if (r < 0)
		return r;
	if (!wanted.there)
		return -ENOENT;
	*ret = wanted.found;
	return 0;
}

static gboolean match_id(const MountEntry *entry, const char *path, void *data)
{
	Wanted *wanted = data;

	wanted->there |= entry->id == wanted->id;
	return !wanted->there;
}

gboolean mount_table_has(guint64 id)
{
	Wanted wanted = { .id = id };

	return walk(match_id, &wanted) < 0 || wanted.there;
}

int mount_table_detach(const char *path, gboolean as_root)
{
	char *const argv[] = { (char *)"fusermount3", (char *)"-uqz", (char *)"--",
		               (char *)(uintptr_t)path, NULL };
	pid_t pid;
	int status;

	if (as_root)
		return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	if (posix_spawnp(&pid, "fusermount3", NULL, NULL, argv, environ) != 0)
		return -ENOENT;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBUSY;
}
