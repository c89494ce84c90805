#include "ipc/nettrace/bytes.h"

#include <glib.h>
#include <string.h>
#include "tests/lib/nettrace-writer.h"

static void test_read(void)
{
	static const uint8_t bytes[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
		                         0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x00, 0x00, 0xc0,
		                         0xbf, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x40 };
	ByteReader r = byte_reader(bytes, sizeof bytes);

	g_assert_cmpuint(byte_reader_u8(&r), ==, 0x01);
	g_assert_cmpuint(byte_reader_u16(&r), ==, 0x0302);
	g_assert_cmpuint(byte_reader_u32(&r), ==, 0x07060504);
	g_assert_cmpuint(byte_reader_u64(&r), ==, 0x0f0e0d0c0b0a0908);
	g_assert_cmpfloat(byte_reader_f32(&r), ==, -1.5f);
	g_assert_cmpfloat(byte_reader_f64(&r), ==, 2.5);
	g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	g_assert_false(r.bad);
}

/* Past the end nothing moves, and it stays bad. */
static void test_read_past(void)
{
	static const uint8_t bytes[] = { 1, 2, 3 };
	ByteReader r = byte_reader(bytes, sizeof bytes);

	g_assert_null(byte_reader_take(&r, 4));
	g_assert_true(r.bad);
	g_assert_null(byte_reader_take(&r, 1));
	g_assert_null(byte_reader_take(&r, 0));
	g_assert_cmpuint(byte_reader_u8(&r), ==, 0);
	g_assert_cmpfloat(byte_reader_f64(&r), ==, 0);
	g_assert_cmpuint(byte_reader_left(&r), ==, 3);

	r = byte_reader(bytes, sizeof bytes);
	g_assert_true(byte_reader_take(&r, 3) == bytes);
	g_assert_true(byte_reader_take(&r, 0) == bytes + 3);
	g_assert_false(r.bad);
	g_assert_null(byte_reader_take(&r, SIZE_MAX));
	g_assert_true(r.bad);

	r = byte_reader(NULL, 0);
	g_assert_cmpuint(byte_reader_left(&r), ==, 0);
	g_assert_cmpuint(byte_reader_u32(&r), ==, 0);
	g_assert_true(r.bad);
}

static uint64_t varint(const char *bytes, size_t len, unsigned max, bool *ret_bad)
{
	g_autofree uint8_t *exact = g_memdup2(bytes, len);
	ByteReader r = byte_reader(exact, len);
	uint64_t v = byte_reader_varint(&r, max);

	*ret_bad = r.bad;
	return v;
}

static void test_varint(void)
{
	static const uint64_t values[] = { 0,
		                           1,
		                           127,
		                           128,
		                           300,
		                           0x3fff,
		                           0x4000,
		                           UINT32_MAX,
		                           (uint64_t)UINT32_MAX + 1,
		                           INT64_MAX,
		                           UINT64_MAX - 499,
		                           UINT64_MAX };
	bool bad;

	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();

		nettrace_writer_put_varint(out, values[i]);
		g_assert_cmpuint(varint((char *)out->data, out->len, 10, &bad), ==, values[i]);
		g_assert_false(bad);
		g_assert_cmpuint(varint((char *)out->data, out->len - 1, 10, &bad), ==, 0);
		g_assert_true(bad);
	}
	g_assert_cmpuint(varint("\xac\x02", 2, 5, &bad), ==, 300);
	/* Longer than it needs to be is allowed, longer than it may be is not. */
	g_assert_cmpuint(varint("\x81\x80\x80\x80\x00", 5, 5, &bad), ==, 1);
	g_assert_false(bad);
	g_assert_cmpuint(varint("\x81\x80\x80\x80\x80\x00", 6, 5, &bad), ==, 0);
	g_assert_true(bad);
	g_assert_cmpuint(varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 10, &bad), ==,
	                 0);
	g_assert_true(bad);
	/* Bits above 64 are dropped. */
	g_assert_cmpuint(varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10, 10, &bad), ==,
	                 UINT64_MAX);
	g_assert_false(bad);
}

static void test_write(void)
{
	uint8_t buf[16];
	ByteWriter w = { .buf = buf, .size = sizeof buf };

	byte_writer_u8(&w, 0x01);
	byte_writer_u16(&w, 0x0302);
	byte_writer_u32(&w, 0x07060504);
	byte_writer_u64(&w, 0x0f0e0d0c0b0a0908);
	byte_writer_put(&w, "", 0);
	g_assert_false(w.bad);
	g_assert_cmpmem(buf, w.len, "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 15);
	byte_writer_u16(&w, 0xffff);
	g_assert_true(w.bad);
	g_assert_cmpuint(w.len, ==, 15);
	/* What would fit is not written either: the record is broken. */
	byte_writer_u8(&w, 0xff);
	g_assert_cmpuint(w.len, ==, 15);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bytes/read", test_read);
	g_test_add_func("/bytes/read-past", test_read_past);
	g_test_add_func("/bytes/varint", test_varint);
	g_test_add_func("/bytes/write", test_write);
	return g_test_run();
}
