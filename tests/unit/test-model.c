/*
 * The model's flows, from the broker's records to what the tree shows. The broker is played here,
 * at the other end of the link, and so are the targets' streams.
 */
#include "fs/model/info-check.h"
#include "fs/model/model.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/model/model-internal.h"
#include "fs/model/render.h"
#include "fs/util.h"
#include "ipc/commands.h"
#include "tests/lib/counter-stream.h"

enum {
	DEADLINE_S = 30,
	SERIAL = 11,
	PID = 4807,
	DUMP = 21
};

typedef struct {
	Record record;
	char *payload;
	gsize len;
	int fd;
} Got;

typedef struct {
	Model *model;
	Link *broker;
	GQueue inbox; /* of Got: what the model asked */
	CounterStream stream;
	int journal;
	unsigned changes[MODEL_DUMPS + 1];
	unsigned ended, scanned, pings;
	int reason;
	/* of the last act */
	ModelAct *act;
	unsigned replies;
	int error;
	int fd;
	guint64 value;
} Fixture;

static const Settings settings = {
	.interval_ms = 1000,
	.attach_delay_s = 10,
	.detect = DETECT_SAMPLED,
	.version = "1.2.3",
	.dump_dir = "/store",
};

static void got_free(Got *got)
{
	util_close_fd(&got->fd);
	g_free(got->payload);
	g_free(got);
}

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	Got *got;

	if (record->kind == RECORD_PING) {
		((Fixture *)data)->pings++;
		return;
	}
	got = g_new0(Got, 1);
	got->record = *record;
	got->payload = g_memdup2(payload, len + 1);
	got->len = len;
	got->fd = fd;
	g_queue_push_tail(&((Fixture *)data)->inbox, got);
}

static void on_broker_closed(int reason, void *data)
{
}

static void on_ended(int reason, void *data)
{
	Fixture *f = data;

	f->ended++;
	f->reason = reason;
}

static void on_scanned(void *data)
{
	((Fixture *)data)->scanned++;
}

static void on_change(ModelChange change, Process *process, void *data)
{
	((Fixture *)data)->changes[change]++;
}

static void on_reply(int error, int fd, guint64 value, void *data)
{
	Fixture *f = data;

	f->replies++;
	f->error = error;
	util_close_fd(&f->fd);
	f->fd = fd;
	f->value = value;
	f->act = NULL;
}

static void set_up(Fixture *f, gconstpointer data)
{
	static const LinkCallbacks link = { .record = on_record, .closed = on_broker_closed };
	static const ModelCallbacks model = { .ended = on_ended, .scanned = on_scanned };
	int fds[2], log[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	g_assert_no_errno(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, log));
	g_queue_init(&f->inbox);
	f->broker = link_new(fds[1], FALSE, &link, f);
	f->model = model_new(fds[0], log[0], &settings, &model, f);
	f->journal = log[1];
	f->stream.fd = -1;
	f->fd = -1;
	model_observe(f->model, on_change, f);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	model_unobserve(f->model, on_change, f);
	model_free(f->model);
	link_free(f->broker);
	while (f->inbox.length)
		got_free(g_queue_pop_head(&f->inbox));
	counter_stream_clear(&f->stream);
	util_close_fd(&f->journal);
	util_close_fd(&f->fd);
}

static gboolean on_deadline(gpointer data)
{
	g_error("nothing happened in time: waiting for %s", (const char *)data);
	return G_SOURCE_REMOVE;
}

#define WAIT_FOR(condition)                                                                       \
	do {                                                                                      \
		guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, (char *)#condition); \
		while (!(condition))                                                              \
			g_main_context_iteration(NULL, TRUE);                                     \
		g_source_remove(timer);                                                           \
	} while (0)

/* The next ask of the front. Its id. */
static guint64 expect(Fixture *f, RecordKind kind)
{
	guint64 id;
	Got *got;

	WAIT_FOR(f->inbox.length);
	got = g_queue_pop_head(&f->inbox);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, record_kind_name(kind));
	id = got->record.id;
	got_free(got);
	return id;
}

/* Everything that was sent so far has been taken: a NOTICE goes the same way. */
static void settle(Fixture *f)
{
	Record record = record_new(RECORD_SCANNED);
	unsigned before = f->scanned;

	g_assert_cmpint(link_send(f->broker, &record, NULL, 0, -1), ==, 0);
	WAIT_FOR(f->scanned > before);
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void tell(Fixture *f, Record *record, const void *payload, gsize len, int fd)
{
	g_assert_cmpint(link_send(f->broker, record, payload, len, fd), ==, 0);
}

static void found(Fixture *f, guint32 flags)
{
	static const char texts[] = "games\0dotnet secret.dll --password=x\0/tmp/socket";
	Record record = record_new(RECORD_FOUND);

	record.serial = SERIAL;
	record.found = (RecordFound){ .pid = PID, .nspid = 7, .uid = 5, .flags = flags };
	record.found.start_ticks = 1234;
	record.found.start_us = 1000000;
	tell(f, &record, texts, sizeof texts, -1);
}

static void gone(Fixture *f)
{
	Record record = record_new(RECORD_GONE);

	record.serial = SERIAL;
	tell(f, &record, NULL, 0, -1);
}

static void reply(Fixture *f, guint64 id, int error, const char *text)
{
	Record record = record_new(RECORD_REPLY);

	record.id = id;
	record.serial = SERIAL;
	record.error = error;
	tell(f, &record, text, text ? strlen(text) + 1 : 0, -1);
}

static void send_stream(Fixture *f, guint64 id, RecordSession row)
{
	Record record = record_new(RECORD_STREAM);
	int fd;

	counter_stream_clear(&f->stream);
	counter_stream_init(&f->stream, &fd);
	record.id = id;
	record.serial = SERIAL;
	record.row = row;
	tell(f, &record, NULL, 0, fd);
}

static Process *process_of(Fixture *f)
{
	return process_table_find(model_processes(f->model), SERIAL);
}

/* Found, of 3.1 so that nothing is asked before, with an open stream and a first value of the
 * heap. */
static Process *attach(Fixture *f, double heap_mb)
{
	unsigned before = f->changes[MODEL_SAMPLES];

	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE);
	send_stream(f, expect(f, RECORD_START_SESSION), RECORD_SESSION_COUNTERS);
	counter_stream_start(&f->stream);
	counter_stream_value(&f->stream, "gc-heap-size", heap_mb);
	WAIT_FOR(f->changes[MODEL_SAMPLES] > before);
	return process_of(f);
}

static void write_threshold(Fixture *f, const char *text, int expected)
{
	g_assert_cmpint(model_write_threshold(f->model, process_of(f), text, strlen(text), on_reply,
	                                      f, &f->act),
	                ==, expected);
}

static void arm(Fixture *f, const char *text)
{
	unsigned before = f->replies;

	write_threshold(f, text, 1);
	reply(f, expect(f, RECORD_PREFLIGHT), 0, NULL);
	WAIT_FOR(f->replies > before);
	g_assert_cmpint(f->error, ==, 0);
}

static void progress(Fixture *f, guint64 id, RecordDumpState state)
{
	Record record = record_new(RECORD_DUMP_PROGRESS);

	record.id = id;
	record.serial = SERIAL;
	record.state = state;
	record.value = 4096;
	record.progress.expected = 70000000;
	tell(f, &record, NULL, 0, -1);
}

/* The broker's question whether a dump that waited is still wanted; the front's answer. */
static void expect_confirm(Fixture *f, guint64 id, guint64 value)
{
	Got *got;

	progress(f, id, RECORD_DUMP_CONFIRMING);
	WAIT_FOR(f->inbox.length);
	got = g_queue_pop_head(&f->inbox);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "dump-confirm");
	g_assert_cmpuint(got->record.id, ==, id);
	g_assert_cmpuint(got->record.value, ==, value);
	got_free(got);
}

static void sealed(Fixture *f, guint64 id, guint64 serial, unsigned parts)
{
	static const char texts[] = "core_20261124_101512\0/store/sealed/core";
	Record record = record_new(RECORD_DUMP_SEALED);

	record.id = id;
	record.serial = serial;
	record.sealed = (RecordSealed){ .pid = PID,
		                        .uid = 5,
		                        .type = IPC_DUMP_HEAP,
		                        .written_type = IPC_DUMP_HEAP,
		                        .parts = parts,
		                        .size = 123456,
		                        .start_ticks = 1234,
		                        .requested_us = 2000000,
		                        .frozen_us = id ? 250000 : -1 };
	record.sealed.process_serial = id ? SERIAL : 0;
	tell(f, &record, texts, sizeof texts, -1);
}

static void failed(Fixture *f, guint64 id, int error, const char *text)
{
	Record record = record_new(RECORD_DUMP_FAILED);

	record.id = id;
	record.serial = SERIAL;
	record.error = error;
	tell(f, &record, text, strlen(text) + 1, -1);
}

static gboolean log_has(EventLog *log, const char *text)
{
	g_autofree char *all = g_malloc0(event_log_size(log) + 1);

	event_log_read(log, 0, all, event_log_size(log));
	return strstr(all, text) != NULL;
}

static gboolean logged(Fixture *f, const char *text)
{
	return log_has(model_events(f->model), text);
}

static void check_status(Fixture *f, const char *line)
{
	g_autoptr(GString) out = g_string_new("\n");
	g_autofree char *whole = g_strdup_printf("\n%s\n", line);

	g_assert_cmpint(render_process_status(f->model, process_of(f), out), ==, 0);
	if (!strstr(out->str, whole))
		g_error("no line \"%s\" in:%s", line, out->str);
}

