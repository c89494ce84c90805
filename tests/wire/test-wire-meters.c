/* meters/: what stands in it, reading and polling it while more comes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "fs/tree/ino.h"
#include "fs/util.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	READY = POLLIN | POLLPRI
};

/* A MeterEvent is large. */
static MeterEvent event;

static Wire *begin(void)
{
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(wire, 7);
	return wire;
}

static void take(Wire *wire)
{
	meter_store_take(wire_process(wire, 7)->meters, &event, 1, g_get_monotonic_time(),
	                 util_real_us());
}

static void clear(MeterEventKind kind, const char *instrument, const char *tags)
{
	memset(&event, 0, sizeof(event));
	event.kind = kind;
	g_strlcpy(event.meter, "My App", sizeof(event.meter));
	g_strlcpy(event.instrument, instrument, sizeof(event.instrument));
	g_strlcpy(event.tags, tags, sizeof(event.tags));
}

static void feed_counter(Wire *wire, const char *instrument, const char *tags, double value)
{
	clear(METER_EVENT_COUNTER, instrument, tags);
	event.has_value = event.has_rate = TRUE;
	event.value = value;
	event.rate = 1;
	take(wire);
}

static void feed_histogram(Wire *wire, const char *instrument, const char *tags, double p95)
{
	clear(METER_EVENT_HISTOGRAM, instrument, tags);
	event.n_quantiles = 1;
	event.quantiles[0].q = 0.95;
	event.quantiles[0].value = p95;
	event.has_count = TRUE;
	event.count = 2;
	event.sum = 3.5;
	take(wire);
}

static void check_names(Wire *wire, const char *path, const char *const *names)
{
	g_autoptr(GArray) entries = wire_list(wire, wire_walk(wire, path), 4096);

	g_assert_cmpuint(entries->len, ==, 2 + g_strv_length((char **)names));
	for (guint i = 2; i < entries->len; i++) {
		const WireEntry *entry = &g_array_index(entries, WireEntry, i);
		g_autofree char *below = g_strdup_printf("%s/%s", path, entry->name);

		g_assert_cmpstr(entry->name, ==, names[i - 2]);
		g_assert_cmpuint(entry->ino, ==, wire_walk(wire, below));
	}
}

static void check_attr(Wire *wire, const char *path, guint32 mode)
{
	struct fuse_attr_out out;

	g_test_message("%s", path);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, path), &out), ==, 0);
	g_assert_cmphex(out.attr.mode, ==, mode);
	g_assert_cmpuint(out.attr.uid, ==, WIRE_UID);
	g_assert_cmpuint(out.attr.gid, ==, WIRE_GID);
}

static void check_text(Wire *wire, const char *path, const char *expected)
{
	g_autofree char *text = NULL;

	g_assert_cmpint(wire_text(wire, path, &text), ==, 0);
	g_assert_cmpstr(text, ==, expected);
}

static guint64 parent_of(Wire *wire, const char *path)
{
	g_autoptr(GArray) entries = wire_list(wire, wire_walk(wire, path), 4096);

	return wire_find(entries, "..")->ino;
}

