/* Meters: which instruments and tag sets there are, under which names, and what their numbers are. */
#include "fs/model/meter-store.h"
#include <malloc.h>
#include <math.h>
#include <string.h>
#include "fs/model/process.h"
#include "fs/model/value.h"

/* One event after the other; a MeterEvent is large. */
static MeterEvent event;

static MeterEvent *fill(MeterEventKind kind, const char *meter, const char *version,
                        const char *instrument, int id)
{
	memset(&event, 0, sizeof event);
	event.kind = kind;
	g_strlcpy(event.meter, meter, sizeof event.meter);
	g_strlcpy(event.version, version, sizeof event.version);
	g_strlcpy(event.instrument, instrument, sizeof event.instrument);
	event.has_id = id > 0;
	event.id = id;
	return &event;
}

static gboolean take(MeterStore *store)
{
	return meter_store_take(store, &event, 2, 10, 20);
}

static gboolean take_as(MeterStore *store, const MeterEvent *what)
{
	return meter_store_take(store, what, 2, 10, 20);
}

static void mark(MeterStore *store, MeterEventKind kind)
{
	fill(kind, "", "", "", 0);
	g_assert_false(take(store));
}

static void begin(MeterStore *store, const char *type, const char *meter, const char *version,
                  const char *instrument, int id)
{
	fill(METER_EVENT_BEGIN, meter, version, instrument, id);
	g_strlcpy(event.type, type, sizeof event.type);
	g_assert_false(take(store));
}

static MeterEvent *counter(const char *instrument, int id, const char *tags, double rate,
                           double value)
{
	fill(METER_EVENT_COUNTER, "App", "", instrument, id);
	g_strlcpy(event.tags, tags, sizeof event.tags);
	event.has_rate = event.has_value = TRUE;
	event.rate = rate;
	event.value = value;
	return &event;
}

static MeterEvent *histogram(const char *instrument, double p95, double count, double sum)
{
	fill(METER_EVENT_HISTOGRAM, "App", "", instrument, 0);
	if (!isnan(p95)) {
		event.n_quantiles = 3;
		event.quantiles[0].q = 0.5;
		event.quantiles[0].value = 1;
		event.quantiles[1].q = 0.75;
		event.quantiles[1].value = 1000;
		event.quantiles[2].q = 0.95;
		event.quantiles[2].value = p95;
	}
	event.has_count = TRUE;
	event.count = count;
	event.sum = sum;
	return &event;
}

static double value_at(const MeterStore *store, const char *path)
{
	MeterValue value;
	const MeterSeries *series = meter_store_find_path(store, path, &value);

	g_test_message("%s", path);
	g_assert_nonnull(series);
	return series->has & 1U << value ? series->values[value] : (double)INFINITY;
}

#define assert_value(store, path, number) g_assert_cmpfloat(value_at(store, path), ==, number)

static void assert_notice(MeterStore *store, const char *part)
{
	g_autofree char *text = meter_store_take_notice(store);

	g_assert_cmpstr(text, !=, NULL);
	g_test_message("%s", text);
	g_assert_nonnull(strstr(text, part));
}

static void test_kinds(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	MeterValue value;

	g_assert_true(take_as(store, counter("requests", 0, "", 10, 30)));
	assert_value(store, "App/requests/value", 30);
	assert_value(store, "App/requests/rate", 5);
	fill(METER_EVENT_GAUGE, "App", "", "level", 0);
	event.has_value = TRUE;
	event.value = -1.5;
	g_assert_true(take(store));
	assert_value(store, "App/level/value", -1.5);
	fill(METER_EVENT_UPDOWN, "App", "", "live", 0);
	event.has_value = event.has_rate = TRUE;
	event.value = 12;
	event.rate = -2;
	g_assert_true(take(store));
	assert_value(store, "App/live/value", 12);
	g_assert_true(take_as(store, histogram("lag", 3.5, 4, 10)));
	assert_value(store, "App/lag/p50", 1);
	assert_value(store, "App/lag/p95", 3.5);
	assert_value(store, "App/lag/p99", (double)INFINITY);
	assert_value(store, "App/lag/count", 4);
	assert_value(store, "App/lag/sum", 10);
	assert_value(store, "App/lag/count_rate", 2);
	g_assert_null(meter_store_find_path(store, "App/live/rate", &value));
	g_assert_null(meter_store_find_path(store, "App/lag/value", &value));
	g_assert_null(meter_store_find_path(store, "App/lag", &value));
	g_assert_null(meter_store_find_path(store, "App/lag//p95", &value));
	g_assert_null(meter_store_find_path(store, "App/lag/a=b/p95", &value));
	g_assert_null(meter_store_find_path(store, "App/lag/a=b/c/p95", &value));
	g_assert_null(meter_store_find_path(store, "", &value));
	g_assert_cmpuint(meter_store_n_meters(store), ==, 1);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 4);
	g_assert_cmpuint(meter_store_n_series(store), ==, 4);
	g_assert_cmpuint(meter_store_seq(store), ==, 4);
	g_assert_cmpuint(meter_store_series(store, 3)->seq, ==, 4);
	g_assert_cmpint(meter_store_series(store, 3)->time_us, ==, 10);
	g_assert_cmpint(meter_store_series(store, 3)->wall_us, ==, 20);
	g_assert_cmpuint(meter_store_refused(store), ==, 0);
}

