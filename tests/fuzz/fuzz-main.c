/* Runs a fuzz target over files, and over the files of directories: a corpus as a plain test. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_run;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

static int run_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (!f)
		return fail(path);
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, f) != size) {
		free(data);
		fclose(f);
		return fail(path);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_run++;
	return 0;
}

static int run_path(const char *path);

static int run_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];
	int r = 0;

	if (!dir)
		return fail(path);
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		r = run_path(name);
	}
	closedir(dir);
	return r;
}

static int run_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(path);
	if (S_ISDIR(st.st_mode))
		return run_directory(path);
	return run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (run_path(argv[i]) < 0)
			return EXIT_FAILURE;
	}
	printf("%u inputs\n", n_run);
	return n_run ? EXIT_SUCCESS : EXIT_FAILURE;
}
