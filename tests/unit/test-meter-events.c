/* Events of System.Diagnostics.Metrics: every one, in every version, whole and broken. */
#include "ipc/nettrace/meter-events.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>
#include "tests/lib/meter-stream.h"

enum {
	NEWEST = 7 /* a version nobody has yet */
};

static MeterEvent event;

/* In a buffer of that size exactly. */
static int parse_bytes(unsigned id, unsigned version, const guint8 *data, gsize len)
{
	NettraceMetadata metadata = { .event_id = id, .version = version };
	g_autofree guint8 *copy = g_memdup2(data, len);
	const NettraceEvent e = {
		.metadata = &metadata,
		.payload = copy,
		.payload_len = len,
		.pointer_size = 8,
	};

	return meter_event_parse(&e, &event);
}

static int parse(unsigned id, unsigned version, const GByteArray *payload)
{
	return parse_bytes(id, version, payload->data, payload->len);
}

#define WITH_NAMES "SHARED", "Meter", "1.0", "Instrument"

/* The events with typical fields; what a version does not have is left out. */
static GByteArray *typical(unsigned id, unsigned version)
{
	GByteArray *out = g_byte_array_new();

	if (id == 2 || id == 3)
		meter_stream_put(out, id, version, "SHARED", (gint64)133769664000000000,
		                 (gint64)133769664012500000);
	else if (id == 4 || id == 16)
		meter_stream_put(out, id, version, WITH_NAMES, "{request}", "a=b,c=d", "-1.5",
		                 "1E+20", 7);
	else if (id == 5)
		meter_stream_put(out, id, version, WITH_NAMES, "By", "a=b", "1E-05", 7);
	else if (id == 6)
		meter_stream_put(out, id, version, WITH_NAMES, "s", "a=b",
		                 "0.5=1.2;0.95=3;0.99=4E-07", 12, 34.5, 7);
	else if (id == 7 || id == 8 || id == 11)
		meter_stream_put(out, id, version, WITH_NAMES, "ObservableGauge`1", "By", "What",
		                 "it=1", "mt=2", "12345678", 7, "https://example.invalid/1.0");
	else if (id == 17)
		meter_stream_put(out, id, version, "client", "20", "21", "1000", "1001", "1",
		                 "0.5");
	else if (id == 18)
		meter_stream_put(out, id, version, 9, 0, 2225);
	else if (id == 19)
		meter_stream_put(out, id, version, WITH_NAMES, 7, "s", "a=b", 20, 34.5,
		                 (gint64)5000000000, (gint64)3, 0.25, 64.0, "1, 2, 3");
	else
		meter_stream_put(out, id, version, "SHARED", "it broke");
	return out;
}

static const struct {
	unsigned id, n_versions;
	int kind; /* -1: not ours */
} events[] = {
	{ 1, 1, -1 },
	{ 2, 1, METER_EVENT_COLLECTION_START },
	{ 3, 1, METER_EVENT_COLLECTION_STOP },
	{ 4, 3, METER_EVENT_COUNTER },
	{ 5, 3, METER_EVENT_GAUGE },
	{ 6, 3, METER_EVENT_HISTOGRAM },
	{ 7, 4, METER_EVENT_BEGIN },
	{ 8, 4, METER_EVENT_END },
	{ 9, 1, METER_EVENT_ERROR },
	{ 10, 1, METER_EVENT_ENUMERATED },
	{ 11, 4, METER_EVENT_PUBLISHED },
	{ 12, 1, METER_EVENT_SERIES_LIMIT },
	{ 13, 1, METER_EVENT_HISTOGRAM_LIMIT },
	{ 14, 1, METER_EVENT_CALLBACK_ERROR },
	{ 15, 1, METER_EVENT_NO_SHARING },
	{ 16, 3, METER_EVENT_UPDOWN },
	{ 17, 1, METER_EVENT_OTHER_SETTINGS },
	{ 18, 1, METER_EVENT_VERSION },
	{ 19, 2, METER_EVENT_HISTOGRAM },
};

static void check_names(unsigned version, gboolean has_id)
{
	g_assert_cmpstr(event.session, ==, "SHARED");
	g_assert_cmpstr(event.meter, ==, "Meter");
	g_assert_cmpstr(event.version, ==, "1.0");
	g_assert_cmpstr(event.instrument, ==, "Instrument");
	g_assert_cmpint(event.has_id, ==, has_id);
	g_assert_cmpint(event.id, ==, has_id ? 7 : 0);
}

