/*
 * arm-early MOUNTPOINT THRESHOLD_MB SOCKET_DIR COUNT SECONDS - arms every process whose directory appears
 * from now on, as soon as it does, as a script would that waits for it. A line each:
 *
 *	PID SOCKET_US DIRECTORY_US ARMED_US TRIES ERROR
 *
 * CLOCK_REALTIME in microseconds: the time of the socket's inode in SOCKET_DIR (0 when it was not found),
 * when the directory was first seen, when the write had succeeded; how many writes that took; and the
 * name of the first one's error, or "-". Says "READY" first. Ends after COUNT processes, or after
 * SECONDS with status 1.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/clock.h"

enum {
	PAUSE_US = 2000,
	TRY_FOR_US = 2000000,
	PIDS_MAX = 65536,
};

static int known[PIDS_MAX];
static unsigned n_known;

/* Whether it is the first time; it is known from then on. */
static bool is_new(int pid)
{
	for (unsigned i = 0; i < n_known; i++)
		if (known[i] == pid)
			return false;
	if (n_known < PIDS_MAX)
		known[n_known++] = pid;
	return true;
}

static int64_t socket_us(const char *path, int pid)
{
	char start[64];
	struct stat st;
	struct dirent *entry;
	int64_t us = 0;
	DIR *dir = opendir(path);

	snprintf(start, sizeof start, "dotnet-diagnostic-%d-", pid);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, start, strlen(start)) == 0 &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			us = (int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000;
	}
	if (dir != NULL)
		closedir(dir);
	return us;
}

/* One write; 0 or its errno. */
static int write_once(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static bool arm(const char *mountpoint, int pid, const char *threshold, const char *sockets)
{
	int64_t seen_us = now_us(CLOCK_REALTIME), began_us = now_us(CLOCK_MONOTONIC);
	char path[4096], text[64];
	int first = 0, error, tries = 0;

	snprintf(path, sizeof path, "%s/%d/threshold_mb", mountpoint, pid);
	snprintf(text, sizeof text, "%s\n", threshold);
	do {
		if (tries > 0)
			usleep(PAUSE_US);
		error = write_once(path, text);
		if (tries++ == 0)
			first = error;
	} while (error != 0 && now_us(CLOCK_MONOTONIC) - began_us < TRY_FOR_US);
	printf("%d %" PRId64 " %" PRId64 " %" PRId64 " %d %s\n", pid, socket_us(sockets, pid),
	       seen_us, error ? 0 : now_us(CLOCK_REALTIME), tries,
	       first ? strerrorname_np(first) : "-");
	fflush(stdout);
	return error == 0;
}

/* How many new ones there were; with `threshold` they are armed. */
static int scan(const char *mountpoint, const char *threshold, const char *sockets)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir = opendir(mountpoint);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || !is_new(pid))
			continue;
		n++;
		if (threshold != NULL)
			arm(mountpoint, pid, threshold, sockets);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int left = argc == 6 ? atoi(argv[4]) : 0;
	int64_t end;

	if (left <= 0) {
		fprintf(stderr,
		        "usage: arm-early MOUNTPOINT THRESHOLD_MB SOCKET_DIR COUNT SECONDS\n");
		return 2;
	}
	end = now_us(CLOCK_MONOTONIC) + (int64_t)(atof(argv[5]) * 1e6);
	scan(argv[1], NULL, NULL);
	puts("READY");
	fflush(stdout);
	while (left > 0) {
		if (now_us(CLOCK_MONOTONIC) > end)
			return 1;
		left -= scan(argv[1], argv[2], argv[3]);
		usleep(PAUSE_US);
	}
	return 0;
}