static void test_attach(Fixture *f, gconstpointer data)
{
	static const char info[] = "not parsed";
	Record record = record_new(RECORD_REPLY);
	g_autoptr(GString) out = g_string_new(NULL);
	Process *process;

	model_ready(f->model);
	expect(f, RECORD_READY);
	found(f, 0);
	WAIT_FOR(f->changes[MODEL_FOUND]);
	process = process_of(f);
	g_assert_true(process == process_table_find_pid(model_processes(f->model), PID));
	check_status(f, "state starting");
	check_status(f, "attach waiting");
	g_assert_cmpint(process_sample_wait_until(process, g_get_monotonic_time()), ==, 0);
	/* The sign is there, but its ProcessInfo is not. */
	found(f, RECORD_FOUND_ATTACHABLE);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	check_status(f, "state attaching");
	g_assert_cmpint(process_sample_wait_until(process, g_get_monotonic_time()), >, 0);
	record.serial = SERIAL;
	record.value = 2;
	tell(f, &record, info, sizeof info, -1);
	send_stream(f, expect(f, RECORD_START_SESSION), RECORD_SESSION_COUNTERS);
	settle(f);
	g_assert_true(logged(f, "attached interval=1"));
	check_status(f, "sessions 1");
	check_status(f, "state attaching");
	g_assert_cmpint(render_process_heap(f->model, process, out), ==, -ENODATA);
	counter_stream_start(&f->stream);
	counter_stream_value(&f->stream, "gc-heap-size", 388.682712);
	WAIT_FOR(f->changes[MODEL_SAMPLES]);
	check_status(f, "state live");
	g_assert_cmpint(render_process_heap(f->model, process, out), ==, 0);
	g_assert_cmpstr(out->str, ==, "388.682712\n");
	g_string_truncate(out, 0);
	render_processes(f->model, out);
	g_assert_cmpstr(out->str, ==,
	                "PID  USER  RUNTIME HEAP_MB    TRIGGER COMMAND\n"
	                "4807 games -       388.682712 off     dotnet secret.dll --password=x\n");
}

static Got *take_from_inbox(Fixture *f)
{
	WAIT_FOR(f->inbox.length);
	return g_queue_pop_head(&f->inbox);
}

/* The runtime keeps the shortest interval that anybody has: the session ends before the next one begins. */
static void test_interval(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 10);
	Got *got;

	g_assert_cmpint(model_write_interval(f->model, process, "5x", 2), ==, -EINVAL);
	g_assert_cmpint(model_write_interval(f->model, process, "", 0), ==, -EINVAL);
	g_assert_cmpint(model_write_interval(f->model, process, "0.05", 4), ==, -ERANGE);
	g_assert_cmpint(model_write_interval(f->model, process, "3601", 4), ==, -ERANGE);
	g_assert_cmpuint(process->interval_ms, ==, 1000);
	g_assert_cmpint(model_write_interval(f->model, process, "2.5\n", 4), ==, 0);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "stop-session");
	g_assert_cmpuint(got->record.row, ==, RECORD_SESSION_COUNTERS);
	reply(f, got->record.id, 0, NULL);
	got_free(got);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->inbox.length);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "start-session");
	g_assert_cmpuint(got->record.interval_ms, ==, 2500);
	send_stream(f, got->record.id, RECORD_SESSION_COUNTERS);
	got_free(got);
	settle(f);
	g_assert_true(logged(f, "attached interval=2.5"));
	g_assert_false(logged(f, "warning"));
	g_assert_cmpint(model_write_interval(f->model, process, "0.5", 3), ==, 0);
	settle(f);
	g_assert_true(logged(f, "one interval for all tools"));
}

/* Other providers, at the same interval: the new session is there before the old one goes. */
static void test_providers(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 10);
	Session *old = process->session;
	Got *got;

	process->found.flags &= ~(guint32)RECORD_FOUND_OLD;
	g_strlcpy(process->info.runtime_version, "10.0.14", sizeof process->info.runtime_version);
	process->info.command_line = strdup("x");
	process->has_info = TRUE;
	g_assert_cmpint(model_write_providers(f->model, process, "a b", 3), ==, -EINVAL);
	g_assert_cmpint(model_write_providers(f->model, process, "+Mine", 5), ==, 0);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "start-session");
	g_assert_cmpuint(got->record.row, ==, RECORD_SESSION_COUNTERS_NEXT);
	g_assert_cmpuint(got->record.values.meters, ==, 0);
	g_assert_true(process->session == old);
	send_stream(f, got->record.id, RECORD_SESSION_COUNTERS_NEXT);
	got_free(got);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "stop-session");
	g_assert_cmpuint(got->record.row, ==, RECORD_SESSION_COUNTERS);
	reply(f, got->record.id, 0, NULL);
	got_free(got);
	g_assert_true(process->session && process->session != old);
	g_assert_cmpint(process->sample_us, >, 0);
	/* Nothing changes: nothing is asked. */
	g_assert_cmpint(model_write_providers(f->model, process, "+Mine\n+System.Runtime", 21), ==,
	                0);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	/* Fewer: in the session that tools share they would stay while another one is in it. */
	g_assert_cmpint(model_write_providers(f->model, process, "-Mine", 5), ==, 0);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "stop-session");
	got_free(got);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	g_assert_null(process->session);
}

/* The session that takes the place of another one, of which nothing is left in the inbox then. */
static void next_session(Fixture *f, Process *process, const char *providers, RecordSession row,
                         gboolean meters)
{
	CounterStream old = f->stream;
	Got *got;

	g_assert_cmpint(model_write_providers(f->model, process, providers, strlen(providers)), ==,
	                0);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "start-session");
	g_assert_cmpuint(got->record.row, ==, row);
	g_assert_cmpuint(got->record.values.meters, ==, meters);
	f->stream = (CounterStream){ .fd = -1 };
	send_stream(f, got->record.id, row);
	got_free(got);
	got = take_from_inbox(f);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "stop-session");
	reply(f, got->record.id, 0, NULL);
	got_free(got);
	counter_stream_clear(&old);
	settle(f);
}

/* Counts go on from a session with meters to the next, but not where one without was in between. */
static void test_meters_between(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 10);
	gint64 since;

	process->found.flags &= ~(guint32)RECORD_FOUND_OLD;
	process->found.flags |= RECORD_FOUND_METERS_DUE | RECORD_FOUND_METERS_SURE;
	g_strlcpy(process->info.runtime_version, "10.0.14", sizeof process->info.runtime_version);
	process->info.command_line = strdup("x");
	process->has_info = TRUE;
	next_session(f, process, "+A", RECORD_SESSION_COUNTERS_NEXT, TRUE);
	since = meter_store_since_us(process->meters);
	g_assert_cmpint(since, >, 0);
	next_session(f, process, "+B", RECORD_SESSION_COUNTERS, TRUE);
	g_assert_cmpint(meter_store_since_us(process->meters), ==, since);
	g_assert_false(logged(f, "reset=meters"));
	process->meters_from_us = G_MAXINT64; /* left to another tool */
	next_session(f, process, "+C", RECORD_SESSION_COUNTERS_NEXT, FALSE);
	g_assert_cmpint(meter_store_since_us(process->meters), ==, since);
	process->meters_from_us = 0;
	next_session(f, process, "+D", RECORD_SESSION_COUNTERS, TRUE);
	g_assert_cmpint(meter_store_since_us(process->meters), >, since);
	g_assert_true(logged(f, "reset=meters"));
}

/* ProcessInfo comes a second time for every young process: without news it wakes no poll(2). */
static void test_info_again(Fixture *f, gconstpointer data)
{
	guint8 info[20 + 4 * 5 + 4] = { 0 }; /* pid, cookie and no texts: version 2, all empty */
	Record record = record_new(RECORD_REPLY);
	guint64 seq;

	record.serial = SERIAL;
	record.value = 2;
	info[0] = 7;
	found(f, RECORD_FOUND_ATTACHABLE);
	WAIT_FOR(f->changes[MODEL_FOUND]);
	tell(f, &record, info, sizeof info, -1);
	WAIT_FOR(process_of(f)->has_info);
	settle(f);
	seq = process_of(f)->state_seq;
	tell(f, &record, info, sizeof info, -1);
	settle(f);
	g_assert_cmpuint(process_of(f)->state_seq, ==, seq);
	info[8] = 1; /* of the cookie */
	tell(f, &record, info, sizeof info, -1);
	WAIT_FOR(process_of(f)->state_seq == seq + 1);
}

/* What cannot be so is told once, and what was known stays. */
static void test_info_refused(Fixture *f, gconstpointer data)
{
	static const char warning[] = "warning text=\"its ProcessInfo is not believed: it names";
	guint8 info[20 + 4 * 5 + 4] = { 8 };
	Record record = record_new(RECORD_REPLY);

	record.serial = SERIAL;
	record.value = 2;
	found(f, RECORD_FOUND_ATTACHABLE);
	WAIT_FOR(f->changes[MODEL_FOUND]);
	tell(f, &record, info, sizeof info, -1);
	WAIT_FOR(process_of(f)->info_over);
	settle(f);
	g_assert_true(logged(f, warning));
	g_assert_false(process_of(f)->has_info);
	info[0] = 7;
	tell(f, &record, info, sizeof info, -1);
	WAIT_FOR(process_of(f)->has_info);
	info[0] = 8;
	info[8] = 1;
	tell(f, &record, info, sizeof info, -1);
	settle(f);
	g_assert_cmpuint(process_of(f)->info.pid, ==, 7);
	g_assert_true(g_str_has_prefix(process_of(f)->info.cookie, "00000000"));
}

