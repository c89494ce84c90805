/* What an instrument is: by the target's id in this session, by what it is across sessions. */
#include <string.h>
#include "fs/model/file-name.h"
#include "fs/model/meter-internal.h"

static const struct {
	const char *type; /* the class in System.Diagnostics.Metrics */
	InstrumentKind kind;
	gboolean is_observable;
} types[] = {
	{ "Counter", INSTRUMENT_COUNTER, FALSE },
	{ "ObservableCounter", INSTRUMENT_COUNTER, TRUE },
	{ "UpDownCounter", INSTRUMENT_UPDOWN, FALSE },
	{ "ObservableUpDownCounter", INSTRUMENT_UPDOWN, TRUE },
	{ "Gauge", INSTRUMENT_GAUGE, FALSE },
	{ "ObservableGauge", INSTRUMENT_GAUGE, TRUE },
	{ "Histogram", INSTRUMENT_HISTOGRAM, FALSE },
};

static guint identity_hash(gconstpointer key)
{
	const Instrument *instrument = key;
	guint hash = g_str_hash(instrument->raw) * 31 + g_str_hash(instrument->version);

	return (hash * 31 + instrument->meter) * 31 + instrument->kind;
}

static gboolean identity_equal(gconstpointer one, gconstpointer other)
{
	const Instrument *a = one, *b = other;

	return a->meter == b->meter && a->kind == b->kind && !strcmp(a->raw, b->raw) &&
	       !strcmp(a->version, b->version);
}

void meter_instrument_tables_init(MeterStore *store)
{
	store->meter_by_raw = g_hash_table_new(g_str_hash, g_str_equal);
	store->by_identity = g_hash_table_new(identity_hash, identity_equal);
	store->by_wire_id = g_hash_table_new(NULL, NULL);
}

void meter_instrument_free(void *instrument)
{
	MeterInstrument *self = instrument;

	g_free(self->base.raw);
	g_free(self->base.file);
	g_free(self->base.unit);
	g_free(self->base.description);
	g_free(self->base.version);
	g_free(self->base.instrument_tags);
	g_free(self->base.meter_tags);
	g_free(self->base.scope_hash);
	g_free(self);
}

/* The first of an event's meter, version, name and kind, or NULL. */
static MeterInstrument *find(const MeterStore *store, const MeterEvent *event, InstrumentKind kind)
{
	const Meter *meter = g_hash_table_lookup(store->meter_by_raw, event->meter);
	Instrument key = { .raw = (char *)event->instrument,
		           .version = (char *)event->version,
		           .kind = kind };

	if (!meter)
		return NULL;
	key.meter = meter->id;
	return g_hash_table_lookup(store->by_identity, &key);
}

static gboolean is_same(const Instrument *instrument, const MeterEvent *event)
{
	return !strcmp(instrument->scope_hash, event->scope_hash) &&
	       !strcmp(instrument->meter_tags, event->meter_tags) &&
	       !strcmp(instrument->instrument_tags, event->instrument_tags);
}

static const Meter *intern_meter(MeterStore *store, const char *raw)
{
	Meter *meter = g_hash_table_lookup(store->meter_by_raw, raw);
	g_autofree char *file = NULL;

	if (meter)
		return meter;
	file = file_name_make(raw);
	if (store->meters->len >= METER_MAX || g_hash_table_contains(store->meter_by_file, file)) {
		meter_store_refuse(store, METER_NOTICE_METERS);
		return NULL;
	}
	if (!meter_store_spend(store, strlen(raw) + strlen(file)))
		return NULL;
	meter = g_new0(Meter, 1);
	meter->id = store->meters->len;
	meter->raw = g_strdup(raw);
	meter->file = g_steal_pointer(&file);
	g_ptr_array_add(store->meters, meter);
	g_hash_table_insert(store->meter_by_raw, meter->raw, meter);
	g_hash_table_insert(store->meter_by_file, meter->file, meter);
	return meter;
}

static void replace_text(MeterStore *store, char **dst, const char *src)
{
	gsize had = strlen(*dst), len = strlen(src);

	if (!strcmp(*dst, src) || (len > had && !meter_store_spend(store, len - had)))
		return;
	if (len < had)
		store->text_bytes -= had - len;
	g_free(*dst);
	*dst = g_strdup(src);
}

static void define(MeterStore *store, MeterInstrument *self, const MeterEvent *event,
                   gboolean is_observable)
{
	replace_text(store, &self->base.unit, event->unit);
	replace_text(store, &self->base.description, event->description);
	replace_text(store, &self->base.instrument_tags, event->instrument_tags);
	replace_text(store, &self->base.meter_tags, event->meter_tags);
	replace_text(store, &self->base.scope_hash, event->scope_hash);
	self->base.is_observable = is_observable;
	self->base.has_ended = FALSE;
	self->is_defined = TRUE;
}

/* Whether one more may be added behind `first`; where to put it. */
static gboolean find_end(MeterStore *store, MeterInstrument *first, MeterInstrument **ret_last)
{
	unsigned n = 0;

	*ret_last = NULL;
	for (MeterInstrument *at = first; at; at = at->next, n++)
		*ret_last = at;
	if (store->instruments->len >= METER_INSTRUMENT_MAX) {
		meter_store_refuse(store, METER_NOTICE_INSTRUMENTS);
		return FALSE;
	}
	if (n >= METER_EQUAL_MAX) {
		meter_store_refuse(store, METER_NOTICE_EQUAL);
		return FALSE;
	}
	return TRUE;
}

