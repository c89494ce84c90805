/*
 * File names of instruments. Of those with one name the first gets it plain, in the order of the target's
 * ids, so that a new mount names them alike; and they have to be there before they can be put in order.
 */
#include <string.h>
#include "fs/model/file-name.h"
#include "fs/model/meter-internal.h"
#include "fs/model/owned-name.h"

enum {
	HASH_DIGITS = 8,
};

static guint file_hash(gconstpointer key)
{
	const Instrument *instrument = key;

	return owned_name_hash(instrument->meter, instrument->file);
}

static gboolean file_equal(gconstpointer one, gconstpointer other)
{
	const Instrument *a = one, *b = other;

	return owned_name_equal(a->meter, a->file, b->meter, b->file);
}

void meter_names_tables_init(MeterStore *store)
{
	store->by_file = g_hash_table_new(file_hash, file_equal);
	store->meter_by_file = g_hash_table_new(g_str_hash, g_str_equal);
	store->unsettled = g_ptr_array_new();
}

static void add_text(GChecksum *sum, const char *text)
{
	/* With its NUL, so that the texts do not run into each other. */
	g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

/* nth: which of those whose version, scope and meter tags are the same. */
static char *marked_name(const char *plain, const Instrument *instrument, unsigned nth)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *number = g_strdup_printf("%u", nth);

	add_text(sum, instrument->version);
	add_text(sum, instrument->scope_hash);
	add_text(sum, instrument->meter_tags);
	if (nth > 0) {
		add_text(sum, instrument->instrument_tags);
		add_text(sum, number);
	}
	return g_strdup_printf("%s~%.*s", plain, HASH_DIGITS, g_checksum_get_string(sum));
}

static void give_name(MeterStore *store, Instrument *instrument)
{
	g_autofree char *plain = file_name_make(instrument->raw);

	g_free(instrument->file);
	instrument->file = g_strdup(plain);
	for (unsigned i = 0; g_hash_table_contains(store->by_file, instrument); i++) {
		g_free(instrument->file);
		instrument->file = marked_name(plain, instrument, i);
	}
	g_hash_table_add(store->by_file, instrument);
}

void meter_names_add(MeterStore *store, MeterInstrument *instrument)
{
	give_name(store, &instrument->base);
	g_ptr_array_add(store->unsettled, instrument);
}

/* Ids first; without them by what the instruments are, but for those that are the same in all. */
static gint compare(gconstpointer one, gconstpointer other)
{
	const MeterInstrument *a = *(MeterInstrument *const *)one;
	const MeterInstrument *b = *(MeterInstrument *const *)other;
	int order = (a->wire_id > b->wire_id) - (a->wire_id < b->wire_id);

	if (!order)
		order = (int)a->base.kind - (int)b->base.kind;
	if (!order)
		order = strcmp(a->base.version, b->base.version);
	if (!order)
		order = strcmp(a->base.scope_hash, b->base.scope_hash);
	if (!order)
		order = strcmp(a->base.meter_tags, b->base.meter_tags);
	if (!order)
		order = strcmp(a->base.instrument_tags, b->base.instrument_tags);
	return order ? order : (int)a->base.id - (int)b->base.id;
}

void meter_names_settle(MeterStore *store)
{
	for (unsigned i = 0; i < store->unsettled->len; i++)
		g_hash_table_remove(store->by_file, store->unsettled->pdata[i]);
	g_ptr_array_sort(store->unsettled, compare);
	for (unsigned i = 0; i < store->unsettled->len; i++) {
		MeterInstrument *instrument = store->unsettled->pdata[i];

		give_name(store, &instrument->base);
		instrument->base.is_settled = TRUE;
	}
	g_ptr_array_set_size(store->unsettled, 0);
}

const Meter *meter_store_find_meter(const MeterStore *store, const char *file)
{
	return g_hash_table_lookup(store->meter_by_file, file);
}

const Instrument *meter_store_find_instrument(const MeterStore *store, unsigned meter,
                                              const char *file)
{
	Instrument key = { .meter = meter, .file = (char *)file };

	return g_hash_table_lookup(store->by_file, &key);
}

const MeterSeries *meter_store_find_path(const MeterStore *store, const char *path, MeterValue *ret)
{
	enum {
		PARTS_MIN = 3,
		PARTS_MAX = 4
	};
	g_auto(GStrv) parts = g_strsplit(path, "/", PARTS_MAX + 1);
	unsigned n = g_strv_length(parts);
	const Meter *meter;
	const Instrument *instrument;
	const MeterSeries *series;

	if (n < PARTS_MIN || n > PARTS_MAX)
		return NULL;
	meter = meter_store_find_meter(store, parts[0]);
	instrument = meter ? meter_store_find_instrument(store, meter->id, parts[1]) : NULL;
	if (!instrument || (n == PARTS_MAX && !*parts[2]))
		return NULL;
	series = meter_store_find_series(store, instrument->id, n == PARTS_MAX ? parts[2] : "");
	return series && meter_value_find(instrument->kind, parts[n - 1], ret) ? series : NULL;
}
