/* See scan.h. */
#include "fs/broker/scan.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "fs/broker/identity.h"
#include "fs/broker/line-quota.h"
#include "fs/broker/net-spaces.h"
#include "fs/broker/pid-index.h"
#include "fs/broker/socket-owners.h"
#include "fs/util.h"

enum {
	PERIOD_MS = 1000,
	SOON_MS = 15, /* a name appears a moment before its socket listens */
	SOON_AGAIN_MS = 120,
	RETRY_MAX_US = 60000000,
	LOOKS_MAX = 64, /* at single processes in a scan: beyond that a walk is cheaper */
};

struct Scan {
	ScanCallbacks callbacks;
	void *data;
	GHashTable *lines; /* key: &line->net_ns, two numbers */
	NetSpaces *spaces;
	GString *text;
	int inotify;
	guint inotify_source, timer, soon, soon_again;
	guint later; /* a hint came too early */
	guint again; /* a scan as soon as /proc may be walked again */
	PidIndex *pids;
	gint64 began_us; /* monotonic: this scan, or the last one */
	unsigned looks;  /* at single processes, in this scan */
	/* The table that is walked */
	const NetSpace *reading;
	unsigned loose;   /* lines of it that belong to no target */
	LineQuota *quota; /* NULL until there are many */
	/* Some line was passed over that may be looked at as soon as another one is a target's … */
	gboolean may_go_on;
	gboolean going_on; /* … and one is */
};

static guint line_hash(gconstpointer key)
{
	const ScanLine *line = key;

	return g_int64_hash(&(gint64){ (gint64)(line->inode * 31 + line->net_ns) });
}

static gboolean line_equal(gconstpointer a, gconstpointer b)
{
	const ScanLine *x = a, *y = b;

	return x->inode == y->inode && x->net_ns == y->net_ns;
}

/* It counts among those of which only so many of one user are looked at. */
static gboolean is_loose(const ScanLine *line)
{
	return !line->serial;
}

static void open_quota(Scan *scan)
{
	GHashTableIter iter;
	gpointer key;

	scan->quota = line_quota_new();
	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const ScanLine *line = key;

		if (line->net_ns == scan->reading->inode && is_loose(line))
			line_quota_count(scan->quota, line->uid, line->foreign || line->failures);
	}
}

/* While there are few, nobody is counted. */
static gboolean may_take(Scan *scan, uid_t uid)
{
	if (scan->loose < LINE_QUOTA_MAX)
		return TRUE;
	if (!scan->quota)
		open_quota(scan);
	return line_quota_take(scan->quota, uid);
}

static void take_listener(const DiscoveryListener *listener, uid_t uid, void *data)
{
	Scan *scan = data;
	ScanLine key = { .net_ns = scan->reading->inode, .inode = listener->inode, .uid = uid };
	ScanLine *line = g_hash_table_lookup(scan->lines, &key);

	if (!line) {
		if (!may_take(scan, uid))
			return;
		line = g_new(ScanLine, 1);
		*line = key;
		line->name = listener->name;
		g_strlcpy(line->path, listener->path, sizeof line->path);
		g_hash_table_add(scan->lines, line);
		scan->loose++;
	}
	line->seen = TRUE;
	line->missed = FALSE;
}

static void take_text_listener(const DiscoveryListener *listener, void *data)
{
	take_listener(listener, SOCKET_OWNER_UNKNOWN, data);
}

/*
 * Lines of that namespace that were not seen are gone. One of a target is when it was not seen twice: while others
 * come and go the kernel may pass over a socket, and a target's end is not undone.
 */
static void drop_unseen(Scan *scan, uint64_t net_ns)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		ScanLine *line = key;

		if (line->net_ns != net_ns || line->seen || line->busy)
			continue;
		if (line->serial && !line->missed) {
			line->missed = TRUE;
			continue;
		}
		scan->callbacks.lost(line, scan->data);
		g_hash_table_iter_remove(&iter);
	}
}

static gint64 cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (gint64)t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

/* Before a walk: none is seen, and how many there are that belong to no target. */
static void forget_seen(Scan *scan, uint64_t net_ns)
{
	GHashTableIter iter;
	gpointer key;

	scan->loose = 0;
	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		ScanLine *line = key;

		if (line->net_ns != net_ns)
			continue;
		line->seen = FALSE;
		scan->loose += is_loose(line) ? 1 : 0;
	}
}

