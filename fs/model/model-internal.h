#pragma once
/*
 * What the files of the model share: model.c (records in, state out), model-attach.c (sessions),
 * model-dumps.c (dumps), model-acts.c (what users ask for). For nobody else.
 */
#include "fs/model/ask-queue.h"
#include "fs/model/journal.h"
#include "fs/model/metrics.h"
#include "fs/model/model.h"

typedef enum {
	MODEL_ACT_ARM, /* threshold_mb, trigger */
	MODEL_ACT_DUMP,
	MODEL_ACT_ENVIRON,
	MODEL_ACT_OPEN,
	MODEL_ACT_REMOVE,
} ModelActKind;

struct ModelAct {
	Model *model;
	ModelActKind kind;
	guint64 ask;
	guint64 serial; /* of the process, or of the dump */
	RecordPart part;
	gboolean is_threshold; /* of an arming: limit_mb, else set */
	double limit_mb;
	TriggerSet set;   /* owned */
	ModelReply reply; /* NULL: the caller has gone */
	void *data;
	GList link;
};

enum {
	MODEL_OBSERVERS_MAX = 8
};

typedef struct {
	ModelObserver call;
	void *data;
} ModelObserverEntry;

typedef struct {
	gboolean begun; /* no further session */
	gboolean told;  /* by the broker */
	gboolean asked; /* `ended` is called when the sessions are over */
	int reason;
	gint64 begin_us, progress_us; /* monotonic */
	unsigned n_waited;
	guint look;
} ModelEnd;

struct Model {
	const Settings *settings;
	ModelCallbacks callbacks;
	void *data;
	Link *link;
	AskQueue *asks;
	ProcessTable *processes;
	DumpList *dumps;
	EventLog *events;
	Metrics *metrics;
	Journal journal;
	GPtrArray *sessions; /* all streams, retired ones too */
	GHashTable *jobs;    /* id of the ask -> Job (model-dumps.c) */
	GQueue acts;         /* ModelAct under way */
	ModelObserverEntry observers[MODEL_OBSERVERS_MAX];
	guint tick;
	guint64 dropped_events; /* of processes that are gone */
	guint64 broker_rss_kb;
	RecordWall front_wall, broker_wall;
	int statm;        /* /proc/self/statm; it cannot be opened later on */
	unsigned fds_max; /* descriptors that sessions may take */
	gboolean no_fds_front;
	gboolean no_fds_broker;
	gboolean too_many_sockets;
	uid_t sockets_uid;
	gboolean has_front_wall, has_broker_wall;
	ModelEnd end;
	gboolean ended;
};

/* model.c */
void model_notify(Model *model, ModelChange change, Process *process);
/* Something that status tells has changed. */
void model_touch(Model *model, Process *process);
/* `ended` is called, once. */
void model_over(Model *model, int reason);

/* model-end.c */
void model_end_clear(Model *model);

/* model-log.c */
/* A line in the log of the daemon, in the process's (may be NULL; then pid names it) and the
 * journal. What follows are keys and values, NULL-ended. */
void model_log(Model *model, Process *process, pid_t pid, EventWord word,
               ...) G_GNUC_NULL_TERMINATED;
/* The same of keys and values as the broker sends them: texts, NUL-ended each. */
void model_log_texts(Model *model, Process *process, pid_t pid, EventWord word, const char *texts,
                     gsize len);
/* The sentence behind an error. */
void model_set_error(Model *model, Process *process, const char *sentence);
/* The broker's sentence in an answer, or the errno's. Valid as long as payload. */
const char *model_sentence(int error, const char *payload, gsize len);

/* model-attach.c */
void model_attach_look(Model *model, Process *process); /* starts a session when one is due */
void model_attach_tick(Model *model, Process *process);
void model_attach_stream(Model *model, const Record *record, int fd); /* nobody waited for */
void model_attach_gone(Model *model, Process *process);
void model_attach_end(Model *model);
unsigned model_attach_sessions(const Model *model, guint64 serial); /* streams of a process */
/* Takes fd. */
Session *model_attach_add(Model *model, int fd, RecordSession row, guint64 serial);
/* Nobody wants it any more: the broker is asked to end it, and it is drained. */
void model_attach_stop(Model *model, Session *session);
/* When to try again after one more failure: after 1, 2, 4 .. 60 s. Monotonic. */
gint64 model_attach_retry_us(unsigned *failures);
/* Whether a descriptor for a further session is left; says so when not. */
gboolean model_attach_has_fds(Model *model);

