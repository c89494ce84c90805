/*
 * See hostile.h. A table of the fields that a kind has, with their limits as records.h tells them; all other
 * fields must not matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ipc/commands.h"
#include "tests/hostile/hostile.h"

typedef struct {
	const char *name;
	size_t offset, size;
	guint64 min, max; /* what is right */
} Field;

#define FIELD(member, least, most)                                                              \
	{                                                                                       \
#member, G_STRUCT_OFFSET(Record, member), sizeof(((Record *)0)->member), least, \
			most                                                                    \
	}

enum {
	SERIAL,
	ROW,
	INTERVAL,
	TYPE,
	REASON,
	PART,
	JSON_PART,
	MAJOR,
	METERS,
	SHARED,
	ERROR,
	N_FIELDS,
};

static const Field fields[N_FIELDS] = {
	[SERIAL] = FIELD(serial, 1, G_MAXUINT64),
	[ROW] = FIELD(row, 0, RECORD_N_SESSIONS - 1),
	[INTERVAL] = FIELD(interval_ms, 100, 3600000),
	[TYPE] = FIELD(type, IPC_DUMP_MINI, IPC_DUMP_FULL),
	[REASON] = FIELD(reason, RECORD_REASON_TRIGGER, RECORD_REASON_DEMAND),
	[PART] = FIELD(part, 0, RECORD_N_PARTS - 1),
	[JSON_PART] = FIELD(part, RECORD_PART_JSON, RECORD_PART_JSON),
	[MAJOR] = FIELD(value, 0, RECORD_MAJOR_MAX),
	[METERS] = FIELD(values.meters, 0, 1),
	[SHARED] = FIELD(values.shared, 0, 1),
	[ERROR] = FIELD(error, 0, 0),
};

typedef struct {
	RecordKind kind;
	unsigned has; /* bits 1 << field */
	gboolean is_answered;
} Kind;

#define HAS(field) (1u << (field))

static const Kind kinds[] = {
	{ RECORD_READY, 0, FALSE },
	{ RECORD_ASK_INFO, HAS(SERIAL), TRUE },
	{ RECORD_ASK_ENVIRON, HAS(SERIAL), TRUE },
	{ RECORD_ASK_PROC, HAS(SERIAL), TRUE },
	{ RECORD_ASK_LIMIT, HAS(SERIAL) | HAS(MAJOR), TRUE },
	{ RECORD_START_SESSION, HAS(SERIAL) | HAS(ROW) | HAS(INTERVAL) | HAS(METERS) | HAS(SHARED),
	  TRUE },
	{ RECORD_STOP_SESSION, HAS(SERIAL) | HAS(ROW), TRUE },
	{ RECORD_PREFLIGHT, HAS(SERIAL) | HAS(TYPE), TRUE },
	{ RECORD_DUMP, HAS(SERIAL) | HAS(TYPE) | HAS(REASON), TRUE },
	{ RECORD_OPEN_DUMP, HAS(SERIAL) | HAS(PART), TRUE },
	{ RECORD_REMOVE_DUMP, HAS(SERIAL) | HAS(PART), TRUE },
	{ RECORD_ANNEX, HAS(SERIAL) | HAS(JSON_PART), TRUE },
	{ RECORD_CANCEL, 0, FALSE },
	{ RECORD_DUMP_CONFIRM, 0, FALSE },
	{ RECORD_DUMP_WITHDRAW, HAS(SERIAL), FALSE },
	{ RECORD_PING, 0, FALSE },
};

static guint64 mask_of(const Field *field)
{
	return field->size == 8 ? G_MAXUINT64 : G_MAXUINT32;
}

static guint64 get_field(const Record *record, const Field *field)
{
	guint64 value = 0;

	memcpy(&value, (const char *)record + field->offset, field->size);
	return value;
}

static void set_field(Record *record, const Field *field, guint64 value)
{
	memcpy((char *)record + field->offset, &value, field->size);
}

static gboolean is_right(const Record *record, const Field *field)
{
	guint64 value = get_field(record, field);

	return value >= field->min && value <= field->max;
}

static void judge(const Kind *kind, HostileRecord *r)
{
	gboolean wrong = !is_right(&r->record, &fields[ERROR]);

	for (unsigned i = 0; i < N_FIELDS; i++)
		if (kind->has & HAS(i) && !is_right(&r->record, &fields[i]))
			wrong = TRUE;
	r->is_answered = kind->is_answered;
	r->verdict = wrong ? HOSTILE_WRONG
	             : kind->kind == RECORD_START_SESSION || kind->kind == RECORD_ANNEX
	                     ? HOSTILE_UNSURE
	                     : HOSTILE_GOOD;
}

static int sealed_memfd(size_t len)
{
	int fd = memfd_create("annex", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)len) == 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

/* What an annex may come with. */
static int annex_fd(guint32 which)
{
	switch (which % 6) {
	case 0:
		return sealed_memfd(0);
	case 1:
		return sealed_memfd(RECORD_ANNEX_MAX);
	case 2:
		return sealed_memfd(RECORD_ANNEX_MAX + 1);
	case 3:
		return memfd_create("unsealed", MFD_CLOEXEC);
	default:
		return fcntl((int)(which % 2), F_DUPFD_CLOEXEC, 3);
	}
}

static const char *const names[] = {
	"System.Runtime",
	"Some.Provider",
	"*",
	"Microsoft-Windows-DotNETRuntime",
	"Microsoft-Windows-DotNETRuntimePrivate",
	"System.Diagnostics.Metrics",
	"Microsoft-DotNETCore-SampleProfiler",
	"",
	"a b",
	"a;FilterData=x",
	"/etc/passwd",
	"\xff\xfe",
};

