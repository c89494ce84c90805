/* What is in the tree: names, attributes, listings, and who may do what. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fs/tree/ino.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	LONG_S = 3600
};

static void test_ino(void)
{
	guint64 ino = ino_make(INO_COUNTER, INO_SERIAL_MAX, INO_ROW_MAX);

	g_assert_cmpuint(ino_kind(ino), ==, INO_COUNTER);
	g_assert_cmpuint(ino_serial(ino), ==, INO_SERIAL_MAX);
	g_assert_cmpuint(ino_row(ino), ==, INO_ROW_MAX);
	g_assert_cmpuint(ino_make(INO_ROOT, 0, 1), ==, FUSE_ROOT_ID);
	ino = ino_make(INO_DUMP, 1, 0);
	g_assert_cmpuint(ino_kind(ino), ==, INO_DUMP);
	g_assert_cmpuint(ino_serial(ino), ==, 1);
	g_assert_cmpuint(ino_row(ino), ==, 0);
	g_assert_cmpuint(ino_kind(G_MAXUINT64), >=, INO_N_KINDS);
}

static void test_lookup(void)
{
	static const char *const missing[] = {
		"nothing", "04807", "+4807", "4807x", "4808", "0",
		"-1",      " 4807", ".",     "..",    "",     "99999999999999999999"
	};
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_entry_out entry, again;

	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, -ENOENT);
	wire_found(wire, 7, WIRE_PID, 0);
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &entry), ==, 0);
	g_assert_cmpuint(entry.nodeid, ==, ino_make(INO_PROCESS, 7, 0));
	g_assert_cmpuint(entry.attr.ino, ==, entry.nodeid);
	g_assert_cmpuint(entry.generation, ==, 0);
	g_assert_cmpuint(entry.entry_valid, ==, 0);
	g_assert_cmpuint(entry.attr_valid, ==, 1);
	for (gsize i = 0; i < G_N_ELEMENTS(missing); i++)
		g_assert_cmpint(wire_lookup(wire, 1, missing[i], &again), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, entry.nodeid, "status", &again), ==, 0);
	g_assert_cmpuint(again.entry_valid, ==, LONG_S);
	g_assert_cmpuint(again.attr_valid, ==, 1);
	g_assert_cmpint(wire_lookup(wire, again.nodeid, "x", &again), ==, -ENOTDIR);
	/* The same pid again is another process. */
	wire_gone(wire, 7);
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &again), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, entry.nodeid, "status", &again), ==, -ENOENT);
	wire_found(wire, 9, WIRE_PID, 0);
	g_assert_cmpint(wire_lookup(wire, 1, "4807", &again), ==, 0);
	g_assert_cmpuint(again.nodeid, !=, entry.nodeid);
	wire_free(wire);
}

static void check_attr(Wire *wire, const char *path, guint32 mode, guint32 uid, guint32 gid)
{
	struct fuse_attr_out out;

	g_test_message("%s", path);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, path), &out), ==, 0);
	g_assert_cmphex(out.attr.mode, ==, mode);
	g_assert_cmpuint(out.attr.uid, ==, uid);
	g_assert_cmpuint(out.attr.gid, ==, gid);
	/* Not kept by the kernel where others are shown less. */
	g_assert_cmpint(out.attr_valid > 0, ==, uid != WIRE_MOUNTER_UID || (mode & 0044) != 0);
}