/* model-values.c: what the session of counters and meters has in it */
void model_values_init(Model *model, Process *process);
/* The mount is there: what is to be said of its options. */
void model_values_begin(Model *model);
/* What should be in it now, with the payload of its ask; FALSE: there is nothing to ask for. */
gboolean model_values_wanted(Process *process, SessionConfig *ret, GString *names);
/* Says once of a list of providers what is not to be had by it. */
void model_values_tell(Model *model, Process *process);
gboolean model_values_outdated(const SessionConfig *held, const SessionConfig *wanted);
/* Whether it may be opened before the old one is ended. */
gboolean model_values_may_overlap(const Process *process, const SessionConfig *wanted);
/* FALSE: attach=lazy, and nobody reads. */
gboolean model_values_are_wanted(const Model *model, const Process *process, gint64 now);
void model_values_look(Process *process, const Counter *counter, gint64 now);

/* model-meters.c */
/* An event of the meters' session, if it is of ours. */
void model_meters_take(Model *model, Process *process, const MeterEvent *event, gint64 now_us,
                       gint64 wall_us);
/* A session begins: with `overlaps` the values of the one before go on. */
void model_meters_begin(Model *model, Process *process, gboolean overlaps);

/* model-detect.c: the session of GC events, and the level of the heap */
/* Opens, switches or closes it, as trigger and `detect` want it. */
void model_detect_look(Model *model, Process *process);
/* A GC stream that nobody waited for: TRUE when it is taken, with fd. */
gboolean model_detect_adopt(Model *model, Process *process, const Record *record, int fd);
void model_detect_lost(Model *model, Process *process, const char *why);
void model_detect_events(Model *model, Process *process, const SessionGcEvent *events, unsigned n);
/* Bytes allocated since the sample before, by the counter. */
void model_detect_rate(Model *model, Process *process, double bytes);
/* A sample of gc-heap-size. */
void model_detect_sample(Model *model, Process *process, double mb, gint64 stamp_ns, gint64 now_us,
                         gint64 wall_us);

/* model-trigger.c */
/* Values that lie further apart are separated by silence: three intervals. */
gint64 model_trigger_gap_us(const Process *process);
/* The trigger looks at what it was fed with, and may fire. */
void model_trigger_look(Model *model, Process *process);
/* The heap's level has changed. */
void model_trigger_heap(Model *model, Process *process, gint64 now_us);
/* Counters have changed. */
void model_trigger_values(Model *model, Process *process, gint64 now_us);
void model_trigger_tick(Model *model, Process *process);
/* -EINVAL and a sentence when a size cannot be compared with that value. */
int model_trigger_check_unit(Process *process, const TriggerLine *line, char **ret_why);

/* model-dumps.c */
void model_dumps_init(Model *model);
void model_dumps_end(Model *model);
/* The trigger has fired. */
void model_dumps_fire(Model *model, Process *process);
/* Lines were written over: a dump that one of the old ones asked for is not wanted any more, unless it has begun. */
void model_dumps_withdraw(Model *model, Process *process);
/* act is told the outcome of the ask; may be NULL. 0, or -EAGAIN when too much is asked already. */
int model_dumps_demand(Model *model, Process *process, guint32 type, ModelAct *act);
void model_dumps_progress(Model *model, const Record *record);
void model_dumps_sealed(Model *model, const Record *record, const char *payload, gsize len);
void model_dumps_failed(Model *model, const Record *record, const char *payload, gsize len);
/* The broker removed one by itself. */
void model_dumps_removed(Model *model, const Record *record, const char *payload, gsize len);

/* model-acts.c */
/* The answer to an act, which is freed. act NULL or without a caller: fd is closed. */
void model_act_done(ModelAct *act, int error, int fd, guint64 value);
void model_act_set_ask(ModelAct *act, guint64 id);
void model_acts_end(Model *model);
ModelAct *model_act_new(Model *model, ModelActKind kind, guint64 serial, ModelReply reply,
                        void *data);
/* Frees it without an answer. */
void model_act_drop(ModelAct *act);
/* Sends the ask of an act. 1, or -EAGAIN and the act is gone. */
int model_act_send(ModelAct *act, const Record *record, AskReply reply, ModelAct **ret_act);
/* The word that was written: without blanks around it; "" for what has a NUL byte in it. */
char *model_take_word(const char *text, gsize len);
/* A write that is not accepted: says why, changes nothing else. Returns error. */
int model_refuse(Model *model, Process *process, const char *file, int error, const char *sentence);
