#pragma once
/*
 * A bounded little-endian cursor over bytes that somebody else wrote.
 *
 * A read past the end yields 0 (or NULL) and sets `bad`, which stays set: a parser reads a whole
 * record and looks once. Nothing here allocates, and no length from the wire is trusted before it
 * was compared with what is left.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
} ByteReader;

static inline ByteReader byte_reader(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (ByteReader){ .p = p, .end = p ? p + len : p, .bad = false };
}

static inline size_t byte_reader_left(const ByteReader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes, or NULL and `bad`. */
static inline const uint8_t *byte_reader_take(ByteReader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > byte_reader_left(r)) {
		r->bad = true;
		return NULL;
	}
	if (n)
		r->p += n;
	return p;
}

static inline uint64_t byte_reader_le(ByteReader *r, unsigned width)
{
	const uint8_t *p = byte_reader_take(r, width);
	uint64_t v = 0;

	for (unsigned i = 0; p && i < width; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline uint8_t byte_reader_u8(ByteReader *r)
{
	return (uint8_t)byte_reader_le(r, 1);
}

static inline uint16_t byte_reader_u16(ByteReader *r)
{
	return (uint16_t)byte_reader_le(r, 2);
}

static inline uint32_t byte_reader_u32(ByteReader *r)
{
	return (uint32_t)byte_reader_le(r, 4);
}

static inline uint64_t byte_reader_u64(ByteReader *r)
{
	return byte_reader_le(r, 8);
}

static inline float byte_reader_f32(ByteReader *r)
{
	uint32_t v = byte_reader_u32(r);
	float f;

	memcpy(&f, &v, sizeof f);
	return f;
}

static inline double byte_reader_f64(ByteReader *r)
{
	uint64_t v = byte_reader_u64(r);
	double f;

	memcpy(&f, &v, sizeof f);
	return f;
}

/*
 * LEB128, low group first, of at most max_bytes (5 for 32 bits, 10 for 64); longer is `bad`. Bits
 * above 64 are dropped; a caller that wants 32 bits drops the rest by its conversion.
 */
static inline uint64_t byte_reader_varint(ByteReader *r, unsigned max_bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < max_bytes; i++) {
		uint8_t b = byte_reader_u8(r);

		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (!(b & 0x80))
			return r->bad ? 0 : v;
	}
	r->bad = true;
	return 0;
}

/* What follows is a writer into a buffer of fixed size; too much sets `bad`. */
typedef struct {
	uint8_t *buf;
	size_t size;
	size_t len;
	bool bad;
} ByteWriter;

static inline void byte_writer_put(ByteWriter *w, const void *data, size_t n)
{
	if (w->bad || n > w->size - w->len) {
		w->bad = true;
		return;
	}
	if (n)
		memcpy(w->buf + w->len, data, n);
	w->len += n;
}

static inline void byte_writer_le(ByteWriter *w, uint64_t v, unsigned width)
{
	uint8_t b[8];

	for (unsigned i = 0; i < width; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	byte_writer_put(w, b, width);
}

static inline void byte_writer_u8(ByteWriter *w, uint8_t v)
{
	byte_writer_le(w, v, 1);
}

static inline void byte_writer_u16(ByteWriter *w, uint16_t v)
{
	byte_writer_le(w, v, 2);
}

static inline void byte_writer_u32(ByteWriter *w, uint32_t v)
{
	byte_writer_le(w, v, 4);
}

static inline void byte_writer_u64(ByteWriter *w, uint64_t v)
{
	byte_writer_le(w, v, 8);
}
