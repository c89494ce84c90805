/* See environ.h. The reply says how many bytes follow it on the same connection. */
#include "fs/broker/environ.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/exchange.h"
#include "fs/util.h"
#include "ipc/message.h"
#include "ipc/nettrace/bytes.h"

enum {
	DEADLINE_MS = 5000,
	CHUNK = 65536
};

/* The continuation on its way into a memfd. */
typedef struct {
	Broker *broker;
	uint64_t ask, serial;
	int fd, memfd;
	size_t left;
	guint source, deadline;
} Environ;

/* It is all here, or nothing comes of it: the next one may begin. */
static void be_through(Broker *broker, uint64_t serial)
{
	Target *target = broker_find(broker, serial);

	if (target)
		target->environ_coming = FALSE;
}

/*
 * It is the process still that was asked: what was read meanwhile is no set-uid program's that has taken its place.
 * 0, -ESRCH, or -EACCES when its files have another owner since: who opened this one may not be that.
 */
static int look_again(Broker *broker, uint64_t serial)
{
	Target *target = broker_find(broker, serial);
	int r = target ? target_look(target) : -ESRCH;

	if (r == -ESTALE)
		broker_end_target(target);
	if (r < 0)
		return -ESRCH;
	if (!r)
		return 0;
	broker_target_changed(target);
	return -EACCES;
}

static void answer(Broker *broker, uint64_t ask, uint64_t serial, RecordEnviron form, int memfd)
{
	Record record = record_new(RECORD_REPLY);

	record.id = ask;
	record.serial = serial;
	record.value = form;
	record.error = look_again(broker, serial);
	if (record.error)
		util_close_fd(&memfd);
	broker_send(broker, &record, NULL, 0, memfd);
}

static void environ_end(Environ *environment, int error)
{
	if (environment->source)
		g_source_remove(environment->source);
	if (environment->deadline)
		g_source_remove(environment->deadline);
	if (!error && fcntl(environment->memfd, F_ADD_SEALS,
	                    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		error = -errno;
	if (error)
		broker_reply(environment->broker, environment->ask, environment->serial, error,
		             NULL);
	else
		answer(environment->broker, environment->ask, environment->serial,
		       RECORD_ENVIRON_IPC, g_steal_fd(&environment->memfd));
	be_through(environment->broker, environment->serial);
	util_close_fd(&environment->fd);
	util_close_fd(&environment->memfd);
	g_free(environment);
}

static gboolean on_environ_deadline(gpointer data)
{
	Environ *environment = data;

	environment->deadline = 0;
	environ_end(environment, -ETIMEDOUT);
	return G_SOURCE_REMOVE;
}

static gboolean on_bytes(gint fd, GIOCondition condition, gpointer data)
{
	Environ *environment = data;
	char buf[CHUNK];
	ssize_t n = read(fd, buf, MIN(sizeof buf, environment->left));
	int error = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n <= 0)
		error = n < 0 ? -errno : -ECONNRESET;
	else
		error = util_write_all(environment->memfd, buf, (size_t)n);
	environment->left -= (size_t)MAX(n, 0);
	if (!error && environment->left)
		return G_SOURCE_CONTINUE;
	environment->source = 0;
	environ_end(environment, error);
	return G_SOURCE_REMOVE;
}

static void read_continuation(Target *target, uint64_t ask, int fd, size_t len)
{
	Environ *environment = g_new0(Environ, 1);

	environment->broker = target->broker;
	environment->ask = ask;
	environment->serial = target->serial;
	environment->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	environment->memfd = memfd_create("environ", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	environment->left = len;
	if (environment->fd < 0 || environment->memfd < 0) {
		environ_end(environment, -EMFILE);
		return;
	}
	if (!len) {
		environ_end(environment, 0);
		return;
	}
	environment->source = g_unix_fd_add(environment->fd, G_IO_IN | G_IO_HUP | G_IO_ERR,
	                                    on_bytes, environment);
	environment->deadline = g_timeout_add(DEADLINE_MS, on_environ_deadline, environment);
}

typedef struct {
	Broker *broker;
	uint64_t ask, serial;
	int procfd; /* its own: the target may end before a queued helper begins */
	gboolean answered;
} FromProc;

static void on_proc(const HelperMessage *message, int fd, void *data)
{
	FromProc *from = data;

	from->answered = TRUE;
	if (message->error) {
		util_close_fd(&fd);
		broker_reply(from->broker, from->ask, from->serial, message->error, NULL);
	} else {
		answer(from->broker, from->ask, from->serial, RECORD_ENVIRON_PROC, fd);
	}
}

static void on_proc_done(int error, void *data)
{
	g_autofree FromProc *from = data;

	if (!from->answered)
		broker_reply(from->broker, from->ask, from->serial, error ? error : -EIO, NULL);
	be_through(from->broker, from->serial);
	util_close_fd(&from->procfd);
}

static void read_proc(Target *target, uint64_t ask)
{
	static const HelperCallbacks callbacks = { .message = on_proc, .done = on_proc_done };
	int procfd = fcntl(target->identity.procfd, F_DUPFD_CLOEXEC, 3);
	const ActEnviron act = { .procfd = procfd };
	FromProc *from = g_new0(FromProc, 1);

	from->procfd = procfd;
	from->broker = target->broker;
	from->ask = ask;
	from->serial = target->serial;
	helper_start(act_environ, &act, sizeof act, &act.procfd, 1, DEADLINE_MS, &callbacks, from);
}

static int build(unsigned version, IpcRequest *ret, void *data)
{
	return ipc_build_environment(ret);
}

static void on_reply(Target *target, const ExchangeResult *result, void *data)
{
	uint64_t ask = *(const uint64_t *)data;
	ByteReader reader = byte_reader(result->payload, result->len);
	uint32_t len;

	if (target->environ_coming && (!result->error || result->error == -EOPNOTSUPP)) {
		broker_reply(target->broker, ask, target->serial, -EBUSY, NULL);
		return;
	}
	if (result->error == -EOPNOTSUPP) {
		target->environ_coming = TRUE;
		read_proc(target, ask);
		return;
	}
	if (result->error || !result->ok) {
		broker_reply(target->broker, ask, target->serial,
		             result->error ? result->error : ipc_hresult_errno(result->hresult),
		             NULL);
		return;
	}
	len = byte_reader_u32(&reader);
	if (reader.bad || len > IPC_MAX_ENVIRONMENT) {
		broker_reply(target->broker, ask, target->serial, reader.bad ? -EPROTO : -E2BIG,
		             NULL);
	} else {
		target->environ_coming = TRUE;
		read_continuation(target, ask, result->fd, len);
	}
}

void environ_ask(Target *target, uint64_t ask)
{
	const ExchangeParams params = {
		.command = IPC_COMMAND_ENVIRONMENT,
		.deadline_ms = DEADLINE_MS,
		.build = build,
		.done = on_reply,
		.free = g_free,
		.data = g_memdup2(&ask, sizeof ask),
		.ask = ask,
	};

	exchange_add(target, &params);
}
