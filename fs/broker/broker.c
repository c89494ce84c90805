/* See broker.h: wiring, the table of targets, news to the front, and the end. */
#include "fs/broker/broker.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/dump-job.h"
#include "fs/broker/exchange.h"
#include "fs/broker/link.h"
#include "fs/broker/mount-watch.h"
#include "fs/broker/preflight.h"
#include "fs/broker/retention.h"
#include "fs/util.h"

enum {
	END_DEADLINE_S = 5,
	END_LOOK_MS = 20,
	FRONT_END_S = 2,     /* after its sessions: nothing but to free and go */
	JSON_DEADLINE_S = 2, /* after its dump was sealed */
	NAME_DEADLINE_MS = 5000,
	HEALTH_EVERY_S = 5,
	RETENTION_EVERY_S = 60,
	NOTICE_MAX = 4096,
	FDS_RESERVE = 64,
	FDS_OWN = 13,
	FDS_A_TARGET = 3, /* pidfd, /proc/PID, socket */
	FRONT_SILENT_S = 20,
	TOO_MANY_FOR_S = 15, /* a table that is slow to read is read every 5 s */
	NO_FDS_AGAIN_S = 60, /* after so long without a shortage another one is told of */
};

struct Broker {
	BrokerConfig config;
	Link *link;
	Scan *scan;
	GHashTable *targets; /* serial -> Target */
	GHashTable *pids;    /* pid -> Target */
	GHashTable *names;   /* uid -> user name, "" while it is looked up */
	uint64_t last_serial;
	GMainLoop *loop;
	MountWatch *mount;
	int signals;
	guint signals_source;
	unsigned seconds;
	gint64 no_fds_us;   /* monotonic: when they were short last; 0 never */
	gint64 too_many_us; /* monotonic: when a user had too many sockets last; 0 never */
	uid_t too_many_uid;
	unsigned silent_s; /* since the front's last record, in seconds of this process */
	gboolean front_ready, scanned, told_scanned, told_ready;
	gboolean ending;
	gboolean told_stop;
	gboolean leaving; /* the loop is over */
	gboolean front_gone;
	gboolean asked_to_end; /* by a signal or an unmount */
	int status;
};

Store *broker_store(Broker *broker)
{
	return broker->config.store;
}

Scan *broker_scan(Broker *broker)
{
	return broker->scan;
}

const BrokerConfig *broker_config(Broker *broker)
{
	return &broker->config;
}

gboolean broker_is_ending(const Broker *broker)
{
	return broker->ending;
}

gboolean broker_is_leaving(const Broker *broker)
{
	return broker->leaving;
}

int broker_inotify_fd(Broker *broker)
{
	return scan_inotify_fd(broker->scan);
}

Target *broker_find(Broker *broker, uint64_t serial)
{
	return g_hash_table_lookup(broker->targets, &serial);
}

Target *broker_find_pid(Broker *broker, pid_t pid)
{
	return g_hash_table_lookup(broker->pids, GINT_TO_POINTER(pid));
}

void broker_each_target(Broker *broker, BrokerEachTarget each, void *data)
{
	GHashTableIter iter;
	gpointer target;

	g_hash_table_iter_init(&iter, broker->targets);
	while (g_hash_table_iter_next(&iter, NULL, &target))
		each(target, data);
}

int broker_send(Broker *broker, const Record *record, const void *payload, size_t len, int fd)
{
	return link_send(broker->link, record, payload, len, fd);
}

void broker_reply(Broker *broker, uint64_t id, uint64_t serial, int error, const char *text)
{
	Record record = record_new(RECORD_REPLY);

	record.id = id;
	record.serial = serial;
	record.error = error;
	broker_send(broker, &record, text, text ? strlen(text) + 1 : 0, -1);
}

