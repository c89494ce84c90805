/* The parsers of replies, against payloads made here and every way to cut them. */
#include "ipc/replies.h"
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/commands.h"
#include "ipc/message.h"

static void put_u32(GByteArray *out, guint32 v)
{
	v = GUINT32_TO_LE(v);
	g_byte_array_append(out, (const guint8 *)&v, 4);
}

static void put_text(GByteArray *out, const char *utf8)
{
	glong units;
	g_autofree gunichar2 *text = g_utf8_to_utf16(utf8, -1, NULL, &units, NULL);

	g_assert_nonnull(text);
	put_u32(out, (guint32)units + 1);
	for (glong i = 0; i <= units; i++) {
		guint16 unit = GUINT16_TO_LE(text[i]);

		g_byte_array_append(out, (const guint8 *)&unit, 2);
	}
}

/* What a runtime sends to ProcessInfo of that version. */
static GByteArray *process_info(unsigned version, const char *command_line)
{
	static const guint8 pid_and_guid[] = { 0xc7, 0x12, 0,    0,    0,    0,    0,    0,
		                               0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
		                               0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	GByteArray *out = g_byte_array_new();

	if (version == 3)
		put_u32(out, 1);
	g_byte_array_append(out, pid_and_guid, sizeof pid_and_guid);
	put_text(out, command_line);
	put_text(out, "Linux");
	put_text(out, "x64");
	if (version >= 2) {
		put_text(out, "webapi");
		put_text(out, "10.0.9-servicing.1+901ca941");
	}
	if (version == 3)
		put_text(out, "linux-musl-x64");
	return out;
}

static void test_process_info(void)
{
	for (unsigned version = 1; version <= 3; version++) {
		g_autoptr(GByteArray) in =
			process_info(version, "/usr/bin/dotnet web\xc3\xa4pi.dll");
		IpcProcessInfo info;

		g_assert_cmpint(ipc_parse_process_info(version, in->data, in->len, &info), ==, 0);
		g_assert_cmpuint(info.version, ==, version);
		g_assert_cmpuint(info.pid, ==, 4807);
		g_assert_cmpstr(info.cookie, ==, "00112233-4455-6677-8899-aabbccddeeff");
		g_assert_cmpstr(info.command_line, ==, "/usr/bin/dotnet web\xc3\xa4pi.dll");
		g_assert_cmpstr(info.os, ==, "Linux");
		g_assert_cmpstr(info.arch, ==, "x64");
		g_assert_cmpstr(info.entrypoint, ==, version >= 2 ? "webapi" : "");
		g_assert_cmpstr(info.runtime_version, ==, version >= 2 ? "10.0.9-servicing.1" : "");
		g_assert_cmpstr(info.rid, ==, version == 3 ? "linux-musl-x64" : "");
		ipc_process_info_clear(&info);
		g_assert_null(info.command_line);
	}
}

static void assert_no_info(unsigned version, const guint8 *data, gsize len, int error)
{
	IpcProcessInfo info;
	const IpcProcessInfo empty = { 0 };

	memset(&info, 0xaa, sizeof info);
	g_assert_cmpint(ipc_parse_process_info(version, data, len, &info), ==, error);
	g_assert_cmpuint(info.version, ==, empty.version);
	g_assert_cmpstr(info.cookie, ==, "");
	g_assert_null(info.command_line);
}

static void test_process_info_equal(void)
{
	static const gsize fields[] = {
		offsetof(IpcProcessInfo, version), offsetof(IpcProcessInfo, pid),
		offsetof(IpcProcessInfo, cookie),  offsetof(IpcProcessInfo, os),
		offsetof(IpcProcessInfo, arch),    offsetof(IpcProcessInfo, entrypoint),
		offsetof(IpcProcessInfo, rid),     offsetof(IpcProcessInfo, runtime_version),
	};
	g_autoptr(GByteArray) in = process_info(3, "app");
	IpcProcessInfo one, other;

	g_assert_cmpint(ipc_parse_process_info(3, in->data, in->len, &one), ==, 0);
	g_assert_cmpint(ipc_parse_process_info(3, in->data, in->len, &other), ==, 0);
	g_assert_true(ipc_process_info_equal(&one, &other));
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		((char *)&other)[fields[i]] ^= 1;
		g_assert_false(ipc_process_info_equal(&one, &other));
		((char *)&other)[fields[i]] ^= 1;
	}
	other.command_line[2] = 'x';
	g_assert_false(ipc_process_info_equal(&one, &other));
	ipc_process_info_clear(&one);
	ipc_process_info_clear(&other);
}

static void test_process_info_cut(void)
{
	for (unsigned version = 1; version <= 3; version++) {
		g_autoptr(GByteArray) in = process_info(version, "app");

		for (guint len = 0; len < in->len; len++) {
			/* Of that very size: AddressSanitizer sees a step too far. */
			g_autofree guint8 *exact = g_memdup2(in->data, len);

			assert_no_info(version, exact, len, -EPROTO);
		}
	}
}