static void test_info_check(Fixture *f, gconstpointer data)
{
	IpcProcessInfo info = { .pid = 7,
		                .os = "Linux",
		                .arch = "x64",
		                .runtime_version = "10.0.0-dev",
		                .entrypoint = "\n\xef\xbf\xbd" };

	g_assert_null(info_check(&info, 7));
	g_assert_nonnull(info_check(&info, 8));
	strcpy(info.rid, "linux\x1b");
	g_assert_nonnull(info_check(&info, 7));
	info.rid[0] = '\0';
	strcpy(info.os, "\xef\xbf\xbd"); /* of a lone surrogate */
	g_assert_nonnull(info_check(&info, 7));
}

static void found_as(Fixture *f, guint64 serial, pid_t pid, const char *command)
{
	g_autoptr(GString) texts = g_string_new("games");
	Record record = record_new(RECORD_FOUND);

	g_string_append_c(texts, '\0');
	g_string_append_len(texts, command, (gssize)strlen(command) + 1);
	g_string_append_len(texts, "/tmp/socket", sizeof "/tmp/socket");
	record.serial = serial;
	record.found = (RecordFound){ .pid = pid, .nspid = 7, .uid = 5, .start_us = 1000000 };
	tell(f, &record, texts->str, texts->len, -1);
}

/* In order of pid, whatever the order in which they were found; a long command is cut there alone. */
static void test_table(Fixture *f, gconstpointer data)
{
	g_autofree char *long_command = g_strnfill(20000, 'x');
	g_autofree char *umlauts = g_strnfill(5000, ' ');
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) lines = NULL;

	for (unsigned i = 1; i + 1 < 5000; i += 2)
		memcpy(umlauts + i, "\xc3\xa4",
		       2); /* the one at 4095 and 4096 would be cut in two */
	umlauts[0] = 'a';
	found_as(f, 1, 30000, "third");
	found_as(f, 2, 4, long_command);
	found_as(f, 3, 500, umlauts);
	WAIT_FOR(f->changes[MODEL_FOUND] == 3);
	render_processes(f->model, out);
	lines = g_strsplit(out->str, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 5);
	g_assert_true(g_str_has_prefix(lines[1], "4 "));
	g_assert_true(g_str_has_prefix(lines[2], "500 "));
	g_assert_true(g_str_has_prefix(lines[3], "30000 "));
	g_assert_cmpuint(strlen(strchr(lines[1], 'x')), ==, 4096);
	g_assert_true(g_utf8_validate(lines[2], -1, NULL));
	g_assert_cmpuint(strlen(strstr(lines[2], "a\xc3\xa4")), ==, 4095);
	g_assert_cmpstr(process_command_line(process_table_find(model_processes(f->model), 2)), ==,
	                long_command);
}

static void test_trigger_to_list(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 100);
	const Dump *dump;
	char json[4096] = "";
	guint64 id;
	Got *got;

	arm(f, "300\n");
	check_status(f, "trigger armed");
	check_status(f, "threshold_mb 300");
	counter_stream_value(&f->stream, "gc-heap-size", 299.9);
	counter_stream_value(&f->stream, "gc-heap-size", 300);
	/* What comes with it is not needed: the spike is seen. */
	counter_stream_value(&f->stream, "gc-heap-size", 50);
	id = expect(f, RECORD_DUMP);
	check_status(f, "trigger queued");
	check_status(f, "dump queued");
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_RUNNING);
	settle(f);
	check_status(f, "state dumping");
	check_status(f, "trigger dumping");
	check_status(f, "dump running");
	check_status(f, "dump_bytes 4096");
	check_status(f, "dump_expected 70000000");
	sealed(f, id, DUMP, 1);
	WAIT_FOR(f->inbox.length);
	got = g_queue_peek_head(&f->inbox);
	g_assert_cmpuint(got->record.serial, ==, DUMP);
	g_assert_cmpint(fcntl(got->fd, F_GET_SEALS) & F_SEAL_WRITE, !=, 0);
	g_assert_cmpint(pread(got->fd, json, sizeof json - 1, 0), >, 0);
	g_assert_nonnull(strstr(json, "\"value_mb\": 300,"));
	g_assert_nonnull(strstr(json, "\"trigger\": \"heap >= 300\""));
	g_assert_nonnull(strstr(json, "\"runtime\": \"3.1\""));
	g_assert_null(dump_list_next(model_dumps(f->model), 0, 0));
	check_status(f, "dumps 0");
	reply(f, expect(f, RECORD_ANNEX), 0, NULL);
	WAIT_FOR(f->changes[MODEL_DUMPS]);
	dump = dump_list_next(model_dumps(f->model), SERIAL, 0);
	g_assert_cmpuint(dump->serial, ==, DUMP);
	g_assert_cmpuint(dump_size(dump, RECORD_PART_JSON), ==, strlen(json));
	check_status(f, "trigger fired");
	check_status(f, "dump idle");
	check_status(f, "dumps 1");
	g_assert_true(logged(f, "fired value_mb=300 threshold_mb=300"));
	g_assert_true(logged(f, "dump-started reason=trigger"));
	g_assert_true(logged(
		f, "dump-done name=core_20261124_101512_4807 type=heap size=123456 trigger=fired "
		   "frozen_s=0.25\n"));
	g_assert_true(log_has(process->events, "dump-done"));
	check_status(f, "dump_expected 0");
	/* One dump; armed again by a write, and then at once, as the condition holds. */
	counter_stream_value(&f->stream, "gc-heap-size", 400);
	WAIT_FOR(process->heap.mb == 400);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	arm(f, "300");
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	/* Disarmed meanwhile: the dump is finished, the trigger stays off. */
	write_threshold(f, "off", 0);
	progress(f, id, RECORD_DUMP_RUNNING);
	failed(f, id, -EIO, "createdump says no");
	settle(f);
	check_status(f, "trigger off");
	check_status(f, "last_error createdump says no");
	g_assert_true(logged(f, "disarmed"));
}

static void test_refused_writes(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 100);
	guint64 seq;

	write_threshold(f, "abc", -EINVAL);
	write_threshold(f, "-5", -ERANGE);
	g_assert_true(logged(f, "refused what=threshold_mb"));
	arm(f, "500MiB");
	check_status(f, "threshold_mb 524.288");
	seq = process->state_seq;
	write_threshold(f, "600", 1);
	reply(f, expect(f, RECORD_PREFLIGHT), -EOPNOTSUPP,
	      "4807 does not see /store (other mounts)");
	WAIT_FOR(f->replies == 2);
	g_assert_cmpint(f->error, ==, -EOPNOTSUPP);
	check_status(f, "threshold_mb 524.288");
	check_status(f, "trigger armed");
	check_status(f, "last_error threshold_mb: 4807 does not see /store (other mounts)");
	g_assert_cmpuint(process->state_seq, >, seq);
	/* The user's deadline: a late answer must not arm. */
	write_threshold(f, "700", 1);
	model_act_cancel(f->act);
	reply(f, expect(f, RECORD_PREFLIGHT), 0, NULL);
	expect(f, RECORD_CANCEL);
	settle(f);
	g_assert_cmpuint(f->replies, ==, 2);
	check_status(f, "threshold_mb 524.288");
	g_assert_cmpint(model_write_dump_type(f->model, process, "big\n", 4), ==, -EINVAL);
	g_assert_cmpint(model_write_dump_type(f->model, process, "full\n", 5), ==, 0);
	g_assert_cmpuint(process->dump_type, ==, IPC_DUMP_FULL);
}

static int write_dump(Fixture *f, const char *text)
{
	return model_write_dump(f->model, process_of(f), text, strlen(text), on_reply, f, &f->act);
}

static void test_demand(Fixture *f, gconstpointer data)
{
	guint64 id;

	attach(f, 100);
	g_assert_cmpint(write_dump(f, "never"), ==, -EINVAL);
	g_assert_cmpint(write_dump(f, ""), ==, -EINVAL);
	g_assert_cmpint(write_dump(f, " now\n"), ==, 1);
	g_assert_cmpint(write_dump(f, "now"), ==, -EBUSY);
	reply(f, expect(f, RECORD_DUMP), -ENOSPC, "/store has 5 MB free");
	WAIT_FOR(f->replies == 1);
	g_assert_cmpint(f->error, ==, -ENOSPC);
	check_status(f, "dump idle");
	check_status(f, "last_error /store has 5 MB free");
	check_status(f, "trigger off");
	/* Accepted, failed later; a caller that has gone changes nothing. */
	g_assert_cmpint(write_dump(f, "full"), ==, 1);
	model_act_cancel(f->act);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_QUEUED);
	settle(f);
	check_status(f, "dump queued");
	failed(f, id, -EIO, "cut");
	settle(f);
	check_status(f, "dump idle");
	g_assert_true(logged(f, "dump-failed error=cut"));
	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE | RECORD_FOUND_STOPPED);
	settle(f);
	g_assert_cmpint(write_dump(f, "now"), ==, -EAGAIN);
	check_status(f, "state stopped");
}

static void check_results(const Process *process, unsigned done, unsigned failed, unsigned missed)
{
	g_assert_cmpuint(process->dump_results[PROCESS_DUMP_DONE], ==, done);
	g_assert_cmpuint(process->dump_results[PROCESS_DUMP_FAILED], ==, failed);
	g_assert_cmpuint(process->dump_results[PROCESS_DUMP_MISSED], ==, missed);
}

