/* The decoder on a stream, whole and in pieces: both must give the same, and neither may crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/decoder.h"
#include "ipc/nettrace/event-counters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t mix_fields(uint64_t hash, const NettraceField *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		hash = mix(hash, fields[i].name, strlen(fields[i].name));
		hash = mix(hash, &fields[i].type, sizeof fields[i].type);
		hash = mix_fields(hash, fields[i].fields, fields[i].n_fields);
	}
	return hash;
}

static void on_event(const NettraceEvent *event, void *data)
{
	const NettraceMetadata *m = event->metadata;
	EventCounterSample sample;
	uint64_t *hash = data;

	*hash = mix(*hash, m->provider, strlen(m->provider));
	*hash = mix(*hash, m->name, strlen(m->name));
	*hash = mix(*hash, &event->timestamp, sizeof event->timestamp);
	*hash = mix(*hash, &event->thread_id, sizeof event->thread_id);
	*hash = mix(*hash, event->payload, event->payload_len);
	if (!m->counter)
		*hash = mix_fields(*hash, m->fields, m->n_fields);
	if (event_counter_parse(event, &sample) == 1) {
		*hash = mix(*hash, sample.name, strlen(sample.name));
		*hash = mix(*hash, &sample.value, sizeof sample.value);
	}
}

static int push_exact(NettraceDecoder *d, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len);
	int r;

	if (!exact)
		abort();
	memcpy(exact, data, len);
	r = nettrace_decoder_push(d, exact, len);
	free(exact);
	return r;
}

/* In one piece, or in pieces of 1 to 64 bytes that follow from the size. */
static uint64_t decode(const uint8_t *data, size_t size, bool pieces)
{
	uint32_t seed = (uint32_t)size;
	uint64_t hash = 0xcbf29ce484222325u;
	NettraceDecoder *d = nettrace_decoder_new(on_event, &hash);
	const NettraceStats *stats;
	const char *sentence;
	int r = 0;

	if (!d)
		abort();
	for (size_t i = 0; !r && i < size;) {
		size_t chunk = size - i;

		seed = seed * 1664525 + 1013904223;
		if (pieces && chunk > (seed >> 26) + 1)
			chunk = (seed >> 26) + 1;
		r = push_exact(d, data + i, chunk);
		i += chunk;
	}
	stats = nettrace_decoder_stats(d);
	sentence = nettrace_decoder_error(d);
	if (!sentence != !r)
		abort();
	hash = mix(hash, &r, sizeof r);
	hash = mix(hash, &stats->events, sizeof *stats - offsetof(NettraceStats, events));
	hash = mix(hash, sentence, sentence ? strlen(sentence) : 0);
	nettrace_decoder_utc_us(d, hash);
	nettrace_decoder_free(d);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = decode(data, size, false);

	if (decode(data, size, true) != whole)
		abort();
	return 0;
}