static void check_instrument(unsigned version)
{
	check_names(version, version >= 2);
	g_assert_cmpstr(event.type, ==, "ObservableGauge");
	g_assert_cmpstr(event.unit, ==, "By");
	g_assert_cmpstr(event.description, ==, "What");
	g_assert_cmpstr(event.instrument_tags, ==, version >= 1 ? "it=1" : "");
	g_assert_cmpstr(event.meter_tags, ==, version >= 1 ? "mt=2" : "");
	g_assert_cmpstr(event.scope_hash, ==, version >= 1 ? "12345678" : "");
	g_assert_cmpstr(event.tags, ==, "");
}

static void check_rate(unsigned version)
{
	check_names(version, version >= 2);
	g_assert_cmpstr(event.unit, ==, "{request}");
	g_assert_cmpstr(event.tags, ==, "a=b,c=d");
	g_assert_true(event.has_rate);
	g_assert_cmpfloat(event.rate, ==, -1.5);
	g_assert_cmpint(event.has_value, ==, version >= 1);
	g_assert_cmpfloat(event.value, ==, version >= 1 ? 1e20 : 0);
}

static void check_gauge(unsigned version)
{
	check_names(version, version >= 2);
	g_assert_cmpstr(event.unit, ==, "By");
	g_assert_false(event.has_rate);
	g_assert_true(event.has_value);
	g_assert_cmpfloat(event.value, ==, 1e-5);
}

static void check_histogram(unsigned version)
{
	check_names(version, version >= 2);
	g_assert_cmpuint(event.n_quantiles, ==, 3);
	g_assert_cmpfloat(event.quantiles[0].q, ==, 0.5);
	g_assert_cmpfloat(event.quantiles[0].value, ==, 1.2);
	g_assert_cmpfloat(event.quantiles[2].q, ==, 0.99);
	g_assert_cmpfloat(event.quantiles[2].value, ==, 4e-7);
	g_assert_cmpint(event.has_count, ==, version >= 1);
	g_assert_cmpfloat(event.count, ==, version >= 1 ? 12 : 0);
	g_assert_cmpfloat(event.sum, ==, version >= 1 ? 34.5 : 0);
	g_assert_false(event.has_range);
}

static void check_exponential(unsigned version)
{
	check_names(version, TRUE);
	g_assert_cmpstr(event.tags, ==, "a=b");
	g_assert_cmpuint(event.n_quantiles, ==, 0);
	g_assert_true(event.has_count && event.has_range);
	g_assert_cmpfloat(event.count, ==, 5e9);
	g_assert_cmpfloat(event.sum, ==, 34.5);
	g_assert_cmpfloat(event.min, ==, 0.25);
	g_assert_cmpfloat(event.max, ==, 64);
}

static void check_settings(unsigned version)
{
	g_assert_cmpstr(event.session, ==, "client");
	g_assert_cmpstr(event.max_histograms[METER_EVENT_IN_FORCE], ==, "20");
	g_assert_cmpstr(event.max_histograms[METER_EVENT_ASKED], ==, "21");
	g_assert_cmpstr(event.max_series[METER_EVENT_IN_FORCE], ==, "1000");
	g_assert_cmpstr(event.max_series[METER_EVENT_ASKED], ==, "1001");
	g_assert_cmpstr(event.interval[METER_EVENT_IN_FORCE], ==, "1");
	g_assert_cmpstr(event.interval[METER_EVENT_ASKED], ==, "0.5");
}

static void check_library(unsigned version)
{
	g_assert_cmpstr(event.session, ==, "");
	g_assert_cmpint(event.library[0], ==, 9);
	g_assert_cmpint(event.library[1], ==, 0);
	g_assert_cmpint(event.library[2], ==, 2225);
}

static void check_collection(unsigned version)
{
	g_assert_cmpstr(event.session, ==, "SHARED");
	g_assert_cmpfloat(event.interval_s, ==, 1.25);
}

static void check_session(unsigned version)
{
	g_assert_cmpstr(event.session, ==, "SHARED");
	g_assert_cmpstr(event.meter, ==, "");
	g_assert_cmpstr(event.message, ==, "");
}

static void check_message(unsigned version)
{
	g_assert_cmpstr(event.session, ==, "SHARED");
	g_assert_cmpstr(event.message, ==, "it broke");
}

