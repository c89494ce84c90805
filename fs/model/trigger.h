#pragma once
/*
 * The trigger of a process: when a dump is to be taken. Pure state: it asks for nothing itself. The
 * model feeds values in, and does what trigger_fires() says.
 *
 *   off -> armed -> queued -> dumping -> fired | exhausted    max_dumps reached (1, or more)
 *            ^        |          |`----> failed               until the next accepted write
 *            |        |          `-----> cooldown
 *            |        `-> armed (missed)     |
 *            `-------------------------------'
 *
 * It has up to TRIGGER_LINES_MAX conditions, and any of them fires. State, max_dumps and cooldown
 * belong to the process, re-arming to each line: after it has fired it waits until its condition is
 * false with the limit moved 10 % to the quiet side. A dump on demand never touches a trigger.
 *
 * A kind of condition is one small file that exports one TriggerKind and has a line in the table of
 * trigger-parse.c.
 */
#include <glib.h>

enum {
	TRIGGER_LINES_MAX = 16,
	TRIGGER_NAME_MAX = 768, /* bytes with the NUL */
	TRIGGER_FOR_MAX_S = 86400,
	TRIGGER_WINDOW_MAX_S = 600,
	TRIGGER_MAX_DUMPS_DEFAULT = 1,
	TRIGGER_MAX_DUMPS_MAX = 1000000,
	TRIGGER_COOLDOWN_S_DEFAULT = 60,
	TRIGGER_COOLDOWN_S_MAX = 604800,
	TRIGGER_MINIMA_MAX = 60,
};

typedef enum {
	TRIGGER_OFF,
	TRIGGER_ARMED,
	TRIGGER_QUEUED, /* fired; its dump was asked for */
	TRIGGER_DUMPING,
	TRIGGER_COOLDOWN,
	TRIGGER_FIRED,     /* the one dump is done */
	TRIGGER_EXHAUSTED, /* max_dumps, above 1, are done */
	TRIGGER_FAILED,    /* its dump failed, or a line cannot mean what it says */
	TRIGGER_N_STATES,
} TriggerState;

/* Where a line's value comes from. */
typedef enum {
	TRIGGER_HEAP,    /* heap_mb */
	TRIGGER_RSS,     /* MB */
	TRIGGER_THREADS, /* from /proc, like the next */
	TRIGGER_FDS,
	TRIGGER_VALUE, /* a value file below the process's directory */
} TriggerSource;

typedef enum {
	TRIGGER_GT,
	TRIGGER_GE,
	TRIGGER_LT,
	TRIGGER_LE,
} TriggerOp;

typedef struct TriggerLine TriggerLine;

typedef struct {
	const char *name;
	/* Whether the condition holds at line->value; never for NaN. */
	gboolean (*holds)(const TriggerLine *line);
	/* Whether it is false by so much that the line may fire again. */
	gboolean (*is_quiet)(const TriggerLine *line);
	/* A value was taken in, at a monotonic time. May be NULL. */
	void (*take)(TriggerLine *line, gint64 now_us);
	/* What follows the name, without a newline. */
	void (*describe)(const TriggerLine *line, GString *out);
	gboolean needs_exact; /* says nothing while the heap's level is a lower bound */
} TriggerKind;

extern const TriggerKind trigger_compare; /* NAME OP NUMBER[UNIT] [for N s|m] */
extern const TriggerKind trigger_grows;   /* NAME grows AMOUNT in N s|m */

/* The lowest values of the last window, in steps of a sixtieth of it. */
typedef struct {
	gint64 until_us; /* end of the step */
	double lowest;
} TriggerMinimum;

struct TriggerLine {
	const TriggerKind *kind;
	TriggerSource source;
	char *name; /* canonical */
	TriggerOp op;
	double number;       /* as written; heap and rss: in MB */
	char unit[4];        /* a size unit as written, upper case, for TRIGGER_VALUE; "" */
	gboolean is_percent; /* number is a share of the heap's limit */
	gint64 for_us, window_us;

	double limit;        /* number in the value's own unit; NaN while that is unknown */
	gboolean is_checked; /* the value was there once: unit and name are right */
	gboolean is_broken;  /* it has another unit than the line needs */
	gboolean is_warned;  /* that there is no such value (yet) */

	double value; /* the last; NaN before the first */
	gboolean has_value;
	gboolean holds;      /* at the last value */
	gboolean waits;      /* it has fired, and was not quiet since */
	gboolean is_rearmed; /* it has become quiet, which is to be told */
	gint64 held_us;      /* how long it has held, silences not counted */
	gint64 taken_us; /* monotonic, of the last value; 0: none, or one that nothing follows from */
	unsigned n_minima;
	TriggerMinimum minima[TRIGGER_MINIMA_MAX + 1]; /* of `grows`, oldest first */
};

/* The shape of a whole set, as it is parsed and as it is kept. */
typedef struct {
	TriggerLine *lines[TRIGGER_LINES_MAX];
	unsigned n;
} TriggerSet;

