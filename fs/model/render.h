#pragma once
/*
 * The text of every file of the tree: pure functions of the model's state, appended to `out`. How a
 * text is served (snapshot, offsets, waiting) is not known here. 0, or a negative errno with
 * nothing appended: -ENODATA when there is no value yet.
 *
 * Keys of `status` of a process, one "key value" a line, in this order:
 *   state trigger threshold_mb line.N dump dump_bytes dumps sessions interval interval_seen
 *   sample_age_ms
 *   dropped_events counters_refused definitions_refused samples_refused detect detect_why heap_bound heap_limit
 *   attach meters meters_limits socket last_error
 * trigger is its state (trigger_state_name); threshold_mb as in the file; line.N, from 1, is a line
 * of `trigger` in quotes, its last value and its state (trigger_line_state); detect is how the heap
 * is followed now (alloc gc sampled, "-" while no trigger needs it), heap_bound is `lower` while
 * heap_mb may be higher in truth; dump
 * is idle, queued or running, dump_bytes what is written of it so far; interval in seconds, interval_seen that of the last sample; attach
 * is what counters wait for: `ready`, `waiting` for the sign or the delay, or `lazy`: for a reader; meters
 * is on, waiting or off; socket is `ok` or
 * `unlinked`. sample_age_ms and last_error are "-" when there is none.
 *
 * Keys of `status` at the root:
 *   version pid uptime_s processes sessions interval attach_delay dump_dir rss_kb broker_rss_kb
 *   dumps dropped_events log_dropped asks, front and broker (what they are left with), and `no-fds
 *   front|broker` while descriptors are short, too-many-sockets with a uid, or `unknown`, while not all of
 *   that user's sockets are looked at.
 *
 * Keys of `runtime`: version os arch rid entrypoint pid_in_namespace cookie started socket; "-" for
 * what is unknown.
 */
#include "fs/model/model.h"

int render_readme(Model *model, GString *out);
int render_processes(Model *model, GString *out);
int render_top(Model *model, GString *out);
int render_root_status(Model *model, GString *out);
/* metrics.h. */
int render_metrics(Model *model, GString *out);
int render_openmetrics(Model *model, GString *out);

int render_process_cmdline(Model *model, Process *process, GString *out);
int render_process_runtime(Model *model, Process *process, GString *out);
int render_process_status(Model *model, Process *process, GString *out);
int render_process_threshold(Model *model, Process *process, GString *out);
int render_process_heap(Model *model, Process *process, GString *out);
int render_process_peak(Model *model, Process *process, GString *out);
int render_process_trigger(Model *model, Process *process, GString *out);
int render_process_max_dumps(Model *model, Process *process, GString *out);
int render_process_cooldown(Model *model, Process *process, GString *out);
int render_process_detect(Model *model, Process *process, GString *out);
int render_process_providers(Model *model, Process *process, GString *out);
int render_process_interval(Model *model, Process *process, GString *out);
int render_process_dump_type(Model *model, Process *process, GString *out);
int render_process_dump(Model *model, Process *process, GString *out);

/* All values: in counters.csv as in value-csv.h; in counters.json one object, by paths below <pid>/. */
int render_process_csv(Model *model, Process *process, GString *out);
int render_process_json(Model *model, Process *process, GString *out);
int render_process_txt(Model *model, Process *process, GString *out);
int render_process_catalog(Model *model, Process *process, GString *out);
/* The same of one process. */
int render_process_metrics(Model *model, Process *process, GString *out);
int render_process_openmetrics(Model *model, Process *process, GString *out);

int render_counter(const Counter *counter, GString *out);
int render_meter(const MeterSeries *series, MeterValue value, GString *out);
int render_counter_peak(const Counter *counter, GString *out);
