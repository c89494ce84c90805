#include "tests/fake/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fake/core.h"
#include "tests/fake/reply.h"
#include "tests/fake/stream.h"

enum {
	MESSAGE_MAX = 65535,
	HRESULT_BAD_ENCODING = (int)0x80131384,
	HRESULT_UNKNOWN_COMMAND = (int)0x80131385,
	HRESULT_UNKNOWN_MAGIC = (int)0x80131386,
	HRESULT_FAIL = (int)0x80004005,
};

typedef enum {
	SERVER_IDLE,     /* accepts */
	SERVER_READING,  /* a request */
	SERVER_DELAYED,  /* until due_us, then the answer is made */
	SERVER_WRITING,  /* an answer */
	SERVER_STOPPING, /* until the stream that was stopped is drained */
	SERVER_STUCK,    /* for ever */
} ServerState;

struct Server {
	GPtrArray *scenarios; /* Scenario *; the last is in force, streams may use older ones */
	const char *scenario_path;
	char *path;
	int listener, log;
	gint64 start_us;
	GPtrArray *streams;
	guint64 next_id;
	gboolean end_streams;
	GArray *held; /* int: connections that are never answered */
	GArray *own;  /* int: those of its own that fill its backlog */

	/* the request that is served */
	ServerState state;
	int fd;
	GByteArray *in, *out;
	gint64 due_us;
	guint drip_ms;
	Command command;
	guint version;
	AnswerKind how;
	guint64 stopping;
	gboolean wants_stream;
	CollectRequest collect;
};

static const Scenario *scenario(const Server *server)
{
	return g_ptr_array_index(server->scenarios, server->scenarios->len - 1);
}

static const Answer *answer(const Server *server)
{
	return &scenario(server)->answers[server->command];
}

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void become_idle(Server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
	server->state = SERVER_IDLE;
}

static void hold(Server *server)
{
	g_array_append_val(server->held, server->fd);
	server->fd = -1;
	server->state = SERVER_IDLE;
}

static void begin_writing(Server *server, GByteArray *message)
{
	g_byte_array_unref(server->out);
	server->out = message;
	server->state = SERVER_WRITING;
	server->due_us = 0;
}

static GByteArray *serve_collect(Server *server, const Request *request)
{
	guint64 id;

	server->collect.counters = FALSE;
	server->collect.interval_ms = 1000;
	meters_request_clear(&server->collect.meters);
	g_string_truncate(server->collect.text, 0);
	if (!request_collect(request, server->version, &server->collect))
		return reply_error((guint32)HRESULT_BAD_ENCODING, NULL);
	say("providers%s", server->collect.text->str);
	if (server->streams->len >= scenario(server)->max_sessions)
		return reply_error((guint32)HRESULT_FAIL, NULL);
	server->wants_stream = TRUE;
	id = GUINT64_TO_LE(server->next_id);
	return reply_ok(&id, sizeof id);
}

static GByteArray *serve_stop(Server *server, const Request *request)
{
	guint64 id, wire_id;

	if (!request_stop(request, &id))
		return reply_error((guint32)HRESULT_BAD_ENCODING, NULL);
	say("stop %" G_GUINT64_FORMAT, id);
	for (guint i = 0; i < server->streams->len; i++) {
		Stream *stream = g_ptr_array_index(server->streams, i);

		if (stream_id(stream) == id) {
			stream_stop(stream);
			server->stopping = id;
		}
	}
	wire_id = GUINT64_TO_LE(id);
	return reply_ok(&wire_id, sizeof wire_id);
}

static GByteArray *serve_dump(Server *server, const Request *request)
{
	g_autofree char *path = NULL;
	const guint32 zero = 0;
	guint32 type;
	int r;

	if (!request_dump(request, &path, &type))
		return reply_error((guint32)HRESULT_BAD_ENCODING, NULL);
	say("dump %u %s", type, path);
	r = core_write(scenario(server), path);
	if (r < 0) {
		say("dump-error %s", g_strerror(-r));
		return reply_error((guint32)HRESULT_FAIL,
		                   server->version == 3 ? g_strerror(-r) : NULL);
	}
	return reply_ok(&zero, sizeof zero);
}

/* The answer of a healthy runtime, and what goes with it. */
static GByteArray *serve(Server *server, const Request *request)
{
	switch (server->command) {
	case COMMAND_INFO:
		return reply_info(scenario(server), server->version);
	case COMMAND_ENVIRONMENT:
		return reply_environment(scenario(server));
	case COMMAND_COLLECT:
		return serve_collect(server, request);
	case COMMAND_STOP:
		return serve_stop(server, request);
	case COMMAND_DUMP:
		return serve_dump(server, request);
	case N_COMMANDS:
		break;
	}
	g_assert_not_reached();
}

