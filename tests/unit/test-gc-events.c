/* Payloads of the runtime's GC events, through the decoder. */
#include "ipc/nettrace/gc-events.h"

#include <errno.h>
#include <glib.h>

static int parse(guint id, guint version, unsigned pointer_size, const GByteArray *payload,
                 GcEvent *ret)
{
	NettraceMetadata metadata = { .event_id = id, .version = version };
	g_autofree guint8 *copy = g_memdup2(payload->data, payload->len);
	NettraceEvent event = {
		.metadata = &metadata,
		.payload = copy,
		.payload_len = payload->len,
		.pointer_size = pointer_size,
	};

	return gc_event_parse(&event, ret);
}

static void put(GByteArray *out, guint64 v, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		guint8 byte = (guint8)(v >> (8 * i));

		g_byte_array_append(out, &byte, 1);
	}
}

static void put_zeros(GByteArray *out, unsigned n)
{
	while (n--)
		put(out, 0, 1);
}

/* Every length below the whole is refused, and never read past. */
static void check_cuts(guint id, guint version, unsigned pointer_size, const GByteArray *whole,
                       guint needed)
{
	for (guint len = 0; len < needed; len++) {
		g_autoptr(GByteArray) cut = g_byte_array_new();
		GcEvent event;

		g_byte_array_append(cut, whole->data, len);
		g_assert_cmpint(parse(id, version, pointer_size, cut, &event), ==, -EPROTO);
	}
}

static void test_tick(void)
{
	g_autoptr(GByteArray) p = g_byte_array_new();
	GcEvent event;

	put(p, 0xffffffff, 4);
	put(p, 1, 4);
	put(p, 3, 2);
	put(p, 5000000000, 8);
	put(p, 0x1234, 8);
	put_zeros(p, 40);
	g_assert_cmpint(parse(10, 4, 8, p, &event), ==, 1);
	g_assert_cmpint(event.kind, ==, GC_EVENT_TICK);
	g_assert_cmpuint(event.bytes, ==, 5000000000);
	g_assert_cmpint(parse(10, 2, 4, p, &event), ==, 1);
	g_assert_cmpuint(event.bytes, ==, 5000000000);
	g_assert_cmpint(parse(10, 1, 8, p, &event), ==, 1);
	g_assert_cmpuint(event.bytes, ==, 0xffffffff);
	check_cuts(10, 3, 8, p, 18);
}

static void test_stats(void)
{
	g_autoptr(GByteArray) p = g_byte_array_new();
	GcEvent event;

	for (unsigned i = 1; i <= 4; i++) {
		put(p, i * 1000, 8);
		put(p, 77, 8);
	}
	put_zeros(p, 16 + 12 + 2);
	g_assert_cmpuint(p->len, ==, 94);
	g_assert_cmpint(parse(4, 1, 8, p, &event), ==, 1);
	g_assert_cmpint(event.kind, ==, GC_EVENT_STATS);
	g_assert_cmpuint(event.bytes, ==, 10000);
	check_cuts(4, 1, 8, p, 94);
	put(p, 500, 8);
	put(p, 77, 8);
	g_assert_cmpuint(p->len, ==, 110);
	g_assert_cmpint(parse(4, 2, 8, p, &event), ==, 1);
	g_assert_cmpuint(event.bytes, ==, 10500);
}

static GByteArray *history(unsigned width, unsigned n, guint32 heap, guint64 scale)
{
	GByteArray *p = g_byte_array_new();

	put(p, 9, 2);
	for (unsigned i = 0; i < 6; i++)
		put(p, 0x11111111, width);
	for (unsigned i = 0; i < 5; i++)
		put(p, 0x22222222, 4);
	put(p, heap, 4);
	put(p, 0x33333333, width);
	put(p, n, 4);
	for (unsigned i = 0; i < n; i++) {
		put_zeros(p, 3 * width);
		put(p, 1000 * scale, width);
		put(p, 100 * scale, width);
		put(p, 50 * scale, width);
		put_zeros(p, 4 * width);
	}
	return p;
}

static void test_history(void)
{
	static const struct {
		unsigned width, n, size;
	} rows[] = { { 8, 4, 406 }, { 8, 5, 486 }, { 4, 5, 258 } };
	GcEvent event;

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GByteArray) p = history(rows[i].width, rows[i].n, 7, 1000);

		g_assert_cmpuint(p->len, ==, rows[i].size);
		g_assert_cmpint(parse(204, 3, rows[i].width, p, &event), ==, 1);
		g_assert_cmpint(event.kind, ==, GC_EVENT_HISTORY);
		g_assert_cmpuint(event.bytes, ==, 850000 * (guint64)rows[i].n);
		g_assert_cmpuint(event.free, ==, 150000 * (guint64)rows[i].n);
		g_assert_cmpuint(event.young, ==, 100000);
		g_assert_cmpuint(event.heap, ==, 7);
		check_cuts(204, 3, rows[i].width, p, p->len);
	}
}

static void test_hostile(void)
{
	g_autoptr(GByteArray) many = history(8, 17, 0, 1);
	g_autoptr(GByteArray) p = history(8, 1, 0, 1);
	GcEvent event;

	g_assert_cmpint(parse(204, 3, 8, many, &event), ==, -EPROTO);
	/* More free than there is: nothing is alive there. */
	memset(p->data + 86 + 4 * 8, 0xff, 8);
	g_assert_cmpint(parse(204, 3, 8, p, &event), ==, 1);
	g_assert_cmpuint(event.bytes, ==, 0);
	memset(p->data + 82, 0xff, 4);
	g_assert_cmpint(parse(204, 3, 8, p, &event), ==, -EPROTO);
	g_assert_cmpint(parse(205, 2, 8, p, &event), ==, 0);
	g_assert_cmpint(parse(2, 1, 8, p, &event), ==, 1);
	g_assert_cmpint(event.kind, ==, GC_EVENT_END);
	g_assert_cmpint(parse(1, 2, 8, p, &event), ==, 1);
	g_assert_cmpint(event.kind, ==, GC_EVENT_START);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gc-events/tick", test_tick);
	g_test_add_func("/gc-events/stats", test_stats);
	g_test_add_func("/gc-events/history", test_history);
	g_test_add_func("/gc-events/hostile", test_hostile);
	return g_test_run();
}
