#pragma once
/*
 * What is inside of whole objects: the clock of the Trace object, the blobs of an EventBlock or
 * MetadataBlock, and the numbers by which lost events are counted. Private to the decoder.
 *
 * Trace is 8 u16 (year, month, day of the week, day, hour, minute, second, millisecond in UTC), i64
 * ticks of the event clock at that moment, i64 its ticks a second, u32 pointer size, u32 pid, u32
 * processors, u32 sampling interval.
 *
 * An EventBlock or MetadataBlock is u16 header size (20), u16 flags (bit 0: compressed headers),
 * i64 lowest and i64 highest time stamp, then blobs up to the end. Of a compressed header one byte
 * of flags says which fields follow; one that does not keeps the value of the blob before. Time
 * stamps are sums of differences modulo 2^64, as they may go backwards, and sequence numbers modulo
 * 2^32.
 */
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/decoder.h"

enum {
	NETTRACE_TRACE_SIZE = 48
};

/* 0, or -EPROTO for values that cannot be. */
int nettrace_trace_parse(const uint8_t *body, size_t len, NettraceTrace *ret);
/* Wall clock of a time stamp in microseconds; saturates. */
int64_t nettrace_trace_utc_us(const NettraceTrace *trace, uint64_t timestamp);

typedef struct {
	uint32_t metadata_id;    /* 0: its payload is a definition */
	uint32_t sequence;       /* of capture_thread */
	uint64_t capture_thread; /* the thread that wrote it, which numbers its events */
	uint64_t thread;         /* the thread that it is about */
	uint64_t timestamp;
	const uint8_t *payload;
	uint32_t payload_len;
} NettraceBlob;

typedef struct {
	ByteReader r;
	const uint8_t *start; /* of the block: uncompressed blobs are aligned to it */
	bool compressed;
	NettraceBlob blob;
} NettraceBlobs;

/* Over the bytes of one block, which must stay. 0, or -EPROTO for a broken header. */
int nettrace_blobs_open(NettraceBlobs *blobs, const uint8_t *block, size_t len);

/* 1 and blobs->blob is the next one; 0 at the end; -EPROTO when it is broken. */
int nettrace_blobs_next(NettraceBlobs *blobs);

/*
 * The last sequence number of each thread, NETTRACE_MAX_THREADS at most: beyond, or when memory is
 * out, threads are forgotten for others, and such a thread begins anew with its next event.
 */
typedef struct {
	uint64_t thread;
	uint32_t sequence;
	bool used;
} NettraceSequence;

typedef struct {
	NettraceSequence *slots; /* a hash table: a power of two */
	uint32_t size;
	uint32_t n;
	bool forgot;
} NettraceSequences;

void nettrace_sequences_clear(NettraceSequences *s);

/* An event came: how many were lost before it. */
uint32_t nettrace_sequences_event(NettraceSequences *s, uint64_t thread, uint32_t sequence);

/*
 * An SPBlock came: u64 time stamp, u32 n, n times u64 thread and u32 its last number. Adds to
 * *dropped what was lost behind the last events. 0, or -EPROTO.
 */
int nettrace_sequences_points(NettraceSequences *s, const uint8_t *block, size_t len,
                              uint64_t *dropped);
