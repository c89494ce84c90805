/* The smaller acts: an environment from /proc, a count of descriptors, a user's name. */
#include "fs/broker/acts.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	ENVIRON_MAX = 4 << 20
};

static int copy_environ(int procfd, int memfd)
{
	autofd int fd = openat(procfd, "environ", O_RDONLY | O_CLOEXEC);
	char buf[16384];
	size_t total = 0;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (!r && (n = util_read_all(fd, buf, sizeof buf)) > 0) {
		total += (size_t)n;
		if (total > ENVIRON_MAX)
			return -E2BIG;
		r = util_write_all(memfd, buf, (size_t)n);
	}
	return r ? r : (int)MIN(n, 0);
}

int act_read_text(int dirfd, const char *name, size_t max, ActText *ret)
{
	char *text = malloc(max + 1);
	ssize_t n = text ? discovery_read(dirfd, name, text, max + 1) : -ENOMEM;

	if (text && n < 0)
		text[0] = '\0';
	*ret = (ActText){ text, (size_t)MAX(n, 0), n == (ssize_t)max };
	return n < 0 ? (int)n : 0;
}

void act_environ(HelperContext *context, const void *args)
{
	const ActEnviron *act = args;
	HelperMessage message = { 0 };
	int memfd = memfd_create("environ", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	message.error = memfd < 0 ? -errno : copy_environ(act->procfd, memfd);
	if (!message.error &&
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		message.error = -errno;
	helper_say(context, &message, message.error ? -1 : memfd);
}

void act_count_fds(HelperContext *context, const void *args)
{
	int64_t n = act_n_descriptors(((const ActCountFds *)args)->procfd);
	HelperMessage message = { .error = (int32_t)MIN(n, 0), .value = { (uint64_t)MAX(n, 0) } };

	helper_say(context, &message, -1);
}

void act_name(HelperContext *context, const void *args)
{
	const ActName *act = args;
	HelperMessage message = { 0 };
	struct passwd entry, *found = NULL;
	char buf[16384];

	if (getpwuid_r(act->uid, &entry, buf, sizeof buf, &found) == 0 && found)
		g_strlcpy(message.text, found->pw_name, sizeof message.text);
	else
		message.error = -ENOENT;
	helper_say(context, &message, -1);
}
