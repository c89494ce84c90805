/* The files that hold all values of a process, and the attributes of each. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "fs/model/value-csv.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 1000,
	HEAD_LEN = sizeof VALUE_CSV_HEAD - 1,
	MIN_ROWS = 682, /* that stream.csv holds */
};

#define HEAP "4807/counters/gc-heap-size"

static Wire *new_wire(void)
{
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	return wire;
}

static void test_texts(void)
{
	static const struct {
		const char *path, *holds;
	} table[] = {
		{ "4807/counters.csv", ",System.Runtime,gc-heap-size (MB),Metric,388.5\n" },
		{ "4807/counters.json", "\n  \"counters/gc-heap-size\": {" },
		{ "4807/counters.txt", "\nSystem.Runtime gc-heap-size (MB) " },
		{ "4807/stream.csv", ",System.Runtime,gc-heap-size (MB),Metric,388.5\n" },
		{ "4807/catalog.tsv", "\ncounters/gc-heap-size\tSystem.Runtime\t" },
		{ "top", "\n4807 user 3.1 " },
		{ "metrics", "\ntriggerdumpfs_up{pid=\"4807\"," },
		{ "metrics", "\n# TYPE dotnet_gc_heap_size_bytes gauge\n" },
		{ "openmetrics", "\n# UNIT dotnet_gc_heap_size_bytes bytes\n" },
		{ "4807/metrics", "} 388500000\n" },
		{ "4807/openmetrics", "\n# TYPE triggerdumpfs_dumps counter\n" },
	};
	Wire *wire = new_wire();

	wire_stream(wire, 7);
	wire_sample(wire, 7, 388.5);
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *text = NULL;

		g_test_message("%s", table[i].path);
		g_assert_cmpint(wire_text(wire, table[i].path, &text), ==, 0);
		g_assert_nonnull(strstr(text, table[i].holds));
	}
	wire_free(wire);
}

/* Before the first sample: those of values wait as a value does, the log and the catalog do not. */
static void test_before_samples(void)
{
	static const char *const waiting[] = { "4807/counters.csv", "4807/counters.json",
		                               "4807/counters.txt" };
	Wire *wire = new_wire();
	g_autofree char *stream = NULL, *catalog = NULL;
	struct fuse_open_out open[G_N_ELEMENTS(waiting)];
	guint64 reads[G_N_ELEMENTS(waiting)];

	g_assert_cmpint(wire_text(wire, "4807/stream.csv", &stream), ==, 0);
	g_assert_cmpstr(stream, ==, VALUE_CSV_HEAD);
	g_assert_cmpint(wire_text(wire, "4807/catalog.tsv", &catalog), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(waiting); i++) {
		guint64 ino = wire_walk(wire, waiting[i]);

		g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open[i]), ==, 0);
		g_assert_cmpint(
			wire_answer(wire,
		                    wire_send_read(wire, ino, open[i].fh, 0, 4096, O_NONBLOCK),
		                    NULL),
			==, -EAGAIN);
		reads[i] = wire_send_read(wire, ino, open[i].fh, 0, 4096, 0);
	}
	wire_stream(wire, 7);
	g_assert_cmpuint(wire_unanswered(wire), ==, G_N_ELEMENTS(waiting));
	wire_sample(wire, 7, 1);
	for (gsize i = 0; i < G_N_ELEMENTS(waiting); i++) {
		g_assert_cmpint(wire_answer(wire, reads[i], NULL), ==, 0);
		g_assert_cmpint(wire_release(wire, wire_walk(wire, waiting[i]), open[i].fh), ==, 0);
	}
	wire_free(wire);
}

static GByteArray *read_at(Wire *wire, guint64 ino, guint64 fh, guint64 offset)
{
	GByteArray *body = NULL;

	g_assert_cmpint(wire_read(wire, ino, fh, offset, 1 << 20, &body), ==, 0);
	return body;
}

static void until_next_second(void)
{
	gint64 second = g_get_monotonic_time() / G_USEC_PER_SEC;

	while (g_get_monotonic_time() / G_USEC_PER_SEC == second)
		g_usleep(1000);
}

