#pragma once
/* What a session asks of System.Diagnostics.Metrics: the filter of that provider, taken apart. */
#include <glib.h>

typedef struct {
	gboolean asked;
	guint64 keywords; /* 1 messages, 2 values */
	char *session;    /* SessionId; one of our making when there is none, as in a runtime */
	char *metrics;    /* "Meter,Meter\instrument,*" */
	char *client;     /* ClientId; "" for none, as for the next two */
	char *max_histograms, *max_series;
	guint interval_ms; /* RefreshInterval, at least 100 */
} MetersRequest;

/* Of "Key=value;Key="value;value";..."; unknown keys are passed over. FALSE when an interval is no number. */
gboolean meters_request_parse(MetersRequest *ret, guint64 keywords, const char *filter);
void meters_request_clear(MetersRequest *request);
MetersRequest meters_request_copy(const MetersRequest *request);

/* Whether it names that instrument. Before .NET 9 a `*` is a letter like any other. */
gboolean meters_request_wants(const MetersRequest *request, unsigned release, const char *meter,
                              const char *instrument);
