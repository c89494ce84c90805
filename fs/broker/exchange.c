/* See exchange.h. */
#include "fs/broker/exchange.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/util.h"
#include "ipc/client.h"
#include "ipc/replies.h"

enum {
	CONNECT_DEADLINE_MS = 5000,
	WAITING_MAX = 8, /* the front keeps to one; it is not trusted to */
};

struct Exchange {
	Target *target;
	ExchangeParams params;
	Helper *helper;
	IpcClient *client;
	guint client_source;
	guint deadline_source;
	unsigned version;
	int connect_error; /* what the helper said; -EIO while it has said nothing */
	gboolean foreign;  /* who listens now, or what the process is now, is not what was shown */
	gboolean told;     /* `done` was called */
	/* Where a helper holds a copy of the connection: a pipe that tells it that the request is sent, then that the
	 * answer is there; -1. Until the first the reading end is here, too: the helper may not have begun. */
	int holder_read, holder_write;
};

static void begin(Exchange *exchange);

const char *exchange_error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} rows[] = {
		{ -EPROTO, "what the runtime answered is no reply" },
		{ -ECONNRESET, "the runtime ended the connection without an answer" },
		{ -EPIPE, "the runtime ended the connection without an answer" },
		{ -EOPNOTSUPP, "the runtime does not know this command" },
		{ -ECONNREFUSED, "nobody listens at the runtime's socket" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].error == error)
			return rows[i].text;
	}
	return NULL;
}

static void exchange_free(Exchange *exchange)
{
	if (exchange->helper)
		helper_forget(exchange->helper);
	if (exchange->client_source)
		g_source_remove(exchange->client_source);
	if (exchange->deadline_source)
		g_source_remove(exchange->deadline_source);
	util_close_fd(&exchange->holder_read);
	util_close_fd(&exchange->holder_write);
	/* Its connection is answered or at its end, or its target is no more. */
	if (exchange->client && ipc_client_free(exchange->client) < 0)
		ipc_client_abandon_at_exit(exchange->client);
	if (exchange->params.free)
		exchange->params.free(exchange->params.data);
	g_free(exchange);
}

static void start_next(Target *target)
{
	if (target->exchange || !target->asks.length || target->ended)
		return;
	target->exchange = g_queue_pop_head(&target->asks);
	begin(target->exchange);
}

static void finish(Exchange *exchange, ExchangeResult *result)
{
	Target *target = exchange->target;
	gboolean foreign;

	if (target->exchange == exchange)
		target->exchange = NULL;
	else
		g_queue_remove(&target->asks, exchange);
	if (exchange->told) {
		target_set_flags(target, 0, RECORD_FOUND_BUSY);
		if (exchange->params.late)
			exchange->params.late(target, result, exchange->params.data);
	} else if (exchange->params.done) {
		exchange->params.done(target, result, exchange->params.data);
	}
	util_close_fd(&result->fd);
	foreign = exchange->foreign;
	exchange_free(exchange);
	/* One that was never proven is only released. */
	if (foreign && target->serial) {
		broker_end_target(target);
		return;
	}
	broker_target_changed(target);
	start_next(target);
}

static void finish_error(Exchange *exchange, int error)
{
	finish(exchange, &(ExchangeResult){ .error = error, .fd = -1 });
}

static void expire(Exchange *exchange)
{
	Target *target = exchange->target;
	ExchangeResult result = { .error = -ETIMEDOUT, .fd = -1 };

	exchange->told = TRUE;
	target_set_flags(target, RECORD_FOUND_BUSY, 0);
	if (exchange->params.done)
		exchange->params.done(target, &result, exchange->params.data);
	broker_target_changed(target);
}

static gboolean on_deadline(gpointer data)
{
	Exchange *exchange = data;

	exchange->deadline_source = 0;
	expire(exchange);
	/* Nothing was sent: there is nothing to be waited for. */
	if (!exchange->client) {
		if (exchange->helper)
			helper_cancel(g_steal_pointer(&exchange->helper));
		finish_error(exchange, -ECONNABORTED);
	}
	return G_SOURCE_REMOVE;
}

static void tell_holder(const Exchange *exchange)
{
	if (exchange->holder_write >= 0 && write(exchange->holder_write, "", 1) < 0)
		g_debug("nobody holds the connection: %s", g_strerror(errno));
}

/* Just before: one who dies in between has the helper hold a connection for nothing, the other way round it would be
 * closed too early. */
static void tell_sent(Exchange *exchange)
{
	if (exchange->holder_read < 0)
		return;
	tell_holder(exchange);
	util_close_fd(&exchange->holder_read);
}