static void test_tree(void)
{
	static const char *const none[] = { NULL };
	static const char *const meters[] = { "My%20App", NULL };
	static const char *const instruments[] = { "jobs", "lag", NULL };
	static const char *const jobs[] = { "value", "rate", "to=a%2Fb", "to=value", NULL };
	static const char *const one[] = { "value", "rate", NULL };
	static const char *const lag[] = { "k=v", NULL };
	static const char *const histogram[] = { "p50", "p95",        "p99", "count",
		                                 "sum", "count_rate", NULL };
	Wire *wire = begin();
	struct fuse_entry_out entry;

	check_names(wire, "4807/meters", none);
	feed_counter(wire, "jobs", "to=a/b", 12);
	feed_counter(wire, "jobs", "", 5.25);
	feed_histogram(wire, "lag", "k=v", 0.125);
	feed_counter(wire, "jobs", "to=value", 13);
	check_names(wire, "4807/meters", meters);
	check_names(wire, "4807/meters/My%20App", instruments);
	check_names(wire, "4807/meters/My%20App/jobs", jobs);
	check_names(wire, "4807/meters/My%20App/jobs/to=a%2Fb", one);
	check_names(wire, "4807/meters/My%20App/lag", lag);
	check_names(wire, "4807/meters/My%20App/lag/k=v", histogram);
	check_attr(wire, "4807/meters", S_IFDIR | 0500);
	check_attr(wire, "4807/meters/My%20App", S_IFDIR | 0500);
	check_attr(wire, "4807/meters/My%20App/jobs", S_IFDIR | 0500);
	check_attr(wire, "4807/meters/My%20App/jobs/value", S_IFREG | 0400);
	check_attr(wire, "4807/meters/My%20App/lag/k=v", S_IFDIR | 0500);
	check_attr(wire, "4807/meters/My%20App/lag/k=v/p95", S_IFREG | 0400);
	check_text(wire, "4807/meters/My%20App/jobs/value", "5.25\n");
	check_text(wire, "4807/meters/My%20App/jobs/to=a%2Fb/value", "12\n");
	check_text(wire, "4807/meters/My%20App/jobs/to=a%2Fb/rate", "1\n");
	check_text(wire, "4807/meters/My%20App/lag/k=v/p95", "0.125\n");
	check_text(wire, "4807/meters/My%20App/lag/k=v/sum", "3.5\n");
	g_assert_cmpuint(parent_of(wire, "4807/meters"), ==, wire_walk(wire, "4807"));
	g_assert_cmpuint(parent_of(wire, "4807/meters/My%20App"), ==,
	                 wire_walk(wire, "4807/meters"));
	g_assert_cmpuint(parent_of(wire, "4807/meters/My%20App/lag"), ==,
	                 wire_walk(wire, "4807/meters/My%20App"));
	g_assert_cmpuint(parent_of(wire, "4807/meters/My%20App/lag/k=v"), ==,
	                 wire_walk(wire, "4807/meters/My%20App/lag"));
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807/meters/My%20App/lag"), "p95",
	                            &entry),
	                ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807/meters/My%20App/jobs"), "p95",
	                            &entry),
	                ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807/meters/My%20App/jobs"), "", &entry),
	                ==, -ENOENT);
	wire_free(wire);
}

/* An instrument whose name may still change is not there. */
static void test_unsettled(void)
{
	static const char *const none[] = { NULL };
	static const char *const names[] = { "jobs", NULL };
	Wire *wire = begin();
	struct fuse_entry_out entry;

	clear(METER_EVENT_BEGIN, "jobs", "");
	g_strlcpy(event.type, "Counter", sizeof(event.type));
	take(wire);
	check_names(wire, "4807/meters/My%20App", none);
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807/meters/My%20App"), "jobs", &entry),
	                ==, -ENOENT);
	clear(METER_EVENT_ENUMERATED, "", "");
	take(wire);
	check_names(wire, "4807/meters/My%20App", names);
	check_names(wire, "4807/meters/My%20App/jobs", none);
	wire_free(wire);
}

/* Numbers that nobody gave out. */
static void test_wrong_numbers(void)
{
	static const InoKind kinds[] = { INO_METER, INO_INSTRUMENT, INO_SERIES, INO_METER_VALUE };
	Wire *wire = begin();
	struct fuse_attr_out out;

	feed_counter(wire, "jobs", "", 1);
	/* Without tags there is no directory. */
	g_assert_cmpint(wire_getattr(wire, ino_make(INO_SERIES, 7, 0), &out), ==, -ENOENT);
	g_assert_cmpint(wire_getattr(wire, ino_make(INO_METER_VALUE, 7, METER_RATE), &out), ==, 0);
	g_assert_cmpint(wire_getattr(wire, ino_make(INO_METER_VALUE, 7, METER_P95), &out), ==,
	                -ENOENT);
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_assert_cmpint(wire_getattr(wire, ino_make(kinds[i], 7, INO_ROW_MAX), &out), ==,
		                -ENOENT);
		g_assert_cmpint(wire_getattr(wire, ino_make(kinds[i], 8, 0), &out), ==, -ENOENT);
	}
	wire_free(wire);
}

