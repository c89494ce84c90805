#pragma once
/*
 * The front's whole state and what happens to it: processes, logs, dumps, sessions, and the asks to
 * the broker. One thread, the default GLib main context, no locks. It knows nothing of FUSE: the
 * tree calls down, and what comes up is an observer's call.
 *
 * Callbacks never run inside the call that asked for them, except that observers run inside calls
 * that change something.
 */
#include "fs/broker/link.h"
#include "fs/model/dump-list.h"
#include "fs/model/process-table.h"
#include "fs/model/settings.h"

typedef struct Model Model;

typedef struct {
	/* After model_end, or the link ended (-EPIPE, or the reason). Once. */
	void (*ended)(int reason, void *data);
	/* The first scan is over. May be NULL. */
	void (*scanned)(void *data);
} ModelCallbacks;

/* Takes link_fd and log_fd (a connected datagram socket of syslog, or -1). The settings outlive
 * it. */
Model *model_new(int link_fd, int log_fd, const Settings *settings, const ModelCallbacks *callbacks,
                 void *data);
/* Cancels all acts: their callbacks are not called. */
void model_free(Model *model);

/* The end has begun (the broker says so, or nobody reads any more): sessions are stopped and drained, and none is
 * asked for. Further calls do nothing. */
void model_begin_end(Model *model);
/* Whether the broker has said so. */
gboolean model_end_is_told(const Model *model);
/* The same as model_begin_end; and `ended` is called with the reason when no session is left that can be stopped, or
 * none ended for 2 s, or after 4 s: then the others are closed. STOP of the broker does it, too (0). */
void model_end(Model *model, int reason);

/* What this process is left with, for `status`. */
void model_set_wall(Model *model, const RecordWall *wall);

/* INIT was answered: tells the broker. */
void model_ready(Model *model);

/* Some dump is asked for, or has no json yet. */
gboolean model_dumps_active(const Model *model);

const Settings *model_settings(const Model *model);
ProcessTable *model_processes(const Model *model);
DumpList *model_dumps(const Model *model);
EventLog *model_events(const Model *model);
gint64 model_now_us(const Model *model); /* monotonic */

/* What observers are told. */
typedef enum {
	MODEL_FOUND,   /* a process has a directory now */
	MODEL_GONE,    /* it is out of the table; the Process is freed after this call */
	MODEL_SAMPLES, /* new values of a process: counters, heap */
	MODEL_STATE,   /* what its status, trigger or dump state tells has changed (state_seq) */
	MODEL_EVENTS,  /* its log grew; process NULL: the root's */
	MODEL_DUMPS,   /* the list of dumps changed; process NULL */
} ModelChange;
typedef void (*ModelObserver)(ModelChange change, Process *process, void *data);

/* At most 8. Not to be called from an observer. */
void model_observe(Model *model, ModelObserver observer, void *data);
void model_unobserve(Model *model, ModelObserver observer, void *data);

/*
 * Acts. Each returns
 *   a negative errno: refused at once, the callback is never called;
 *   0: done at once, the callback is never called;
 *   1: under way, *ret_act is set; the callback is called once, unless the act is cancelled first.
 * The deadline is the caller's: when it has passed, it cancels. A sentence for what was refused is
 * in the process's last_error and in its events.
 */
typedef struct ModelAct ModelAct;
/* error: 0 or negative errno; fd: -1 or the callee's; value: what the act says. */
typedef void (*ModelReply)(int error, int fd, guint64 value, void *data);

/* Forgets the callback. What was not sent is not done; an arming that is cancelled never takes
 * place. */
void model_act_cancel(ModelAct *act);

/* `threshold_mb`, `trigger`, `dump_type`, `dump`, ...: text is one write() whole. */
int model_write_threshold(Model *model, Process *process, const char *text, gsize len,
                          ModelReply reply, void *data, ModelAct **ret_act);
int model_write_trigger(Model *model, Process *process, const char *text, gsize len,
                        ModelReply reply, void *data, ModelAct **ret_act);
int model_write_max_dumps(Model *model, Process *process, const char *text, gsize len);
int model_write_cooldown(Model *model, Process *process, const char *text, gsize len);
int model_write_detect(Model *model, Process *process, const char *text, gsize len);
int model_write_providers(Model *model, Process *process, const char *text, gsize len);
int model_write_interval(Model *model, Process *process, const char *text, gsize len);
/* The peak of the heap, or of one counter, is what it is now. */
int model_write_peak(Model *model, Process *process);
int model_write_counter_peak(Model *model, Process *process, unsigned counter);
/* Somebody reads a value: with attach=lazy its session is open for the next 60 s. */
void model_want_values(Model *model, Process *process);
/* A write that is no command, whatever it says: refuses it with a sentence. -EINVAL. */
int model_write_too_long(Model *model, Process *process, const char *file);
int model_write_dump_type(Model *model, Process *process, const char *text, gsize len);
int model_write_dump(Model *model, Process *process, const char *text, gsize len, ModelReply reply,
                     void *data, ModelAct **ret_act);
/* fd: a sealed memfd of at most 4 MiB; value: RecordEnviron. -EAGAIN while stopped, -EBUSY while
 * dumping, -ETIMEDOUT beside an unanswered request. */
int model_ask_environ(Model *model, Process *process, ModelReply reply, void *data,
                      ModelAct **ret_act);
/* fd: the part, opened for reading. */
int model_open_dump(Model *model, guint64 dump, RecordPart part, ModelReply reply, void *data,
                    ModelAct **ret_act);
/* After success the names of that part are gone from the list when the callback runs. */
int model_remove_dump(Model *model, guint64 dump, RecordPart part, ModelReply reply, void *data,
                      ModelAct **ret_act);

/* Figures for `status`. */
typedef struct {
	unsigned sessions;      /* streams open */
	unsigned asks;          /* outstanding and queued */
	guint64 dropped_events; /* of all processes, also of those that are gone */
	guint64 log_dropped;    /* lines that syslog did not take */
	guint64 broker_rss_kb;  /* 0 unknown */
	gboolean no_fds_front, no_fds_broker;
	gboolean too_many_sockets; /* of sockets_uid */
	uid_t sockets_uid;
	const RecordWall *front_wall, *broker_wall; /* NULL: not said so far */
} ModelFigures;
void model_figures(const Model *model, ModelFigures *ret);
