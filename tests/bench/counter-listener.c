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
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ipc/nettrace/event-counters.h"
#include "tests/bench/ask.h"
#include "tests/bench/clock.h"

enum {
	DRAIN_US = 10000000,
};

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
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

static int listen_for(const char *path, int fd, uint64_t session, double seconds, char *counter)
{
	NettraceDecoder *decoder = nettrace_decoder_new(on_event, counter);
	int64_t end = now_us(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e6);
	int status = 0;

	while (status == 0 && !stop && now_us(CLOCK_MONOTONIC) < end)
		status = ask_read(fd, decoder, NULL);
	if (status == 0)
		status = ask_stop(path, session);
	end = now_us(CLOCK_MONOTONIC) + DRAIN_US;
	while (status == 0 && now_us(CLOCK_MONOTONIC) < end)
		status = ask_read(fd, decoder, NULL);
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
	uint64_t session;
	int fd;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: counter-listener SOCKET SECONDS [COUNTER]\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	session = ask_session(argv[1], &config, &fd);
	if (session == 0)
		return 1;
	puts("READY");
	fflush(stdout);
	return listen_for(argv[1], fd, session, atof(argv[2]), argc > 3 ? argv[3] : usual);
}
