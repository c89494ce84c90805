#pragma once
/*
 * Pieces of an exposition: what Prometheus scrapes, in its text format 0.0.4 and as OpenMetrics 1.0.
 *
 *                     0.0.4                                OpenMetrics
 *   counter x         # TYPE x_total counter               # TYPE x counter
 *                     x_total 1                            x_total 1
 *   info x            # TYPE x_info gauge                  # TYPE x info
 *                     x_info{..} 1                         x_info{..} 1
 *   unknown x         # TYPE x untyped                     # TYPE x unknown
 *
 * # UNIT is OpenMetrics' alone, and only where the name ends with it. Both end with # EOF: a comment to
 * one, demanded by the other.
 */
#include <glib.h>

typedef enum {
	METRIC_TEXT_PROMETHEUS,
	METRIC_TEXT_OPENMETRICS,
	METRIC_TEXT_N_FORMATS,
} MetricTextFormat;

typedef enum {
	METRIC_TEXT_GAUGE,
	METRIC_TEXT_COUNTER,
	METRIC_TEXT_SUMMARY,
	METRIC_TEXT_INFO,
	METRIC_TEXT_UNKNOWN,
	METRIC_TEXT_N_TYPES,
} MetricTextType;

/* "_total" of a counter, "_info", else "": what its samples have behind the family's name. */
const char *metric_text_suffix(MetricTextType type);

/* HELP, TYPE and UNIT. name: of the family, without the suffix; unit "" none. */
void metric_text_head(GString *out, MetricTextFormat format, MetricTextType type, const char *name,
                      const char *unit, const char *help);

/* `name` `suffix`{`labels``more`} value: labels have no comma in front, more (may be "") has one. */
void metric_text_sample(GString *out, const char *name, const char *suffix, const char *labels,
                        const char *more, double value);

/*
 * value * scale without the noise of the product: what was bytes before somebody made megabytes of it
 * is a whole number again, and 12.3 % is 0.123.
 */
double metric_text_scale(double value, double scale);

void metric_text_end(GString *out);
