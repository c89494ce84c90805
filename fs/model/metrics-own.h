#pragma once
/* Our own metrics of processes: what we are to them, and what we did. */
#include "fs/model/metric-text.h"
#include "fs/model/process.h"

/* Settles the labels of a process, once: FALSE while they cannot be known yet. */
gboolean metrics_own_label(Process *process, gint64 now_us);

/* The processes have labels. */
void metrics_own_append(Process *const *processes, unsigned n, MetricTextFormat format,
                        gint64 now_us, GString *out);