/* A reply is there. */
static void take_reply(Exchange *exchange)
{
	Target *target = exchange->target;
	ExchangeResult result = { .version = exchange->version, .fd = -1 };
	IpcCommand command = exchange->params.command;

	tell_holder(exchange);
	result.ok = ipc_client_ok(exchange->client);
	result.payload = ipc_client_payload(exchange->client, &result.len);
	if (result.ok) {
		ipc_abilities_known(&target->abilities, command, exchange->version);
		if (command == IPC_COMMAND_COLLECT_TRACING || command == IPC_COMMAND_ENVIRONMENT)
			result.fd = ipc_client_steal_fd(exchange->client);
	} else {
		result.hresult = ipc_parse_hresult(result.payload, result.len);
		if (result.hresult == IPC_E_UNKNOWN_COMMAND) {
			exchange->version = ipc_abilities_unknown(&target->abilities, command,
			                                          exchange->version);
			ipc_client_free(exchange->client);
			exchange->client = NULL;
			if (exchange->helper)
				helper_forget(exchange->helper);
			begin(exchange);
			return;
		}
	}
	finish(exchange, &result);
}

static gboolean on_client(gint fd, GIOCondition condition, gpointer data)
{
	Exchange *exchange = data;
	short events = ipc_client_events(exchange->client);
	int r;

	tell_sent(exchange);
	r = ipc_client_step(exchange->client);
	if (r == -EAGAIN && events == ipc_client_events(exchange->client))
		return G_SOURCE_CONTINUE;
	exchange->client_source = 0;
	if (r == -EAGAIN)
		exchange->client_source = g_unix_fd_add(
			fd, (GIOCondition)ipc_client_events(exchange->client) | G_IO_HUP | G_IO_ERR,
			on_client, exchange);
	else if (r < 0)
		finish_error(exchange, r);
	else
		take_reply(exchange);
	return G_SOURCE_REMOVE;
}

/* That who listens is the process of that name, and still the one that it was. */
static int prove(Target *target, int fd)
{
	pid_t peer = 0;
	int r = identity_check_peer(&target->identity, fd, &peer);

	if (r == -EPERM)
		return peer == target->identity.pid ? -ESTALE : -EPERM;
	if (r >= 0)
		r = identity_check_key(&target->identity, target->name.key);
	if (r >= 0)
		r = target_look(target);
	return MIN(r, 0);
}

static int check(const Exchange *exchange, gboolean connected)
{
	const ExchangeParams *params = &exchange->params;

	return params->check ? params->check(exchange->target, connected, params->data) : 0;
}

/* Connected: prove the peer, then send. */
static void take_connection(Exchange *exchange, int fd)
{
	Target *target = exchange->target;
	IpcRequest request = { 0 };
	int r = prove(target, fd);

	exchange->foreign = r == -EPERM || r == -ESTALE;
	if (exchange->foreign && target->serial)
		r = -ESTALE;
	if (r >= 0 && exchange->params.command == IPC_COMMAND_CORE_DUMP &&
	    target->flags & RECORD_FOUND_INSECURE)
		r = -EPERM;
	if (r >= 0) {
		if (exchange->params.proven)
			exchange->params.proven(target, exchange->params.data);
		r = check(exchange, TRUE);
	}
	if (r >= 0)
		r = exchange->params.build(exchange->version, &request, exchange->params.data);
	if (r < 0) {
		/* Not a byte was sent through it: the runtime need not wait for one, whoever holds a copy. */
		shutdown(fd, SHUT_RDWR);
		close(fd);
		exchange->connect_error = r;
		return;
	}
	exchange->connect_error = 0;
	exchange->client = ipc_client_new(fd, &request, 0);
	if (!exchange->client) {
		close(fd);
		ipc_request_clear(&request);
		exchange->connect_error = -ENOMEM;
		return;
	}
	exchange->client_source = g_unix_fd_add(
		fd, (GIOCondition)ipc_client_events(exchange->client) | G_IO_HUP | G_IO_ERR,
		on_client, exchange);
}