static void test_missed_and_failed(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 100);
	guint64 id;

	arm(f, "200");
	counter_stream_value(&f->stream, "gc-heap-size", 250);
	reply(f, expect(f, RECORD_DUMP), -EAGAIN, "too many dumps are waiting already");
	WAIT_FOR(process->trigger.state == TRIGGER_ARMED);
	g_assert_true(logged(f, "missed reason=\"too many"));
	check_status(f, "dump idle");
	/* Tried again with the next sample. */
	counter_stream_value(&f->stream, "gc-heap-size", 251);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_RUNNING);
	failed(f, id, -EIO, "the runtime said:\nno");
	WAIT_FOR(process->trigger.state == TRIGGER_FAILED);
	check_status(f, "last_error the runtime said:?no");
	check_results(process, 0, 1, 1);
	counter_stream_value(&f->stream, "gc-heap-size", 252);
	WAIT_FOR(process->heap.mb == 252);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
}

/* Whether it waited for nothing is the front's to say. */
static void test_queue(Fixture *f, gconstpointer data)
{
	static const char full[] = "too many dumps are waiting already";
	Process *process = attach(f, 100);
	Record record = record_new(RECORD_REPLY);
	guint64 id;

	arm(f, "200");
	counter_stream_value(&f->stream, "gc-heap-size", 250);
	record.id = expect(f, RECORD_DUMP);
	record.serial = SERIAL;
	record.error = -EAGAIN;
	record.value = RECORD_REFUSED_QUEUE_FULL;
	tell(f, &record, full, sizeof full, -1);
	WAIT_FOR(process->trigger.state == TRIGGER_ARMED);
	g_assert_true(logged(f, "missed reason=queue-full\n"));
	check_status(f, "last_error too many dumps are waiting already");

	counter_stream_value(&f->stream, "gc-heap-size", 251);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_QUEUED);
	expect_confirm(f, id, 1);
	settle(f);
	check_status(f, "trigger queued");
	counter_stream_value(&f->stream, "gc-heap-size", 120);
	WAIT_FOR(process->heap.mb == 120);
	expect_confirm(f, id, 0);
	failed(f, id, -ECANCELED, "the condition was false when its turn came");
	WAIT_FOR(process->trigger.state == TRIGGER_ARMED);
	settle(f);
	check_status(f, "dump idle");
	g_assert_true(logged(f, "missed reason=queue\n"));
	g_assert_false(logged(f, "dump-failed"));
	counter_stream_value(&f->stream, "gc-heap-size", 252);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_RUNNING);
	sealed(f, id, 7, 1u << RECORD_PART_CORE);
	reply(f, expect(f, RECORD_ANNEX), 0, NULL);
	WAIT_FOR(process->trigger.state == TRIGGER_FIRED);
	settle(f);
	check_results(process, 1, 0, 2);
}

/* Lines that are written while a dump of theirs waits: it is given up, once it has not begun. */
static void test_withdrawn(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 250);
	guint64 id, next;

	arm(f, "200");
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_QUEUED);
	settle(f);
	write_threshold(f, "off", 0);
	g_assert_cmpuint(expect(f, RECORD_DUMP_WITHDRAW), ==, id);
	failed(f, id, -ECANCELED, "it is not wanted any more");
	WAIT_FOR(process->dump_state == PROCESS_DUMP_IDLE);
	check_status(f, "trigger off");
	g_assert_false(logged(f, "missed"));
	g_assert_false(logged(f, "dump-failed"));

	/* Before it was accepted; another threshold that holds, too: its own dump follows the first's end. */
	arm(f, "200");
	id = expect(f, RECORD_DUMP);
	arm(f, "220");
	g_assert_cmpuint(expect(f, RECORD_DUMP_WITHDRAW), ==, id);
	counter_stream_value(&f->stream, "gc-heap-size", 251);
	WAIT_FOR(process->heap.mb == 251);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	reply(f, id, -ECANCELED, "it is not wanted any more");
	next = expect(f, RECORD_DUMP);
	g_assert_cmpuint(next, !=, id);
	reply(f, next, 0, NULL);
	g_assert_false(logged(f, "missed"));

	/* It has begun: it goes on, and is counted no more. */
	progress(f, next, RECORD_DUMP_RUNNING);
	WAIT_FOR(process->dump_state == PROCESS_DUMP_RUNNING);
	arm(f, "300");
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	failed(f, next, -EIO, "cut");
	WAIT_FOR(process->dump_state == PROCESS_DUMP_IDLE);
	check_status(f, "trigger armed");

	/* A new count begins with the one that is queued. */
	arm(f, "200");
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	g_assert_cmpint(model_write_cooldown(f->model, process, "30", 2), ==, 0);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	check_status(f, "trigger queued");
	progress(f, id, RECORD_DUMP_RUNNING);
	sealed(f, id, 7, 1u << RECORD_PART_CORE);
	reply(f, expect(f, RECORD_ANNEX), 0, NULL);
	WAIT_FOR(process->trigger.state == TRIGGER_FIRED);
	g_assert_true(logged(f, "trigger=fired"));
}

/* What holds while nothing may be sent is missed once, and fires when it may. */
static void test_stopped(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 250);
	guint64 id;

	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE | RECORD_FOUND_STOPPED);
	settle(f);
	arm(f, "200");
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	g_assert_true(logged(f, "missed reason=\"the process is stopped\""));
	g_assert_false(logged(f, "fired"));
	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE);
	id = expect(f, RECORD_DUMP);
	g_assert_false(logged(f, "fired"));
	reply(f, id, 0, NULL);
	settle(f);
	g_assert_true(logged(f, "fired value_mb=250"));
	/* Stopped while it was queued: no failure. */
	failed(f, id, -EAGAIN, "the process is stopped");
	WAIT_FOR(process->trigger.state == TRIGGER_ARMED);
	g_assert_false(logged(f, "dump-failed"));
}

/* Retention takes dumps away, shown or not. */
static void test_removed(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_DUMP_REMOVED);
	guint64 id;

	attach(f, 100);
	sealed(f, 0, DUMP, 3);
	WAIT_FOR(f->changes[MODEL_DUMPS] == 1);
	check_status(f, "dumps 1");
	record.serial = DUMP + 7; /* no such */
	tell(f, &record, "keep", 5, -1);
	record.serial = DUMP;
	tell(f, &record, "keep", 5, -1);
	WAIT_FOR(f->changes[MODEL_DUMPS] == 2);
	check_status(f, "dumps 0");
	g_assert_null(dump_list_any(model_dumps(f->model), DUMP));
	g_assert_true(logged(f, " 4807 dump-removed name=core_20261124_101512_4807 reason=keep\n"));

	g_assert_cmpint(write_dump(f, "now"), ==, 1);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	progress(f, id, RECORD_DUMP_RUNNING);
	sealed(f, id, DUMP + 1, 1);
	record.serial = DUMP + 1;
	tell(f, &record, "max_age", 8, -1);
	settle(f);
	g_assert_null(dump_list_any(model_dumps(f->model), DUMP + 1));
	reply(f, expect(f, RECORD_ANNEX), -ENOENT, NULL);
	settle(f);
	check_status(f, "dump idle");
	check_status(f, "dumps 0");
}

static void test_lost_stream(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 100);
	gint64 lost_us = g_get_monotonic_time();
	guint64 id;

	counter_stream_clear(&f->stream);
	WAIT_FOR(!process->session);
	check_status(f, "state attaching");
	/* Stale, but readable. */
	g_assert_cmpfloat(process->heap.mb, ==, 100);
	id = expect(f, RECORD_START_SESSION);
	g_assert_cmpint(g_get_monotonic_time() - lost_us, >=, G_USEC_PER_SEC);
	g_assert_true(logged(f, "session-lost reason=\"the stream has ended\""));
	/* Refused: told, and tried again later than before. */
	lost_us = g_get_monotonic_time();
	reply(f, id, -EIO, "no session is free");
	settle(f);
	check_status(f, "state unreachable");
	check_status(f, "last_error no session is free");
	g_assert_true(logged(f, "refused what=session"));
	send_stream(f, expect(f, RECORD_START_SESSION), RECORD_SESSION_COUNTERS);
	g_assert_cmpint(g_get_monotonic_time() - lost_us, >=, 2 * G_USEC_PER_SEC);
	/* Garbage: the session is ended by the broker, and its stream drained meanwhile. */
	settle(f);
	counter_stream_raw(&f->stream, "garbage, garbage, garbage", 25);
	expect(f, RECORD_STOP_SESSION);
	g_assert_null(process->session);
	check_status(f, "sessions 1");
	counter_stream_clear(&f->stream);
	settle(f);
	check_status(f, "sessions 0");
}

static void test_unanswered(Fixture *f, gconstpointer data)
{
	const guint32 flags = RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE;
	Process *process;
	guint64 id;

	found(f, flags);
	id = expect(f, RECORD_START_SESSION);
	found(f, flags | RECORD_FOUND_BUSY);
	reply(f, id, -ETIMEDOUT, NULL);
	settle(f);
	process = process_of(f);
	check_status(f, "state unreachable");
	g_assert_true(logged(f, "warning text=\"may be hung by attaching\""));
	g_assert_true(logged(f, "nothing else is asked of it"));
	g_assert_cmpint(model_ask_environ(f->model, process, on_reply, f, &f->act), ==, -ETIMEDOUT);
	/* Arming goes on. */
	arm(f, "300");
	/* The answer comes in the end. */
	send_stream(f, id, RECORD_SESSION_COUNTERS);
	WAIT_FOR(process->session);
	counter_stream_start(&f->stream);
	counter_stream_value(&f->stream, "gc-heap-size", 100);
	WAIT_FOR(f->changes[MODEL_SAMPLES]);
	found(f, flags);
	settle(f);
	check_status(f, "state live");
	g_assert_cmpuint(f->inbox.length, ==, 0);
}

