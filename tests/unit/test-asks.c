/*
 * The asks that are answered from /proc: the real asks.c, proc.c, helpers and acts, on a target that is a
 * process of this test's. What broker.c does for them (finding a target, sending) is done here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-job.h"
#include "fs/broker/exchange.h"
#include "fs/broker/preflight.h"
#include "fs/broker/proc.h"
#include "fs/broker/socket-alive.h"
#include "fs/util.h"
#include "ipc/message.h"

enum {
	SERIAL = 9,
	DEADLINE_S = 20
};

static struct {
	Target *target;
	GQueue replies; /* of GBytes: Record and payload */
	unsigned ended;
	gboolean ending; /* the broker */
	int stream;      /* the last one that was sent; 0: none */
	guint32 in_between; /* flags that the target gets after its turn came, and before the connection is there */
} seen;

/* --- instead of broker.c --- */

Target *broker_find(Broker *broker, uint64_t serial)
{
	return seen.target && seen.target->serial == serial ? seen.target : NULL;
}

Target *broker_find_pid(Broker *broker, pid_t pid)
{
	return NULL;
}

int broker_send(Broker *broker, const Record *record, const void *payload, size_t len, int fd)
{
	GByteArray *bytes = g_byte_array_new();
	Record copy = *record;

	copy.payload_len = (uint32_t)len;
	/* What the front would not take must not be sent. */
	g_assert_cmpint(record_check(&copy, len, fd >= 0, FALSE), ==, 0);
	g_byte_array_append(bytes, (const guint8 *)&copy, sizeof copy);
	if (len)
		g_byte_array_append(bytes, payload, (guint)len);
	g_queue_push_tail(&seen.replies, g_byte_array_free_to_bytes(bytes));
	if (record->kind == RECORD_STREAM) /* the front has it */
		seen.stream = fd;
	else
		util_close_fd(&fd);
	return 0;
}

void broker_reply(Broker *broker, uint64_t id, uint64_t serial, int error, const char *text)
{
	Record record = record_new(RECORD_REPLY);

	record.id = id;
	record.serial = serial;
	record.error = error;
	broker_send(broker, &record, text, text ? strlen(text) + 1 : 0, -1);
}

void broker_end_target(Target *target)
{
	seen.ended++;
}

void broker_release_target(Target *target)
{
}

void broker_target_changed(Target *target)
{
}

void broker_each_target(Broker *broker, BrokerEachTarget each, void *data)
{
	if (seen.target)
		each(seen.target, data);
}

gboolean broker_is_ending(const Broker *broker)
{
	return seen.ending;
}

gboolean broker_is_leaving(const Broker *broker)
{
	return FALSE;
}

Store *broker_store(Broker *broker)
{
	return NULL;
}

Scan *broker_scan(Broker *broker)
{
	return NULL;
}

/* Asked for what the helper needs: that is the moment. */
int broker_inotify_fd(Broker *broker)
{
	if (seen.target)
		seen.target->flags |= seen.in_between;
	return -1;
}

const BrokerConfig *broker_config(Broker *broker)
{
	static const BrokerConfig config;

	return &config;
}

void broker_apply_retention(Broker *broker)
{
}

void broker_notice(Broker *broker, const Target *target, pid_t pid, EventWord word, ...)
{
}

void broker_no_fds(Broker *broker)
{
}

/* --- a target --- */

static void set_up_target(pid_t pid)
{
	seen.target = g_new0(Target, 1);
	g_assert_cmpint(identity_open(pid, &seen.target->identity), ==, 0);
	seen.target->serial = SERIAL;
	seen.target->pin = seen.target->gate_fd = -1;
	g_queue_init(&seen.target->asks);
}

static void tear_down_target(void)
{
	g_queue_clear_full(&seen.replies, (GDestroyNotify)g_bytes_unref);
	if (seen.target) {
		identity_close(&seen.target->identity);
		g_free(seen.target);
	}
	seen.target = NULL;
	seen.ended = 0;
	seen.ending = FALSE;
	seen.in_between = 0;
	if (seen.stream)
		close(seen.stream);
	seen.stream = 0;
}

