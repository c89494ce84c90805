/*
 * counter-listener SOCKET SECONDS [COUNTER] - another tool beside us: a session of its own on a runtime's
 * diagnostics socket that asks for the counters of System.Runtime every second. Of each report of COUNTER
 * (cpu-usage) a line with CLOCK_REALTIME in microseconds, IntervalSec and the interval in the Series
 * (the one in force, which the tools of a process share):
 *
 *	US 1.000 Interval=1000
 *
 * Says "READY" when the session is open. After SECONDS, or by SIGTERM, it is stopped and drained to its
 * end: closing it otherwise can kill a 3.1. The status is 1 when the runtime refused or the stream broke.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "ipc/client.h"
#include "ipc/nettrace/decoder.h"
#include "ipc/nettrace/event-counters.h"
#include "tests/bench/clock.h"

enum {
	REPLY_US = 10000000,
	DRAIN_US = 10000000,
	PAUSE_MS = 100,
};

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Sends a request and waits for its reply; NULL when there is none, or it is no OK. A connection that
 * carries an unanswered request is not closed, but by our end. */
static IpcClient *ask(const char *path, IpcRequest *request)
{
	int64_t end = now_us(CLOCK_MONOTONIC) + REPLY_US;
	int fd = connect_to(path), error = fd < 0 ? -errno : -EAGAIN;
	IpcClient *client = fd < 0 ? NULL : ipc_client_new(fd, request, end);

	while (client != NULL && (error = ipc_client_step(client)) == -EAGAIN &&
	       !ipc_client_expired(client, now_us(CLOCK_MONOTONIC))) {
		struct pollfd pfd = { .fd = ipc_client_fd(client),
			              .events = ipc_client_events(client) };

		poll(&pfd, 1, PAUSE_MS);
	}
	if (client == NULL || error != 0 || !ipc_client_ok(client)) {
		fprintf(stderr, "%s: %s\n", path,
		        error != 0 ? strerror(-error) : "the runtime refuses");
		return NULL;
	}
	return client;
}

/* The Series is a text of the payload, found by its beginning: 0 where there is none. */
static unsigned series_ms(const NettraceEvent *event)
{
	static const char key[] = "I\0n\0t\0e\0r\0v\0a\0l\0=";
	const uint8_t *end = event->payload + event->payload_len;
	const uint8_t *p = memmem(event->payload, event->payload_len, key, sizeof key);
	unsigned ms = 0;

	if (p == NULL)
		return 0;
	for (p += sizeof key; p + 1 < end && p[0] >= '0' && p[0] <= '9' && p[1] == 0; p += 2)
		ms = ms * 10 + (p[0] - '0');
	return ms;
}

static void on_event(const NettraceEvent *event, void *data)
{
	EventCounterSample sample;

	if (event_counter_parse(event, &sample) != 1 || strcmp(sample.name, data) != 0)
		return;
	printf("%" PRId64 " %.3f Interval=%u\n", now_us(CLOCK_REALTIME), sample.interval_s,
	       series_ms(event));
	fflush(stdout);
}

static int stop_tracing(const char *path, uint64_t session)
{
	IpcRequest request;
	IpcClient *client;

	if (ipc_build_stop_tracing(session, &request) < 0)
		return -1;
	client = ask(path, &request);
	if (client == NULL)
		return -1;
	ipc_client_free(client);
	return 0;
}

/* One read of the stream; 1 at its end, -1 when it broke. */
static int read_some(int fd, NettraceDecoder *decoder)
{
	static uint8_t buf[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, PAUSE_MS) <= 0)
		return 0;
	n = read(fd, buf, sizeof buf);
	if (n == 0)
		return 1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return nettrace_decoder_push(decoder, buf, (size_t)n) < 0 ? -1 : 0;
}

static int listen_for(const char *path, int fd, uint64_t session, double seconds, char *counter)
{
	NettraceDecoder *decoder = nettrace_decoder_new(on_event, counter);
	int64_t end = now_us(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e6);
	int status = 0;

	while (status == 0 && !stop && now_us(CLOCK_MONOTONIC) < end)
		status = read_some(fd, decoder);
	if (status == 0)
		status = stop_tracing(path, session);
	end = now_us(CLOCK_MONOTONIC) + DRAIN_US;
	while (status == 0 && now_us(CLOCK_MONOTONIC) < end)
		status = read_some(fd, decoder);
	if (status < 0 && nettrace_decoder_error(decoder) != NULL)
		fprintf(stderr, "%s\n", nettrace_decoder_error(decoder));
	nettrace_decoder_free(decoder);
	return status == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char usual[] = "cpu-usage";
	/* Keywords 0 and level 1 are all counters and nothing else. */
	const IpcProvider provider = { "System.Runtime", 0, 1, "EventCounterIntervalSec=1" };
	const IpcSessionConfig config = { .buffer_mb = 1,
		                          .providers = &provider,
		                          .n_providers = 1 };
	IpcRequest request;
	IpcClient *client;
	uint64_t session = 0;
	size_t len;
	const uint8_t *payload;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: counter-listener SOCKET SECONDS [COUNTER]\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	/* Version 2 is known to all, from 3.1 on. */
	if (ipc_build_collect_tracing(2, &config, &request) < 0)
		return 1;
	client = ask(argv[1], &request);
	if (client == NULL)
		return 1;
	payload = ipc_client_payload(client, &len);
	for (size_t i = 0; i < 8 && i < len; i++)
		session |= (uint64_t)payload[i] << (8 * i);
	puts("READY");
	fflush(stdout);
	return listen_for(argv[1], ipc_client_steal_fd(client), session, atof(argv[2]),
	                  argc > 3 ? argv[3] : usual);
}