static void test_gone(Fixture *f, gconstpointer data)
{
	Process *process = attach(f, 100);
	g_autoptr(GString) out = g_string_new(NULL);
	guint64 id;

	g_assert_cmpint(write_dump(f, "now"), ==, 1);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	WAIT_FOR(f->replies == 1);
	g_assert_cmpint(model_ask_environ(f->model, process, on_reply, f, &f->act), ==, 1);
	expect(f, RECORD_ASK_ENVIRON);
	gone(f);
	WAIT_FOR(f->changes[MODEL_GONE] == 1);
	g_assert_cmpuint(f->replies, ==, 2);
	g_assert_cmpint(f->error, ==, -ESRCH);
	g_assert_null(process_of(f));
	g_assert_null(process_table_find_pid(model_processes(f->model), PID));
	g_assert_true(logged(f, "4807 gone"));
	/* Its dump is still finished. */
	sealed(f, id, DUMP, 1);
	reply(f, expect(f, RECORD_ANNEX), -EIO, NULL);
	WAIT_FOR(f->changes[MODEL_DUMPS]);
	g_assert_nonnull(dump_list_next(model_dumps(f->model), 0, 0));
	g_assert_cmpuint(dump_list_next(model_dumps(f->model), 0, 0)->parts, ==, 1);
	g_assert_true(logged(f, "json could not be stored"));
	render_processes(f->model, out);
	g_assert_cmpstr(out->str, ==, "PID USER RUNTIME HEAP_MB TRIGGER COMMAND\n");
}

static void test_environ(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_REPLY);
	Process *process = attach(f, 100);
	int fd = memfd_create("environ", MFD_CLOEXEC);
	guint64 id;

	g_assert_cmpint(model_ask_environ(f->model, process, on_reply, f, &f->act), ==, 1);
	record.id = expect(f, RECORD_ASK_ENVIRON);
	record.serial = SERIAL;
	record.value = RECORD_ENVIRON_PROC;
	tell(f, &record, NULL, 0, fd);
	WAIT_FOR(f->replies == 1);
	g_assert_cmpint(f->error, ==, 0);
	g_assert_cmpint(f->fd, >=, 0);
	g_assert_cmpuint(f->value, ==, RECORD_ENVIRON_PROC);
	/* Interrupted: what comes then is nobody's. */
	g_assert_cmpint(model_ask_environ(f->model, process, on_reply, f, &f->act), ==, 1);
	model_act_cancel(f->act);
	id = expect(f, RECORD_ASK_ENVIRON);
	g_assert_cmpuint(expect(f, RECORD_CANCEL), ==, id);
	record.id = id;
	tell(f, &record, NULL, 0, memfd_create("environ", MFD_CLOEXEC));
	settle(f);
	g_assert_cmpuint(f->replies, ==, 1);
	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE | RECORD_FOUND_STOPPED);
	settle(f);
	g_assert_cmpint(model_ask_environ(f->model, process, on_reply, f, &f->act), ==, -EAGAIN);
}

static void test_store(Fixture *f, gconstpointer data)
{
	const Dump *dump;

	sealed(f, 0, DUMP, 3);
	WAIT_FOR(f->changes[MODEL_DUMPS]);
	dump = dump_list_find(model_dumps(f->model), DUMP);
	g_assert_cmpuint(dump->parts, ==, 3);
	g_assert_cmpuint(dump->info.process_serial, ==, 0);
	/* Its process is still there: its dumps are shown again. */
	attach(f, 1);
	g_assert_true(dump_list_next(model_dumps(f->model), SERIAL, 0) == dump);
	check_status(f, "dumps 1");
	g_assert_cmpint(model_open_dump(f->model, DUMP, RECORD_PART_CORE, on_reply, f, &f->act), ==,
	                1);
	reply(f, expect(f, RECORD_OPEN_DUMP), -ENOENT, NULL);
	WAIT_FOR(f->replies == 1);
	g_assert_cmpint(f->error, ==, -ENOENT);
	g_assert_cmpint(model_remove_dump(f->model, DUMP, RECORD_PART_CORE, on_reply, f, &f->act),
	                ==, 1);
	reply(f, expect(f, RECORD_REMOVE_DUMP), 0, NULL);
	WAIT_FOR(f->replies == 2);
	g_assert_cmpint(f->error, ==, 0);
	g_assert_cmpuint(dump->parts, ==, 1 << RECORD_PART_JSON);
	g_assert_true(logged(f, "dump-removed name=core_20261124_101512_4807"));
	/* Nobody waits for this one any more; it leaves the list all the same. */
	g_assert_cmpint(model_remove_dump(f->model, DUMP, RECORD_PART_JSON, on_reply, f, &f->act),
	                ==, 1);
	model_act_cancel(f->act);
	reply(f, expect(f, RECORD_REMOVE_DUMP), 0, NULL);
	settle(f);
	g_assert_cmpuint(f->replies, ==, 2);
	g_assert_null(dump_list_any(model_dumps(f->model), DUMP));
}

/* A process that waits for its resume has a session of its own at first: drained, then ended. */
static void test_gate(Fixture *f, gconstpointer data)
{
	found(f, RECORD_FOUND_PAUSED | RECORD_FOUND_OLD);
	settle(f);
	check_status(f, "state paused");
	send_stream(f, 0, RECORD_SESSION_GC);
	settle(f);
	check_status(f, "sessions 1");
	g_assert_null(process_of(f)->session);
	counter_stream_raw(&f->stream, "whatever", 8);
	expect(f, RECORD_STOP_SESSION);
	counter_stream_clear(&f->stream);
	settle(f);
	check_status(f, "sessions 0");
}

static void test_dump_without_json(Fixture *f, gconstpointer data)
{
	guint64 id, annex;

	attach(f, 1);
	g_assert_cmpint(write_dump(f, "now"), ==, 1);
	id = expect(f, RECORD_DUMP);
	reply(f, id, 0, NULL);
	sealed(f, id, DUMP, 1);
	annex = expect(f, RECORD_ANNEX);
	/* No answer: shown without after a while, and with it when it comes. */
	WAIT_FOR(dump_list_find(model_dumps(f->model), DUMP));
	g_assert_cmpuint(dump_list_find(model_dumps(f->model), DUMP)->parts, ==, 1);
	reply(f, annex, 0, NULL);
	settle(f);
	g_assert_cmpuint(dump_list_find(model_dumps(f->model), DUMP)->parts, ==, 3);
}

/* The daemon ended between a dump and its json: it is made of what the broker knows. */
static void test_json_at_the_next_start(Fixture *f, gconstpointer data)
{
	static const char texts[] = "core_20261124_101512\0/store/sealed/core";
	Record record = record_new(RECORD_DUMP_SEALED);
	char json[4096] = "";
	const Dump *dump;
	Got *got;

	record.serial = DUMP;
	record.sealed = (RecordSealed){ .pid = PID,
		                        .type = IPC_DUMP_HEAP,
		                        .written_type = IPC_DUMP_HEAP,
		                        .parts = 1,
		                        .reason = RECORD_REASON_TRIGGER,
		                        .json_due = 1,
		                        .start_us = 1000,
		                        .frozen_us = 250000 };
	tell(f, &record, texts, sizeof texts, -1);
	WAIT_FOR(f->inbox.length);
	got = g_queue_peek_head(&f->inbox);
	g_assert_cmpuint(got->record.serial, ==, DUMP);
	g_assert_cmpint(pread(got->fd, json, sizeof json - 1, 0), >, 0);
	g_assert_nonnull(strstr(json, "\"reason\": \"trigger\",\n  \"trigger\": null,"));
	g_assert_nonnull(strstr(json, "\"start_time\": \"1970-01-01T00:00:00.001Z\","));
	g_assert_nonnull(strstr(json, "\"frozen_s\": 0.25,"));
	/* The core is listed without it, and nothing says that it was taken now. */
	dump = dump_list_find(model_dumps(f->model), DUMP);
	g_assert_cmpuint(dump->parts, ==, 1);
	g_assert_true(model_dumps_active(f->model));
	reply(f, expect(f, RECORD_ANNEX), 0, NULL);
	settle(f);
	g_assert_cmpuint(dump->parts, ==, 3);
	g_assert_cmpuint(dump_size(dump, RECORD_PART_JSON), ==, strlen(json));
	g_assert_false(model_dumps_active(f->model));
	g_assert_true(logged(f, "made at this start"));
	g_assert_false(logged(f, "dump-done"));
	/* One whose json was removed, and one whose core was. */
	sealed(f, 0, DUMP + 1, 1);
	record.serial = DUMP + 2;
	record.sealed.parts = 2;
	tell(f, &record, texts, sizeof texts, -1);
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
}

