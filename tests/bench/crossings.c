/*
 * crossings [-v] [-p PID] [-t THRESHOLD_MB] [-f FROM_US] [-u UNTIL_US] TRUTH [EVENTS [READINGS]]
 *
 * What a detection is worth, from the logs of truth-file.h; "-" stands for a log that there is not.
 * Prints a key and a value a line; with -v also each crossing and each false alarm.
 *
 * - A crossing is a time of 50 ms or more in which the truth is 2 % or more above the threshold.
 *   Those that follow before the truth was once below 88 % of it belong to the first: a line that
 *   fired is armed again only below 90 %.
 * - It is detected when a `fired` line lies between its beginning and its end + 100 ms. As a firing
 *   before the truth is 2 % above the threshold can be right, the beginning is where one would not be
 *   a false alarm: 150 ms before the truth was above 98 %. One in which the log ends counts only
 *   when it was detected.
 * - A program that is frozen by its dump notes nothing, and its heap stands still: where the truth is
 *   silent for more than 100 ms the last level holds until it speaks again.
 * - A false alarm is a firing with no truth above 98 % of the threshold within 150 ms on both
 *   sides. A firing with no truth at all there cannot be judged, and is counted as such.
 * - The error of a reading is its distance from what the truth was at the moment of which the
 *   reading tells. That is its file's time of modification (the stamp of the newest event in it);
 *   but when that is more than LAG_US before the moment of reading, no event came since, so that it
 *   tells of that later moment. The truth of a moment is the span of the two readings of the
 *   truth around it. Where those are more than 15 ms away there is none.
 * - The same as_read: against the truth of the moment in which it was read, so with the delay.
 *
 * truth_top_mb is the highest level that two readings of the truth in a row had: a single one beside
 * a collection can be a few percent off.
 *
 * Only what is between FROM and UNTIL counts; FROM is otherwise when the process was armed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/bench/truth-file.h"

static const double ABOVE = 1.02, NEAR = 0.98, QUIET = 0.88;

enum {
	CROSSING_US = 50000,
	AFTER_US = 100000,
	AROUND_US = 150000,
	AWAY_US = 15000,
	LAG_US = 250000,
	FROZEN_US = 100000,
	EVENT_US = 1000, /* stamps of events are whole milliseconds */
};

typedef struct {
	gint64 near_us;  /* above 98 %, the first time since it was last quiet */
	gint64 start_us; /* at the threshold */
	gint64 end_us;   /* the last moment 2 % above */
	double peak_mb;
	gint64 fired_us; /* 0: missed */
	gboolean long_enough;
	gboolean cut; /* the log ends in it: not missed when nothing fired by then */
} Crossing;

typedef struct {
	Truth truth;
	GArray *fired;    /* FiredEvent */
	GArray *readings; /* Reading */
	GArray *crossings;
	double threshold_mb;
	gint64 from_us, until_us;
	gboolean verbose;
} Run;

static const TruthSample *sample(const Run *run, guint i)
{
	return &g_array_index(run->truth.samples, TruthSample, i);
}

