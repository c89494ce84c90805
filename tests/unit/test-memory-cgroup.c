/* Where a process's memory cgroup is, and what it allows: texts of /proc, and a made-up tree. */
#include "fs/broker/memory-cgroup.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define TMPFS "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
#define CPU   "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define MEMORY \
	"35 31 0:32 /d /sys/fs/cgroup/memory rw shared:1 master:2 - cgroup cgroup rw,memory\n"
#define HYBRID "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define TWO    "30 23 0:26 /k /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n"

static gboolean find(const char *text, int version, MemoryCgroupMount *ret)
{
	return memory_cgroup_find_mount(text, strlen(text), version, ret);
}

static int version_of(const char *text)
{
	return memory_cgroup_version(text, strlen(text));
}

static void test_mounts(void)
{
	MemoryCgroupMount mount;

	g_assert_cmpint(version_of(TMPFS CPU MEMORY HYBRID), ==, 1);
	g_assert_cmpint(version_of(TWO), ==, 2);
	g_assert_cmpint(version_of(TWO TMPFS), ==, 1);
	g_assert_cmpint(version_of(""), ==, 1);
	g_assert_true(find(TMPFS CPU MEMORY HYBRID, 1, &mount));
	g_assert_cmpstr(mount.root, ==, "/d");
	g_assert_cmpstr(mount.point, ==, "/sys/fs/cgroup/memory");
	g_assert_true(find(TMPFS CPU MEMORY HYBRID, 2, &mount));
	g_assert_cmpstr(mount.point, ==, "/sys/fs/cgroup/unified");
	g_assert_true(find(TWO, 2, &mount));
	g_assert_cmpstr(mount.root, ==, "/k");
	g_assert_false(find(TWO, 1, &mount));
	g_assert_false(find(TMPFS CPU, 1, &mount));
	/* The last one; escapes; a file system that calls itself memory. */
	g_assert_true(
		find(MEMORY "9 9 0:1 /e\\040f /x\\134y rw - cgroup c memory,rw\n", 1, &mount));
	g_assert_cmpstr(mount.root, ==, "/e f");
	g_assert_cmpstr(mount.point, ==, "/x\\y");
	g_assert_false(find("9 9 0:1 / /x rw - tmpfs memory rw,memory\n", 1, &mount));
	g_assert_false(find("9 9 0:1 / /x rw - cgroup c rw,memory2\n", 1, &mount));
}

static void test_mounts_cut(void)
{
	static const char line[] = MEMORY;
	g_autofree char *deep = g_strnfill(MEMORY_CGROUP_PATH_MAX + 10, 'x');
	g_autofree char *text = g_strdup_printf("1 2 0:3 /%s /y rw - cgroup c rw,memory\n", deep);
	MemoryCgroupMount mount;

	for (size_t len = 0; len < sizeof line; len++) {
		g_autofree char *exact = g_memdup2(line, len);
		gboolean whole = len >= sizeof line - 2;

		g_assert_cmpint(memory_cgroup_find_mount(exact, len, 1, &mount), ==, whole);
	}
	g_assert_false(find(text, 1, &mount));
	g_assert_true(find("1 2 0:3 /\\04 /\\9 rw - cgroup c rw,memory\n", 1, &mount));
	g_assert_cmpstr(mount.root, ==, "/\\04");
}

static void test_path(void)
{
	static const struct {
		const char *text;
		int version, r;
		const char *path;
	} rows[] = {
		{ "4:memory:/a/b\n0::/c\n", 1, 0, "/a/b" },
		{ "4:memory:/a/b\n0::/c\n", 2, 0, "/c" },
		{ "8:cpu,memory,pids:/m\n", 1, 0, "/m" },
		{ "0::/", 2, 0, "/" },
		{ "0::/a:b\n", 2, 0, "/a:b" },
		{ "4:memory2:/a\n", 1, -ENOENT, NULL },
		{ "", 1, -ENOENT, NULL },
		{ "\n::\n:\n0\n", 2, -ENOENT, NULL },
		{ "10::/a\n", 2, -ENOENT, NULL },
		/* What the runtime would cut, and what is outside. */
		{ "4:memory:/a b/c\n", 1, -EINVAL, NULL },
		{ "4:memory:/a (deleted)\n", 1, -EINVAL, NULL },
		{ "0::/../x\n", 2, -EINVAL, NULL },
		{ "0::/..\n", 2, -EINVAL, NULL },
		{ "0::x\n", 2, -EINVAL, NULL },
		{ "0::\n", 2, -EINVAL, NULL },
	};
	char path[64];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		int r = memory_cgroup_path(rows[i].text, strlen(rows[i].text), rows[i].version,
		                           path, sizeof path);

		g_assert_cmpint(r, ==, rows[i].r);
		if (!r)
			g_assert_cmpstr(path, ==, rows[i].path);
	}
	g_assert_cmpint(memory_cgroup_path("0::/a\0b\n", 8, 2, path, sizeof path), ==, -EINVAL);
	g_assert_cmpint(memory_cgroup_path("0::/abcdef\n", 11, 2, path, 7), ==, -ENAMETOOLONG);
}

