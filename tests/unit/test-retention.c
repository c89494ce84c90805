/* Which dumps go by themselves, and in which order. */
#include "fs/broker/retention.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"
#include "tests/lib/store-tree.h"

enum {
	ANNE = 1000,
	BEN = 1001
};
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define NOW_US  (1000 * HOUR_US)

static char *dir;
static GString *told;

static Store *must_open(void)
{
	Store *store = NULL;
	char *why = NULL;

	g_assert_cmpint(store_open(dir, FALSE, &store, &why), ==, 0);
	return store;
}

static void write_part(const Store *store, const char *file, gsize kb)
{
	autofd int fd = openat(store_sealed_fd(store), file, O_WRONLY | O_CREAT | O_CLOEXEC, 0400);
	g_autofree char *block = g_malloc0(1024);

	for (gsize i = 0; i < kb; i++)
		g_assert_cmpint(write(fd, block, 1024), ==, 1024);
}

/* A dump of that age, with a sidecar. Its serial. */
static uint64_t publish(Store *store, uid_t uid, int age_h, gsize kb)
{
	RecordSealed info = { .pid = 7, .uid = uid, .type = 2, .written_type = 2 };
	g_autofree char *name = NULL;
	g_autofree char *file = NULL;
	g_autofree char *json = NULL;
	g_autofree char *part = NULL;
	const StoreDump *dump;

	info.requested_us = info.sealed_us = NOW_US - age_h * HOUR_US;
	store_new_name(store, info.pid, info.requested_us, &name, &file);
	part = store_part_name(file);
	write_part(store, part, kb);
	json = g_strconcat(file, ".json", NULL);
	write_part(store, json, 1);
	g_assert_cmpint(store_publish(store, name, file, &info, &dump), ==, 0);
	return dump->serial;
}

static void on_removed(uint64_t serial, const char *reason, void *data)
{
	g_assert_null(store_find(data, serial));
	g_string_append_printf(told, "%u %s,", (unsigned)serial, reason);
}

static void apply(Store *store, const DumpLimits *limits, const char *wanted)
{
	told = g_string_new(NULL);
	retention_apply(store, limits, NOW_US, on_removed, store);
	g_assert_cmpstr(told->str, ==, wanted);
	g_string_free(told, TRUE);
}

static void remove_all(Store *store)
{
	for (uint64_t serial = 1; serial < 20; serial++)
		store_remove(store, serial);
	store_free(store);
}

static void test_off(void)
{
	Store *store = must_open();
	DumpLimits limits;

	dump_limits_init(&limits, TRUE);
	publish(store, ANNE, 900, 8);
	apply(store, &limits, "");
	g_assert_nonnull(store_find(store, 1));
	remove_all(store);
}

static void test_keep(void)
{
	Store *store = must_open();
	DumpLimits limits;
	struct stat st;

	dump_limits_init(&limits, TRUE);
	limits.keep = 2;
	publish(store, ANNE, 9, 8); /* 1 */
	publish(store, BEN, 8, 800);
	publish(store, ANNE, 7, 8);
	publish(store, BEN, 6, 800);
	publish(store, BEN, 5, 800);
	publish(store, ANNE, 4, 8);
	publish(store, ANNE, 3, 8);
	publish(store, BEN, 2, 800); /* 8 */
	/* Ben's take most, until he holds what he may. */
	apply(store, &limits, "2 keep,4 keep,1 keep,3 keep,");
	apply(store, &limits, "");
	g_assert_nonnull(store_find(store, 5));
	g_assert_cmpint(fstatat(store_sealed_fd(store), "core_19700211_070000_7.json", &st, 0), <,
	                0);
	/* A sidecar that its user left does not count. */
	store_remove_part(store, 5, RECORD_PART_CORE);
	publish(store, BEN, 1, 800);
	apply(store, &limits, "");
	remove_all(store);
}

static void test_max_age(void)
{
	Store *store = must_open();
	DumpLimits limits;

	dump_limits_init(&limits, TRUE);
	limits.max_age_us = 5 * HOUR_US;
	publish(store, ANNE, 9, 8);
	publish(store, ANNE, 5, 8);
	publish(store, BEN, 6, 80);
	publish(store, BEN, -1, 80); /* the clock was set back since */
	store_remove_part(store, 1, RECORD_PART_CORE);
	apply(store, &limits, "3 max_age,1 max_age,");
	g_assert_nonnull(store_find(store, 2));
	g_assert_nonnull(store_find(store, 4));
	remove_all(store);
}

/* What cannot be removed is not tried for ever. */
static void test_cannot(void)
{
	static const char core[] = "core_19700211_070000_7";
	Store *store = must_open();
	DumpLimits limits;

	dump_limits_init(&limits, TRUE);
	limits.keep = 1;
	publish(store, ANNE, 9, 8);
	publish(store, ANNE, 8, 8);
	g_assert_cmpint(unlinkat(store_sealed_fd(store), core, 0), ==, 0);
	g_assert_cmpint(mkdirat(store_sealed_fd(store), core, 0700), ==, 0);
	apply(store, &limits, "");
	g_assert_nonnull(store_find(store, 1));
	g_assert_cmpint(unlinkat(store_sealed_fd(store), core, AT_REMOVEDIR), ==, 0);
	apply(store, &limits, "1 keep,");
	remove_all(store);
}

int main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("retention-XXXXXX", NULL);
	g_test_add_func("/retention/off", test_off);
	g_test_add_func("/retention/keep", test_keep);
	g_test_add_func("/retention/max-age", test_max_age);
	g_test_add_func("/retention/cannot", test_cannot);
	status = g_test_run();
	store_tree_remove(dir);
	g_free(dir);
	return status;
}
