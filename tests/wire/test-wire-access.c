/*
 * Who may do what, without any kernel that checks it first: what is asked for here is what a kernel with an old idea
 * of permissions, or none, would let through.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	OTHER_UID = 4321,
	STARTED_S = 1700000000, /* of the daemon, and of the process */
	PROCESS_S = 1690000000,
};

typedef enum {
	ROOT,
	MOUNTER,
	OWNER,
	OTHER,
	N_CALLERS
} Caller;

static const uid_t uids[N_CALLERS] = { 0, WIRE_MOUNTER_UID, WIRE_UID, OTHER_UID };

static void as(Wire *wire, Caller caller)
{
	wire_as(wire, uids[caller], uids[caller]);
}

/* What one may do, as errno of: attributes, open to read, to write, list, attributes' names, truncate. */
typedef struct {
	int look, read, write, list, xattr, truncate;
} May;

static const May all_of_file = { 0, 0, EACCES, ENOTDIR, 0, EPERM };
static const May all_of_control = { 0, 0, 0, ENOTDIR, 0, 0 };
static const May all_of_dir = { 0, EISDIR, EACCES, 0, 0, EACCES };
static const May nothing = { EACCES, EACCES, EACCES, EACCES, EACCES, EACCES };
static const May seen = { 0, EACCES, EACCES, EACCES, 0, EACCES };
static const May by_mode = { 0, 0, EACCES, ENOTDIR, 0, EACCES }; /* W is not his to have */

typedef struct {
	const char *path;
	const May *root, *mounter, *owner, *other;
} Line;

static const May root_of_dir = { 0, EISDIR, EISDIR, 0, 0, EPERM };

static const Line lines[] = {
	{ "", &root_of_dir, &all_of_dir, &all_of_dir, &all_of_dir },
	{ "README", &all_of_file, &by_mode, &by_mode, &by_mode },
	{ "processes", &all_of_file, &by_mode, &seen, &seen },
	{ "top", &all_of_file, &by_mode, &seen, &seen },
	{ "status", &all_of_file, &by_mode, &seen, &seen },
	{ "events", &all_of_file, &by_mode, &seen, &seen },
	{ "metrics", &all_of_file, &by_mode, &seen, &seen },
	{ "openmetrics", &all_of_file, &by_mode, &seen, &seen },
	{ "4807", &root_of_dir, &seen, &all_of_dir, &seen },
	{ "4807/cmdline", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/environ", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/runtime", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/status", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/events", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/heap_mb", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/counters", &root_of_dir, NULL, &all_of_dir, &nothing },
	{ "4807/counters/gc-heap-size", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/peaks", &root_of_dir, NULL, &all_of_dir, &nothing },
	{ "4807/peaks/gc-heap-size", &all_of_control, NULL, &all_of_control, &nothing },
	{ "4807/meters", &root_of_dir, NULL, &all_of_dir, &nothing },
	{ "4807/stream.csv", &all_of_file, NULL, &by_mode, &nothing },
	{ "4807/threshold_mb", &all_of_control, NULL, &all_of_control, &nothing },
	{ "4807/trigger", &all_of_control, NULL, &all_of_control, &nothing },
	{ "4807/dump", &all_of_control, NULL, &all_of_control, &nothing },
};

static int probe(Wire *wire, guint64 ino, int flags)
{
	struct fuse_open_out open;
	int error = wire_open(wire, ino, (guint32)flags, &open);

	if (error == 0)
		g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	return -error;
}

static May ask(Wire *wire, guint64 ino)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(WireEntry));
	struct fuse_attr_out attr;
	guint32 size;

	return (May){
		.look = -wire_getattr(wire, ino, &attr),
		.read = probe(wire, ino, O_RDONLY),
		.write = probe(wire, ino, O_WRONLY),
		.list = -wire_readdir(wire, ino, 0, 4096, entries),
		.xattr = -wire_listxattr(wire, ino, 0, NULL, &size),
		.truncate = -wire_setattr(wire, ino, FATTR_SIZE, &attr),
	};
}

static void check_line(Wire *wire, const Line *line, Caller caller, const May *expected)
{
	guint64 ino;
	May got;

	if (expected == NULL)
		return;
	wire_as(wire, 0, 0);
	ino = line->path[0] == '\0' ? FUSE_ROOT_ID : wire_walk(wire, line->path);
	as(wire, caller);
	got = ask(wire, ino);
	if (memcmp(&got, expected, sizeof got) != 0)
		g_error("%s as %u: look %d read %d write %d list %d xattr %d truncate %d",
		        line->path, uids[caller], got.look, got.read, got.write, got.list,
		        got.xattr, got.truncate);
}

