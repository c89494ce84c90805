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