static void on_message(const HelperMessage *message, int fd, void *data)
{
	Exchange *exchange = data;
	Target *target = exchange->target;

	if (message->kind == ACT_SAID_PIN) {
		target->pin = fd;
		target->socket_us = (int64_t)message->value[ACT_PIN_CTIME_US];
		target->suspended = message->value[ACT_PIN_SUSPENDED] != 0;
		return;
	}
	exchange->connect_error = message->error;
	if (!message->error && message->value[0] == 0)
		target_set_flags(target, RECORD_FOUND_UNLINKED, 0);
	if (!message->error)
		target_set_mode(target, (mode_t)message->value[1]);
	if (!message->error)
		target_set_flags(target, 0, RECORD_FOUND_NO_FDS | RECORD_FOUND_REFUSED);
	else if (message->error == -EMFILE)
		target_set_flags(target, RECORD_FOUND_NO_FDS, 0);
	else if (message->error == -ECONNREFUSED)
		target_set_flags(target, RECORD_FOUND_REFUSED, 0);
	if (!message->error && fd >= 0)
		take_connection(exchange, fd);
	else
		util_close_fd(&fd);
}

static void on_helper_done(int error, void *data)
{
	Exchange *exchange = data;

	exchange->helper = NULL;
	if (exchange->client)
		return;
	if (helper_is_shortage(error)) {
		broker_no_fds(exchange->target->broker);
		error = -ENFILE;
	}
	finish_error(exchange, error ? error : exchange->connect_error);
}

static int make_pipe(Exchange *exchange)
{
	int fds[2];

	util_close_fd(&exchange->holder_read);
	util_close_fd(&exchange->holder_write);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return errno == EMFILE || errno == ENFILE ? -ENFILE : -errno;
	exchange->holder_read = fds[0];
	exchange->holder_write = fds[1];
	return 0;
}

static void begin(Exchange *exchange)
{
	static const HelperCallbacks callbacks = { .message = on_message, .done = on_helper_done };
	Target *target = exchange->target;
	int r = check(exchange, FALSE);
	ActConnect act = {
		.pid = target->identity.pid,
		.procfd = target->identity.procfd,
		.pidfd = target->identity.pidfd,
		.pin = target->pin,
		.inotify = broker_inotify_fd(target->broker),
		.credentials = target->identity.credentials,
		.hold = exchange->params.command == IPC_COMMAND_COLLECT_TRACING &&
		        (target->flags & RECORD_FOUND_OLD),
	};
	int fds[] = { act.procfd, act.pidfd, act.pin, act.inotify, -1 };

	g_strlcpy(act.path, target->path, sizeof act.path);
	exchange->version = ipc_abilities_next(&target->abilities, exchange->params.command);
	exchange->connect_error = -EIO;
	if (!exchange->deadline_source && !exchange->told && exchange->params.deadline_ms)
		exchange->deadline_source =
			g_timeout_add(exchange->params.deadline_ms, on_deadline, exchange);
	if (r >= 0 && !exchange->version)
		r = -EOPNOTSUPP;
	if (r >= 0 && helper_is_stuck(target->line_inode))
		r = -ETIMEDOUT;
	if (r >= 0 && act.hold)
		r = make_pipe(exchange);
	if (r < 0) {
		finish_error(exchange, r);
		return;
	}
	act.told = fds[4] = exchange->holder_read;
	exchange->helper = helper_start(act_connect, &act, sizeof act, fds, G_N_ELEMENTS(fds),
	                                CONNECT_DEADLINE_MS, &callbacks, exchange);
	helper_set_key(exchange->helper, target->line_inode);
}

void exchange_add(Target *target, const ExchangeParams *params)
{
	Exchange *exchange = g_new0(Exchange, 1);

	exchange->target = target;
	exchange->holder_read = exchange->holder_write = -1;
	exchange->params = *params;
	if (params->first)
		g_queue_push_head(&target->asks, exchange);
	else
		g_queue_push_tail(&target->asks, exchange);
	start_next(target);
}

gboolean exchange_is_full(const Target *target)
{
	return target->asks.length >= WAITING_MAX;
}

gboolean exchange_cancel(Target *target, uint64_t ask)
{
	for (GList *l = target->asks.head; l; l = l->next) {
		Exchange *exchange = l->data;

		if (!ask || exchange->params.ask != ask)
			continue;
		g_queue_delete_link(&target->asks, l);
		exchange_free(exchange);
		return TRUE;
	}
	return FALSE;
}

void exchange_end_all(Target *target)
{
	target->ended = TRUE;
	if (target->exchange)
		finish_error(target->exchange, -ESRCH);
	while (target->asks.length)
		finish_error(g_queue_peek_head(&target->asks), -ESRCH);
}

gboolean exchange_busy(const Target *target)
{
	return target->exchange != NULL;
}

void exchange_give_up(Target *target)
{
	if (target->exchange && !target->exchange->told)
		expire(target->exchange);
}
