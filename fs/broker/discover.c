/*
 * From a line of /proc/net/unix to a proven target: the processes that may be behind it are tried in turn; a
 * helper with that process's uid pins and connects, and the peer credential decides. A socket planted under
 * another process's name gets no byte: the connection is closed before anything is sent.
 */
#include <errno.h>
#include <string.h>
#include "fs/broker/broker.h"
#include "fs/broker/line-quota.h"
#include "fs/broker/notice-limit.h"
#include "fs/broker/socket-owners.h"

enum {
	CANDIDATES_MAX = 8,
	TOLD_USERS_MAX = 256,
	NO_FDS_RETRY_US = 10000000,
	STOPPED_RETRY_US = 1000000,
	SHORTAGE_RETRY_US = 1000000,
	/* Attempts at once, and further ones a second: each is a helper, and anybody can plant sockets. */
	ATTEMPTS_BURST = 200,
	ATTEMPTS_A_SECOND = 50,
	STUCK_MAX =
		64, /* helpers that the kernel does not let die: more are begun for likely sockets alone */
	SILENT_NAMESPACES_MAX = 4096,
	DIRECTORIES_MAX = 1024,
};

typedef struct {
	Broker *broker;
	ScanLine *line; /* not freed while busy */
	pid_t pids[CANDIDATES_MAX];
	unsigned n, next;
	int error;           /* of the last that was tried */
	gboolean is_connect; /* that came of a connect */
	pid_t error_pid;
} Attempt;

static unsigned attempts;
static unsigned attempts_left = ATTEMPTS_BURST;

/* What any user can cause, and what only the owner of a process can. */
static NoticeLimit planted_limit, owners_limit;

/* Network namespaces of which it was said that a socket there has no process that we see: such are those
 * of other pid namespaces, and of processes that ended meanwhile. */
static GHashTable *told_namespaces;

static GHashTable *directories; /* in which a runtime was proven to listen */

static void try_next(Attempt *attempt);

unsigned discover_attempts(void)
{
	return attempts;
}

static void end_attempt(Attempt *attempt)
{
	attempt->line->busy = FALSE;
	attempts--;
	g_free(attempt);
}

static const char *reason_of(const Attempt *attempt)
{
	switch (attempt->error) {
	case -EPERM:
		return "somebody else listens under the name of this process";
	case -EMFILE:
		return "the process has no free file descriptor";
	case -EAGAIN:
		return "the process is stopped";
	case -EBUSY:
		return "it accepts nobody, and no more can wait at its socket";
	case -ESRCH:
		return "no process of that number in that network namespace";
	case -ESTALE:
		return "the user of the process is not the one who listens";
	case -EACCES:
		if (attempt->is_connect)
			return "its own user may not reach the socket";
		return "the user ids of the process differ: a set-uid program";
	default:
		return g_strerror(-attempt->error);
	}
}

static gboolean is_new_namespace(uint64_t net_ns)
{
	gint64 *key;

	if (!told_namespaces)
		told_namespaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (g_hash_table_size(told_namespaces) >= SILENT_NAMESPACES_MAX)
		g_hash_table_remove_all(told_namespaces);
	key = g_new(gint64, 1);
	*key = (gint64)net_ns;
	return g_hash_table_add(told_namespaces, key);
}

/* A plain user's mount passes over what belongs to others. */
static gboolean may_tell(const Attempt *attempt, gint64 now)
{
	gboolean of_owner = attempt->error == -EMFILE || attempt->error == -EAGAIN;

	if (attempt->line->warned ||
	    (!broker_config(attempt->broker)->root_mode && !attempt->error_pid))
		return FALSE;
	if (attempt->error == -ESRCH && !attempt->error_pid &&
	    !is_new_namespace(attempt->line->net_ns))
		return FALSE;
	return notice_limit_take(of_owner ? &owners_limit : &planted_limit, now);
}

static void give_up(Attempt *attempt)
{
	ScanLine *line = attempt->line;
	gint64 now = g_get_monotonic_time();
	gboolean foreign = attempt->error == -EPERM;

	if (attempt->error == -ENFILE) { /* ours, and it is told of already */
		line->retry_us = now + SHORTAGE_RETRY_US;
		end_attempt(attempt);
		return;
	}
	if (may_tell(attempt, now))
		broker_notice(attempt->broker, NULL, attempt->error_pid,
		              foreign ? EVENT_REFUSED : EVENT_WARNING, "socket", line->path, "text",
		              reason_of(attempt), NULL);
	line->warned = TRUE;
	line->foreign = foreign;
	scan_line_failed(line, now);
	if (attempt->error == -EMFILE)
		line->retry_us = now + NO_FDS_RETRY_US;
	else if (attempt->error == -EAGAIN)
		line->retry_us = now + STOPPED_RETRY_US;
	end_attempt(attempt);
}