/* The first sample after us; the number of samples when there is none. */
static guint first_after(const Run *run, gint64 us)
{
	guint low = 0, high = run->truth.samples->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (sample(run, middle)->us > us)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Of the samples that led to number i, the first of those that were all at or above mb. */
static gint64 since(const Run *run, guint i, double mb)
{
	while (i > 0 && sample(run, i - 1)->mb >= mb && sample(run, i - 1)->us >= run->from_us)
		i--;
	return sample(run, i)->us;
}

/* One crossing, from sample number *i on; *i is then behind it. */
static Crossing take_crossing(const Run *run, guint *i, gint64 near_us)
{
	guint n = run->truth.samples->len, first = *i;
	Crossing c = { .near_us = near_us, .start_us = since(run, first, run->threshold_mb) };

	for (; *i < n && sample(run, *i)->mb >= run->threshold_mb * ABOVE; (*i)++) {
		c.peak_mb = MAX(c.peak_mb, sample(run, *i)->mb);
		c.end_us = sample(run, *i)->us;
	}
	if (*i < n && sample(run, *i)->us - c.end_us > FROZEN_US)
		c.end_us = sample(run, *i)->us;
	c.long_enough = c.end_us - sample(run, first)->us >= CROSSING_US;
	c.cut = *i == n;
	return c;
}

static void find_crossings(Run *run)
{
	gboolean armed = TRUE;
	gint64 near_us = 0;

	for (guint i = first_after(run, run->from_us - 1); i < run->truth.samples->len;) {
		const TruthSample *s = sample(run, i);
		Crossing c;

		if (s->us > run->until_us)
			break;
		if (s->mb < run->threshold_mb * QUIET) {
			armed = TRUE;
			near_us = 0;
		} else if (s->mb > run->threshold_mb * NEAR && near_us == 0) {
			near_us = s->us;
		}
		if (s->mb < run->threshold_mb * ABOVE) {
			i++;
			continue;
		}
		c = take_crossing(run, &i, near_us);
		if (armed && c.long_enough) {
			armed = FALSE;
			g_array_append_val(run->crossings, c);
		}
	}
}

static void match(Run *run)
{
	for (guint i = 0; i < run->crossings->len; i++) {
		Crossing *c = &g_array_index(run->crossings, Crossing, i);

		for (guint k = 0; k < run->fired->len; k++) {
			FiredEvent *event = &g_array_index(run->fired, FiredEvent, k);

			if (event->crossing != 0 || event->us + EVENT_US < c->near_us - AROUND_US ||
			    event->us > c->end_us + AFTER_US)
				continue;
			event->crossing = i + 1;
			c->fired_us = event->us;
			break;
		}
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. The value below which a share of all is. */
static double quantile(GArray *values, double share)
{
	guint at;

	if (values->len == 0)
		return NAN;
	qsort(values->data, values->len, sizeof(double), by_value);
	at = (guint)ceil(share * values->len);
	return g_array_index(values, double, at > 0 ? at - 1 : 0);
}

static void print_crossings(const Run *run)
{
	guint detected = 0, missed = 0;
	g_autoptr(GArray) late_ms = g_array_new(FALSE, FALSE, sizeof(double));

	for (guint i = 0; i < run->crossings->len; i++) {
		const Crossing *c = &g_array_index(run->crossings, Crossing, i);
		double ms = (double)(c->fired_us - c->start_us) / 1000;

		if (c->fired_us != 0) {
			detected++;
			g_array_append_val(late_ms, ms);
		} else if (!c->cut) {
			missed++;
		}
		if (run->verbose)
			printf("crossing %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
			       " %.3f %" G_GINT64_FORMAT "\n",
			       c->start_us, c->end_us, c->peak_mb, c->fired_us);
	}
	printf("threshold_mb %g\ncrossings %u\ndetected %u\nmissed %u\n", run->threshold_mb,
	       detected + missed, detected, missed);
	if (detected > 0)
		printf("fired_after_ms_median %.1f\nfired_after_ms_worst %.1f\n",
		       quantile(late_ms, 0.5), quantile(late_ms, 1));
}

static void print_firings(const Run *run)
{
	guint fired = 0, false_alarms = 0, unjudged = 0;

	for (guint k = 0; k < run->fired->len; k++) {
		const FiredEvent *event = &g_array_index(run->fired, FiredEvent, k);
		double highest = -1;

		if (event->us + EVENT_US < run->from_us || event->us > run->until_us)
			continue;
		fired++;
		for (guint i = first_after(run, event->us - AROUND_US - 1);
		     i < run->truth.samples->len &&
		     sample(run, i)->us <= event->us + EVENT_US + AROUND_US;
		     i++)
			highest = MAX(highest, sample(run, i)->mb);
		if (highest < 0)
			unjudged++;
		else if (highest <= event->threshold_mb * NEAR)
			false_alarms++;
		else
			continue;
		if (run->verbose)
			printf("%s %" G_GINT64_FORMAT " %.3f %.3f\n",
			       highest < 0 ? "unjudged" : "false", event->us, event->value_mb,
			       highest);
	}
	printf("fired %u\nfalse_alarms %u\nunjudged %u\n", fired, false_alarms, unjudged);
}

/* How far mb is from the truth of a moment, with its sign; FALSE where there is no truth. */
static gboolean error_at(const Run *run, gint64 us, double mb, double *ret)
{
	guint next = first_after(run, us);
	const TruthSample *a, *b;

	if (next == 0 || next >= run->truth.samples->len)
		return FALSE;
	a = sample(run, next - 1);
	b = sample(run, next);
	if (us - a->us > AWAY_US || b->us - us > AWAY_US)
		return FALSE;
	*ret = mb < MIN(a->mb, b->mb)   ? mb - MIN(a->mb, b->mb)
	       : mb > MAX(a->mb, b->mb) ? mb - MAX(a->mb, b->mb)
	                                : 0;
	return TRUE;
}

static void print_error(const Run *run, const char *name, gboolean as_read)
{
	g_autoptr(GArray) errors = g_array_new(FALSE, FALSE, sizeof(double));
	double sum = 0, bias = 0, worst = 0;
	gint64 worst_us = 0;
	guint without = 0;

	for (guint i = 0; i < run->readings->len; i++) {
		const Reading *r = &g_array_index(run->readings, Reading, i);
		double error, size;

		if (r->us < run->from_us || r->us > run->until_us)
			continue;
		if (!error_at(run, as_read ? r->us : MAX(r->of_us, r->us - LAG_US), r->mb,
		              &error)) {
			without++;
			continue;
		}
		size = fabs(error);
		g_array_append_val(errors, size);
		sum += size;
		bias += error;
		if (size > fabs(worst)) {
			worst = error;
			worst_us = r->us;
		}
	}
	printf("%s_n %u\n%s_without_truth %u\n", name, errors->len, name, without);
	if (errors->len == 0)
		return;
	printf("%s_mean_mb %.3f\n%s_bias_mb %.3f\n%s_p95_mb %.3f\n%s_worst_mb %.3f\n", name,
	       sum / errors->len, name, bias / errors->len, name, quantile(errors, 0.95), name,
	       worst);
	if (run->verbose)
		printf("%s_worst_us %" G_GINT64_FORMAT "\n", name, worst_us);
}

static void print_truth(const Run *run)
{
	double sum = 0, peak = 0, top = 0, before = 0;
	guint n = 0;

	for (guint i = first_after(run, run->from_us - 1); i < run->truth.samples->len; i++, n++) {
		if (sample(run, i)->us > run->until_us)
			break;
		sum += sample(run, i)->mb;
		peak = MAX(peak, sample(run, i)->mb);
		top = MAX(top, MIN(before, sample(run, i)->mb));
		before = sample(run, i)->mb;
	}
	printf("truth_n %u\ntruth_garbage %u\nspikes %u\n", n, run->truth.garbage,
	       run->truth.spikes->len);
	if (n > 0)
		printf("truth_mean_mb %.3f\ntruth_peak_mb %.3f\ntruth_top_mb %.3f\n", sum / n, peak,
		       top);
}

/* The options; FALSE for one that there is not. */
static gboolean parse(int argc, char **argv, Run *run, int *ret_pid)
{
	int opt;

	while ((opt = getopt(argc, argv, "vp:t:f:u:")) != -1) {
		switch (opt) {
		case 'v':
			run->verbose = TRUE;
			break;
		case 'p':
			*ret_pid = atoi(optarg);
			break;
		case 't':
			run->threshold_mb = g_ascii_strtod(optarg, NULL);
			break;
		case 'f':
			run->from_us = g_ascii_strtoll(optarg, NULL, 10);
			break;
		case 'u':
			run->until_us = g_ascii_strtoll(optarg, NULL, 10);
			break;
		default:
			return FALSE;
		}
	}
	return optind < argc && argc - optind <= 3;
}

int main(int argc, char **argv)
{
	Run run = { .until_us = G_MAXINT64 };
	gint64 armed_us;
	double armed_mb;
	int pid = 0;

	if (!parse(argc, argv, &run, &pid)) {
		fprintf(stderr, "usage: crossings [-v] [-p PID] [-t THRESHOLD_MB] [-f FROM_US] "
		                "[-u UNTIL_US] TRUTH [EVENTS|- [READINGS|-]]\n");
		return 2;
	}
	if (!truth_load(argv[optind], &run.truth))
		return 1;
	run.fired =
		events_load(optind + 1 < argc ? argv[optind + 1] : "-", pid, &armed_us, &armed_mb);
	run.readings = readings_load(optind + 2 < argc ? argv[optind + 2] : "-");
	run.crossings = g_array_new(FALSE, TRUE, sizeof(Crossing));
	if (run.threshold_mb == 0)
		run.threshold_mb = armed_mb;
	if (run.from_us == 0)
		run.from_us = armed_us;
	print_truth(&run);
	if (run.threshold_mb > 0) {
		find_crossings(&run);
		match(&run);
		print_crossings(&run);
		print_firings(&run);
	}
	print_error(&run, "error", FALSE);
	print_error(&run, "as_read", TRUE);
	truth_clear(&run.truth);
	g_array_unref(run.fired);
	g_array_unref(run.readings);
	g_array_unref(run.crossings);
	return 0;
}