/* What the files of a kind are, both ways. */
static void test_values(void)
{
	static const char *const expected[INSTRUMENT_N_KINDS] = {
		[INSTRUMENT_COUNTER] = "value rate ",
		[INSTRUMENT_UPDOWN] = "value ",
		[INSTRUMENT_GAUGE] = "value ",
		[INSTRUMENT_HISTOGRAM] = "p50 p95 p99 count sum count_rate ",
	};
	Instrument instrument = { .unit = (char *)"By" };

	for (unsigned kind = 0; kind < INSTRUMENT_N_KINDS; kind++) {
		g_autoptr(GString) names = g_string_new(NULL);

		for (unsigned i = 0; i < METER_N_VALUES; i++) {
			MeterValue value = METER_N_VALUES;

			g_assert_cmpint(meter_value_find(kind, meter_value_name(i), &value), ==,
			                meter_kind_has(kind, i));
			if (!meter_kind_has(kind, i))
				continue;
			g_assert_cmpuint(value, ==, i);
			g_string_append_printf(names, "%s ", meter_value_name(i));
		}
		g_assert_cmpstr(names->str, ==, expected[kind]);
	}
	g_assert_cmpstr(meter_value_unit(&instrument, METER_SUM), ==, "By");
	g_assert_cmpstr(meter_value_unit(&instrument, METER_COUNT), ==, "");
}

static void test_definition(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	const Instrument *instrument;

	fill(METER_EVENT_BEGIN, "App", "1.0", "temperature", 7);
	g_strlcpy(event.type, "ObservableUpDownCounter", sizeof event.type);
	g_strlcpy(event.unit, "Cel", sizeof event.unit);
	g_strlcpy(event.description, "outside", sizeof event.description);
	g_strlcpy(event.instrument_tags, "i=1", sizeof event.instrument_tags);
	g_strlcpy(event.meter_tags, "m=1", sizeof event.meter_tags);
	g_strlcpy(event.scope_hash, "77", sizeof event.scope_hash);
	g_assert_false(take(store));
	mark(store, METER_EVENT_ENUMERATED);
	instrument = meter_store_instrument(store, 0);
	g_assert_true(instrument->is_settled);
	g_assert_true(instrument->is_observable);
	g_assert_cmpint(instrument->kind, ==, INSTRUMENT_UPDOWN);
	g_assert_cmpstr(instrument->raw, ==, "temperature");
	g_assert_cmpstr(instrument->version, ==, "1.0");
	g_assert_cmpstr(instrument->unit, ==, "Cel");
	g_assert_cmpstr(instrument->description, ==, "outside");
	g_assert_cmpstr(instrument->instrument_tags, ==, "i=1");
	g_assert_cmpstr(instrument->meter_tags, ==, "m=1");
	g_assert_cmpstr(instrument->scope_hash, ==, "77");
	g_assert_cmpuint(meter_store_n_series(store), ==, 0);
	/* By its id alone; one of another kind is none of its. */
	g_assert_false(take_as(store, counter("temperature", 7, "", 1, 1)));
	g_assert_cmpuint(meter_store_refused(store), ==, 1);
	fill(METER_EVENT_UPDOWN, "App", "1.0", "temperature", 7);
	event.has_rate = event.has_value = TRUE;
	g_assert_true(take(store));
	g_assert_true(instrument->is_observable);
	/* It ends, its values stay, and it comes again. */
	fill(METER_EVENT_END, "App", "1.0", "temperature", 7);
	take(store);
	g_assert_true(instrument->has_ended);
	assert_value(store, "App/temperature/value", 0);
	fill(METER_EVENT_BEGIN, "App", "1.0", "temperature", 9);
	g_strlcpy(event.type, "ObservableUpDownCounter", sizeof event.type);
	g_strlcpy(event.instrument_tags, "i=1", sizeof event.instrument_tags);
	g_strlcpy(event.meter_tags, "m=1", sizeof event.meter_tags);
	g_strlcpy(event.scope_hash, "77", sizeof event.scope_hash);
	take(store);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 1);
	g_assert_false(instrument->has_ended);
	/* A class that is not known yet: what comes of it says what it is. */
	begin(store, "TachoMeter", "App", "", "new", 10);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 1);
	g_assert_true(take_as(store, counter("new", 10, "", 1, 1)));
	assert_value(store, "App/new/value", 1);
}

