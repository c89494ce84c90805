#pragma once
/*
 * The table of event types that a stream defines, by id. Private to the decoder.
 *
 * A definition, as the payload of a blob in a MetadataBlock:
 *
 *   u32 id, utf16z provider, u32 event id, utf16z event name, u64 keywords, u32 version, u32 level,
 *   u32 n, n fields, tags up to the end
 *   field (V1)  u32 type, [an object: u32 n, n fields], utf16z name
 *   tag         u32 size, u8 kind, size bytes: 1 is the opcode (u8), 2 a field list (V2), which has
 *               the fields of an event with arrays, and then n is 0
 *   field (V2)  u32 size with itself, utf16z name, u32 type,
 *               [an object: u32 n, n fields] [an array: u32 type of its elements, likewise]
 *
 * It may end after the provider; what is missing is 0 or empty.
 */
#include "ipc/nettrace/decoder.h"

typedef struct {
	NettraceMetadata **by_id; /* NULL where nothing is defined */
	uint32_t size;            /* of by_id */
	unsigned n;
	size_t bytes; /* of all definitions */
} NettraceMetadataTable;

void nettrace_metadata_clear(NettraceMetadataTable *table);

/*
 * Takes one definition in; an older one of that id goes. 0, -EPROTO for a malformed one, -E2BIG for
 * one over the caps, -ENOMEM. After an error nothing is defined by that id.
 */
int nettrace_metadata_define(NettraceMetadataTable *table, const uint8_t *payload, size_t len);

static inline NettraceMetadata *nettrace_metadata_find(const NettraceMetadataTable *table,
                                                       uint32_t id)
{
	return id < table->size ? table->by_id[id] : NULL;
}
