/* Every operation on every kind of node, and what no kernel would send. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fs/tree/ino.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	OPCODES = 55,
	BODY = 256
};

static const char *const paths[] = {
	"README",
	"status",
	"events",
	"dumps",
	"dumps/core_X_4807",
	"dumps/core_X_4807.json",
	"4807",
	"4807/cmdline",
	"4807/environ",
	"4807/status",
	"4807/events",
	"4807/counters",
	"4807/counters/gc-heap-size",
	"4807/counters/Some.Provider",
	"4807/counters/Some.Provider/other",
	"4807/threshold_mb",
	"4807/heap_mb",
	"4807/dump_type",
	"4807/dump",
	"4807/dumps",
	"4807/dumps/core_X",
};

static Wire *begin(void)
{
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(wire, 7);
	wire_sample_of(wire, 7, "Some.Provider", "other", 1);
	wire_sealed(wire, 3, 7, "core_X", 10);
	return wire;
}

/* Not asked for by number alone: INIT and DESTROY are about the session, these have no answer. */
static gboolean is_left_out(guint32 opcode)
{
	return opcode == FUSE_INIT || opcode == FUSE_DESTROY || opcode == FUSE_FORGET ||
	       opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT ||
	       opcode == FUSE_NOTIFY_REPLY || opcode == CUSE_INIT;
}

static void check_all_operations(Wire *wire, guint64 ino, const void *body, gsize len)
{
	for (guint32 opcode = 1; opcode < OPCODES; opcode++) {
		guint64 unique;

		if (is_left_out(opcode))
			continue;
		unique = wire_send(wire, opcode, ino, body, len);
		wire_settle(wire);
		if (wire_is_answered(wire, unique))
			g_assert_cmpint(wire_answer(wire, unique, NULL), <=, 0);
		else /* an OPEN of a dump */
			wire_interrupt(wire, unique);
		wire_settle(wire);
		g_assert_cmpuint(wire_unanswered(wire), ==, 0);
	}
}

static void test_every_operation(void)
{
	static const guint8 zeros[BODY];
	Wire *wire = begin();

	check_all_operations(wire, FUSE_ROOT_ID, zeros, sizeof(zeros));
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
		check_all_operations(wire, wire_walk(wire, paths[i]), zeros, sizeof(zeros));
	wire_free(wire);
}

/* The same through handles that exist, before and after the process is gone. */
static void check_handle(Wire *wire, guint64 ino, guint64 fh)
{
	guint32 events;
	guint64 unique = wire_send_read(wire, ino, fh, 0, 4096, O_NONBLOCK);

	wire_settle(wire);
	if (!wire_is_answered(wire, unique))
		wire_interrupt(wire, unique);
	g_assert_cmpint(wire_answer(wire, unique, NULL), <=, 0);
	unique = wire_send_write(wire, ino, fh, 3, "mini", 4);
	wire_settle(wire);
	if (!wire_is_answered(wire, unique))
		wire_interrupt(wire, unique);
	g_assert_cmpint(wire_answer(wire, unique, NULL), <=, 0);
	g_assert_cmpint(wire_poll(wire, ino, fh, fh, &events), ==, 0);
}

static void test_handles(void)
{
	Wire *wire = begin();
	guint64 inos[G_N_ELEMENTS(paths)];
	struct fuse_open_out opens[G_N_ELEMENTS(paths)];
	int errors[G_N_ELEMENTS(paths)];

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		guint64 unique;

		inos[i] = wire_walk(wire, paths[i]);
		unique = wire_send_open(wire, inos[i], O_RDONLY);
		wire_settle(wire);
		if (wire_has_ask(wire, RECORD_OPEN_DUMP))
			wire_reply(wire, wire_ask(wire, RECORD_OPEN_DUMP).id, 0,
			           wire_memfd("0123456789", 10), 0, NULL);
		errors[i] = wire_answer_struct(wire, unique, &opens[i], sizeof(opens[i]));
		if (errors[i] == 0)
			check_handle(wire, inos[i], opens[i].fh);
	}
	wire_gone(wire, 7);
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		if (errors[i] == 0) {
			check_handle(wire, inos[i], opens[i].fh);
			g_assert_cmpint(wire_release(wire, inos[i], opens[i].fh), ==, 0);
		}
	}
	g_assert_cmpuint(wire_edge_open_files(wire), ==, 0);
	g_assert_cmpuint(wire_edge_armed(wire), ==, 0);
	wire_free(wire);
}

static void test_unknown_inodes(void)
{
	static const guint8 zeros[BODY];
	const guint64 unknown[] = {
		0,
		2 + 1000,
		ino_make(INO_ROOT, 0, 0),
		ino_make(INO_ROOT, 1, 1),
		ino_make(INO_PROCESS, 7, 1),
		ino_make(INO_PROCESS, 7, INO_ROW_MAX),
		ino_make(INO_PROCESS, 8, 0),
		ino_make(INO_PROCESS, 0, 0),
		ino_make(INO_PROVIDER, 7, 0),
		ino_make(INO_PROVIDER, 7, 2),
		ino_make(INO_PROVIDER, 7, INO_ROW_MAX),
		ino_make(INO_COUNTER, 7, 1024),
		ino_make(INO_COUNTER, 7, INO_ROW_MAX),
		ino_make(INO_COUNTER, 8, 0),
		ino_make(INO_PEAK_PROVIDER, 7, 0),
		ino_make(INO_PEAK, 7, 1024),
		ino_make(INO_PEAK, 8, 0),
		ino_make(INO_DUMP, 3, 2),
		ino_make(INO_DUMP, 4, 0),
		ino_make(INO_N_KINDS, 7, 0),
		G_MAXUINT64,
		G_GUINT64_CONSTANT(1) << 63,
	};
	Wire *wire = begin();
	struct fuse_attr_out attr;
	struct fuse_entry_out entry;

	for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++) {
		g_assert_cmpint(wire_getattr(wire, unknown[i], &attr), ==, -ENOENT);
		g_assert_cmpint(wire_lookup(wire, unknown[i], "status", &entry), ==, -ENOENT);
		check_all_operations(wire, unknown[i], zeros, sizeof(zeros));
	}
	wire_free(wire);
}

/* Bodies of nonsense: each request has an answer. */
static void test_nonsense(void)
{
	Wire *wire = begin();
	g_autoptr(GRand) random = g_rand_new_with_seed(4807);
	guint8 body[BODY];

	for (guint round = 0; round < 20; round++) {
		for (gsize i = 0; i < sizeof(body) - 1; i++)
			body[i] = (guint8)g_rand_int_range(random, 0, 256);
		body[sizeof(body) - 1] = 0;
		for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
			check_all_operations(wire, wire_walk(wire, paths[i]), body, sizeof(body));
	}
	wire_free(wire);
}

/* A message that is not even a header ends the connection, and nothing else. */
static void test_short(void)
{
	Wire *wire = begin();

	wire_send_raw(wire, "abc", 3);
	wire_until(wire, wire_is_ended(wire));
	wire_free(wire);
}

static void test_hang_up(void)
{
	Wire *wire = begin();

	wire_hang_up(wire);
	wire_until(wire, wire_is_ended(wire));
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/robust/every-operation", test_every_operation);
	g_test_add_func("/wire/robust/handles", test_handles);
	g_test_add_func("/wire/robust/unknown-inodes", test_unknown_inodes);
	g_test_add_func("/wire/robust/nonsense", test_nonsense);
	g_test_add_func("/wire/robust/short", test_short);
	g_test_add_func("/wire/robust/hang-up", test_hang_up);
	return g_test_run();
}
