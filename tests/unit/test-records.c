/* The check of records: what each kind must have, on either end. */
#include "fs/broker/records.h"
#include <errno.h>
#include <string.h>
#include "ipc/commands.h"

/* A record of a kind that record_check() takes. */
static Record good(RecordKind kind)
{
	Record record = record_new(kind);

	record.id = 7;
	record.serial = 9;
	record.row = RECORD_SESSION_COUNTERS;
	record.interval_ms = 1000;
	record.type = IPC_DUMP_HEAP;
	record.reason = RECORD_REASON_DEMAND;
	record.part = RECORD_PART_JSON;
	if (kind == RECORD_DUMP_SEALED)
		record.sealed =
			(RecordSealed){ .type = IPC_DUMP_MINI, .written_type = IPC_DUMP_FULL };
	return record;
}

static gboolean is_from_front(guint32 kind)
{
	return kind >= RECORD_READY && kind <= RECORD_PING;
}

static gboolean exists(guint32 kind)
{
	return is_from_front(kind) || (kind >= RECORD_FOUND && kind < RECORD_N_KINDS);
}

static gboolean needs_fd(guint32 kind)
{
	return kind == RECORD_ANNEX || kind == RECORD_STREAM;
}

static void test_size(void)
{
	Record record = record_new(RECORD_GONE);

	g_assert_cmpuint(sizeof record, ==, 256);
	g_assert_cmpuint(G_STRUCT_OFFSET(Record, found), ==, 72);
	g_assert_cmphex(record.magic, ==, RECORD_MAGIC);
	g_assert_cmpuint(record.kind, ==, RECORD_GONE);
	for (size_t i = 8; i < sizeof record; i++)
		g_assert_cmphex(((const guint8 *)&record)[i], ==, 0);
}

static void test_every_kind(void)
{
	for (guint32 kind = 0; kind < RECORD_N_KINDS + 200; kind++) {
		Record record = good(kind);
		gboolean fd = needs_fd(kind);
		gboolean front = is_from_front(kind);

		g_assert_cmpint(record_check(&record, 0, fd, front), ==,
		                exists(kind) ? 0 : -EPROTO);
		g_assert_cmpint(record_check(&record, 0, fd, !front), ==, -EPROTO);
		g_assert_cmpint(strcmp(record_kind_name(kind), "unknown") != 0, ==, exists(kind));
	}
}

static void test_frame(void)
{
	Record record = good(RECORD_START_SESSION);

	record.payload_len = 5;
	g_assert_cmpint(record_check(&record, 5, FALSE, TRUE), ==, 0);
	g_assert_cmpint(record_check(&record, 4, FALSE, TRUE), ==, -EPROTO);
	g_assert_cmpint(record_check(&record, 5, TRUE, TRUE), ==, -EPROTO);
	record.payload_len = RECORD_PAYLOAD_MAX;
	g_assert_cmpint(record_check(&record, RECORD_PAYLOAD_MAX, FALSE, TRUE), ==, 0);
	record.payload_len = RECORD_PAYLOAD_MAX + 1;
	g_assert_cmpint(record_check(&record, RECORD_PAYLOAD_MAX + 1, FALSE, TRUE), ==, -EPROTO);
	record = good(RECORD_START_SESSION);
	record.magic ^= 1;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EPROTO);
	record = good(RECORD_DUMP);
	record.payload_len = 1;
	g_assert_cmpint(record_check(&record, 1, FALSE, TRUE), ==, -EPROTO);
}

static void test_descriptors(void)
{
	for (guint32 kind = 0; kind < RECORD_N_KINDS; kind++) {
		Record record = good(kind);
		gboolean front = is_from_front(kind);
		gboolean with = kind == RECORD_REPLY || needs_fd(kind);

		if (!exists(kind))
			continue;
		g_assert_cmpint(record_check(&record, 0, TRUE, front), ==, with ? 0 : -EPROTO);
		g_assert_cmpint(record_check(&record, 0, FALSE, front), ==,
		                needs_fd(kind) ? -EPROTO : 0);
	}
}