static void (*const checks[METER_STREAM_EVENTS])(unsigned version) = {
	[2] = check_collection,  [3] = check_collection, [4] = check_rate,
	[5] = check_gauge,       [6] = check_histogram,  [7] = check_instrument,
	[8] = check_instrument,  [9] = check_message,    [10] = check_session,
	[11] = check_instrument, [12] = check_session,   [13] = check_session,
	[14] = check_message,    [15] = check_session,   [16] = check_rate,
	[17] = check_settings,   [18] = check_library,   [19] = check_exponential,
};

/* What came before must not show: each begins from something else, full of everything. */
static void fill(void)
{
	memset(&event, 0x5a, sizeof event);
}

static void test_versions(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
		for (unsigned version = 0; version <= NEWEST; version++) {
			g_autoptr(GByteArray) payload = typical(events[i].id, version);

			g_test_message("event %u version %u", events[i].id, version);
			if (version >= events[i].n_versions) /* later ones append */
				nettrace_writer_put_utf16z(payload, "more");
			fill();
			g_assert_cmpint(parse(events[i].id, version, payload), ==,
			                events[i].kind >= 0);
			if (events[i].kind < 0)
				continue;
			g_assert_cmpint(event.kind, ==, events[i].kind);
			checks[events[i].id](version);
		}
	}
	g_assert_cmpint(parse_bytes(0, 0, NULL, 0), ==, 0);
	g_assert_cmpint(parse_bytes(20, 0, NULL, 0), ==, 0);
	g_assert_cmpint(parse_bytes(G_MAXUINT, 0, NULL, 0), ==, 0);
}

/* Bytes that are read: a URL and buckets are not. */
static guint needed(unsigned id, unsigned version)
{
	g_autoptr(GByteArray) payload = typical(id, MIN(version, 2));

	return id == 19 ? payload->len - 2 * (guint)sizeof "1, 2, 3" : payload->len;
}

static void test_cuts(void)
{
	for (unsigned i = 1; i < G_N_ELEMENTS(events); i++) {
		for (unsigned version = 0; version < events[i].n_versions; version++) {
			g_autoptr(GByteArray) payload = typical(events[i].id, version);
			guint least = needed(events[i].id, version);

			for (guint len = 0; len <= payload->len; len++)
				g_assert_cmpint(parse_bytes(events[i].id, version, payload->data,
				                            len),
				                ==, len < least ? -EPROTO : 1);
		}
	}
}

/* A version whose additions are not there. */
static void test_short_versions(void)
{
	for (unsigned i = 1; i < G_N_ELEMENTS(events); i++) {
		g_autoptr(GByteArray) payload = typical(events[i].id, 0);

		for (unsigned version = 1; version < events[i].n_versions; version++)
			g_assert_cmpint(parse(events[i].id, version, payload), ==,
			                needed(events[i].id, version) > payload->len ? -EPROTO : 1);
	}
}

static int parse_rate(const char *rate, const char *value)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();

	meter_stream_put(payload, 4, 2, WITH_NAMES, "", "", rate, value, -1);
	return parse(4, 2, payload);
}

static void test_numbers(void)
{
	static const char *const wrong[] = { " ", "1 ", "x", "0x1", "1;2", "1=2", "\n", "1E" };
	g_autofree char *many = g_strnfill(41, '1');

	g_assert_cmpint(parse_rate("", ""), ==, 1);
	g_assert_false(event.has_rate || event.has_value || event.has_id);
	g_assert_cmpint(event.id, ==, 0);
	g_assert_cmpint(parse_rate("", "5"), ==, 1);
	g_assert_false(event.has_rate);
	g_assert_true(event.has_value);
	g_assert_cmpint(parse_rate("NaN", "-Infinity"), ==, 1);
	g_assert_true(isnan(event.rate) && isinf(event.value));
	g_assert_cmpint(parse_rate("79228162514264337593543950335", "-0.000000000000001"), ==, 1);
	g_assert_cmpfloat(event.value, ==, -1e-15);
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_assert_cmpint(parse_rate(wrong[i], ""), ==, -EPROTO);
		g_assert_cmpint(parse_rate("", wrong[i]), ==, -EPROTO);
	}
	g_assert_cmpint(parse_rate(many, ""), ==, -EPROTO);
	many[40] = '\0';
	g_assert_cmpint(parse_rate(many, ""), ==, 1);
}

static int parse_quantiles(const char *quantiles)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();

	meter_stream_put(payload, 6, 2, WITH_NAMES, "", "", quantiles, -1, -(double)INFINITY, 0);
	return parse(6, 2, payload);
}

