#pragma once
/*
 * UTF-16LE as the runtime sends it, to UTF-8 for us. Lone surrogates become U+FFFD; what comes out
 * is always valid UTF-8 and NUL-terminated. Control characters pass: who prints them escapes them.
 */
#include <stdbool.h>
#include <stddef.h>
#include "ipc/nettrace/bytes.h"

/*
 * Converts `units` UTF-16 units at src (any alignment) into dst, at most size - 1 bytes and a NUL;
 * a text that is longer is cut at a whole character. Stops at a NUL unit. Returns the bytes
 * written without the NUL.
 */
size_t utf16_to_utf8(const uint8_t *src, size_t units, char *dst, size_t size);

/* The bytes that utf16_to_utf8 returns for a dst that is large enough. */
size_t utf16_to_utf8_len(const uint8_t *src, size_t units);

/* The bytes that utf16_to_utf8 needs at most, with the NUL. */
static inline size_t utf16_to_utf8_max(size_t units)
{
	return units * 3 + 1;
}

/*
 * A NUL-terminated string at the reader's place, with no length before it (nettrace "utf16z"):
 * moves behind its NUL. *ret_units is its length without the NUL. NULL and `bad` when no NUL is
 * left.
 */
const uint8_t *utf16_take_z(ByteReader *r, size_t *ret_units);

/* utf16_take_z, converted into dst. False when the reader is bad. */
bool utf16_read_z(ByteReader *r, char *dst, size_t size);

/* ASCII or UTF-8 as UTF-16LE with a NUL, behind a u32 count of units incl. the NUL (IPC string). */
void utf16_write_counted(ByteWriter *w, const char *utf8);
