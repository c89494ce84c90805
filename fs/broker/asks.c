/*
 * The asks of the front, one function each. Whatever they say was checked by record_check(); what is asked of
 * a target is built here and in sessions.c from typed values.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-job.h"
#include "fs/broker/environ.h"
#include "fs/broker/exchange.h"
#include "fs/broker/preflight.h"
#include "fs/broker/proc.h"
#include "fs/broker/scan.h"
#include "fs/broker/sessions.h"
#include "fs/broker/socket-alive.h"
#include "fs/util.h"
#include "ipc/message.h"
#include "ipc/nettrace/bytes.h"

enum {
	SESSION_DEADLINE_MS = 5000,
	STOP_DEADLINE_MS = 30000,
	OTHERS_MAX_US = 5000000,
};

#define SLOTS_FULL "session-slots-full: other tools have all sessions of its runtime (64)"

/* Why a request cannot be added to those of a target: 0 or negative errno. */
static int refusal(const Target *target)
{
	int r = target_refusal(target, NULL);

	return r < 0 || !exchange_is_full(target) ? r : -EAGAIN;
}

static void reply_error(Target *target, uint64_t ask, const ExchangeResult *result)
{
	if (result->error)
		broker_reply(target->broker, ask, target->serial, result->error,
		             exchange_error_text(result->error));
	else
		broker_reply(target->broker, ask, target->serial,
		             ipc_hresult_errno(result->hresult), ipc_hresult_text(result->hresult));
}

typedef struct {
	uint64_t ask;
	RecordSession row;
	unsigned interval_ms;
	RecordValues values;
	int64_t sent_us; /* wall clock */
	char *names;
	size_t names_len;
} SessionAsk;

static void session_ask_free(gpointer data)
{
	SessionAsk *session = data;

	g_free(session->names);
	g_free(session);
}

static int build_session(unsigned version, IpcRequest *ret, void *data)
{
	SessionAsk *session = data;

	session->sent_us = util_real_us(); /* it is sent as soon as it is built */
	return session_build(session->row, session->interval_ms, &session->values, session->names,
	                     session->names_len, version, ret);
}

/* The front has the stream of that row: whoever wants another one lets go of it before. */
static gboolean is_streaming(const Target *target, guint32 row)
{
	const TargetSession *session = &target->sessions[row];

	return session->open && socket_alive(session->inode);
}

static void on_session(Target *target, const ExchangeResult *result, void *data)
{
	const SessionAsk *session = data;
	ByteReader reader = byte_reader(result->payload, result->len);
	Record record = record_new(RECORD_STREAM);
	int fd;

	if (result->error == -ESTALE) {
		broker_end_target(target);
		return;
	}
	if (!result->error && result->hresult == IPC_E_FAIL && !result->ok) {
		/* Nothing else in our request can fail. */
		broker_reply(target->broker, session->ask, target->serial, -EIO, SLOTS_FULL);
		return;
	}
	if (result->error || !result->ok) {
		reply_error(target, session->ask, result);
		return;
	}
	target->sessions[session->row].open = TRUE;
	target->sessions[session->row].id = byte_reader_u64(&reader);
	target->sessions[session->row].inode = socket_alive_inode(result->fd);
	record.id = session->ask;
	record.serial = target->serial;
	record.row = session->row;
	record.value = target->socket_us ? (uint64_t)MAX(session->sent_us - target->socket_us, 0)
	                                 : G_MAXUINT64;
	fd = fcntl(result->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) /* ours is closed behind us; the runtime sees that at its next write */
		broker_reply(target->broker, session->ask, target->serial, -errno, NULL);
	else
		broker_send(target->broker, &record, NULL, 0, fd);
}

/*
 * 3.1 writes its counters while it holds the lock that a command to them takes, and its first report of all
 * initialises an event source: a second session that is switched on (or off) in that moment hangs its
 * diagnostics server and the counters for good. So the first session of somebody else, and the one that a
 * daemon killed a moment ago has left (act-connect.c holds it), is given time to be over that.
 */
