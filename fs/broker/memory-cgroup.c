/* See memory-cgroup.h. The rules are those of the runtime's own reading, checked against 3.1 to 11. */
#include "fs/broker/memory-cgroup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	FILE_MAX = 16384 /* memory.stat of version 1 has some 1,500 */
};

/* A line, or a word of one: not NUL-ended. */
typedef struct {
	const char *p;
	size_t len;
} Piece;

static gboolean next_piece(Piece *rest, char separator, Piece *ret)
{
	const char *end;

	if (!rest->len)
		return FALSE;
	end = memchr(rest->p, separator, rest->len);
	*ret = (Piece){ rest->p, end ? (size_t)(end - rest->p) : rest->len };
	rest->p += ret->len + (end != NULL);
	rest->len -= ret->len + (end != NULL);
	return TRUE;
}

static gboolean piece_is(Piece piece, const char *word)
{
	return piece.len == strlen(word) && memcmp(piece.p, word, piece.len) == 0;
}

/* Whether one of a comma-separated list is it. */
static gboolean list_has(Piece list, const char *word)
{
	Piece item;

	while (next_piece(&list, ',', &item))
		if (piece_is(item, word))
			return TRUE;
	return FALSE;
}

/* The fields of a mountinfo line that matter. */
typedef struct {
	Piece root, point, type, options;
} MountLine;

static gboolean parse_mount_line(Piece line, MountLine *ret)
{
	Piece word;

	for (unsigned i = 0; i < 5; i++) {
		if (!next_piece(&line, ' ', &word))
			return FALSE;
		if (i == 3)
			ret->root = word;
		if (i == 4)
			ret->point = word;
	}
	do
		if (!next_piece(&line, ' ', &word))
			return FALSE;
	while (!piece_is(word, "-"));
	return next_piece(&line, ' ', &ret->type) && next_piece(&line, ' ', &word) &&
	       next_piece(&line, ' ', &ret->options);
}

int memory_cgroup_version(const char *mountinfo, size_t len)
{
	Piece rest = { mountinfo, len }, line;
	MountLine mount;
	int version = 1;

	while (next_piece(&rest, '\n', &line))
		if (parse_mount_line(line, &mount) && piece_is(mount.point, "/sys/fs/cgroup"))
			version = piece_is(mount.type, "cgroup2") ? 2 : 1;
	return version;
}

static int octal(Piece piece, size_t at)
{
	int value = 0;

	if (piece.len - at < 4)
		return -1;
	for (size_t i = at + 1; i < at + 4; i++) {
		if (piece.p[i] < '0' || piece.p[i] > '7')
			return -1;
		value = value * 8 + piece.p[i] - '0';
	}
	return value <= 0xff ? value : -1;
}

/* Blank, tab, line feed and backslash stand as \ooo in mountinfo. */
static gboolean unescape(Piece piece, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < piece.len; i++) {
		int value = piece.p[i] == '\\' ? octal(piece, i) : -1;

		if (n + 1 >= size)
			return FALSE;
		ret[n++] = value < 0 ? piece.p[i] : (char)value;
		if (value >= 0)
			i += 3;
	}
	ret[n] = '\0';
	return TRUE;
}

gboolean memory_cgroup_find_mount(const char *mountinfo, size_t len, int version,
                                  MemoryCgroupMount *ret)
{
	Piece rest = { mountinfo, len }, line;
	gboolean found = FALSE;
	MountLine mount;

	while (next_piece(&rest, '\n', &line)) {
		if (!parse_mount_line(line, &mount))
			continue;
		if (version == 2
		            ? !piece_is(mount.type, "cgroup2")
		            : !piece_is(mount.type, "cgroup") || !list_has(mount.options, "memory"))
			continue;
		found = unescape(mount.root, ret->root, sizeof ret->root) &&
		        unescape(mount.point, ret->point, sizeof ret->point);
	}
	return found;
}

/* "/../x" is a cgroup outside of our namespace's; the runtime reads a path up to the first blank. */
static gboolean is_plain(const char *path)
{
	return path[0] == '/' && !strpbrk(path, " \t\r\v\f") && !strstr(path, "/../") &&
	       !g_str_has_suffix(path, "/..");
}

int memory_cgroup_path(const char *text, size_t len, int version, char *ret, size_t size)
{
	Piece rest = { text, len }, line;

	while (next_piece(&rest, '\n', &line)) {
		Piece number, controllers;

		if (!next_piece(&line, ':', &number) || !next_piece(&line, ':', &controllers))
			continue;
		if (version == 2 ? !piece_is(number, "0") || controllers.len
		                 : !list_has(controllers, "memory"))
			continue;
		if (line.len >= size)
			return -ENAMETOOLONG;
		memcpy(ret, line.p, line.len);
		ret[line.len] = '\0';
		return strlen(ret) == line.len && is_plain(ret) ? 0 : -EINVAL;
	}
	return -ENOENT;
}

