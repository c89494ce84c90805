#pragma once
/*
 * What the files of the model share: model.c (records in, state out), model-attach.c (sessions),
 * model-dumps.c (dumps), model-acts.c (what users ask for). For nobody else.
 */
#include "fs/model/ask-queue.h"
#include "fs/model/journal.h"
#include "fs/model/model.h"

enum {
	MODEL_OBSERVERS_MAX = 8
};

typedef struct {
	ModelObserver call;
	void *data;
} ModelObserverEntry;

struct Model {
	const Settings *settings;
	ModelCallbacks callbacks;
	void *data;
	Link *link;
	AskQueue *asks;
	ProcessTable *processes;
	DumpList *dumps;
	EventLog *events;
	Journal journal;
	GPtrArray *sessions; /* all streams, retired ones too */
	GHashTable *jobs;    /* id of the ask -> Job (model-dumps.c) */
	GQueue acts;         /* ModelAct under way */
	ModelObserverEntry observers[MODEL_OBSERVERS_MAX];
	guint tick;
	guint64 dropped_events; /* of processes that are gone */
	guint64 broker_rss_kb;
	unsigned fds_max; /* descriptors that sessions may take */
	gboolean no_fds_front;
	gboolean no_fds_broker;
	gboolean ended;
};

/* model.c */
void model_notify(Model *model, ModelChange change, Process *process);
/* Something that status tells has changed. */
void model_touch(Model *model, Process *process);

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

/* model-dumps.c */
void model_dumps_init(Model *model);
void model_dumps_end(Model *model);
/* The trigger has fired. */
void model_dumps_fire(Model *model, Process *process);
/* act is told the outcome of the ask; may be NULL. 0, or -EAGAIN when too much is asked already. */
int model_dumps_demand(Model *model, Process *process, guint32 type, ModelAct *act);
void model_dumps_progress(Model *model, const Record *record);
void model_dumps_sealed(Model *model, const Record *record, const char *payload, gsize len);
void model_dumps_failed(Model *model, const Record *record, const char *payload, gsize len);

/* model-acts.c */
/* The answer to an act, which is freed. act NULL or without a caller: fd is closed. */
void model_act_done(ModelAct *act, int error, int fd, guint64 value);
void model_act_set_ask(ModelAct *act, guint64 id);
void model_acts_end(Model *model);

/* The trigger looks at the level as it is now. */
void model_trigger_look(Model *model, Process *process);
