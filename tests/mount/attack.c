/*
 * attack listen DIRECTORY NAME LOG - listens on NAME below DIRECTORY, whatever bytes it has, for everybody, and writes down
 * what it is sent
 * attack swap PATH OTHER - exchanges the two again and again; says at its end, SIGTERM, how often
 *
 * Both say READY.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static volatile sig_atomic_t over;

static void on_term(int sig)
{
	over = 1;
}

static void ready(void)
{
	puts("READY");
	fflush(stdout);
}

static int listen_at(const char *dir, const char *name, const char *log)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	char buf[4096];
	ssize_t n;

	umask(0);
	if (fd < 0 || out < 0 || strlen(name) >= sizeof address.sun_path || chdir(dir) < 0)
		return -1;
	strcpy(address.sun_path, name);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 5) < 0)
		return -1;
	ready();
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		while (peer >= 0 && (n = read(peer, buf, sizeof buf)) > 0)
			if (write(out, buf, (size_t)n) < 0)
				return -1;
		close(peer);
	}
}

static int swap(const char *path, const char *other)
{
	unsigned long n = 0;

	signal(SIGTERM, on_term);
	ready();
	for (; !over; n++)
		if (renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
			break;
	printf("%lu times: %s\n", n, over ? "ended" : strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	int r = -1;

	errno = EINVAL;
	if (argc == 5 && strcmp(argv[1], "listen") == 0)
		r = listen_at(argv[2], argv[3], argv[4]);
	else if (argc == 4 && strcmp(argv[1], "swap") == 0)
		r = swap(argv[2], argv[3]);
	if (r < 0)
		perror("attack");
	return r < 0;
}