/* Never command lines or environments, in the journal or in the log. */
static void test_journal(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_NOTICE);
	static const char notice[] = "text\0planted socket\0x\0\n";
	char line[4096];
	unsigned n = 0;
	ssize_t len;

	attach(f, 1);
	record.word = EVENT_WARNING;
	record.pid = 99;
	tell(f, &record, notice, sizeof notice, -1);
	settle(f);
	g_assert_true(logged(f, " 99 warning text=\"planted socket\" x=\"\\n\"\n"));
	gone(f);
	settle(f);
	while ((len = recv(f->journal, line, sizeof line - 1, MSG_DONTWAIT)) > 0) {
		line[len] = '\0';
		g_assert_true(g_str_has_prefix(line, "<"));
		g_assert_nonnull(strstr(line, "triggerdumpfs["));
		g_assert_null(strstr(line, "password"));
		n++;
	}
	g_assert_cmpuint(n, ==, 4); /* found attached warning gone */
	g_assert_false(logged(f, "password"));
}

static void test_ping(Fixture *f, gconstpointer data)
{
	WAIT_FOR(f->pings >= 2);
	g_assert_cmpuint(f->inbox.length, ==, 0);
}

static gboolean status_has(Fixture *f, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	render_root_status(f->model, out);
	return strstr(out->str, text) != NULL;
}

static void test_wall(Fixture *f, gconstpointer data)
{
	const RecordWall front = { .uid = 65520, .no_new_privs = 1, .seccomp = 1 };
	Record record = record_new(RECORD_HEALTH);

	g_assert_false(status_has(f, "\nfront "));
	g_assert_false(status_has(f, "\nbroker "));
	model_set_wall(f->model, &front);
	g_assert_true(status_has(f, "\nfront uid=65520 caps=none no_new_privs=yes seccomp=yes\n"));
	record.health.wall.capabilities =
		1 << 0 | 1 << 5 | G_GUINT64_CONSTANT(1) << 40 | G_GUINT64_CONSTANT(1) << 63;
	tell(f, &record, NULL, 0, -1);
	settle(f);
	g_assert_true(status_has(f, "\nbroker uid=0 caps=chown,kill,checkpoint_restore,63 "
	                            "no_new_privs=no seccomp=no\n"));
}

static void test_too_many_sockets(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_HEALTH);

	record.health.flags = RECORD_HEALTH_TOO_MANY_SOCKETS;
	record.health.sockets_uid = 1000;
	tell(f, &record, NULL, 0, -1);
	settle(f);
	g_assert_true(status_has(f, "\ntoo-many-sockets 1000\n"));
	record.health.sockets_uid = (uid_t)-1;
	tell(f, &record, NULL, 0, -1);
	settle(f);
	g_assert_true(status_has(f, "\ntoo-many-sockets unknown\n"));
	record.health.flags = 0;
	tell(f, &record, NULL, 0, -1);
	settle(f);
	g_assert_false(status_has(f, "too-many-sockets"));
}

static void test_figures(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_HEALTH);
	g_autoptr(GString) out = g_string_new(NULL);
	ModelFigures figures;

	attach(f, 1);
	record.value = 2345;
	tell(f, &record, NULL, 0, -1);
	settle(f);
	model_figures(f->model, &figures);
	g_assert_cmpuint(figures.sessions, ==, 1);
	g_assert_cmpuint(figures.broker_rss_kb, ==, 2345);
	render_root_status(f->model, out);
	g_assert_nonnull(strstr(out->str, "version 1.2.3\n"));
	g_assert_nonnull(strstr(
		out->str, "\nprocesses 1\nsessions 1\ninterval 1\nattach_delay 10\nhide none\n"));
	g_assert_nonnull(strstr(out->str, "\nbroker_rss_kb 2345\ndumps 0\n"));
	g_string_truncate(out, 0);
	render_process_runtime(f->model, process_of(f), out);
	g_assert_nonnull(strstr(out->str, "version 3.1\nos -\n"));
	g_assert_nonnull(strstr(out->str, "pid_in_namespace 7\n"));
	g_assert_nonnull(strstr(out->str, "socket /tmp/socket\n"));
	g_string_truncate(out, 0);
	render_readme(f->model, out);
	g_assert_nonnull(strstr(out->str, "threshold_mb"));
}

static void test_stop(Fixture *f, gconstpointer data)
{
	Record record = record_new(RECORD_STOP);

	tell(f, &record, NULL, 0, -1);
	WAIT_FOR(f->ended);
	g_assert_cmpint(f->reason, ==, 0);
}

/* All sessions are stopped and drained before the front goes. */
static void test_end_drains(Fixture *f, gconstpointer data)
{
	Record ending = record_new(RECORD_ENDING), stop = record_new(RECORD_STOP);
	Process *process = attach(f, 250);
	guint64 id;

	tell(f, &ending, NULL, 0, -1);
	id = expect(f, RECORD_STOP_SESSION);
	g_assert_null(process->session);
	tell(f, &stop, NULL, 0, -1);
	reply(f, id, 0, NULL);
	settle(f);
	g_assert_cmpuint(f->ended, ==, 0);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->ended);
	g_assert_cmpint(f->reason, ==, 0);
	g_assert_cmpuint(f->inbox.length, ==, 0); /* and no other was asked for */
}

/* One that was asked for just now is stopped when it comes. */
static void test_end_asked(Fixture *f, gconstpointer data)
{
	Record stop = record_new(RECORD_STOP);
	guint64 id;

	found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE);
	id = expect(f, RECORD_START_SESSION);
	tell(f, &stop, NULL, 0, -1);
	settle(f);
	g_assert_cmpuint(f->ended, ==, 0);
	send_stream(f, id, RECORD_SESSION_COUNTERS);
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->ended);
}

/* Nothing is sent to a stopped one, and nobody waits for it; nor, for long, for one that does not answer. */
static void test_end_stuck(Fixture *f, gconstpointer data)
{
	Record stop = record_new(RECORD_STOP);
	gboolean is_stopped = GPOINTER_TO_UINT(data);

	attach(f, 250);
	if (is_stopped)
		found(f, RECORD_FOUND_OLD | RECORD_FOUND_ATTACHABLE | RECORD_FOUND_STOPPED);
	tell(f, &stop, NULL, 0, -1);
	WAIT_FOR(f->ended);
	g_assert_cmpuint(f->inbox.length, ==, is_stopped ? 0 : 1);
}

/* --- detection --------------------------------------------------------------------------------- */

/* The GC session of an armed process, beside that of its counters. */
static void open_gc(Fixture *f, CounterStream *gc, RecordSession row, guint64 age_us)
{
	Record record = record_new(RECORD_STREAM);
	Got *got;
	int fd;

	WAIT_FOR(f->inbox.length);
	got = g_queue_pop_head(&f->inbox);
	g_assert_cmpstr(record_kind_name(got->record.kind), ==, "start-session");
	g_assert_cmpuint(got->record.row, ==, row);
	record.id = got->record.id;
	got_free(got);
	counter_stream_init(gc, &fd);
	record.serial = SERIAL;
	record.row = row;
	record.value = age_us;
	tell(f, &record, NULL, 0, fd);
	settle(f);
	counter_stream_start(gc);
}

static void set_detect(Fixture *f, const char *mode)
{
	g_assert_cmpint(model_write_detect(f->model, process_of(f), mode, strlen(mode)), ==, 0);
}

static gboolean heap_is(Fixture *f, double mb)
{
	return process_of(f)->heap.mb == mb;
}

static void check_dump_asked(Fixture *f, gboolean is_asked)
{
	settle(f);
	if (is_asked)
		expect(f, RECORD_DUMP);
	g_assert_cmpuint(f->inbox.length, ==, 0);
}

/* Between two samples: a spike is seen by its ticks. */
static void test_detect_spike(Fixture *f, gconstpointer data)
{
	CounterStream gc;

	attach(f, 100);
	set_detect(f, "auto");
	arm(f, "250");
	open_gc(f, &gc, RECORD_SESSION_GC, G_MAXUINT64);
	check_status(f, "detect alloc");
	check_status(f, "heap_bound lower");
	/* No base yet: what was allocated since, or the sample before. */
	counter_stream_tick(&gc, 1, 1000000, 50000000);
	counter_stream_flush(&gc);
	settle(f);
	WAIT_FOR(process_of(f)->heap.seq > 1);
	g_assert_true(heap_is(f, 100));
	counter_stream_collection(&gc, 1, 1100000, 90000000);
	counter_stream_tick(&gc, 2, 1150000, 100000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 190));
	check_status(f, "heap_bound exact");
	check_dump_asked(f, FALSE);
	/* Up and down again in one flush: it was above in between. */
	counter_stream_tick(&gc, 2, 1200000, 60000000);
	counter_stream_collection(&gc, 1, 1250000, 91000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 91));
	check_dump_asked(f, TRUE);
	g_assert_true(logged(f, "fired value_mb=250 threshold_mb=250"));
	g_assert_cmpfloat(process_of(f)->heap.peak_mb, ==, 250);
	check_status(f, "trigger queued");
	counter_stream_clear(&gc);
}

