/*
 * counters/ and peaks/: the counters of System.Runtime, then the other providers, a directory each. Numbers of
 * counters and providers are append-only, so that they serve as inode rows and cookies.
 */
#include "fs/tree/tree-kinds.h"

#include <errno.h>

#include "fs/model/render.h"
#include "fs/tree/control-file.h"
#include "fs/tree/rows.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

static int render_value(const Node *node, GString *text)
{
	return render_counter(counter_store_get(node->process->counters, node->item), text);
}

static guint64 value_sequence(const Node *node)
{
	return counter_store_get(node->process->counters, node->item)->seq;
}

static void stat_value(const Node *node, struct stat *st)
{
	const Counter *counter = counter_store_get(node->process->counters, node->item);

	st->st_mode |= 0400;
	if (counter->wall_us > 0)
		node_set_mtime(st, counter->wall_us);
}

static void fill_value(const Node *node, Value *ret)
{
	value_of_counter(node->process, counter_store_get(node->process->counters, node->item),
	                 ret);
}

static const NodeType counter_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_value,
	.open = text_file_open_value,
	.read = text_file_read_value,
	.render = render_value,
	.sequence = value_sequence,
	.value = fill_value,
};

static int render_peak(const Node *node, GString *text)
{
	return render_counter_peak(counter_store_get(node->process->counters, node->item), text);
}

static void stat_peak(const Node *node, struct stat *st)
{
	const Counter *counter = counter_store_get(node->process->counters, node->item);

	st->st_mode |= 0600;
	if (counter->peak_wall_us > 0)
		node_set_mtime(st, counter->peak_wall_us);
}

static int write_peak(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_counter_peak(tree_model(node->tree), node->process, node->item);
}

static const NodeType peak_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_peak,
	.open = control_file_open,
	.read = text_file_read,
	.write = write_peak,
	.truncate = control_file_truncate,
	.render = render_peak,
	.sequence = value_sequence,
};

/* The two trees differ in their numbers and in what their files do. */
static gboolean is_of_peaks(const Node *node)
{
	InoKind kind = (InoKind)ino_kind(node->ino);

	return kind == INO_PEAK || kind == INO_PEAK_PROVIDER || node->type == &tree_peaks_dir;
}

static guint64 value_ino(const Node *dir, unsigned id)
{
	return ino_make(is_of_peaks(dir) ? INO_PEAK : INO_COUNTER, dir->process->serial, id);
}

static guint64 provider_ino(const Node *dir, unsigned id)
{
	return ino_make(is_of_peaks(dir) ? INO_PEAK_PROVIDER : INO_PROVIDER, dir->process->serial,
	                id);
}

static int lookup_value(const Node *dir, unsigned provider, const char *name, Node *ret)
{
	const Counter *counter = counter_store_find(dir->process->counters, provider, name);

	if (counter == NULL)
		return -ENOENT;
	*ret = node_make(dir, value_ino(dir, counter->id),
	                 is_of_peaks(dir) ? &peak_file : &counter_file);
	ret->item = counter->id;
	return 0;
}

static gboolean next_value(const Node *dir, unsigned provider, guint64 after, NodeEntry *ret)
{
	const CounterStore *store = dir->process->counters;
	guint64 id = after < ROWS_FIRST_COOKIE ? 0 : after - ROWS_FIRST_COOKIE + 1;

	for (; id < counter_store_n(store); id++) {
		const Counter *counter = counter_store_get(store, (unsigned)id);

		if (counter->provider != provider)
			continue;
		ret->cookie = id + ROWS_FIRST_COOKIE;
		ret->ino = value_ino(dir, counter->id);
		ret->format = S_IFREG;
		g_strlcpy(ret->name, counter->file, sizeof(ret->name));
		return TRUE;
	}
	return FALSE;
}

static int lookup_in_provider(const Node *dir, const char *name, Node *ret)
{
	return lookup_value(dir, dir->item, name, ret);
}

static gboolean next_in_provider(const Node *dir, guint64 after, NodeEntry *ret)
{
	return next_value(dir, dir->item, after, ret);
}

static void stat_provider(const Node *node, struct stat *st)
{
	st->st_mode |= 0500;
}

static const NodeType provider_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_provider,
	.lookup = lookup_in_provider,
	.next = next_in_provider,
};

static int lookup(const Node *dir, const char *name, Node *ret)
{
	const CounterProvider *provider;

	if (lookup_value(dir, 0, name, ret) == 0)
		return 0;
	provider = counter_store_find_provider(dir->process->counters, name);
	if (provider == NULL)
		return -ENOENT;
	*ret = node_make(dir, provider_ino(dir, provider->id), &provider_dir);
	ret->item = provider->id;
	return 0;
}

static gboolean next(const Node *dir, guint64 after, NodeEntry *ret)
{
	const CounterStore *store = dir->process->counters;
	guint64 id = after > ROWS_END ? after - ROWS_END + 1 : 1;

	if (after < ROWS_END && next_value(dir, 0, after, ret))
		return TRUE;
	if (id >= counter_store_n_providers(store))
		return FALSE;
	ret->cookie = id + ROWS_END;
	ret->ino = provider_ino(dir, (guint)id);
	ret->format = S_IFDIR;
	g_strlcpy(ret->name, counter_store_provider(store, (unsigned)id)->file, sizeof(ret->name));
	return TRUE;
}

const NodeType tree_counters_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.lookup = lookup,
	.next = next,
};

const NodeType tree_peaks_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.lookup = lookup,
	.next = next,
};

int tree_provider_resolve(Node *ret)
{
	ret->item = ino_row(ret->ino);
	ret->type = &provider_dir;
	/* Provider 0 has no directory of its own. */
	return ret->item > 0 && ret->item < counter_store_n_providers(ret->process->counters)
	               ? 0
	               : -ENOENT;
}

int tree_counter_resolve(Node *ret)
{
	ret->item = ino_row(ret->ino);
	ret->type = is_of_peaks(ret) ? &peak_file : &counter_file;
	return counter_store_get(ret->process->counters, ret->item) == NULL ? -ENOENT : 0;
}
