#pragma once
/* What metrics.c (which values there are) and metrics-family.c (their lines) share. For nobody else. */
#include "fs/model/metric-source.h"
#include "fs/model/metrics.h"

/* A value that is to be written. */
typedef struct {
	unsigned process;
	unsigned id; /* of the counter, or of the series */
	MetricSource *source;
} Sample;

typedef struct {
	const char *name;  /* the source's */
	GArray *samples;   /* Sample, those of a process behind each other */
	Sample newest;     /* one of the newest runtime: it has the type and the help */
	unsigned index;    /* in Exposition.families, until they are sorted */
	gboolean is_mixed; /* there are samples of another type */
} Family;

/* One exposition. */
typedef struct {
	MetricSources *sources;
	guint64 render; /* its number */
	Process *const *processes;
	guint64 *runtimes; /* of the processes, as numbers */
	gsize *left;       /* bytes that each may still have */
	MetricTextFormat format;
	GArray *samples;     /* Sample, all */
	GPtrArray *families; /* Family */
	GHashTable *seen;    /* labels of a process in a family: of `seen_of` */
	unsigned seen_of;
	GString *labels; /* of the sample that is written */
	GString *out;
} Exposition;

/* metrics-family.c: a family, whole, appended to e->out. */
void metrics_append_family(Exposition *e, const Family *family);
