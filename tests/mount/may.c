/*
 * may DIRECTORY < PATHS - what the caller may do with each path, a line "PATH CELLS" each. A cell a letter: stat, read or
 * list, open for writing, truncate, names of attributes, chmod, mkdir beside it, rm:
 *
 *	+	may			E	No such file or directory
 *	A	Permission denied	D	Is a directory
 *	P	Operation not permitted	?	anything else; its name follows
 *
 * Without data, or without having waited for it, is "may". Nothing is written, but what may be removed is; that comes
 * last, when all else was tried with all paths.
 *
 * may -s MS FILE - the sizes that FILE has meanwhile, each once, through a descriptor that needs no permission (O_PATH).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum {
	PATHS_MAX = 2000
};

static int may_stat(const char *path)
{
	struct stat st;

	return lstat(path, &st);
}

static int may_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char byte;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = fdopendir(fd);

		errno = 0;
		r = readdir(dir) == NULL && errno != 0 ? -1 : 0;
		closedir(dir);
		return r;
	}
	r = (int)read(fd, &byte, 1);
	if (r < 0 && (errno == ENODATA || errno == EAGAIN))
		r = 0;
	close(fd);
	return r;
}

static int may_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd;
}

static int may_truncate(const char *path)
{
	return truncate(path, 0);
}

static int may_list_attributes(const char *path)
{
	return (int)listxattr(path, NULL, 0);
}

static int may_chmod(const char *path)
{
	return chmod(path, 0777);
}

static int may_make(const char *path)
{
	char beside[PATH_MAX];

	snprintf(beside, sizeof beside, "%s.new", path);
	return mkdir(beside, 0700);
}

static int (*const tries[])(const char *path) = {
	may_stat,  may_read, may_write, may_truncate, may_list_attributes,
	may_chmod, may_make, remove,
};

enum {
	N_TRIES = sizeof tries / sizeof *tries
};

static struct {
	char *name, *path;
	int said[N_TRIES];
} lines[PATHS_MAX];

static void print_cell(int said)
{
	static const struct {
		int said;
		char letter;
	} letters[] = {
		{ 0, '+' }, { EACCES, 'A' }, { EPERM, 'P' }, { ENOENT, 'E' }, { EISDIR, 'D' }
	};

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (letters[i].said == said) {
			putchar(letters[i].letter);
			return;
		}
	}
	printf("?%s", strerrorname_np(said));
}

static int watch_size(int ms, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	const struct timespec pause = { .tv_nsec = 1000000 };
	off_t last = -1;
	struct stat st;

	for (int i = 0; i < ms && fd >= 0 && fstat(fd, &st) == 0; i++) {
		if (st.st_size != last)
			printf("%lld\n", (long long)st.st_size);
		last = st.st_size;
		nanosleep(&pause, NULL);
	}
	return last < 0;
}

int main(int argc, char **argv)
{
	char line[PATH_MAX];
	size_t n = 0;

	if (argc == 4 && strcmp(argv[1], "-s") == 0)
		return watch_size(atoi(argv[2]), argv[3]);
	if (argc != 2)
		return 2;
	while (n < PATHS_MAX && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		lines[n].name = strdup(line);
		if (asprintf(&lines[n].path, "%s/%s", argv[1], line) < 0)
			return 2;
		n++;
	}
	for (int t = 0; t < N_TRIES; t++)
		for (size_t i = 0; i < n; i++)
			lines[i].said[t] = tries[t](lines[i].path) < 0 ? errno : 0;
	for (size_t i = 0; i < n; i++) {
		printf("%s ", lines[i].name);
		for (int t = 0; t < N_TRIES; t++)
			print_cell(lines[i].said[t]);
		putchar('\n');
		free(lines[i].name);
		free(lines[i].path);
	}
	return 0;
}