static void add_payload(GRand *rand, HostileRecord *r)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	guint n = (guint)g_rand_int_range(rand, 0, 6);

	if (g_rand_int_range(rand, 0, 50) == 0)
		n = RECORD_NAMES_MAX + 1;
	for (guint i = 0; i < n; i++) {
		const char *name = names[g_rand_int_range(
			rand, 0, g_rand_boolean(rand) ? 3 : G_N_ELEMENTS(names))];

		g_byte_array_append(out, (const guint8 *)name, (guint)strlen(name) + 1);
	}
	if (g_rand_int_range(rand, 0, 8) == 0)
		for (guint left = (guint)g_rand_int_range(rand, 1, 300); left; left--) {
			guint8 byte = (guint8)g_rand_int(rand);

			g_byte_array_append(out, &byte, 1);
		}
	r->len = out->len;
	r->record.payload_len = out->len;
	r->payload = g_memdup2(out->data, out->len);
}

static guint64 pick(GRand *rand, const GArray *from)
{
	return from->len
	               ? g_array_index(from, guint64, g_rand_int_range(rand, 0, (gint32)from->len))
	               : 1;
}

static gboolean is_about_dump(const Kind *kind)
{
	return kind->has & (HAS(PART) | HAS(JSON_PART));
}

static guint64 random_value(GRand *rand, const Kind *kind, const Field *field,
                            const HostileKnown *known)
{
	guint64 any = (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);
	gboolean fits = g_rand_int_range(rand, 0, 4) > 0;

	if (field == &fields[SERIAL] && g_rand_int_range(rand, 0, 4))
		return pick(rand, is_about_dump(kind) == fits ? known->dumps : known->serials);
	switch (g_rand_int_range(rand, 0, 8)) {
	case 0:
		return any & mask_of(field);
	case 1:
		return (field->max + 1) & mask_of(field);
	case 2:
		return (field->min - 1) & mask_of(field);
	default:
		return field->min +
		       any % MIN(field->max - field->min + (field->max < G_MAXUINT64), 4096);
	}
}

static HostileRecord start_record(const Kind *kind)
{
	HostileRecord r = { .record = record_new(kind->kind), .fd = -1 };

	return r;
}

void hostile_random(GRand *rand, const HostileKnown *known, HostileRecord *ret)
{
	const Kind *kind = &kinds[g_rand_int_range(rand, 0, G_N_ELEMENTS(kinds))];
	guint8 *bytes;

	*ret = start_record(kind);
	/* What stands behind the id is what the sender likes. */
	bytes = (guint8 *)&ret->record;
	for (size_t at = G_STRUCT_OFFSET(Record, serial); at < sizeof ret->record; at++)
		bytes[at] = g_rand_boolean(rand) ? 0 : (guint8)g_rand_int(rand);
	ret->record.payload_len = 0;
	set_field(&ret->record, &fields[ERROR],
	          g_rand_int_range(rand, 0, 8) ? 0 : g_rand_int(rand));
	for (unsigned i = 0; i < ERROR; i++)
		if (kind->has & HAS(i))
			set_field(&ret->record, &fields[i],
			          random_value(rand, kind, &fields[i], known));
	if (kind->kind == RECORD_START_SESSION)
		add_payload(rand, ret);
	if (kind->kind == RECORD_ANNEX)
		ret->fd = annex_fd(g_rand_int(rand));
	judge(kind, ret);
}

/* Every field is right, and about the first process (or dump) that is known. */
static HostileRecord good_record(const Kind *kind, const HostileKnown *known)
{
	HostileRecord r = start_record(kind);
	const GArray *about;

	for (unsigned i = 0; i < N_FIELDS; i++)
		if (kind->has & HAS(i) || i == ERROR)
			set_field(&r.record, &fields[i], fields[i].min);
	about = is_about_dump(kind) ? known->dumps : known->serials;
	if (kind->has & HAS(SERIAL) && about->len)
		r.record.serial = g_array_index(about, guint64, 0);
	if (kind->kind == RECORD_START_SESSION) {
		r.payload = g_memdup2("System.Runtime", sizeof "System.Runtime");
		r.len = r.record.payload_len = sizeof "System.Runtime";
	}
	if (kind->kind == RECORD_ANNEX)
		r.fd = sealed_memfd(2);
	return r;
}

void hostile_good(RecordKind kind, const HostileKnown *known, HostileRecord *ret)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].kind == kind) {
			*ret = good_record(&kinds[i], known);
			judge(&kinds[i], ret);
		}
}

gboolean hostile_boundary(guint n, const HostileKnown *known, HostileRecord *ret)
{
	for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
		for (unsigned i = 0; i < N_FIELDS; i++) {
			const Field *field = &fields[i];
			const guint64 values[] = { 0,
				                   1,
				                   field->min,
				                   field->min - 1,
				                   field->max,
				                   field->max + 1,
				                   0x7fffffff,
				                   0x80000000,
				                   0xffffffff,
				                   G_MAXINT64,
				                   (guint64)G_MAXINT64 + 1,
				                   G_MAXUINT64,
				                   field == &fields[ERROR] ? (guint32)-EINVAL : 2 };

			/* Those that the kind has not got, too: they must not matter. */
			if (n >= G_N_ELEMENTS(values)) {
				n -= G_N_ELEMENTS(values);
				continue;
			}
			*ret = good_record(&kinds[k], known);
			set_field(&ret->record, field, values[n] & mask_of(field));
			judge(&kinds[k], ret);
			return TRUE;
		}
	}
	return FALSE;
}

void hostile_clear(HostileRecord *record)
{
	g_free(record->payload);
	if (record->fd >= 0)
		close(record->fd);
}