void broker_notice(Broker *broker, const Target *target, pid_t pid, EventWord word, ...)
{
	Record record = record_new(RECORD_NOTICE);
	g_autoptr(GString) text = g_string_new(NULL);
	const char *part;
	va_list parts;

	va_start(parts, word);
	while ((part = va_arg(parts, const char *)))
		g_string_append_len(text, part, (gssize)MIN(strlen(part) + 1, NOTICE_MAX));
	va_end(parts);
	record.serial = target ? target->serial : 0;
	record.pid = target ? target->identity.pid : pid;
	record.word = word;
	broker_send(broker, &record, text->str, text->len, -1);
}

/* User names: a name service can hang, so a helper asks it, once a uid. */
typedef struct {
	Broker *broker;
	uid_t uid;
} NameAsk;

static void mark_uid(Target *target, void *data)
{
	if (target->identity.credentials.uid == *(const uid_t *)data)
		target->dirty = TRUE;
}

static void send_dirty(Broker *broker);

static void on_name(const HelperMessage *message, int fd, void *data)
{
	NameAsk *ask = data;

	util_close_fd(&fd);
	if (message->error)
		return;
	g_hash_table_insert(ask->broker->names, GUINT_TO_POINTER(ask->uid),
	                    g_strdup(message->text));
	broker_each_target(ask->broker, mark_uid, &ask->uid);
	send_dirty(ask->broker);
}

static void on_name_done(int error, void *data)
{
	g_free(data);
}

const char *broker_user_name(Broker *broker, uid_t uid)
{
	static const HelperCallbacks callbacks = { .message = on_name, .done = on_name_done };
	const char *name = g_hash_table_lookup(broker->names, GUINT_TO_POINTER(uid));
	const ActName act = { .uid = uid };
	NameAsk *ask;

	if (name)
		return name;
	/* Until it is known, and for a uid without a name: the number. */
	g_hash_table_insert(broker->names, GUINT_TO_POINTER(uid), g_strdup_printf("%u", uid));
	ask = g_new(NameAsk, 1);
	*ask = (NameAsk){ .broker = broker, .uid = uid };
	helper_start(act_name, &act, sizeof act, NULL, 0, NAME_DEADLINE_MS, &callbacks, ask);
	return g_hash_table_lookup(broker->names, GUINT_TO_POINTER(uid));
}

static void send_found(Target *target)
{
	g_autoptr(GString) texts = g_string_new(NULL);
	Record record = target_found(
		target, broker_user_name(target->broker, target->identity.credentials.uid), texts);

	if (link_send(target->broker->link, &record, texts->str, texts->len, -1) == 0)
		target->dirty = FALSE;
}

static void send_if_dirty(Target *target, void *data)
{
	if (target->dirty && link_idle(target->broker->link))
		send_found(target);
}

static void send_dirty(Broker *broker)
{
	broker_each_target(broker, send_if_dirty, NULL);
}

void broker_target_changed(Target *target)
{
	if (target->serial && !target->ended)
		send_if_dirty(target, NULL);
}

static gboolean on_exit_of_target(gint fd, GIOCondition condition, gpointer data)
{
	Target *target = data;

	target->pidfd_source = 0;
	broker_end_target(target);
	return G_SOURCE_REMOVE;
}

void broker_add_target(Broker *broker, Target *target)
{
	target->serial = ++broker->last_serial;
	target->dirty = TRUE;
	g_hash_table_insert(broker->targets, &target->serial, target);
	g_hash_table_insert(broker->pids, GINT_TO_POINTER(target->identity.pid), target);
	target->pidfd_source =
		g_unix_fd_add(target->identity.pidfd, G_IO_IN, on_exit_of_target, target);
	send_found(target); /* what is said of it afterwards must find it there */
}

static gboolean free_target(gpointer data)
{
	target_free(data);
	return G_SOURCE_REMOVE;
}

void broker_release_target(Target *target)
{
	target->ended = TRUE;
	if (target->dump || target->released)
		return;
	target->released = TRUE;
	g_idle_add(free_target, target);
}

