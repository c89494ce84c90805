/*
 * capture-ticks SOCKET TICKS SECONDS >FILE - the event stream of a runtime that allocates, as it comes: of
 * the GC at level 5, until it has so many allocation ticks, or for so long. It is stopped and drained to its
 * end, so that FILE is a whole nettrace stream. The status is 1 when the runtime refused or the stream broke.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/nettrace/gc-events.h"
#include "tests/bench/ask.h"
#include "tests/bench/clock.h"

enum {
	DRAIN_US = 60000000,
	GC_KEYWORD = 1,
	GC_LEVEL = 5,
	BUFFER_MB = 256,
};

static void on_event(const NettraceEvent *event, void *data)
{
	GcEvent gc;

	*(unsigned long *)data += gc_event_parse(event, &gc) == 1 && gc.kind == GC_EVENT_TICK;
}

int main(int argc, char **argv)
{
	const IpcProvider provider = { GC_EVENTS_PROVIDER, GC_KEYWORD, GC_LEVEL, NULL };
	const IpcSessionConfig config = { .buffer_mb = BUFFER_MB,
		                          .providers = &provider,
		                          .n_providers = 1 };
	unsigned long ticks = 0, wanted = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	NettraceDecoder *decoder;
	uint64_t session;
	int64_t end;
	int fd, status = 0;

	if (wanted == 0) {
		fprintf(stderr, "usage: capture-ticks SOCKET TICKS SECONDS >FILE\n");
		return 2;
	}
	session = ask_session(argv[1], &config, &fd);
	decoder = nettrace_decoder_new(on_event, &ticks);
	if (session == 0 || decoder == NULL)
		return 1;
	end = now_us(CLOCK_MONOTONIC) + (int64_t)(atof(argv[3]) * 1e6);
	while (status == 0 && ticks < wanted && now_us(CLOCK_MONOTONIC) < end)
		status = ask_read(fd, decoder, stdout);
	/* The reply comes when all is written: in a child, while the rest is read here. */
	if (status == 0 && fork() == 0)
		_exit(ask_stop(argv[1], session) == 0 ? 0 : 1);
	end = now_us(CLOCK_MONOTONIC) + DRAIN_US;
	while (status == 0 && now_us(CLOCK_MONOTONIC) < end)
		status = ask_read(fd, decoder, stdout);
	fprintf(stderr, "captured %lu ticks, %llu dropped\n", ticks,
	        (unsigned long long)nettrace_decoder_stats(decoder)->dropped);
	nettrace_decoder_free(decoder);
	return status == 1 && fflush(stdout) == 0 ? 0 : 1;
}