/* --- names ------------------------------------------------------------------------------------- */

static char *file_of(const MeterStore *store, const char *version, const char *tags)
{
	char *file = NULL;

	for (unsigned i = 0; i < meter_store_n_instruments(store); i++) {
		const Instrument *at = meter_store_instrument(store, i);

		if (!strcmp(at->version, version) && !strcmp(at->instrument_tags, tags)) {
			g_assert_null(file);
			g_assert_true(at->is_settled);
			g_assert_true(meter_store_find_instrument(store, 0, at->file) == at);
			file = g_strdup(at->file);
		}
	}
	g_assert_nonnull(file);
	return file;
}

static void begin_tagged(MeterStore *store, const char *version, int id, const char *tags)
{
	fill(METER_EVENT_BEGIN, "App", version, "jobs", id);
	g_strlcpy(event.type, "Counter", sizeof event.type);
	g_strlcpy(event.instrument_tags, tags, sizeof event.instrument_tags);
	g_assert_false(take(store));
}

/* Five of one name, in every order of their BEGINs and of their first values; with ids and without. */
static void test_same_name(void)
{
	static const struct {
		const char *version, *tags;
	} table[] = { { "1.0", "" }, { "2.0", "" }, { "2.0", "a" }, { "2.0", "b" }, { "3.0", "" } };
	enum {
		N = G_N_ELEMENTS(table),
		ORDERS = 120
	};
	char *expected[N];

	for (unsigned order = 0; order < ORDERS; order++) {
		g_autoptr(MeterStore) store = meter_store_new();
		gboolean is_done[N] = { FALSE };

		for (unsigned i = 0, rest = order; i < N; rest /= N - i, i++) {
			unsigned pick = rest % (N - i), k = 0;

			while (is_done[k] || pick > 0)
				pick -= !is_done[k++];
			is_done[k] = TRUE;
			begin_tagged(store, table[k].version, (int)k + 1, table[k].tags);
		}
		mark(store, METER_EVENT_ENUMERATED);
		g_assert_cmpuint(meter_store_n_instruments(store), ==, N);
		for (unsigned k = 0; k < N; k++) {
			g_autofree char *file = file_of(store, table[k].version, table[k].tags);

			g_assert_cmpuint(strlen(file), <, METER_FILE_NAME_SIZE);
			if (order)
				g_assert_cmpstr(file, ==, expected[k]);
			else
				expected[k] = g_steal_pointer(&file);
		}
	}
	g_assert_cmpstr(expected[0], ==, "jobs");
	for (unsigned i = 1; i < N; i++) {
		g_assert_true(g_str_has_prefix(expected[i], "jobs~"));
		g_assert_cmpuint(strlen(expected[i]), ==, strlen("jobs~01234567"));
		for (unsigned k = 1; k < i; k++)
			g_assert_cmpstr(expected[i], !=, expected[k]);
	}
	for (unsigned i = 0; i < N; i++)
		g_free(expected[i]);
}

/* A name that was shown stays, whatever comes later. */
static void test_names_stay(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	const Instrument *second;

	begin(store, "Counter", "App", "2.0", "jobs", 5);
	g_assert_false(meter_store_instrument(store, 0)->is_settled);
	begin(store, "Counter", "App", "1.0", "jobs", 4);
	mark(store, METER_EVENT_COLLECTION_START);
	second = meter_store_find_instrument(store, 0, "jobs");
	g_assert_cmpuint(second->id, ==, 1);
	begin(store, "Counter", "App", "0.1", "jobs", 1);
	mark(store, METER_EVENT_COLLECTION_STOP);
	g_assert_true(meter_store_find_instrument(store, 0, "jobs") == second);
	g_assert_true(g_str_has_prefix(meter_store_instrument(store, 2)->file, "jobs~"));
}

