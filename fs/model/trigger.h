#pragma once
/*
 * The trigger of a process: when a dump is to be taken. Pure state: it asks for nothing itself. The
 * model feeds samples in, and does what trigger_sample() says.
 *
 *   off -> armed -> queued -> dumping -> fired        armed again by the next write only
 *                     |          `-----> failed       until the next write
 *                     `-> armed (missed: a dump was running already, or the queue was full)
 *
 * A kind of condition is one small file that exports one TriggerKind and has a line in the table of
 * trigger.c. A dump on demand never touches a trigger.
 */
#include <glib.h>
#include "fs/model/heap-level.h"

typedef enum {
	TRIGGER_OFF,
	TRIGGER_ARMED,
	TRIGGER_QUEUED, /* fired; its dump was asked for */
	TRIGGER_DUMPING,
	TRIGGER_FIRED,  /* its dump is done */
	TRIGGER_FAILED, /* its dump failed */
	TRIGGER_N_STATES,
} TriggerState;

typedef struct Trigger Trigger;

typedef struct {
	const char *name;
	/* Whether the condition holds at this level; never for NaN. */
	gboolean (*holds)(const Trigger *trigger, const HeapLevel *level);
	/* The condition as a line of text, without a newline. */
	void (*describe)(const Trigger *trigger, GString *out);
} TriggerKind;

extern const TriggerKind trigger_threshold; /* heap >= limit_mb */

struct Trigger {
	TriggerState state;
	const TriggerKind *kind; /* NULL while off */
	double limit_mb;         /* 0 while off */
	unsigned
		generation; /* goes up with every accepted write: an older dump's end is not ours */
	gboolean missed;    /* the last crossing was missed: said once */
	gint64 written_us;  /* wall clock of the last accepted write; 0 never */
};

const TriggerKind *trigger_kind_find(const char *name);

/* Accepted writes. The caller looks afterwards whether it fires at once (trigger_sample). */
void trigger_arm(Trigger *trigger, const TriggerKind *kind, double limit_mb, gint64 wall_us);
void trigger_disarm(Trigger *trigger, gint64 wall_us);

/* TRUE when the trigger fires now: it is then `queued`, and the caller asks for the dump. */
gboolean trigger_sample(Trigger *trigger, const HeapLevel *level);

/* What became of the dump asked for at `generation`; without effect when that is over. */
void trigger_dump_running(Trigger *trigger, unsigned generation);
void trigger_dump_done(Trigger *trigger, unsigned generation);
void trigger_dump_failed(Trigger *trigger, unsigned generation);
/* TRUE when this miss is to be told (the first since it was armed or since it fired last). */
gboolean trigger_dump_missed(Trigger *trigger, unsigned generation);

const char *trigger_state_name(TriggerState state);
/* "heap >= 500", or "off". */
void trigger_describe(const Trigger *trigger, GString *out);
