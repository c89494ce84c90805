#pragma once
/*
 * What comes back: payloads of replies, parsed from bytes that a hostile target may have written.
 * Texts are UTF-8 (utf16.h), cut at the size of their array; control bytes are kept.
 *
 * On the wire a text is a u32 count of UTF-16 units with its NUL, then the units; count 0 is none.
 * Layouts: dotnet/runtime, src/native/eventpipe/ds-process-protocol.c and ds-dump-protocol.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	unsigned version; /* of the command that answered: 1, 2, 3 */
	uint64_t pid;     /* as the target sees itself */
	char cookie[37];  /* the runtime instance's GUID as text */
	char os[32];
	char arch[32];
	char entrypoint[256];     /* managed entry assembly; from version 2 */
	char runtime_version[64]; /* clrProductVersion without "+commit"; from version 2 */
	char rid[64];             /* portable runtime identifier; version 3 */
	char *command_line;       /* malloc, never NULL after success */
} IpcProcessInfo;

void ipc_process_info_clear(IpcProcessInfo *info);
bool ipc_process_info_equal(const IpcProcessInfo *a, const IpcProcessInfo *b);

/* 0, -EPROTO, -ENOMEM, or -EINVAL for a version that does not exist; *ret is empty after a failure.
 * `payload` is what follows the 20-byte header of an OK reply to version 1, 2 or 3. */
int ipc_parse_process_info(unsigned version, const uint8_t *payload, size_t len,
                           IpcProcessInfo *ret);

/* The first four bytes of an error reply; 0 when there are none. */
uint32_t ipc_parse_hresult(const uint8_t *payload, size_t len);

/* The text behind the HRESULT of an error reply of GenerateCoreDump3, or NULL when there is none or
 * it is empty. malloc. Lines are kept, other control characters become '?', at most 4,096 bytes. */
char *ipc_parse_error_text(const uint8_t *payload, size_t len);

/*
 * The continuation of GetProcessEnvironment (u32 count, then so many texts) as KEY=VALUE strings,
 * each NUL-ended, joined: malloc, *ret_len bytes. A NUL inside a string ends it; empty ones are
 * left out. 0, -EPROTO, -E2BIG above IPC_MAX_ENVIRONMENT bytes, -ENOMEM.
 */
int ipc_parse_environment(const uint8_t *data, size_t len, char **ret, size_t *ret_len);