/* Another session: other ids for the same; they mean what they meant. */
static void test_reset_ids(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	g_autofree char *two = NULL, *two_a = NULL;

	begin_tagged(store, "1.0", 1, "");
	begin_tagged(store, "2.0", 2, "");
	begin_tagged(store, "2.0", 3, "a");
	mark(store, METER_EVENT_ENUMERATED);
	two = file_of(store, "2.0", "");
	two_a = file_of(store, "2.0", "a");
	g_assert_cmpint(meter_store_since_us(store), ==, 0);
	meter_store_reset(store, 77);
	g_assert_cmpint(meter_store_since_us(store), ==, 77);
	begin_tagged(store, "2.0", 1, "a");
	begin_tagged(store, "1.0", 2, "");
	begin_tagged(store, "2.0", 3, "");
	mark(store, METER_EVENT_ENUMERATED);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	counter("jobs", 1, "", 1, 11);
	g_strlcpy(event.version, "2.0", sizeof event.version);
	g_assert_true(take(store));
	event.id = 3;
	event.value = 33;
	g_assert_true(take(store));
	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *path = g_strdup_printf("App/%s/value", i ? two : two_a);

		assert_value(store, path, i ? 33 : 11);
	}
	g_assert_null(meter_store_take_notice(store));
	/* By values alone, as of a session that was joined: what cannot be known is told. */
	meter_store_reset(store, 78);
	event.id = 70;
	g_assert_true(take(store));
	event.id = 71;
	g_assert_true(take(store));
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	assert_notice(store, "cannot be told apart");
	event.id = 72;
	g_assert_true(take(store));
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 4);
}

/* Values alone, in one collection in any order: names by id all the same. */
static void test_values_alone(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	mark(store, METER_EVENT_COLLECTION_START);
	for (int id = 9; id >= 7; id--)
		g_assert_true(take_as(store, counter("jobs", id, "", 1, id)));
	g_assert_false(meter_store_instrument(store, 0)->is_settled);
	mark(store, METER_EVENT_COLLECTION_STOP);
	assert_value(store, "App/jobs/value", 7);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	/* A BEGIN says the rest. */
	begin(store, "ObservableCounter", "App", "", "jobs", 8);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	g_assert_true(meter_store_instrument(store, 1)->is_observable);
}

/* .NET 8: no ids. Versions and kinds tell apart, nothing else does. */
static void test_no_ids(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	begin(store, "Counter", "App", "1.0", "jobs", 0);
	begin(store, "Counter", "App", "2.0", "jobs", 0);
	begin(store, "Histogram", "App", "", "jobs", 0);
	mark(store, METER_EVENT_ENUMERATED);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	/* Each change of settings begins them anew. */
	begin(store, "Counter", "App", "1.0", "jobs", 0);
	g_assert_null(meter_store_take_notice(store));
	begin_tagged(store, "1.0", 0, "other=1");
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	assert_notice(store, "cannot be told apart");
	begin_tagged(store, "1.0", 0, "other=2");
	g_assert_null(meter_store_take_notice(store));
	counter("jobs", 0, "", 1, 5);
	g_strlcpy(event.version, "2.0", sizeof event.version);
	g_assert_true(take(store));
	g_assert_true(take_as(store, histogram("jobs", 1, 1, 1)));
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 3);
	fill(METER_EVENT_END, "App", "2.0", "jobs", 0);
	g_strlcpy(event.type, "Counter", sizeof event.type);
	take(store);
	g_assert_false(meter_store_instrument(store, 0)->has_ended);
	g_assert_true(meter_store_instrument(store, 1)->has_ended);
}

/* Every tag set is one of its own under a name that is safe, the same in another store. */
static void test_tags(void)
{
	g_autofree char *long_value = g_strnfill(300, 'v');
	g_autofree char *longer = g_strconcat("k=", long_value, NULL);
	g_autofree char *longest = g_strconcat("k=", long_value, "w", NULL);
	const char *const tags[] = { "",      "k=a/b",   "k=a=b",  "k=a,b",
		                     "k=a b", "k=\"a\"", "k=a\nb", "k=\xf0\x9f\x98\x80",
		                     "k=..",  "k=%2F",   "k=/",    "..",
		                     "value", "rate",    longer,   longest };
	const unsigned n = G_N_ELEMENTS(tags);
	g_autoptr(MeterStore) store = meter_store_new();
	g_autoptr(MeterStore) other = meter_store_new();

	for (unsigned i = 0; i < n; i++) {
		g_assert_true(take_as(store, counter("jobs", 1, tags[i], 1, i)));
		g_assert_true(take_as(other, counter("jobs", 1, tags[n - 1 - i], 1, i)));
	}
	g_assert_cmpuint(meter_store_n_series(store), ==, n);
	for (unsigned i = 0; i < n; i++) {
		const MeterSeries *series = meter_store_series(store, i);
		const MeterSeries *same = meter_store_find_series(other, 0, series->file);
		MeterValue value;

		g_assert_cmpstr(series->tags, ==, tags[i]);
		g_assert_cmpfloat(series->values[METER_VALUE], ==, i);
		g_assert_true(meter_store_find_series(store, 0, series->file) == series);
		g_assert_nonnull(same);
		g_assert_cmpstr(same->tags, ==, tags[i]);
		g_assert_null(strchr(series->file, '/'));
		g_assert_cmpuint(strlen(series->file), <=, 200);
		g_assert_false(meter_value_find(INSTRUMENT_COUNTER, series->file, &value));
	}
	g_assert_cmpstr(meter_store_series(store, 1)->file, ==, "k=a%2Fb");
	assert_value(store, "App/jobs/k=a,b/value", 3);
	assert_value(store, "App/jobs/value", 0);
	/* Those that were cut would be mixed up. */
	counter("jobs", 1, "k=cut", 1, 1);
	event.tags_cut = TRUE;
	g_assert_false(take(store));
	g_assert_cmpuint(meter_store_n_series(store), ==, n);
	assert_notice(store, "bytes of tags");
}

