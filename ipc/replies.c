/* Parsers of replies. Every length is compared with what is left before it is used (bytes.h). */
#include "ipc/replies.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/commands.h"
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/utf16.h"

enum {
	ERROR_TEXT_MAX = 4096,
};

/* A counted text at the reader's place; *ret_units with its NUL. */
static const uint8_t *take_text(ByteReader *r, size_t *ret_units)
{
	uint32_t units = byte_reader_u32(r);
	const uint8_t *text;

	*ret_units = 0;
	if (units > byte_reader_left(r) / 2)
		r->bad = true;
	text = byte_reader_take(r, (size_t)units * 2);
	if (text)
		*ret_units = units;
	return text;
}

static void read_text(ByteReader *r, char *dst, size_t size)
{
	size_t units;
	const uint8_t *text = take_text(r, &units);

	utf16_to_utf8(text, units, dst, size);
}

/* As malloc; NULL without memory alone. */
static char *copy_text(ByteReader *r)
{
	size_t units;
	const uint8_t *text = take_text(r, &units);
	size_t size = utf16_to_utf8_max(units);
	char *copy = malloc(size);
	char *smaller;

	if (!copy)
		return NULL;
	smaller = realloc(copy, utf16_to_utf8(text, units, copy, size) + 1);
	return smaller ? smaller : copy;
}

/* The first three fields are little-endian numbers, the rest are bytes. */
static void read_guid(ByteReader *r, char *dst, size_t size)
{
	uint32_t a = byte_reader_u32(r);
	uint16_t b = byte_reader_u16(r);
	uint16_t c = byte_reader_u16(r);
	const uint8_t *d = byte_reader_take(r, 8);

	if (d)
		snprintf(dst, size, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", a, b, c,
		         d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

void ipc_process_info_clear(IpcProcessInfo *info)
{
	free(info->command_line);
	memset(info, 0, sizeof *info);
}

bool ipc_process_info_equal(const IpcProcessInfo *a, const IpcProcessInfo *b)
{
	return a->version == b->version && a->pid == b->pid && !strcmp(a->cookie, b->cookie) &&
	       !strcmp(a->os, b->os) && !strcmp(a->arch, b->arch) &&
	       !strcmp(a->entrypoint, b->entrypoint) &&
	       !strcmp(a->runtime_version, b->runtime_version) && !strcmp(a->rid, b->rid) &&
	       !strcmp(a->command_line, b->command_line);
}

int ipc_parse_process_info(unsigned version, const uint8_t *payload, size_t len,
                           IpcProcessInfo *ret)
{
	ByteReader reader = byte_reader(payload, len);
	bool known = true;

	memset(ret, 0, sizeof *ret);
	if (!version || version > ipc_command_newest(IPC_COMMAND_PROCESS_INFO))
		return -EINVAL;
	if (len > IPC_PAYLOAD_MAX)
		return -EPROTO;
	if (version == 3)
		known = byte_reader_u32(&reader) != 0; /* of the layout, which only grows */
	ret->version = version;
	ret->pid = byte_reader_u64(&reader);
	read_guid(&reader, ret->cookie, sizeof ret->cookie);
	ret->command_line = copy_text(&reader);
	if (!ret->command_line) {
		ipc_process_info_clear(ret);
		return -ENOMEM;
	}
	read_text(&reader, ret->os, sizeof ret->os);
	read_text(&reader, ret->arch, sizeof ret->arch);
	if (version >= 2) {
		read_text(&reader, ret->entrypoint, sizeof ret->entrypoint);
		read_text(&reader, ret->runtime_version, sizeof ret->runtime_version);
		ret->runtime_version[strcspn(ret->runtime_version, "+")] = '\0';
	}
	if (version == 3)
		read_text(&reader, ret->rid, sizeof ret->rid);
	if (reader.bad || !known) {
		ipc_process_info_clear(ret);
		return -EPROTO;
	}
	return 0;
}

uint32_t ipc_parse_hresult(const uint8_t *payload, size_t len)
{
	ByteReader reader = byte_reader(payload, len);

	return byte_reader_u32(&reader);
}

/* Bytes of the control character at text: 1, or 2 (C1 too: terminals obey them); 0 for others. */
static unsigned control_length(const char *text)
{
	uint8_t c = (uint8_t)text[0];

	if ((c < ' ' && c != '\n') || c == 0x7f)
		return 1;
	return c == 0xc2 && (uint8_t)text[1] < 0xa0 ? 2 : 0;
}

static void replace_controls(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		unsigned n = control_length(from);

		*to++ = n ? '?' : *from;
		from += n ? n : 1;
	}
	*to = '\0';
}

char *ipc_parse_error_text(const uint8_t *payload, size_t len)
{
	ByteReader reader = byte_reader(payload, len);
	const uint8_t *text;
	size_t units;
	char *copy;

	byte_reader_u32(&reader); /* the HRESULT */
	text = take_text(&reader, &units);
	if (!text || !units)
		return NULL;
	copy = malloc(ERROR_TEXT_MAX + 1);
	if (!copy)
		return NULL;
	if (!utf16_to_utf8(text, units, copy, ERROR_TEXT_MAX + 1)) {
		free(copy);
		return NULL;
	}
	replace_controls(copy);
	return copy;
}

int ipc_parse_environment(const uint8_t *data, size_t len, char **ret, size_t *ret_len)
{
	ByteReader reader = byte_reader(data, len);
	/* 2 bytes of UTF-16 are at most 3 of UTF-8; the NUL of each is less than the count before
	 * it. */
	size_t size = len / 2 * 3 + 1;
	size_t used = 0;
	uint32_t n;
	char *out, *smaller;

	if (len > IPC_MAX_ENVIRONMENT)
		return -E2BIG;
	out = malloc(size);
	if (!out)
		return -ENOMEM;
	n = byte_reader_u32(&reader);
	for (uint32_t i = 0; i < n && !reader.bad; i++) {
		size_t units;
		const uint8_t *text = take_text(&reader, &units);
		size_t written = utf16_to_utf8(text, units, out + used, size - used);

		used += written ? written + 1 : 0;
	}
	if (reader.bad) {
		free(out);
		return -EPROTO;
	}
	smaller = realloc(out, used ? used : 1);
	*ret = smaller ? smaller : out;
	*ret_len = used;
	return 0;
}