static gboolean must_wait_for_others(Target *target)
{
	unsigned own = 0;
	gint64 now = g_get_monotonic_time();

	if (!(target->flags & RECORD_FOUND_OLD) ||
	    (target->others_us && now - target->others_us > OTHERS_MAX_US))
		return FALSE;
	for (unsigned i = 0; i < RECORD_N_SESSIONS; i++)
		own += target->sessions[i].open;
	if (scan_count_accepted(broker_scan(target->broker), target->identity.net_ns,
	                        target->path) <= own)
		return FALSE;
	if (!target->others_us)
		target->others_us = now;
	return TRUE;
}

/*
 * Whether a session of that row may be asked for now: 0 or negative errno. The front's word was good when it came;
 * that is looked at again when the ask's turn comes, and before it is sent.
 */
static int session_refusal(Target *target, guint32 row, gboolean meters)
{
	const guint32 due = RECORD_FOUND_ATTACHABLE | (meters ? RECORD_FOUND_METERS_DUE : 0);

	if (target->dump)
		return -EBUSY;
	/* 3.1 has to be known as such before. */
	if ((target->flags & RECORD_FOUND_STOPPED) || !target->informed)
		return -EAGAIN;
	/* Counters in a process that starts can hang it for good, meters later still. */
	if (record_session_has_counters(row) && (target->flags & due) != due)
		return -EAGAIN;
	return is_streaming(target, row) ? -EBUSY : 0;
}

static int check_session(Target *target, gboolean connected, void *data)
{
	const SessionAsk *session = data;
	gboolean counters = record_session_has_counters(session->row);
	int r = session_refusal(target, session->row, counters && session->values.meters);

	/* Once connected it is one of those that are counted. */
	if (r >= 0 && counters && !connected && must_wait_for_others(target))
		r = -EAGAIN;
	return r;
}

static void start_session(Target *target, const Record *record, const char *payload, size_t len)
{
	ExchangeParams params = {
		.command = IPC_COMMAND_COLLECT_TRACING,
		.deadline_ms = SESSION_DEADLINE_MS,
		.check = check_session,
		.build = build_session,
		.done = on_session,
		.late = on_session,
		.free = session_ask_free,
		.ask = record->id,
	};
	SessionAsk asked = {
		.ask = record->id,
		.row = (RecordSession)record->row,
		.interval_ms = record->interval_ms,
		.values = record->values,
		.names_len = len,
	};
	IpcRequest trial = { 0 };
	int r = refusal(target);

	if (r >= 0)
		r = check_session(target, FALSE, &asked);
	if (r >= 0)
		r = session_build((RecordSession)record->row, record->interval_ms, &record->values,
		                  payload, len, ipc_command_newest(IPC_COMMAND_COLLECT_TRACING),
		                  &trial);
	ipc_request_clear(&trial);
	if (r < 0) {
		broker_reply(target->broker, record->id, target->serial, r, NULL);
		return;
	}
	asked.names = g_memdup2(payload, len);
	params.data = g_memdup2(&asked, sizeof asked);
	exchange_add(target, &params);
}

typedef struct {
	uint64_t ask;
	uint64_t session;
} StopAsk;

static int build_stop(unsigned version, IpcRequest *ret, void *data)
{
	return ipc_build_stop_tracing(((const StopAsk *)data)->session, ret);
}

static void on_stopped(Target *target, const ExchangeResult *result, void *data)
{
	const StopAsk *stop = data;

	if (result->error || !result->ok)
		reply_error(target, stop->ask, result);
	else
		broker_reply(target->broker, stop->ask, target->serial, 0, NULL);
}

static void stop_session(Target *target, const Record *record)
{
	TargetSession *session = &target->sessions[record->row];
	ExchangeParams params = {
		.command = IPC_COMMAND_STOP_TRACING,
		.deadline_ms = STOP_DEADLINE_MS,
		.build = build_stop,
		.done = on_stopped,
		.free = g_free,
		.ask = record->id,
	};
	int r = refusal(target);
	StopAsk *stop;

	if (r < 0 || !session->open) {
		broker_reply(target->broker, record->id, target->serial, r, NULL);
		return;
	}
	stop = g_new(StopAsk, 1);
	*stop = (StopAsk){ .ask = record->id, .session = session->id };
	session->open = FALSE;
	params.data = stop;
	exchange_add(target, &params);
}

typedef struct {
	Broker *broker;
	uint64_t ask, serial;
} PreflightAsk;

