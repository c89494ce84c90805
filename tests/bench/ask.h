#pragma once
/* A request to a runtime and its reply, one after the other: for programs that measure. */
#include <stdio.h>
#include "ipc/client.h"
#include "ipc/nettrace/decoder.h"

/*
 * Sends a request to the runtime of this socket and waits for its reply; takes what the request holds.
 * NULL, and a line on standard error, when there is none in 10 s, or it is no OK. A connection that carries
 * an unanswered request is not closed, but by our end.
 */
IpcClient *ask(const char *path, IpcRequest *request);

/* Of a request for a session: its id, and *ret_fd, its stream; 0 as above. */
uint64_t ask_stream(const char *path, IpcRequest *request, int *ret_fd);
/* The same of what is to be in the session. */
uint64_t ask_session(const char *path, const IpcSessionConfig *config, int *ret_fd);
/* 0 or -1. */
int ask_stop(const char *path, uint64_t session);

/* One read of a stream, at most 100 ms: 1 at its end, -1 when it broke, or copy cannot be written; NULL: no copy. */
int ask_read(int fd, NettraceDecoder *decoder, FILE *copy);