static void test_ids(void)
{
	Record record = good(RECORD_DUMP);

	record.id = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EPROTO);
	/* It can be answered, that there is nothing of that number. */
	record = good(RECORD_ASK_INFO);
	record.serial = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EINVAL);
	record = good(RECORD_GONE);
	record.serial = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, -EPROTO);
	/* ProcessInfo that nobody asked for names its process alone. */
	record = good(RECORD_REPLY);
	record.id = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, 0);
	record.serial = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, -EPROTO);
	/* A dump that was in the store at the start has no ask. */
	record = good(RECORD_DUMP_SEALED);
	record.id = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, 0);
}

static void test_errors(void)
{
	Record record = good(RECORD_REPLY);

	record.error = -EBUSY;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, 0);
	record.error = 1;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, -EPROTO);
	record.error = G_MININT32;
	g_assert_cmpint(record_check(&record, 0, FALSE, FALSE), ==, -EPROTO);
	record = good(RECORD_DUMP);
	record.error = -EBUSY;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EINVAL);
	record.error = 1;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EINVAL);
}

typedef struct {
	RecordKind kind;
	size_t offset;
	guint32 value;
} BadValue;

static void test_values(void)
{
	static const BadValue rows[] = {
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, row), RECORD_N_SESSIONS },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, row), G_MAXUINT32 },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, interval_ms), 0 },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, interval_ms), 99 },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, interval_ms), 3600001 },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, values.meters), 2 },
		{ RECORD_START_SESSION, G_STRUCT_OFFSET(Record, values.shared), 2 },
		{ RECORD_STOP_SESSION, G_STRUCT_OFFSET(Record, row), RECORD_N_SESSIONS },
		{ RECORD_PREFLIGHT, G_STRUCT_OFFSET(Record, type), 0 },
		{ RECORD_PREFLIGHT, G_STRUCT_OFFSET(Record, type), 5 },
		{ RECORD_DUMP, G_STRUCT_OFFSET(Record, type), 5 },
		{ RECORD_DUMP, G_STRUCT_OFFSET(Record, reason), 2 },
		{ RECORD_OPEN_DUMP, G_STRUCT_OFFSET(Record, part), RECORD_N_PARTS },
		{ RECORD_REMOVE_DUMP, G_STRUCT_OFFSET(Record, part), RECORD_N_PARTS },
		{ RECORD_ANNEX, G_STRUCT_OFFSET(Record, part), RECORD_PART_CORE },
		{ RECORD_ANNEX, G_STRUCT_OFFSET(Record, part), RECORD_N_PARTS },
		{ RECORD_STREAM, G_STRUCT_OFFSET(Record, row), RECORD_N_SESSIONS },
		{ RECORD_DUMP_PROGRESS, G_STRUCT_OFFSET(Record, state), 3 },
		{ RECORD_DUMP_SEALED, G_STRUCT_OFFSET(Record, sealed.type), 0 },
		{ RECORD_DUMP_SEALED, G_STRUCT_OFFSET(Record, sealed.written_type), 5 },
		{ RECORD_DUMP_SEALED, G_STRUCT_OFFSET(Record, sealed.parts), 1 << RECORD_N_PARTS },
		{ RECORD_DUMP_SEALED, G_STRUCT_OFFSET(Record, sealed.reason), 2 },
		{ RECORD_DUMP_SEALED, G_STRUCT_OFFSET(Record, sealed.json_due), 2 },
		{ RECORD_NOTICE, G_STRUCT_OFFSET(Record, word), EVENT_N_WORDS },
		{ RECORD_NOTICE, G_STRUCT_OFFSET(Record, pid), G_MAXUINT32 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		Record record = good(rows[i].kind);
		gboolean front = is_from_front(rows[i].kind);

		memcpy((char *)&record + rows[i].offset, &rows[i].value, sizeof rows[i].value);
		g_assert_cmpint(record_check(&record, 0, needs_fd(rows[i].kind), front), ==,
		                front ? -EINVAL : -EPROTO);
	}
}

