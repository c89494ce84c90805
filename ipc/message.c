/* The frame of a message, and the one place where an HRESULT becomes an errno. */
#include "ipc/message.h"
#include <errno.h>
#include <string.h>
#include "ipc/nettrace/bytes.h"

static const char magic[14] = "DOTNET_IPC_V1";

typedef struct {
	uint32_t hresult;
	int error;
	const char *text;
} Hresult;

/* The last row is for all others. */
static const Hresult hresults[] = {
	{ IPC_E_BAD_ENCODING, -EPROTO, "the runtime could not read the request" },
	{ IPC_E_UNKNOWN_COMMAND, -EOPNOTSUPP, "the runtime does not know this command" },
	{ IPC_E_UNKNOWN_MAGIC, -EPROTO, "the runtime speaks another protocol" },
	{ IPC_E_UNKNOWN_ERROR, -EIO, "the runtime reports an unknown error" },
	{ IPC_E_NOTSUPPORTED, -EOPNOTSUPP, "this kind of runtime cannot do it" },
	{ IPC_E_FAIL, -EIO, "the runtime could not do it and gives no reason" },
	{ IPC_E_NOT_YET_AVAILABLE, -EAGAIN, "the runtime is not ready yet" },
	{ IPC_E_RUNTIME_UNINITIALIZED, -EAGAIN, "the runtime has not started yet" },
	{ IPC_E_INVALIDARG, -EINVAL, "the runtime refuses an argument" },
	{ IPC_E_INSUFFICIENT_BUFFER, -ENOBUFS, "the runtime's buffer is too small" },
	{ IPC_E_ENVVAR_NOT_FOUND, -ENOENT, "there is no such environment variable" },
	{ IPC_E_PROFILER_ACTIVE, -EBUSY, "another profiler is active" },
	{ 0, -EIO, "the runtime answered with an error that has no name" },
};

static const Hresult *find_hresult(uint32_t hresult)
{
	size_t last = sizeof hresults / sizeof hresults[0] - 1;
	size_t i = 0;

	while (i < last && hresults[i].hresult != hresult)
		i++;
	return &hresults[i];
}

int ipc_header_parse(const uint8_t *bytes, IpcHeader *ret)
{
	ByteReader reader = byte_reader(bytes, IPC_HEADER_SIZE);
	IpcHeader header;

	if (memcmp(byte_reader_take(&reader, sizeof magic), magic, sizeof magic) != 0)
		return -EPROTO;
	header.size = byte_reader_u16(&reader);
	header.command_set = byte_reader_u8(&reader);
	header.command_id = byte_reader_u8(&reader);
	if (header.size < IPC_HEADER_SIZE)
		return -EPROTO;
	*ret = header;
	return 0;
}

void ipc_header_write(uint8_t *bytes, const IpcHeader *header)
{
	ByteWriter writer = { .buf = bytes, .size = IPC_HEADER_SIZE };

	byte_writer_put(&writer, magic, sizeof magic);
	byte_writer_u16(&writer, header->size);
	byte_writer_u8(&writer, header->command_set);
	byte_writer_u8(&writer, header->command_id);
	byte_writer_u16(&writer, 0);
}

int ipc_hresult_errno(uint32_t hresult)
{
	return find_hresult(hresult)->error;
}

const char *ipc_hresult_text(uint32_t hresult)
{
	return find_hresult(hresult)->text;
}