/* Tag sets and instruments come between two calls: none is skipped, none comes twice. */
static void test_readdir_changes(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(WireEntry));
	Wire *wire = begin();
	guint64 cookie = 0, dir;
	char tags[32];

	for (guint i = 0; i < 20; i++) {
		g_snprintf(tags, sizeof(tags), "n=%u", i);
		feed_counter(wire, "jobs", tags, i);
	}
	dir = wire_walk(wire, "4807/meters/My%20App/jobs");
	for (guint round = 0;; round++) {
		guint had = entries->len;

		g_assert_cmpint(wire_readdir(wire, dir, cookie, 80, entries), ==, 0);
		if (entries->len == had)
			break;
		cookie = g_array_index(entries, WireEntry, entries->len - 1).cookie;
		g_snprintf(tags, sizeof(tags), "later=%u", round);
		if (round == 5)
			feed_counter(wire, "jobs", "", 1);
		else if (round < 8)
			feed_counter(wire, round % 2 ? "jobs" : "others", tags, 1);
	}
	for (guint i = 0; i < entries->len; i++)
		g_assert_true(g_hash_table_add(
			seen, g_strdup(g_array_index(entries, WireEntry, i).name)));
	for (guint i = 0; i < 20; i++) {
		g_snprintf(tags, sizeof(tags), "n=%u", i);
		g_assert_true(g_hash_table_contains(seen, tags));
	}
	wire_free(wire);
}

/* The time is the sample's; what never came is no data, after the same wait as a counter's. */
static void test_read(void)
{
	Wire *wire = begin();
	struct fuse_attr_out attr;
	struct fuse_open_out open;
	guint64 ino, unique;
	g_autoptr(GByteArray) text = NULL;

	feed_histogram(wire, "lag", "", 2);
	g_assert_cmpint(wire_getattr(wire, wire_walk(wire, "4807/meters/My%20App/lag/p95"), &attr),
	                ==, 0);
	g_assert_cmpint((gint64)attr.attr.mtime, >=, g_get_real_time() / G_USEC_PER_SEC - 60);
	g_assert_cmpuint(attr.attr.size, ==, 0);
	ino = wire_walk(wire, "4807/meters/My%20App/lag/p99");
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpint(wire_answer(wire, wire_send_read(wire, ino, open.fh, 0, 100, O_NONBLOCK),
	                            NULL),
	                ==, -EAGAIN);
	unique = wire_send_read(wire, ino, open.fh, 0, 100, 0);
	wire_settle(wire);
	g_assert_false(wire_is_answered(wire, unique));
	feed_histogram(wire, "lag", "", 2);
	event.quantiles[0].q = 0.99;
	take(wire);
	wire_sample(wire, 7, 1);
	g_assert_cmpint(wire_answer(wire, unique, &text), ==, 0);
	g_assert_cmpmem(text->data, text->len, "2\n", 2);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	g_assert_cmpint(wire_open(wire, ino, O_WRONLY, &open), ==, -EACCES);
	/* Below a process that is gone. */
	wire_gone(wire, 7);
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, -ESRCH);
	wire_free(wire);
}

static guint32 ask(Wire *wire, guint64 ino, guint64 fh, guint64 kh)
{
	guint32 events;

	g_assert_cmpint(wire_poll(wire, ino, fh, kh, &events), ==, 0);
	return events;
}