/* Whatever comes: an answer, and never a record out of range that passes. */
static void test_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);

	for (unsigned i = 0; i < 200000; i++) {
		Record record;
		guint8 *bytes = (guint8 *)&record;
		gboolean front = g_rand_boolean(rand);
		size_t len = (size_t)g_rand_int_range(rand, 0, 4);
		int r;

		for (size_t at = 0; at < sizeof record; at++)
			bytes[at] =
				(guint8)(g_rand_boolean(rand) ? 0 : g_rand_int_range(rand, 0, 256));
		record.magic = RECORD_MAGIC;
		record.kind %= RECORD_N_KINDS + 2;
		record.payload_len = (guint32)len;
		record.error = -(record.error & 15);
		r = record_check(&record, len, g_rand_boolean(rand), front);
		g_assert_true(r == 0 || r == -EPROTO || (r == -EINVAL && front));
		if (r)
			continue;
		g_assert_cmpint(is_from_front(record.kind), ==, front);
		if (record.kind == RECORD_START_SESSION || record.kind == RECORD_STREAM)
			g_assert_cmpuint(record.row, <, RECORD_N_SESSIONS);
		if (record.kind == RECORD_NOTICE)
			g_assert_cmpuint(record.word, <, EVENT_N_WORDS);
	}
}

/* The version of a runtime is a small number; a payload of ASK_PROC is none of this protocol. */
static void test_proc(void)
{
	Record record = good(RECORD_ASK_LIMIT);

	record.value = RECORD_MAJOR_MAX;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, 0);
	record.value++;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EINVAL);
	record = good(RECORD_ASK_PROC);
	record.serial = 0;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, -EINVAL);
	record = good(RECORD_ASK_PROC);
	record.payload_len = 1;
	g_assert_cmpint(record_check(&record, 1, FALSE, TRUE), ==, -EPROTO);
	g_assert_cmpstr(record_kind_name(RECORD_ASK_PROC), ==, "ask-proc");
	g_assert_cmpstr(record_kind_name(RECORD_ASK_LIMIT), ==, "ask-limit");
	g_assert_cmpuint(sizeof(RecordProc), ==, 24);
	g_assert_cmpuint(sizeof(RecordLimit), ==, 8);
}

static void test_text(void)
{
	static const char three[] = "one\0\0three"; /* the array's own NUL ends the last */

	g_assert_cmpstr(record_text(three, sizeof three, 0), ==, "one");
	g_assert_cmpstr(record_text(three, sizeof three, 1), ==, "");
	g_assert_cmpstr(record_text(three, sizeof three, 2), ==, "three");
	g_assert_cmpstr(record_text(three, sizeof three, 3), ==, "");
	g_assert_cmpstr(record_text(three, sizeof three, G_MAXUINT), ==, "");
	g_assert_cmpstr(record_text(NULL, 0, 0), ==, "");
	for (size_t len = 0; len <= sizeof three; len++) {
		g_autofree char *exact = g_memdup2(three, len);

		/* Exactly len bytes: AddressSanitizer sees a step too far. */
		for (unsigned i = 0; i < 4; i++)
			g_assert_cmpuint(strlen(record_text(exact, len, i)), <=, len);
	}
	g_assert_cmpstr(record_text("cut", 3, 0), ==, "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/records/size", test_size);
	g_test_add_func("/records/every-kind", test_every_kind);
	g_test_add_func("/records/frame", test_frame);
	g_test_add_func("/records/descriptors", test_descriptors);
	g_test_add_func("/records/ids", test_ids);
	g_test_add_func("/records/errors", test_errors);
	g_test_add_func("/records/values", test_values);
	g_test_add_func("/records/random", test_random);
	g_test_add_func("/records/proc", test_proc);
	g_test_add_func("/records/text", test_text);
	return g_test_run();
}
