#pragma once
/*
 * `metrics` and `openmetrics`: all values of one process or of many, family by family, each with one HELP
 * and one TYPE, those of the newest runtime among the processes that have it; of what is built in, its own.
 * Samples of another type than that go to NAME_untyped.
 *
 * Labels: pid, process (the entry assembly, else the program's name), of meters otel_scope_name and, where
 * the meter has a version, otel_scope_version; then the tags, the meter's first. None changes while a
 * process lives: a process is left out until its name is settled, at most five seconds.
 *
 * Values that are old (value.h) are not written: to a scraper they end. Those of a process that tells nothing any
 * more stay, and triggerdumpfs_up is 0.
 *
 * Whatever targets send, the text is one that a scraper takes: two samples of equal labels are written
 * once, and a process gets no more than its share of METRICS_TEXT_MAX.
 */
#include "fs/model/metric-text.h"
#include "fs/model/process.h"

enum {
	METRICS_PROCESS_MAX =
		16 << 20, /* bytes of a process's samples, and what is behind is left out; */
	METRICS_TEXT_MAX = 128 << 20, /* less when there are more than eight processes */
	METRICS_NAME_WAIT_S = 5,      /* for the name of the entry assembly */
};

typedef struct Metrics Metrics;

Metrics *metrics_new(void);
void metrics_free(Metrics *metrics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metrics, metrics_free)

/* Appends the whole text. The processes have different pids, and are written in their order. */
void metrics_append(Metrics *metrics, Process *const *processes, unsigned n,
                    MetricTextFormat format, gint64 now_us, GString *out);

/* A sentence for `events`, said once each, to be freed, and whose it is (0: of all). NULL: none. */
char *metrics_take_notice(Metrics *metrics, pid_t *ret_pid);
