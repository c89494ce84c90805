/* The rows of metric-names.tsv (metric-names.awk makes them of it). */
#include "fs/model/metric-builtin.h"

static const MetricBuiltin rows[] = {
#include "fs/model/metric-names.inc"
};

const MetricBuiltin *metric_builtin_get(unsigned i)
{
	return i < G_N_ELEMENTS(rows) ? &rows[i] : NULL;
}
