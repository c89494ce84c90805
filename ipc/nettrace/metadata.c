#include "ipc/nettrace/metadata.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/nettrace/utf16.h"

enum {
	TAG_OPCODE = 1,
	TAG_FIELDS = 2
};

/* One definition under construction: what it may still take of the caps, and why it failed. */
typedef struct {
	size_t room;
	unsigned fields;
	int error;
} Builder;

/* The least bytes of a field on the wire: V1 a type and an empty name, V2 a size besides. */
enum {
	FIELD_LEAST_V1 = 6,
	FIELD_LEAST_V2 = 10
};

static void fail(Builder *b, int error)
{
	if (!b->error)
		b->error = error;
}

static bool charge(Builder *b, size_t bytes)
{
	if (b->error)
		return false;
	if (bytes > b->room) {
		fail(b, -E2BIG);
		return false;
	}
	b->room -= bytes;
	return true;
}

static char *keep_name(Builder *b, const char *text)
{
	char *copy;

	if (!charge(b, strlen(text) + 1))
		return NULL;
	copy = strdup(text);
	if (!copy)
		fail(b, -ENOMEM);
	return copy;
}

static char *take_name(Builder *b, ByteReader *r)
{
	char text[NETTRACE_MAX_NAME];

	if (!utf16_read_z(r, text, sizeof text)) {
		fail(b, -EPROTO);
		return NULL;
	}
	return keep_name(b, text);
}

/* An array of n fields, of which the wire has at least `least` bytes each. */
static NettraceField *new_fields(Builder *b, const ByteReader *r, uint32_t n, unsigned least)
{
	NettraceField *fields;

	if (b->error || !n)
		return NULL;
	if (r->bad || n > byte_reader_left(r) / least) {
		fail(b, -EPROTO);
		return NULL;
	}
	if (n > NETTRACE_MAX_FIELDS - b->fields) {
		fail(b, -E2BIG);
		return NULL;
	}
	if (!charge(b, n * sizeof *fields))
		return NULL;
	fields = calloc(n, sizeof *fields);
	if (!fields) {
		fail(b, -ENOMEM);
		return NULL;
	}
	b->fields += n;
	return fields;
}

static void free_fields(NettraceField *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(fields[i].name);
		free_fields(fields[i].fields, fields[i].n_fields);
	}
	free(fields);
}

typedef void FieldReader(Builder *b, ByteReader *r, NettraceField *field, unsigned depth);

/* u32 n and n fields. What it could not finish stays consistent, to be freed. */
static void read_fields(Builder *b, ByteReader *r, FieldReader *read_field, unsigned least,
                        NettraceField **ret, unsigned *ret_n, unsigned depth)
{
	uint32_t n = byte_reader_u32(r);

	if (n && depth >= NETTRACE_MAX_FIELD_DEPTH)
		fail(b, -E2BIG);
	if (r->bad)
		fail(b, -EPROTO);
	*ret = new_fields(b, r, n, least);
	*ret_n = *ret ? n : 0;
	for (unsigned i = 0; !b->error && i < *ret_n; i++)
		read_field(b, r, &(*ret)[i], depth);
}

static void read_field_v1(Builder *b, ByteReader *r, NettraceField *field, unsigned depth)
{
	field->type = byte_reader_u32(r);
	if (field->type == NETTRACE_TYPE_OBJECT)
		read_fields(b, r, read_field_v1, FIELD_LEAST_V1, &field->fields, &field->n_fields,
		            depth + 1);
	field->name = take_name(b, r);
}

static void read_field_v2(Builder *b, ByteReader *r, NettraceField *field, unsigned depth);

/* What stands behind the type code of a V2 field. */
static void read_type_v2(Builder *b, ByteReader *r, NettraceField *field, unsigned depth)
{
	if (depth >= NETTRACE_MAX_FIELD_DEPTH)
		fail(b, -E2BIG);
	if (b->error)
		return;
	if (field->type == NETTRACE_TYPE_ARRAY)
		field->element = byte_reader_u32(r);
	if (field->type == NETTRACE_TYPE_OBJECT || field->element == NETTRACE_TYPE_OBJECT) {
		read_fields(b, r, read_field_v2, FIELD_LEAST_V2, &field->fields, &field->n_fields,
		            depth + 1);
	} else if (field->element == NETTRACE_TYPE_ARRAY) {
		field->fields = new_fields(b, r, 1, sizeof(uint32_t));
		field->n_fields = field->fields ? 1 : 0;
		if (!field->fields)
			return;
		field->fields->type = NETTRACE_TYPE_ARRAY;
		field->fields->name = keep_name(b, "");
		read_type_v2(b, r, field->fields, depth + 1);
	}
}