static void tell_too_many(uid_t uid, void *data)
{
	Scan *scan = data;

	scan->callbacks.too_many(uid, scan->data);
}

/* FALSE when the table could not be read to its end. */
static gboolean read_table(Scan *scan, const NetSpace *space)
{
	scan->reading = space;
	if (!space->member && socket_owners_each(take_listener, scan) == 0)
		return TRUE;
	if (!net_space_read(space, scan->text))
		return FALSE;
	discovery_scan_unix(scan->text->str, scan->text->len, take_text_listener, scan);
	return TRUE;
}

static void walk(Scan *scan, NetSpace *space, gint64 now)
{
	gint64 before = cpu_us();

	forget_seen(scan, space->inode);
	if (read_table(scan, space))
		drop_unseen(scan, space->inode);
	if (scan->quota) {
		scan->may_go_on |= line_quota_may_go_on(scan->quota);
		line_quota_each_full(scan->quota, tell_too_many, scan);
	}
	g_clear_pointer(&scan->quota, line_quota_free);
	net_space_passed(space, now, cpu_us() - before);
}

static void lose_space(uint64_t inode, void *data)
{
	forget_seen(data, inode);
	drop_unseen(data, inode);
}

static gint by_failures(gconstpointer a, gconstpointer b)
{
	const ScanLine *x = *(ScanLine *const *)a, *y = *(ScanLine *const *)b;

	return (x->failures > y->failures) - (x->failures < y->failures);
}

/* New ones first: what failed before is only tried once more. */
static void offer_due(Scan *scan, gint64 now)
{
	g_autoptr(GPtrArray) due = g_ptr_array_new();
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		ScanLine *line = key;

		if (!line->foreign && !line->busy && !line->serial && now >= line->retry_us)
			g_ptr_array_add(due, line);
	}
	g_ptr_array_sort(due, by_failures);
	for (guint i = 0; i < due->len; i++)
		scan->callbacks.due(due->pdata[i], scan->data);
}

static gboolean on_later(gpointer data);

/* A hint is not lost when it comes before its time. */
static void hint_later(Scan *scan, gint64 wait_us)
{
	if (!scan->later)
		scan->later = g_timeout_add((guint)(wait_us / 1000 + 1), on_later, scan);
}

static void scan_now(Scan *scan, gboolean at_hint)
{
	gint64 now = g_get_monotonic_time();

	scan->began_us = now;
	scan->looks = 0;
	scan->may_go_on = scan->going_on = FALSE;
	net_spaces_refresh(scan->spaces, now, lose_space, scan);
	for (unsigned i = 0; i < net_spaces_n(scan->spaces); i++) {
		NetSpace *space = net_spaces_at(scan->spaces, i);
		gint64 due_us = at_hint ? space->hint_us : space->next_us;

		if (now >= due_us)
			walk(scan, space, now);
		else if (at_hint)
			hint_later(scan, due_us - now);
	}
	offer_due(scan, now);
	scan->callbacks.done(scan->data);
}

static gboolean on_timer(gpointer data)
{
	scan_now(data, FALSE);
	return G_SOURCE_CONTINUE;
}

/* A timer of one scan is over. */
static gboolean scan_once(Scan *scan, guint *timer)
{
	*timer = 0;
	scan_now(scan, TRUE);
	return G_SOURCE_REMOVE;
}

static gboolean on_soon(gpointer data)
{
	return scan_once(data, &((Scan *)data)->soon);
}

static gboolean on_later(gpointer data)
{
	return scan_once(data, &((Scan *)data)->later);
}

static gboolean on_soon_again(gpointer data)
{
	return scan_once(data, &((Scan *)data)->soon_again);
}

void scan_soon(Scan *scan)
{
	if (!scan->soon)
		scan->soon = g_timeout_add(SOON_MS, on_soon, scan);
	if (!scan->soon_again)
		scan->soon_again = g_timeout_add(SOON_AGAIN_MS, on_soon_again, scan);
}

static gboolean on_inotify(gint fd, GIOCondition condition, gpointer data)
{
	_Alignas(struct inotify_event) char buf[4096];
	gboolean wanted = FALSE;
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *event = (const struct inotify_event *)(void *)p;

			if (event->len && g_str_has_prefix(event->name, "dotnet-diagnostic-"))
				wanted = TRUE;
			p += sizeof *event + event->len;
		}
	if (wanted)
		scan_soon(data);
	return G_SOURCE_CONTINUE;
}

