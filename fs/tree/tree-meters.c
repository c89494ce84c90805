/*
 * meters/: meters, their instruments, and in each the values without tags and a directory a tag set. Numbers
 * of all of them are append-only, so that they serve as inode rows and cookies.
 */
#include "fs/tree/tree-kinds.h"

#include <errno.h>

#include "fs/model/render.h"
#include "fs/tree/rows.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

G_STATIC_ASSERT(METER_SERIES_MAX *METER_N_VALUES <= INO_ROW_MAX + 1);
G_STATIC_ASSERT(METER_FILE_NAME_SIZE <= NODE_NAME_MAX + 1);

static const MeterStore *store_of(const Node *node)
{
	return node->process->meters;
}

static guint64 ino_of(const Node *from, InoKind kind, unsigned id)
{
	return ino_make(kind, from->process->serial, id);
}

/* Of a table that is listed in the order of ids: the first that comes after `after`. */
static guint64 first_id(guint64 after, guint64 before_first)
{
	return after <= before_first ? 0 : after - before_first;
}

static void fill_entry(NodeEntry *ret, guint64 cookie, guint64 ino, mode_t format, const char *name)
{
	ret->cookie = cookie;
	ret->ino = ino;
	ret->format = format;
	g_strlcpy(ret->name, name, sizeof(ret->name));
}

static void stat_dir(const Node *node, struct stat *st)
{
	st->st_mode |= 0500;
}

/* --- values ------------------------------------------------------------------------------------ */

static const MeterSeries *series_of_value(const Node *node)
{
	return meter_store_series(store_of(node), node->item / METER_N_VALUES);
}

static int render_value(const Node *node, GString *text)
{
	return render_meter(series_of_value(node), node->item % METER_N_VALUES, text);
}

static guint64 value_sequence(const Node *node)
{
	return series_of_value(node)->seq;
}

static void stat_value(const Node *node, struct stat *st)
{
	const MeterSeries *series = series_of_value(node);

	st->st_mode |= 0400;
	if (series->wall_us > 0)
		node_set_mtime(st, series->wall_us);
}

/* Its unit is the file's: a number of measurements has none. */
static void fill_value(const Node *node, Value *ret)
{
	const MeterSeries *series = series_of_value(node);

	value_of_series(node->process, series, ret);
	ret->unit = meter_value_unit(meter_store_instrument(store_of(node), series->instrument),
	                             node->item % METER_N_VALUES);
}

static const NodeType value_file = {
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

static InstrumentKind kind_of(const Node *dir, const MeterSeries *series)
{
	return meter_store_instrument(store_of(dir), series->instrument)->kind;
}

/* A value of a tag set, in whichever directory; series may be NULL. */
static int lookup_value(const Node *dir, const MeterSeries *series, const char *name, Node *ret)
{
	MeterValue value;
	unsigned item;

	if (series == NULL || !meter_value_find(kind_of(dir, series), name, &value))
		return -ENOENT;
	item = series->id * METER_N_VALUES + value;
	*ret = node_make(dir, ino_of(dir, INO_METER_VALUE, item), &value_file);
	ret->item = item;
	return 0;
}

static gboolean next_value(const Node *dir, const MeterSeries *series, guint64 after,
                           NodeEntry *ret)
{
	guint64 value = first_id(after, ROWS_FIRST_COOKIE - 1);

	for (; series != NULL && value < METER_N_VALUES; value++) {
		if (!meter_kind_has(kind_of(dir, series), (MeterValue)value))
			continue;
		fill_entry(ret, value + ROWS_FIRST_COOKIE,
		           ino_of(dir, INO_METER_VALUE,
		                  series->id * METER_N_VALUES + (unsigned)value),
		           S_IFREG, meter_value_name((MeterValue)value));
		return TRUE;
	}
	return FALSE;
}

int tree_meter_value_resolve(Node *ret)
{
	const MeterSeries *series;

	ret->item = ino_row(ret->ino);
	ret->type = &value_file;
	series = series_of_value(ret);
	return series != NULL && meter_kind_has(kind_of(ret, series), ret->item % METER_N_VALUES)
	               ? 0
	               : -ENOENT;
}

/* --- the directory of a tag set ---------------------------------------------------------------- */

static int lookup_in_series(const Node *dir, const char *name, Node *ret)
{
	return lookup_value(dir, meter_store_series(store_of(dir), dir->item), name, ret);
}

static gboolean next_in_series(const Node *dir, guint64 after, NodeEntry *ret)
{
	return next_value(dir, meter_store_series(store_of(dir), dir->item), after, ret);
}

static const NodeType series_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_dir,
	.lookup = lookup_in_series,
	.next = next_in_series,
};

/* The one without tags has no directory of its own. */
static gboolean has_dir(const MeterSeries *series)
{
	return series != NULL && *series->file != '\0';
}

