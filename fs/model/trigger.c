/* States of a trigger and of its lines. */
#include "fs/model/trigger.h"
#include <math.h>
#include <string.h>

enum {
	RETRY_US = G_USEC_PER_SEC, /* between two attempts after a miss */
};

void trigger_init(Trigger *trigger)
{
	*trigger = (Trigger){ .max_dumps = TRIGGER_MAX_DUMPS_DEFAULT,
		              .cooldown_s = TRIGGER_COOLDOWN_S_DEFAULT };
}

TriggerLine *trigger_line_new(const TriggerKind *kind, TriggerSource source, const char *name)
{
	TriggerLine *line = g_new0(TriggerLine, 1);

	line->kind = kind;
	line->source = source;
	line->name = g_strdup(name);
	line->limit = line->value = (double)NAN;
	return line;
}

void trigger_line_free(TriggerLine *line)
{
	g_free(line->name);
	g_free(line);
}

void trigger_set_clear(TriggerSet *set)
{
	while (set->n)
		trigger_line_free(set->lines[--set->n]);
}

void trigger_clear(Trigger *trigger)
{
	trigger_set_clear(&trigger->set);
}

gboolean trigger_line_is_threshold(const TriggerLine *line)
{
	return line->kind == &trigger_compare && line->source == TRIGGER_HEAP &&
	       line->op == TRIGGER_GE && !line->for_us && !line->is_percent;
}

void trigger_line_describe(const TriggerLine *line, GString *out)
{
	g_string_append_printf(out, "%s ", line->name);
	line->kind->describe(line, out);
}

const char *trigger_line_state(const TriggerLine *line)
{
	if (line->is_broken)
		return "failed";
	if (!line->has_value)
		return "unknown";
	return line->waits ? "waits" : "armed";
}

static TriggerLine *threshold_line(const Trigger *trigger)
{
	TriggerLine *first = trigger->set.n ? trigger->set.lines[0] : NULL;

	return first && trigger_line_is_threshold(first) ? first : NULL;
}

double trigger_threshold_mb(const Trigger *trigger)
{
	const TriggerLine *line = threshold_line(trigger);

	return line ? line->number : 0;
}

gboolean trigger_needs(const Trigger *trigger, TriggerSource source)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		if (trigger->set.lines[i]->source == source)
			return TRUE;
	}
	return FALSE;
}

gboolean trigger_is_live(const Trigger *trigger)
{
	return trigger->state == TRIGGER_ARMED || trigger->state == TRIGGER_QUEUED ||
	       trigger->state == TRIGGER_DUMPING || trigger->state == TRIGGER_COOLDOWN;
}

static void reset(Trigger *trigger)
{
	trigger->state = trigger->set.n ? TRIGGER_ARMED : TRIGGER_OFF;
	trigger->dumps = 0;
	trigger->cooldown_until_us = 0;
	trigger->retry_us = 0;
	trigger->generation++;
	trigger->missed = FALSE;
	trigger->fired = NULL;
	for (unsigned i = 0; i < trigger->set.n; i++)
		trigger->set.lines[i]->waits = trigger->set.lines[i]->is_rearmed = FALSE;
}

void trigger_recount(Trigger *trigger)
{
	if (trigger->state == TRIGGER_QUEUED || trigger->state == TRIGGER_DUMPING)
		trigger->dumps = 0;
	else
		reset(trigger);
}

static void insert_first(Trigger *trigger, TriggerLine *line)
{
	TriggerSet *set = &trigger->set;

	memmove(set->lines + 1, set->lines, set->n * sizeof *set->lines);
	set->lines[0] = line;
	set->n++;
}

void trigger_replace(Trigger *trigger, TriggerSet *set, gint64 wall_us)
{
	TriggerLine *threshold = threshold_line(trigger);
	TriggerSet old = trigger->set;
	unsigned keep = 0;

	trigger->set = (TriggerSet){ 0 };
	for (unsigned i = 0; i < set->n; i++) {
		if (trigger_line_is_threshold(set->lines[i]))
			insert_first(trigger, set->lines[i]);
		else
			trigger->set.lines[trigger->set.n++] = set->lines[i];
	}
	*set = (TriggerSet){ 0 };
	if (threshold && !threshold_line(trigger)) {
		insert_first(trigger, threshold);
		keep = 1;
	}
	if (!keep && (threshold || threshold_line(trigger)))
		trigger->threshold_written_us = wall_us;
	for (unsigned i = keep; i < old.n; i++)
		trigger_line_free(old.lines[i]);
	trigger->written_us = wall_us;
	reset(trigger);
}

void trigger_set_threshold(Trigger *trigger, double mb, gint64 wall_us)
{
	TriggerLine *line = threshold_line(trigger);
	TriggerSet *set = &trigger->set;

	if (line) {
		set->n--;
		memmove(set->lines, set->lines + 1, set->n * sizeof *set->lines);
		trigger_line_free(line);
	}
	if (mb > 0) {
		line = trigger_line_new(&trigger_compare, TRIGGER_HEAP, "heap");
		line->op = TRIGGER_GE;
		line->number = line->limit = mb;
		insert_first(trigger, line);
	}
	trigger->threshold_written_us = trigger->written_us = wall_us;
	reset(trigger);
}

