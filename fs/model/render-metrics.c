/* `metrics` and `openmetrics`, of all processes and of one. */
#include "fs/model/model-internal.h"
#include "fs/model/render.h"

static void append(Model *model, Process *const *processes, unsigned n, MetricTextFormat format,
                   GString *out)
{
	char *notice;
	pid_t pid;

	metrics_append(model->metrics, processes, n, format, g_get_monotonic_time(), out);
	while ((notice = metrics_take_notice(model->metrics, &pid))) {
		Process *process = pid ? process_table_find_pid(model->processes, pid) : NULL;

		model_log(model, process, 0, EVENT_WARNING, "text", notice, NULL);
		g_free(notice);
	}
}

static int append_all(Model *model, MetricTextFormat format, GString *out)
{
	g_autoptr(GPtrArray) processes = g_ptr_array_new();

	/* Of two with one pid, the newer has the directory. */
	for (Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial)) {
		if (process_table_find_pid(model->processes, p->found.pid) == p)
			g_ptr_array_add(processes, p);
	}
	append(model, (Process *const *)processes->pdata, processes->len, format, out);
	return 0;
}

int render_metrics(Model *model, GString *out)
{
	return append_all(model, METRIC_TEXT_PROMETHEUS, out);
}

int render_openmetrics(Model *model, GString *out)
{
	return append_all(model, METRIC_TEXT_OPENMETRICS, out);
}

int render_process_metrics(Model *model, Process *process, GString *out)
{
	append(model, &process, 1, METRIC_TEXT_PROMETHEUS, out);
	return 0;
}

int render_process_openmetrics(Model *model, Process *process, GString *out)
{
	append(model, &process, 1, METRIC_TEXT_OPENMETRICS, out);
	return 0;
}
