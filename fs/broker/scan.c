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
#include "fs/broker/pid-index.h"
#include "fs/util.h"

enum {
	PERIOD_MS = 1000,
	NAMESPACES_EVERY_US = 5000000,
	SLOW_US = 5000,          /* a table that takes longer to read … */
	SLOW_EVERY_US = 5000000, /* … is read this often */
	SOON_MS = 15,            /* a name appears a moment before its socket listens */
	SOON_AGAIN_MS = 120,
	TABLE_MAX = 64 << 20,
	NAMESPACES_MAX = 4096,
	RETRY_MAX_US = 60000000,
	LOOKS_MAX = 64, /* at single processes in a scan: beyond that a walk is cheaper */
};

typedef struct {
	uint64_t inode;
	pid_t member; /* 0 for our own */
	gint64 next_us;
	gboolean seen;
} Namespace;

struct Scan {
	ScanCallbacks callbacks;
	void *data;
	GHashTable *lines;  /* key: &line->net_ns, two numbers */
	GArray *namespaces; /* Namespace; the first is ours */
	gint64 namespaces_us;
	GString *text;
	int inotify;
	guint inotify_source, timer, soon, soon_again;
	guint again; /* a scan as soon as /proc may be walked again */
	PidIndex *pids;
	gint64 began_us;  /* monotonic: this scan, or the last one */
	unsigned looks;   /* at single processes, in this scan */
	uint64_t reading; /* namespace whose table is walked */
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

static void take_listener(const DiscoveryListener *listener, void *data)
{
	Scan *scan = data;
	ScanLine key = { .net_ns = scan->reading, .inode = listener->inode };
	ScanLine *line = g_hash_table_lookup(scan->lines, &key);

	if (!line) {
		line = g_new(ScanLine, 1);
		*line = key;
		line->name = listener->name;
		g_strlcpy(line->path, listener->path, sizeof line->path);
		g_hash_table_add(scan->lines, line);
	}
	line->seen = TRUE;
}

/* The whole table into scan->text; FALSE when it could not be read to its end. */
static gboolean read_table(Scan *scan, const Namespace *ns)
{
	char path[40] = "/proc/net/unix";
	autofd int fd = -1;

	if (ns->member)
		g_snprintf(path, sizeof path, "/proc/%d/net/unix", (int)ns->member);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	g_string_truncate(scan->text, 0);
	while (fd >= 0 && scan->text->len < TABLE_MAX) {
		gsize have = scan->text->len;
		ssize_t n;

		g_string_set_size(scan->text, have + 65536);
		n = read(fd, scan->text->str + have, 65536);
		g_string_set_size(scan->text, have + (gsize)MAX(n, 0));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
	}
	return FALSE;
}

/* Lines of that namespace that were not seen are gone. */
static void drop_unseen(Scan *scan, uint64_t net_ns)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		ScanLine *line = key;

		if (line->net_ns != net_ns || line->seen || line->busy)
			continue;
		scan->callbacks.lost(line, scan->data);
		g_hash_table_iter_remove(&iter);
	}
}

static void scan_namespace(Scan *scan, Namespace *ns, gint64 now)
{
	GHashTableIter iter;
	gpointer key;

	if (now < ns->next_us || !read_table(scan, ns))
		return;
	g_hash_table_iter_init(&iter, scan->lines);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (((ScanLine *)key)->net_ns == ns->inode)
			((ScanLine *)key)->seen = FALSE;
	scan->reading = ns->inode;
	discovery_scan_unix(scan->text->str, scan->text->len, take_listener, scan);
	drop_unseen(scan, ns->inode);
	if (g_get_monotonic_time() - now > SLOW_US)
		ns->next_us = now + SLOW_EVERY_US;
}