/* --- numbers ----------------------------------------------------------------------------------- */

static void test_equal_tags(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	for (unsigned round = 0; round < 2; round++) {
		mark(store, METER_EVENT_COLLECTION_START);
		g_assert_true(take_as(store, counter("jobs", 1, "a=1,b=2", 2, 10 + round)));
		g_assert_true(take_as(store, counter("jobs", 1, "a=1,b=2", 4, 100)));
		g_assert_true(take_as(store, histogram("lag", 3, 4, 40)));
		g_assert_true(take_as(store, histogram("lag", 2, 1, 10)));
		mark(store, METER_EVENT_COLLECTION_STOP);
		assert_value(store, "App/jobs/a=1,b=2/value", 110 + round);
		assert_value(store, "App/jobs/a=1,b=2/rate", 3);
		assert_value(store, "App/lag/p95", 2);
		assert_value(store, "App/lag/count", 1 + round);
		assert_value(store, "App/lag/sum", 10 + 10 * round);
	}
	g_assert_cmpfloat(meter_store_series(store, 0)->increment, ==, 6);
	g_assert_cmpfloat(meter_store_series(store, 0)->before, ==, 110);
	assert_notice(store, "meters/App/jobs: tag sets that are equal");
	g_assert_null(meter_store_take_notice(store));
	/* Outside of a collection each is one of its own. */
	take_as(store, counter("jobs", 1, "a=1,b=2", 2, 1));
	take_as(store, counter("jobs", 1, "a=1,b=2", 2, 2));
	assert_value(store, "App/jobs/a=1,b=2/value", 2);
}

/* Histograms are of an interval, and summed since the session's start. */
static void test_sums(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	const MeterSeries *series;

	take_as(store, histogram("lag", 3, 4, 40));
	take_as(store, histogram("lag", 5, 2, 10));
	assert_value(store, "App/lag/count", 6);
	assert_value(store, "App/lag/sum", 50);
	assert_value(store, "App/lag/count_rate", 1);
	/* Nothing was measured: no quantile holds any more. */
	take_as(store, histogram("lag", (double)NAN, 0, 0));
	series = meter_store_series(store, 0);
	g_assert_true(isnan(value_at(store, "App/lag/p95")));
	assert_value(store, "App/lag/p99", (double)INFINITY);
	assert_value(store, "App/lag/count", 6);
	assert_value(store, "App/lag/count_rate", 0);
	g_assert_cmpuint(series->seq, ==, 3);
	/* A new session: the old values stay until there is a new one. */
	meter_store_reset(store, 1);
	assert_value(store, "App/lag/count", 6);
	take_as(store, histogram("lag", 5, 2, 10));
	assert_value(store, "App/lag/count", 2);
	assert_value(store, "App/lag/sum", 10);
}

/* .NET 6 and 7: deltas alone. */
static void test_deltas(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	begin(store, "ObservableUpDownCounter", "App", "", "live", 0);
	for (unsigned i = 0; i < 3; i++) {
		fill(METER_EVENT_UPDOWN, "App", "", "live", 0);
		event.has_rate = TRUE;
		event.rate = i == 2 ? -4 : 3;
		g_assert_true(take(store));
		counter("jobs", 0, "", 5, 0);
		event.has_value = FALSE;
		g_assert_true(take(store));
	}
	assert_value(store, "App/live/value", 2);
	assert_value(store, "App/jobs/value", 15);
	assert_value(store, "App/jobs/rate", 2.5);
	g_assert_false(meter_store_instrument(store, 0)->is_observable);
	meter_store_reset(store, 1);
	take(store);
	assert_value(store, "App/jobs/value", 5);
	/* Nothing was measured. */
	event.has_rate = FALSE;
	g_assert_false(take(store));
	assert_value(store, "App/jobs/value", 5);
	fill(METER_EVENT_GAUGE, "App", "", "level", 0);
	g_assert_false(take(store));
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 2);
}