static void read_field_v2(Builder *b, ByteReader *r, NettraceField *field, unsigned depth)
{
	uint32_t size = byte_reader_u32(r);
	const uint8_t *body = size < 4 ? NULL : byte_reader_take(r, size - 4);
	ByteReader inner;

	if (!body) {
		fail(b, -EPROTO);
		return;
	}
	inner = byte_reader(body, size - 4);
	field->name = take_name(b, &inner);
	field->type = byte_reader_u32(&inner);
	read_type_v2(b, &inner, field, depth);
	if (inner.bad)
		fail(b, -EPROTO);
}

/* Tags that are unknown or cut are passed over: they add to a definition that stands without
 * them. */
static void read_tags(Builder *b, ByteReader *r, NettraceMetadata *m)
{
	while (!b->error && byte_reader_left(r)) {
		uint32_t size = byte_reader_u32(r);
		uint8_t kind = byte_reader_u8(r);
		const uint8_t *body = byte_reader_take(r, size);
		ByteReader inner;

		if (!body)
			return;
		inner = byte_reader(body, size);
		if (kind == TAG_OPCODE && size >= 1)
			m->opcode = body[0];
		if (kind == TAG_FIELDS && !m->n_fields)
			read_fields(b, &inner, read_field_v2, FIELD_LEAST_V2, &m->fields,
			            &m->n_fields, 0);
	}
}

static void free_metadata(NettraceMetadata *m)
{
	if (!m)
		return;
	free_fields(m->fields, m->n_fields);
	free(m->provider);
	free(m->name);
	free(m);
}

static void read_definition(Builder *b, ByteReader *r, NettraceMetadata *m)
{
	m->provider = take_name(b, r);
	if (byte_reader_left(r)) {
		m->event_id = byte_reader_u32(r);
		m->name = take_name(b, r);
		m->keywords = byte_reader_u64(r);
		m->version = byte_reader_u32(r);
		m->level = byte_reader_u32(r);
	} else {
		m->name = keep_name(b, "");
	}
	if (r->bad)
		fail(b, -EPROTO);
	if (!b->error && byte_reader_left(r))
		read_fields(b, r, read_field_v1, FIELD_LEAST_V1, &m->fields, &m->n_fields, 0);
	read_tags(b, r, m);
}

static size_t fields_cost(const NettraceField *fields, unsigned n)
{
	size_t cost = n * sizeof *fields;

	for (unsigned i = 0; i < n; i++) {
		cost += fields[i].name ? strlen(fields[i].name) + 1 : 0;
		cost += fields_cost(fields[i].fields, fields[i].n_fields);
	}
	return cost;
}

/* What a Builder charged for it. */
static size_t metadata_cost(const NettraceMetadata *m)
{
	return sizeof *m + strlen(m->provider) + 1 + strlen(m->name) + 1 +
	       fields_cost(m->fields, m->n_fields);
}

static void forget(NettraceMetadataTable *table, uint32_t id)
{
	NettraceMetadata *m = nettrace_metadata_find(table, id);

	if (!m)
		return;
	table->by_id[id] = NULL;
	table->n--;
	table->bytes -= metadata_cost(m);
	free_metadata(m);
}

static int make_room(NettraceMetadataTable *table, uint32_t id)
{
	uint32_t size = table->size ? table->size : 64;
	NettraceMetadata **by_id;

	if (id < table->size)
		return 0;
	while (size <= id)
		size *= 2;
	by_id = realloc(table->by_id, size * sizeof(NettraceMetadata *));
	if (!by_id)
		return -ENOMEM;
	for (uint32_t i = table->size; i < size; i++)
		by_id[i] = NULL;
	table->by_id = by_id;
	table->size = size;
	return 0;
}

int nettrace_metadata_define(NettraceMetadataTable *table, const uint8_t *payload, size_t len)
{
	ByteReader r = byte_reader(payload, len);
	uint32_t id = byte_reader_u32(&r);
	NettraceMetadata *m;
	Builder b = { 0 };

	if (r.bad || !id)
		return -EPROTO;
	forget(table, id);
	if (id > NETTRACE_MAX_METADATA_ID || table->n >= NETTRACE_MAX_METADATA)
		return -E2BIG;
	if (make_room(table, id) < 0)
		return -ENOMEM;
	b.room = NETTRACE_MAX_METADATA_BYTES - table->bytes;
	if (!charge(&b, sizeof *m))
		return b.error;
	m = calloc(1, sizeof *m);
	if (!m)
		return -ENOMEM;
	m->id = id;
	read_definition(&b, &r, m);
	if (b.error) {
		free_metadata(m);
		return b.error;
	}
	table->by_id[id] = m;
	table->n++;
	table->bytes = NETTRACE_MAX_METADATA_BYTES - b.room;
	return 0;
}

void nettrace_metadata_clear(NettraceMetadataTable *table)
{
	for (uint32_t i = 0; i < table->size; i++)
		free_metadata(table->by_id[i]);
	free(table->by_id);
	*table = (NettraceMetadataTable){ 0 };
}
