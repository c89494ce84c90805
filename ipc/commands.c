/*
 * The builders. All go through begin() and finish(): finish() alone hands bytes out, and it writes
 * the header from what is really there, so that a size can never promise more than is sent.
 */
#include "ipc/commands.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/utf16.h"

enum {
	FORMAT_NETTRACE = 1, /* the only one: 0 is the old NetPerf, 2 kills 8.0 and 9.0 */
	MAX_LEVEL = 5,
	MAX_VERSIONS = 4,
};

typedef struct {
	uint8_t set;
	uint8_t n_versions;
	uint8_t ids[MAX_VERSIONS]; /* by version - 1 */
} Command;

static const Command commands[IPC_N_COMMANDS] = {
	[IPC_COMMAND_PROCESS_INFO] = { IPC_SET_PROCESS, 3, { 0, 4, 8 } },
	[IPC_COMMAND_COLLECT_TRACING] = { IPC_SET_EVENTPIPE, 4, { 2, 3, 4, 5 } },
	[IPC_COMMAND_STOP_TRACING] = { IPC_SET_EVENTPIPE, 1, { 1 } },
	[IPC_COMMAND_CORE_DUMP] = { IPC_SET_DUMP, 3, { 1, 2, 3 } },
	[IPC_COMMAND_ENVIRONMENT] = { IPC_SET_PROCESS, 1, { 2 } },
};

static bool has_version(IpcCommand command, unsigned version)
{
	return (unsigned)command < IPC_N_COMMANDS && version &&
	       version <= commands[command].n_versions;
}

void ipc_request_clear(IpcRequest *r)
{
	free(r->bytes);
	memset(r, 0, sizeof *r);
}

unsigned ipc_command_newest(IpcCommand command)
{
	return (unsigned)command < IPC_N_COMMANDS ? commands[command].n_versions : 0;
}

unsigned ipc_command_older(IpcCommand command, unsigned version)
{
	return has_version(command, version) ? version - 1 : 0;
}

unsigned ipc_abilities_next(const IpcAbilities *a, IpcCommand command)
{
	unsigned version =
		(unsigned)command < IPC_N_COMMANDS ? a->version[command] : IPC_ABILITY_NONE;

	if (version == IPC_ABILITY_NONE)
		return 0;
	return version ? version : ipc_command_newest(command);
}

void ipc_abilities_known(IpcAbilities *a, IpcCommand command, unsigned version)
{
	if (has_version(command, version))
		a->version[command] = (uint8_t)version;
}

unsigned ipc_abilities_unknown(IpcAbilities *a, IpcCommand command, unsigned version)
{
	unsigned older = ipc_command_older(command, version);

	if (has_version(command, version))
		a->version[command] = (uint8_t)(older ? older : IPC_ABILITY_NONE);
	return ipc_abilities_next(a, command);
}

static int begin(IpcRequest *ret, ByteWriter *writer, IpcCommand command, unsigned version)
{
	memset(ret, 0, sizeof *ret);
	memset(writer, 0, sizeof *writer);
	if (!has_version(command, version))
		return -EINVAL;
	writer->buf = malloc(IPC_MESSAGE_MAX);
	if (!writer->buf)
		return -ENOMEM;
	writer->size = IPC_MESSAGE_MAX;
	writer->len = IPC_HEADER_SIZE;
	ret->command = command;
	ret->version = version;
	return 0;
}

static int finish(IpcRequest *ret, ByteWriter *writer)
{
	const Command *command = &commands[ret->command];
	IpcHeader header = {
		.size = (uint16_t)writer->len,
		.command_set = command->set,
		.command_id = command->ids[ret->version - 1],
	};
	uint8_t *smaller;

	if (writer->bad) {
		free(writer->buf);
		memset(ret, 0, sizeof *ret);
		return -EINVAL;
	}
	ipc_header_write(writer->buf, &header);
	smaller = realloc(writer->buf, writer->len);
	ret->bytes = smaller ? smaller : writer->buf;
	ret->len = writer->len;
	return 0;
}

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t len = name ? strnlen(name, IPC_MAX_NAME + 1) : 0;

	return len && len <= IPC_MAX_NAME && strspn(name, allowed) == len;
}

/* The runtime splits at ';' and '=', but not inside quotes: a quote left open would swallow the
 * rest. */
static bool is_filter(const char *filter)
{
	size_t len = filter ? strnlen(filter, IPC_MAX_FILTER + 1) : 0;

	if (len > IPC_MAX_FILTER)
		return false;
	for (size_t i = 0; i < len; i++)
		if (filter[i] < ' ' || filter[i] > '~' || filter[i] == '"')
			return false;
	return true;
}

static bool is_provider(const IpcProvider *provider)
{
	return is_name(provider->name) && provider->level <= MAX_LEVEL &&
	       is_filter(provider->filter);
}