static void test_intervals(void)
{
	static const double none[] = { 0, 0.001, -1, (double)NAN };
	g_autoptr(MeterStore) store = meter_store_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(none); i++) {
		counter("jobs", 0, "", 5, 5);
		g_assert_true(meter_store_take(store, &event, 1, 1, 1));
		assert_value(store, "App/jobs/rate", 5);
		g_assert_true(meter_store_take(store, &event, none[i], 1, 1));
		assert_value(store, "App/jobs/rate", (double)INFINITY);
		assert_value(store, "App/jobs/value", 5);
	}
}

static void test_limits(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	g_assert_cmpstr(meter_store_limits(store), ==, "-");
	mark(store, METER_EVENT_HISTOGRAM_LIMIT);
	g_assert_cmpstr(meter_store_limits(store), ==, "histograms");
	mark(store, METER_EVENT_SERIES_LIMIT);
	mark(store, METER_EVENT_SERIES_LIMIT);
	g_assert_cmpstr(meter_store_limits(store), ==, "time-series,histograms");
	assert_notice(store, "time series");
	assert_notice(store, "histograms");
	g_assert_null(meter_store_take_notice(store));
	meter_store_reset(store, 1);
	g_assert_cmpstr(meter_store_limits(store), ==, "-");
	mark(store, METER_EVENT_SERIES_LIMIT);
	g_assert_cmpstr(meter_store_limits(store), ==, "time-series");
	g_assert_null(meter_store_take_notice(store));
	/* None of its. */
	mark(store, METER_EVENT_ERROR);
	mark(store, METER_EVENT_VERSION);
	g_assert_cmpuint(meter_store_seq(store), ==, 0);
}

/* --- what a hostile target sends --------------------------------------------------------------- */

static void test_caps(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	char name[32];

	for (unsigned i = 0; i < 2000; i++) {
		g_snprintf(name, sizeof name, "c%u", i);
		take_as(store, counter(name, 0, "", 1, i));
	}
	g_assert_cmpuint(meter_store_n_instruments(store), ==, METER_INSTRUMENT_MAX);
	g_assert_cmpuint(meter_store_refused(store), ==, 2000 - METER_INSTRUMENT_MAX);
	assert_notice(store, "more than 1024 instruments");
	for (unsigned i = 0; i < 5000; i++) {
		g_snprintf(name, sizeof name, "k=%u", i);
		take_as(store, counter("c1", 0, name, 1, i));
	}
	g_assert_cmpuint(meter_store_n_series(store), ==, METER_SERIES_MAX);
	assert_notice(store, "more than 4096 tag sets");
	g_assert_null(meter_store_take_notice(store));
	/* Those that exist go on. */
	g_assert_true(take_as(store, counter("c5", 0, "", 1, 77)));
	assert_value(store, "App/c5/value", 77);
}

static void test_caps_of_meters(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	char name[32];

	for (unsigned i = 0; i < 300; i++) {
		g_snprintf(name, sizeof name, "m%u", i);
		begin(store, "Counter", name, "", "x", (int)i + 1);
	}
	g_assert_cmpuint(meter_store_n_meters(store), ==, METER_MAX);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, METER_MAX);
	assert_notice(store, "more than 256 meters");
	/* One that makes its meter anew for each request. */
	for (unsigned i = 0; i < 300; i++)
		begin(store, "Counter", "m1", "", "x", (int)i + 1000);
	g_assert_cmpuint(meter_store_n_instruments(store), ==, METER_MAX + METER_EQUAL_MAX - 1);
	assert_notice(store, "more than 64 instruments of one");
}

static gsize text_bytes(const MeterStore *store)
{
	gsize n = 0;

	for (unsigned i = 0; i < meter_store_n_instruments(store); i++) {
		const Instrument *at = meter_store_instrument(store, i);

		n += strlen(at->raw) + strlen(at->file) + strlen(at->version) + strlen(at->unit) +
		     strlen(at->description) + strlen(at->instrument_tags) +
		     strlen(at->meter_tags) + strlen(at->scope_hash);
	}
	for (unsigned i = 0; i < meter_store_n_series(store); i++)
		n += strlen(meter_store_series(store, i)->tags) +
		     strlen(meter_store_series(store, i)->file);
	return n;
}