static void test_join(void)
{
	static const struct {
		const char *root, *point, *path, *joined;
	} rows[] = {
		{ "/", "/sys/fs/cgroup", "/a/b", "/sys/fs/cgroup/a/b" },
		{ "/", "/sys/fs/cgroup", "/", "/sys/fs/cgroup" },
		{ "/a", "/m", "/a/b", "/m/b" },
		{ "/a", "/m", "/a", "/m" },
		{ "/a", "/m", "/ab", NULL },
		{ "/a/b", "/m", "/a", NULL },
	};
	char path[64];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		MemoryCgroupMount mount = { 0 };
		int r;

		g_strlcpy(mount.root, rows[i].root, sizeof mount.root);
		g_strlcpy(mount.point, rows[i].point, sizeof mount.point);
		r = memory_cgroup_join(&mount, rows[i].path, path, sizeof path);
		g_assert_cmpint(r, ==, rows[i].joined ? 0 : -ENOENT);
		if (!r)
			g_assert_cmpstr(path, ==, rows[i].joined);
		if (!r)
			g_assert_cmpint(memory_cgroup_join(&mount, rows[i].path, path, 2), ==,
			                strlen(rows[i].joined) < 2 ? 0 : -ENAMETOOLONG);
	}
}

static void test_parse(void)
{
	static const char *const bad[] = { "",      "\n",     "-1\n", " 5\n",
		                           "5x\n",  "max5\n", "nan",  "18446744073709551616\n",
		                           "0x10\n" };
	uint64_t value;

	g_assert_cmpint(memory_cgroup_parse("1073741824\n", &value), ==, 0);
	g_assert_cmpuint(value, ==, 1073741824);
	g_assert_cmpint(memory_cgroup_parse("0", &value), ==, 0);
	g_assert_cmpuint(value, ==, 0);
	g_assert_cmpint(memory_cgroup_parse("max\n", &value), ==, 0);
	g_assert_cmpuint(value, ==, MEMORY_CGROUP_NONE);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(memory_cgroup_parse(bad[i], &value), ==, -EINVAL);
	g_assert_true(
		memory_cgroup_parse_stat("cache 1\nhierarchical_memory_limit 77\nx 2\n", &value));
	g_assert_cmpuint(value, ==, 77);
	g_assert_false(memory_cgroup_parse_stat("total_hierarchical_memory_limit 7\n", &value));
	g_assert_false(memory_cgroup_parse_stat("hierarchical_memory_limit \n", &value));
	g_assert_false(memory_cgroup_parse_stat("", &value));
}

/* --- a tree --- */

static char *tree;