static void test_quantiles(void)
{
	static const char *const wrong[] = { "0.5",     "=",       "0.5=",        "=1",
		                             "0.5=1;;", "0.5=1;x", "0.5==1",      ";",
		                             "0.5=a",   "0.5=1=2", "0.5=1; 0.9=2" };
	g_autoptr(GString) many = g_string_new(NULL);

	g_assert_cmpint(parse_quantiles(""), ==, 1);
	g_assert_cmpuint(event.n_quantiles, ==, 0);
	g_assert_cmpfloat(event.count, ==, -1);
	g_assert_true(isinf(event.sum));
	g_assert_cmpint(parse_quantiles("0.5=NaN;"), ==, 1);
	g_assert_cmpuint(event.n_quantiles, ==, 1);
	g_assert_true(isnan(event.quantiles[0].value));
	/* another culture's */
	g_assert_cmpint(parse_quantiles("0,5=\xe2\x88\x92"
	                                "1,25;0,95=\xe2\x88\x9e"),
	                ==, 1);
	g_assert_cmpuint(event.n_quantiles, ==, 2);
	g_assert_cmpfloat(event.quantiles[0].q, ==, 0.5);
	g_assert_cmpfloat(event.quantiles[0].value, ==, -1.25);
	g_assert_true(isinf(event.quantiles[1].value));
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_cmpint(parse_quantiles(wrong[i]), ==, -EPROTO);
	for (unsigned i = 0; i < 1000; i++)
		g_string_append_printf(many, "0.%u=%u;", i, i);
	g_assert_cmpint(parse_quantiles(many->str), ==, 1);
	g_assert_cmpuint(event.n_quantiles, ==, METER_EVENT_QUANTILES_MAX);
	g_assert_cmpfloat(event.quantiles[15].value, ==, 15);
}

/* An interval that ends before it begins, and one as long as it can be. */
static void test_intervals(void)
{
	g_autoptr(GByteArray) back = g_byte_array_new(), endless = g_byte_array_new();

	meter_stream_put(back, 2, 0, "S", (gint64)5, (gint64)4);
	g_assert_cmpint(parse(2, 0, back), ==, 1);
	g_assert_cmpfloat(event.interval_s, ==, 0);
	meter_stream_put(endless, 3, 0, "S", (gint64)0, (gint64)-1);
	g_assert_cmpint(parse(3, 0, endless), ==, 1);
	g_assert_cmpfloat(event.interval_s, >, 1e12);
}

static void parse_tags(const char *tags)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();

	fill();
	meter_stream_put(payload, 5, 2, WITH_NAMES, "", tags, "1", 3);
	g_assert_cmpint(parse(5, 2, payload), ==, 1);
}

static void test_tags(void)
{
	static const char *const texts[] = {
		"",
		"=",
		",",
		"a=\"1,b=2\"",
		"path=/a/b=c, d",
		"line\nbreak=\t\x1b[0m\x7f",
		"emoji=\xf0\x9f\x98\x80,\xf0\x9f\x98\x80=\xe2\x82\xac",
		"quote=\"'`\\",
	};
	g_autoptr(GString) all = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		parse_tags(texts[i]);
		g_assert_cmpstr(event.tags, ==, texts[i]);
		g_assert_false(event.tags_cut);
	}
	while (g_utf8_strlen(all->str, -1) < 300)
		g_string_append(all, "k\xf0\x9f\x98\x80=\"v\n\",");
	parse_tags(all->str);
	g_assert_cmpstr(event.tags, ==, all->str);
	g_assert_false(event.tags_cut);
}

/* One that just fits, one that does not, and one of which a character does not. */
static void test_long_tags(void)
{
	g_autofree char *tags = g_strnfill(METER_EVENT_TAGS_MAX + 100, 't');

	tags[METER_EVENT_TAGS_MAX] = '\0';
	parse_tags(tags);
	g_assert_true(event.tags_cut);
	g_assert_cmpuint(strlen(event.tags), ==, METER_EVENT_TAGS_MAX - 1);
	tags[METER_EVENT_TAGS_MAX - 1] = '\0';
	parse_tags(tags);
	g_assert_false(event.tags_cut);
	g_assert_cmpstr(event.tags, ==, tags);
	memcpy(tags + METER_EVENT_TAGS_MAX - 4, "\xf0\x9f\x98\x80", 5);
	parse_tags(tags);
	g_assert_true(event.tags_cut);
	g_assert_cmpuint(strlen(event.tags), ==, METER_EVENT_TAGS_MAX - 4);
	memcpy(tags + METER_EVENT_TAGS_MAX - 5, "\xf0\x9f\x98\x80", 5);
	parse_tags(tags);
	g_assert_false(event.tags_cut);
	g_assert_cmpstr(event.tags, ==, tags);
}