void trigger_line_take(TriggerLine *line, double value, gboolean lower_bound, gint64 now_us,
                       gint64 gap_us)
{
	gint64 at_us = MAX(now_us, line->taken_us); /* samples and events come on two streams */
	gboolean held = line->holds && line->taken_us && line->has_value;
	gboolean is_upward = line->op == TRIGGER_GT || line->op == TRIGGER_GE;

	line->value = value;
	line->has_value = TRUE;
	if (line->is_broken || isnan(line->limit))
		return;
	if (lower_bound && (line->kind->needs_exact || !is_upward)) {
		line->holds = FALSE;
		line->held_us = 0;
		line->n_minima = 0;
		return;
	}
	if (line->kind->take)
		line->kind->take(line, at_us);
	line->holds = line->kind->holds(line);
	if (!line->holds)
		line->held_us = 0;
	else if (held && at_us - line->taken_us <= gap_us)
		line->held_us += at_us - line->taken_us;
	line->taken_us = at_us;
	if (line->waits && !lower_bound && line->kind->is_quiet(line)) {
		line->waits = FALSE;
		line->is_rearmed = TRUE;
	}
}

void trigger_take_heap(Trigger *trigger, double mb, gboolean lower_bound, gint64 now_us,
                       gint64 gap_us)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		if (trigger->set.lines[i]->source == TRIGGER_HEAP)
			trigger_line_take(trigger->set.lines[i], mb, lower_bound, now_us, gap_us);
	}
}

void trigger_correct_heap(Trigger *trigger, double by_mb)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		TriggerLine *line = trigger->set.lines[i];

		for (unsigned j = 0; line->source == TRIGGER_HEAP && j < line->n_minima; j++)
			line->minima[j].lowest += by_mb;
	}
}

void trigger_pause(Trigger *trigger)
{
	for (unsigned i = 0; i < trigger->set.n; i++)
		trigger->set.lines[i]->taken_us = 0;
}

void trigger_break(Trigger *trigger, TriggerLine *line)
{
	line->is_broken = TRUE;
	line->holds = FALSE;
	trigger->state = TRIGGER_FAILED;
	trigger->generation++;
}

static gboolean is_due(const TriggerLine *line)
{
	return line->holds && !line->waits && !line->is_broken && line->held_us >= line->for_us;
}

gboolean trigger_fires(Trigger *trigger, gint64 now_us)
{
	gboolean fires = FALSE;

	if (trigger->state == TRIGGER_COOLDOWN && now_us >= trigger->cooldown_until_us)
		trigger->state = TRIGGER_ARMED;
	if (trigger->state != TRIGGER_ARMED || now_us < trigger->retry_us)
		return FALSE;
	/* One dump serves all that hold now. */
	for (unsigned i = 0; i < trigger->set.n; i++) {
		TriggerLine *line = trigger->set.lines[i];

		if (!is_due(line))
			continue;
		if (!fires)
			trigger->fired = line;
		fires = TRUE;
		line->waits = TRUE;
	}
	if (fires)
		trigger->state = TRIGGER_QUEUED;
	return fires;
}

gboolean trigger_still_holds(const Trigger *trigger)
{
	return trigger->fired && trigger->fired->holds;
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

void trigger_dump_done(Trigger *trigger, unsigned generation, gint64 now_us)
{
	if (!is_waiting(trigger, generation))
		return;
	trigger->missed = FALSE;
	if (++trigger->dumps >= trigger->max_dumps) {
		trigger->state = trigger->max_dumps == 1 ? TRIGGER_FIRED : TRIGGER_EXHAUSTED;
		return;
	}
	trigger->state = TRIGGER_COOLDOWN;
	trigger->cooldown_until_us = now_us + (gint64)trigger->cooldown_s * G_USEC_PER_SEC;
}

void trigger_dump_failed(Trigger *trigger, unsigned generation)
{
	if (is_waiting(trigger, generation))
		trigger->state = TRIGGER_FAILED;
}

void trigger_postpone(Trigger *trigger)
{
	trigger->state = TRIGGER_ARMED;
	for (unsigned i = 0; i < trigger->set.n; i++)
		trigger->set.lines[i]->waits &= !trigger->set.lines[i]->holds;
}

gboolean trigger_dump_missed(Trigger *trigger, unsigned generation, gint64 now_us)
{
	gboolean first = !trigger->missed;

	if (!is_waiting(trigger, generation))
		return FALSE;
	trigger_postpone(trigger);
	trigger->missed = TRUE;
	trigger->retry_us = now_us + RETRY_US;
	return first;
}

const TriggerLine *trigger_take_rearmed(Trigger *trigger)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		TriggerLine *line = trigger->set.lines[i];

		if (!line->is_rearmed)
			continue;
		line->is_rearmed = FALSE;
		return line;
	}
	return NULL;
}

const char *trigger_state_name(TriggerState state)
{
	static const char *const names[TRIGGER_N_STATES] = {
		[TRIGGER_OFF] = "off",           [TRIGGER_ARMED] = "armed",
		[TRIGGER_QUEUED] = "queued",     [TRIGGER_DUMPING] = "dumping",
		[TRIGGER_COOLDOWN] = "cooldown", [TRIGGER_FIRED] = "fired",
		[TRIGGER_FAILED] = "failed",     [TRIGGER_EXHAUSTED] = "exhausted",
	};

	return names[state];
}

void trigger_describe(const Trigger *trigger, GString *out)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		trigger_line_describe(trigger->set.lines[i], out);
		g_string_append_c(out, '\n');
	}
	if (!trigger->set.n)
		g_string_append(out, "off\n");
}