static void on_preflight(PreflightResult *result, void *data)
{
	g_autofree PreflightAsk *ask = data;
	Target *target = broker_find(ask->broker, ask->serial);

	if (target)
		target->preflight = NULL;
	broker_reply(ask->broker, ask->ask, ask->serial, result->error,
	             result->error ? result->text : NULL);
}

static void preflight(Target *target, const Record *record)
{
	PreflightAsk *ask;
	Preflight *started;

	if (target->preflight) {
		broker_reply(target->broker, record->id, target->serial, -EBUSY, NULL);
		return;
	}
	ask = g_new(PreflightAsk, 1);
	*ask = (PreflightAsk){ .broker = target->broker,
		               .ask = record->id,
		               .serial = target->serial };
	started = preflight_start(target, record->type, FALSE, on_preflight, ask);
	if (started)
		target->preflight = started;
}

static void open_dump(Broker *broker, const Record *record)
{
	Record reply = record_new(RECORD_REPLY);
	int fd = store_open_part(broker_store(broker), record->serial, (RecordPart)record->part);

	reply.id = record->id;
	reply.serial = record->serial;
	reply.error = MIN(fd, 0);
	broker_send(broker, &reply, NULL, 0, MAX(fd, -1));
}

/* A dump has its own word for that, DUMP_WITHDRAW. */
static void cancel(Target *target, void *data)
{
	uint64_t id = *(const uint64_t *)data;

	if (!target->dump || target->dump->ask != id)
		exchange_cancel(target, id);
}

/* The asks that are about a process. */
static void take_for_target(Target *target, const Record *record, const char *payload, size_t len)
{
	int r = refusal(target);

	switch (record->kind) {
	case RECORD_ASK_INFO:
		if (r < 0)
			broker_reply(target->broker, record->id, target->serial, r, NULL);
		else
			info_ask(target, record->id);
		break;
	case RECORD_ASK_ENVIRON:
		if (r < 0)
			broker_reply(target->broker, record->id, target->serial, r, NULL);
		else
			environ_ask(target, record->id);
		break;
	case RECORD_ASK_PROC:
		proc_ask(target, record->id);
		break;
	case RECORD_ASK_LIMIT:
		proc_ask_limit(target, record->id, (unsigned)record->value);
		break;
	case RECORD_START_SESSION:
		start_session(target, record, payload, len);
		break;
	case RECORD_STOP_SESSION:
		stop_session(target, record);
		break;
	case RECORD_PREFLIGHT:
		preflight(target, record);
		break;
	case RECORD_DUMP:
		if (broker_is_ending(target->broker))
			broker_reply(target->broker, record->id, target->serial, -EAGAIN,
			             "the daemon ends");
		else
			dump_job_ask(target, record->id, record->type,
			             (RecordReason)record->reason);
		break;
	default:
		broker_reply(target->broker, record->id, target->serial, -EINVAL, NULL);
	}
}

void asks_take(Broker *broker, const Record *record, const char *payload, size_t len, int fd)
{
	autofd int own = fd;
	Store *store = broker_store(broker);
	uint64_t id = record->id;
	Target *target;

	switch (record->kind) {
	case RECORD_OPEN_DUMP:
		open_dump(broker, record);
		return;
	case RECORD_REMOVE_DUMP:
		broker_reply(broker, id, record->serial,
		             store_remove_part(store, record->serial, (RecordPart)record->part),
		             NULL);
		return;
	case RECORD_ANNEX:
		broker_reply(broker, id, record->serial,
		             store_put_annex(store, record->serial, (RecordPart)record->part, own),
		             NULL);
		return;
	case RECORD_DUMP_CONFIRM:
		dump_job_confirm(id, record->value != 0);
		return;
	case RECORD_DUMP_WITHDRAW:
		target = broker_find(broker, record->serial);
		if (target && target->dump && target->dump->ask == id)
			dump_job_withdraw(target->dump);
		return;
	case RECORD_CANCEL:
		broker_each_target(broker, cancel, &id);
		return;
	default:
		break;
	}
	target = broker_find(broker, record->serial);
	if (!target)
		broker_reply(broker, id, record->serial, -ESRCH, NULL);
	else
		take_for_target(target, record, payload, len);
}
