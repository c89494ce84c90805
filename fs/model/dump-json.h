#pragma once
/*
 * The .json beside a dump: one object, a key a line, in this order: reason trigger threshold_mb
 * value_mb value type requested sealed pid uid start_time runtime cmdline counters path size frozen_s
 * frozen_at analyze. null for what is unknown or not a number; always valid UTF-8.
 */
#include "fs/model/counter-store.h"
#include "fs/broker/records.h"

/* What was so in the moment in which the dump was asked for. */
typedef struct {
	gboolean by_trigger;
	char *condition;     /* NULL: on demand, or unknown */
	double value;        /* of the condition, in its own unit; NaN: on demand, or unknown */
	double threshold_mb; /* 0: none */
	double value_mb;     /* NaN: unknown */
	char *runtime;       /* NULL: unknown */
	char *command;
	char *counters; /* dump_json_counters(); NULL: unknown */
	gint64 start_us;
} DumpStory;

void dump_story_clear(DumpStory *story);
/* "trigger" or "demand". */
const char *dump_story_reason(const DumpStory *story);

/* An object of the counters that have a value, by their paths below counters/. */
void dump_json_counters(const CounterStore *store, GString *out);
/* path: of the core, in the store. */
void dump_json_build(const DumpStory *story, const RecordSealed *sealed, const char *path,
                     GString *out);
