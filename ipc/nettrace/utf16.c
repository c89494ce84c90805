#include "ipc/nettrace/utf16.h"

enum {
	REPLACEMENT = 0xfffd
};

/* Four units at a time: as they lie in memory, in whatever order. */
#define FOUR(unit) (0x0001000100010001ULL * (unit))

static uint64_t four_at(const uint8_t *src, size_t i)
{
	uint64_t units;

	memcpy(&units, src + 2 * i, sizeof units);
	return units;
}

static bool one_is_nul(uint64_t units)
{
	return (units - FOUR(1)) & ~units & FOUR(0x8000);
}

static uint16_t unit_at(const uint8_t *src, size_t i)
{
	return (uint16_t)(src[2 * i] | src[2 * i + 1] << 8);
}

/* The character at *i, which moves behind it. A lone surrogate is U+FFFD. */
static uint32_t next_character(const uint8_t *src, size_t units, size_t *i)
{
	uint32_t c = unit_at(src, (*i)++);
	uint16_t low;

	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || *i >= units)
		return REPLACEMENT;
	low = unit_at(src, *i);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	(*i)++;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Bytes written to out, 1 to 4. */
static size_t encode(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* Bytes written to dst, room at most: nearly all names and numbers are nothing else. */
static size_t copy_ascii(const uint8_t *src, size_t units, char *dst, size_t room)
{
	size_t most = units < room ? units : room, i = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; i + 4 <= most; i += 4) {
		uint64_t four = four_at(src, i);

		if ((four & FOUR(0xff80)) || one_is_nul(four))
			break;
		four = (four | four >> 8) & 0x0000ffff0000ffffULL;
		four |= four >> 16;
		memcpy(dst + i, &four, 4);
	}
#endif
	for (; i < most && src[2 * i] - 1u < 0x7f && !src[2 * i + 1]; i++)
		dst[i] = (char)src[2 * i];
	return i;
}

size_t utf16_to_utf8(const uint8_t *src, size_t units, char *dst, size_t size)
{
	size_t len;

	if (!size)
		return 0;
	len = copy_ascii(src, units, dst, size - 1);
	for (size_t i = len; i < units;) {
		uint32_t c = next_character(src, units, &i);
		uint8_t bytes[4];
		size_t n;

		if (!c)
			break;
		n = encode(c, bytes);
		if (n > size - 1 - len)
			break;
		memcpy(dst + len, bytes, n);
		len += n;
	}
	dst[len] = '\0';
	return len;
}

size_t utf16_to_utf8_len(const uint8_t *src, size_t units)
{
	uint8_t bytes[4];
	size_t len = 0;

	for (size_t i = 0; i < units;) {
		uint32_t c = next_character(src, units, &i);

		if (!c)
			break;
		len += encode(c, bytes);
	}
	return len;
}

const uint8_t *utf16_take_z(ByteReader *r, size_t *ret_units)
{
	size_t most = r->bad ? 0 : byte_reader_left(r) / 2, i = 0;

	*ret_units = 0;
	while (i + 4 <= most && !one_is_nul(four_at(r->p, i)))
		i += 4;
	for (; i < most; i++) {
		if (r->p[2 * i] || r->p[2 * i + 1])
			continue;
		*ret_units = i;
		return byte_reader_take(r, 2 * i + 2);
	}
	r->bad = true;
	return NULL;
}

bool utf16_read_z(ByteReader *r, char *dst, size_t size)
{
	size_t units;
	const uint8_t *text = utf16_take_z(r, &units);

	utf16_to_utf8(text, units, dst, size);
	return text;
}

/* The character at *text, which moves behind it; what is no UTF-8 is U+FFFD, byte by byte. */
static uint32_t decode(const char **text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)*text;
	unsigned n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	(*text)++;
	if (n == 1)
		return c;
	if (n == 4 && p[0] >> 3 != 30)
		return REPLACEMENT;
	for (unsigned i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return REPLACEMENT;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return REPLACEMENT;
	*text += n - 1;
	return c;
}

void utf16_write_counted(ByteWriter *w, const char *utf8)
{
	const char *text = utf8;
	uint32_t units = 1;

	while (*text)
		units += decode(&text) >= 0x10000 ? 2 : 1;
	byte_writer_u32(w, units);
	for (text = utf8; *text;) {
		uint32_t c = decode(&text);

		if (c >= 0x10000) {
			c -= 0x10000;
			byte_writer_u16(w, (uint16_t)(0xd800 | c >> 10));
			c = 0xdc00 | (c & 0x3ff);
		}
		byte_writer_u16(w, (uint16_t)c);
	}
	byte_writer_u16(w, 0);
}