/* Readers of one second get one text, and each reads on in the one that it began with. */
static void test_shared(void)
{
	Wire *wire = new_wire();
	guint64 ino = wire_walk(wire, "metrics");
	g_autoptr(GByteArray) one = NULL, two = NULL, three = NULL, rest = NULL, alone = NULL;
	struct fuse_open_out a, b, c;

	wire_stream(wire, 7);
	wire_sample(wire, 7, 1);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &a), ==, 0);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &b), ==, 0);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &c), ==, 0);
	until_next_second();
	one = read_at(wire, ino, a.fh, 0);
	wire_sample(wire, 7, 2);
	two = read_at(wire, ino, b.fh, 0);
	g_assert_cmpmem(one->data, one->len, two->data, two->len);
	until_next_second();
	three = read_at(wire, ino, c.fh, 0);
	g_assert_true(one->len != three->len || memcmp(one->data, three->data, one->len) != 0);
	rest = read_at(wire, ino, a.fh, 10);
	g_assert_cmpmem(one->data + 10, one->len - 10, rest->data, rest->len);
	g_assert_cmpint(wire_release(wire, ino, a.fh), ==, 0);
	g_assert_cmpint(wire_release(wire, ino, c.fh), ==, 0);
	/* The last one has let go of it: a new one, in whatever second. */
	wire_sample(wire, 7, 3);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &a), ==, 0);
	alone = read_at(wire, ino, a.fh, 0);
	g_assert_true(g_strstr_len((const char *)alone->data, alone->len, "} 3000000\n") != NULL);
	/* a and b end with the mount. */
	wire_free(wire);
}

static guint64 size_of(Wire *wire, guint64 ino)
{
	struct fuse_attr_out attr;

	g_assert_cmpint(wire_getattr(wire, ino, &attr), ==, 0);
	return attr.attr.size;
}

/* A follower reads on where it was, whatever went meanwhile. */
static void test_follow(void)
{
	Wire *wire = new_wire();
	guint64 ino = wire_walk(wire, "4807/stream.csv"), at, last;
	struct fuse_open_out open;
	g_autofree char *text = NULL;

	wire_stream(wire, 7);
	wire_sample(wire, 7, 0);
	at = size_of(wire, ino);
	g_assert_cmpint(wire_text(wire, "4807/stream.csv", &text), ==, 0);
	g_assert_cmpuint(at, ==, strlen(text));
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_DIRECT_IO, !=, 0);
	for (unsigned i = 1; i < MIN_ROWS + 100; i++) {
		g_autofree char *wanted = g_strdup_printf(",Metric,%u\n", i);
		g_autoptr(GByteArray) body = NULL;

		wire_sample(wire, 7, i);
		last = at;
		at = size_of(wire, ino);
		g_assert_cmpuint(at, >, last);
		g_assert_cmpint(wire_read(wire, ino, open.fh, last, 4096, &body), ==, 0);
		g_assert_cmpuint(body->len, ==, at - last);
		g_byte_array_append(body, (const guint8 *)"", 1);
		g_assert_true(g_str_has_suffix((const char *)body->data, wanted));
	}
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	g_assert_cmpuint(size_of(wire, ino), <, at);
	wire_free(wire);
}

static void test_poll(void)
{
	Wire *wire = new_wire();
	guint64 ino = wire_walk(wire, "4807/stream.csv");
	struct fuse_open_out open;
	guint32 events;

	wire_stream(wire, 7);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 4096, NULL), ==, 0);
	g_assert_cmpint(wire_poll(wire, ino, open.fh, 55, &events), ==, 0);
	g_assert_cmphex(events, ==, 0);
	wire_sample(wire, 7, 1);
	wire_until(wire, wire_notified(wire, 55) == 1);
	g_assert_cmpint(wire_poll(wire, ino, open.fh, 56, &events), ==, 0);
	g_assert_cmphex(events, ==, POLLIN | POLLPRI);
	g_assert_cmpint(wire_read(wire, ino, open.fh, HEAD_LEN, 4096, NULL), ==, 0);
	g_assert_cmpint(wire_poll(wire, ino, open.fh, 57, &events), ==, 0);
	g_assert_cmphex(events, ==, 0);
	/* Open descriptors of a process that goes. */
	wire_gone(wire, 7);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 4096, NULL), ==, -ESRCH);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

static void check_attr(Wire *wire, guint64 ino, const char *name, const char *wanted)
{
	g_autoptr(GByteArray) value = NULL;
	guint32 size = 0, len = (guint32)strlen(wanted);

	g_test_message("%s", name);
	g_assert_cmpint(wire_getxattr(wire, ino, name, 0, NULL, &size), ==, 0);
	g_assert_cmpuint(size, ==, len);
	g_assert_cmpint(wire_getxattr(wire, ino, name, len, &value, NULL), ==, 0);
	g_assert_cmpmem(value->data, value->len, wanted, len);
	if (len > 1)
		g_assert_cmpint(wire_getxattr(wire, ino, name, len - 1, NULL, NULL), ==, -ERANGE);
}