static void see_namespace(Scan *scan, uint64_t inode, pid_t member)
{
	Namespace fresh = { .inode = inode, .member = member, .seen = TRUE };

	for (guint i = 0; i < scan->namespaces->len; i++) {
		Namespace *ns = &g_array_index(scan->namespaces, Namespace, i);

		if (ns->inode != inode)
			continue;
		if (!ns->seen && i > 0)
			ns->member = member;
		ns->seen = TRUE;
		return;
	}
	if (scan->namespaces->len < NAMESPACES_MAX)
		g_array_append_val(scan->namespaces, fresh);
}

static gboolean see_pid(pid_t pid, void *data)
{
	uint64_t inode = identity_net_ns(pid);

	if (inode)
		see_namespace(data, inode, pid);
	return TRUE;
}

/* A namespace that has no member any more takes its lines along. */
static void list_namespaces(Scan *scan, gint64 now)
{
	if (now < scan->namespaces_us)
		return;
	scan->namespaces_us = now + NAMESPACES_EVERY_US;
	for (guint i = 0; i < scan->namespaces->len; i++)
		g_array_index(scan->namespaces, Namespace, i).seen = i == 0;
	pid_each(see_pid, scan);
	for (guint i = scan->namespaces->len; i-- > 1;) {
		Namespace ns = g_array_index(scan->namespaces, Namespace, i);
		GHashTableIter iter;
		gpointer key;

		if (ns.seen)
			continue;
		g_hash_table_iter_init(&iter, scan->lines);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			if (((ScanLine *)key)->net_ns == ns.inode)
				((ScanLine *)key)->seen = FALSE;
		drop_unseen(scan, ns.inode);
		g_array_remove_index(scan->namespaces, i);
	}
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

static void scan_now(Scan *scan)
{
	gint64 now = g_get_monotonic_time();

	scan->began_us = now;
	scan->looks = 0;
	list_namespaces(scan, now);
	for (guint i = 0; i < scan->namespaces->len; i++)
		scan_namespace(scan, &g_array_index(scan->namespaces, Namespace, i), now);
	offer_due(scan, now);
	scan->callbacks.done(scan->data);
}

static gboolean on_timer(gpointer data)
{
	scan_now(data);
	return G_SOURCE_CONTINUE;
}

/* A timer of one scan is over. */
static gboolean scan_once(Scan *scan, guint *timer)
{
	*timer = 0;
	scan_now(scan);
	return G_SOURCE_REMOVE;
}

static gboolean on_soon(gpointer data)
{
	return scan_once(data, &((Scan *)data)->soon);
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
	Namespace own = { .inode = identity_net_ns(getpid()), .seen = TRUE };
	Scan *scan = g_new0(Scan, 1);

	scan->callbacks = *callbacks;
	scan->data = data;
	scan->lines = g_hash_table_new_full(line_hash, line_equal, g_free, NULL);
	scan->namespaces = g_array_new(FALSE, FALSE, sizeof(Namespace));
	g_array_append_val(scan->namespaces, own);
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
	guint *sources[] = { &scan->inotify_source, &scan->timer, &scan->soon, &scan->soon_again,
		             &scan->again };

	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++)
		if (*sources[i])
			g_source_remove(*sources[i]);
	util_close_fd(&scan->inotify);
	g_hash_table_unref(scan->lines);
	g_array_unref(scan->namespaces);
	pid_index_free(scan->pids);
	g_string_free(scan->text, TRUE);
	g_free(scan);
}

void scan_start(Scan *scan)
{
	scan->timer = g_timeout_add(PERIOD_MS, on_timer, scan);
	scan_now(scan);
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
	for (guint i = 0; i < scan->namespaces->len; i++) {
		const Namespace *ns = &g_array_index(scan->namespaces, Namespace, i);

		if (ns->inode == net_ns && read_table(scan, ns))
			return discovery_count_accepted(scan->text->str, scan->text->len, path);
	}
	return 0;
}

void scan_line_failed(ScanLine *line, gint64 now_us)
{
	gint64 pause = (gint64)1000000 << MIN(line->failures, 6);

	line->failures++;
	line->retry_us = now_us + MIN(pause, RETRY_MAX_US);
}
