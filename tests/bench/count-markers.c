/*
 * count-markers CORE... - how many different markers of tests/app/truth a core holds, a line each:
 *
 *	CORE customers N spike K N spike K N ...
 *
 * A marker is "CUSTOMER-MARKER-0000001-" or "SPIKE-MARKER-KKNNNNN-", where KK is the number of the
 * spike (modulo 100) and NNNNN that of the object in it. What a collection moved is in a core twice
 * and counted once; what an earlier spike left has another KK.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DIGITS = 7,
	NUMBERS = 10000000,
	A_SPIKE = 100000,
};

static const char CUSTOMER[] = "CUSTOMER-MARKER-", SPIKE[] = "SPIKE-MARKER-";
static uint8_t seen[2][NUMBERS];

/* The number behind a word, or -1. */
static long number_at(const char *p, const char *end)
{
	long n = 0;

	if (end - p <= DIGITS || p[DIGITS] != '-')
		return -1;
	for (int i = 0; i < DIGITS; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	return n;
}

static void look_for(const char *text, size_t len, const char *word, uint8_t *ret_seen)
{
	const char *end = text + len, *p = text;

	while ((p = memmem(p, (size_t)(end - p), word, strlen(word))) != NULL) {
		long n = number_at(p + strlen(word), end);

		if (n >= 0)
			ret_seen[n] = 1;
		p += strlen(word);
	}
}

static void print(const char *path)
{
	long customers = 0;

	for (long i = 0; i < NUMBERS; i++)
		customers += seen[0][i];
	printf("%s customers %ld", path, customers);
	for (long spike = 0; spike < NUMBERS / A_SPIKE; spike++) {
		long n = 0;

		for (long i = 0; i < A_SPIKE; i++)
			n += seen[1][spike * A_SPIKE + i];
		if (n > 0)
			printf(" spike %ld %ld", spike, n);
	}
	putchar('\n');
}

/* Read in pieces that overlap: a file of the mount may not be mapped. */
static int count(const char *path)
{
	static char text[(1 << 20) + 64];
	size_t kept = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		return 1;
	}
	memset(seen, 0, sizeof seen);
	while ((n = read(fd, text + kept, sizeof text - kept)) > 0) {
		size_t len = kept + (size_t)n;

		look_for(text, len, CUSTOMER, seen[0]);
		look_for(text, len, SPIKE, seen[1]);
		kept = len < 40 ? len : 40;
		memmove(text, text + len - kept, kept);
	}
	close(fd);
	if (n < 0) {
		perror(path);
		return 1;
	}
	print(path);
	return 0;
}

int main(int argc, char **argv)
{
	int status = argc < 2;

	for (int i = 1; i < argc; i++)
		status |= count(argv[i]);
	return status;
}