/* Texts of 10,000 characters everywhere: each is cut at its own size, what follows is found. */
static void test_long_texts(void)
{
	g_autofree char *text = g_strnfill(10000, 'x');
	g_autoptr(GByteArray) payload = g_byte_array_new(), error = g_byte_array_new();

	fill();
	meter_stream_put(payload, 7, 2, text, text, text, text, text, text, text, text, text, text,
	                 0x7fffffff);
	g_assert_cmpint(parse(7, 2, payload), ==, 1);
	g_assert_cmpuint(strlen(event.session), ==, METER_EVENT_NAME_MAX - 1);
	g_assert_cmpuint(strlen(event.scope_hash), ==, METER_EVENT_NAME_MAX - 1);
	g_assert_cmpuint(strlen(event.description), ==, METER_EVENT_TEXT_MAX - 1);
	g_assert_cmpuint(strlen(event.meter_tags), ==, METER_EVENT_TEXT_MAX - 1);
	g_assert_cmpint(event.id, ==, 0x7fffffff);
	meter_stream_put(error, 17, 0, text, text, text, text, text, text, text);
	g_assert_cmpint(parse(17, 0, error), ==, 1);
	g_assert_cmpuint(strlen(event.interval[METER_EVENT_ASKED]), ==, 63);
}

static void put_units(GByteArray *out, const guint16 *units, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nettrace_writer_put_le(out, units[i], 2);
	nettrace_writer_put_le(out, 0, 2);
}

static void test_surrogates(void)
{
	static const guint16 units[] = { 0xd800, 'a', 0xdc00, 0xd83d, 0xde00, 0xdbff };
	g_autoptr(GByteArray) payload = g_byte_array_new(), number = g_byte_array_new();

	put_units(payload, units, G_N_ELEMENTS(units));
	put_units(payload, units, G_N_ELEMENTS(units));
	g_assert_cmpint(parse(9, 0, payload), ==, 1);
	g_assert_cmpstr(event.message, ==,
	                "\xef\xbf\xbd"
	                "a\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd");
	g_assert_cmpstr(event.session, ==, event.message);
	for (unsigned i = 0; i < 6; i++)
		put_units(number, units, 1);
	put_units(number, units, G_N_ELEMENTS(units));
	g_assert_cmpint(parse(5, 0, number), ==, -EPROTO);
}

static void test_types(void)
{
	static const struct {
		const char *wire, *type;
	} cases[] = { { "Counter`1", "Counter" },
		      { "Histogram", "Histogram" },
		      { "`1", "" },
		      { "A`2`3", "A" } };

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GByteArray) payload = g_byte_array_new();

		meter_stream_put(payload, 7, 0, WITH_NAMES, cases[i].wire, "a`1", "b`1");
		g_assert_cmpint(parse(7, 0, payload), ==, 1);
		g_assert_cmpstr(event.type, ==, cases[i].type);
		g_assert_cmpstr(event.unit, ==, "a`1");
		g_assert_cmpstr(event.description, ==, "b`1");
	}
}

static void assert_valid(void)
{
	g_assert_true(g_utf8_validate(event.session, -1, NULL));
	g_assert_true(g_utf8_validate(event.instrument, -1, NULL));
	g_assert_true(g_utf8_validate(event.tags, -1, NULL));
	g_assert_true(g_utf8_validate(event.message, -1, NULL));
	g_assert_cmpuint(event.n_quantiles, <=, METER_EVENT_QUANTILES_MAX);
}

/* Noise, and typical events with some of it in them. */
static void test_random(void)
{
	GRand *random = g_rand_new_with_seed(20261125);

	for (unsigned i = 0; i < 50000; i++) {
		unsigned id = 2 + (unsigned)g_rand_int_range(random, 0, 18);
		unsigned version = (unsigned)g_rand_int_range(random, 0, 4);
		g_autoptr(GByteArray) payload = i % 2 ? typical(id, version) : g_byte_array_new();

		if (i % 2 == 0)
			g_byte_array_set_size(payload, (guint)g_rand_int_range(random, 0, 200));
		for (guint at = 0; at < payload->len; at++) {
			if (i % 2 == 0 || g_rand_int_range(random, 0, 16) == 0)
				payload->data[at] =
					(guint8)(g_rand_int(random) &
				                 (at % 2 ? g_rand_int(random) & 3 : 255));
		}
		fill();
		if (parse(id, version, payload) == 1)
			assert_valid();
	}
	g_rand_free(random);
}