static void test_process_info_odd(void)
{
	g_autoptr(GByteArray) in = process_info(3, "");
	g_autofree guint8 *large = g_malloc0(IPC_PAYLOAD_MAX + 1);
	IpcProcessInfo info;

	assert_no_info(0, in->data, in->len, -EINVAL);
	assert_no_info(4, in->data, in->len, -EINVAL);
	assert_no_info(1, large, IPC_PAYLOAD_MAX + 1, -EPROTO);
	assert_no_info(1, NULL, 0, -EPROTO);
	g_assert_cmpint(ipc_parse_process_info(3, in->data, in->len, &info), ==, 0);
	g_assert_cmpstr(info.command_line, ==, "");
	ipc_process_info_clear(&info);
	/* A later layout has more behind, and says so. */
	in->data[0] = 7;
	put_text(in, "more");
	g_assert_cmpint(ipc_parse_process_info(3, in->data, in->len, &info), ==, 0);
	g_assert_cmpstr(info.rid, ==, "linux-musl-x64");
	ipc_process_info_clear(&info);
	in->data[0] = 0;
	assert_no_info(3, in->data, in->len, -EPROTO);
}

/* A text without units is none; counts beyond the message are refused, up to the largest. */
static void test_process_info_counts(void)
{
	static const guint32 counts[] = { 100, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	g_autoptr(GByteArray) in = g_byte_array_new();
	IpcProcessInfo info;

	g_byte_array_set_size(in, 24 + 3 * 4);
	memset(in->data, 0, in->len);
	g_assert_cmpint(ipc_parse_process_info(1, in->data, in->len, &info), ==, 0);
	g_assert_cmpstr(info.command_line, ==, "");
	g_assert_cmpstr(info.os, ==, "");
	ipc_process_info_clear(&info);
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		for (guint at = 24; at < in->len; at += 4) {
			guint32 count = GUINT32_TO_LE(counts[i]);

			memcpy(in->data + at, &count, 4);
			assert_no_info(1, in->data, in->len, -EPROTO);
			memset(in->data + at, 0, 4);
		}
}

static void test_process_info_long(void)
{
	g_autofree char *line = g_strnfill(32000, 'a');
	g_autoptr(GByteArray) in = process_info(1, line);
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree char *os = g_strnfill(500, 'o');
	IpcProcessInfo info;

	g_assert_cmpint(ipc_parse_process_info(1, in->data, in->len, &info), ==, 0);
	g_assert_cmpstr(info.command_line, ==, line);
	ipc_process_info_clear(&info);
	g_byte_array_append(out, in->data, 24);
	put_text(out, "c");
	put_text(out, os);
	put_text(out, "x64");
	g_assert_cmpint(ipc_parse_process_info(1, out->data, out->len, &info), ==, 0);
	g_assert_cmpuint(strlen(info.os), ==, sizeof info.os - 1);
	g_assert_cmpstr(info.arch, ==, "x64");
	ipc_process_info_clear(&info);
}

static void test_hresult(void)
{
	static const guint8 reply[] = { 0x85, 0x13, 0x13, 0x80, 1, 2 };

	g_assert_cmphex(ipc_parse_hresult(reply, 6), ==, IPC_E_UNKNOWN_COMMAND);
	g_assert_cmphex(ipc_parse_hresult(reply, 4), ==, IPC_E_UNKNOWN_COMMAND);
	for (gsize len = 0; len < 4; len++)
		g_assert_cmphex(ipc_parse_hresult(reply, len), ==, 0);
	g_assert_cmphex(ipc_parse_hresult(NULL, 0), ==, 0);
}

static void assert_error_text(const char *sent, const char *expected)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	char *text;

	put_u32(in, IPC_E_FAIL);
	put_text(in, sent);
	text = ipc_parse_error_text(in->data, in->len);
	g_assert_cmpstr(text, ==, expected);
	free(text);
	for (guint len = 0; len < in->len; len++) {
		g_autofree guint8 *exact = g_memdup2(in->data, len);

		g_assert_null(ipc_parse_error_text(exact, len));
	}
}

static void test_error_text(void)
{
	g_autofree char *long_text = g_strnfill(9000, 'e');
	g_autofree char *cut = g_strndup(long_text, 4096);

	assert_error_text("[createdump] No space left\nsecond line",
	                  "[createdump] No space left\nsecond line");
	assert_error_text("a\x1b[31mb\tc\rd\x7f", "a?[31mb?c?d?");
	assert_error_text("C1: \xc2\x9b\xc2\x80. no: \xc2\xa0\xc3\xa9",
	                  "C1: ??. no: \xc2\xa0\xc3\xa9");
	assert_error_text("", NULL); /* NativeAOT */
	{
		g_autoptr(GByteArray) in = g_byte_array_new();
		char *text;

		put_u32(in, IPC_E_FAIL);
		put_text(in, long_text);
		text = ipc_parse_error_text(in->data, in->len);
		g_assert_cmpstr(text, ==, cut);
		free(text);
	}
}

