#include "tests/fake/scenario-meters.h"

enum {
	PARTS_MIN = 6,
	PARTS_MAX = 9,
};

static const struct {
	const char *name;
	unsigned event_id;
} types[] = {
	{ "Counter", 4 },        { "ObservableCounter", 4 },
	{ "UpDownCounter", 16 }, { "ObservableUpDownCounter", 16 },
	{ "Gauge", 5 },          { "ObservableGauge", 5 },
	{ "Histogram", 6 },
};

static const struct {
	const char *name;
	gboolean has_text;
} kinds[] = {
	[SCENARIO_SERIES_LIMIT] = { "series-limit", FALSE },
	[SCENARIO_HISTOGRAM_LIMIT] = { "histogram-limit", FALSE },
	[SCENARIO_ERROR] = { "error", TRUE },
	[SCENARIO_CALLBACK_ERROR] = { "callback-error", TRUE },
	[SCENARIO_NO_SHARING] = { "no-sharing", TRUE },
	[SCENARIO_OTHER_SETTINGS] = { "other-settings", TRUE },
	[SCENARIO_END] = { "end", TRUE },
};

static void free_instrument(gpointer data)
{
	ScenarioInstrument *instrument = data;
	MeterStreamInstrument *wire = &instrument->wire;
	const char *const texts[] = { wire->meter, wire->version,    wire->name,
		                      wire->type,  wire->unit,       wire->description,
		                      wire->tags,  wire->meter_tags, wire->scope_hash };

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free((gpointer)texts[i]);
	g_free(instrument);
}

static void free_value(gpointer data)
{
	ScenarioValue *value = data;

	g_free(value->tags);
	g_strfreev(value->words);
	g_free(value);
}

static void free_event(gpointer data)
{
	ScenarioEvent *event = data;

	g_free(event->text);
	g_free(event);
}

ScenarioMeters *scenario_meters_new(void)
{
	ScenarioMeters *meters = g_new0(ScenarioMeters, 1);

	meters->instruments = g_ptr_array_new_with_free_func(free_instrument);
	meters->values = g_ptr_array_new_with_free_func(free_value);
	meters->events = g_ptr_array_new_with_free_func(free_event);
	return meters;
}

void scenario_meters_free(ScenarioMeters *meters)
{
	g_ptr_array_unref(meters->instruments);
	g_ptr_array_unref(meters->values);
	g_ptr_array_unref(meters->events);
	g_free(meters);
}

static unsigned event_of_type(const char *type)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_str_equal(type, types[i].name))
			return types[i].event_id;
	}
	return 0;
}

gboolean scenario_meters_add_instrument(ScenarioMeters *meters, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "|", -1);
	unsigned n = g_strv_length(parts);
	ScenarioInstrument *instrument;
	const char **fields[PARTS_MAX];

	if (n < PARTS_MIN || n > PARTS_MAX || !event_of_type(parts[3]))
		return FALSE;
	instrument = g_new0(ScenarioInstrument, 1);
	instrument->event_id = event_of_type(parts[3]);
	instrument->wire.id = (int)meters->instruments->len + 1;
	fields[0] = &instrument->wire.meter;
	fields[1] = &instrument->wire.version;
	fields[2] = &instrument->wire.name;
	fields[3] = &instrument->wire.type;
	fields[4] = &instrument->wire.unit;
	fields[5] = &instrument->wire.description;
	fields[6] = &instrument->wire.tags;
	fields[7] = &instrument->wire.meter_tags;
	fields[8] = &instrument->wire.scope_hash;
	for (unsigned i = 0; i < n; i++)
		*fields[i] = g_strcompress(parts[i]);
	g_ptr_array_add(meters->instruments, instrument);
	return TRUE;
}

int scenario_meters_find(const ScenarioMeters *meters, const char *name)
{
	for (guint i = meters->instruments->len; i-- > 0;) {
		const ScenarioInstrument *instrument = g_ptr_array_index(meters->instruments, i);

		if (g_str_equal(instrument->wire.name, name))
			return (int)i;
	}
	return -1;
}

gboolean scenario_meters_add_value(ScenarioMeters *meters, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "|", -1);
	g_autofree char *name = g_strcompress(parts[0] ? parts[0] : "");
	int i = scenario_meters_find(meters, name);
	const ScenarioInstrument *instrument;
	ScenarioValue *value;

	if (i < 0 || g_strv_length(parts) != 3)
		return FALSE;
	instrument = g_ptr_array_index(meters->instruments, i);
	value = g_new0(ScenarioValue, 1);
	value->instrument = (guint)i;
	value->tags = g_strcompress(parts[1]);
	value->words = g_strsplit(g_strstrip(parts[2]), " ", -1);
	g_ptr_array_add(meters->values, value);
	return instrument->event_id == 6 ? g_strv_length(value->words) == 3 : *parts[2] != '\0';
}

gboolean scenario_meters_add_event(ScenarioMeters *meters, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 3);
	guint64 collection;

	if (g_strv_length(words) < 2 ||
	    !g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXUINT, &collection, NULL))
		return FALSE;
	for (unsigned kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		ScenarioEvent *event;

		if (!g_str_equal(words[1], kinds[kind].name) ||
		    kinds[kind].has_text != (words[2] != NULL))
			continue;
		event = g_new0(ScenarioEvent, 1);
		event->collection = (guint)collection;
		event->kind = kind;
		event->text = g_strcompress(words[2] ? words[2] : "");
		g_ptr_array_add(meters->events, event);
		return kind != SCENARIO_END || scenario_meters_find(meters, event->text) >= 0;
	}
	return FALSE;
}
