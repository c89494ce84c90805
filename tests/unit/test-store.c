/* The store on disk: names, parts, what survives a restart and what does not. */
#include "fs/broker/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/store-leaf.h"
#include "fs/broker/store-lock.h"
#include "fs/util.h"
#include "tests/lib/store-tree.h"

enum {
	NOBODY = 65534
};

static char *dir;

static Store *must_open(void)
{
	Store *store = NULL;
	char *why = NULL;

	g_assert_cmpint(store_open(dir, FALSE, &store, &why), ==, 0);
	return store;
}

static RecordSealed sealed_info(void)
{
	return (RecordSealed){
		.pid = 4807,
		.uid = 5,
		.gid = 60,
		.type = 2,
		.written_type = 4,
		.start_ticks = 77,
		.requested_us = G_GINT64_CONSTANT(1795601712000000), /* 2026-11-25 10:15:12 UTC */
		.sealed_us = G_GINT64_CONSTANT(1795601713000000),
	};
}

static void put(Store *store, const char *file, const char *text)
{
	autofd int fd = openat(store_sealed_fd(store), file, O_WRONLY | O_CREAT | O_CLOEXEC, 0400);

	g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
}

/* A core of that text, published. */
static uint64_t publish(Store *store, const char *text)
{
	RecordSealed info = sealed_info();
	g_autofree char *name = NULL;
	g_autofree char *file = NULL;
	g_autofree char *part = NULL;
	const StoreDump *dump;

	store_new_name(store, info.pid, info.requested_us, &name, &file);
	part = store_part_name(file);
	put(store, part, text);
	g_assert_cmpint(store_publish(store, name, file, &info, &dump), ==, 0);
	g_assert_cmpuint(dump->info.size, ==, strlen(text));
	return dump->serial;
}

static void seal(int fd)
{
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), ==, 0);
}

