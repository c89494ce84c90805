#pragma once
/*
 * What runtimes 3.1 to 11 and ASP.NET Core have built in: metric-names.tsv, which is compiled in. Its names in
 * metrics are nobody else's, whatever an application calls its own.
 */
#include "fs/model/value.h"

typedef struct {
	ValueSource source;
	ValueKind kind;
	const char *provider, *name, *unit;
} MetricBuiltin;

/* The i-th; NULL behind the last. */
const MetricBuiltin *metric_builtin_get(unsigned i);
