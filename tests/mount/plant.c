/*
 * plant COUNT PID KEY - listens on COUNT sockets named as runtimes name theirs, for that pid and the
 * keys KEY, KEY + 1 ...: each in the directory TMPDIR. Says READY and waits for its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int plant(const char *dir, unsigned long pid, unsigned long long key)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path, sizeof address.sun_path,
	                   "%s/dotnet-diagnostic-%lu-%llu-socket", dir, pid, key);

	if (fd < 0 || len < 0 || (size_t)len >= sizeof address.sun_path)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return listen(fd, 5);
}

int main(int argc, char **argv)
{
	const char *dir = getenv("TMPDIR");
	unsigned long long key;
	unsigned long count, pid;

	if (argc != 4 || !dir)
		return 2;
	count = strtoul(argv[1], NULL, 10);
	pid = strtoul(argv[2], NULL, 10);
	key = strtoull(argv[3], NULL, 10);
	for (unsigned long i = 0; i < count; i++)
		if (plant(dir, pid, key + i) < 0) {
			perror("plant");
			return 1;
		}
	puts("READY");
	fflush(stdout);
	for (;;)
		pause();
}