int tree_series_resolve(Node *ret)
{
	ret->item = ino_row(ret->ino);
	ret->type = &series_dir;
	return has_dir(meter_store_series(store_of(ret), ret->item)) ? 0 : -ENOENT;
}

guint64 tree_series_parent_ino(const Node *dir)
{
	const MeterSeries *series = meter_store_series(store_of(dir), dir->item);

	return ino_of(dir, INO_INSTRUMENT, series->instrument);
}

/* --- the directory of an instrument ------------------------------------------------------------ */

static const MeterSeries *without_tags(const Node *dir)
{
	return meter_store_find_series(store_of(dir), dir->item, "");
}

static int lookup_in_instrument(const Node *dir, const char *name, Node *ret)
{
	const MeterSeries *series;

	if (lookup_value(dir, without_tags(dir), name, ret) == 0)
		return 0;
	series = meter_store_find_series(store_of(dir), dir->item, name);
	if (!has_dir(series))
		return -ENOENT;
	*ret = node_make(dir, ino_of(dir, INO_SERIES, series->id), &series_dir);
	ret->item = series->id;
	return 0;
}

static gboolean next_in_instrument(const Node *dir, guint64 after, NodeEntry *ret)
{
	const MeterStore *store = store_of(dir);
	guint64 id = first_id(after, ROWS_END);

	if (after < ROWS_END && next_value(dir, without_tags(dir), after, ret))
		return TRUE;
	for (; id < meter_store_n_series(store); id++) {
		const MeterSeries *series = meter_store_series(store, (unsigned)id);

		if (series->instrument != dir->item || !has_dir(series))
			continue;
		fill_entry(ret, id + ROWS_END + 1, ino_of(dir, INO_SERIES, series->id), S_IFDIR,
		           series->file);
		return TRUE;
	}
	return FALSE;
}

static const NodeType instrument_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_dir,
	.lookup = lookup_in_instrument,
	.next = next_in_instrument,
};

int tree_instrument_resolve(Node *ret)
{
	ret->item = ino_row(ret->ino);
	ret->type = &instrument_dir;
	return ret->item < meter_store_n_instruments(store_of(ret)) ? 0 : -ENOENT;
}

guint64 tree_instrument_parent_ino(const Node *dir)
{
	return ino_of(dir, INO_METER, meter_store_instrument(store_of(dir), dir->item)->meter);
}

/* --- the directory of a meter ------------------------------------------------------------------ */

/* An instrument is shown when its name is final. */
static int lookup_in_meter(const Node *dir, const char *name, Node *ret)
{
	const Instrument *instrument = meter_store_find_instrument(store_of(dir), dir->item, name);

	if (instrument == NULL || !instrument->is_settled)
		return -ENOENT;
	*ret = node_make(dir, ino_of(dir, INO_INSTRUMENT, instrument->id), &instrument_dir);
	ret->item = instrument->id;
	return 0;
}

static gboolean next_in_meter(const Node *dir, guint64 after, NodeEntry *ret)
{
	const MeterStore *store = store_of(dir);
	guint64 id = first_id(after, ROWS_FIRST_COOKIE - 1);

	for (; id < meter_store_n_instruments(store); id++) {
		const Instrument *instrument = meter_store_instrument(store, (unsigned)id);

		if (instrument->meter != dir->item || !instrument->is_settled)
			continue;
		fill_entry(ret, id + ROWS_FIRST_COOKIE, ino_of(dir, INO_INSTRUMENT, instrument->id),
		           S_IFDIR, instrument->file);
		return TRUE;
	}
	return FALSE;
}

static const NodeType meter_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_dir,
	.lookup = lookup_in_meter,
	.next = next_in_meter,
};

int tree_meter_resolve(Node *ret)
{
	ret->item = ino_row(ret->ino);
	ret->type = &meter_dir;
	return ret->item < meter_store_n_meters(store_of(ret)) ? 0 : -ENOENT;
}

/* --- meters/ ----------------------------------------------------------------------------------- */

static int lookup(const Node *dir, const char *name, Node *ret)
{
	const Meter *meter = meter_store_find_meter(store_of(dir), name);

	if (meter == NULL)
		return -ENOENT;
	*ret = node_make(dir, ino_of(dir, INO_METER, meter->id), &meter_dir);
	ret->item = meter->id;
	return 0;
}

static gboolean next(const Node *dir, guint64 after, NodeEntry *ret)
{
	guint64 id = first_id(after, ROWS_FIRST_COOKIE - 1);

	if (id >= meter_store_n_meters(store_of(dir)))
		return FALSE;
	fill_entry(ret, id + ROWS_FIRST_COOKIE, ino_of(dir, INO_METER, (unsigned)id), S_IFDIR,
	           meter_store_meter(store_of(dir), (unsigned)id)->file);
	return TRUE;
}

const NodeType tree_meters_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.lookup = lookup,
	.next = next,
};