static char *directory_of(const char *path)
{
	return g_strndup(path, (gsize)(strrchr(path, '/') - path));
}

static void remember_directory(const char *path)
{
	if (!directories)
		directories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_hash_table_size(directories) >= DIRECTORIES_MAX)
		g_hash_table_remove_all(directories);
	g_hash_table_add(directories, directory_of(path));
}

static void on_proven(Target *target, void *data)
{
	Attempt *attempt = data;
	Target *before = broker_find_pid(target->broker, target->identity.pid);

	/* The same process with a new socket (execv): a new instance. */
	if (before)
		broker_end_target(before);
	broker_add_target(target->broker, target);
	scan_line_proven(broker_scan(target->broker), attempt->line, target->serial);
	remember_directory(attempt->line->path);
	end_attempt(attempt);
	attach_begin(target);
}

static void on_failed(Target *target, int error, void *data)
{
	Attempt *attempt = data;

	attempt->error = error;
	attempt->is_connect = TRUE;
	attempt->error_pid = target->identity.pid;
	broker_release_target(target);
	if (error == -ENFILE)
		give_up(attempt);
	else
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
			attempt->error = attempt->error && r != -ENFILE ? attempt->error : r;
			if (r == -ENFILE) {
				broker_no_fds(attempt->broker);
				break;
			}
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

/* Where runtimes listen that nobody told otherwise, or one was found before; of a process that has no directory
 * yet: such a line need not wait behind all that somebody planted. */
static gboolean is_likely(Broker *broker, const ScanLine *line, pid_t pid)
{
	g_autofree char *dir = directory_of(line->path);

	return !broker_find_pid(broker, pid) &&
	       (g_str_equal(dir, "/tmp") ||
	        (directories && g_hash_table_contains(directories, dir)));
}

/* What is not begun is offered again by the next scan. */
void discover_line(ScanLine *line, void *broker)
{
	Attempt found = { .broker = broker, .line = line };
	gboolean has_key;
	int n;

	/* On a path that nobody answers; or somebody plants such ones. */
	if (helper_is_busy(line->inode))
		return;
	n = scan_candidates(broker_scan(broker), line, found.pids, CANDIDATES_MAX, &has_key);

	if (n == -ENFILE)
		broker_no_fds(broker);
	if (n < 0) /* offered again */
		return;
	if (n && !(has_key && is_likely(broker, line, found.pids[0]))) {
		if (!attempts_left || helper_n_stuck() >= STUCK_MAX)
			return;
		attempts_left--;
	}
	if (n && !broker_has_fds(broker))
		return;
	found.n = (unsigned)n;
	line->busy = TRUE;
	attempts++;
	try_next(g_memdup2(&found, sizeof found));
}

static void tell_untold(Broker *broker, NoticeLimit *limit)
{
	unsigned n = notice_limit_over(limit, g_get_monotonic_time());
	g_autofree char *text = n ? g_strdup_printf("%u more such sockets are not told", n) : NULL;

	if (text)
		broker_notice(broker, NULL, 0, EVENT_WARNING, "text", text, NULL);
}

void discover_tick(Broker *broker)
{
	attempts_left = MIN(attempts_left + ATTEMPTS_A_SECOND, ATTEMPTS_BURST);
	tell_untold(broker, &planted_limit);
	tell_untold(broker, &owners_limit);
}

void discover_too_many(uid_t uid, void *broker)
{
	static GHashTable *told; /* once a user */
	g_autofree char *whose = uid == SOCKET_OWNER_UNKNOWN ? g_strdup("users that cannot be told")
	                                                     : g_strdup_printf("uid %u", uid);
	g_autofree char *text = g_strdup_printf("too many sockets of %s belong to no .NET process: "
	                                        "only %d of them are looked at",
	                                        whose, LINE_QUOTA_MAX);

	broker_too_many_sockets(broker, uid);
	if (!told)
		told = g_hash_table_new(NULL, NULL);
	if (g_hash_table_size(told) >= TOLD_USERS_MAX ||
	    !g_hash_table_add(told, GUINT_TO_POINTER(uid)))
		return;
	broker_notice(broker, NULL, 0, EVENT_WARNING, "text", text, NULL);
}

void discover_line_lost(ScanLine *line, void *broker)
{
	Target *target = line->serial ? broker_find(broker, line->serial) : NULL;

	if (target && !target->lost_us)
		target->lost_us = g_get_monotonic_time();
}
