/*
 * open + read + close of files, in turn, each for the same time: bench-open SECONDS NAME=PATH... One line a
 * file with the cycles a second; the first is the one that the others are compared with.
 */
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS = 5,
	AT_ONCE = 64
};

static gboolean cycle(const char *path)
{
	char buf[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf);

	if (fd >= 0)
		close(fd);
	return n > 0;
}

/* Cycles a second over `us` microseconds; 0 when the file cannot be read. */
static double measure(const char *path, gint64 us)
{
	gint64 start = g_get_monotonic_time();
	guint64 n = 0;

	while (g_get_monotonic_time() - start < us)
		for (int i = 0; i < AT_ONCE; i++, n++)
			if (!cycle(path))
				return 0;
	return (double)n * 1e6 / (double)(g_get_monotonic_time() - start);
}

int main(int argc, char **argv)
{
	gint64 us = argc > 2 ? (gint64)(g_ascii_strtod(argv[1], NULL) * 1e6) / ROUNDS : 0;
	g_autofree double *best = g_new0(double, (gsize)argc);

	if (us <= 0) {
		fprintf(stderr, "usage: bench-open SECONDS NAME=PATH...\n");
		return 2;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 2; i < argc; i++) {
			const char *path = strchr(argv[i], '=');

			if (path)
				best[i] = MAX(best[i], measure(path + 1, us));
		}
	for (int i = 2; i < argc; i++)
		printf("%-24.*s %9.0f cycles/s  %5.2f of the first\n", (int)strcspn(argv[i], "="),
		       argv[i], best[i], best[2] > 0 ? best[i] / best[2] : 0);
	return 0;
}
