/* The broker that is played to the model. */
#include "tests/wire/fuse-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/util.h"
#include "tests/lib/nettrace-writer.h"
#include "tests/wire/wire-private.h"

typedef struct {
	int fd;
	guint32 sequence;
	NettraceWriter *writer;
	GPtrArray *providers; /* of char: each has an event type of its own, index + 1 */
} WireStream;

static void free_stream(void *data)
{
	WireStream *stream = data;

	util_close_fd(&stream->fd);
	nettrace_writer_free(stream->writer);
	g_ptr_array_unref(stream->providers);
	g_free(stream);
}

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	Wire *wire = data;
	WireAsk *ask = g_new0(WireAsk, 1);

	ask->record = *record;
	ask->fd = fd;
	g_queue_push_tail(&wire->asks, ask);
}

static void on_closed(int reason, void *data)
{
	/* The model was freed. What it sent must have been right. */
	g_assert_cmpint(reason, ==, 0);
}

void wire_broker_init(Wire *wire, int fd)
{
	static const LinkCallbacks callbacks = { .record = on_record, .closed = on_closed };

	wire->link = link_new(fd, FALSE, &callbacks, wire);
	wire->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_stream);
}

static void free_ask(void *data)
{
	WireAsk *ask = data;

	util_close_fd(&ask->fd);
	g_free(ask);
}

void wire_broker_clear(Wire *wire)
{
	link_free(wire->link);
	g_queue_clear_full(&wire->asks, free_ask);
	g_hash_table_destroy(wire->streams);
}

static void send_record(Wire *wire, const Record *record, const void *payload, gsize len, int fd)
{
	g_assert_cmpint(link_send(wire->link, record, payload, len, fd), ==, 0);
	wire_settle(wire);
}

Process *wire_process(const Wire *wire, guint64 serial)
{
	return process_table_find(model_processes(wire->model), serial);
}

static void send_found(Wire *wire, guint64 serial, pid_t pid, guint32 flags, uid_t owner)
{
	static const char texts[] = "user\0app --flag\0/tmp/dotnet-diagnostic-socket";
	Record record = record_new(RECORD_FOUND);

	record.serial = serial;
	record.found = (RecordFound){
		.pid = pid,
		.nspid = pid,
		.uid = WIRE_UID,
		.gid = WIRE_GID,
		.owner = owner,
		.owner_gid = owner == WIRE_UID ? WIRE_GID : owner,
		.start_ticks = serial,
		.start_us = G_GINT64_CONSTANT(1690000000500000),
		.socket_us = G_GINT64_CONSTANT(1690000000600000),
		.flags = flags,
	};
	send_record(wire, &record, texts, sizeof(texts), -1);
	g_assert_nonnull(wire_process(wire, serial));
}

void wire_found(Wire *wire, guint64 serial, pid_t pid, guint32 flags)
{
	send_found(wire, serial, pid, flags, WIRE_UID);
}

void wire_owner(Wire *wire, guint64 serial, pid_t pid, uid_t owner)
{
	send_found(wire, serial, pid, 0, owner);
}

void wire_gone(Wire *wire, guint64 serial)
{
	Record record = record_new(RECORD_GONE);

	record.serial = serial;
	send_record(wire, &record, NULL, 0, -1);
	g_assert_null(wire_process(wire, serial));
}

static GList *find_ask(const Wire *wire, RecordKind kind)
{
	GList *link = wire->asks.head;

	while (link != NULL && ((const WireAsk *)link->data)->record.kind != kind)
		link = link->next;
	return link;
}

gboolean wire_has_ask(const Wire *wire, RecordKind kind)
{
	return find_ask(wire, kind) != NULL;
}

Record wire_ask(Wire *wire, RecordKind kind)
{
	GList *link;
	Record record;

	wire_until(wire, find_ask(wire, kind) != NULL);
	link = find_ask(wire, kind);
	record = ((const WireAsk *)link->data)->record;
	free_ask(link->data);
	g_queue_delete_link(&wire->asks, link);
	return record;
}

void wire_reply(Wire *wire, guint64 id, int error, int fd, guint64 value, const char *text)
{
	Record record = record_new(RECORD_REPLY);

	record.id = id;
	record.error = error;
	record.value = value;
	send_record(wire, &record, text, text == NULL ? 0 : strlen(text) + 1, fd);
}

int wire_memfd(const void *data, gsize len)
{
	int fd = memfd_create("wire", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, data, len), ==, len);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS,
	                      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL),
	                ==, 0);
	return fd;
}