static GByteArray *garbage(const Answer *how)
{
	GRand *random = g_rand_new_with_seed(how->seed ? how->seed : 1);
	guint n = how->number;
	GByteArray *out = g_byte_array_new();

	for (guint i = 0; i < n; i++) {
		guint8 byte = (guint8)g_rand_int(random);

		g_byte_array_append(out, &byte, 1);
	}
	g_rand_free(random);
	return out;
}

static GByteArray *misshapen(const Answer *how, GByteArray *message)
{
	if (how->kind == ANSWER_HALF) {
		g_byte_array_set_size(message, how->number ? MIN(how->number, message->len) : 10);
	} else {
		message->data[14] = (guint8)how->number;
		message->data[15] = (guint8)(how->number >> 8);
	}
	return message;
}

static void give_answer(Server *server, const Request *request)
{
	const Answer *how = answer(server);

	server->how = how->kind;
	server->wants_stream = FALSE;
	server->stopping = 0;
	server->drip_ms = how->kind == ANSWER_DRIP ? how->number : 0;
	switch (how->kind) {
	case ANSWER_OK:
	case ANSWER_DRIP:
		begin_writing(server, serve(server, request));
		if (server->stopping)
			server->state = SERVER_STOPPING;
		return;
	case ANSWER_DIE:
		if (how->number == 0)
			raise(SIGKILL);
		begin_writing(server, serve(server, request));
		if (server->out->len > how->number)
			g_byte_array_set_size(server->out, how->number);
		return;
	case ANSWER_HALF:
	case ANSWER_SIZE:
		begin_writing(server, misshapen(how, serve(server, request)));
		server->wants_stream = FALSE;
		return;
	case ANSWER_ERROR:
		begin_writing(server, reply_error(how->hresult, how->text));
		return;
	case ANSWER_UNKNOWN:
		begin_writing(server, reply_error((guint32)HRESULT_UNKNOWN_COMMAND, NULL));
		return;
	case ANSWER_GARBAGE:
		begin_writing(server, garbage(how));
		return;
	case ANSWER_SILENCE:
	case ANSWER_HANG:
		/* a dump that is never answered may well be there */
		g_byte_array_unref(serve(server, request));
		hold(server);
		if (how->kind == ANSWER_HANG)
			server->state = SERVER_STUCK;
		return;
	case ANSWER_CLOSE:
		become_idle(server);
		return;
	}
}

static Request whole_request(const Server *server)
{
	return (Request){ .set = server->in->data[16],
		          .id = server->in->data[17],
		          .payload = server->in->data + MESSAGE_HEADER_SIZE,
		          .len = server->in->len - MESSAGE_HEADER_SIZE };
}

static void take_request(Server *server)
{
	Request request = whole_request(server);

	if (!request_identify(&request, &server->command, &server->version) ||
	    !(answer(server)->versions & 1u << server->version)) {
		say("request unknown %02x %02x", request.set, request.id);
		begin_writing(server, reply_error((guint32)HRESULT_UNKNOWN_COMMAND, NULL));
		return;
	}
	say("request %s %u", scenario_command_name(server->command), server->version);
	server->state = SERVER_DELAYED;
	server->due_us = g_get_monotonic_time() + (gint64)answer(server)->delay_ms * 1000;
}

static void read_request(Server *server)
{
	guint8 buf[MESSAGE_MAX];
	gsize have = server->in->len;
	gsize want = have < MESSAGE_HEADER_SIZE
	                     ? MESSAGE_HEADER_SIZE
	                     : (gsize)(server->in->data[14] | server->in->data[15] << 8);
	ssize_t n = read(server->fd, buf, want - have);

	if (n <= 0) {
		say("gone request");
		become_idle(server);
		return;
	}
	if (server->log >= 0 && write(server->log, buf, (size_t)n) != n)
		say("log-error %s", g_strerror(errno));
	g_byte_array_append(server->in, buf, (guint)n);
	if (server->in->len < MESSAGE_HEADER_SIZE)
		return;
	want = (gsize)(server->in->data[14] | server->in->data[15] << 8);
	if (memcmp(server->in->data, "DOTNET_IPC_V1", 14) != 0 || want < MESSAGE_HEADER_SIZE)
		begin_writing(server, reply_error((guint32)HRESULT_UNKNOWN_MAGIC, NULL));
	else if (server->in->len == want)
		take_request(server);
}

