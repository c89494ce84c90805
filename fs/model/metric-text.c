/* Lines of an exposition. */
#include "fs/model/metric-text.h"
#include <float.h>
#include <math.h>
#include <string.h>
#include "fs/model/metric-name.h"
#include "fs/model/number.h"

static const struct {
	const char *suffix;
	const char *names[METRIC_TEXT_N_FORMATS];
} types[METRIC_TEXT_N_TYPES] = {
	[METRIC_TEXT_GAUGE] = { "", { "gauge", "gauge" } },
	[METRIC_TEXT_COUNTER] = { "_total", { "counter", "counter" } },
	[METRIC_TEXT_SUMMARY] = { "", { "summary", "summary" } },
	[METRIC_TEXT_INFO] = { "_info", { "gauge", "info" } },
	[METRIC_TEXT_UNKNOWN] = { "", { "untyped", "unknown" } },
};

const char *metric_text_suffix(MetricTextType type)
{
	return types[type].suffix;
}

static gboolean ends_with_unit(const char *name, const char *unit)
{
	gsize n = strlen(name), len = strlen(unit);

	return len && n > len && name[n - len - 1] == '_' && strcmp(name + n - len, unit) == 0;
}

void metric_text_head(GString *out, MetricTextFormat format, MetricTextType type, const char *name,
                      const char *unit, const char *help)
{
	const char *suffix = format == METRIC_TEXT_PROMETHEUS ? types[type].suffix : "";

	g_string_append_printf(out, "# HELP %s%s ", name, suffix);
	metric_help_append(out, help, format == METRIC_TEXT_OPENMETRICS);
	g_string_append_printf(out, "\n# TYPE %s%s %s\n", name, suffix, types[type].names[format]);
	if (format == METRIC_TEXT_OPENMETRICS && ends_with_unit(name, unit))
		g_string_append_printf(out, "# UNIT %s %s\n", name, unit);
}

void metric_text_sample(GString *out, const char *name, const char *suffix, const char *labels,
                        const char *more, double value)
{
	g_string_append(out, name);
	g_string_append(out, suffix);
	g_string_append_c(out, '{');
	g_string_append(out, labels);
	g_string_append(out, more);
	g_string_append(out, "} ");
	if (isinf(value) && value > 0)
		g_string_append_c(out, '+');
	number_append(out, value);
	g_string_append_c(out, '\n');
}

double metric_text_scale(double value, double scale)
{
	static const double decimals[] = { 1, 1e3, 1e6, 1e9, 1e12 };
	const double noise = 4 * DBL_EPSILON, most = 1e14;
	double product = value * scale;

	if (scale == 1)
		return value;
	for (unsigned i = 0; i < G_N_ELEMENTS(decimals); i++) {
		double whole = rint(product * decimals[i]);
		double rounded = whole / decimals[i];

		if (!(fabs(whole) < most))
			break;
		if (fabs(product - rounded) <= fabs(product) * noise)
			return rounded;
	}
	return product;
}

void metric_text_end(GString *out)
{
	g_string_append(out, "# EOF\n");
}
