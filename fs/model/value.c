/* One list out of two stores. */
#include "fs/model/value.h"
#include <math.h>

const char *value_kind_name(ValueKind kind)
{
	static const char *const names[] = {
		[VALUE_GAUGE] = "gauge",         [VALUE_RATE] = "rate",
		[VALUE_COUNTER] = "counter",     [VALUE_UPDOWN] = "updown",
		[VALUE_HISTOGRAM] = "histogram",
	};

	return names[kind];
}

void value_of_counter(const Process *process, const Counter *counter, Value *ret)
{
	*ret = (Value){
		.source = VALUE_OF_COUNTER,
		.counter = counter,
		.kind = counter->kind == EVENT_COUNTER_SUM ? VALUE_RATE : VALUE_GAUGE,
		.provider = counter_store_provider(process->counters, counter->provider)->raw,
		.version = "",
		.name = counter->raw,
		.display = *counter->display ? counter->display : counter->raw,
		.description = "",
		.unit = counter->unit,
		.tags = "",
		.scope_tags = "",
		.is_absolute = TRUE,
		.has_value = counter->has_value,
		.value = counter->value,
		.increment = counter->increment,
		.before = counter->before,
		.wall_us = counter->wall_us,
	};
}

gboolean value_next(const Process *process, ValueCursor *at, Value *ret)
{
	const Counter *counter = counter_store_get(process->counters, at->counter);

	if (!counter)
		return FALSE;
	at->counter++;
	value_of_counter(process, counter, ret);
	return TRUE;
}

void value_append_path(const Process *process, const Value *value, GString *out)
{
	const Counter *counter = value->counter;

	g_string_append(out, "counters/");
	if (counter->provider)
		g_string_append_printf(
			out, "%s/",
			counter_store_provider(process->counters, counter->provider)->file);
	g_string_append(out, counter->file);
}
