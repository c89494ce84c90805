/* A text written to `trigger`: what is accepted reads back as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/trigger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *parse(const char *text, size_t len)
{
	g_autofree char *why = NULL;
	GString *out;
	TriggerSet set;
	Trigger trigger;

	if (trigger_parse(text, len, &set, &why) < 0) {
		if (!why || set.n)
			abort();
		return NULL;
	}
	trigger_init(&trigger);
	trigger_replace(&trigger, &set, 1);
	out = g_string_new(NULL);
	trigger_describe(&trigger, out);
	trigger_take_heap(&trigger, 100, FALSE, 1, 1);
	trigger_take_heap(&trigger, 200, FALSE, 2, 1);
	trigger_fires(&trigger, 3);
	trigger_clear(&trigger);
	return g_string_free(out, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *first = parse((const char *)data, size);
	g_autofree char *second = NULL;

	if (!first)
		return 0;
	second = parse(first, strlen(first));
	if (!second || strcmp(first, second) != 0)
		abort();
	return 0;
}