static GByteArray *environment(const char *const *strings)
{
	GByteArray *out = g_byte_array_new();

	put_u32(out, g_strv_length((char **)strings));
	for (guint i = 0; strings[i]; i++)
		put_text(out, strings[i]);
	return out;
}

static void test_environment(void)
{
	static const char *const strings[] = { "A=1", "", "PATH=/usr/bin:/bin",
		                               "\xc3\x9c=\xe2\x82\xac", NULL };
	static const char joined[] = "A=1\0PATH=/usr/bin:/bin\0\xc3\x9c=\xe2\x82\xac";
	g_autoptr(GByteArray) in = environment(strings);
	char *text = NULL;
	size_t len = 0;

	g_assert_cmpint(ipc_parse_environment(in->data, in->len, &text, &len), ==, 0);
	g_assert_cmpmem(text, len, joined, sizeof joined);
	free(text);
	for (guint cut = 0; cut < in->len; cut++) {
		g_autofree guint8 *exact = g_memdup2(in->data, cut);

		text = NULL;
		g_assert_cmpint(ipc_parse_environment(exact, cut, &text, &len), ==, -EPROTO);
		g_assert_null(text);
	}
}

static void test_environment_odd(void)
{
	static const guint8 none[] = { 0, 0, 0, 0, 9, 9 };
	static const guint8 endless[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0 };
	/* "A", NUL, "B": what is behind the NUL is no part of it */
	static const guint8 inner[] = { 1, 0, 0, 0, 4, 0, 0, 0, 'A', 0, 0, 0, 'B', 0, 0, 0 };
	g_autofree guint8 *huge = g_malloc0(IPC_MAX_ENVIRONMENT + 1);
	char *text = NULL;
	size_t len = 1;

	g_assert_cmpint(ipc_parse_environment(none, sizeof none, &text, &len), ==, 0);
	g_assert_nonnull(text);
	g_assert_cmpuint(len, ==, 0);
	free(text);
	text = NULL;
	g_assert_cmpint(ipc_parse_environment(endless, sizeof endless, &text, &len), ==, -EPROTO);
	g_assert_cmpint(ipc_parse_environment(huge, IPC_MAX_ENVIRONMENT + 1, &text, &len), ==,
	                -E2BIG);
	g_assert_null(text);
	g_assert_cmpint(ipc_parse_environment(inner, sizeof inner, &text, &len), ==, 0);
	g_assert_cmpmem(text, len, "A", 2);
	free(text);
}

/* The most that so many bytes can become: units that are three bytes of UTF-8 each. */
static void test_environment_widest(void)
{
	guint units = (IPC_MAX_ENVIRONMENT - 8) / 2;
	g_autoptr(GByteArray) in = g_byte_array_sized_new(IPC_MAX_ENVIRONMENT);
	char *text = NULL;
	size_t len = 0;

	put_u32(in, 1);
	put_u32(in, units);
	g_byte_array_set_size(in, 8 + units * 2);
	memset(in->data + 8, 0x30, units * 2);
	g_assert_cmpint(ipc_parse_environment(in->data, in->len, &text, &len), ==, 0);
	g_assert_cmpuint(len, ==, (gsize)units * 3 + 1);
	free(text);
}

/* Random bytes, and right replies with a few wrong: an answer, and nothing out of bounds. */
static void test_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(6);

	for (guint i = 0; i < 30000; i++) {
		unsigned version = 1 + i % 3;
		g_autoptr(GByteArray) in = process_info(version, "application");
		IpcProcessInfo info;
		char *text = NULL;
		size_t len = 0;

		for (guint k = 0; k < 1 + i % 4; k++)
			in->data[g_rand_int_range(rand, 0, (gint32)in->len)] =
				(guint8)g_rand_int(rand);
		if (ipc_parse_process_info(version, in->data, in->len, &info) == 0) {
			g_assert_true(g_utf8_validate(info.command_line, -1, NULL));
			g_assert_true(g_utf8_validate(info.os, -1, NULL));
			ipc_process_info_clear(&info);
		}
		free(ipc_parse_error_text(in->data, in->len));
		if (ipc_parse_environment(in->data, in->len, &text, &len) == 0)
			free(text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/replies/process-info", test_process_info);
	g_test_add_func("/replies/process-info/equal", test_process_info_equal);
	g_test_add_func("/replies/process-info/cut", test_process_info_cut);
	g_test_add_func("/replies/process-info/odd", test_process_info_odd);
	g_test_add_func("/replies/process-info/counts", test_process_info_counts);
	g_test_add_func("/replies/process-info/long", test_process_info_long);
	g_test_add_func("/replies/hresult", test_hresult);
	g_test_add_func("/replies/error-text", test_error_text);
	g_test_add_func("/replies/environment", test_environment);
	g_test_add_func("/replies/environment/odd", test_environment_odd);
	g_test_add_func("/replies/environment/widest", test_environment_widest);
	g_test_add_func("/replies/random", test_random);
	return g_test_run();
}