static void test_attr(void)
{
	static const struct {
		const char *path;
		guint32 mode;
	} of_process[] = {
		{ "4807", S_IFDIR | 0500 },
		{ "4807/cmdline", S_IFREG | 0400 },
		{ "4807/environ", S_IFREG | 0400 },
		{ "4807/runtime", S_IFREG | 0400 },
		{ "4807/status", S_IFREG | 0400 },
		{ "4807/events", S_IFREG | 0400 },
		{ "4807/heap_mb", S_IFREG | 0400 },
		{ "4807/counters", S_IFDIR | 0500 },
		{ "4807/meters", S_IFDIR | 0500 },
		{ "4807/counters/gc-heap-size", S_IFREG | 0400 },
		{ "4807/counters.txt", S_IFREG | 0400 },
		{ "4807/counters.csv", S_IFREG | 0400 },
		{ "4807/counters.json", S_IFREG | 0400 },
		{ "4807/stream.csv", S_IFREG | 0400 },
		{ "4807/catalog.tsv", S_IFREG | 0400 },
		{ "4807/metrics", S_IFREG | 0400 },
		{ "4807/openmetrics", S_IFREG | 0400 },
		{ "4807/peak_mb", S_IFREG | 0600 },
		{ "4807/peaks", S_IFDIR | 0500 },
		{ "4807/peaks/gc-heap-size", S_IFREG | 0600 },
		{ "4807/trigger", S_IFREG | 0600 },
		{ "4807/max_dumps", S_IFREG | 0600 },
		{ "4807/cooldown_s", S_IFREG | 0600 },
		{ "4807/detect", S_IFREG | 0600 },
		{ "4807/threshold_mb", S_IFREG | 0600 },
		{ "4807/dump_type", S_IFREG | 0600 },
		{ "4807/dump", S_IFREG | 0600 },
		{ "4807/dumps", S_IFDIR | 0700 },
		{ "4807/dumps/core_X", S_IFREG | 0400 },
		{ "4807/dumps/core_X.json", S_IFREG | 0400 },
		{ "dumps/core_X_4807", S_IFREG | 0400 },
		{ "dumps/core_X_4807.json", S_IFREG | 0400 },
	};
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_attr_out out;

	wire_found(wire, 7, WIRE_PID, 0);
	wire_sealed(wire, 3, 7, "core_X", 123456789);
	for (gsize i = 0; i < G_N_ELEMENTS(of_process); i++)
		check_attr(wire, of_process[i].path, of_process[i].mode, WIRE_UID, WIRE_GID);
	check_attr(wire, "README", S_IFREG | 0444, WIRE_MOUNTER_UID, WIRE_MOUNTER_GID);
	check_attr(wire, "processes", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "top", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "metrics", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "openmetrics", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "status", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "events", S_IFREG | 0440, WIRE_MOUNTER_UID, WIRE_GROUP);
	check_attr(wire, "dumps", S_IFDIR | 01733, WIRE_MOUNTER_UID, WIRE_MOUNTER_GID);

	g_assert_cmpint(wire_getattr(wire, FUSE_ROOT_ID, &out), ==, 0);
	g_assert_cmphex(out.attr.mode, ==, S_IFDIR | 0555);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, "4807"), &out), ==, 0);
	g_assert_cmpuint(out.attr.nlink, ==, 1);
	g_assert_cmpuint(out.attr.mtime, ==, 1690000000);
	g_assert_cmpuint(out.attr.mtimensec, ==, 500000000);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, "4807/dumps/core_X"), &out), ==, 0);
	g_assert_cmpuint(out.attr.size, ==, 123456789);
	g_assert_cmpuint(out.attr.mtime, ==, 1695000001);
	g_assert_cmpuint(out.attr.nlink, ==, 2);
	g_assert_cmpuint(out.attr_valid, ==, LONG_S);
	/* Its process goes, and with it one of the names. */
	wire_gone(wire, 7);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, "dumps/core_X_4807"), &out), ==, 0);
	g_assert_cmpuint(out.attr.nlink, ==, 1);
	wire_free(wire);
}

static guint count(const GArray *entries, const char *name)
{
	guint n = 0;

	for (guint i = 0; i < entries->len; i++)
		n += strcmp(g_array_index(entries, WireEntry, i).name, name) == 0;
	return n;
}

static void test_readdir(void)
{
	static const char *const names[] = { ".",      "..",     "README",  "processes",   "top",
		                             "status", "events", "metrics", "openmetrics", "dumps",
		                             "4807",   "4808",   "4809" };
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, 4807, 0);
	wire_found(wire, 8, 4808, 0);
	wire_found(wire, 9, 4809, 0);
	/* One entry an answer, some, all. */
	for (guint32 size = 40; size <= 4096; size += 60) {
		g_autoptr(GArray) entries = wire_list(wire, FUSE_ROOT_ID, size);

		g_assert_cmpuint(entries->len, ==, G_N_ELEMENTS(names));
		for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
			const WireEntry *entry = &g_array_index(entries, WireEntry, i);

			g_assert_cmpstr(entry->name, ==, names[i]);
			if (i >= 2)
				g_assert_cmpuint(entry->ino, ==, wire_walk(wire, names[i]));
		}
		g_assert_cmpuint(wire_find(entries, "dumps")->type, ==, DT_DIR);
		g_assert_cmpuint(wire_find(entries, "README")->type, ==, DT_REG);
		g_assert_cmpuint(wire_find(entries, "4809")->type, ==, DT_DIR);
	}
	wire_free(wire);
}