static void test_poll(void)
{
	Wire *wire = begin();
	struct fuse_open_out open;
	guint64 ino;

	feed_counter(wire, "jobs", "k=v", 1);
	ino = wire_walk(wire, "4807/meters/My%20App/jobs/k=v/value");
	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmphex(ask(wire, ino, open.fh, 1), ==, READY);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, NULL), ==, 0);
	g_assert_cmphex(ask(wire, ino, open.fh, 2), ==, 0);
	/* Another's sample; its own. */
	feed_counter(wire, "jobs", "k=w", 1);
	wire_sample(wire, 7, 1);
	g_assert_cmpuint(wire_notified(wire, 2), ==, 0);
	feed_counter(wire, "jobs", "k=v", 2);
	wire_sample(wire, 7, 2);
	g_assert_cmpuint(wire_notified(wire, 2), ==, 1);
	g_assert_cmphex(ask(wire, ino, open.fh, 3), ==, READY);
	wire_gone(wire, 7);
	g_assert_cmphex(ask(wire, ino, open.fh, 4) & POLLHUP, ==, POLLHUP);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

/* As many as there may be: all are found by their numbers. */
static void test_many(void)
{
	Wire *wire = begin();
	char tags[32];
	g_autoptr(GArray) entries = NULL;

	for (guint i = 0; i < METER_SERIES_MAX + 10; i++) {
		g_snprintf(tags, sizeof(tags), "n=%u", i);
		feed_counter(wire, "jobs", tags, i);
	}
	entries = wire_list(wire, wire_walk(wire, "4807/meters/My%20App/jobs"), 65536);
	g_assert_cmpuint(entries->len, ==, 2 + METER_SERIES_MAX);
	check_text(wire, "4807/meters/My%20App/jobs/n=4095/value", "4095\n");
	check_text(wire, "4807/meters/My%20App/jobs/n=4095/rate", "1\n");
	wire_free(wire);
}

static void check_xattr(Wire *wire, const char *path, const char *name, const char *wanted)
{
	g_autofree char *full = g_strdup_printf("4807/meters/My%%20App/%s", path);
	g_autoptr(GByteArray) value = NULL;
	int error = wire_getxattr(wire, wire_walk(wire, full), name, 100, &value, NULL);

	g_test_message("%s %s", path, name);
	g_assert_cmpint(error, ==, wanted == NULL ? -ENODATA : 0);
	if (wanted != NULL)
		g_assert_cmpmem(value->data, value->len, wanted, strlen(wanted));
}

static void test_xattr(void)
{
	Wire *wire = begin();

	clear(METER_EVENT_BEGIN, "time", "");
	g_strlcpy(event.type, "Histogram", sizeof(event.type));
	g_strlcpy(event.unit, "s", sizeof(event.unit));
	g_strlcpy(event.description, "How long", sizeof(event.description));
	take(wire);
	clear(METER_EVENT_ENUMERATED, "", "");
	take(wire);
	feed_histogram(wire, "time", "", 1);
	check_xattr(wire, "time/p95", "user.unit", "s");
	check_xattr(wire, "time/p95", "user.kind", "histogram");
	check_xattr(wire, "time/p95", "user.display_name", "time");
	check_xattr(wire, "time/p95", "user.description", "How long");
	check_xattr(wire, "time/count", "user.unit", NULL);
	check_xattr(wire, "time/sum", "user.unit", "s");
	check_xattr(wire, "time", "user.unit", NULL);
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/meters/tree", test_tree);
	g_test_add_func("/wire/meters/unsettled", test_unsettled);
	g_test_add_func("/wire/meters/wrong-numbers", test_wrong_numbers);
	g_test_add_func("/wire/meters/readdir-changes", test_readdir_changes);
	g_test_add_func("/wire/meters/read", test_read);
	g_test_add_func("/wire/meters/poll", test_poll);
	g_test_add_func("/wire/meters/many", test_many);
	g_test_add_func("/wire/meters/xattr", test_xattr);
	return g_test_run();
}
