/*
 * From a line of /proc/net/unix to a proven target: the processes that may be behind it are tried in turn; a
 * helper with that process's uid pins and connects, and the peer credential decides. A socket planted under
 * another process's name gets no byte: the connection is closed before anything is sent.
 */
#include <errno.h>
#include <string.h>
#include "fs/broker/broker.h"

enum {
	CANDIDATES_MAX = 8,
	NO_FDS_RETRY_US = 10000000,
	STOPPED_RETRY_US = 1000000
};

typedef struct {
	Broker *broker;
	ScanLine *line; /* not freed while busy */
	pid_t pids[CANDIDATES_MAX];
	unsigned n, next;
	int error; /* of the last that was tried */
	pid_t error_pid;
} Attempt;

static unsigned attempts;

static void try_next(Attempt *attempt);

gboolean discover_busy(void)
{
	return attempts > 0;
}

static void end_attempt(Attempt *attempt)
{
	attempt->line->busy = FALSE;
	attempts--;
	g_free(attempt);
}

static const char *reason_of(int error)
{
	switch (error) {
	case -EPERM:
		return "somebody else listens under the name of this process";
	case -EMFILE:
		return "the process has no free file descriptor";
	case -EAGAIN:
		return "the process is stopped";
	case -ESRCH:
		return "no process of that number in that network namespace";
	case -ESTALE:
		return "the user of the process is not the one who listens";
	default:
		return g_strerror(-error);
	}
}

/* A plain user's mount passes over what belongs to others. */
static gboolean is_ours_to_tell(const Attempt *attempt)
{
	return broker_config(attempt->broker)->root_mode || attempt->error_pid;
}

static void give_up(Attempt *attempt)
{
	ScanLine *line = attempt->line;
	gint64 now = g_get_monotonic_time();
	gboolean foreign = attempt->error == -EPERM;

	if (!line->warned && is_ours_to_tell(attempt))
		broker_notice(attempt->broker, NULL, attempt->error_pid,
		              foreign ? EVENT_REFUSED : EVENT_WARNING, "socket", line->path, "text",
		              reason_of(attempt->error), NULL);
	line->warned = TRUE;
	line->foreign = foreign;
	scan_line_failed(line, now);
	if (attempt->error == -EMFILE)
		line->retry_us = now + NO_FDS_RETRY_US;
	else if (attempt->error == -EAGAIN)
		line->retry_us = now + STOPPED_RETRY_US;
	end_attempt(attempt);
}

static void on_proven(Target *target, void *data)
{
	Attempt *attempt = data;
	Target *before = broker_find_pid(target->broker, target->identity.pid);

	/* The same process with a new socket (execv): a new instance. */
	if (before)
		broker_end_target(before);
	broker_add_target(target->broker, target);
	attempt->line->serial = target->serial;
	attempt->line->failures = 0;
	end_attempt(attempt);
	attach_begin(target);
}

static void on_failed(Target *target, int error, void *data)
{
	Attempt *attempt = data;

	attempt->error = error;
	attempt->error_pid = target->identity.pid;
	broker_release_target(target);
	try_next(attempt);
}

static void try_next(Attempt *attempt)
{
	const InfoCallbacks callbacks = { .proven = on_proven,
		                          .failed = on_failed,
		                          .data = attempt };
	const ScanLine *line = attempt->line;
	Identity identity;
	int r = -ESRCH;

	while (attempt->next < attempt->n) {
		pid_t pid = attempt->pids[attempt->next++];

		r = identity_open(pid, &identity);
		if (r < 0) {
			attempt->error = attempt->error ? attempt->error : r;
			continue;
		}
		/* So that it is there when the process is shown. */
		broker_user_name(attempt->broker, identity.credentials.uid);
		info_first(target_new(attempt->broker, &identity, &line->name, line->path,
		                      line->inode),
		           &callbacks);
		return;
	}
	if (!attempt->error)
		attempt->error = r;
	give_up(attempt);
}

void discover_line(ScanLine *line, void *broker)
{
	Attempt *attempt = g_new0(Attempt, 1);

	attempt->broker = broker;
	attempt->line = line;
	attempt->n = scan_candidates(line, attempt->pids, CANDIDATES_MAX);
	line->busy = TRUE;
	attempts++;
	try_next(attempt);
}

void discover_line_lost(ScanLine *line, void *broker)
{
	Target *target = line->serial ? broker_find(broker, line->serial) : NULL;

	if (target && !target->lost_us)
		target->lost_us = g_get_monotonic_time();
}