static void test_matrix(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		check_line(wire, &lines[i], ROOT, lines[i].root);
		check_line(wire, &lines[i], MOUNTER, lines[i].mounter);
		check_line(wire, &lines[i], OWNER, lines[i].owner);
		check_line(wire, &lines[i], OTHER, lines[i].other);
	}
	wire_free(wire);
}

/* Names below what one may not enter are not looked up; those at the root are, and tell nothing. */
static void test_sight(void)
{
	static const char *const of_root[] = { "processes", "status", "events", "metrics",
		                               "dumps" };
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);
	struct fuse_entry_out entry;
	guint64 process;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	wire_sealed(wire, 3, 7, "core_X", 123456789);
	process = wire_walk(wire, "4807");
	as(wire, OTHER);
	for (gsize i = 0; i < G_N_ELEMENTS(of_root); i++) {
		g_assert_cmpint(wire_lookup(wire, 1, of_root[i], &entry), ==, 0);
		g_assert_cmpuint(entry.attr.size, ==, 0);
		g_assert_cmpuint(entry.attr.mtime, ==, STARTED_S);
		/* The kernel keeps nothing that it would show to another one. */
		g_assert_cmpuint(entry.attr_valid + entry.attr_valid_nsec, ==, 0);
	}
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, 0);
	g_assert_cmpuint(entry.attr.uid, ==, WIRE_UID);
	g_assert_cmpuint(entry.attr.mtime, ==, PROCESS_S);
	g_assert_cmpint(wire_lookup(wire, process, "status", &entry), ==, -EACCES);
	g_assert_cmpint(wire_lookup(wire, process, "nothing", &entry), ==, -EACCES);
	wire_as(wire, 0, 0);
	g_assert_cmpint(wire_lookup(wire, 1, "events", &entry), ==, 0);
	g_assert_cmpuint(entry.attr.size, >, 0);
	g_assert_cmpuint(entry.attr_valid + entry.attr_valid_nsec, ==, 0);
	wire_free(wire);
}

static void test_dumps(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	guint64 dumps, of_process, core;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	wire_sealed(wire, 3, 7, "core_X", 123456789);
	dumps = wire_walk(wire, "dumps");
	of_process = wire_walk(wire, "4807/dumps");
	core = wire_walk(wire, "dumps/core_X_4807");
	as(wire, OTHER);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, of_process, "core_X", &entry), ==, -EACCES);
	g_assert_cmpint(wire_getattr(wire, core, &attr), ==, -ENOENT);
	g_assert_cmpint(probe(wire, core, O_RDONLY), ==, ENOENT);
	g_assert_cmpint(wire_answer(wire, wire_send_unlink(wire, dumps, "core_X_4807"), NULL), ==,
	                -ENOENT);
	g_assert_cmpint(wire_answer(wire, wire_send_unlink(wire, of_process, "core_X"), NULL), ==,
	                -EACCES);
	g_assert_cmpint(wire_has_ask(wire, RECORD_REMOVE_DUMP), ==, FALSE);
	g_assert_cmpint(wire_has_ask(wire, RECORD_OPEN_DUMP), ==, FALSE);
	as(wire, OWNER);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807", &entry), ==, 0);
	g_assert_cmpuint(entry.attr.size, ==, 123456789);
	g_assert_cmpint(ask(wire, dumps).list, ==, EACCES);
	g_assert_cmpint(ask(wire, of_process).list, ==, 0);
	wire_free(wire);
}

static void test_hidden(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, TRUE);
	struct fuse_entry_out entry;
	struct fuse_attr_out attr;
	guint64 process, dumps;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	wire_owner(wire, 8, 5000, OTHER_UID);
	wire_found(wire, 9, 5001, RECORD_FOUND_OLD);
	wire_sealed(wire, 3, 7, "core_X", 123456789);
	process = wire_walk(wire, "4807");
	dumps = wire_walk(wire, "dumps");
	as(wire, OTHER);
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, 1, "5000", &entry), ==, 0);
	g_assert_cmpint(wire_getattr(wire, process, &attr), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, process, "status", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_answer(wire, wire_send_unlink(wire, dumps, "core_X_4807"), NULL), ==,
	                -ENOENT);
	/* However little fits into an answer. */
	for (guint32 size = 40; size <= 4096; size += 507) {
		g_autoptr(GArray) entries = NULL;

		for (Caller caller = 0; caller < N_CALLERS; caller++) {
			gboolean sees_all = caller == ROOT || caller == MOUNTER;

			g_clear_pointer(&entries, g_array_unref);
			as(wire, caller);
			entries = wire_list(wire, FUSE_ROOT_ID, size);
			g_assert_nonnull(wire_find(entries, "README"));
			g_assert_true((wire_find(entries, "4807") != NULL) ==
			              (sees_all || caller == OWNER));
			g_assert_true((wire_find(entries, "5000") != NULL) ==
			              (sees_all || caller == OTHER));
			g_assert_true((wire_find(entries, "5001") != NULL) ==
			              (sees_all || caller == OWNER));
		}
	}
	wire_free(wire);
}