/* The longest texts there can be. */
static void test_long_texts(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	for (int i = 0; i < 5000; i++) {
		fill(METER_EVENT_BEGIN, "App", "", "", i + 1);
		g_strlcpy(event.type, "Gauge", sizeof event.type);
		memset(event.instrument, 'i', sizeof event.instrument - 1);
		g_snprintf(event.instrument, 16, "%015d", i % 3000);
		event.instrument[15] = 'x';
		memset(event.description, 'd', sizeof event.description - 1);
		memset(event.meter_tags, 'm', sizeof event.meter_tags - 1);
		take(store);
		event.kind = METER_EVENT_GAUGE;
		event.has_value = TRUE;
		memset(event.tags, 't', sizeof event.tags - 1);
		take(store);
		g_assert_cmpuint(strlen(meter_store_instrument(store, 0)->file), <,
		                 METER_FILE_NAME_SIZE);
	}
	g_assert_cmpuint(text_bytes(store), <=, METER_TEXT_MAX);
	g_assert_cmpuint(text_bytes(store), >, METER_TEXT_MAX / 2);
	assert_notice(store, "bytes of names and tags");
}

static void test_million_names(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	gsize before = mallinfo2().uordblks;

	fill(METER_EVENT_COUNTER, "", "", "", 0);
	event.has_value = event.has_id = TRUE;
	for (int i = 0; i < 1000000; i++) {
		event.kind = i % 3 ? METER_EVENT_COUNTER : METER_EVENT_BEGIN;
		event.id = i + 1;
		g_strlcpy(event.type, "Counter", sizeof event.type);
		g_snprintf(event.meter, sizeof event.meter, "m%d", i % 300);
		g_snprintf(event.instrument, sizeof event.instrument, "/%d\n", i / 2);
		g_snprintf(event.tags, sizeof event.tags, "k=%d/\xff", i);
		meter_store_take(store, &event, 1, i, i);
	}
	g_assert_cmpuint(meter_store_n_meters(store), <=, METER_MAX);
	g_assert_cmpuint(meter_store_n_instruments(store), <=, METER_INSTRUMENT_MAX);
	g_assert_cmpuint(meter_store_n_series(store), <=, METER_SERIES_MAX);
	g_assert_cmpuint(meter_store_refused(store), >, 900000);
	/* Caps, tables and texts together; what sanitizers add is not counted by mallinfo. */
	g_assert_cmpuint(mallinfo2().uordblks - before, <, 4 << 20);
}

/* The same instrument again and again under other ids. */
static void test_many_ids(void)
{
	g_autoptr(MeterStore) store = meter_store_new();
	gsize before = mallinfo2().uordblks;

	for (int i = 1; i <= 100000; i++) {
		begin(store, "Counter", "App", "", "jobs", i);
		fill(METER_EVENT_END, "App", "", "jobs", i % 2 ? i : 0);
		g_strlcpy(event.type, "Counter", sizeof event.type);
		take(store);
	}
	g_assert_cmpuint(meter_store_n_instruments(store), ==, 1);
	g_assert_cmpuint(mallinfo2().uordblks - before, <, 64 << 10);
	/* None of these ids means anything any more. */
	g_assert_true(take_as(store, counter("other", 7, "", 1, 1)));
	g_assert_nonnull(meter_store_find_instrument(store, 0, "other"));
}

/* Any bytes: names stay unique, safe and findable. */
static void test_random(void)
{
	g_autoptr(MeterStore) store = meter_store_new();

	for (unsigned i = 0; i < 20000; i++) {
		memset(&event, 0, sizeof event);
		event.kind = (MeterEventKind)g_test_rand_int_range(0, METER_EVENT_VERSION + 1);
		event.has_id = g_test_rand_bit();
		event.id = g_test_rand_int_range(1, 50);
		g_strlcpy(event.type, g_test_rand_bit() ? "Counter" : "Histogram",
		          sizeof event.type);
		event.meter[0] = (char)g_test_rand_int_range(1, 256);
		event.instrument[0] = "abc"[g_test_rand_int_range(0, 3)];
		event.version[0] = "12"[g_test_rand_int_range(0, 2)];
		event.scope_hash[0] = "12"[g_test_rand_int_range(0, 2)];
		for (int k = g_test_rand_int_range(0, 5); k > 0; k--)
			event.tags[k - 1] = "=,/a\xc3"[g_test_rand_int_range(0, 5)];
		event.has_rate = g_test_rand_bit();
		event.has_value = g_test_rand_bit();
		event.has_count = g_test_rand_bit();
		event.value = g_test_rand_bit() ? (double)NAN : (double)INFINITY;
		event.n_quantiles = g_test_rand_bit() ? 0 : METER_EVENT_QUANTILES_MAX;
		if (!g_test_rand_int_range(0, 500))
			meter_store_reset(store, i);
		take(store);
	}
	meter_store_reset(store, 1);
	for (unsigned i = 0; i < meter_store_n_meters(store); i++) {
		const Meter *meter = meter_store_meter(store, i);

		g_assert_true(meter_store_find_meter(store, meter->file) == meter);
	}
	for (unsigned i = 0; i < meter_store_n_instruments(store); i++) {
		const Instrument *at = meter_store_instrument(store, i);

		g_assert_true(at->is_settled);
		g_assert_true(meter_store_find_instrument(store, at->meter, at->file) == at);
	}
	for (unsigned i = 0; i < meter_store_n_series(store); i++) {
		const MeterSeries *at = meter_store_series(store, i);

		g_assert_true(meter_store_find_series(store, at->instrument, at->file) == at);
	}
	g_assert_null(meter_store_series(store, meter_store_n_series(store)));
	g_assert_null(meter_store_instrument(store, meter_store_n_instruments(store)));
	g_assert_null(meter_store_meter(store, meter_store_n_meters(store)));
}