/* Collections of the session of meters that is asked for, when it is running. */
static guint running_collection(const Server *server)
{
	guint most = 0;

	for (guint i = 0; server->collect.meters.asked && i < server->streams->len; i++)
		most = MAX(most, stream_collection(g_ptr_array_index(server->streams, i),
		                                   server->collect.meters.session));
	return most;
}

static void finish_answer(Server *server)
{
	if (server->how == ANSWER_DIE)
		raise(SIGKILL);
	if (server->how == ANSWER_HALF) {
		hold(server);
		return;
	}
	if (server->wants_stream) {
		say("stream %" G_GUINT64_FORMAT, server->next_id);
		g_ptr_array_add(server->streams,
		                stream_new(scenario(server), server->fd, server->next_id++,
		                           &server->collect, running_collection(server)));
		server->fd = -1;
	}
	become_idle(server);
}

static void write_answer(Server *server, gint64 now_us)
{
	gsize len = server->drip_ms ? MIN(server->out->len, 1) : server->out->len;
	ssize_t n = send(server->fd, server->out->data, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		say("gone answer");
		become_idle(server);
		return;
	}
	if (n > 0)
		g_byte_array_remove_range(server->out, 0, (guint)n);
	server->due_us = now_us + (gint64)server->drip_ms * 1000;
	if (server->out->len == 0)
		finish_answer(server);
}

static void accept_client(Server *server)
{
	server->fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	if (server->fd < 0)
		return;
	say("connect");
	if (scenario(server)->hang_up) {
		become_idle(server);
		return;
	}
	server->how = ANSWER_OK;
	server->wants_stream = FALSE;
	server->drip_ms = 0;
	g_byte_array_set_size(server->in, 0);
	server->state = SERVER_READING;
}

static void run_streams(Server *server, gint64 now_us)
{
	double heap_mb = scenario_heap_mb(scenario(server), (now_us - server->start_us) / 1000);

	for (guint i = server->streams->len; i-- > 0;) {
		Stream *stream = g_ptr_array_index(server->streams, i);

		if (!server->end_streams && stream_run(stream, now_us, heap_mb))
			continue;
		say("stream-end %" G_GUINT64_FORMAT, stream_id(stream));
		if (server->state == SERVER_STOPPING && server->stopping == stream_id(stream))
			server->state = SERVER_WRITING;
		g_ptr_array_remove_index(server->streams, i);
	}
	server->end_streams = FALSE;
}

static void run_server(Server *server, short listener_events, short client_events, gint64 now_us)
{
	if (server->state == SERVER_IDLE && listener_events)
		accept_client(server);
	else if (server->state == SERVER_READING && client_events)
		read_request(server);
	if (server->state == SERVER_DELAYED && now_us >= server->due_us) {
		Request request = whole_request(server);

		give_answer(server, &request);
	}
	if (server->state == SERVER_WRITING && now_us >= server->due_us)
		write_answer(server, now_us);
}

static int poll_timeout_ms(const Server *server, gint64 now_us)
{
	gint64 next = G_MAXINT64;

	if (server->state == SERVER_DELAYED || server->state == SERVER_WRITING)
		next = server->due_us;
	for (guint i = 0; i < server->streams->len; i++)
		next = MIN(next, stream_next_us(g_ptr_array_index(server->streams, i)));
	if (next == G_MAXINT64)
		return -1;
	return (int)CLAMP((next - now_us + 999) / 1000, 0, 60000);
}

/* As many connections of its own as the scenario wants to wait. */
static void fill_backlog(Server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
	for (guint i = server->own->len; i-- > scenario(server)->deaf;) {
		close(g_array_index(server->own, int, i));
		g_array_set_size(server->own, i);
	}
	while (server->own->len < scenario(server)->deaf) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
			close(fd);
			break;
		}
		g_array_append_val(server->own, fd);
	}
}

/* What a scenario wants to be done at once. */
static void begin_scenario(Server *server)
{
	fill_backlog(server);
	if (scenario(server)->closed && server->listener >= 0) {
		close(server->listener);
		server->listener = -1;
	}
	if (scenario(server)->busy_ms) {
		say("busy");
		g_usleep((gulong)scenario(server)->busy_ms * 1000);
	}
}

void server_reload(Server *server)
{
	g_autoptr(GError) error = NULL;
	Scenario *s = scenario_load(server->scenario_path, &error);

	if (s)
		g_ptr_array_add(server->scenarios, s);
	say("reload %s", s ? "ok" : error->message);
	if (s)
		begin_scenario(server);
}

