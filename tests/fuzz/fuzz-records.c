/*
 * A record as the other half could send it: a byte of flags, 256 bytes of header (short ones are filled up with
 * zeros), the payload. Flags: 1 it comes from the front, 2 with a descriptor, 4 magic and length are put right.
 * What record_check() lets through is in range of all that is indexed with it; texts stay inside the payload; a
 * session that can be built asks for no provider but those of the table.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/records.h"
#include "fs/broker/sessions.h"
#include "ipc/commands.h"
#include "ipc/nettrace/utf16.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

/* The i-th text, found by counting NULs. */
static void check_texts(const char *payload, size_t len)
{
	size_t begin = 0;
	unsigned i = 0;

	for (size_t at = 0; at < len; at++) {
		if (payload[at])
			continue;
		require(record_text(payload, len, i++) == payload + begin);
		begin = at + 1;
	}
	require(record_text(payload, len, i)[0] == '\0');
	require(record_text(payload, len, G_MAXUINT)[0] == '\0');
}

/* A provider of exactly this name. */
static gboolean has(const IpcRequest *request, const char *name)
{
	uint8_t text[256];
	ByteWriter wanted = { .buf = text, .size = sizeof text };

	utf16_write_counted(&wanted, name);
	require(!wanted.bad);
	return memmem(request->bytes, request->len, text, wanted.len) != NULL;
}

static void check_session(const Record *record, const char *payload, size_t len)
{
	IpcRequest request = { 0 };
	int r = session_build((RecordSession)record->row, record->interval_ms, &record->values,
	                      payload, len, ipc_command_newest(IPC_COMMAND_COLLECT_TRACING),
	                      &request);

	require(r == 0 || r == -EINVAL || r == -E2BIG);
	if (r == 0) {
		gboolean counters = record_session_has_counters(record->row);

		require(has(&request, "Microsoft-Windows-DotNETRuntime") == !counters);
		require(!has(&request, "Microsoft-Windows-DotNETRuntimeRundown"));
		require(!has(&request, "Microsoft-DotNETCore-SampleProfiler"));
		require(counters || !has(&request, "System.Diagnostics.Metrics"));
	}
	ipc_request_clear(&request);
}

static void check_ranges(const Record *record, gboolean from_front)
{
	const guint32 kind = record->kind;

	require(kind < RECORD_N_KINDS && from_front == (kind < RECORD_FOUND));
	require(strcmp(record_kind_name(kind), "unknown") != 0);
	require(record->error <= 0 && (!from_front || !record->error));
	if (kind == RECORD_START_SESSION || kind == RECORD_STOP_SESSION || kind == RECORD_STREAM)
		require(record->row < RECORD_N_SESSIONS);
	if (kind == RECORD_DUMP || kind == RECORD_PREFLIGHT)
		require(record->type >= IPC_DUMP_MINI && record->type <= IPC_DUMP_FULL);
	if (kind == RECORD_OPEN_DUMP || kind == RECORD_REMOVE_DUMP || kind == RECORD_ANNEX)
		require(record->part < RECORD_N_PARTS);
	if (kind == RECORD_NOTICE)
		require(record->word < EVENT_N_WORDS && record->pid >= 0);
	if (kind == RECORD_DUMP_PROGRESS)
		require(record->state <= RECORD_DUMP_CONFIRMING);
	if (kind != RECORD_READY && kind != RECORD_PING && from_front)
		require(record->id != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Record record = { 0 };
	size_t header = MIN(size ? size - 1 : 0, sizeof record), len;
	char *payload;
	int r;

	if (!size || size - 1 > sizeof record + RECORD_PAYLOAD_MAX + 16)
		return 0;
	memcpy(&record, data + 1, header);
	len = size - 1 - header;
	payload = g_memdup2(data + 1 + header, len); /* exactly so long */
	if (data[0] & 4) {
		record.magic = RECORD_MAGIC;
		record.payload_len = (guint32)len;
	}
	r = record_check(&record, len, (data[0] & 2) != 0, (data[0] & 1) != 0);
	require(r == 0 || r == -EPROTO || (r == -EINVAL && data[0] & 1));
	if (r == 0) {
		require(len == record.payload_len && len <= RECORD_PAYLOAD_MAX);
		check_ranges(&record, (data[0] & 1) != 0);
		check_texts(payload, len);
		if (record.kind == RECORD_START_SESSION)
			check_session(&record, payload, len);
	}
	g_free(payload);
	return 0;
}
