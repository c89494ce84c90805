#include "tests/bench/truth-file.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double NONSENSE_MB = 140737488.355328; /* 2^47 bytes */
static const double FAR_MB = 100, FAR_SHARE = 0.25, AGREE_MB = 10;
static const gint64 NEIGHBOUR_US = 20000;

static char **lines_of(const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (strcmp(path, "-") == 0)
		return g_new0(char *, 1);
	if (!g_file_get_contents(path, &text, NULL, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return NULL;
	}
	return g_strsplit(text, "\n", -1);
}

static TruthSpike *spike_of(Truth *truth, guint number)
{
	if (number == 0 || number > 1000000)
		return NULL;
	if (truth->spikes->len < number)
		g_array_set_size(truth->spikes, number);
	return &g_array_index(truth->spikes, TruthSpike, number - 1);
}

static void take_mark(Truth *truth, const char *word, gint64 us, guint number)
{
	TruthSpike *spike = spike_of(truth, number);

	if (spike == NULL)
		return;
	if (strcmp(word, "begin") == 0)
		spike->begin_us = us;
	else if (strcmp(word, "top") == 0)
		spike->top_us = us;
	else if (strcmp(word, "end") == 0)
		spike->end_us = us;
}

static void take_line(Truth *truth, const char *line)
{
	char word[8];
	gint64 us;
	double value;
	int n = sscanf(line, "%7s %" G_GINT64_FORMAT " %lf", word, &us, &value);

	if (n == 2 && strcmp(word, "x") == 0) {
		truth->garbage++;
	} else if (n == 3 && strcmp(word, "t") == 0) {
		TruthSample sample = { us, value / 1e6 };

		if (sample.mb < 0 || sample.mb > NONSENSE_MB)
			truth->garbage++;
		else
			g_array_append_val(truth->samples, sample);
	} else if (n == 3) {
		take_mark(truth, word, us, (guint)value);
	}
}

static gboolean is_alone(const TruthSample *s)
{
	double before = s[0].mb - s[-1].mb, after = s[0].mb - s[1].mb;
	double far = MAX(FAR_MB, FAR_SHARE * s[-1].mb);

	return s[0].us - s[-1].us < NEIGHBOUR_US && s[1].us - s[0].us < NEIGHBOUR_US &&
	       fabs(s[1].mb - s[-1].mb) < AGREE_MB && before * after > 0 && fabs(before) > far &&
	       fabs(after) > far;
}

static void drop_those_alone(Truth *truth)
{
	for (guint i = truth->samples->len; i-- > 1;) {
		if (i + 1 < truth->samples->len &&
		    is_alone(&g_array_index(truth->samples, TruthSample, i))) {
			g_array_remove_index(truth->samples, i);
			truth->garbage++;
		}
	}
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const TruthSample *x = a, *y = b;

	return (x->us > y->us) - (x->us < y->us);
}

gboolean truth_load(const char *path, Truth *ret)
{
	g_auto(GStrv) lines = lines_of(path);

	*ret = (Truth){ .samples = g_array_new(FALSE, TRUE, sizeof(TruthSample)),
		        .spikes = g_array_new(FALSE, TRUE, sizeof(TruthSpike)) };
	if (lines == NULL)
		return FALSE;
	for (char **line = lines; *line != NULL; line++)
		take_line(ret, *line);
	g_array_sort(ret->samples, by_time);
	drop_those_alone(ret);
	return TRUE;
}

void truth_clear(Truth *truth)
{
	g_clear_pointer(&truth->samples, g_array_unref);
	g_clear_pointer(&truth->spikes, g_array_unref);
}

static double number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at == NULL ? 0 : g_ascii_strtod(at + strlen(key), NULL);
}

GArray *events_load(const char *path, int pid, gint64 *ret_armed_us, double *ret_threshold_mb)
{
	g_auto(GStrv) lines = lines_of(path);
	GArray *fired = g_array_new(FALSE, TRUE, sizeof(FiredEvent));

	*ret_armed_us = 0;
	*ret_threshold_mb = 0;
	for (char **line = lines; line != NULL && *line != NULL; line++) {
		char time[32], word[32];
		int of;
		g_autoptr(GDateTime) date = NULL;
		FiredEvent event = { 0 };

		if (sscanf(*line, "%31s %d %31s", time, &of, word) != 3 || (pid != 0 && of != pid))
			continue;
		date = g_date_time_new_from_iso8601(time, NULL);
		if (date == NULL)
			continue;
		event.us = g_date_time_to_unix(date) * G_USEC_PER_SEC +
		           g_date_time_get_microsecond(date) / 1000 * 1000;
		event.threshold_mb = number_after(*line, " threshold_mb=");
		event.value_mb = number_after(*line, " value_mb=");
		if (strcmp(word, "fired") == 0) {
			g_array_append_val(fired, event);
		} else if (strcmp(word, "armed") == 0 && *ret_armed_us == 0) {
			*ret_armed_us = event.us;
			*ret_threshold_mb = event.threshold_mb;
		}
	}
	return fired;
}

GArray *readings_load(const char *path)
{
	g_auto(GStrv) lines = lines_of(path);
	GArray *readings = g_array_new(FALSE, TRUE, sizeof(Reading));

	for (char **line = lines; line != NULL && *line != NULL; line++) {
		Reading r = { 0 };
		int n = sscanf(*line, "%" G_GINT64_FORMAT " %lf %" G_GINT64_FORMAT, &r.us, &r.mb,
		               &r.of_us);

		if (n == 2)
			r.of_us = r.us;
		if (n >= 2 && isfinite(r.mb))
			g_array_append_val(readings, r);
	}
	return readings;
}
