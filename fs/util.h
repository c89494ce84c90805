#pragma once
/* The few helpers that GLib 2.74 lacks. */
#include <errno.h>
#include <glib.h>
#include <time.h>
#include <unistd.h>

static inline void util_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* autofd int fd = -1: closed at the end of the scope; g_steal_fd() takes it away. */
#define autofd __attribute__((cleanup(util_close_fd)))

/* Up to len bytes, fewer at the end of the file alone; or negative errno. */
static inline ssize_t util_read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* All of it: 0, or negative errno. */
static inline int util_write_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* CLOCK_REALTIME in microseconds; deadlines use g_get_monotonic_time(). */
static inline gint64 util_real_us(void)
{
	return g_get_real_time();
}

/* Replaces *dst by a copy of src. */
static inline void util_set_str(char **dst, const char *src)
{
	char *copy = g_strdup(src);

	g_free(*dst);
	*dst = copy;
}
