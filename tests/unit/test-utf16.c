#include "ipc/nettrace/utf16.h"

#include <glib.h>
#include <string.h>
#include "tests/lib/nettrace-writer.h"

static void assert_converts(const char *bytes, size_t units, const char *expected)
{
	g_autofree uint8_t *exact = g_memdup2(bytes, 2 * units);
	char out[64];
	size_t len;

	memset(out, '#', sizeof out);
	len = utf16_to_utf8(exact, units, out, sizeof out);
	g_assert_cmpstr(out, ==, expected);
	g_assert_cmpuint(len, ==, strlen(expected));
	g_assert_true(g_utf8_validate(out, (gssize)len, NULL));
	g_assert_cmpuint(utf16_to_utf8_len(exact, units), ==, len);
	g_assert_cmpuint(len + 1, <=, utf16_to_utf8_max(units));
}

static void test_convert(void)
{
	assert_converts("", 0, "");
	assert_converts("a\0b\0", 2, "ab");
	assert_converts("\x7f\0\x80\0", 2, "\x7f\xc2\x80");
	assert_converts("\xff\x07\x00\x08", 2, "\xdf\xbf\xe0\xa0\x80");
	assert_converts("\xac\x20\xff\xff", 2, "\xe2\x82\xac\xef\xbf\xbf");
	/* surrogate pairs: U+10000, U+1F600, U+10FFFF */
	assert_converts("\x00\xd8\x00\xdc", 2, "\xf0\x90\x80\x80");
	assert_converts("\x3d\xd8\x00\xde!\0", 3, "\xf0\x9f\x98\x80!");
	assert_converts("\xff\xdb\xff\xdf", 2, "\xf4\x8f\xbf\xbf");
	/* lone ones: high at the end, high before another, low */
	assert_converts("\x00\xd8", 1, "\xef\xbf\xbd");
	assert_converts("\x00\xd8z\0", 2, "\xef\xbf\xbdz");
	assert_converts("\x00\xd8\x00\xd8\x00\xdc", 3, "\xef\xbf\xbd\xf0\x90\x80\x80");
	assert_converts("\x00\xdcz\0", 2, "\xef\xbf\xbdz");
	/* a NUL ends it, control characters do not */
	assert_converts("a\0\0\0b\0", 3, "a");
	assert_converts("\n\0\x1b\0", 2, "\n\x1b");
}

static void test_every_unit(void)
{
	for (unsigned unit = 1; unit < 0x10000; unit++) {
		uint8_t src[2] = { (uint8_t)unit, (uint8_t)(unit >> 8) };
		char out[8];
		size_t len = utf16_to_utf8(src, 1, out, sizeof out);
		gunichar c = unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit;

		g_assert_true(g_utf8_validate(out, (gssize)len, NULL));
		g_assert_cmpuint(g_utf8_get_char(out), ==, c);
	}
}

static void test_sizes(void)
{
	static const uint8_t text[] = { 'a', 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde, 'z', 0 };
	static const char *const expected[] = {
		"",
		"",
		"a",
		"a",
		"a",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac",
		"a\xe2\x82\xac\xf0\x9f\x98\x80",
		"a\xe2\x82\xac\xf0\x9f\x98\x80z",
	};

	for (size_t size = 1; size < G_N_ELEMENTS(expected); size++) {
		g_autofree char *out = g_malloc(size);

		g_assert_cmpuint(utf16_to_utf8(text, 5, out, size), ==, strlen(expected[size]));
		g_assert_cmpstr(out, ==, expected[size]);
	}
	g_assert_cmpuint(utf16_to_utf8(text, 5, NULL, 0), ==, 0);
}

/* Four units are looked at together: one that is special, at each place of texts of each length, in memory that
 * ends with the text. */
static void test_places(void)
{
	static const uint16_t special[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7f00, 0x8000, 0xffff };

	for (size_t n = 0; n <= 13; n++) {
		for (size_t i = 0; i < n * G_N_ELEMENTS(special); i++) {
			size_t place = i / G_N_ELEMENTS(special), units, len;
			uint16_t unit = special[i % G_N_ELEMENTS(special)];
			g_autofree uint8_t *text = g_malloc0(2 * n + 2);
			char out[64], tight[6];
			ByteReader r;

			for (size_t k = 0; k < n; k++)
				text[2 * k] = (uint8_t)('a' + k);
			text[2 * place] = (uint8_t)unit;
			text[2 * place + 1] = (uint8_t)(unit >> 8);
			r = byte_reader(text, 2 * n + 2);
			g_assert_true(utf16_take_z(&r, &units) == text);
			g_assert_cmpuint(units, ==, unit ? n : place);
			len = utf16_to_utf8(text, n, out, sizeof out);
			g_assert_cmpuint(len, ==, utf16_to_utf8_len(text, n));
			g_assert_cmpuint(strlen(out), ==, len);
			g_assert_cmpmem(out, place, "abcdefghijklm", place);
			if (unit)
				g_assert_cmpmem(out + len - (n - place - 1), n - place - 1,
				                &"abcdefghijklm"[place + 1], n - place - 1);
			g_assert_cmpuint(utf16_to_utf8(text, n, tight, sizeof tight), <,
			                 sizeof tight);
			g_assert_true(g_str_has_prefix(out, tight));
		}
	}
}