void broker_end_target(Target *target)
{
	Broker *broker = target->broker;
	Record record = record_new(RECORD_GONE);
	ScanLine *line;

	if (target->ended)
		return;
	target->ended = TRUE;
	g_hash_table_remove(broker->targets, &target->serial);
	if (broker_find_pid(broker, target->identity.pid) == target)
		g_hash_table_remove(broker->pids, GINT_TO_POINTER(target->identity.pid));
	if (target->pidfd_source)
		g_source_remove(target->pidfd_source);
	target->pidfd_source = 0;
	line = scan_find(broker->scan, target->identity.net_ns, target->line_inode);
	if (line)
		line->serial = 0;
	if (target->preflight)
		preflight_cancel(target->preflight);
	target->preflight = NULL;
	if (target->dump)
		dump_job_end(target->dump);
	exchange_end_all(target);
	record.serial = target->serial;
	broker_send(broker, &record, NULL, 0, -1);
	broker_release_target(target);
}

/* What was found before SCANNED is in the tree when the front answers it with a second READY. */
static void look_ready(Broker *broker)
{
	Record record = record_new(RECORD_SCANNED);

	if (broker->scanned && broker->front_ready && !broker->told_scanned) {
		broker->told_scanned = TRUE;
		send_dirty(broker);
		broker_send(broker, &record, NULL, 0, -1);
	}
}

static void on_scan_done(void *data)
{
	Broker *broker = data;

	broker->scanned |= !discover_attempts() && !scan_goes_on(broker->scan);
	look_ready(broker);
}

/* What serves the targets that there are keeps a reserve: helpers, and files that are read. A target that is
 * being found counts with all that it will keep. */
static gboolean fds_are_left(const Broker *broker)
{
	uint64_t max = (uint64_t)MAX(sysconf(_SC_OPEN_MAX), 0);
	uint64_t targets = g_hash_table_size(broker->targets) + (uint64_t)discover_attempts();
	int probe = fcntl(0, F_DUPFD_CLOEXEC, 0);
	gboolean left = probe >= 0 && FDS_OWN + targets * FDS_A_TARGET + FDS_A_TARGET <=
	                                      max - MIN(FDS_RESERVE, max / 4);

	util_close_fd(&probe);
	return left;
}

static void send_health(Broker *broker)
{
	Record record = record_new(RECORD_HEALTH);
	g_autofree char *text = NULL;

	if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL)) {
		const char *resident = strchr(text, ' ');

		if (resident)
			record.value = g_ascii_strtoull(resident, NULL, 10) *
			               (guint64)sysconf(_SC_PAGESIZE) / 1024;
	}
	if (g_get_monotonic_time() - broker->no_fds_us < HEALTH_EVERY_S * G_USEC_PER_SEC ||
	    !fds_are_left(broker))
		record.health.flags = RECORD_HEALTH_NO_FDS;
	if (broker->too_many_us &&
	    g_get_monotonic_time() - broker->too_many_us < TOO_MANY_FOR_S * G_USEC_PER_SEC) {
		record.health.flags |= RECORD_HEALTH_TOO_MANY_SOCKETS;
		record.health.sockets_uid = broker->too_many_uid;
	}
	record.health.wall = broker->config.wall;
	broker_send(broker, &record, NULL, 0, -1);
}

void broker_too_many_sockets(Broker *broker, uid_t uid)
{
	gboolean first = !broker->too_many_us;

	broker->too_many_us = g_get_monotonic_time();
	broker->too_many_uid = uid;
	if (first)
		send_health(broker);
}

void broker_no_fds(Broker *broker)
{
	gint64 now = g_get_monotonic_time();
	gboolean first =
		!broker->no_fds_us || now - broker->no_fds_us > NO_FDS_AGAIN_S * G_USEC_PER_SEC;

	broker->no_fds_us = now;
	if (!first)
		return;
	broker_notice(broker, NULL, 0, EVENT_WARNING, "text",
	              "no file descriptors are left for further processes", NULL);
	send_health(broker);
}

gboolean broker_has_fds(Broker *broker)
{
	if (fds_are_left(broker))
		return TRUE;
	broker_no_fds(broker);
	return FALSE;
}