void wire_sealed(Wire *wire, guint64 dump, guint64 process, const char *name, guint64 size)
{
	g_autoptr(GByteArray) texts = g_byte_array_new();
	Record record = record_new(RECORD_DUMP_SEALED);

	record.serial = dump;
	record.sealed = (RecordSealed){
		.pid = WIRE_PID,
		.uid = WIRE_UID,
		.gid = WIRE_GID,
		.type = 2,
		.written_type = 2,
		.parts = 1 << RECORD_PART_CORE | 1 << RECORD_PART_JSON,
		.process_serial = process,
		.size = size,
		.json_size = 10,
		.requested_us = G_GINT64_CONSTANT(1695000000000000),
		.sealed_us = G_GINT64_CONSTANT(1695000001000000),
	};
	g_byte_array_append(texts, (const guint8 *)name, (guint)strlen(name) + 1);
	g_byte_array_append(texts, (const guint8 *)"/nowhere", sizeof("/nowhere"));
	send_record(wire, &record, texts->data, texts->len, -1);
	wire_until(wire, dump_list_find(model_dumps(wire->model), dump) != NULL);
}

void wire_dump_failed(Wire *wire, guint64 id, guint64 serial, int error, const char *text)
{
	Record record = record_new(RECORD_DUMP_FAILED);

	record.id = id;
	record.serial = serial;
	record.error = error;
	send_record(wire, &record, text, strlen(text) + 1, -1);
}

static WireStream *stream_of(const Wire *wire, guint64 serial)
{
	WireStream *stream = g_hash_table_lookup(wire->streams, &serial);

	g_assert_nonnull(stream);
	return stream;
}

static void flush(WireStream *stream)
{
	g_autoptr(GByteArray) bytes = nettrace_writer_steal(stream->writer);

	g_assert_cmpint(send(stream->fd, bytes->data, bytes->len, MSG_NOSIGNAL), ==, bytes->len);
}

void wire_stream(Wire *wire, guint64 serial)
{
	Record ask = wire_ask(wire, RECORD_START_SESSION);
	Record record = record_new(RECORD_STREAM);
	WireStream *stream = g_new0(WireStream, 1);
	NettraceTrace trace = nettrace_writer_trace_default();
	int pair[2];

	g_assert_cmpuint(ask.serial, ==, serial);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	stream->fd = pair[0];
	stream->providers = g_ptr_array_new_with_free_func(g_free);
	stream->writer = nettrace_writer_new();
	nettrace_writer_start(stream->writer, &trace);
	flush(stream);
	g_hash_table_insert(wire->streams, g_memdup2(&serial, sizeof(serial)), stream);
	record.id = ask.id;
	record.serial = serial;
	record.row = ask.row;
	send_record(wire, &record, NULL, 0, pair[1]);
}

/* The id of the event type with which a provider reports; written to the stream when it is new. */
static guint32 event_type(WireStream *stream, const char *provider)
{
	NettraceWriterMetadata metadata;
	guint i;

	for (i = 0; i < stream->providers->len; i++) {
		if (strcmp(stream->providers->pdata[i], provider) == 0)
			return i + 1;
	}
	g_ptr_array_add(stream->providers, g_strdup(provider));
	metadata = nettrace_writer_counter_mean(i + 1, provider);
	nettrace_writer_metadata(stream->writer, &metadata, 1);
	return i + 1;
}

void wire_sample_of(Wire *wire, guint64 serial, const char *provider, const char *name,
                    double value)
{
	WireStream *stream = stream_of(wire, serial);
	NettraceWriterCounter counter = { name, name, "MB", value, 1 };
	g_autoptr(GByteArray) payload = g_byte_array_new();
	NettraceWriterEvent event = { .metadata_id = event_type(stream, provider),
		                      .sequence = ++stream->sequence,
		                      .capture_thread = 1,
		                      .timestamp = stream->sequence };
	guint64 before = counter_store_seq(wire_process(wire, serial)->counters);

	nettrace_writer_put_mean(payload, &counter);
	event.payload = payload->data;
	event.payload_len = payload->len;
	nettrace_writer_events(stream->writer, &event, 1, NETTRACE_WRITER_COMPRESSED);
	flush(stream);
	wire_until(wire, counter_store_seq(wire_process(wire, serial)->counters) > before);
	wire_settle(wire);
}

void wire_sample(Wire *wire, guint64 serial, double mb)
{
	wire_sample_of(wire, serial, "System.Runtime", "gc-heap-size", mb);
}

void wire_stream_end(Wire *wire, guint64 serial)
{
	g_assert_true(g_hash_table_remove(wire->streams, &serial));
}