static bool is_config(const IpcSessionConfig *config)
{
	if (!config || !config->buffer_mb || config->buffer_mb > IPC_MAX_BUFFER_MB)
		return false;
	if (!config->providers || !config->n_providers || config->n_providers > IPC_MAX_PROVIDERS)
		return false;
	for (unsigned i = 0; i < config->n_providers; i++)
		if (!is_provider(&config->providers[i]))
			return false;
	return true;
}

/* Bytes of the well-formed UTF-8 character at text, 0 for none. Its NUL ends every check. */
static unsigned utf8_length(const uint8_t *text)
{
	unsigned n = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

	if (n == 1)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (unsigned i = 1; i < n; i++)
		if (text[i] >> 6 != 2)
			return 0;
	/* Overlong forms, surrogates and what is above U+10FFFF. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90))
		return 0;
	if ((text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

/* "." and ".." at its end name a directory. */
static bool ends_in_dots(const char *path, size_t len)
{
	size_t dots = 0;

	while (dots < len && path[len - 1 - dots] == '.')
		dots++;
	return (dots == 1 || dots == 2) && path[len - 1 - dots] == '/';
}

/* It reaches createdump as it stands, or not at all: a null path kills, an empty one and '%' make
 * createdump choose the name itself. */
static bool is_dump_path(const char *path)
{
	const uint8_t *text = (const uint8_t *)path;
	size_t len = path ? strnlen(path, IPC_MAX_DUMP_PATH + 1) : 0;
	unsigned n;

	if (len < 2 || len > IPC_MAX_DUMP_PATH || path[0] != '/' || path[len - 1] == '/' ||
	    ends_in_dots(path, len))
		return false;
	for (size_t i = 0; i < len; i += n) {
		n = utf8_length(text + i);
		if (!n || text[i] < ' ' || text[i] == 0x7f || text[i] == '%')
			return false;
	}
	return true;
}

int ipc_build_process_info(unsigned version, IpcRequest *ret)
{
	ByteWriter writer;
	int r = begin(ret, &writer, IPC_COMMAND_PROCESS_INFO, version);

	return r < 0 ? r : finish(ret, &writer);
}

static void write_provider(ByteWriter *writer, const IpcProvider *provider)
{
	byte_writer_u64(writer, provider->keywords);
	byte_writer_u32(writer, provider->level);
	utf16_write_counted(writer, provider->name);
	utf16_write_counted(writer, provider->filter ? provider->filter : "");
}

int ipc_build_collect_tracing(unsigned version, const IpcSessionConfig *config, IpcRequest *ret)
{
	ByteWriter writer;
	int r;

	memset(ret, 0, sizeof *ret);
	if (!is_config(config))
		return -EINVAL;
	r = begin(ret, &writer, IPC_COMMAND_COLLECT_TRACING, version);
	if (r < 0)
		return r;
	byte_writer_u32(&writer, config->buffer_mb);
	byte_writer_u32(&writer, FORMAT_NETTRACE);
	if (version == 2 || version == 3)
		byte_writer_u8(&writer, 0); /* rundown */
	if (version == 4)
		byte_writer_u64(&writer, 0); /* keyword of the rundown */
	if (version >= 3)
		byte_writer_u8(&writer, 0); /* stack walk */
	byte_writer_u32(&writer, config->n_providers);
	for (unsigned i = 0; i < config->n_providers; i++)
		write_provider(&writer, &config->providers[i]);
	return finish(ret, &writer);
}

int ipc_build_stop_tracing(uint64_t session_id, IpcRequest *ret)
{
	ByteWriter writer;
	int r = begin(ret, &writer, IPC_COMMAND_STOP_TRACING, 1);

	if (r < 0)
		return r;
	byte_writer_u64(&writer, session_id);
	return finish(ret, &writer);
}

int ipc_build_core_dump(unsigned version, const char *path, IpcDumpType type, IpcRequest *ret)
{
	ByteWriter writer;
	int r;

	memset(ret, 0, sizeof *ret);
	if (!is_dump_path(path) || type < IPC_DUMP_MINI || type > IPC_DUMP_FULL)
		return -EINVAL;
	r = begin(ret, &writer, IPC_COMMAND_CORE_DUMP, version);
	if (r < 0)
		return r;
	utf16_write_counted(&writer, path);
	byte_writer_u32(&writer, type);
	byte_writer_u32(&writer, 0); /* version 1: no createdump log; later: no flags */
	return finish(ret, &writer);
}

int ipc_build_environment(IpcRequest *ret)
{
	ByteWriter writer;
	int r = begin(ret, &writer, IPC_COMMAND_ENVIRONMENT, 1);

	return r < 0 ? r : finish(ret, &writer);
}