static void send_store_dump(const StoreDump *dump, void *data)
{
	Broker *broker = data;
	Record record = record_new(RECORD_DUMP_SEALED);
	g_autofree char *path =
		g_build_filename(store_dir(broker->config.store), "sealed", dump->file, NULL);
	g_autoptr(GString) texts = g_string_new(NULL);

	record.serial = dump->serial;
	record.sealed = dump->info;
	g_string_append_len(texts, dump->name, (gssize)strlen(dump->name) + 1);
	g_string_append_len(texts, path, (gssize)strlen(path) + 1);
	broker_send(broker, &record, texts->str, texts->len, -1);
}

static void tell_of_store(const char *sentence, void *data)
{
	broker_notice(data, NULL, 0, EVENT_WARNING, "text", sentence, NULL);
}

static void on_removed(uint64_t serial, const char *reason, void *data)
{
	Record record = record_new(RECORD_DUMP_REMOVED);

	record.serial = serial;
	broker_send(data, &record, reason, strlen(reason) + 1, -1);
}

void broker_apply_retention(Broker *broker)
{
	retention_apply(broker->config.store, &broker->config.limits, util_real_us(), on_removed,
	                broker);
}

static gboolean quit(gpointer data)
{
	g_main_loop_quit(((Broker *)data)->loop);
	return G_SOURCE_REMOVE;
}

static void tell_front(Broker *broker, RecordKind kind)
{
	Record record = record_new(kind);

	broker_send(broker, &record, NULL, 0, -1);
}

/* The front ends last: until then it hands in what it knows of a dump that has just become whole, and has its
 * sessions stopped. */
static gboolean look_at_end(gpointer data)
{
	Broker *broker = data;
	int64_t since_us = util_real_us() - (int64_t)JSON_DEADLINE_S * G_USEC_PER_SEC;

	if (dump_jobs_active())
		return G_SOURCE_CONTINUE;
	if (broker->front_gone)
		return quit(broker);
	if (broker->told_stop || store_awaits_json(broker->config.store, since_us))
		return G_SOURCE_CONTINUE;
	broker->told_stop = TRUE;
	tell_front(broker, RECORD_STOP);
	return G_SOURCE_CONTINUE;
}

static void end_waiting_dump(gpointer key, gpointer value, gpointer data)
{
	Target *target = value;

	if (target->dump)
		dump_job_end_waiting(target->dump);
}

/* The mount goes first; a dump that is being written, and sessions, get a few seconds. */
static void begin_end(Broker *broker, gboolean asked)
{
	broker->asked_to_end |= asked;
	if (broker->ending)
		return;
	broker->ending = TRUE;
	store_mark_ending(broker->config.store);
	mount_watch_detach(broker->mount);
	g_hash_table_foreach(broker->targets, end_waiting_dump, NULL);
	tell_front(broker, RECORD_ENDING);
	g_timeout_add_seconds(END_DEADLINE_S, quit, broker);
	g_timeout_add(END_LOOK_MS, look_at_end, broker);
}

/*
 * It pings each second. Counted in seconds in each of which the socket was read, and not by a clock: when the
 * machine was paused, or both halves were stopped, time went by for both.
 */
static void look_at_front(Broker *broker)
{
	if (broker->ending || ++broker->silent_s <= FRONT_SILENT_S)
		return;
	g_warning("the front has been silent for %u s: it is killed", FRONT_SILENT_S);
	kill(broker->config.front, SIGKILL);
	begin_end(broker, FALSE);
}

static gboolean on_second(gpointer data)
{
	Broker *broker = data;

	broker->scanned |= !discover_attempts() && !scan_goes_on(broker->scan);
	look_ready(broker);
	discover_tick(broker);
	store_clean(broker->config.store);
	attach_watch(broker);
	send_dirty(broker);
	look_at_front(broker);
	if (broker->seconds % HEALTH_EVERY_S == 0)
		send_health(broker);
	if (broker->front_ready && broker->seconds % RETENTION_EVERY_S == 0)
		broker_apply_retention(broker);
	broker->seconds++;
	return G_SOURCE_CONTINUE;
}

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	Broker *broker = data;

	broker->silent_s = 0;
	if (record->kind == RECORD_PING) {
		util_close_fd(&fd);
		return;
	}
	if (record->kind != RECORD_READY) {
		asks_take(broker, record, payload, len, fd);
		return;
	}
	util_close_fd(&fd);
	if (broker->told_scanned && !broker->told_ready) {
		broker->told_ready = TRUE;
		broker->config.ready(0, broker->config.ready_data);
	}
	if (broker->front_ready)
		return;
	broker->front_ready = TRUE;
	send_health(broker);
	store_each_warning(broker->config.store, tell_of_store, broker);
	broker_apply_retention(broker);
	look_ready(broker);
}