/* Entries come and go between two calls: none that stays is skipped, none comes twice. */
static void test_readdir_changes(void)
{
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(WireEntry));
	Wire *wire = wire_new(INTERVAL_MS);
	guint64 cookie = 0;
	guint had;

	for (guint i = 0; i < 40; i++)
		wire_found(wire, 100 + i, (pid_t)(5000 + i), 0);
	for (guint round = 0;; round++) {
		had = entries->len;
		g_assert_cmpint(wire_readdir(wire, FUSE_ROOT_ID, cookie, 80, entries), ==, 0);
		if (entries->len == had)
			break;
		cookie = g_array_index(entries, WireEntry, entries->len - 1).cookie;
		/* The odd ones go, from both ends; new ones come. */
		if (round < 20) {
			wire_gone(wire, 101 + 2 * ((round * 7) % 20));
			wire_found(wire, 200 + round, (pid_t)(6000 + round), 0);
		}
	}
	for (guint i = 0; i < 40; i += 2) {
		g_autofree char *name = g_strdup_printf("%u", 5000 + i);

		g_assert_cmpuint(count(entries, name), ==, 1);
	}
	for (guint i = 0; i < entries->len; i++)
		g_assert_cmpuint(count(entries, g_array_index(entries, WireEntry, i).name), ==, 1);
	wire_free(wire);
}

static void test_readdir_parents(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	g_autoptr(GArray) process = NULL, counters = NULL, provider = NULL;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(wire, 7);
	wire_sample_of(wire, 7, "Some.Provider", "rate one", 1);
	process = wire_list(wire, wire_walk(wire, "4807"), 4096);
	g_assert_cmpuint(process->len, ==, 2 + 27);
	g_assert_cmpuint(wire_find(process, "..")->ino, ==, FUSE_ROOT_ID);
	counters = wire_list(wire, wire_walk(wire, "4807/counters"), 4096);
	g_assert_cmpuint(wire_find(counters, "..")->ino, ==, wire_walk(wire, "4807"));
	g_assert_cmpuint(counters->len, ==, 2 + 19 + 1);
	g_assert_cmpuint(wire_find(counters, "gc-heap-size")->type, ==, DT_REG);
	g_assert_cmpuint(wire_find(counters, "Some.Provider")->type, ==, DT_DIR);
	provider = wire_list(wire, wire_walk(wire, "4807/counters/Some.Provider"), 4096);
	g_assert_cmpuint(provider->len, ==, 2 + 1);
	g_assert_cmpuint(wire_find(provider, "..")->ino, ==, wire_walk(wire, "4807/counters"));
	g_assert_cmpuint(wire_find(provider, "rate%20one")->ino, ==,
	                 wire_walk(wire, "4807/counters/Some.Provider/rate%20one"));
	wire_free(wire);
}

static void test_readdir_dumps(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	g_autoptr(GArray) root = NULL, process = NULL;

	wire_found(wire, 7, WIRE_PID, 0);
	wire_sealed(wire, 3, 7, "core_A", 1);
	wire_sealed(wire, 5, 0, "core_B", 1);
	root = wire_list(wire, wire_walk(wire, "dumps"), 60);
	g_assert_cmpuint(root->len, ==, 2 + 4);
	process = wire_list(wire, wire_walk(wire, "4807/dumps"), 60);
	g_assert_cmpuint(process->len, ==, 2 + 2);
	g_assert_cmpuint(wire_find(root, "core_A_4807")->ino, ==,
	                 wire_find(process, "core_A")->ino);
	g_assert_cmpuint(wire_find(root, "core_A_4807.json")->ino, ==,
	                 wire_find(process, "core_A.json")->ino);
	g_assert_nonnull(wire_find(root, "core_B_4807"));
	g_assert_nonnull(wire_find(root, "core_B_4807.json"));
	wire_free(wire);
}

