/* States of a trigger, and the table of its kinds. */
#include "fs/model/trigger.h"
#include <string.h>

static const TriggerKind *const kinds[] = {
	&trigger_threshold,
};

const TriggerKind *trigger_kind_find(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	}
	return NULL;
}

void trigger_arm(Trigger *trigger, const TriggerKind *kind, double limit_mb, gint64 wall_us)
{
	trigger->state = TRIGGER_ARMED;
	trigger->kind = kind;
	trigger->limit_mb = limit_mb;
	trigger->generation++;
	trigger->missed = FALSE;
	trigger->written_us = wall_us;
}

void trigger_disarm(Trigger *trigger, gint64 wall_us)
{
	trigger->state = TRIGGER_OFF;
	trigger->kind = NULL;
	trigger->limit_mb = 0;
	trigger->generation++;
	trigger->missed = FALSE;
	trigger->written_us = wall_us;
}

gboolean trigger_sample(Trigger *trigger, const HeapLevel *level)
{
	if (trigger->state != TRIGGER_ARMED || !trigger->kind->holds(trigger, level))
		return FALSE;
	trigger->state = TRIGGER_QUEUED;
	return TRUE;
}

static gboolean is_waiting(const Trigger *trigger, unsigned generation)
{
	return trigger->generation == generation &&
	       (trigger->state == TRIGGER_QUEUED || trigger->state == TRIGGER_DUMPING);
}

void trigger_dump_running(Trigger *trigger, unsigned generation)
{
	if (is_waiting(trigger, generation))
		trigger->state = TRIGGER_DUMPING;
}

void trigger_dump_done(Trigger *trigger, unsigned generation)
{
	if (is_waiting(trigger, generation))
		trigger->state = TRIGGER_FIRED;
}

void trigger_dump_failed(Trigger *trigger, unsigned generation)
{
	if (is_waiting(trigger, generation))
		trigger->state = TRIGGER_FAILED;
}

gboolean trigger_dump_missed(Trigger *trigger, unsigned generation)
{
	gboolean first = !trigger->missed;

	if (!is_waiting(trigger, generation))
		return FALSE;
	trigger->state = TRIGGER_ARMED;
	trigger->missed = TRUE;
	return first;
}

const char *trigger_state_name(TriggerState state)
{
	static const char *const names[TRIGGER_N_STATES] = {
		[TRIGGER_OFF] = "off",       [TRIGGER_ARMED] = "armed",
		[TRIGGER_QUEUED] = "queued", [TRIGGER_DUMPING] = "dumping",
		[TRIGGER_FIRED] = "fired",   [TRIGGER_FAILED] = "failed",
	};

	return names[state];
}

void trigger_describe(const Trigger *trigger, GString *out)
{
	if (trigger->kind)
		trigger->kind->describe(trigger, out);
	else
		g_string_append(out, "off");
}
