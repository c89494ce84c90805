/* The log of samples: sizes, offsets, what a follower and others see of it. */
#include "fs/model/value-log.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "fs/model/value-csv.h"

enum {
	HEAD_LEN = sizeof VALUE_CSV_HEAD - 1,
	MIN_ROWS = VALUE_LOG_SIZE_MIN / 24,
};

static Process *new_process(void)
{
	const RecordFound found = { .pid = 4807 };

	return process_new(7, &found, "user", "app", "/socket", 1000);
}

/* A sample of a counter with this text as its name. */
static void add(Process *process, const char *name, double value, gint64 wall_us)
{
	EventCounterSample sample = { .provider = "P", .kind = EVENT_COUNTER_MEAN };
	const Counter *counter;

	g_strlcpy(sample.name, name, sizeof sample.name);
	sample.value = value;
	counter = counter_store_take(process->counters, &sample, wall_us, wall_us);
	g_assert_nonnull(counter);
	value_log_add(process->stream, process, counter);
}

static void add_many(Process *process, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		add(process, "n", i, 1000000 + i);
}

/* All that a reader gets who begins at an offset, so many bytes at a time. */
static GString *read_from(Process *process, goffset offset, gsize size)
{
	GString *all = g_string_new(NULL);
	g_autoptr(GString) piece = g_string_new(NULL);
	goffset skipped = 0;

	do {
		gboolean is_sequential = all->len > 0;

		g_string_truncate(piece, 0);
		value_log_read(process->stream, process, offset + (goffset)all->len, size,
		               is_sequential, &skipped, piece);
		g_assert_cmpuint(piece->len, <=, size);
		g_string_append_len(all, piece->str, (gssize)piece->len);
	} while (piece->len);
	return all;
}

static void test_empty(void)
{
	Process *process = new_process();
	g_autoptr(GString) text = read_from(process, 0, 7);

	g_assert_cmpstr(text->str, ==, VALUE_CSV_HEAD);
	g_assert_cmpint(value_log_size(process->stream, process), ==, HEAD_LEN);
	g_assert_cmpuint(value_log_seq(process->stream), ==, 0);
	g_assert_cmpint(value_log_wall_us(process->stream), ==, 0);
	process_free(process);
}

/* From every offset, in pieces of every size: the same text. */
static void test_offsets(void)
{
	Process *process = new_process();
	g_autoptr(GString) all = NULL;

	add(process, "one", 1.5, G_GINT64_CONSTANT(1795515312345678));
	add(process, "two, three", 2, G_GINT64_CONSTANT(1795515313345678));
	all = read_from(process, 0, 4096);
	g_assert_cmpstr(all->str, ==,
	                VALUE_CSV_HEAD "2026-11-24T10:15:12.345Z,P,one,Metric,1.5\n"
	                               "2026-11-24T10:15:13.345Z,P,\"two, three\",Metric,2\n");
	g_assert_cmpint(value_log_size(process->stream, process), ==, all->len);
	g_assert_cmpuint(value_log_seq(process->stream), ==, 2);
	for (gsize offset = 0; offset <= all->len + 3; offset++) {
		for (gsize size = 1; size < 60; size += 7) {
			g_autoptr(GString) rest = read_from(process, (goffset)offset, size);

			g_assert_cmpstr(rest->str, ==, all->str + MIN(offset, all->len));
		}
	}
	process_free(process);
}

/* Nobody has it open: it is what it holds. */
static void test_overflow(void)
{
	Process *process = new_process();
	g_autoptr(GString) all = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < 20 * MIN_ROWS; i += 100) {
		g_autoptr(GString) text = NULL;

		add_many(process, i, 100);
		g_assert_cmpuint(value_log_memory(process->stream), <=, VALUE_LOG_SIZE_MIN);
		text = read_from(process, 0, 65536);
		g_assert_cmpint(value_log_size(process->stream, process), ==, text->len);
		g_assert_true(g_str_has_prefix(text->str, VALUE_CSV_HEAD "1970-"));
	}
	all = read_from(process, 0, 1000);
	for (const char *p = all->str; (p = strchr(p, '\n')); p++)
		n++;
	g_assert_cmpuint(n, >, MIN_ROWS * 3 / 4);
	process_free(process);
}