/* The list of all values of a process. */
static void test_value_list(void)
{
	static const char *const paths[] = { "meters/App/jobs/a=1", "meters/App/live/value",
		                             "meters/App/lag" };
	RecordFound found = { .pid = 1 };
	Process *process = process_new(1, &found, "", "", "", 1000);
	unsigned counters = counter_store_n(process->counters), n = 0;
	Value value;

	take_as(process->meters, counter("jobs", 1, "a=1", 4, 30));
	fill(METER_EVENT_UPDOWN, "App", "2.0", "live", 2);
	event.has_value = TRUE;
	g_strlcpy(event.unit, "By", sizeof event.unit);
	take(process->meters);
	take_as(process->meters, histogram("lag", 3, 4, 10));
	for (ValueCursor at = { 0 }; value_next(process, &at, &value); n++) {
		g_autoptr(GString) path = g_string_new(NULL);

		if (n < counters) {
			g_assert_cmpint(value.source, ==, VALUE_OF_COUNTER);
			continue;
		}
		g_assert_cmpint(value.source, ==, VALUE_OF_METER);
		g_assert_true(value.series == meter_store_series(process->meters, n - counters));
		g_assert_true(value.has_value);
		g_assert_false(value.is_absolute);
		value_append_path(process, &value, path);
		g_assert_cmpstr(path->str, ==, paths[n - counters]);
	}
	g_assert_cmpuint(n, ==, counters + G_N_ELEMENTS(paths));
	value_of_series(process, meter_store_series(process->meters, 0), &value);
	g_assert_cmpint(value.kind, ==, VALUE_COUNTER);
	g_assert_cmpstr(value.provider, ==, "App");
	g_assert_cmpstr(value.tags, ==, "a=1");
	g_assert_cmpfloat(value.value, ==, 30);
	g_assert_cmpfloat(value.increment, ==, 4);
	g_assert_true(isnan(value.before));
	value_of_series(process, meter_store_series(process->meters, 1), &value);
	g_assert_cmpint(value.kind, ==, VALUE_UPDOWN);
	g_assert_cmpstr(value.version, ==, "2.0");
	g_assert_cmpstr(value.unit, ==, "By");
	value_of_series(process, meter_store_series(process->meters, 2), &value);
	g_assert_cmpint(value.kind, ==, VALUE_HISTOGRAM);
	g_assert_cmpfloat(value.quantiles[1], ==, 3);
	g_assert_true(isnan(value.quantiles[2]));
	g_assert_cmpfloat(value.count, ==, 4);
	g_assert_cmpfloat(value.sum, ==, 10);
	process_free(process);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/meter-store/kinds", test_kinds);
	g_test_add_func("/meter-store/values", test_values);
	g_test_add_func("/meter-store/definition", test_definition);
	g_test_add_func("/meter-store/same-name", test_same_name);
	g_test_add_func("/meter-store/names-stay", test_names_stay);
	g_test_add_func("/meter-store/reset-ids", test_reset_ids);
	g_test_add_func("/meter-store/values-alone", test_values_alone);
	g_test_add_func("/meter-store/no-ids", test_no_ids);
	g_test_add_func("/meter-store/tags", test_tags);
	g_test_add_func("/meter-store/equal-tags", test_equal_tags);
	g_test_add_func("/meter-store/sums", test_sums);
	g_test_add_func("/meter-store/deltas", test_deltas);
	g_test_add_func("/meter-store/intervals", test_intervals);
	g_test_add_func("/meter-store/limits", test_limits);
	g_test_add_func("/meter-store/caps", test_caps);
	g_test_add_func("/meter-store/caps-of-meters", test_caps_of_meters);
	g_test_add_func("/meter-store/long-texts", test_long_texts);
	g_test_add_func("/meter-store/row-H8/million-names", test_million_names);
	g_test_add_func("/meter-store/many-ids", test_many_ids);
	g_test_add_func("/meter-store/random", test_random);
	g_test_add_func("/meter-store/value-list", test_value_list);
	return g_test_run();
}