static MeterInstrument *add(MeterStore *store, const MeterEvent *event, InstrumentKind kind)
{
	const gsize size =
		strlen(event->instrument) + strlen(event->version) + METER_FILE_NAME_SIZE;
	MeterInstrument *last, *self;
	const Meter *meter;

	if (!find_end(store, find(store, event, kind), &last))
		return NULL;
	meter = intern_meter(store, event->meter);
	if (!meter || !meter_store_spend(store, size))
		return NULL;
	self = g_new0(MeterInstrument, 1);
	self->base.id = store->instruments->len;
	self->base.meter = meter->id;
	self->base.kind = kind;
	self->base.raw = g_strdup(event->instrument);
	self->base.version = g_strdup(event->version);
	self->base.unit = g_strdup("");
	self->base.description = g_strdup("");
	self->base.instrument_tags = g_strdup("");
	self->base.meter_tags = g_strdup("");
	self->base.scope_hash = g_strdup("");
	g_ptr_array_add(store->instruments, self);
	if (last)
		last->next = self;
	else
		g_hash_table_add(store->by_identity, self);
	return self;
}

static void bind_id(MeterStore *store, MeterInstrument *self, const MeterEvent *event)
{
	if (!event->has_id)
		return;
	self->has_id = TRUE;
	self->wire_id = event->id;
	g_hash_table_insert(store->by_wire_id, GINT_TO_POINTER(event->id), self);
}

/* The one of an earlier session, or one that has ended, that this id now means: the same in all that a BEGIN
 * says, else one that nothing was said of. */
static MeterInstrument *find_defined(MeterInstrument *first, const MeterEvent *event)
{
	MeterInstrument *unknown = NULL;

	for (MeterInstrument *at = first; at; at = at->next) {
		if (at->has_id)
			continue;
		if (at->is_defined && is_same(&at->base, event))
			return at;
		if (!at->is_defined && !unknown)
			unknown = at;
	}
	return unknown;
}

/* The same by a value alone, which does not say much. */
static MeterInstrument *find_unbound(MeterStore *store, MeterInstrument *first)
{
	MeterInstrument *found = NULL;

	for (MeterInstrument *at = first; at; at = at->next) {
		if (at->has_id)
			continue;
		if (found)
			meter_store_notice(store, METER_NOTICE_AMBIGUOUS, found);
		else
			found = at;
	}
	return found;
}

/* By its id in this session: *ret, NULL when that is new. FALSE: the id is one of another kind. */
static gboolean find_bound(MeterStore *store, const MeterEvent *event, InstrumentKind kind,
                           MeterInstrument **ret)
{
	*ret = event->has_id ? g_hash_table_lookup(store->by_wire_id, GINT_TO_POINTER(event->id))
	                     : NULL;
	if (!*ret || (*ret)->base.kind == kind)
		return TRUE;
	store->refused++;
	return FALSE;
}

/* Without ids, every change of settings begins all of them again; another one differs, where that can be
 * told at all. */
static gboolean is_another(const MeterInstrument *self, const MeterEvent *event)
{
	return !event->has_id && self->is_defined && !self->base.has_ended &&
	       !is_same(&self->base, event);
}

static void begin(MeterStore *store, const MeterEvent *event, InstrumentKind kind,
                  gboolean is_observable)
{
	MeterInstrument *first = find(store, event, kind);
	MeterInstrument *self;
	gboolean is_new;

	if (!find_bound(store, event, kind, &self))
		return;
	if (!self)
		self = event->has_id ? find_defined(first, event) : first;
	if (self && is_another(self, event)) {
		meter_store_notice(store, METER_NOTICE_AMBIGUOUS, self);
		return;
	}
	is_new = !self;
	if (is_new)
		self = add(store, event, kind);
	if (!self)
		return;
	define(store, self, event, is_observable);
	bind_id(store, self, event);
	if (is_new)
		meter_names_add(store, self);
}

void meter_instrument_begin(MeterStore *store, const MeterEvent *event)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (!strcmp(types[i].type, event->type)) {
			begin(store, event, types[i].kind, types[i].is_observable);
			return;
		}
	}
	/* A class of a later runtime: its values say what it is. */
}

void meter_instrument_end(MeterStore *store, const MeterEvent *event)
{
	MeterInstrument *self = NULL;

	if (event->has_id)
		self = g_hash_table_lookup(store->by_wire_id, GINT_TO_POINTER(event->id));
	for (unsigned i = 0; i < G_N_ELEMENTS(types) && !event->has_id; i++) {
		if (!strcmp(types[i].type, event->type))
			self = find(store, event, types[i].kind);
	}
	if (!self)
		return;
	self->base.has_ended = TRUE;
	if (self->has_id)
		g_hash_table_remove(store->by_wire_id, GINT_TO_POINTER(self->wire_id));
	self->has_id = FALSE;
}

MeterInstrument *meter_instrument_known(MeterStore *store, const MeterEvent *event,
                                        InstrumentKind kind)
{
	MeterInstrument *self;

	if (!find_bound(store, event, kind, &self))
		return NULL;
	return self || event->has_id ? self : find(store, event, kind);
}

MeterInstrument *meter_instrument_of_value(MeterStore *store, const MeterEvent *event,
                                           InstrumentKind kind)
{
	MeterInstrument *self, *first;

	if (!find_bound(store, event, kind, &self))
		return NULL;
	if (self)
		return self;
	first = find(store, event, kind);
	self = event->has_id ? find_unbound(store, first) : first;
	if (!self) {
		self = add(store, event, kind);
		if (!self)
			return NULL;
		replace_text(store, &self->base.unit, event->unit);
		meter_names_add(store, self);
	}
	bind_id(store, self, event);
	return self;
}