/* A control file's descriptor in another one's hands. */
static void test_passed_descriptor(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);
	g_autofree char *text = NULL;
	struct fuse_open_out open;
	guint64 ino;
	guint32 events;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	ino = wire_walk(wire, "4807/max_dumps");
	as(wire, OWNER);
	g_assert_cmpint(wire_open(wire, ino, O_RDWR, &open), ==, 0);
	g_assert_cmpint(wire_write(wire, ino, open.fh, 0, "5\n", 2), ==, 0);
	as(wire, OTHER);
	g_assert_cmpint(wire_write(wire, ino, open.fh, 0, "6\n", 2), ==, -EACCES);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, NULL), ==, -EACCES);
	g_assert_cmpint(wire_poll(wire, ino, open.fh, 1, &events), ==, -EACCES);
	g_assert_cmpuint(wire_edge_armed(wire), ==, 0);
	wire_as(wire, 0, 0);
	g_assert_cmpint(wire_write(wire, ino, open.fh, 0, "7\n", 2), ==, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	g_assert_cmpint(wire_text(wire, "4807/max_dumps", &text), ==, 0);
	g_assert_cmpstr(text, ==, "7\n");
	wire_free(wire);
}

/* Of a process that is gone nobody can say whose it was: who began to read goes on, and root. */
static void test_gone(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);
	struct fuse_open_out open;
	guint64 ino;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	ino = wire_walk(wire, "4807/status");
	as(wire, OWNER);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 1, NULL), ==, 0);
	as(wire, OTHER);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 1, 100, NULL), ==, -EACCES);
	wire_gone(wire, 7);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 1, 100, NULL), ==, -ESRCH);
	as(wire, OWNER);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 1, 100, NULL), ==, 0);
	wire_as(wire, 0, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 1, 100, NULL), ==, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

static void test_change_of_owner(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, FALSE, FALSE);
	struct fuse_open_out open;
	struct fuse_entry_out entry;
	guint64 waiting, ino;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(wire, 7);
	ino = wire_walk(wire, "4807/heap_mb");
	as(wire, OWNER);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	waiting = wire_send_read(wire, ino, open.fh, 0, 100, 0);
	wire_settle(wire);
	g_assert_false(wire_is_answered(wire, waiting));
	wire_owner(wire, 7, WIRE_PID, 0);
	wire_sample(wire, 7, 55);
	/* It was allowed when it came, and there is an answer now. */
	g_assert_cmpint(wire_answer(wire, waiting, NULL), ==, -EACCES);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, NULL), ==, -EACCES);
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807"), "heap_mb", &entry), ==, -EACCES);
	g_assert_cmpint(probe(wire, ino, O_RDONLY), ==, EACCES);
	wire_owner(wire, 7, WIRE_PID, WIRE_UID);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, NULL), ==, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

/* Which further groups a caller has is not in the request: with -o group= the kernel alone knows. */
static void test_group(void)
{
	Wire *wire = wire_new_with(INTERVAL_MS, TRUE, FALSE);
	guint64 processes, dumps, readme;

	processes = wire_walk(wire, "processes");
	dumps = wire_walk(wire, "dumps");
	readme = wire_walk(wire, "README");
	wire_as(wire, OTHER_UID, WIRE_GROUP);
	g_assert_cmpint(probe(wire, processes, O_RDONLY), ==, 0);
	g_assert_cmpint(probe(wire, processes, O_WRONLY), ==, EACCES);
	g_assert_cmpint(probe(wire, readme, O_RDONLY), ==, 0);
	g_assert_cmpint(ask(wire, dumps).list, ==, EACCES);
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/access/row-F8/T-E1-matrix", test_matrix);
	g_test_add_func("/wire/access/row-F8/T-E7-sight", test_sight);
	g_test_add_func("/wire/access/dumps", test_dumps);
	g_test_add_func("/wire/access/T-E6-hidden", test_hidden);
	g_test_add_func("/wire/access/T-E2-passed-descriptor", test_passed_descriptor);
	g_test_add_func("/wire/access/row-F10/T-E3-change-of-owner", test_change_of_owner);
	g_test_add_func("/wire/access/group", test_group);
	g_test_add_func("/wire/access/row-P1/gone", test_gone);
	return g_test_run();
}
