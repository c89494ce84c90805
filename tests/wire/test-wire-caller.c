/* Who asks: requests as the kernel sends them with another user's id, which default_permissions would have kept back. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "fs/tree/ino.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	OTHER = 4321
};

/* Everything of a process, by somebody else, with its inode number in hand. */
static void refuse_all(Wire *wire, guint64 dir, guint64 file, guint64 control)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(WireEntry));
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	struct fuse_open_out out;
	guint32 size;

	g_assert_cmpint(wire_lookup(wire, dir, "heap_mb", &entry), ==, -EACCES);
	g_assert_cmpint(wire_readdir(wire, dir, 0, 4096, entries), ==, -EACCES);
	for (unsigned i = 0; i < 2; i++) {
		guint64 ino = i ? file : control;

		g_assert_cmpint(wire_getattr(wire, ino, &attr), ==, -EACCES);
		g_assert_cmpint(wire_setattr(wire, ino, FATTR_SIZE, &attr), ==, -EACCES);
		g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &out), ==, -EACCES);
		g_assert_cmpint(wire_open(wire, ino, O_WRONLY, &out), ==, -EACCES);
		g_assert_cmpint(wire_open(wire, ino, O_RDWR, &out), ==, -EACCES);
		g_assert_cmpint(wire_open(wire, ino, O_ACCMODE, &out), ==, -EACCES);
		g_assert_cmpint(wire_getxattr(wire, ino, "user.unit", 0, NULL, &size), ==, -EACCES);
		g_assert_cmpint(wire_listxattr(wire, ino, 0, NULL, &size), ==, -EACCES);
	}
}

static void test_others(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	guint64 dir, file, control;

	wire_found(wire, 7, WIRE_PID, 0);
	dir = wire_walk(wire, "4807");
	file = wire_walk(wire, "4807/heap_mb");
	control = wire_walk(wire, "4807/threshold_mb");
	wire_set_caller(wire, OTHER);
	/* That it exists. */
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, 0);
	g_assert_cmpint(wire_getattr(wire, dir, &attr), ==, 0);
	refuse_all(wire, dir, file, control);
	wire_set_caller(wire, WIRE_UID);
	g_assert_cmpint(wire_lookup(wire, dir, "heap_mb", &entry), ==, 0);
	g_assert_cmpint(wire_command(wire, "4807/threshold_mb", "off"), ==, 0);
	/* It is root's from now on. */
	wire_found_guarded(wire, 7, WIRE_PID);
	refuse_all(wire, dir, file, control);
	wire_set_caller(wire, 0);
	g_assert_cmpint(wire_lookup(wire, dir, "heap_mb", &entry), ==, 0);
	g_assert_cmpuint(entry.attr.uid, ==, 0);
	wire_free(wire);
}

/* What is open is read on by whom it is handed to, and written to by nobody but the owner. */
static void test_descriptors(void)
{
	g_autoptr(GByteArray) bytes = NULL;
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_open_out status, control;
	guint64 file, threshold;
	guint32 events;

	wire_found(wire, 7, WIRE_PID, 0);
	file = wire_walk(wire, "4807/status");
	threshold = wire_walk(wire, "4807/threshold_mb");
	wire_set_caller(wire, WIRE_UID);
	g_assert_cmpint(wire_open(wire, file, O_RDONLY, &status), ==, 0);
	g_assert_cmpint(wire_open(wire, threshold, O_RDWR, &control), ==, 0);
	wire_set_caller(wire, OTHER);
	g_assert_cmpint(wire_read(wire, file, status.fh, 0, 4096, &bytes), ==, 0);
	g_clear_pointer(&bytes, g_byte_array_unref);
	g_assert_cmpint(wire_write(wire, threshold, control.fh, 0, "off", 3), ==, -EACCES);
	wire_set_caller(wire, WIRE_UID);
	g_assert_cmpint(wire_write(wire, threshold, control.fh, 0, "off", 3), ==, 0);
	wire_found_guarded(wire, 7, WIRE_PID);
	g_assert_cmpint(wire_read(wire, file, status.fh, 0, 4096, NULL), ==, -EACCES);
	g_assert_cmpint(wire_write(wire, threshold, control.fh, 0, "off", 3), ==, -EACCES);
	g_assert_cmpint(wire_poll(wire, file, status.fh, 1, &events), ==, 0);
	g_assert_cmpuint(events, ==, POLLERR);
	/* A descriptor of another's making does not become root's by who uses it. */
	wire_set_caller(wire, 0);
	g_assert_cmpint(wire_write(wire, threshold, control.fh, 0, "off", 3), ==, -EACCES);
	g_assert_cmpint(wire_release(wire, file, status.fh), ==, 0);
	g_assert_cmpint(wire_release(wire, threshold, control.fh), ==, 0);
	wire_free(wire);
}

static int unlink_as(Wire *wire, guint32 uid, guint64 dir, const char *name)
{
	wire_set_caller(wire, uid);
	return wire_answer(wire, wire_send_unlink(wire, dir, name), NULL);
}

static void test_dumps(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	guint64 dumps, own;
	struct fuse_open_out out;
	guint64 unique;
	Record ask;

	wire_found(wire, 7, WIRE_PID, 0);
	wire_sealed(wire, 3, 7, "core_20261126_101010", 100);
	dumps = wire_walk(wire, "dumps");
	own = wire_walk(wire, "4807/dumps");
	g_assert_cmpint(unlink_as(wire, OTHER, dumps, "core_20261126_101010_4807"), ==, -EPERM);
	g_assert_cmpint(unlink_as(wire, OTHER, own, "core_20261126_101010"), ==, -EACCES);
	g_assert_cmpint(wire_open(wire, ino_make(INO_DUMP, 3, RECORD_PART_CORE), O_RDONLY, &out),
	                ==, -EACCES);
	wire_set_caller(wire, WIRE_UID);
	unique = wire_send_unlink(wire, dumps, "core_20261126_101010_4807");
	ask = wire_ask(wire, RECORD_REMOVE_DUMP);
	wire_reply(wire, ask.id, 0, -1, 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, 0);
	wire_free(wire);
}

static void test_hidden(void)
{
	g_autoptr(GArray) entries = NULL;
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	guint64 dumps;

	wire_hide_others(wire);
	wire_found(wire, 7, WIRE_PID, 0);
	wire_sealed(wire, 3, 7, "core_20261126_101010", 100);
	dumps = wire_walk(wire, "dumps");
	wire_set_caller(wire, OTHER);
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_getattr(wire, ino_make(INO_PROCESS, 7, 0), &attr), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_20261126_101010_4807", &entry), ==, -ENOENT);
	g_assert_cmpint(unlink_as(wire, OTHER, dumps, "core_20261126_101010_4807"), ==, -ENOENT);
	entries = wire_list(wire, 1, 4096);
	g_assert_null(wire_find(entries, "4807"));
	g_assert_nonnull(wire_find(entries, "README"));
	for (unsigned i = 0; i < 3; i++) {
		static const guint32 sees[] = { 0, WIRE_UID, WIRE_MOUNTER_UID };
		g_autoptr(GArray) all = NULL;

		wire_set_caller(wire, sees[i]);
		g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, 0);
		all = wire_list(wire, 1, 4096);
		g_assert_nonnull(wire_find(all, "4807"));
	}
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/caller/row-F8/others", test_others);
	g_test_add_func("/wire/caller/row-F10/descriptors", test_descriptors);
	g_test_add_func("/wire/caller/dumps", test_dumps);
	g_test_add_func("/wire/caller/hidden", test_hidden);
	return g_test_run();
}
