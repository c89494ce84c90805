/* See proc.h. */
#include "fs/broker/proc.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/util.h"

enum {
	COUNT_DEADLINE_MS = 2000,
	LIMIT_DEADLINE_MS = 5000,
	OLD_MAJOR = 3
};

/* An ask that a helper works at. The descriptor is its own: the target may end, and a queued helper must not
 * find another process's in its place. */
typedef struct {
	Broker *broker;
	uint64_t ask, serial;
	int procfd;
	gboolean answered;
	RecordProc proc;
} Look;

static Look *look_new(const Target *target, uint64_t ask)
{
	Look *look = g_new0(Look, 1);

	look->broker = target->broker;
	look->ask = ask;
	look->serial = target->serial;
	look->procfd = fcntl(target->identity.procfd, F_DUPFD_CLOEXEC, 3);
	return look;
}

static void look_free(Look *look)
{
	util_close_fd(&look->procfd);
	g_free(look);
}

static void answer_proc(Broker *broker, uint64_t ask, uint64_t serial, const RecordProc *proc)
{
	Record record = record_new(RECORD_REPLY);

	record.id = ask;
	record.serial = serial;
	broker_send(broker, &record, proc, sizeof *proc, -1);
}

/* 0, or the error that was answered. */
static int check(Target *target, uint64_t ask)
{
	int r = identity_check(&target->identity);

	if (r >= 0)
		return 0;
	broker_reply(target->broker, ask, target->serial, -ESRCH, NULL);
	if (r == -ESTALE)
		broker_end_target(target);
	return -ESRCH;
}

int proc_read(int procfd, RecordProc *ret)
{
	DiscoveryStatus status;
	struct stat st;
	int r = discovery_read_status(procfd, &status);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	*ret = (RecordProc){
		.rss_bytes = status.vm_rss_kb * 1024,
		.threads = status.threads,
		.fds = RECORD_PROC_UNKNOWN,
	};
	if (fstatat(procfd, "fd", &st, 0) < 0 || st.st_size <= 0)
		return 1;
	ret->fds = (uint64_t)st.st_size;
	return 0;
}

static void on_count(const HelperMessage *message, int fd, void *data)
{
	Look *look = data;

	util_close_fd(&fd);
	if (!message->error)
		look->proc.fds = message->value[0];
}

static void on_count_done(int error, void *data)
{
	Look *look = data;
	Target *target = broker_find(look->broker, look->serial);

	if (target)
		target->counting = FALSE;
	answer_proc(look->broker, look->ask, look->serial, &look->proc);
	look_free(look);
}

static void count(Target *target, uint64_t ask, const RecordProc *proc)
{
	static const HelperCallbacks callbacks = { .message = on_count, .done = on_count_done };
	Look *look = look_new(target, ask);
	const ActCountFds act = { .procfd = look->procfd };

	look->proc = *proc;
	target->counting = TRUE;
	helper_start(act_count_fds, &act, sizeof act, &act.procfd, 1, COUNT_DEADLINE_MS, &callbacks,
	             look);
}

void proc_ask(Target *target, uint64_t ask)
{
	RecordProc proc;
	int r;

	if (check(target, ask) < 0)
		return;
	r = target->counting ? -EBUSY : proc_read(target->identity.procfd, &proc);
	if (r < 0)
		broker_reply(target->broker, ask, target->serial, r, NULL);
	else if (r == 0)
		answer_proc(target->broker, ask, target->serial, &proc);
	else
		count(target, ask, &proc);
}

static void on_limit(const HelperMessage *message, int fd, void *data)
{
	const RecordLimit limit = { .bytes = message->value[0] };
	Record record = record_new(RECORD_REPLY);
	g_autoptr(GString) payload = g_string_new(NULL);
	Look *look = data;

	util_close_fd(&fd);
	if (look->answered)
		return;
	look->answered = TRUE;
	record.id = look->ask;
	record.serial = look->serial;
	record.error = message->error;
	if (!message->error)
		g_string_append_len(payload, (const char *)&limit, sizeof limit);
	g_string_append_len(payload, message->text, (gssize)strlen(message->text) + 1);
	broker_send(look->broker, &record, payload->str, payload->len, -1);
}

static void on_limit_done(int error, void *data)
{
	Look *look = data;
	Target *target = broker_find(look->broker, look->serial);

	if (target)
		target->limit_asked = FALSE;
	if (!look->answered)
		broker_reply(look->broker, look->ask, look->serial, error ? error : -EIO,
		             "the process could not be looked at");
	look_free(look);
}

void proc_ask_limit(Target *target, uint64_t ask, unsigned major)
{
	static const HelperCallbacks callbacks = { .message = on_limit, .done = on_limit_done };
	ActLimit act = { .credentials = target->identity.credentials, .major = major };
	Look *look;

	if (check(target, ask) < 0)
		return;
	if (target->limit_asked || helper_is_stuck(target->line_inode)) {
		broker_reply(target->broker, ask, target->serial,
		             target->limit_asked ? -EBUSY : -ETIMEDOUT, NULL);
		return;
	}
	if (target->flags & RECORD_FOUND_OLD)
		act.major = OLD_MAJOR;
	look = look_new(target, ask);
	act.procfd = look->procfd;
	target->limit_asked = TRUE;
	helper_set_key(helper_start(act_limit, &act, sizeof act, &act.procfd, 1, LIMIT_DEADLINE_MS,
	                            &callbacks, look),
	               target->line_inode);
}
