/* Lines of `events`, and the log that keeps the last of them. */
#include "fs/model/event-log.h"
#include <string.h>

static void test_words(void)
{
	for (unsigned i = 0; i < EVENT_N_WORDS; i++) {
		g_assert_nonnull(event_word((EventWord)i));
		g_assert_cmpint(event_word_find(event_word((EventWord)i)), ==, i);
	}
	g_assert_cmpint(event_word_find("nonsense"), ==, EVENT_N_WORDS);
}

static void test_lines(void)
{
	g_autoptr(GString) pairs = g_string_new(NULL);
	g_autofree char *line = NULL;
	g_autofree char *own = NULL;
	g_autofree char *hostile = NULL;

	event_pair(pairs, "reason", "plain!#~");
	event_pair(pairs, "text", "two words");
	event_pair(pairs, "quote", "a\"b\\c\n\x01\xc3");
	event_pair(pairs, "none", "");
	line = event_line(G_GINT64_CONSTANT(1795515312345678), 4807, EVENT_FIRED, pairs->str);
	g_assert_cmpstr(line, ==,
	                "2026-11-24T10:15:12.345Z 4807 fired reason=plain!#~ text=\"two words\" "
	                "quote=\"a\\\"b\\\\c\\n\\001\\303\" none=\"\"");
	own = event_line(0, 0, EVENT_WARNING, NULL);
	g_assert_cmpstr(own, ==, "1970-01-01T00:00:00.000Z - warning");
	hostile = event_line(0, 1, EVENT_WARNING, "text=a\nb\x1b");
	g_assert_cmpstr(hostile, ==, "1970-01-01T00:00:00.000Z 1 warning text=a?b?");
}

static void test_long_values(void)
{
	g_autoptr(GString) pairs = g_string_new(NULL);
	g_autofree char *value = g_strnfill(5000, '\x01');
	g_autofree char *plain = g_strnfill(5000, 'x');
	g_autofree char *line = NULL;

	event_pair(pairs, "a", plain);
	g_assert_cmpuint(pairs->len, ==, 3 + EVENT_VALUE_MAX);
	for (unsigned i = 0; i < 20; i++)
		event_pair(pairs, "b", value);
	line = event_line(0, 1, EVENT_WARNING, pairs->str);
	g_assert_cmpuint(strlen(line) + 1, <=, EVENT_LINE_MAX);
}

static void test_overflow(void)
{
	g_autoptr(EventLog) log = event_log_new(1024);
	char buf[2048], line[32];
	gsize before = 0;
	unsigned shrunk = 0;

	for (unsigned i = 0; i < 1000; i++) {
		gsize n;

		g_snprintf(line, sizeof line, "line %04u\n", i);
		event_log_append(log, line, strlen(line), i);
		n = event_log_read(log, 0, buf, sizeof buf);
		g_assert_cmpuint(n, ==, event_log_size(log));
		g_assert_cmpuint(n, <=, 1024);
		/* It begins and ends with a whole line; the newest is there. */
		g_assert_cmpmem(buf, 5, "line ", 5);
		g_assert_cmpmem(buf + n - 10, 10, line, 10);
		if (n < before) {
			shrunk++;
			g_assert_cmpuint(before - n, >=, 1024 / 8 - 10 - 10);
		}
		before = n;
	}
	g_assert_cmpuint(shrunk, >, 10);
	g_assert_cmpuint(event_log_seq(log), ==, 1000);
	g_assert_cmpint(event_log_wall_us(log), ==, 999);
}

static void test_offsets(void)
{
	g_autoptr(EventLog) log = event_log_new(100);
	char buf[8];
	g_autofree char *longer = g_strnfill(150, 'x');

	event_log_append(log, "abc\n", 4, 1);
	event_log_append(log, "def\n", 4, 1);
	g_assert_cmpuint(event_log_read(log, 2, buf, 4), ==, 4);
	g_assert_cmpmem(buf, 4, "c\nde", 4);
	g_assert_cmpuint(event_log_read(log, 7, buf, 8), ==, 1);
	g_assert_cmpuint(event_log_read(log, 8, buf, 8), ==, 0);
	g_assert_cmpuint(event_log_read(log, G_MAXSIZE, buf, 8), ==, 0);
	/* A line longer than the log alone stays, what was before goes. */
	event_log_append(log, longer, 150, 1);
	g_assert_cmpuint(event_log_size(log), ==, 150);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/event-log/words", test_words);
	g_test_add_func("/event-log/lines", test_lines);
	g_test_add_func("/event-log/long-values", test_long_values);
	g_test_add_func("/event-log/overflow", test_overflow);
	g_test_add_func("/event-log/offsets", test_offsets);
	return g_test_run();
}
