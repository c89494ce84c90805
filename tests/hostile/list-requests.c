/*
 * list-requests FILE - what clients sent to a fake runtime (its --log): "SET ID N", in hexadecimal, and how often,
 * a line a command. The exit status is 0 when the file is nothing but whole requests.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER_SIZE = 20
};

static unsigned counts[256][256];

/* FALSE at the end; exits when what is there is no request. */
static int read_request(FILE *file)
{
	static unsigned char payload[65536];
	unsigned char header[HEADER_SIZE];
	size_t n = fread(header, 1, sizeof header, file), len;

	if (!n)
		return 0;
	len = n < sizeof header ? 0 : (size_t)(header[14] | header[15] << 8);
	if (len < sizeof header || memcmp(header, "DOTNET_IPC_V1", 14) != 0 || header[18] ||
	    header[19] || fread(payload, 1, len - sizeof header, file) != len - sizeof header) {
		fprintf(stderr, "list-requests: no whole request\n");
		exit(EXIT_FAILURE);
	}
	counts[header[16]][header[17]]++;
	return 1;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (!file) {
		fprintf(stderr, "usage: list-requests FILE\n");
		return EXIT_FAILURE;
	}
	while (read_request(file))
		;
	for (unsigned set = 0; set < 256; set++)
		for (unsigned id = 0; id < 256; id++)
			if (counts[set][id])
				printf("%02x %02x %u\n", set, id, counts[set][id]);
	fclose(file);
	return EXIT_SUCCESS;
}
