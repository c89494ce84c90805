/* /proc/self/mountinfo as it is here. */
#include "fs/broker/mount-table.h"
#include <errno.h>

static void test_proc(void)
{
	MountEntry entry;

	g_assert_cmpint(mount_table_find("/proc", &entry), ==, 0);
	g_assert_false(entry.is_ours);
	g_assert_true(mount_table_has(entry.id));
}

static void test_absent(void)
{
	MountEntry entry;

	g_assert_cmpint(mount_table_find("/no/such/mountpoint", &entry), ==, -ENOENT);
	g_assert_false(mount_table_has(G_MAXUINT64));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mount-table/proc", test_proc);
	g_test_add_func("/mount-table/absent", test_absent);
	return g_test_run();
}