static void test_take_z(void)
{
	static const uint8_t text[] = { 'a', 0, 0, 1, 0, 0, 'b', 0, 0, 0, 'c', 0, 0 };
	g_autofree uint8_t *exact = g_memdup2(text, sizeof text);
	ByteReader r = byte_reader(exact, sizeof text);
	char out[8];
	size_t units;

	g_assert_true(utf16_take_z(&r, &units) == exact);
	g_assert_cmpuint(units, ==, 2);
	g_assert_true(utf16_read_z(&r, out, sizeof out));
	g_assert_cmpstr(out, ==, "b");
	/* Half a NUL is none. */
	g_assert_false(r.bad);
	g_assert_null(utf16_take_z(&r, &units));
	g_assert_true(r.bad);
	g_assert_cmpuint(units, ==, 0);
	g_assert_false(utf16_read_z(&r, out, sizeof out));
	g_assert_cmpstr(out, ==, "");
	/* Empty, and with nothing at all. */
	r = byte_reader("\0\0", 2);
	g_assert_nonnull(utf16_take_z(&r, &units));
	g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	g_assert_null(utf16_take_z(&r, &units));
}

static void assert_counted(const char *utf8, const char *bytes, size_t len)
{
	uint8_t buf[64];
	ByteWriter w = { .buf = buf, .size = sizeof buf };

	utf16_write_counted(&w, utf8);
	g_assert_false(w.bad);
	g_assert_cmpmem(buf, w.len, bytes, len);
	for (size_t size = 0; size < len; size++) {
		g_autofree uint8_t *small = g_malloc(size + 1);
		ByteWriter short_of = { .buf = small, .size = size };

		utf16_write_counted(&short_of, utf8);
		g_assert_true(short_of.bad);
	}
}

static void test_write_counted(void)
{
	assert_counted("", "\1\0\0\0\0\0", 6);
	assert_counted("ab", "\3\0\0\0a\0b\0\0\0", 10);
	assert_counted("\xc2\x80\xe2\x82\xac", "\3\0\0\0\x80\0\xac\x20\0\0", 10);
	assert_counted("\xf0\x9f\x98\x80", "\3\0\0\0\x3d\xd8\x00\xde\0\0", 10);
	/* No UTF-8: overlong, a surrogate, cut, a lone continuation, above U+10FFFF, 0xff */
	assert_counted("\xc1\x81", "\3\0\0\0\xfd\xff\xfd\xff\0\0", 10);
	assert_counted("\xed\xa0\x80", "\4\0\0\0\xfd\xff\xfd\xff\xfd\xff\0\0", 12);
	assert_counted("\xe2\x82", "\3\0\0\0\xfd\xff\xfd\xff\0\0", 10);
	assert_counted("\x80", "\2\0\0\0\xfd\xff\0\0", 8);
	assert_counted("\xf4\x90\x80\x80", "\5\0\0\0\xfd\xff\xfd\xff\xfd\xff\xfd\xff\0\0", 14);
	assert_counted("\xff", "\2\0\0\0\xfd\xff\0\0", 8);
}

/* Through the writer of the tests, which converts with GLib, and back. */
static void test_round_trip(void)
{
	GRand *random = g_rand_new_with_seed(20261123);

	for (unsigned i = 0; i < 2000; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		char out[256];
		ByteReader r;

		for (unsigned n = (unsigned)g_rand_int_range(random, 0, 40); n; n--) {
			gunichar c = (gunichar)g_rand_int_range(random, 1, 0x110000);

			if (g_unichar_validate(c))
				g_string_append_unichar(text, c);
		}
		nettrace_writer_put_utf16z(bytes, text->str);
		r = byte_reader(bytes->data, bytes->len);
		g_assert_true(utf16_read_z(&r, out, sizeof out));
		g_assert_cmpstr(out, ==, text->str);
		g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	}
	g_rand_free(random);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/utf16/convert", test_convert);
	g_test_add_func("/utf16/every-unit", test_every_unit);
	g_test_add_func("/utf16/sizes", test_sizes);
	g_test_add_func("/utf16/places", test_places);
	g_test_add_func("/utf16/take-z", test_take_z);
	g_test_add_func("/utf16/write-counted", test_write_counted);
	g_test_add_func("/utf16/round-trip", test_round_trip);
	return g_test_run();
}