static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	g_assert_cmpint(pid, >, 0);
	return pid;
}

static void end_child(pid_t pid)
{
	g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
	g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void ask(RecordKind kind, uint64_t id, uint64_t value)
{
	Record record = record_new(kind);

	record.id = id;
	record.serial = SERIAL;
	record.value = value;
	g_assert_cmpint(record_check(&record, 0, FALSE, TRUE), ==, 0);
	asks_take(NULL, &record, NULL, 0, -1);
}

static gboolean on_deadline(gpointer data)
{
	g_error("nothing happened in time");
	return G_SOURCE_REMOVE;
}

/* The payload is in what is returned. */
static GBytes *next_reply(Record *ret, const char **payload)
{
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);
	GBytes *bytes;
	const char *data;

	while (!(bytes = g_queue_pop_head(&seen.replies)))
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
	data = g_bytes_get_data(bytes, NULL);
	memcpy(ret, data, sizeof *ret);
	*payload = data + sizeof *ret;
	g_assert_cmpuint(ret->kind, ==, RECORD_REPLY);
	g_assert_cmpuint(ret->serial, ==, SERIAL);
	return bytes;
}

static RecordProc next_proc(uint64_t id)
{
	const char *payload;
	RecordProc proc;
	Record record;
	g_autoptr(GBytes) bytes G_GNUC_UNUSED = next_reply(&record, &payload);

	g_assert_cmpuint(record.id, ==, id);
	g_assert_cmpint(record.error, ==, 0);
	g_assert_cmpuint(record.payload_len, ==, sizeof proc);
	memcpy(&proc, payload, sizeof proc);
	return proc;
}

static int next_error(uint64_t id)
{
	const char *payload;
	Record record;
	g_autoptr(GBytes) bytes G_GNUC_UNUSED = next_reply(&record, &payload);

	g_assert_cmpuint(record.id, ==, id);
	return record.error;
}

/* --- tests --- */

static unsigned count_own_fds(void)
{
	GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned n = 0;

	while (g_dir_read_name(dir))
		n++;
	g_dir_close(dir);
	return n - 1; /* the directory's own */
}

static void test_proc(void)
{
	unsigned before;
	RecordProc first, second;
	g_autofree char *touched = NULL;
	int fds[30];

	set_up_target(getpid());
	g_main_context_iteration(NULL, FALSE); /* it makes a descriptor of its own at first */
	before = count_own_fds();
	ask(RECORD_ASK_PROC, 1, 0);
	first = next_proc(1);
	g_assert_cmpuint(first.fds, ==, before);
	g_assert_cmpuint(first.threads, >=, 1);
	g_assert_cmpuint(first.rss_bytes, >, 1 << 20);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	touched = g_malloc(64 << 20);
	memset(touched, 1, 64 << 20);
	ask(RECORD_ASK_PROC, 2, 0);
	second = next_proc(2);
	g_assert_cmpuint(second.fds, ==, before + G_N_ELEMENTS(fds));
	g_assert_cmpuint(second.rss_bytes, >=, first.rss_bytes + (60 << 20));
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
	tear_down_target();
}

/* A dump that runs, a request unanswered, no descriptor, stopped: the kernel answers all the same. */
static void test_every_state(void)
{
	pid_t pid = fork_child();

	set_up_target(pid);
	g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
	seen.target->dump = (DumpJob *)1;
	seen.target->flags = RECORD_FOUND_STOPPED | RECORD_FOUND_BUSY | RECORD_FOUND_NO_FDS;
	ask(RECORD_ASK_INFO, 1, 0);
	g_assert_cmpint(next_error(1), ==, -EBUSY);
	ask(RECORD_ASK_PROC, 2, 0);
	g_assert_cmpuint(next_proc(2).threads, ==, 1);
	ask(RECORD_ASK_LIMIT, 3, 10);
	g_assert_cmpint(next_error(3), ==, -EOPNOTSUPP);
	end_child(pid);
	tear_down_target();
}

