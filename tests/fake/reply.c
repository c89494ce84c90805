#include "tests/fake/reply.h"

#include <string.h>
#include <unistd.h>

#include "ipc/nettrace/bytes.h"

enum {
	SET_DUMP = 1,
	SET_EVENTPIPE = 2,
	SET_PROCESS = 4,
	MAX_PROVIDERS = 1000,
};

static const struct {
	guint8 set, id;
	Command command;
	guint version;
} commands[] = {
	{ SET_PROCESS, 0, COMMAND_INFO, 1 },      { SET_PROCESS, 4, COMMAND_INFO, 2 },
	{ SET_PROCESS, 8, COMMAND_INFO, 3 },      { SET_PROCESS, 2, COMMAND_ENVIRONMENT, 1 },
	{ SET_EVENTPIPE, 1, COMMAND_STOP, 1 },    { SET_EVENTPIPE, 2, COMMAND_COLLECT, 1 },
	{ SET_EVENTPIPE, 3, COMMAND_COLLECT, 2 }, { SET_EVENTPIPE, 4, COMMAND_COLLECT, 3 },
	{ SET_EVENTPIPE, 5, COMMAND_COLLECT, 4 }, { SET_DUMP, 1, COMMAND_DUMP, 1 },
	{ SET_DUMP, 2, COMMAND_DUMP, 2 },         { SET_DUMP, 3, COMMAND_DUMP, 3 },
};

gboolean request_identify(const Request *request, Command *command, guint *version)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (commands[i].set == request->set && commands[i].id == request->id) {
			*command = commands[i].command;
			*version = commands[i].version;
			return TRUE;
		}
	}
	return FALSE;
}

/* A string: u32 count of UTF-16 units with the NUL, the units. "" for none, NULL when broken. */
static char *read_string(ByteReader *r)
{
	guint32 n = byte_reader_u32(r);
	const guint8 *bytes = byte_reader_take(r, (gsize)n * 2);
	g_autofree gunichar2 *units = NULL;

	if (!bytes)
		return NULL;
	units = g_new0(gunichar2, (gsize)n + 1);
	memcpy(units, bytes, (gsize)n * 2);
	return g_utf16_to_utf8(units, -1, NULL, NULL, NULL);
}

static gboolean read_provider(ByteReader *r, CollectRequest *ret)
{
	guint64 keywords = byte_reader_u64(r);
	guint32 level = byte_reader_u32(r);
	g_autofree char *name = read_string(r);
	g_autofree char *filter = read_string(r);
	const char *interval;

	if (!name || !*name || !filter || level > 5)
		return FALSE;
	g_string_append_printf(ret->text, " %s:%" G_GINT64_MODIFIER "x:%u:%s", name, keywords,
	                       level, filter);
	if (g_str_equal(name, "System.Diagnostics.Metrics"))
		return meters_request_parse(&ret->meters, keywords, filter);
	interval = strstr(filter, "EventCounterIntervalSec=");
	if (interval && g_str_equal(name, "System.Runtime")) {
		ret->counters = TRUE;
		ret->interval_ms = (guint)(g_ascii_strtod(strchr(interval, '=') + 1, NULL) * 1000);
		return ret->interval_ms > 0;
	}
	return TRUE;
}

gboolean request_collect(const Request *request, guint version, CollectRequest *ret)
{
	ByteReader r = byte_reader(request->payload, request->len);
	guint32 buffer_mb = byte_reader_u32(&r);
	guint32 format = byte_reader_u32(&r);
	guint32 n;

	if (version == 2 || version == 3)
		byte_reader_u8(&r); /* rundown */
	if (version == 4)
		byte_reader_u64(&r); /* rundown keyword */
	if (version >= 3)
		byte_reader_u8(&r); /* stack walk */
	n = byte_reader_u32(&r);
	if (r.bad || buffer_mb == 0 || format != 1 || n == 0 || n > MAX_PROVIDERS)
		return FALSE;
	for (guint32 i = 0; i < n; i++) {
		if (!read_provider(&r, ret))
			return FALSE;
	}
	return byte_reader_left(&r) == 0;
}

gboolean request_stop(const Request *request, guint64 *ret_id)
{
	ByteReader r = byte_reader(request->payload, request->len);

	*ret_id = byte_reader_u64(&r);
	return !r.bad && byte_reader_left(&r) == 0;
}

gboolean request_dump(const Request *request, char **ret_path, guint32 *ret_type)
{
	ByteReader r = byte_reader(request->payload, request->len);

	*ret_path = read_string(&r);
	*ret_type = byte_reader_u32(&r);
	byte_reader_u32(&r); /* flags */
	return *ret_path && **ret_path && !r.bad && byte_reader_left(&r) == 0;
}

static void put_le(GByteArray *out, guint64 v, unsigned width)
{
	guint8 bytes[8];

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (guint8)(v >> (8 * i));
	g_byte_array_append(out, bytes, width);
}

static void put_string(GByteArray *out, const char *text)
{
	glong n = 0;
	g_autofree gunichar2 *units = g_utf8_to_utf16(text, -1, NULL, &n, NULL);

	put_le(out, (guint64)n + 1, 4);
	for (glong i = 0; i < n; i++)
		put_le(out, units[i], 2);
	put_le(out, 0, 2);
}

static GByteArray *message(guint8 id, const void *payload, gsize len)
{
	GByteArray *out = g_byte_array_new();

	g_byte_array_append(out, (const guint8 *)"DOTNET_IPC_V1", 14);
	put_le(out, MESSAGE_HEADER_SIZE + len, 2);
	put_le(out, 0xff, 1);
	put_le(out, id, 1);
	put_le(out, 0, 2);
	g_byte_array_append(out, payload, (guint)len);
	return out;
}

GByteArray *reply_ok(const void *payload, gsize len)
{
	return message(0x00, payload, len);
}

GByteArray *reply_error(guint32 hresult, const char *text)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();

	put_le(payload, hresult, 4);
	if (text)
		put_string(payload, text);
	return message(0xff, payload->data, payload->len);
}

GByteArray *reply_info(const Scenario *s, guint version)
{
	static const guint8 cookie[16] = { 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0x4e,
		                           0x8f, 1,    2,    3,    4,    5,    6,    7 };
	g_autoptr(GByteArray) payload = g_byte_array_new();

	if (version == 3)
		put_le(payload, 1, 4);
	put_le(payload, s->info_pid ? s->info_pid : (guint64)getpid(), 8);
	g_byte_array_append(payload, cookie, sizeof cookie);
	put_string(payload, s->command_line);
	put_string(payload, s->os);
	put_string(payload, s->arch);
	if (version >= 2) {
		put_string(payload, s->entrypoint);
		put_string(payload, s->runtime);
	}
	if (version == 3)
		put_string(payload, s->rid);
	return reply_ok(payload->data, payload->len);
}

GByteArray *reply_environment(const Scenario *s)
{
	g_autoptr(GByteArray) rest = g_byte_array_new();
	g_autoptr(GByteArray) payload = g_byte_array_new();
	GByteArray *out;

	put_le(rest, s->variables->len, 4);
	for (guint i = 0; i < s->variables->len; i++)
		put_string(rest, g_ptr_array_index(s->variables, i));
	put_le(payload, rest->len, 4);
	put_le(payload, 0, 2);
	out = reply_ok(payload->data, payload->len);
	g_byte_array_append(out, rest->data, rest->len);
	return out;
}