static void test_snapshot(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_open_out open;
	struct fuse_attr_out attr;
	g_autoptr(GByteArray) first = NULL, rest = NULL, fresh = NULL, end = NULL;
	guint64 ino;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(wire, 7);
	wire_sample(wire, 7, 388.682712);
	ino = wire_walk(wire, "4807/counters/gc-heap-size");
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_DIRECT_IO, !=, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_KEEP_CACHE, ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 4, &first), ==, 0);
	g_assert_cmpmem(first->data, first->len, "388.", 4);
	wire_sample(wire, 7, 999);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 4, 100, &rest), ==, 0);
	g_assert_cmpmem(rest->data, rest->len, "682712\n", 7);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 11, 100, &end), ==, 0);
	g_assert_cmpuint(end->len, ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, &fresh), ==, 0);
	g_assert_cmpmem(fresh->data, fresh->len, "999\n", 4);
	g_assert_cmpint(wire_getattr(wire, ino, &attr), ==, 0);
	g_assert_cmpuint(attr.attr.size, ==, 0);
	g_assert_cmpint((gint64)attr.attr.mtime, >=, g_get_real_time() / G_USEC_PER_SEC - 3600);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	/* A handle is good for its own file, and until it is released. */
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, NULL), ==, -EBADF);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, -EBADF);
	wire_free(wire);
}

static void test_events(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	g_autofree char *text = NULL, *more = NULL, *own = NULL;
	struct fuse_attr_out attr;
	struct fuse_open_out open;
	g_autoptr(GByteArray) tail = NULL;
	guint64 ino = wire_walk(wire, "events");

	wire_found(wire, 7, WIRE_PID, 0);
	g_assert_cmpint(wire_text(wire, "events", &text), ==, 0);
	g_assert_nonnull(strstr(text, " 4807 found "));
	g_assert_cmpint(wire_getattr(wire, ino, &attr), ==, 0);
	g_assert_cmpuint(attr.attr.size, ==, strlen(text));
	/* What comes later is what a reader at the old end gets. */
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_DIRECT_IO, !=, 0);
	wire_found(wire, 8, 4808, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, strlen(text), 4096, &tail), ==, 0);
	g_assert_cmpint(wire_text(wire, "events", &more), ==, 0);
	g_assert_cmpmem(tail->data, tail->len, more + strlen(text), strlen(more) - strlen(text));
	g_assert_cmpuint(tail->len, >, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	g_assert_cmpint(wire_text(wire, "4807/events", &own), ==, 0);
	g_assert_cmpstr(own, ==, text);
	wire_free(wire);
}

static void test_texts(void)
{
	static const char *const paths[] = { "README",
		                             "processes",
		                             "status",
		                             "events",
		                             "4807/cmdline",
		                             "4807/runtime",
		                             "4807/status",
		                             "4807/events",
		                             "4807/threshold_mb",
		                             "4807/dump_type",
		                             "4807/dump",
		                             "4807/trigger",
		                             "4807/max_dumps",
		                             "4807/cooldown_s",
		                             "4807/detect",
		                             "top",
		                             "metrics",
		                             "openmetrics",
		                             "4807/metrics",
		                             "4807/openmetrics",
		                             "4807/stream.csv",
		                             "4807/catalog.tsv" };
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *text = NULL;

		g_test_message("%s", paths[i]);
		g_assert_cmpint(wire_text(wire, paths[i], &text), ==, 0);
		g_assert_cmpuint(strlen(text), >, 1);
		g_assert_cmpint(text[strlen(text) - 1], ==, '\n');
	}
	wire_free(wire);
}

static void test_open_errors(void)
{
	Wire *wire = wire_new(INTERVAL_MS);
	g_autoptr(GByteArray) text = NULL;
	struct fuse_open_out open;
	guint64 cmdline;

	wire_found(wire, 7, WIRE_PID, 0);
	wire_sealed(wire, 3, 7, "core_X", 1);
	cmdline = wire_walk(wire, "4807/cmdline");
	g_assert_cmpint(wire_open(wire, wire_walk(wire, "4807"), O_RDONLY, &open), ==, -EISDIR);
	g_assert_cmpint(wire_open(wire, cmdline, O_WRONLY, &open), ==, -EACCES);
	g_assert_cmpint(wire_open(wire, cmdline, O_RDONLY | O_TRUNC, &open), ==, -EACCES);
	g_assert_cmpint(wire_open(wire, wire_walk(wire, "events"), O_RDWR, &open), ==, -EACCES);
	g_assert_cmpint(wire_open(wire, wire_walk(wire, "dumps/core_X_4807"), O_RDWR, &open), ==,
	                -EACCES);
	/* Below a process that is gone. */
	g_assert_cmpint(wire_open(wire, cmdline, O_RDONLY, &open), ==, 0);
	g_assert_cmpint(wire_read(wire, cmdline, open.fh, 0, 1, NULL), ==, 0);
	wire_gone(wire, 7);
	/* What was begun has an end. */
	g_assert_cmpint(wire_read(wire, cmdline, open.fh, 1, 100, &text), ==, 0);
	g_assert_cmpuint(text->len, >, 0);
	g_assert_cmpint(wire_read(wire, cmdline, open.fh, 0, 100, NULL), ==, -ESRCH);
	g_assert_cmpint(wire_release(wire, cmdline, open.fh), ==, 0);
	g_assert_cmpint(wire_open(wire, cmdline, O_RDONLY, &open), ==, -ESRCH);
	wire_free(wire);
}