int memory_cgroup_join(const MemoryCgroupMount *mount, const char *path, char *ret, size_t size)
{
	size_t prefix = g_str_equal(mount->root, "/") ? 0 : strlen(mount->root);
	int n;

	if (strncmp(path, mount->root, prefix) != 0 ||
	    (path[prefix] != '/' && path[prefix] != '\0'))
		return -ENOENT;
	path += prefix;
	n = g_snprintf(ret, size, "%s%s", mount->point, g_str_equal(path, "/") ? "" : path);
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int memory_cgroup_parse(const char *text, uint64_t *ret)
{
	char *end;
	uint64_t value;

	if (g_str_equal(text, "max\n") || g_str_equal(text, "max")) {
		*ret = MEMORY_CGROUP_NONE;
		return 0;
	}
	if (!g_ascii_isdigit(text[0]))
		return -EINVAL;
	errno = 0;
	value = g_ascii_strtoull(text, &end, 10);
	if (errno || (*end && !g_str_equal(end, "\n")))
		return -EINVAL;
	*ret = value;
	return 0;
}

/* key: with the blank behind it. */
static gboolean parse_key(const char *text, const char *key, uint64_t *ret)
{
	const char *line = text;

	while (line && !g_str_has_prefix(line, key)) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	if (!line || !g_ascii_isdigit(line[strlen(key)]))
		return FALSE;
	*ret = g_ascii_strtoull(line + strlen(key), NULL, 10);
	return TRUE;
}

gboolean memory_cgroup_parse_stat(const char *text, uint64_t *ret)
{
	return parse_key(text, "hierarchical_memory_limit ", ret);
}

/* 1 when it was read, 0 when there is none. */
static int read_file(const char *directory, const char *name, char *buf, size_t size)
{
	g_autofree char *path = g_strconcat(directory, "/", name, NULL);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	n = util_read_all(fd, buf, size - 1);
	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 1;
}

static int read_limit(const char *directory, const char *name, uint64_t *ret)
{
	char text[64];
	int r = read_file(directory, name, text, sizeof text);

	if (r <= 0) {
		*ret = MEMORY_CGROUP_NONE;
		return r;
	}
	return memory_cgroup_parse(text, ret);
}

static int read_upwards(const char *top, const char *directory, uint64_t *smallest)
{
	g_autofree char *path = g_strdup(directory);
	size_t top_len = strlen(top);
	uint64_t limit;
	char *slash;
	int r;

	while (strlen(path) > top_len && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (strlen(path) <= top_len)
			break;
		r = read_limit(path, "memory.max", &limit);
		if (r < 0)
			return r;
		*smallest = MIN(*smallest, limit);
	}
	return 0;
}

static int read_hierarchical(const char *directory, uint64_t *smallest)
{
	g_autofree char *text = g_malloc(FILE_MAX);
	uint64_t use = 0;
	int r = read_limit(directory, "memory.use_hierarchy", &use);

	if (r < 0 || use == MEMORY_CGROUP_NONE || !use)
		return r;
	r = read_file(directory, "memory.stat", text, FILE_MAX);
	if (r < 0)
		return r;
	return r && memory_cgroup_parse_stat(text, smallest) ? 0 : -EINVAL;
}

int memory_cgroup_read(const char *top, const char *directory, int version, uint64_t *ret_own,
                       uint64_t *ret_smallest)
{
	uint64_t own, smallest;
	int r;

	if (access(directory, X_OK) < 0)
		return -errno;
	r = read_limit(directory, version == 2 ? "memory.max" : "memory.limit_in_bytes", &own);
	if (r < 0)
		return r;
	smallest = own;
	r = version == 2 ? read_upwards(top, directory, &smallest)
	                 : read_hierarchical(directory, &smallest);
	if (r < 0)
		return r;
	*ret_own = own;
	*ret_smallest = smallest;
	return 0;
}

/* Of one level. */
static int read_level_free(const char *directory, int version, uint64_t *ret)
{
	g_autofree char *text = g_malloc(FILE_MAX);
	uint64_t limit, used, cache = 0;
	int r = read_limit(directory, version == 2 ? "memory.max" : "memory.limit_in_bytes",
	                   &limit);

	*ret = MEMORY_CGROUP_NONE;
	if (r < 0 || limit == MEMORY_CGROUP_NONE)
		return r;
	r = read_limit(directory, version == 2 ? "memory.current" : "memory.usage_in_bytes", &used);
	if (r < 0)
		return r;
	r = read_file(directory, "memory.stat", text, FILE_MAX);
	if (r < 0)
		return r;
	if (r)
		parse_key(text, version == 2 ? "inactive_file " : "total_inactive_file ", &cache);
	used -= MIN(used, cache);
	*ret = limit > used ? limit - used : 0;
	return 0;
}

int memory_cgroup_free(const char *directory, int version, uint64_t *ret)
{
	g_autofree char *path = g_strdup(directory);
	char *slash;

	*ret = MEMORY_CGROUP_NONE;
	for (;;) {
		g_autofree char *procs = g_strconcat(path, "/cgroup.procs", NULL);
		uint64_t level;
		int r;

		if (access(procs, F_OK) < 0)
			return 0;
		r = read_level_free(path, version, &level);
		if (r < 0)
			return r;
		*ret = MIN(*ret, level);
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			return 0;
		*slash = '\0';
	}
}

const char *memory_cgroup_kills_file(int version)
{
	return version == 2 ? "memory.events" : "memory.oom_control";
}

int memory_cgroup_read_kills(int fd, uint64_t *ret)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return parse_key(text, "oom_kill ", ret) ? 0 : -EINVAL;
}