/* The counter is applied at its stamp, and one at odds is shown, but not believed. */
static void test_detect_samples(Fixture *f, gconstpointer data)
{
	CounterStream gc;
	g_autoptr(GString) out = g_string_new(NULL);

	attach(f, 100);
	set_detect(f, "alloc");
	arm(f, "1000");
	open_gc(f, &gc, RECORD_SESSION_GC, G_MAXUINT64);
	counter_stream_tick(&gc, 1, 2000000, 300000000);
	counter_stream_flush(&gc);
	WAIT_FOR(process_of(f)->heap.mb == 300);
	counter_stream_at(&f->stream, 1900000);
	counter_stream_value(&f->stream, "gc-heap-size", 88);
	WAIT_FOR(heap_is(f, 388));
	counter_stream_at(&f->stream, 2100000);
	counter_stream_value(&f->stream, "gc-heap-size", 5000);
	WAIT_FOR(process_of(f)->samples_refused == 1);
	g_assert_true(heap_is(f, 388));
	check_status(f, "samples_refused 1");
	render_counter(counter_store_heap(process_of(f)->counters), out);
	g_assert_cmpstr(out->str, ==, "5000\n");
	check_dump_asked(f, FALSE);
	/* Lost events: a lower bound, until the next sample. */
	gc.sequences[1] += 5;
	counter_stream_tick(&gc, 1, 2200000, 1000000);
	counter_stream_flush(&gc);
	WAIT_FOR(process_of(f)->heap.is_lower_bound);
	g_assert_cmpuint(process_dropped_events(process_of(f)), ==, 5);
	counter_stream_at(&f->stream, 2300000);
	counter_stream_value(&f->stream, "gc-heap-size", 700);
	WAIT_FOR(heap_is(f, 700));
	check_status(f, "heap_bound exact");
	counter_stream_clear(&gc);
}

/* heap_mb is as old as the newest event in it, and a late sample makes it no older. */
static void test_detect_time(Fixture *f, gconstpointer data)
{
	const gint64 late_us = 500000;
	CounterStream gc;
	gint64 stamp, wall;

	attach(f, 100);
	set_detect(f, "alloc");
	arm(f, "1000");
	open_gc(f, &gc, RECORD_SESSION_GC, G_MAXUINT64);
	stamp = g_get_monotonic_time();
	wall = g_get_real_time();
	g_usleep((gulong)late_us);
	counter_stream_collection(&gc, 1, stamp - 1000, 90000000);
	counter_stream_tick(&gc, 1, stamp, 10000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 100) && !process_of(f)->heap.is_lower_bound);
	g_assert_cmpint(ABS(process_of(f)->heap.wall_us - wall), <, late_us / 2);
	wall = process_of(f)->heap.wall_us;
	counter_stream_at(&f->stream, stamp - 500);
	counter_stream_value(&f->stream, "gc-heap-size", 91);
	WAIT_FOR(heap_is(f, 101));
	g_assert_cmpint(process_of(f)->heap.wall_us, ==, wall);
	counter_stream_clear(&gc);
}

/* Samples that no heap can have, without ticks to know better by. */
static void test_detect_nonsense(Fixture *f, gconstpointer data)
{
	attach(f, 20);
	set_detect(f, "sampled");
	arm(f, "250");
	counter_stream_value(&f->stream, "gc-heap-size", -12.3);
	counter_stream_value(&f->stream, "gc-heap-size", 18446744073709.5);
	WAIT_FOR(process_of(f)->samples_refused == 2);
	g_assert_true(heap_is(f, 20));
	check_dump_asked(f, FALSE);
	counter_stream_value(&f->stream, "gc-heap-size", 300);
	WAIT_FOR(heap_is(f, 300));
	check_dump_asked(f, TRUE);
	g_assert_cmpfloat(process_of(f)->heap.peak_mb, ==, 300);
}

/* A process that starts is armed by its GC session alone, and known from birth. */
static void test_detect_birth(Fixture *f, gconstpointer data)
{
	CounterStream gc;

	found(f, RECORD_FOUND_OLD);
	settle(f);
	set_detect(f, "auto");
	arm(f, "250");
	open_gc(f, &gc, RECORD_SESSION_GC, 30000);
	g_assert_true(heap_is(f, 0));
	check_status(f, "heap_bound exact");
	check_status(f, "state starting");
	counter_stream_tick(&gc, 1, 1000, 240000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 240));
	check_dump_asked(f, FALSE);
	counter_stream_tick(&gc, 1, 2000, 10000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 250));
	check_dump_asked(f, TRUE);
	counter_stream_clear(&gc);
}

/* Disarming closes it, arming again opens one; the counters go on. */
static void test_detect_off(Fixture *f, gconstpointer data)
{
	CounterStream gc, again;

	attach(f, 100);
	set_detect(f, "auto");
	arm(f, "250");
	open_gc(f, &gc, RECORD_SESSION_GC, G_MAXUINT64);
	counter_stream_collection(&gc, 1, 1100000, 90000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 90));
	write_threshold(f, "off", 0);
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	/* The last sample is what counts again. */
	g_assert_true(heap_is(f, 100));
	check_status(f, "detect -");
	counter_stream_clear(&gc);
	arm(f, "250");
	open_gc(f, &again, RECORD_SESSION_GC, G_MAXUINT64);
	g_assert_true(process_of(f)->session != NULL);
	/* The stream that ends is opened again. */
	counter_stream_clear(&again);
	WAIT_FOR(logged(f, "session-lost what=gc-session"));
	open_gc(f, &again, RECORD_SESSION_GC, G_MAXUINT64);
	/* From ticks to collections: the new session is there before the old one goes. */
	set_detect(f, "gc");
	open_gc(f, &gc, RECORD_SESSION_COLLECTIONS, G_MAXUINT64);
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	check_status(f, "detect gc");
	/* What the old one still brings is not counted twice. */
	counter_stream_collection(&gc, 1, 1100000, 90000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 90));
	counter_stream_tick(&again, 1, 1200000, 50000000);
	counter_stream_flush(&again);
	counter_stream_collection(&gc, 1, 1300000, 91000000);
	counter_stream_flush(&gc);
	WAIT_FOR(heap_is(f, 91));
	set_detect(f, "sampled");
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	counter_stream_clear(&gc);
	counter_stream_clear(&again);
}

/* Allocations that the counter tells of and no tick does; and so many that ticks would cost too much. */
static void test_detect_auto(Fixture *f, gconstpointer data)
{
	CounterStream gc, collections, again;

	attach(f, 100);
	set_detect(f, "auto");
	arm(f, "1000");
	open_gc(f, &gc, RECORD_SESSION_GC, G_MAXUINT64);
	counter_stream_value(&f->stream, "alloc-rate", 15e6);
	counter_stream_value(&f->stream, "alloc-rate", 15e6);
	WAIT_FOR(logged(f, "no allocation ticks come: between collections it is blind"));
	check_status(f, "detect_why blind between collections");
	counter_stream_tick(&gc, 1, 1000000, 100000);
	counter_stream_flush(&gc);
	counter_stream_value(&f->stream, "alloc-rate", 1e6);
	WAIT_FOR(!process_of(f)->detect.is_blind);
	check_status(f, "detect_why auto");
	/* 12 GB in the last 10 s: 12,000 ticks a second, and this is 3.1. */
	g_assert_cmpuint(f->inbox.length, ==, 0);
	counter_stream_value(&f->stream, "alloc-rate", 12e9);
	open_gc(f, &collections, RECORD_SESSION_COLLECTIONS, G_MAXUINT64);
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	check_status(f, "detect gc");
	check_status(f, "detect_why auto: it allocates too fast for ticks");
	g_assert_true(logged(f, "detect is now gc: "));
	/* Once a minute at most, and below half the rate alone. */
	process_of(f)->detect.n_rates = 0;
	model_detect_look(f->model, process_of(f));
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	process_of(f)->detect.switched_us -= 61 * G_USEC_PER_SEC;
	detect_add_rate(&process_of(f)->detect, 6e9, g_get_monotonic_time());
	model_detect_look(f->model, process_of(f));
	settle(f);
	g_assert_cmpuint(f->inbox.length, ==, 0);
	process_of(f)->detect.n_rates = 0;
	detect_add_rate(&process_of(f)->detect, 4e9, g_get_monotonic_time());
	model_detect_look(f->model, process_of(f));
	open_gc(f, &again, RECORD_SESSION_GC, G_MAXUINT64);
	reply(f, expect(f, RECORD_STOP_SESSION), 0, NULL);
	check_status(f, "detect alloc");
	counter_stream_clear(&gc);
	counter_stream_clear(&collections);
	counter_stream_clear(&again);
}

static void write_lines(Fixture *f, const char *text, int expected)
{
	unsigned before = f->replies;

	g_assert_cmpint(model_write_trigger(f->model, process_of(f), text, strlen(text), on_reply,
	                                    f, &f->act),
	                ==, expected);
	if (expected != 1)
		return;
	reply(f, expect(f, RECORD_PREFLIGHT), 0, NULL);
	WAIT_FOR(f->replies > before || f->inbox.length);
}

/* Lines over counters, one that is not there yet, one that means something else. */
static void test_lines(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) out = g_string_new(NULL);

	attach(f, 100);
	counter_stream_value(&f->stream, "working-set", 300);
	WAIT_FOR(counter_store_find(process_of(f)->counters, 0, "working-set")->has_value);
	write_lines(f, "heap ~ 5", -EINVAL);
	check_status(f,
	             "last_error trigger: line 1, column 6: one of > >= < <= or grows is missing");
	write_lines(f, "working-set > 1GB\nMy.Own/queue >= 5", 1);
	check_status(f, "trigger armed");
	WAIT_FOR(logged(f, "there is no My.Own/queue so far"));
	check_status(f, "line.1 \"working-set > 1GB\" 300 armed");
	check_status(f, "line.2 \"My.Own/queue >= 5\" - unknown");
	render_process_trigger(f->model, process_of(f), out);
	g_assert_cmpstr(out->str, ==, "working-set > 1GB\nMy.Own/queue >= 5\n");
	check_dump_asked(f, FALSE);
	counter_stream_value(&f->stream, "working-set", 1001);
	WAIT_FOR(logged(f, "fired value=1001 trigger=\"working-set > 1GB\""));
	check_dump_asked(f, TRUE);
	/* A threshold stays when lines are written, and the other way round. */
	arm(f, "500");
	check_status(f, "threshold_mb 500");
	g_assert_cmpuint(process_of(f)->trigger.set.n, ==, 3);
}