static void test_gone(void)
{
	pid_t pid = fork_child();

	set_up_target(pid);
	end_child(pid);
	ask(RECORD_ASK_PROC, 1, 0);
	g_assert_cmpint(next_error(1), ==, -ESRCH);
	ask(RECORD_ASK_LIMIT, 2, 8);
	g_assert_cmpint(next_error(2), ==, -ESRCH);
	g_assert_false(seen.target->limit_asked);
	seen.target->serial++;
	ask(RECORD_ASK_PROC, 3, 0);
	g_assert_cmpint(next_error(3), ==, -ESRCH);
	tear_down_target();
}

/* Another process in its place, as the kernel would have it after a reuse of the pid. */
static void test_identity(void)
{
	set_up_target(getpid());
	seen.target->identity.start_ticks++;
	ask(RECORD_ASK_PROC, 1, 0);
	g_assert_cmpint(next_error(1), ==, -ESRCH);
	g_assert_cmpuint(seen.ended, ==, 0);
	seen.target->identity.start_ticks--;
	seen.target->identity.credentials.gid++;
	ask(RECORD_ASK_PROC, 2, 0);
	g_assert_cmpint(next_error(2), ==, -ESRCH);
	g_assert_cmpuint(seen.ended, ==, 1);
	tear_down_target();
}

/* What is done where the kernel does not count. */
static void on_message(const HelperMessage *message, int fd, void *data)
{
	g_assert_cmpint(message->error, ==, 0);
	*(uint64_t *)data = message->value[0];
	util_close_fd(&fd);
}

static void on_done(int error, void *data)
{
	g_assert_cmpint(error, ==, 0);
}

static void test_count(void)
{
	static const HelperCallbacks callbacks = { .message = on_message, .done = on_done };
	pid_t pid = fork_child();
	uint64_t counted = 0;
	ActCountFds act;
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);
	RecordProc proc;

	set_up_target(pid);
	act.procfd = seen.target->identity.procfd;
	helper_start(act_count_fds, &act, sizeof act, &act.procfd, 1, 5000, &callbacks, &counted);
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
	g_assert_cmpuint(counted, >, 0);
	ask(RECORD_ASK_PROC, 1, 0);
	proc = next_proc(1);
	g_assert_cmpuint(proc.fds, ==, counted);
	end_child(pid);
	tear_down_target();
}

/* None at all is what an old kernel says of any: a helper counts them. */
static void test_count_by_helper(void)
{
	pid_t pid = fork();
	RecordProc proc = { 0 };

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(0, ~0u, 0);
		for (;;)
			pause();
	}
	set_up_target(pid);
	for (unsigned i = 0; i < DEADLINE_S * 100; i++) {
		if (proc_read(seen.target->identity.procfd, &proc) == 1)
			break;
		g_usleep(10000);
	}
	g_assert_cmpuint(proc.fds, ==, RECORD_PROC_UNKNOWN);
	ask(RECORD_ASK_PROC, 1, 0);
	g_assert_true(seen.target->counting);
	g_assert_cmpuint(seen.replies.length, ==, 0);
	ask(RECORD_ASK_PROC, 2, 0);
	g_assert_cmpint(next_error(2), ==, -EBUSY);
	proc = next_proc(1);
	g_assert_cmpuint(proc.fds, ==, 0);
	g_assert_cmpuint(proc.threads, ==, 1);
	g_assert_false(seen.target->counting);
	end_child(pid);
	tear_down_target();
}

/* A program that is no .NET one and has no runtimeconfig: never a figure, always a sentence, printable. */
static void test_limit_unknown(void)
{
	pid_t pid = fork_child();
	const char *payload;
	Record record;

	set_up_target(pid);
	ask(RECORD_ASK_LIMIT, 1, 10);
	g_assert_true(seen.target->limit_asked);
	ask(RECORD_ASK_LIMIT, 2, 10);
	g_assert_cmpint(next_error(2), ==, -EBUSY);
	{
		g_autoptr(GBytes) bytes G_GNUC_UNUSED = next_reply(&record, &payload);

		g_assert_cmpint(record.error, ==, -EOPNOTSUPP);
		g_assert_cmpuint(record.payload_len, ==, strlen(payload) + 1);
		g_assert_true(g_str_has_prefix(payload, "unknown: there is no /"));
		g_assert_nonnull(strstr(payload, "test-asks.runtimeconfig.json"));
	}
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	g_assert_false(seen.target->limit_asked);
	end_child(pid);
	tear_down_target();
}

