#pragma once
/*
 * The frame of a diagnostics IPC message and its error codes. Both ways it is 20 bytes of header
 * and at most 65,515 bytes of payload, everything little-endian:
 *
 *   14 bytes "DOTNET_IPC_V1\0", u16 size of the whole message, u8 command set, u8 command id, u16 0
 *
 * Source: dotnet/runtime, src/native/eventpipe/ds-ipc-pal-types.h and ds-protocol.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IPC_HEADER_SIZE = 20,
	IPC_MESSAGE_MAX = 65535,
	IPC_PAYLOAD_MAX = IPC_MESSAGE_MAX - IPC_HEADER_SIZE,
};

typedef enum {
	IPC_SET_DUMP = 0x01,
	IPC_SET_EVENTPIPE = 0x02,
	IPC_SET_PROFILER = 0x03,
	IPC_SET_PROCESS = 0x04,
	IPC_SET_SERVER = 0xff,
} IpcCommandSet;

/* The command ids of replies, whose set is IPC_SET_SERVER. */
enum {
	IPC_REPLY_OK = 0x00,
	IPC_REPLY_ERROR = 0xff,
};

/* HRESULTs that a runtime answers with (ds-types.h; IpcMessage in dotnet/diagnostics). */
#define IPC_E_BAD_ENCODING          0x80131384u
#define IPC_E_UNKNOWN_COMMAND       0x80131385u
#define IPC_E_UNKNOWN_MAGIC         0x80131386u
#define IPC_E_UNKNOWN_ERROR         0x80131387u
#define IPC_E_NOTSUPPORTED          0x80131515u
#define IPC_E_FAIL                  0x80004005u
#define IPC_E_NOT_YET_AVAILABLE     0x8013135bu
#define IPC_E_RUNTIME_UNINITIALIZED 0x80131371u
#define IPC_E_INVALIDARG            0x80070057u
#define IPC_E_INSUFFICIENT_BUFFER   0x8007007au
#define IPC_E_ENVVAR_NOT_FOUND      0x800000cbu
#define IPC_E_PROFILER_ACTIVE       0x8013136au

typedef struct {
	uint16_t size; /* whole message, with the header */
	uint8_t command_set;
	uint8_t command_id;
} IpcHeader;

/* 0, or -EPROTO for a wrong magic or a size below 20. `bytes` are IPC_HEADER_SIZE. */
int ipc_header_parse(const uint8_t *bytes, IpcHeader *ret);

/* Writes IPC_HEADER_SIZE bytes. */
void ipc_header_write(uint8_t *bytes, const IpcHeader *header);

/* The errno for the user (negative) and a sentence for an HRESULT; never 0, never NULL. */
int ipc_hresult_errno(uint32_t hresult);
const char *ipc_hresult_text(uint32_t hresult);