static void on_link_closed(int reason, void *data)
{
	Broker *broker = data;

	broker->front_gone = TRUE;
	if (!broker->ending && !mount_watch_present(broker->mount))
		broker->asked_to_end = TRUE; /* unmounted: the front saw it first */
	if (!broker->ending && !broker->asked_to_end)
		g_warning("the front ended: %s",
		          reason ? g_strerror(-reason) : "its process is gone");
	begin_end(broker, FALSE);
}

static void on_link_idle(void *data)
{
	send_dirty(data);
}

static void on_mount_gone(void *data)
{
	begin_end(data, TRUE);
}

static gboolean on_signal(gint fd, GIOCondition condition, gpointer data)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			helper_reap();
		else
			begin_end(data, TRUE);
	}
	return G_SOURCE_CONTINUE;
}

static void take_signals(Broker *broker)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	broker->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	broker->signals_source = g_unix_fd_add(broker->signals, G_IO_IN, on_signal, broker);
}

static void end_target(gpointer key, gpointer value, gpointer data)
{
	g_ptr_array_add(data, value);
}

static void end_all(Broker *broker)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	broker->leaving = TRUE;
	g_hash_table_foreach(broker->targets, end_target, all);
	for (guint i = 0; i < all->len; i++)
		broker_end_target(all->pdata[i]);
	helper_end_all();
	while (g_main_context_iteration(NULL, FALSE))
		;
}

/* Past the deadline, or it has closed the link: it is about to go. */
static void wait_for_front(const Broker *broker)
{
	for (int i = 0; i < FRONT_END_S * 100; i++) {
		pid_t pid = waitpid(broker->config.front, NULL, WNOHANG);

		if (pid == broker->config.front || (pid < 0 && errno == ECHILD))
			return;
		g_usleep(10000);
	}
	kill(broker->config.front, SIGKILL);
}

int broker_run(const BrokerConfig *config)
{
	static const LinkCallbacks link_callbacks = {
		.record = on_record,
		.closed = on_link_closed,
		.idle = on_link_idle,
	};
	static const ScanCallbacks scan_callbacks = {
		.due = discover_line,
		.lost = discover_line_lost,
		.too_many = discover_too_many,
		.done = on_scan_done,
	};
	Broker broker = { .config = *config };
	int status;

	broker.loop = g_main_loop_new(NULL, FALSE);
	broker.targets = g_hash_table_new(g_int64_hash, g_int64_equal);
	broker.pids = g_hash_table_new(NULL, NULL);
	broker.names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	take_signals(&broker);
	broker.mount = mount_watch_new(config->mountpoint, config->mount_id, config->root_mode,
	                               on_mount_gone, &broker);
	broker.link = link_new(config->link_fd, FALSE, &link_callbacks, &broker);
	store_each(config->store, send_store_dump, &broker); /* before any process is found */
	broker.scan = scan_new(&scan_callbacks, &broker);
	g_timeout_add_seconds(1, on_second, &broker);
	scan_start(broker.scan);
	g_main_loop_run(broker.loop);

	status = broker.asked_to_end ? 0 : 1;
	end_all(&broker);
	link_free(broker.link);
	wait_for_front(&broker);
	helper_end_all();
	mount_watch_free(broker.mount);
	scan_free(broker.scan);
	g_source_remove(broker.signals_source);
	close(broker.signals);
	g_hash_table_unref(broker.targets);
	g_hash_table_unref(broker.pids);
	g_hash_table_unref(broker.names);
	g_main_loop_unref(broker.loop);
	return status;
}