/* The environment decides; it is read as the process was started with. */
static void test_limit(gconstpointer data)
{
	gboolean old = GPOINTER_TO_INT(data);
	g_auto(GStrv) environment = g_get_environ();
	char *argv[] = { "sleep", "100", NULL };
	const char *payload;
	RecordLimit limit;
	Record record;
	GPid pid;

	environment = g_environ_setenv(environment, "DOTNET_GCHeapHardLimit", "0x30000000", TRUE);
	environment = g_environ_setenv(environment, "COMPlus_GCHeapHardLimit", "20000000", TRUE);
	g_assert_true(g_spawn_async(NULL, argv, environment,
	                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
	                            &pid, NULL));
	set_up_target(pid);
	seen.target->flags = old ? RECORD_FOUND_OLD : 0;
	ask(RECORD_ASK_LIMIT, 1, old ? 0 : 8);
	{
		g_autoptr(GBytes) bytes G_GNUC_UNUSED = next_reply(&record, &payload);

		g_assert_cmpint(record.error, ==, 0);
		g_assert_cmpuint(record.payload_len, ==, sizeof limit + sizeof "GCHeapHardLimit");
		memcpy(&limit, payload, sizeof limit);
		g_assert_cmpuint(limit.bytes, ==, old ? 0x20000000 : 0x30000000);
		g_assert_cmpstr(payload + sizeof limit, ==, "GCHeapHardLimit");
	}
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	end_child(pid);
	tear_down_target();
}

/* Its end comes while a helper looks: the answer finds no target any more, and hurts nobody. */
static void test_end_meanwhile(void)
{
	pid_t pid = fork_child();

	set_up_target(pid);
	ask(RECORD_ASK_LIMIT, 1, 10);
	end_child(pid);
	identity_close(&seen.target->identity);
	g_free(seen.target);
	seen.target = NULL;
	g_assert_cmpint(next_error(1), ==, -EOPNOTSUPP);
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	tear_down_target();
}

/* Nobody would wait for it. */
static void test_dump_while_ending(void)
{
	pid_t pid = fork_child();
	Record record = record_new(RECORD_DUMP);

	set_up_target(pid);
	seen.ending = TRUE;
	record.id = 1;
	record.serial = SERIAL;
	record.type = IPC_DUMP_HEAP;
	record.reason = RECORD_REASON_TRIGGER;
	asks_take(NULL, &record, NULL, 0, -1);
	g_assert_cmpint(next_error(1), ==, -EAGAIN);
	g_assert_null(seen.target->dump);
	g_assert_cmpuint(helper_running(), ==, 0);
	end_child(pid);
	tear_down_target();
}

static void start_session(uint64_t id)
{
	static const char names[] = "System.Runtime";
	Record record = record_new(RECORD_START_SESSION);

	record.id = id;
	record.serial = SERIAL;
	record.row = RECORD_SESSION_COUNTERS;
	record.interval_ms = 1000;
	asks_take(NULL, &record, names, sizeof names, -1);
}