static int make(Wire *wire, guint32 opcode, const void *head, gsize len, const char *name)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	g_byte_array_append(body, head, (guint)len);
	g_byte_array_append(body, (const guint8 *)name, (guint)strlen(name) + 1);
	/* A second name, for those that have one. */
	g_byte_array_append(body, (const guint8 *)"other", sizeof("other"));
	return wire_answer(wire, wire_send(wire, opcode, FUSE_ROOT_ID, body->data, body->len),
	                   NULL);
}

static void test_not_allowed(void)
{
	static const struct {
		guint32 opcode;
		gsize head;
	} makers[] = {
		{ FUSE_MKDIR, sizeof(struct fuse_mkdir_in) },
		{ FUSE_MKNOD, sizeof(struct fuse_mknod_in) },
		{ FUSE_CREATE, sizeof(struct fuse_create_in) },
		{ FUSE_SYMLINK, 0 },
		{ FUSE_RMDIR, 0 },
		{ FUSE_UNLINK, 0 },
		{ FUSE_RENAME, sizeof(struct fuse_rename_in) },
		{ FUSE_RENAME2, sizeof(struct fuse_rename2_in) },
		{ FUSE_LINK, sizeof(struct fuse_link_in) },
	};
	static const guint8 zeros[64];
	static const struct {
		guint32 valid;
		int of_control, of_text;
	} changes[] = {
		{ FATTR_SIZE, 0, -EPERM },
		{ FATTR_SIZE | FATTR_MTIME | FATTR_CTIME, 0, -EPERM },
		{ FATTR_SIZE | FATTR_MODE, -EPERM, -EPERM },
		{ FATTR_MODE, -EPERM, -EPERM },
		{ FATTR_UID | FATTR_GID, -EPERM, -EPERM },
		{ FATTR_ATIME | FATTR_MTIME, -EPERM, -EPERM },
		{ FATTR_MTIME_NOW | FATTR_MTIME, -EPERM, -EPERM },
	};
	Wire *wire = wire_new(INTERVAL_MS);
	struct fuse_statfs_out statfs;
	struct fuse_attr_out attr;

	wire_found(wire, 7, WIRE_PID, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(makers); i++)
		g_assert_cmpint(make(wire, makers[i].opcode, zeros, makers[i].head, "name"), ==,
		                -EPERM);
	for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_assert_cmpint(wire_setattr(wire, wire_walk(wire, "4807/threshold_mb"),
		                             changes[i].valid, &attr),
		                ==, changes[i].of_control);
		g_assert_cmpint(wire_setattr(wire, wire_walk(wire, "4807/status"), changes[i].valid,
		                             &attr),
		                ==, changes[i].of_text);
	}
	g_assert_cmpint(wire_answer_struct(wire, wire_send(wire, FUSE_STATFS, 1, NULL, 0), &statfs,
	                                   sizeof(statfs)),
	                ==, 0);
	g_assert_cmpuint(statfs.st.blocks, ==, 0);
	g_assert_cmpuint(statfs.st.namelen, ==, 255);
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/tree/ino", test_ino);
	g_test_add_func("/wire/tree/lookup", test_lookup);
	g_test_add_func("/wire/tree/attr", test_attr);
	g_test_add_func("/wire/tree/readdir", test_readdir);
	g_test_add_func("/wire/tree/row-F7/readdir-changes", test_readdir_changes);
	g_test_add_func("/wire/tree/readdir-parents", test_readdir_parents);
	g_test_add_func("/wire/tree/readdir-dumps", test_readdir_dumps);
	g_test_add_func("/wire/tree/snapshot", test_snapshot);
	g_test_add_func("/wire/tree/events", test_events);
	g_test_add_func("/wire/tree/texts", test_texts);
	g_test_add_func("/wire/tree/open-errors", test_open_errors);
	g_test_add_func("/wire/tree/not-allowed", test_not_allowed);
	return g_test_run();
}