static void test_xattr(void)
{
	static const char *const missing[] = {
		"user.none", "user.unit.x",         "user.description", "unit",
		"",          "security.capability", "security.selinux", "system.posix_acl_access"
	};
	static const char names[] = "user.unit\0user.display_name\0user.kind\0user.interval_s";
	Wire *wire = new_wire();
	guint64 ino = wire_walk(wire, HEAP), other;
	g_autoptr(GByteArray) list = NULL;
	guint32 size = 0;

	/* What is known of it before its first sample. */
	check_attr(wire, ino, "user.unit", "MB");
	check_attr(wire, ino, "user.kind", "gauge");
	check_attr(wire, wire_walk(wire, "4807/counters/alloc-rate"), "user.kind", "rate");
	for (gsize i = 0; i < G_N_ELEMENTS(missing); i++) {
		g_assert_cmpint(wire_getxattr(wire, ino, missing[i], 0, NULL, &size), ==, -ENODATA);
		g_assert_cmpint(wire_getxattr(wire, ino, missing[i], 100, NULL, NULL), ==,
		                -ENODATA);
	}
	g_assert_cmpint(wire_getxattr(wire, wire_walk(wire, "4807/counters/active-timer-count"),
	                              "user.unit", 100, NULL, NULL),
	                ==, -ENODATA);
	g_assert_cmpint(wire_listxattr(wire, ino, 0, NULL, &size), ==, 0);
	g_assert_cmpuint(size, ==, sizeof(names));
	g_assert_cmpint(wire_listxattr(wire, ino, size, &list, NULL), ==, 0);
	g_assert_cmpmem(list->data, list->len, names, sizeof(names));
	g_assert_cmpint(wire_listxattr(wire, ino, size - 1, NULL, NULL), ==, -ERANGE);
	/* Of another provider, in its own words. */
	wire_stream(wire, 7);
	wire_sample_of(wire, 7, "Some.Provider", "a name", 1);
	other = wire_walk(wire, "4807/counters/Some.Provider/a%20name");
	check_attr(wire, other, "user.display_name", "a name");
	check_attr(wire, other, "user.interval_s", "1");
	wire_gone(wire, 7);
	g_assert_cmpint(wire_getxattr(wire, ino, "user.unit", 100, NULL, NULL), ==, -ESRCH);
	wire_free(wire);
}

static void test_xattr_none(void)
{
	static const char *const paths[] = { "README",
		                             "4807",
		                             "4807/counters",
		                             "4807/status",
		                             "4807/threshold_mb",
		                             "4807/peaks/gc-heap-size" };
	Wire *wire = new_wire();
	guint32 size = 1;

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		guint64 ino = wire_walk(wire, paths[i]);

		g_assert_cmpint(wire_getxattr(wire, ino, "user.unit", 100, NULL, NULL), ==,
		                -ENODATA);
		g_assert_cmpint(wire_listxattr(wire, ino, 0, NULL, &size), ==, 0);
		g_assert_cmpuint(size, ==, 0);
		g_assert_cmpint(wire_listxattr(wire, ino, 100, NULL, NULL), ==, 0);
	}
	for (gsize i = 0; i < 2; i++) {
		guint64 ino = i == 0 ? wire_walk(wire, HEAP) : FUSE_ROOT_ID;

		g_assert_cmpint(wire_setxattr(wire, ino, "user.unit", "GB"), ==, -EOPNOTSUPP);
		g_assert_cmpint(wire_removexattr(wire, ino, "user.unit"), ==, -EOPNOTSUPP);
	}
	g_assert_cmpint(wire_getxattr(wire, 99999, "user.unit", 100, NULL, NULL), ==, -ENOENT);
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/values/texts", test_texts);
	g_test_add_func("/wire/values/before-samples", test_before_samples);
	g_test_add_func("/wire/values/shared", test_shared);
	g_test_add_func("/wire/values/follow", test_follow);
	g_test_add_func("/wire/values/poll", test_poll);
	g_test_add_func("/wire/values/xattr", test_xattr);
	g_test_add_func("/wire/values/xattr-none", test_xattr_none);
	return g_test_run();
}
