#pragma once
/* The meters of a scenario: its lines `meter`, `meter-value` and `meter-event` (scenario.h has their form). */
#include "tests/lib/meter-stream.h"

typedef struct {
	unsigned event_id; /* of its values: 4, 5, 6 or 16 */
	MeterStreamInstrument wire;
} ScenarioInstrument;

typedef struct {
	guint instrument; /* index */
	char *tags;
	char **words; /* one a collection; of a histogram count, sum and quantiles */
} ScenarioValue;

typedef enum {
	SCENARIO_SERIES_LIMIT,
	SCENARIO_HISTOGRAM_LIMIT,
	SCENARIO_ERROR,
	SCENARIO_CALLBACK_ERROR,
	SCENARIO_NO_SHARING,
	SCENARIO_OTHER_SETTINGS,
	SCENARIO_END,
} ScenarioEventKind;

typedef struct {
	guint collection;
	ScenarioEventKind kind;
	char *text; /* "" for none */
} ScenarioEvent;

typedef struct {
	GPtrArray *instruments; /* ScenarioInstrument * */
	GPtrArray *values;      /* ScenarioValue * */
	GPtrArray *events;      /* ScenarioEvent * */
} ScenarioMeters;

ScenarioMeters *scenario_meters_new(void);
void scenario_meters_free(ScenarioMeters *meters);

/* What stands behind the word of a line. FALSE when it is not understood. */
gboolean scenario_meters_add_instrument(ScenarioMeters *meters, const char *text);
gboolean scenario_meters_add_value(ScenarioMeters *meters, const char *text);
gboolean scenario_meters_add_event(ScenarioMeters *meters, const char *text);

/* Index of the last instrument of that name, or -1. */
int scenario_meters_find(const ScenarioMeters *meters, const char *name);