/* Through a whole stream, with the versions of each release. */
typedef struct {
	unsigned n, kinds[METER_EVENT_VERSION + 1];
} Seen;

static void on_event(const NettraceEvent *e, void *data)
{
	Seen *seen = data;

	g_assert_cmpstr(e->metadata->provider, ==, METER_EVENTS_PROVIDER);
	g_assert_cmpint(meter_event_parse(e, &event), ==, 1);
	g_assert_cmpstr(event.session, ==, "SHARED");
	seen->n++;
	seen->kinds[event.kind]++;
	if (event.kind == METER_EVENT_HISTOGRAM)
		g_assert_cmpint(event.has_count, ==, e->metadata->version >= 1);
	if (event.kind == METER_EVENT_COLLECTION_STOP)
		g_assert_cmpfloat_with_epsilon(event.interval_s, 0.5, 1e-6);
}

static void check_release(unsigned release)
{
	const MeterStreamInstrument instrument = {
		.meter = "M", .name = "i", .type = "Counter", .id = 3
	};
	NettraceTrace trace = nettrace_writer_trace_default();
	g_autoptr(NettraceWriter) writer = nettrace_writer_new();
	g_autoptr(GByteArray) bytes = NULL;
	Seen seen = { 0 };
	NettraceDecoder *decoder = nettrace_decoder_new(on_event, &seen);
	MeterStream stream;

	meter_stream_init(&stream, writer, release, "SHARED", 100);
	nettrace_writer_start(writer, &trace);
	meter_stream_define(&stream);
	meter_stream_instrument(&stream, 7, &instrument);
	meter_stream_collection(&stream, 2, 0.5);
	meter_stream_rate(&stream, 4, &instrument, "a=b", "1", "2");
	meter_stream_rate(&stream, 16, &instrument, NULL, "", "-2");
	meter_stream_gauge(&stream, &instrument, "", "");
	meter_stream_flush(&stream);
	meter_stream_histogram(&stream, &instrument, "", "0.5=1", 1, 2);
	meter_stream_collection(&stream, 3, 0.5);
	meter_stream_add(&stream, 12, "SHARED");
	meter_stream_add(&stream, 14, "SHARED", "why");
	meter_stream_flush(&stream);
	bytes = nettrace_writer_steal(writer);
	g_assert_cmpint(nettrace_decoder_push(decoder, bytes->data, bytes->len), ==, 0);
	g_assert_cmpuint(nettrace_decoder_stats(decoder)->metadata_refused, ==, 0);
	g_assert_cmpuint(nettrace_decoder_stats(decoder)->dropped, ==, 0);
	g_assert_cmpuint(seen.n, ==, 9);
	g_assert_cmpuint(seen.kinds[METER_EVENT_BEGIN], ==, 1);
	g_assert_cmpuint(seen.kinds[METER_EVENT_UPDOWN], ==, 1);
	nettrace_decoder_free(decoder);
	meter_stream_clear(&stream);
}

static void test_stream(void)
{
	static const unsigned releases[] = { 6, 8, 9, 10, 11 };

	for (unsigned i = 0; i < G_N_ELEMENTS(releases); i++)
		check_release(releases[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/meter-events/versions", test_versions);
	g_test_add_func("/meter-events/cuts", test_cuts);
	g_test_add_func("/meter-events/short-versions", test_short_versions);
	g_test_add_func("/meter-events/row-H10/numbers", test_numbers);
	g_test_add_func("/meter-events/quantiles", test_quantiles);
	g_test_add_func("/meter-events/intervals", test_intervals);
	g_test_add_func("/meter-events/tags", test_tags);
	g_test_add_func("/meter-events/long-tags", test_long_tags);
	g_test_add_func("/meter-events/long-texts", test_long_texts);
	g_test_add_func("/meter-events/row-H9/surrogates", test_surrogates);
	g_test_add_func("/meter-events/types", test_types);
	g_test_add_func("/meter-events/random", test_random);
	g_test_add_func("/meter-events/stream", test_stream);
	return g_test_run();
}
