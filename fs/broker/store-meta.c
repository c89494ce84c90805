/* See store-meta.h. */
#include "fs/broker/store-meta.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"
#include "ipc/commands.h"

/* Lines were added at the end since, which are not there in older ones. */
#define META_VERSION "triggerdumpfs-dump 1"

enum {
	META_MAX = 2048,
	MODE_DONE = 0400,
	MODE_DUE = 0600,
};

static void boot_id(char *buf, size_t size)
{
	autofd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : util_read_all(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	g_strchomp(buf);
}

char *store_meta_format(const char *name, const char *boot, const RecordSealed *info)
{
	return g_strdup_printf(
		META_VERSION "\nname %s\nboot %s\npid %d\nuid %u\ngid %u\nstart %" G_GUINT64_FORMAT
			     "\ntype %u\nwritten %u\nrequested %" G_GINT64_FORMAT
			     "\nsealed %" G_GINT64_FORMAT "\nreason %u\nstarted %" G_GINT64_FORMAT
			     "\nfrozen %" G_GINT64_FORMAT "\nfrozen_at %" G_GINT64_FORMAT "\n",
		name, boot, (int)info->pid, info->uid, info->gid, info->start_ticks, info->type,
		info->written_type, info->requested_us, info->sealed_us, info->reason,
		info->start_us, info->frozen_us + 1, info->frozen_at_us);
}

int store_meta_write(int dirfd, const char *file, const char *name, const RecordSealed *info)
{
	g_autofree char *text = NULL;
	g_autofree char *partial = g_strconcat(".", file, NULL);
	autofd int fd = -1;
	char boot[64];
	int r;

	boot_id(boot, sizeof boot);
	text = store_meta_format(name, boot, info);
	fd = openat(dirfd, partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	            info->json_due ? MODE_DUE : MODE_DONE);
	if (fd < 0)
		return -errno;
	r = util_write_all(fd, text, strlen(text));
	if (!r && (fsync(fd) < 0 || renameat(dirfd, partial, dirfd, file) < 0))
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, partial, 0);
	else if (fsync(dirfd) < 0) {
		r = -errno;
		unlinkat(dirfd, file, 0);
	}
	return r;
}

int store_meta_json_done(int dirfd, const char *file)
{
	return fchmodat(dirfd, file, MODE_DONE, 0) < 0 ? -errno : 0;
}

/* The value of the next line, whose key must be `key`; moves *at behind it. NULL otherwise. */
static const char *take(char **at, const char *key)
{
	char *line = *at, *end = strchr(line, '\n');
	size_t len = strlen(key);

	if (!end || strncmp(line, key, len) != 0 || line[len] != ' ')
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line + len + 1;
}

static gboolean take_number(char **at, const char *key, guint64 max, guint64 *ret)
{
	const char *text = take(at, key);

	return text && g_ascii_string_to_unsigned(text, 10, 0, max, ret, NULL);
}

/* What a json is made of when nobody was there to write it. */
static void take_story(char **at, RecordSealed *ret)
{
	guint64 reason, started, frozen, frozen_at;

	if (!take_number(at, "reason", RECORD_REASON_DEMAND, &reason) ||
	    !take_number(at, "started", G_MAXINT64, &started) ||
	    !take_number(at, "frozen", G_MAXINT64, &frozen) ||
	    !take_number(at, "frozen_at", G_MAXINT64, &frozen_at))
		return;
	ret->reason = (guint32)reason;
	ret->start_us = (gint64)started;
	ret->frozen_us = (gint64)frozen - 1; /* -1 is unknown, and no sign is written */
	ret->frozen_at_us = (gint64)frozen_at;
}

/* All types that a dump can have. */
static gboolean take_type(char **at, const char *key, guint32 *ret)
{
	guint64 type;

	if (!take_number(at, key, IPC_DUMP_FULL, &type) || type < IPC_DUMP_MINI)
		return FALSE;
	*ret = (guint32)type;
	return TRUE;
}

int store_meta_parse(char *text, const char *boot, char **ret_name, RecordSealed *ret)
{
	guint64 pid, uid, gid, start, requested, sealed;
	RecordSealed info = { .frozen_us = -1 };
	const char *name, *then;
	char *at = text;

	if (!g_str_has_prefix(text, META_VERSION "\n"))
		return -EINVAL;
	at += strlen(META_VERSION "\n");
	name = take(&at, "name");
	then = name ? take(&at, "boot") : NULL;
	if (!then || strchr(name, '/') || !g_str_has_prefix(name, "core_") ||
	    !take_number(&at, "pid", G_MAXINT32, &pid) ||
	    !take_number(&at, "uid", G_MAXUINT32, &uid) ||
	    !take_number(&at, "gid", G_MAXUINT32, &gid) ||
	    !take_number(&at, "start", G_MAXUINT64, &start) ||
	    !take_type(&at, "type", &info.type) || !take_type(&at, "written", &info.written_type) ||
	    !take_number(&at, "requested", G_MAXINT64, &requested) ||
	    !take_number(&at, "sealed", G_MAXINT64, &sealed))
		return -EINVAL;
	info.pid = (pid_t)pid;
	info.uid = (uid_t)uid;
	info.gid = (gid_t)gid;
	info.start_ticks = g_str_equal(boot, then) ? start : 0;
	info.requested_us = (gint64)requested;
	info.sealed_us = (gint64)sealed;
	take_story(&at, &info);
	*ret = info;
	*ret_name = g_strdup(name);
	return 0;
}

int store_meta_read(int dirfd, const char *file, char **ret_name, RecordSealed *ret)
{
	autofd int fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char buf[META_MAX], boot[64];
	struct stat st;
	ssize_t n;
	int r;

	n = fd < 0 ? -1 : util_read_all(fd, buf, sizeof buf - 1);
	if (n <= 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return -EINVAL;
	buf[n] = '\0';
	boot_id(boot, sizeof boot);
	r = store_meta_parse(buf, boot, ret_name, ret);
	if (!r)
		ret->json_due = (st.st_mode & 0777) == MODE_DUE;
	return r;
}
