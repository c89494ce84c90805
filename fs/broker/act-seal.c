/*
 * A dump changes hands: from a directory of the target's into the store. The file is judged by itself; the
 * runtime's answer proves nothing (a createdump killed by a signal counts as success there).
 */
#include "fs/broker/acts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fs/broker/elf-core.h"
#include "fs/util.h"

enum {
	LEASE_TRIES = 50,
	LEASE_PAUSE_US = 100000
};

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static int look_at_file(const ActSeal *act, int fd, struct stat *st, const char **why)
{
	struct stat leaf;

	if (fstat(fd, st) < 0 || fstat(act->leaf, &leaf) < 0)
		return -errno;
	*why = NULL;
	if (!S_ISREG(st->st_mode))
		*why = "what stands at the dump's path is no regular file";
	else if (st->st_uid != act->owner)
		*why = "the dump file belongs to somebody else";
	else if (st->st_nlink != 1)
		*why = "the dump file has further names (hard links)";
	else if (st->st_dev != leaf.st_dev)
		*why = "the dump file is on another file system than its directory";
	else if ((int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000 < act->since_us)
		*why = "the dump file is older than the request for it";
	return *why ? -EPERM : 0;
}

/* A read lease is given only while nobody has the file open for writing. */
static int wait_for_writers(int fd)
{
	for (int i = 0; i < LEASE_TRIES; i++) {
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
			fcntl(fd, F_SETLEASE, F_UNLCK);
			return 0;
		}
		if (errno != EAGAIN)
			return errno == EINVAL ? 0 : -errno; /* a file system without leases */
		usleep(LEASE_PAUSE_US);
	}
	return -EBUSY;
}

static int take_over(const ActSeal *act, int fd, struct stat *st, const char **why)
{
	struct stat now;
	int r;

	*why = "the dump file could not be moved into the store";
	/* Whatever it has done to its modes, it is not the target's any more. */
	if (geteuid() == 0 && (fchown(act->leaf, 0, 0) < 0 || fchmod(act->leaf, 0700) < 0))
		return -errno;
	if (syscall(SYS_renameat2, act->leaf, "core", act->sealed, act->name, RENAME_NOREPLACE) < 0)
		return -errno;
	if (fstatat(act->sealed, act->name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    now.st_ino != st->st_ino || now.st_dev != st->st_dev) {
		*why = "the dump file was exchanged while it was sealed";
		return -EPERM;
	}
	if ((geteuid() == 0 && fchown(fd, 0, 0) < 0) || fchmod(fd, 0400) < 0)
		return -errno;
	*why = "unsealed: somebody still has the dump file open for writing";
	r = wait_for_writers(fd);
	if (r < 0)
		return r;
	if (fstat(fd, st) < 0)
		return -errno;
	*why = "the dump file got a further name while it was sealed";
	if (st->st_nlink != 1)
		return -EPERM;
	*why = "the dump could not be written to the disk";
	if (fsync(fd) < 0 || fsync(act->sealed) < 0)
		return -errno;
	*why = NULL;
	return 0;
}

static int seal(HelperContext *context, const ActSeal *act, const char **why, uint64_t *ret_size)
{
	autofd int fd = openat(act->leaf, "core", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0) {
		r = -errno;
		*why = r == -ENOENT  ? "the runtime reported success, but there is no file"
		       : r == -ELOOP ? "what stands at the dump's path is a symbolic link"
		                     : "the dump file cannot be opened";
		return r;
	}
	r = look_at_file(act, fd, &st, why);
	if (r >= 0 && act->rename)
		r = take_over(act, fd, &st, why);
	if (r >= 0)
		r = helper_become(context, &act->reader);
	if (r < 0)
		return r;
	*ret_size = (uint64_t)st.st_size;
	return elf_core_check(fd, *ret_size, why);
}

void act_seal(HelperContext *context, const void *args)
{
	HelperMessage message = { 0 };
	const char *why = NULL;

	message.error = seal(context, args, &why, &message.value[0]);
	if (message.error)
		g_strlcpy(message.text, why ? why : g_strerror(-message.error),
		          sizeof message.text);
	helper_say(context, &message, -1);
}