/* A front that asks without end: a few wait, the others are refused, and all that wait can be dropped. */
static void test_full(void)
{
	enum {
		MANY = 1000
	};
	pid_t pid = fork_child();
	unsigned n_waiting;

	set_up_target(pid);
	seen.target->informed = TRUE;
	seen.target->flags = RECORD_FOUND_ATTACHABLE;
	seen.target->exchange = (Exchange *)1; /* one is in flight, without an end */
	for (uint64_t id = 1; id <= MANY; id++)
		start_session(id);
	n_waiting = seen.target->asks.length;
	g_assert_cmpuint(n_waiting, <=, 8);
	for (uint64_t id = n_waiting + 1; id <= MANY; id++)
		g_assert_cmpint(next_error(id), ==, -EAGAIN);
	ask(RECORD_ASK_INFO, MANY + 1, 0);
	g_assert_cmpint(next_error(MANY + 1), ==, -EAGAIN);
	for (uint64_t id = 1; id <= MANY; id++)
		exchange_cancel(seen.target, id);
	g_assert_cmpuint(seen.target->asks.length, ==, 0);
	end_child(pid);
	tear_down_target();
}

/* As long as the stream of a row is open somewhere there is no second one of it. */
static void test_one_stream_a_row(void)
{
	pid_t pid = fork_child();
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	set_up_target(pid);
	seen.target->informed = TRUE;
	seen.target->flags = RECORD_FOUND_ATTACHABLE;
	seen.target->exchange = (Exchange *)1;
	seen.target->sessions[RECORD_SESSION_COUNTERS] =
		(TargetSession){ .open = TRUE, .inode = socket_alive_inode(fds[0]) };
	if (!socket_alive(socket_alive_inode(fds[0]))) {
		g_test_skip("this kernel has no unix_diag");
	} else {
		start_session(1);
		g_assert_cmpint(next_error(1), ==, -EBUSY);
	}
	close(fds[0]);
	g_assert_false(socket_alive(seen.target->sessions[RECORD_SESSION_COUNTERS].inode));
	start_session(2);
	g_assert_cmpuint(seen.replies.length, ==, 0);
	g_assert_true(exchange_cancel(seen.target, 2));
	close(fds[1]);
	end_child(pid);
	tear_down_target();
}

/* What cancels an ask does not take the command from a dump that waits for it: nobody would ever tell the job. */
static void test_cancel_spares_dump(void)
{
	const ExchangeParams params = { .command = IPC_COMMAND_CORE_DUMP, .ask = 5 };
	pid_t pid = fork_child();
	Record record = record_new(RECORD_CANCEL);
	DumpJob job = { .ask = 5 };

	set_up_target(pid);
	seen.target->dump = &job;
	seen.target->exchange = (Exchange *)1;
	exchange_add(seen.target, &params);
	record.id = 5;
	asks_take(NULL, &record, NULL, 0, -1);
	g_assert_cmpuint(seen.target->asks.length, ==, 1);
	seen.target->dump = NULL;
	asks_take(NULL, &record, NULL, 0, -1);
	g_assert_cmpuint(seen.target->asks.length, ==, 0);
	end_child(pid);
	tear_down_target();
}

static void sleep_for_ever(HelperContext *context, const void *args)
{
	for (;;)
		pause();
}

static void on_failed(Target *target, int error, void *data)
{
	g_assert_cmpint(error, ==, -ETIMEDOUT);
	++*(unsigned *)data;
}

/* All helpers are busy until the deadline of a first ProcessInfo: it fails, once, and nothing is left of it
 * that could come back when they are through. */
static void test_expired_unsent(void)
{
	static const HelperCallbacks none;
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);
	Helper *sleepers[HELPER_MAX];
	unsigned failed = 0;
	const InfoCallbacks callbacks = { .failed = on_failed, .data = &failed };
	pid_t pid = fork_child();

	set_up_target(pid);
	seen.target->serial = 0;
	for (unsigned i = 0; i < HELPER_MAX; i++)
		sleepers[i] = helper_start(sleep_for_ever, "", 1, NULL, 0, 60000, &none, NULL);
	info_first(seen.target, &callbacks);
	while (!failed)
		g_main_context_iteration(NULL, TRUE);
	g_assert_null(seen.target->exchange);
	for (unsigned i = 0; i < HELPER_MAX; i++)
		helper_cancel(sleepers[i]);
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(failed, ==, 1);
	g_source_remove(timer);
	helper_reap();
	tear_down_target();
	end_child(pid);
}

/* --- a runtime: a child that says of each connection how many bytes came, and answers when it is told to --- */