typedef struct {
	TriggerState state;
	TriggerSet set;      /* the line that threshold_mb shows stands first, if there is one */
	unsigned max_dumps;  /* 1 or more */
	unsigned cooldown_s; /* may be 0 */
	unsigned dumps;      /* taken since the last accepted write */
	gint64 cooldown_until_us;
	gint64 retry_us;          /* monotonic: after a miss not before */
	const TriggerLine *fired; /* the line that fired last; NULL when it is gone */
	unsigned
		generation; /* goes up with every accepted write: an older dump's end is not ours */
	gboolean missed;    /* the last crossing was missed: said once */
	/* wall clock of the last accepted write; 0 never */
	gint64 written_us, threshold_written_us, max_dumps_written_us, cooldown_written_us;
} Trigger;

void trigger_init(Trigger *trigger);
void trigger_clear(Trigger *trigger);

TriggerLine *trigger_line_new(const TriggerKind *kind, TriggerSource source, const char *name);
void trigger_line_free(TriggerLine *line);
void trigger_set_clear(TriggerSet *set);
/* "heap >= N" without `for`: what threshold_mb shows. */
gboolean trigger_line_is_threshold(const TriggerLine *line);
void trigger_line_describe(const TriggerLine *line, GString *out);
/* armed, waits (has fired, not yet quiet), unknown (no such value so far), failed. */
const char *trigger_line_state(const TriggerLine *line);

/*
 * Accepted writes: each resets count and cooldown, and every line may fire again. The caller feeds
 * what is known afterwards, and looks whether it fires at once.
 *
 * trigger_replace takes the lines of `set`: all old ones go, but the threshold stays when `set` has
 * none of its own.
 */
void trigger_replace(Trigger *trigger, TriggerSet *set, gint64 wall_us);
void trigger_set_threshold(Trigger *trigger, double mb, gint64 wall_us); /* 0: off */
/* max_dumps, cooldown_s: a dump that is queued or running is the first of the new count. */
void trigger_recount(Trigger *trigger);
/* 0: none. */
double trigger_threshold_mb(const Trigger *trigger);
gboolean trigger_needs(const Trigger *trigger, TriggerSource source);
/* Whether values matter: armed queued dumping cooldown. */
gboolean trigger_is_live(const Trigger *trigger);

/*
 * A value of a line, at a monotonic time. gap_us: two values that lie further apart are separated
 * by silence, which neither satisfies nor resets a `for`. lower_bound: the true value may be higher,
 * so that only > and >= are judged.
 */
void trigger_line_take(TriggerLine *line, double value, gboolean lower_bound, gint64 now_us,
                       gint64 gap_us);
/* The heap's lines. */
void trigger_take_heap(Trigger *trigger, double mb, gboolean lower_bound, gint64 now_us,
                       gint64 gap_us);
/* The level was set right by so much, which is no growth. */
void trigger_correct_heap(Trigger *trigger, double by_mb);
/* Time stands still: a dump runs. */
void trigger_pause(Trigger *trigger);
/* A line turned out not to mean what it says. */
void trigger_break(Trigger *trigger, TriggerLine *line);

/* TRUE when it fires now: it is then `queued`, trigger->fired is the line, and the caller asks for
 * the dump. Ends a cooldown that is over. */
gboolean trigger_fires(Trigger *trigger, gint64 now_us);
/* Whether the condition that fired still holds. */
gboolean trigger_still_holds(const Trigger *trigger);

/* What became of the dump asked for at `generation`; without effect when that is over. */
void trigger_dump_running(Trigger *trigger, unsigned generation);
void trigger_dump_done(Trigger *trigger, unsigned generation, gint64 now_us);
void trigger_dump_failed(Trigger *trigger, unsigned generation);
/* TRUE when this miss is to be told (the first since it was armed or since it fired last). */
gboolean trigger_dump_missed(Trigger *trigger, unsigned generation, gint64 now_us);

/* Not now: as if it had not fired, without a word. */
void trigger_postpone(Trigger *trigger);
/* A line that has become quiet since, each once; NULL when there is none (more). */
const TriggerLine *trigger_take_rearmed(Trigger *trigger);

const char *trigger_state_name(TriggerState state);
/* All lines, each with a newline; "off" and a newline. */
void trigger_describe(const Trigger *trigger, GString *out);

/*
 * The grammar (trigger-parse.c): one condition a line, blank ones and those that begin with # not
 * counted; "off" alone: none.
 *
 *   NAME OP NUMBER[UNIT] [for N s|m]          OP is > >= < <=
 *   NAME grows AMOUNT[UNIT] in N s|m
 *
 * NAME: heap (gc-heap-size is the same), rss, threads, fds, a counter of System.Runtime, or the path
 * of a value file without counters/. UNIT: one of size.h, or % for heap. Blanks are free.
 *
 * 0 and *ret; -EINVAL or -ERANGE and *ret_why, a sentence with line and column, to be freed.
 */
int trigger_parse(const char *text, gsize len, TriggerSet *ret, char **ret_why);