void server_step(Server *server, const sigset_t *mask)
{
	gint64 now_us = g_get_monotonic_time();
	guint n = server->streams->len + 2;
	g_autofree struct pollfd *fds = g_new0(struct pollfd, n);
	int timeout = poll_timeout_ms(server, now_us);
	struct timespec ts = { .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L };

	gboolean accepts = server->state == SERVER_IDLE && !scenario(server)->deaf;

	fds[0] = (struct pollfd){ .fd = accepts ? server->listener : -1, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = server->state == SERVER_READING ? server->fd : -1,
		                  .events = POLLIN };
	for (guint i = 0; i < server->streams->len; i++) {
		const Stream *stream = g_ptr_array_index(server->streams, i);

		fds[i + 2].fd = stream_fd(stream);
		fds[i + 2].events = stream_wants_out(stream, now_us) ? POLLOUT : 0;
	}
	if (ppoll(fds, n, timeout < 0 ? NULL : &ts, mask) < 0) {
		for (guint i = 0; i < n; i++)
			fds[i].revents = 0;
	}
	for (guint i = server->streams->len; i-- > 0;) {
		if (fds[i + 2].revents & (POLLHUP | POLLERR)) {
			say("stream-closed %" G_GUINT64_FORMAT,
			    stream_id(g_ptr_array_index(server->streams, i)));
			g_ptr_array_remove_index(server->streams, i);
		}
	}
	now_us = g_get_monotonic_time();
	run_streams(server, now_us);
	run_server(server, fds[0].revents, fds[1].revents, now_us);
}

static guint64 own_start_time(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) fields = NULL;

	if (!g_file_get_contents("/proc/self/stat", &text, NULL, NULL))
		return 0;
	fields = g_strsplit(strrchr(text, ')') + 2, " ", 21);
	return g_ascii_strtoull(fields[19], NULL, 10);
}

int server_relisten(Server *server)
{
	return listen(server->listener, 255) < 0 ? -errno : 0;
}

int server_listen(Server *server)
{
	const Scenario *s = scenario(server);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *directory = g_getenv("TMPDIR");

	server->path = g_strdup_printf("%s/dotnet-diagnostic-%" G_GUINT64_FORMAT
	                               "-%" G_GUINT64_FORMAT "-socket",
	                               directory && *directory ? directory : "/tmp",
	                               s->listen_pid ? s->listen_pid : (guint64)getpid(),
	                               s->listen_key ? s->listen_key : own_start_time());
	if (strlen(server->path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0 || fchmod(server->listener, 0600) < 0 ||
	    bind(server->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(server->listener, 255) < 0)
		return -errno;
	begin_scenario(server);
	return 0;
}

Server *server_new(const char *scenario_path, int log, GError **error)
{
	Scenario *s = scenario_load(scenario_path, error);
	Server *server;

	if (!s)
		return NULL;
	server = g_new0(Server, 1);
	server->scenario_path = scenario_path;
	server->log = log;
	server->fd = server->listener = -1;
	server->next_id = 1;
	server->start_us = g_get_monotonic_time();
	server->scenarios = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
	g_ptr_array_add(server->scenarios, s);
	server->streams = g_ptr_array_new_with_free_func((GDestroyNotify)stream_free);
	server->held = g_array_new(FALSE, FALSE, sizeof(int));
	server->own = g_array_new(FALSE, FALSE, sizeof(int));
	server->in = g_byte_array_new();
	server->out = g_byte_array_new();
	server->collect.text = g_string_new(NULL);
	return server;
}

void server_free(Server *server)
{
	unlink(server->path);
	if (server->listener >= 0)
		close(server->listener);
	if (server->fd >= 0)
		close(server->fd);
	for (guint i = 0; i < server->held->len; i++)
		close(g_array_index(server->held, int, i));
	for (guint i = 0; i < server->own->len; i++)
		close(g_array_index(server->own, int, i));
	g_array_unref(server->own);
	g_array_unref(server->held);
	g_ptr_array_unref(server->streams);
	g_ptr_array_unref(server->scenarios);
	g_byte_array_unref(server->in);
	g_byte_array_unref(server->out);
	meters_request_clear(&server->collect.meters);
	g_string_free(server->collect.text, TRUE);
	g_free(server->path);
	g_free(server);
}

const Scenario *server_scenario(const Server *server)
{
	return scenario(server);
}

const char *server_path(const Server *server)
{
	return server->path;
}

void server_end_streams(Server *server)
{
	server->end_streams = TRUE;
}