typedef struct {
	pid_t pid;
	int control; /* from it: uint32_t bytes, each connection; to it: the answer's payload, 8 bytes */
	char *dir;
} Runtime;

static G_GNUC_NORETURN void serve(int listener, int control)
{
	for (;;) {
		uint8_t buf[IPC_MESSAGE_MAX], answer[IPC_HEADER_SIZE + 8];
		IpcHeader header = { .size = sizeof answer, .command_set = IPC_SET_SERVER };
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ssize_t n = recv(fd, buf, IPC_HEADER_SIZE, MSG_WAITALL);

		if (n == IPC_HEADER_SIZE && ipc_header_parse(buf, &header) == 0 &&
		    header.size > IPC_HEADER_SIZE)
			n += recv(fd, buf, (size_t)header.size - IPC_HEADER_SIZE, MSG_WAITALL);
		if (write(control, &(uint32_t){ (uint32_t)MAX(n, 0) }, sizeof(uint32_t)) < 0 ||
		    read(control, answer + IPC_HEADER_SIZE, 8) != 8)
			_exit(1);
		header = (IpcHeader){ .size = sizeof answer, .command_set = IPC_SET_SERVER };
		ipc_header_write(answer, &header);
		if (n)
			send(fd, answer, sizeof answer, MSG_NOSIGNAL);
		else
			close(fd); /* what is answered stays open: it is a stream */
	}
}

static Runtime start_runtime(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	Runtime runtime = { .dir = g_dir_make_tmp("asks-XXXXXX", NULL) };
	int pair[2], listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char listens;

	g_assert_nonnull(runtime.dir);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	g_snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", runtime.dir);
	g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	runtime.pid = fork();
	if (runtime.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		listen(listener, 8); /* who says that is the peer */
		if (write(pair[1], "", 1) != 1)
			_exit(1);
		serve(listener, pair[1]);
	}
	close(listener);
	close(pair[1]);
	runtime.control = pair[0];
	g_assert_cmpint(read(pair[0], &listens, 1), ==, 1);
	set_up_target(runtime.pid);
	g_strlcpy(seen.target->path, address.sun_path, sizeof seen.target->path);
	seen.target->informed = TRUE;
	seen.target->flags = RECORD_FOUND_ATTACHABLE;
	return runtime;
}

static void end_runtime(Runtime *runtime)
{
	end_child(runtime->pid);
	exchange_end_all(seen.target);
	while (helper_running())
		g_main_context_iteration(NULL, TRUE);
	helper_reap();
	g_assert_cmpint(unlinkat(AT_FDCWD, seen.target->path, 0), ==, 0);
	g_assert_cmpint(rmdir(runtime->dir), ==, 0);
	util_close_fd(&seen.target->pin);
	tear_down_target();
	close(runtime->control);
	g_free(runtime->dir);
}

static uint32_t next_request(const Runtime *runtime)
{
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);
	uint32_t n;

	while (recv(runtime->control, &n, sizeof n, MSG_DONTWAIT) < 0)
		g_main_context_iteration(NULL, FALSE);
	g_source_remove(timer);
	return n;
}