static void put(const char *path, const char *text)
{
	g_autofree char *file = g_build_filename(tree, path, NULL);
	g_autofree char *dir = g_path_get_dirname(file);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void assert_limits(const char *path, int version, uint64_t own, uint64_t smallest)
{
	g_autofree char *dir = *path ? g_build_filename(tree, path, NULL) : g_strdup(tree);
	uint64_t got_own, got_smallest;

	g_assert_cmpint(memory_cgroup_read(tree, dir, version, &got_own, &got_smallest), ==, 0);
	g_assert_cmpuint(got_own, ==, own);
	g_assert_cmpuint(got_smallest, ==, smallest);
}

static void remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

static void test_read(void)
{
	uint64_t own, smallest;

	tree = g_dir_make_tmp("cgroup-XXXXXX", NULL);
	g_assert_nonnull(tree);
	/* Version 2: the mount itself counts only when it is the cgroup. */
	put("memory.max", "5\n");
	put("a/memory.max", "100\n");
	put("a/b/memory.max", "max\n");
	put("a/b/c/memory.max", "300\n");
	put("a/b/none/x", "");
	assert_limits("", 2, 5, 5);
	assert_limits("a", 2, 100, 100);
	assert_limits("a/b", 2, MEMORY_CGROUP_NONE, 100);
	assert_limits("a/b/c", 2, 300, 100);
	assert_limits("a/b/none", 2, MEMORY_CGROUP_NONE, 100);
	put("a/memory.max", "garbage\n");
	g_assert_cmpint(memory_cgroup_read(tree, "/nowhere/x", 2, &own, &smallest), ==, -ENOENT);
	{
		g_autofree char *dir = g_build_filename(tree, "a/b", NULL);

		g_assert_cmpint(memory_cgroup_read(tree, dir, 2, &own, &smallest), ==, -EINVAL);
	}
	/* Version 1: the kernel says what the hierarchy comes to. */
	put("v1/memory.limit_in_bytes", "9223372036854771712\n");
	put("v1/memory.use_hierarchy", "1\n");
	put("v1/memory.stat", "cache 4\nhierarchical_memory_limit 100\n");
	assert_limits("v1", 1, 9223372036854771712u, 100);
	put("v1/memory.use_hierarchy", "0\n");
	assert_limits("v1", 1, 9223372036854771712u, 9223372036854771712u);
	remove_tree(tree);
	g_free(tree);
}

static void assert_free(const char *path, int version, int error, uint64_t wanted)
{
	g_autofree char *dir = g_build_filename(tree, path, NULL);
	uint64_t got;

	g_assert_cmpint(memory_cgroup_free(dir, version, &got), ==, error);
	if (!error)
		g_assert_cmpuint(got, ==, wanted);
}

static void test_free(void)
{
	tree = g_dir_make_tmp("cgroup-XXXXXX", NULL);
	g_assert_nonnull(tree);
	put("a/cgroup.procs", "");
	put("a/memory.max", "1000\n");
	put("a/memory.current", "600\n");
	put("a/memory.stat", "anon 1\ninactive_file 100\n");
	put("a/b/cgroup.procs", "");
	put("a/b/memory.max", "max\n");
	put("a/b/c/cgroup.procs", "");
	put("a/b/c/memory.max", "300\n");
	put("a/b/c/memory.current", "20\n");
	put("a/b/d/cgroup.procs", "");
	put("a/b/d/memory.max", "700\n");
	put("a/b/d/memory.current", "900\n");
	put("none/cgroup.procs", "");
	put("none/memory.max", "max\n");
	assert_free("a", 2, 0, 500);
	assert_free("a/b", 2, 0, 500);
	assert_free("a/b/c", 2, 0, 280);
	assert_free("a/b/d", 2, 0, 0);
	assert_free("none", 2, 0, MEMORY_CGROUP_NONE);
	assert_free("nowhere", 2, 0, MEMORY_CGROUP_NONE);
	put("a/memory.max", "garbage\n");
	assert_free("a/b", 2, -EINVAL, 0);
	put("one/cgroup.procs", "");
	put("one/memory.limit_in_bytes", "1000\n");
	put("one/memory.usage_in_bytes", "50\n");
	put("one/memory.stat", "inactive_file 3\ntotal_inactive_file 10\n");
	assert_free("one", 1, 0, 960);
	remove_tree(tree);
	g_free(tree);
}

static void test_kills(void)
{
	static const struct {
		const char *text;
		int error;
		uint64_t kills;
	} rows[] = {
		{ "low 0\nhigh 0\nmax 4\noom 2\noom_kill 3\noom_group_kill 0\n", 0, 3 },
		{ "oom_kill_disable 0\nunder_oom 0\noom_kill 17\n", 0, 17 },
		{ "oom_kill_disable 0\nunder_oom 0\n", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	g_assert_cmpstr(memory_cgroup_kills_file(2), ==, "memory.events");
	g_assert_cmpstr(memory_cgroup_kills_file(1), ==, "memory.oom_control");
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = NULL;
		int fd = g_file_open_tmp("kills-XXXXXX", &path, NULL);
		uint64_t kills = 0;

		g_assert_cmpint(write(fd, rows[i].text, strlen(rows[i].text)), >=, 0);
		g_assert_cmpint(memory_cgroup_read_kills(fd, &kills), ==, rows[i].error);
		g_assert_cmpuint(kills, ==, rows[i].kills);
		close(fd);
		g_remove(path);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/memory-cgroup/mounts", test_mounts);
	g_test_add_func("/memory-cgroup/mounts-cut", test_mounts_cut);
	g_test_add_func("/memory-cgroup/path", test_path);
	g_test_add_func("/memory-cgroup/join", test_join);
	g_test_add_func("/memory-cgroup/parse", test_parse);
	g_test_add_func("/memory-cgroup/read", test_read);
	g_test_add_func("/memory-cgroup/row-D18/free", test_free);
	g_test_add_func("/memory-cgroup/row-D8/kills", test_kills);
	return g_test_run();
}