/* A sample of My App: a histogram with a quantile, or a gauge. */
static void feed_meter(Fixture *f, const char *instrument, const char *unit, double value)
{
	static MeterEvent event; /* it is large */
	gint64 now = g_get_monotonic_time();

	event = (MeterEvent){ .n_quantiles = 1 };
	event.kind = *unit ? METER_EVENT_GAUGE : METER_EVENT_HISTOGRAM;
	g_strlcpy(event.meter, "My App", sizeof event.meter);
	g_strlcpy(event.instrument, instrument, sizeof event.instrument);
	g_strlcpy(event.unit, unit, sizeof event.unit);
	g_strlcpy(event.tags, "to=/x", sizeof event.tags);
	event.quantiles[0].q = 0.95;
	event.quantiles[0].value = value;
	event.has_value = TRUE;
	event.value = value;
	meter_store_take(process_of(f)->meters, &event, 1, now, now);
	model_trigger_values(f->model, process_of(f), now);
}

static void test_meter_lines(Fixture *f, gconstpointer data)
{
	attach(f, 100);
	feed_meter(f, "space", "By", 1e6);
	feed_meter(f, "temperature", "Cel", 20);
	/* What has no unit of size is known at once, or when it is there. */
	write_lines(f, "meters/My%20App/temperature/to=%2Fx/value > 1GB", -EINVAL);
	write_lines(f,
	            "meters/My%20App/space/to=%2Fx/value > 1GB\n"
	            "meters/My%20App/lag/to=%2Fx/p95 > 2\n"
	            "meters/My%20App/other/to=%2Fx/value > 1GB",
	            1);
	check_status(f, "line.1 \"meters/My%20App/space/to=%2Fx/value > 1GB\" 1000000 armed");
	check_status(f, "line.2 \"meters/My%20App/lag/to=%2Fx/p95 > 2\" - unknown");
	g_assert_true(logged(f, "there is no meters/My%20App/lag/to=%2Fx/p95 so far"));
	feed_meter(f, "lag", "", 2);
	feed_meter(f, "space", "By", 1e9);
	check_status(f, "line.2 \"meters/My%20App/lag/to=%2Fx/p95 > 2\" 2 armed");
	check_dump_asked(f, FALSE);
	feed_meter(f, "lag", "", 2.5);
	WAIT_FOR(logged(f, "fired value=2.5 trigger=\"meters/My%20App/lag/to=%2Fx/p95 > 2\""));
	check_dump_asked(f, TRUE);
	feed_meter(f, "other", "{thing}", 1);
	check_status(f, "last_error meters/My%20App/other/to=%2Fx/value has no unit of size");
}

/* A percentage is of the limit that the broker tells. */
static void test_percent(Fixture *f, gconstpointer data)
{
	static const char source[] = "75 % of cgroup";
	char payload[sizeof(RecordLimit) + sizeof source];
	RecordLimit limit = { .bytes = 805306368 };
	Record record = record_new(RECORD_REPLY);
	unsigned before;

	attach(f, 100);
	write_lines(f, "heap >= 80%", 1);
	reply(f, expect(f, RECORD_ASK_LIMIT), -EOPNOTSUPP, "no limit");
	WAIT_FOR(f->replies == 1);
	g_assert_cmpint(f->error, ==, -EOPNOTSUPP);
	check_status(f, "last_error trigger: no limit");
	check_status(f, "trigger off");
	before = f->replies;
	write_lines(f, "heap >= 80%", 1);
	memcpy(payload, &limit, sizeof limit);
	memcpy(payload + sizeof limit, source, sizeof source);
	record.id = expect(f, RECORD_ASK_LIMIT);
	record.serial = SERIAL;
	tell(f, &record, payload, sizeof payload, -1);
	WAIT_FOR(f->replies > before);
	g_assert_cmpint(f->error, ==, 0);
	check_status(f, "heap_limit 805.306368 75 % of cgroup");
	check_status(f, "threshold_mb off");
	counter_stream_value(&f->stream, "gc-heap-size", 644.2);
	WAIT_FOR(heap_is(f, 644.2));
	check_dump_asked(f, FALSE);
	counter_stream_value(&f->stream, "gc-heap-size", 644.3);
	WAIT_FOR(heap_is(f, 644.3));
	check_dump_asked(f, TRUE);
}

static void test_proc_lines(Fixture *f, gconstpointer data)
{
	RecordProc proc = { .rss_bytes = 300000000, .threads = 7, .fds = 99 };
	Record record = record_new(RECORD_REPLY);

	attach(f, 100);
	write_lines(f, "rss > 1GB\nthreads > 7\nfds >= 100", 1);
	record.id = expect(f, RECORD_ASK_PROC);
	record.serial = SERIAL;
	tell(f, &record, &proc, sizeof proc, -1);
	settle(f);
	check_status(f, "line.1 \"rss > 1000\" 300 armed");
	check_status(f, "line.2 \"threads > 7\" 7 armed");
	check_status(f, "line.3 \"fds >= 100\" 99 armed");
	record.id = expect(f, RECORD_ASK_PROC);
	proc.fds = 100;
	tell(f, &record, &proc, sizeof proc, -1);
	WAIT_FOR(logged(f, "fired value=100 trigger=\"fds >= 100\""));
}

static void test_counts(Fixture *f, gconstpointer data)
{
	attach(f, 100);
	g_assert_cmpint(model_write_max_dumps(f->model, process_of(f), "0", 1), ==, -ERANGE);
	g_assert_cmpint(model_write_max_dumps(f->model, process_of(f), "-1", 2), ==, -ERANGE);
	g_assert_cmpint(model_write_max_dumps(f->model, process_of(f), "many", 4), ==, -EINVAL);
	g_assert_cmpint(model_write_max_dumps(f->model, process_of(f), "", 0), ==, -EINVAL);
	g_assert_cmpint(model_write_max_dumps(f->model, process_of(f), "1000\n", 5), ==, 0);
	g_assert_cmpint(model_write_cooldown(f->model, process_of(f), "0", 1), ==, 0);
	g_assert_cmpint(model_write_cooldown(f->model, process_of(f), "1.5", 3), ==, -EINVAL);
	g_assert_cmpuint(process_of(f)->trigger.max_dumps, ==, 1000);
	g_assert_cmpuint(process_of(f)->trigger.cooldown_s, ==, 0);
	g_assert_cmpint(model_write_detect(f->model, process_of(f), "fast", 4), ==, -EINVAL);
}

static void test_broker_gone(Fixture *f, gconstpointer data)
{
	attach(f, 1);
	write_threshold(f, "5", 1);
	link_free(g_steal_pointer(&f->broker));
	WAIT_FOR(f->ended);
	g_assert_cmpint(f->reason, <, 0);
	g_assert_cmpuint(f->replies, ==, 1);
	g_assert_cmpint(f->error, ==, -EPIPE);
}

#define ADD(name, function) g_test_add("/model/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("attach", test_attach);
	ADD("info-again", test_info_again);
	ADD("interval", test_interval);
	ADD("providers", test_providers);
	ADD("meters-between", test_meters_between);
	ADD("table", test_table);
	ADD("trigger-to-list", test_trigger_to_list);
	ADD("refused-writes", test_refused_writes);
	ADD("demand", test_demand);
	ADD("missed-and-failed", test_missed_and_failed);
	ADD("queue", test_queue);
	ADD("withdrawn", test_withdrawn);
	ADD("stopped", test_stopped);
	ADD("removed", test_removed);
	ADD("lost-stream", test_lost_stream);
	ADD("unanswered", test_unanswered);
	ADD("gone", test_gone);
	ADD("environ", test_environ);
	ADD("store", test_store);
	ADD("gate", test_gate);
	ADD("dump-without-json", test_dump_without_json);
	ADD("json-at-the-next-start", test_json_at_the_next_start);
	ADD("journal", test_journal);
	ADD("figures", test_figures);
	ADD("ping", test_ping);
	ADD("info-refused", test_info_refused);
	ADD("info-check", test_info_check);
	ADD("wall", test_wall);
	ADD("too-many-sockets", test_too_many_sockets);
	ADD("stop", test_stop);
	ADD("row-R2/drains", test_end_drains);
	ADD("row-R2/asked", test_end_asked);
	ADD("row-R2/unanswered", test_end_stuck);
	g_test_add("/model/row-R2/stopped", Fixture, GUINT_TO_POINTER(TRUE), set_up, test_end_stuck,
	           tear_down);
	ADD("detect-spike", test_detect_spike);
	ADD("detect-samples", test_detect_samples);
	ADD("detect-time", test_detect_time);
	ADD("detect-nonsense", test_detect_nonsense);
	ADD("detect-birth", test_detect_birth);
	ADD("detect-off", test_detect_off);
	ADD("detect-auto", test_detect_auto);
	ADD("lines", test_lines);
	ADD("meter-lines", test_meter_lines);
	ADD("percent", test_percent);
	ADD("proc-lines", test_proc_lines);
	ADD("counts", test_counts);
	ADD("broker-gone", test_broker_gone);
	return g_test_run();
}