/* As tail -f: every row once, at offsets that never go back. */
static void test_follower(void)
{
	Process *process = new_process();
	goffset at, skipped = 0;
	g_autoptr(GString) rows = g_string_new(NULL);
	unsigned wanted = 0;

	value_log_open(process->stream);
	at = value_log_size(process->stream, process);
	for (unsigned i = 0; i < 10 * MIN_ROWS; i += 50) {
		goffset size;

		add_many(process, i, 50);
		size = value_log_size(process->stream, process);
		g_assert_cmpint(size, >, at);
		value_log_read(process->stream, process, at, 65536, TRUE, &skipped, rows);
		at += rows->len;
		g_assert_cmpint(at, ==, size);
		for (const char *p = rows->str; *p; p = strchr(p, '\n') + 1) {
			unsigned number = 0;

			g_assert_cmpint(sscanf(strstr(p, "Metric,"), "Metric,%u", &number), ==, 1);
			g_assert_cmpuint(number, ==, wanted++);
		}
		g_string_truncate(rows, 0);
	}
	g_assert_cmpuint(wanted, ==, (10 * MIN_ROWS + 49) / 50 * 50);
	g_assert_cmpint(skipped, ==, 0);
	value_log_close(process->stream);
	g_assert_cmpint(value_log_size(process->stream, process), <, at);
	process_free(process);
}

/* While it is followed others read it from its beginning, and the hole as NUL bytes. */
static void test_hole(void)
{
	Process *process = new_process();
	g_autoptr(GString) whole = NULL;
	g_autoptr(GString) pieces = NULL;
	g_autoptr(GString) hole = g_string_new(NULL);
	goffset size = 0, skipped = 0;
	char *row;

	value_log_open(process->stream);
	for (unsigned i = 0; i < 4 * MIN_ROWS; i += 50) {
		add_many(process, i, 50);
		size = value_log_size(process->stream, process);
	}
	whole = read_from(process, 0, 1 << 20);
	g_assert_cmpuint(whole->len, <, (gsize)size);
	g_assert_true(g_str_has_prefix(whole->str, VALUE_CSV_HEAD "1970-"));
	pieces = read_from(process, 0, 33);
	g_assert_cmpstr(pieces->str, ==, whole->str);
	value_log_read(process->stream, process, HEAD_LEN, (gsize)size, FALSE, &skipped, hole);
	g_assert_cmpuint(hole->len, ==, (gsize)size - HEAD_LEN);
	g_assert_cmpint(hole->str[0], ==, '\0');
	row = memchr(hole->str, '1', hole->len);
	g_assert_cmpstr(row, ==, whole->str + HEAD_LEN);
	for (const char *p = hole->str; p < row; p++)
		g_assert_cmpint(*p, ==, '\0');
	/* The last one closes it. */
	value_log_close(process->stream);
	g_assert_cmpint(value_log_size(process->stream, process), ==, whole->len);
	process_free(process);
}

/* A name that changes under rows that were looked at: their lengths stay. */
static void test_renamed(void)
{
	Process *process = new_process();
	EventCounterSample sample = { .provider = "P", .name = "n", .kind = EVENT_COUNTER_MEAN };
	static const char *const names[] = { "a much longer display name", "x" };
	goffset size;

	add_many(process, 0, 3);
	size = value_log_size(process->stream, process);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GString) text = NULL;

		g_strlcpy(sample.display_name, names[i], sizeof sample.display_name);
		counter_store_take(process->counters, &sample, 1, 1);
		text = read_from(process, 0, 4096);
		g_assert_cmpint(value_log_size(process->stream, process), ==, size);
		g_assert_cmpuint(text->len, ==, (gsize)size);
		g_assert_cmpint(text->str[text->len - 1], ==, '\n');
	}
	process_free(process);
}

/* Many values: more rows are kept, up to a limit; at no moment fewer than the samples of each that are due. */
static void test_capacity(void)
{
	Process *process = new_process();
	char name[16];

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 200; i++) {
			g_snprintf(name, sizeof name, "n%u", i);
			add(process, name, i, round);
			if (round >= VALUE_LOG_SAMPLES)
				g_assert_cmpuint(value_log_memory(process->stream), >=,
				                 200 * VALUE_LOG_SAMPLES * 24);
		}
	}
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < COUNTER_MAX - 30; i++) {
			g_snprintf(name, sizeof name, "n%u", i);
			add(process, name, i, round);
		}
	}
	g_assert_cmpuint(value_log_memory(process->stream), <=, VALUE_LOG_SIZE_MAX);
	process_free(process);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/value-log/empty", test_empty);
	g_test_add_func("/value-log/offsets", test_offsets);
	g_test_add_func("/value-log/overflow", test_overflow);
	g_test_add_func("/value-log/follower", test_follower);
	g_test_add_func("/value-log/hole", test_hole);
	g_test_add_func("/value-log/renamed", test_renamed);
	g_test_add_func("/value-log/capacity", test_capacity);
	return g_test_run();
}
