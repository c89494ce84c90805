/* JSON by hand: one object of fixed keys. */
#include "fs/model/dump-json.h"
#include <math.h>
#include "fs/model/dump-list.h"
#include "fs/model/event-log.h"
#include "fs/model/json.h"

void dump_story_clear(DumpStory *story)
{
	g_free(story->condition);
	g_free(story->runtime);
	g_free(story->command);
	g_free(story->counters);
}

static void append_time(GString *out, gint64 wall_us)
{
	g_string_append_c(out, '"');
	event_time_append(out, wall_us);
	g_string_append_c(out, '"');
}

static void append_time_or_null(GString *out, gint64 wall_us)
{
	if (wall_us)
		append_time(out, wall_us);
	else
		json_append_text(out, NULL);
}

static void append_key(GString *out, const char *key)
{
	g_string_append_printf(out, "%s  \"%s\": ", out->len > 2 ? ",\n" : "", key);
}

const char *dump_story_reason(const DumpStory *story)
{
	return story->by_trigger ? "trigger" : "demand";
}

void dump_json_counters(const CounterStore *store, GString *out)
{
	gboolean first = TRUE;

	g_string_append_c(out, '{');
	for (unsigned i = 0; i < counter_store_n(store); i++) {
		const Counter *counter = counter_store_get(store, i);
		const CounterProvider *provider = counter_store_provider(store, counter->provider);

		if (!counter->has_value)
			continue;
		/* File names are of a safe alphabet. */
		g_string_append_printf(out, "%s\n    \"%s%s%s\": ", first ? "" : ",",
		                       provider->file, *provider->file ? "/" : "", counter->file);
		json_append_number(out, counter->value);
		first = FALSE;
	}
	g_string_append(out, first ? "}" : "\n  }");
}

void dump_json_build(const DumpStory *story, const RecordSealed *sealed, const char *path,
                     GString *out)
{
	g_autofree char *analyze =
		g_strdup_printf("dotnet-dump analyze %s -c 'dumpheap -stat'", path);

	g_string_append(out, "{\n");
	append_key(out, "reason");
	json_append_text(out, dump_story_reason(story));
	append_key(out, "trigger");
	json_append_text(out, story->condition);
	append_key(out, "threshold_mb");
	json_append_number(out, story->threshold_mb > 0 ? story->threshold_mb : NAN);
	append_key(out, "value_mb");
	json_append_number(out, story->value_mb);
	append_key(out, "value");
	json_append_number(out, story->value);
	append_key(out, "type");
	json_append_text(out, dump_type_name(sealed->written_type));
	append_key(out, "requested");
	append_time(out, sealed->requested_us);
	append_key(out, "sealed");
	append_time(out, sealed->sealed_us);
	append_key(out, "pid");
	g_string_append_printf(out, "%d", (int)sealed->pid);
	append_key(out, "uid");
	g_string_append_printf(out, "%u", (unsigned)sealed->uid);
	append_key(out, "start_time");
	append_time_or_null(out, story->start_us);
	append_key(out, "runtime");
	json_append_text(out, story->runtime);
	append_key(out, "cmdline");
	json_append_text(out, story->command);
	append_key(out, "counters");
	g_string_append(out, story->counters ? story->counters : "null");
	append_key(out, "path");
	json_append_text(out, path);
	append_key(out, "size");
	g_string_append_printf(out, "%" G_GUINT64_FORMAT, (guint64)sealed->size);
	append_key(out, "frozen_s");
	json_append_number(out, sealed->frozen_us < 0 ? NAN : (double)sealed->frozen_us / 1e6);
	append_key(out, "frozen_at");
	append_time_or_null(out, sealed->frozen_at_us);
	append_key(out, "analyze");
	json_append_text(out, analyze);
	g_string_append(out, "\n}\n");
}