Scan *scan_new(const ScanCallbacks *callbacks, void *data)
{
	Scan *scan = g_new0(Scan, 1);

	scan->callbacks = *callbacks;
	scan->data = data;
	scan->lines = g_hash_table_new_full(line_hash, line_equal, g_free, NULL);
	scan->spaces = net_spaces_new();
	scan->pids = pid_index_new();
	scan->text = g_string_new(NULL);
	scan->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (scan->inotify >= 0) {
		inotify_add_watch(scan->inotify, "/tmp", IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
		scan->inotify_source = g_unix_fd_add(scan->inotify, G_IO_IN, on_inotify, scan);
	}
	return scan;
}

void scan_free(Scan *scan)
{
	guint *sources[] = { &scan->inotify_source, &scan->timer, &scan->soon,
		             &scan->soon_again,     &scan->later, &scan->again };

	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++)
		if (*sources[i])
			g_source_remove(*sources[i]);
	util_close_fd(&scan->inotify);
	g_hash_table_unref(scan->lines);
	net_spaces_free(scan->spaces);
	pid_index_free(scan->pids);
	g_string_free(scan->text, TRUE);
	g_free(scan);
}

void scan_start(Scan *scan)
{
	scan->timer = g_timeout_add(PERIOD_MS, on_timer, scan);
	scan_now(scan, FALSE);
}

int scan_inotify_fd(const Scan *scan)
{
	return scan->inotify;
}

ScanLine *scan_find(Scan *scan, uint64_t net_ns, uint64_t inode)
{
	ScanLine key = { .net_ns = net_ns, .inode = inode };

	return g_hash_table_lookup(scan->lines, &key);
}

/* The process that has this number here, when it is of that network namespace and calls itself so, too. */
static unsigned try_same_number(const ScanLine *line, pid_t *pids, gboolean *ret_has_key)
{
	Identity identity;
	unsigned n = 0;

	if (identity_net_ns(line->name.pid) != line->net_ns ||
	    identity_open(line->name.pid, &identity) < 0)
		return 0;
	if (identity.nspid == line->name.pid) {
		*ret_has_key = identity.start_ticks == line->name.key;
		pids[n++] = line->name.pid;
	}
	identity_close(&identity);
	return n;
}

static gboolean on_again(gpointer data)
{
	return scan_once(data, &((Scan *)data)->again);
}

int scan_candidates(Scan *scan, const ScanLine *line, pid_t *pids, unsigned max,
                    gboolean *ret_has_key)
{
	unsigned n = 0;
	gint64 at;

	*ret_has_key = FALSE;
	if (!pid_index_is_fresh(scan->pids, scan->began_us) && scan->looks < LOOKS_MAX) {
		scan->looks++;
		n = try_same_number(line, pids, ret_has_key);
	}
	if (*ret_has_key)
		return (int)n;
	at = pid_index_refresh(scan->pids, scan->began_us);
	if (at) {
		gint64 wait_ms = MAX(at - g_get_monotonic_time(), 0) / 1000 + 1;

		if (!scan->again)
			scan->again = g_timeout_add((guint)wait_ms, on_again, scan);
		return -EAGAIN;
	}
	if (pid_index_is_cut(scan->pids))
		return -ENFILE;
	return (int)pid_index_find(scan->pids, line->net_ns, line->name.pid, line->name.key, pids,
	                           n, max, ret_has_key);
}

unsigned scan_count_accepted(Scan *scan, uint64_t net_ns, const char *path)
{
	const NetSpace *space = net_spaces_find(scan->spaces, net_ns);

	if (!space || !net_space_read(space, scan->text))
		return 0;
	return discovery_count_accepted(scan->text->str, scan->text->len, path);
}

void scan_line_proven(Scan *scan, ScanLine *line, uint64_t serial)
{
	line->serial = serial;
	line->failures = 0;
	if (!scan->may_go_on)
		return;
	scan->going_on = TRUE;
	scan_soon(scan);
}

gboolean scan_goes_on(const Scan *scan)
{
	return scan->going_on;
}

void scan_line_failed(ScanLine *line, gint64 now_us)
{
	gint64 pause = (gint64)1000000 << MIN(line->failures, 6);

	line->failures++;
	line->retry_us = now_us + MIN(pause, RETRY_MAX_US);
}