static gboolean was_asked(const Runtime *runtime)
{
	struct pollfd poll_fd = { .fd = runtime->control, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

static void let_answer(const Runtime *runtime)
{
	g_assert_cmpint(write(runtime->control, "12345678", 8), ==, 8);
}

static void next_stream(uint64_t id)
{
	guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL);
	g_autoptr(GBytes) bytes = NULL;
	const Record *record;

	while (!(bytes = g_queue_pop_head(&seen.replies)))
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
	record = g_bytes_get_data(bytes, NULL);
	g_assert_cmpuint(record->kind, ==, RECORD_STREAM);
	g_assert_cmpuint(record->id, ==, id);
}

/* What became forbidden while the ask waited behind another one: it is refused, and the runtime hears nothing. */
static void test_forbidden_meanwhile(void)
{
	static const struct {
		guint32 set, clear;
		gboolean dump;
		int error;
	} rows[] = {
		{ .clear = RECORD_FOUND_ATTACHABLE, .error = -EAGAIN },
		{ .set = RECORD_FOUND_STOPPED, .error = -EAGAIN },
		{ .dump = TRUE, .error = -EBUSY },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		Runtime runtime = start_runtime();

		ask(RECORD_ASK_INFO, 1, 0);
		start_session(2);
		g_assert_cmpuint(next_request(&runtime), >=, IPC_HEADER_SIZE);
		g_assert_cmpuint(seen.target->asks.length, ==, 1);
		seen.target->flags = (seen.target->flags | rows[i].set) & ~rows[i].clear;
		seen.target->dump = rows[i].dump ? (DumpJob *)1 : NULL;
		let_answer(&runtime);
		g_assert_cmpint(next_error(1), ==, 0);
		g_assert_cmpint(next_error(2), ==, rows[i].error);
		g_assert_null(seen.target->exchange);
		g_assert_cmpuint(seen.target->asks.length, ==, 0);
		g_assert_false(was_asked(&runtime));
		seen.target->dump = NULL;
		end_runtime(&runtime);
	}
}

/*
 * The same once it is connected: the runtime has a connection through which nothing comes, and it ends at once, also
 * where a helper would hold it (3.1), as the one thread that serves it would wait for ever.
 */
static void test_forbidden_on_connection(void)
{
	static const guint32 flags[] = { 0, RECORD_FOUND_OLD };

	for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
		Runtime runtime = start_runtime();
		Record record = record_new(RECORD_START_SESSION);

		record.id = 1;
		record.serial = SERIAL;
		record.row = RECORD_SESSION_GC;
		seen.target->flags |= flags[i];
		seen.in_between = RECORD_FOUND_STOPPED;
		record.interval_ms = 1000;
		asks_take(NULL, &record, NULL, 0, -1);
		g_assert_cmpint(next_error(1), ==, -EAGAIN);
		g_assert_cmpuint(next_request(&runtime), ==, 0);
		end_runtime(&runtime);
	}
}

/* Two of one row, one behind the other: the second would take the place of the first, which nobody could end then. */
static void test_row_twice(void)
{
	Runtime runtime = start_runtime();

	start_session(1);
	start_session(2);
	g_assert_cmpuint(next_request(&runtime), >, IPC_HEADER_SIZE);
	let_answer(&runtime);
	next_stream(1);
	if (!socket_alive(seen.target->sessions[RECORD_SESSION_COUNTERS].inode)) {
		g_test_skip("this kernel has no unix_diag");
	} else {
		g_assert_cmpint(next_error(2), ==, -EBUSY);
		g_assert_false(was_asked(&runtime));
	}
	end_runtime(&runtime);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/asks/proc", test_proc);
	g_test_add_func("/asks/every-state", test_every_state);
	g_test_add_func("/asks/gone", test_gone);
	g_test_add_func("/asks/identity", test_identity);
	g_test_add_func("/asks/count", test_count);
	g_test_add_func("/asks/count-by-helper", test_count_by_helper);
	g_test_add_func("/asks/limit-unknown", test_limit_unknown);
	g_test_add_data_func("/asks/limit", GINT_TO_POINTER(FALSE), test_limit);
	g_test_add_data_func("/asks/limit-old", GINT_TO_POINTER(TRUE), test_limit);
	g_test_add_func("/asks/end-meanwhile", test_end_meanwhile);
	g_test_add_func("/asks/full", test_full);
	g_test_add_func("/asks/cancel-spares-dump", test_cancel_spares_dump);
	g_test_add_func("/asks/one-stream-a-row", test_one_stream_a_row);
	g_test_add_func("/asks/dump-while-ending", test_dump_while_ending);
	g_test_add_func("/asks/expired-unsent", test_expired_unsent);
	g_test_add_func("/asks/forbidden-meanwhile", test_forbidden_meanwhile);
	g_test_add_func("/asks/forbidden-on-connection", test_forbidden_on_connection);
	g_test_add_func("/asks/row-twice", test_row_twice);
	return g_test_run();
}
