/* epoll, and a list of what has a time; see stream-watch.h. */
#include "fs/model/stream-watch.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct {
	GSource *source; /* NULL: nothing is watched */
	int epoll;
	GHashTable *watches; /* guint64 id -> StreamWatch: what the kernel reports may be gone */
	GPtrArray *timed;    /* StreamWatch with due_us, in no order */
	guint64 last_id;
	gpointer epoll_tag; /* NULL without epoll */
	guint n_impatient;
	gint64 look_us; /* monotonic: epoll is not asked before; 0 at any time */
} all;

static void set_ready_time(void)
{
	gint64 first = all.look_us ? all.look_us : -1;

	for (guint i = 0; i < all.timed->len; i++) {
		const StreamWatch *watch = g_ptr_array_index(all.timed, i);

		if (first < 0 || watch->due_us < first)
			first = watch->due_us;
	}
	g_source_set_ready_time(all.source, first);
}

static void set_due(StreamWatch *watch, gint64 due_us)
{
	watch->due_us = due_us;
	if (due_us >= 0 && !watch->at) {
		g_ptr_array_add(all.timed, watch);
		watch->at = all.timed->len;
	} else if (due_us < 0 && watch->at) {
		g_ptr_array_remove_index_fast(all.timed, watch->at - 1);
		if (watch->at <= all.timed->len)
			((StreamWatch *)g_ptr_array_index(all.timed, watch->at - 1))->at =
				watch->at;
		watch->at = 0;
	}
}

static int control(StreamWatch *watch, int operation)
{
	struct epoll_event event = { .events = watch->wants_input ? EPOLLIN : 0,
		                     .data.u64 = watch->id };

	return epoll_ctl(all.epoll, operation, watch->fd, &event) ? -errno : 0;
}

static GIOCondition condition_of(guint32 events)
{
	return (events & EPOLLIN ? G_IO_IN : 0) | (events & EPOLLHUP ? G_IO_HUP : 0) |
	       (events & EPOLLERR ? G_IO_ERR : 0);
}

/* The ids of those that are due now: what is set while they are served waits for the next round. */
static GArray *due_now(void)
{
	GArray *ids = NULL;
	gint64 now = g_get_monotonic_time();

	for (guint i = 0; i < all.timed->len; i++) {
		const StreamWatch *watch = g_ptr_array_index(all.timed, i);

		if (watch->due_us > now)
			continue;
		if (!ids)
			ids = g_array_new(FALSE, FALSE, sizeof watch->id);
		g_array_append_val(ids, watch->id);
	}
	return ids;
}

static void serve_due(const GArray *ids)
{
	gint64 now = g_get_monotonic_time();

	for (guint i = 0; i < ids->len && all.source; i++) {
		StreamWatch *watch =
			g_hash_table_lookup(all.watches, &g_array_index(ids, guint64, i));

		/* Served already in this round, and set anew. */
		if (!watch || watch->due_us < 0 || watch->due_us > now)
			continue;
		if (watch->listed || (watch->ready_us >= 0 && watch->ready_us <= now))
			watch->ready(watch, 0);
		else
			watch->ready(watch, G_IO_IN);
	}
}

/* 0: the kernel wakes us. */
static void look_at(gint64 look_us)
{
	if (all.epoll_tag && !look_us != !all.look_us)
		g_source_modify_unix_fd(all.source, all.epoll_tag, look_us ? 0 : G_IO_IN);
	all.look_us = look_us;
}

static int look(struct epoll_event *events)
{
	gint64 now = g_get_monotonic_time();
	int n;

	if (all.epoll < 0 || now < all.look_us)
		return 0;
	n = epoll_wait(all.epoll, events, STREAM_WATCH_BATCH, 0);
	look_at(n > 0 && n < STREAM_WATCH_BATCH && !all.n_impatient
	                ? now + STREAM_WATCH_PATIENCE_MS * 1000
	                : 0);
	return n;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	struct epoll_event events[STREAM_WATCH_BATCH];
	g_autoptr(GArray) due = due_now();
	int n = look(events);

	for (int i = 0; i < n && all.source; i++) {
		guint64 id = events[i].data.u64;
		StreamWatch *watch = g_hash_table_lookup(all.watches, &id);

		if (watch)
			watch->ready(watch, condition_of(events[i].events));
	}
	if (due)
		serve_due(due);
	if (all.source)
		set_ready_time();
	return G_SOURCE_CONTINUE;
}

static void begin(void)
{
	static GSourceFuncs functions = { .dispatch = dispatch };

	all.epoll = epoll_create1(EPOLL_CLOEXEC);
	all.source = g_source_new(&functions, sizeof(GSource));
	all.watches = g_hash_table_new(g_int64_hash, g_int64_equal);
	all.timed = g_ptr_array_new();
	g_source_set_static_name(all.source, "streams");
	if (all.epoll >= 0)
		all.epoll_tag = g_source_add_unix_fd(all.source, all.epoll, G_IO_IN);
	g_source_attach(all.source, NULL);
}

static void end(void)
{
	g_source_destroy(all.source);
	g_clear_pointer(&all.source, g_source_unref);
	g_clear_pointer(&all.watches, g_hash_table_unref);
	g_clear_pointer(&all.timed, g_ptr_array_unref);
	if (all.epoll >= 0)
		close(all.epoll);
	all.epoll_tag = NULL;
	all.look_us = 0;
}

void stream_watch_add(StreamWatch *watch, int fd, gboolean is_patient,
                      void (*ready)(StreamWatch *, GIOCondition))
{
	if (!all.source)
		begin();
	memset(watch, 0, sizeof *watch);
	watch->ready = ready;
	watch->fd = fd;
	watch->is_patient = is_patient;
	watch->id = ++all.last_id;
	watch->ready_us = watch->due_us = -1;
	g_hash_table_insert(all.watches, &watch->id, watch);
	if (!is_patient) {
		all.n_impatient++;
		look_at(0);
	}
	watch->listed = all.epoll >= 0 && control(watch, EPOLL_CTL_ADD) == 0;
}

void stream_watch_set(StreamWatch *watch, gboolean wants_input, gint64 ready_us)
{
	gint64 due_us = ready_us;

	if (!watch->listed && wants_input) {
		gint64 next_us = g_get_monotonic_time() + STREAM_WATCH_UNLISTED_MS * 1000;

		due_us = ready_us < 0 ? next_us : MIN(ready_us, next_us);
	}
	watch->ready_us = ready_us;
	set_due(watch, due_us);
	if (watch->listed && watch->wants_input != wants_input) {
		watch->wants_input = wants_input;
		control(watch, EPOLL_CTL_MOD);
	}
	/* In the dispatch it is set for all of them at its end. */
	if (g_main_current_source() != all.source)
		set_ready_time();
}

void stream_watch_remove(StreamWatch *watch)
{
	if (!watch->id)
		return;
	if (watch->listed)
		epoll_ctl(all.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	set_due(watch, -1);
	all.n_impatient -= !watch->is_patient;
	g_hash_table_remove(all.watches, &watch->id);
	watch->id = 0;
	if (!g_hash_table_size(all.watches))
		end();
}
