/*
 * See store-lock.h. Nobody can tell a daemon that runs from one whose other half was killed a moment ago, so a
 * holder that seems well is refused only when it has seemed so for a while.
 */
#include "fs/broker/store-lock.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	POLL_US = 20000
};

static const char ending[] = "ending\n";

static gboolean is_ending(int fd)
{
	char buf[sizeof ending];

	return lseek(fd, 0, SEEK_SET) == 0 &&
	       util_read_all(fd, buf, sizeof buf) == (ssize_t)strlen(ending) &&
	       memcmp(buf, ending, strlen(ending)) == 0;
}

void store_lock_mark_ending(int fd)
{
	if (pwrite(fd, ending, strlen(ending), 0) < 0)
		g_debug("the next start will not know that we end");
}

/* 0; -EAGAIN while somebody has it, whose pid is then *ret_holder: 0 for one of another pid namespace. */
static int try(int fd, pid_t *ret_holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct flock other = lock;
	struct stat st;

	if (fcntl(fd, F_SETLK, &lock) == 0) {
		/* A start that failed may have removed it while we waited: it is nobody's then. */
		if (fstat(fd, &st) == 0 && st.st_nlink == 0)
			return -ESTALE;
		return ftruncate(fd, 0) < 0 ? -errno : 0;
	}
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	if (fcntl(fd, F_GETLK, &other) == 0)
		*ret_holder = other.l_type == F_UNLCK ? 0 : other.l_pid;
	return -EAGAIN;
}

static char *in_use(const char *dir, pid_t holder)
{
	g_autofree char *who = holder > 0 ? g_strdup_printf(" (pid %d)", (int)holder) : NULL;

	return g_strdup_printf("dump_dir %s is in use by another triggerdumpfs%s; give this one "
	                       "its own with -o dump_dir=",
	                       dir, who ? who : "");
}

int store_lock_take(int dirfd, const char *dir, int *ret_fd, char **ret_why)
{
	autofd int fd = openat(dirfd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	gint64 began = g_get_monotonic_time(), seemed_well = began;
	pid_t holder = 0;
	int r = fd < 0 ? -errno : 0;

	while (!r && (r = try(fd, &holder)) == -EAGAIN) {
		gint64 now = g_get_monotonic_time();

		if (is_ending(fd))
			seemed_well = now;
		if (now - began > STORE_LOCK_ENDING_MS * 1000 ||
		    now - seemed_well > STORE_LOCK_WELL_MS * 1000) {
			*ret_why = in_use(dir, holder);
			return -EBUSY;
		}
		r = 0;
		g_usleep(POLL_US);
	}
	if (r < 0) {
		*ret_why = g_strdup_printf("dump_dir %s: its lock: %s", dir, g_strerror(-r));
		return r;
	}
	*ret_fd = g_steal_fd(&fd);
	return 0;
}
