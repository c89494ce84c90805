#pragma once
/*
 * Every request that this client can send, built whole from typed values.
 *
 * Some malformed requests kill the target: a buffer of 0 MB or a format that is not 1 (8.0, 9.0,
 * NativeAOT 8: SIGSEGV), a null dump path (8.0 to 11), a CollectTracing2 that is cut short (3.1
 * answers OK and dies), a StopTracing of less than 8 bytes (reads past its buffer). No argument of
 * these functions can yield such bytes: what is out of range is refused with -EINVAL and *ret is
 * then empty. There is no function for any command that is not here (no profiler, no ResumeRuntime,
 * no startup hook), and IpcRequest's bytes can be had from here alone.
 *
 * Layouts: dotnet/runtime, src/native/eventpipe/ds-{dump,eventpipe,process}-protocol.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/message.h"

enum {
	IPC_MAX_PROVIDERS = 64,
	IPC_MAX_NAME = 128,            /* bytes of a provider's name, [A-Za-z0-9._-] */
	IPC_MAX_FILTER = 16384,        /* bytes of filter arguments: printable ASCII, no '"' */
	IPC_MAX_DUMP_PATH = 1000,      /* bytes: UTF-8, absolute, no control bytes, no '%' */
	IPC_MAX_BUFFER_MB = 1024,      /* the runtime's "MB" is 2^20 */
	IPC_MAX_ENVIRONMENT = 4 << 20, /* bytes of an environment's continuation */
};

typedef enum {
	IPC_COMMAND_PROCESS_INFO,    /* versions 3, 2, 1 */
	IPC_COMMAND_COLLECT_TRACING, /* versions 4, 3, 2, 1 */
	IPC_COMMAND_STOP_TRACING,    /* version 1 */
	IPC_COMMAND_CORE_DUMP,       /* versions 3, 2, 1 */
	IPC_COMMAND_ENVIRONMENT,     /* version 1 */
	IPC_N_COMMANDS,
} IpcCommand;

typedef enum {
	IPC_DUMP_MINI = 1,
	IPC_DUMP_HEAP = 2,
	IPC_DUMP_TRIAGE = 3,
	IPC_DUMP_FULL = 4,
} IpcDumpType;

/* A request ready to be sent in one send: the runtime reads it without a deadline, and whoever
 * sends less than the header says blocks its whole diagnostics server. */
typedef struct {
	IpcCommand command;
	unsigned version;
	size_t len;
	uint8_t *bytes; /* malloc */
} IpcRequest;

void ipc_request_clear(IpcRequest *r);

typedef struct {
	const char *name;
	uint64_t keywords;
	unsigned level;     /* 0 to 5 */
	const char *filter; /* NULL for none */
} IpcProvider;

typedef struct {
	unsigned buffer_mb; /* 1 to IPC_MAX_BUFFER_MB */
	const IpcProvider *providers;
	unsigned n_providers; /* 1 to IPC_MAX_PROVIDERS */
} IpcSessionConfig;

/*
 * The newest version of a command, and the next older one: 0 when there is none, or when `version`
 * is unknown. A caller starts with ipc_command_newest(), and on UNKNOWN_COMMAND goes on with
 * ipc_command_older() on a new connection; IpcAbilities remembers the outcome.
 */
unsigned ipc_command_newest(IpcCommand command);
unsigned ipc_command_older(IpcCommand command, unsigned version);

/* What a runtime was seen to know: per command 0 = not asked yet, else the version that it took or
 * that is to be tried next, or IPC_ABILITY_NONE. All zero to begin with. */
enum {
	IPC_ABILITY_NONE = 255,
};
typedef struct {
	uint8_t version[IPC_N_COMMANDS];
} IpcAbilities;

/* The version to send now; 0 when the runtime knows none. */
unsigned ipc_abilities_next(const IpcAbilities *a, IpcCommand command);
/* The runtime took `version`. */
void ipc_abilities_known(IpcAbilities *a, IpcCommand command, unsigned version);
/* The runtime answered UNKNOWN_COMMAND to `version`: steps down. The next version, 0 for none. */
unsigned ipc_abilities_unknown(IpcAbilities *a, IpcCommand command, unsigned version);

/* Each: 0, -EINVAL (a version that does not exist, a value out of range, more than 65,535 bytes) or
 * -ENOMEM. *ret owns its bytes, and is empty after a failure. */
int ipc_build_process_info(unsigned version, IpcRequest *ret);
/* Stack walk and rundown are off wherever the version has the field: version 1 has neither and
 * always writes a rundown of megabytes when it is stopped, so it is the last resort. Format is 1
 * always. */
int ipc_build_collect_tracing(unsigned version, const IpcSessionConfig *config, IpcRequest *ret);
int ipc_build_stop_tracing(uint64_t session_id, IpcRequest *ret);
/* `path` is absolute in the target's view and names a file: it does not end in '/', "/." or "/..".
 * '%' cannot occur in it: createdump expands it. */
int ipc_build_core_dump(unsigned version, const char *path, IpcDumpType type, IpcRequest *ret);
int ipc_build_environment(IpcRequest *ret);
