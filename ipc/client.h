#pragma once
/*
 * One request and its reply on one connected socket, without blocking and without a main loop: the
 * caller polls ipc_client_fd() for ipc_client_events() and calls ipc_client_step().
 *
 *   connected fd -> [send whole request, one send] -> [20-byte header] -> [size - 20 bytes] -> done
 *
 * Exactly the reply is read: what follows it (an event stream, an environment) stays in the socket.
 *
 * Closing at the wrong moment kills 3.1 or hangs its diagnostics server: before the reply to
 * CollectTracing (SIGSEGV at the first or second time), right after it (the same), and after the
 * first byte of the stream (hung in one of three runs); after 1.5 s of streaming it was safe. So
 * the connection of a CollectTracing request cannot be closed through this interface before its
 * reply or EOF, nor after an OK before it was stolen: ipc_client_free() then answers -EBUSY and the
 * object lives on; and IpcStream keeps a young stream open. A deadline changes what the caller
 * tells its user, not the connection (ipc_client_expired).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/commands.h"

typedef struct IpcClient IpcClient;

typedef enum {
	IPC_CLIENT_SENDING,
	IPC_CLIENT_WAITING, /* sent; no or not all of the reply there */
	IPC_CLIENT_REPLIED,
	IPC_CLIENT_FAILED,
} IpcClientState;

/*
 * Takes ownership of fd (connected, made non-blocking here) and of request's bytes (*request is
 * cleared). `deadline_us` (0 for none) and every `now_us` are CLOCK_MONOTONIC microseconds. NULL
 * without memory: then both are still the caller's. A request without bytes fails with -EINVAL.
 */
IpcClient *ipc_client_new(int fd, IpcRequest *request, int64_t deadline_us);

int ipc_client_fd(const IpcClient *c);       /* -1 after it was stolen */
short ipc_client_events(const IpcClient *c); /* POLLIN or POLLOUT */

/*
 * Goes on as far as it can. -EAGAIN: poll again. 0: the reply is whole. Otherwise it failed for
 * good: -ECONNRESET (EOF before the reply's end), -EPROTO (no reply of this protocol), or what the
 * socket said. A send that takes only part of the request (a full buffer) goes on at POLLOUT. After
 * the end it says the same again.
 */
int ipc_client_step(IpcClient *c);

IpcClientState ipc_client_state(const IpcClient *c);
bool ipc_client_expired(const IpcClient *c, int64_t now_us); /* past its deadline, under way */
const IpcRequest *ipc_client_request(const IpcClient *c);    /* command and version stay readable */

/* After REPLIED. The payload is what follows the header; valid until the client is freed. */
bool ipc_client_ok(const IpcClient *c);
const uint8_t *ipc_client_payload(const IpcClient *c, size_t *ret_len);

/* After an OK reply to CollectTracing or GetProcessEnvironment: the socket with what follows; the
 * caller owns it. -EINVAL otherwise. */
int ipc_client_steal_fd(IpcClient *c);

/*
 * Whether closing is allowed: everything but a CollectTracing of which a byte was sent, until an
 * error reply or EOF came, or until the stream behind its OK was stolen. Bytes that are no reply
 * free it too: what sends them is no runtime, and must not hold our descriptors for ever.
 */
bool ipc_client_may_close(const IpcClient *c);

/* 0, or -EBUSY (see above) and nothing was freed. NULL is 0. */
int ipc_client_free(IpcClient *c);

/* For the end of the whole process only: closes whatever the state. */
void ipc_client_abandon_at_exit(IpcClient *c);

/*
 * The stream behind CollectTracing, as its reader may close it: after EOF, or 2 s after its first
 * byte (see above). Plain data, to be embedded.
 */
typedef struct {
	int fd;                /* -1 when closed */
	int64_t first_byte_us; /* 0 before */
	bool eof;
} IpcStream;

enum {
	IPC_STREAM_YOUNG_US = 2000000,
};

void ipc_stream_init(IpcStream *s, int fd); /* takes fd, makes it non-blocking */
/* read(2): >0 bytes, 0 at EOF, -EAGAIN, or another error (which ends the stream like EOF). -EINVAL
 * for a size of 0. */
int ipc_stream_read(IpcStream *s, void *buf, size_t size, int64_t now_us);
/* 0 and closed; or the microseconds until it may be closed (at least 1). A stream without a first
 * byte may not be closed: INT64_MAX. */
int64_t ipc_stream_close(IpcStream *s, int64_t now_us);
