/*
 * swap A B [A B]... - exchanges the two names of each pair, again and again, as fast as it can, until it is ended;
 * at SIGTERM each has its own again. It then says how often it did so.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t is_over;

static void on_term(int number)
{
	(void)number;
	is_over = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_term };
	unsigned long rounds = 0;

	if (argc < 3 || argc % 2 == 0)
		return 2;
	sigaction(SIGTERM, &action, NULL);
	while (!is_over || rounds % 2) {
		for (int i = 1; i < argc; i += 2)
			if (renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE) <
			    0) {
				perror(argv[i]);
				return 1;
			}
		rounds++;
	}
	printf("%lu\n", rounds);
	return 0;
}