static int text_fd(const char *text)
{
	int fd = memfd_create("json", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
	seal(fd);
	return fd;
}

static void count(const StoreDump *dump, void *data)
{
	++*(unsigned *)data;
}

static unsigned n_dumps(const Store *store)
{
	unsigned n = 0;

	store_each(store, count, &n);
	return n;
}

static void test_names(void)
{
	Store *store = must_open();
	const StoreDump *first = store_find(store, publish(store, "one"));
	const StoreDump *second = store_find(store, publish(store, "two"));

	g_assert_cmpstr(first->name, ==, "core_20261125_101512");
	g_assert_cmpstr(first->file, ==, "core_20261125_101512_4807");
	g_assert_cmpstr(second->name, ==, "core_20261125_101512_2");
	g_assert_cmpint(store_remove_part(store, first->serial, RECORD_PART_CORE), ==, 0);
	g_assert_cmpint(store_remove_part(store, second->serial, RECORD_PART_CORE), ==, 0);
	g_assert_cmpuint(n_dumps(store), ==, 0);
	store_free(store);
}

static void test_parts(void)
{
	Store *store = must_open();
	uint64_t serial = publish(store, "core");
	autofd int json = text_fd("{}\n");
	autofd int fd = -1;
	char buf[16];

	g_assert_cmpint(store_open_part(store, serial, RECORD_PART_JSON), ==, -ENOENT);
	g_assert_cmpint(store_remove_part(store, serial, RECORD_PART_JSON), ==, -ENOENT);
	g_assert_cmpint(store_put_annex(store, serial, RECORD_PART_JSON, json), ==, 0);
	g_assert_cmpint(store_put_annex(store, serial, RECORD_PART_JSON, json), ==, -EEXIST);
	g_assert_cmpint(store_put_annex(store, serial, RECORD_PART_CORE, json), <, 0);
	g_assert_cmpint(store_put_annex(store, serial + 9, RECORD_PART_JSON, json), ==, -ENOENT);
	fd = store_open_part(store, serial, RECORD_PART_JSON);
	g_assert_cmpint(read(fd, buf, sizeof buf), ==, 3);
	g_assert_cmpint(store_remove_part(store, serial, RECORD_PART_CORE), ==, 0);
	g_assert_cmpuint(n_dumps(store), ==, 1); /* its json is still there */
	g_assert_cmpint(store_remove_part(store, serial, RECORD_PART_JSON), ==, 0);
	g_assert_cmpuint(n_dumps(store), ==, 0);
	g_assert_null(store_find(store, serial));
	store_free(store);
}

static void test_disk(void)
{
	Store *store = must_open();
	g_autofree char *large = g_strnfill(100000, 'x');
	uint64_t mine = publish(store, large), other = publish(store, "core");
	autofd int json = text_fd(large);
	uint64_t all, user;

	((StoreDump *)store_find(store, other))->info.uid = 6;
	all = store_disk(store, 5, &user);
	g_assert_cmpuint(user, >=, 100000);
	g_assert_cmpuint(user, <, 200000);
	g_assert_cmpuint(all, >, user);
	g_assert_cmpint(store_put_annex(store, mine, RECORD_PART_JSON, json), ==, 0);
	store_disk(store, 5, &user);
	g_assert_cmpuint(user, >=, 200000);
	g_assert_cmpint(store_remove_part(store, mine, RECORD_PART_CORE), ==, 0);
	store_disk(store, 5, &user);
	g_assert_cmpuint(user, <, 200000);
	/* Somebody removes files in the store itself. */
	unlinkat(store_sealed_fd(store), "core_20261125_101512_4807.json", 0);
	store_refresh(store);
	store_disk(store, 5, &user);
	g_assert_cmpuint(user, ==, 0);
	g_assert_cmpint(store_remove(store, mine), ==, 0);
	g_assert_cmpint(store_remove(store, mine), ==, -ENOENT);
	g_assert_cmpint(store_remove(store, other), ==, 0);
	g_assert_cmpuint(n_dumps(store), ==, 0);
	store_free(store);
}

static void test_annex_too_large(void)
{
	Store *store = must_open();
	uint64_t serial = publish(store, "core");
	autofd int json = memfd_create("json", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(json, RECORD_ANNEX_MAX + 1), ==, 0);
	seal(json);
	g_assert_cmpint(store_put_annex(store, serial, RECORD_PART_JSON, json), ==, -E2BIG);
	store_remove_part(store, serial, RECORD_PART_CORE);
	store_free(store);
}

/* What could keep the broker waiting, or change under it, is not read at all: an empty pipe would be for ever. */
static void test_annex_unsealed(void)
{
	Store *store = must_open();
	uint64_t serial = publish(store, "core");
	int fds[] = { -1,
		      -1,
		      memfd_create("json", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		      open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
		      open("/dev/zero", O_RDONLY | O_CLOEXEC),
		      open("/", O_PATH | O_CLOEXEC) };

	g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		g_assert_cmpint(store_put_annex(store, serial, RECORD_PART_JSON, fds[i]), ==,
		                -EINVAL);
		close(fds[i]);
	}
	g_assert_cmpint(store_open_part(store, serial, RECORD_PART_JSON), ==, -ENOENT);
	store_remove_part(store, serial, RECORD_PART_CORE);
	store_free(store);
}

typedef struct {
	const StoreDump *dump;
} Last;

static void keep(const StoreDump *dump, void *data)
{
	((Last *)data)->dump = dump;
}

static gboolean is_there(const Store *store, const char *file)
{
	struct stat st;

	return fstatat(store_sealed_fd(store), file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void collect(const char *sentence, void *data)
{
	g_string_append_printf(data, "%s\n", sentence);
}

/* What was published comes back; a core without .meta, a half .meta and a leaf do not. Nothing is removed
 * but what sealing itself left. */
static void test_restart(void)
{
	Store *store = must_open();
	RecordSealed info = sealed_info();
	g_autofree char *leaf = NULL;
	g_autoptr(GString) said = g_string_new(NULL);
	Last last = { 0 };
	struct stat st;
	int leaf_fd;

	publish(store, "core");
	put(store, "core_20200101_000000_1", "never published");
	put(store, "core_20200101_000002_1.json", "of nothing");
	put(store, ".core_20200101_000003_1.part", "cut off while it was sealed");
	put(store, ".core_20200101_000003_1.meta", "and its record");
	put(store, "core_20200101_000001_1.meta", "triggerdumpfs-dump 1\nname core_x\n");
	put(store, "core_20200101_000001_1", "its record cannot be read");
	g_assert_cmpint(store_make_leaf(store, getuid(), getgid(), &leaf, &leaf_fd), ==, 0);
	g_assert_cmpint(mknodat(leaf_fd, "core", S_IFREG | 0600, 0), ==, 0);
	close(leaf_fd);
	store_free(store);

	store = must_open();
	g_assert_cmpuint(n_dumps(store), ==, 1);
	store_each(store, keep, &last);
	g_assert_cmpstr(last.dump->name, ==, "core_20261125_101512");
	g_assert_cmpint(last.dump->info.pid, ==, info.pid);
	g_assert_cmpuint(last.dump->info.uid, ==, info.uid);
	g_assert_cmpuint(last.dump->info.start_ticks, ==, info.start_ticks); /* the same boot */
	g_assert_cmpint(last.dump->info.requested_us, ==, info.requested_us);
	g_assert_cmpuint(last.dump->info.written_type, ==, 4);
	g_assert_true(is_there(store, "core_20200101_000000_1"));
	g_assert_true(is_there(store, "core_20200101_000001_1"));
	g_assert_true(is_there(store, "core_20200101_000002_1.json"));
	g_assert_false(is_there(store, ".core_20200101_000003_1.part"));
	g_assert_false(is_there(store, ".core_20200101_000003_1.meta"));
	store_each_warning(store, collect, said);
	g_assert_cmpstr(said->str, ==,
	                "core_20200101_000000_1 has no .meta: not listed\n"
	                "core_20200101_000001_1.meta is damaged: its dump is not listed\n"
	                "core_20200101_000002_1.json has no .meta: not listed\n");
	g_assert_cmpint(stat(leaf, &st), <, 0);
	unlinkat(store_sealed_fd(store), "core_20200101_000000_1", 0);
	unlinkat(store_sealed_fd(store), "core_20200101_000002_1.json", 0);
	unlinkat(store_sealed_fd(store), "core_20200101_000001_1", 0);
	unlinkat(store_sealed_fd(store), "core_20200101_000001_1.meta", 0);
	store_remove_part(store, last.dump->serial, RECORD_PART_CORE);
	store_free(store);
}

/* Whether a json is still to be made is known at the next start, and what it is made of. */
static void test_json_due(void)
{
	Store *store = must_open();
	RecordSealed info = sealed_info();
	g_autofree char *name = NULL;
	g_autofree char *file = NULL;
	g_autofree char *part = NULL;
	autofd int json = text_fd("{}\n");
	const StoreDump *dump;
	Last last = { 0 };

	info.reason = RECORD_REASON_DEMAND;
	info.json_due = 1;
	info.start_us = 1234567;
	info.frozen_us = 250000;
	info.frozen_at_us = 7654321;
	store_new_name(store, info.pid, info.requested_us, &name, &file);
	part = store_part_name(file);
	put(store, part, "core");
	g_assert_cmpint(store_publish(store, name, file, &info, &dump), ==, 0);
	g_assert_true(store_awaits_json(store, info.sealed_us));
	g_assert_false(store_awaits_json(store, info.sealed_us + 1));
	store_free(store);

	store = must_open();
	store_each(store, keep, &last);
	g_assert_cmpuint(last.dump->info.json_due, ==, 1);
	g_assert_cmpuint(last.dump->info.reason, ==, RECORD_REASON_DEMAND);
	g_assert_cmpint(last.dump->info.start_us, ==, 1234567);
	g_assert_cmpint(last.dump->info.frozen_us, ==, 250000);
	g_assert_cmpint(last.dump->info.frozen_at_us, ==, 7654321);
	g_assert_cmpint(store_put_annex(store, last.dump->serial, RECORD_PART_JSON, json), ==, 0);
	g_assert_false(store_awaits_json(store, 0));
	/* Who removes it does not want it back. */
	g_assert_cmpint(store_remove_part(store, last.dump->serial, RECORD_PART_JSON), ==, 0);
	store_free(store);

	store = must_open();
	store_each(store, keep, &last);
	g_assert_cmpuint(last.dump->info.parts, ==, 1 << RECORD_PART_CORE);
	g_assert_cmpuint(last.dump->info.json_due, ==, 0);
	g_assert_cmpint(last.dump->info.frozen_us, ==, 250000);
	g_assert_cmpint(store_remove(store, last.dump->serial), ==, 0);
	store_free(store);
}

/* The daemon was killed between the json and the record of it; and a record of before such were kept. */
static void test_json_not_due(void)
{
	Store *store = must_open();
	Last last = { 0 };

	put(store, "core_20200101_000000_1", "core");
	put(store, "core_20200101_000000_1.json", "{}\n");
	put(store, "core_20200101_000000_1.meta",
	    "triggerdumpfs-dump 1\nname core_20200101_000000\nboot x\npid 1\nuid 0\ngid 0\nstart "
	    "1\n"
	    "type 2\nwritten 2\nrequested 1\nsealed 2\nreason 1\nstarted 3\nfrozen 0\nfrozen_at "
	    "0\n");
	g_assert_cmpint(fchmodat(store_sealed_fd(store), "core_20200101_000000_1.meta", 0600, 0),
	                ==, 0);
	put(store, "core_20200101_000001_1", "core");
	put(store, "core_20200101_000001_1.meta",
	    "triggerdumpfs-dump 1\nname core_20200101_000001\nboot x\npid 1\nuid 0\ngid 0\nstart "
	    "1\n"
	    "type 2\nwritten 2\nrequested 1\nsealed 2\n");
	store_free(store);
	for (unsigned times = 0; times < 2; times++) {
		store = must_open();
		g_assert_cmpuint(n_dumps(store), ==, 2);
		g_assert_false(store_awaits_json(store, 0));
		store_each(store, keep, &last);
		g_assert_cmpint(last.dump->info.frozen_us, ==, -1);
		store_remove_part(store, 1, RECORD_PART_JSON);
		store_free(store);
	}
	store = must_open();
	g_assert_cmpint(store_remove(store, 1), ==, 0);
	g_assert_cmpint(store_remove(store, 2), ==, 0);
	store_free(store);
}

/* The daemon ended when the record was there and the core still had its first name: it is whole. And when of
 * a dump that was removed the record alone was left. */
static void test_cut_off(void)
{
	Store *store = must_open();
	const StoreDump *dump = store_find(store, publish(store, "core"));
	g_autofree char *file = g_strdup(dump->file);
	g_autofree char *part = store_part_name(file);
	Last last = { 0 };

	g_assert_cmpint(renameat(store_sealed_fd(store), file, store_sealed_fd(store), part), ==,
	                0);
	store_free(store);
	store = must_open();
	g_assert_cmpuint(n_dumps(store), ==, 1);
	g_assert_true(is_there(store, file));
	g_assert_false(is_there(store, part));
	unlinkat(store_sealed_fd(store), file, 0);
	store_free(store);
	store = must_open();
	store_each(store, keep, &last);
	g_assert_null(last.dump);
	g_assert_false(is_there(store, "core_20261125_101512_4807.meta"));
	store_free(store);
}

static void nothing(const char *sentence, void *data)
{
	++*(unsigned *)data;
}

/* A store full of rubbish is told of in a few lines. */
static void test_rubbish(void)
{
	Store *store = must_open();
	unsigned n = 0;
	char name[32];

	for (unsigned i = 0; i < 300; i++) {
		g_snprintf(name, sizeof name, "rubbish%u", i);
		put(store, name, "x");
	}
	store_free(store);
	store = must_open();
	store_each_warning(store, nothing, &n);
	g_assert_cmpuint(n, ==, STORE_WARNINGS_MAX + 1);
	for (unsigned i = 0; i < 300; i++) {
		g_snprintf(name, sizeof name, "rubbish%u", i);
		g_assert_cmpint(unlinkat(store_sealed_fd(store), name, 0), ==, 0);
	}
	store_free(store);
}

/* fcntl locks are a process's own: the second opener has to be one. */
static void test_lock(void)
{
	Store *store = must_open();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		Store *second;
		char *why = NULL;
		int r = store_open(dir, FALSE, &second, &why);

		g_autofree char *holder = g_strdup_printf("(pid %d)", (int)getppid());

		_exit(r == -EBUSY && strstr(why, "in use") && strstr(why, holder) ? 0 : 1);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	store_free(store);
}

/* Longer than one that seems well would be waited for. */
static void test_lock_of_one_that_ends(void)
{
	Store *store = must_open();
	pid_t pid;
	int status;

	store_mark_ending(store);
	pid = fork();
	if (pid == 0) {
		Store *second;
		char *why = NULL;

		_exit(store_open(dir, FALSE, &second, &why) == 0 ? 0 : 1);
	}
	g_usleep((STORE_LOCK_WELL_MS + 500) * 1000);
	g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
	store_free(store);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
	test_lock(); /* what the one before wrote there says nothing of the next */
}

/* What a start made goes when it fails, but for what somebody has put there since. */
static void test_undo(void)
{
	g_autofree char *above = g_build_filename(dir, "a", NULL);
	g_autofree char *deep = g_build_filename(dir, "a", "b", NULL);
	g_autofree char *sealed = g_build_filename(deep, "sealed", NULL);
	g_autofree char *inside = g_build_filename(sealed, "file", NULL);
	mode_t mask = umask(077);
	Store *store;
	char *why = NULL;

	g_assert_cmpint(store_open(deep, FALSE, &store, &why), ==, 0);
	g_assert_true(g_file_test(sealed, G_FILE_TEST_IS_DIR));
	store_undo(store);
	g_assert_false(g_file_test(above, G_FILE_TEST_EXISTS));

	g_assert_cmpint(g_mkdir_with_parents(deep, 0700), ==, 0);
	g_assert_cmpint(store_open(deep, FALSE, &store, &why), ==, 0);
	store_undo(store);
	g_assert_true(g_file_test(deep, G_FILE_TEST_IS_DIR));
	g_assert_false(g_file_test(sealed, G_FILE_TEST_EXISTS));
	g_assert_cmpint(remove(deep), ==, 0); /* it is empty */

	g_assert_cmpint(store_open(deep, FALSE, &store, &why), ==, 0);
	g_assert_true(g_file_set_contents(inside, "x", 1, NULL));
	store_undo(store);
	g_assert_true(g_file_test(inside, G_FILE_TEST_EXISTS));
	umask(mask);
	remove(inside);
	remove(sealed);
	remove(deep);
	g_assert_cmpint(remove(above), ==, 0);
}

static void test_leaf(void)
{
	Store *store = must_open();
	g_autofree char *leaf = NULL;
	struct stat st;
	int fd;

	g_assert_cmpint(store_make_leaf(store, getuid(), getgid(), &leaf, &fd), ==, 0);
	g_assert_cmpint(stat(leaf, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 07777, ==, 0700);
	g_assert_cmpint(mknodat(fd, "core", S_IFREG | 0600, 0), ==, 0);
	g_assert_cmpint(mkdirat(fd, "sub", 0700), ==, 0);
	store_drop_leaf(store, leaf, fd);
	g_assert_cmpint(stat(leaf, &st), <, 0);
	store_free(store);
}

static unsigned n_in_work(void)
{
	g_autofree char *work = g_build_filename(dir, "work", NULL);
	g_autoptr(GDir) entries = g_dir_open(work, 0, NULL);
	unsigned n = 0;

	g_assert_nonnull(entries);
	while (g_dir_read_name(entries))
		n++;
	return n;
}

/* Directories a hundred deep, without rights and with the sticky bit, and more files than go at once. */
static void fill_leaf(int leaf)
{
	char name[16];
	int at = dup(leaf);

	for (unsigned i = 0; i < 3000; i++) {
		g_snprintf(name, sizeof name, "%u", i);
		g_assert_cmpint(mknodat(leaf, name, S_IFREG | 0600, 0), ==, 0);
	}
	for (unsigned i = 0; i < 100; i++) {
		int below;

		g_assert_cmpint(mkdirat(at, "deeper", 0700), ==, 0);
		g_assert_cmpint(mknodat(at, "file", S_IFREG, 0), ==, 0);
		below = openat(at, "deeper", O_RDONLY | O_DIRECTORY);
		g_assert_cmpint(below, >=, 0);
		g_assert_cmpint(fchmod(at, at % 2 ? 01000 : 01700), ==, 0);
		close(at);
		at = below;
	}
	close(at);
}

static void test_full_leaf(void)
{
	Store *store = must_open();
	g_autofree char *leaf = NULL;
	g_autofree char *left = NULL;
	unsigned steps = 0;
	int fd;

	g_assert_cmpint(store_make_leaf(store, getuid(), getgid(), &leaf, &fd), ==, 0);
	fill_leaf(fd);
	store_drop_leaf(store, leaf, fd);
	for (; n_in_work() && steps < 100; steps++)
		store_clean(store);
	g_assert_cmpuint(steps, >, 0);
	g_assert_cmpuint(n_in_work(), ==, 0);
	/* Also what an earlier life has left. */
	g_assert_cmpint(store_make_leaf(store, getuid(), getgid(), &left, &fd), ==, 0);
	fill_leaf(fd);
	close(fd);
	store_free(store);
	store = must_open();
	g_assert_cmpuint(n_in_work(), ==, 0);
	store_free(store);
}

/* The same by somebody who may not do as root does. */
static void test_full_leaf_of_user(void)
{
	g_autofree char *path = g_dir_make_tmp("tdfs-leaf.XXXXXX", NULL);
	autofd int work = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status;
	pid_t child;

	if (geteuid() != 0) {
		g_test_skip("only root can become somebody else");
		return;
	}
	g_assert_cmpint(fchown(work, NOBODY, NOBODY), ==, 0);
	child = fork();
	if (child == 0) {
		char name[STORE_LEAF_NAME_MAX];
		gboolean clean = FALSE;
		int fd;

		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(2);
		fd = store_leaf_make(work, FALSE, NOBODY, NOBODY, name);
		fill_leaf(fd);
		store_leaf_drop(work, FALSE, name);
		for (unsigned i = 0; i < 100 && !clean; i++)
			clean = store_leaf_clean(work, FALSE, STORE_LEAF_STEP);
		_exit(clean ? 0 : 1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	g_assert_cmpint(rmdir(path), ==, 0); /* empty */
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("store-XXXXXX", NULL);
	g_test_add_func("/store/names", test_names);
	g_test_add_func("/store/parts", test_parts);
	g_test_add_func("/store/disk", test_disk);
	g_test_add_func("/store/annex-too-large", test_annex_too_large);
	g_test_add_func("/store/annex-unsealed", test_annex_unsealed);
	g_test_add_func("/store/restart", test_restart);
	g_test_add_func("/store/json-due", test_json_due);
	g_test_add_func("/store/json-not-due", test_json_not_due);
	g_test_add_func("/store/row-R4/cut-off", test_cut_off);
	g_test_add_func("/store/rubbish", test_rubbish);
	g_test_add_func("/store/lock", test_lock);
	g_test_add_func("/store/lock-of-one-that-ends", test_lock_of_one_that_ends);
	g_test_add_func("/store/undo", test_undo);
	g_test_add_func("/store/leaf", test_leaf);
	g_test_add_func("/store/row-D3/full-leaf", test_full_leaf);
	g_test_add_func("/store/row-D3/full-leaf-of-user", test_full_leaf_of_user);
	status = g_test_run();
	store_tree_remove(dir);
	g_free(dir);
	return status;
}
