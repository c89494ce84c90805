/* The frame of messages, and what errors mean. */
#include "ipc/message.h"
#include <errno.h>
#include <glib.h>
#include <string.h>

static const guint8 known[IPC_HEADER_SIZE] = "DOTNET_IPC_V1\0\x1c\0\xff\0\0";

static void test_write(void)
{
	const IpcHeader header = { .size = 28, .command_set = IPC_SET_SERVER };
	guint8 bytes[IPC_HEADER_SIZE];

	memset(bytes, 0xaa, sizeof bytes);
	ipc_header_write(bytes, &header);
	g_assert_cmpmem(bytes, sizeof bytes, known, sizeof known);
}

static void test_parse(void)
{
	IpcHeader header = { 0 };

	g_assert_cmpint(ipc_header_parse(known, &header), ==, 0);
	g_assert_cmpuint(header.size, ==, 28);
	g_assert_cmpuint(header.command_set, ==, IPC_SET_SERVER);
	g_assert_cmpuint(header.command_id, ==, IPC_REPLY_OK);
}

static void test_every_header(void)
{
	for (guint i = 0; i <= 0xffff; i++) {
		IpcHeader header = { .size = (guint16)i,
			             .command_set = (guint8)(i >> 3),
			             .command_id = (guint8)i };
		IpcHeader read = { 0 };
		guint8 bytes[IPC_HEADER_SIZE];

		ipc_header_write(bytes, &header);
		g_assert_cmpint(ipc_header_parse(bytes, &read), ==,
		                i < IPC_HEADER_SIZE ? -EPROTO : 0);
		if (i < IPC_HEADER_SIZE)
			continue;
		g_assert_cmpuint(read.size, ==, i);
		g_assert_cmpuint(read.command_set, ==, header.command_set);
		g_assert_cmpuint(read.command_id, ==, header.command_id);
	}
}

/* Any bit of the magic counts, its NUL too. */
static void test_magic(void)
{
	for (guint bit = 0; bit < 14 * 8; bit++) {
		guint8 bytes[IPC_HEADER_SIZE];
		IpcHeader header;

		memcpy(bytes, known, sizeof bytes);
		bytes[bit / 8] ^= (guint8)(1 << bit % 8);
		g_assert_cmpint(ipc_header_parse(bytes, &header), ==, -EPROTO);
	}
}

static void test_hresults(void)
{
	static const guint32 named[] = {
		IPC_E_BAD_ENCODING,          IPC_E_UNKNOWN_COMMAND,  IPC_E_UNKNOWN_MAGIC,
		IPC_E_UNKNOWN_ERROR,         IPC_E_NOTSUPPORTED,     IPC_E_FAIL,
		IPC_E_NOT_YET_AVAILABLE,     IPC_E_INVALIDARG,       IPC_E_INSUFFICIENT_BUFFER,
		IPC_E_RUNTIME_UNINITIALIZED, IPC_E_ENVVAR_NOT_FOUND, IPC_E_PROFILER_ACTIVE,
	};
	/* -EAGAIN is tried again soon, -EOPNOTSUPP is no news, the rest is told and tried again ever more rarely. */
	static const struct {
		guint32 hresult;
		int error;
	} row_i8[] = {
		{ 0x80131384, -EPROTO },     { 0x80131385, -EOPNOTSUPP }, { 0x80131386, -EPROTO },
		{ 0x80131515, -EOPNOTSUPP }, { 0x8013135b, -EAGAIN },     { 0x80131371, -EAGAIN },
		{ 0x80004005, -EIO },
	};
	const char *other = ipc_hresult_text(0x12345678);

	for (guint i = 0; i < G_N_ELEMENTS(row_i8); i++) {
		g_assert_cmpint(ipc_hresult_errno(row_i8[i].hresult), ==, row_i8[i].error);
		g_assert_cmpstr(ipc_hresult_text(row_i8[i].hresult), !=, other);
	}
	for (guint i = 0; i < G_N_ELEMENTS(named); i++) {
		g_assert_cmpint(ipc_hresult_errno(named[i]), <, 0);
		g_assert_cmpstr(ipc_hresult_text(named[i]), !=, other);
	}
	g_assert_cmpint(ipc_hresult_errno(IPC_E_UNKNOWN_COMMAND), ==, -EOPNOTSUPP);
	g_assert_cmpint(ipc_hresult_errno(IPC_E_NOTSUPPORTED), ==, -EOPNOTSUPP);
	g_assert_cmpint(ipc_hresult_errno(IPC_E_FAIL), ==, -EIO);
	g_assert_cmpint(ipc_hresult_errno(0), ==, -EIO);
	g_assert_cmpint(ipc_hresult_errno(0x12345678), ==, -EIO);
	g_assert_nonnull(other);
	g_assert_cmpstr(ipc_hresult_text(0), ==, other);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/write", test_write);
	g_test_add_func("/message/parse", test_parse);
	g_test_add_func("/message/every-header", test_every_header);
	g_test_add_func("/message/magic", test_magic);
	g_test_add_func("/message/row-I8/hresults", test_hresults);
	return g_test_run();
}
