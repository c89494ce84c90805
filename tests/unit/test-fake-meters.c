/* The fake runtime's meters: what a scenario says, as the decoder and the parser read it. */
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/commands.h"
#include "ipc/nettrace/meter-events.h"
#include "tests/fake/stream.h"

#define INSTRUMENTS                                                        \
	"meter App|1.0|orders|Counter|{order}|Orders taken\n"              \
	"meter App|1.0|live|UpDownCounter||Live ones\n"                    \
	"meter App|1.0|level|ObservableGauge|%|\n"                         \
	"meter App|1.0|time|Histogram|s|How long\n"                        \
	"meter App|2.0|orders|Counter||Of the next version|it=1|mt=2|77\n" \
	"meter-value orders|kind=a\\nb,c=\\174|1 3 3.5\n"                  \
	"meter-value live||12 -2\n"                                        \
	"meter-value level||- NaN\n"                                       \
	"meter-value time|path=/|4 2.5 0.5=0.1;0.95=1E-05;0.99=3\n"

#define ASK "SessionId=SHARED;Metrics=Other,App;RefreshInterval=0.5;MaxHistograms=21;ClientId=me"

static MeterEvent event;

/* A line an event, without what is the same in all. */
static void on_event(const NettraceEvent *e, void *data)
{
	GString *out = data;

	g_assert_cmpint(meter_event_parse(e, &event), ==, 1);
	g_string_append_printf(out, "%u %s", e->metadata->event_id, event.session);
	if (event.instrument[0])
		g_string_append_printf(out, " %s/%s#%d", event.version, event.instrument, event.id);
	if (event.type[0])
		g_string_append_printf(out, " %s '%s' '%s' '%s%s%s'", event.type, event.unit,
		                       event.description, event.instrument_tags, event.meter_tags,
		                       event.scope_hash);
	if (event.tags[0])
		g_string_append_printf(out, " {%s}", event.tags);
	if (event.has_rate)
		g_string_append_printf(out, " rate %g", event.rate);
	if (event.has_value)
		g_string_append_printf(out, " value %g", event.value);
	if (event.has_count)
		g_string_append_printf(out, " count %g sum %g p95 %g", event.count, event.sum,
		                       event.quantiles[1].value);
	if (event.message[0])
		g_string_append_printf(out, " %s", event.message);
	if (event.interval_s > 0)
		g_string_append_printf(out, " %.2f s", event.interval_s);
	if (event.kind == METER_EVENT_OTHER_SETTINGS)
		g_string_append_printf(out, " %s/%s %s/%s", event.max_histograms[0],
		                       event.max_histograms[1], event.interval[0],
		                       event.interval[1]);
	g_string_append_c(out, '\n');
}

static Scenario *scenario_of(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("scenario-XXXXXX", &path, &error);
	Scenario *s;

	g_assert_no_error(error);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	s = scenario_load(path, NULL);
	unlink(path);
	close(fd);
	return s;
}

/* A request as the client builds it, taken apart by the fake. */
static void ask(const char *filter, guint64 keywords, CollectRequest *ret)
{
	const IpcProvider provider = { METER_EVENTS_PROVIDER, keywords, 4, filter };
	const IpcSessionConfig config = { .buffer_mb = 1,
		                          .providers = &provider,
		                          .n_providers = 1 };
	IpcRequest built;
	Request request;

	*ret = (CollectRequest){ .interval_ms = 1000, .text = g_string_new(NULL) };
	g_assert_cmpint(ipc_build_collect_tracing(2, &config, &built), ==, 0);
	request = (Request){ .payload = built.bytes + MESSAGE_HEADER_SIZE,
		             .len = built.len - MESSAGE_HEADER_SIZE };
	g_assert_true(request_collect(&request, 2, ret));
	g_assert_true(ret->meters.asked);
	g_assert_false(ret->counters);
	ipc_request_clear(&built);
}

/* What a session gets in so many collections, of a shared one that has `before` behind it. */
static char *run_from(const char *text, const char *filter, guint64 keywords, guint collections,
                      guint before)
{
	Scenario *s = scenario_of(text);
	GString *out = g_string_new(NULL);
	NettraceDecoder *decoder = nettrace_decoder_new(on_event, out);
	static guint8 bytes[1 << 16];
	CollectRequest request;
	Stream *stream;
	int fds[2];
	ssize_t n;

	g_assert_nonnull(s);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	ask(filter, keywords, &request);
	stream = stream_new(s, fds[0], 1, &request, before);
	g_assert_true(stream_run(stream, g_get_monotonic_time(), 100));
	for (guint i = 0; i < collections && stream_next_us(stream) < G_MAXINT64; i++)
		g_assert_true(stream_run(stream, stream_next_us(stream), 100));
	stream_stop(stream);
	g_assert_false(stream_run(stream, g_get_monotonic_time(), 100));
	stream_free(stream);
	while ((n = read(fds[1], bytes, sizeof bytes)) > 0)
		g_assert_cmpint(nettrace_decoder_push(decoder, bytes, (size_t)n), ==, 0);
	g_assert_true(nettrace_decoder_ended(decoder));
	close(fds[1]);
	nettrace_decoder_free(decoder);
	scenario_free(s);
	meters_request_clear(&request.meters);
	g_string_free(request.text, TRUE);
	return g_string_free(out, FALSE);
}

static char *run(const char *text, const char *filter, guint64 keywords, guint collections)
{
	return run_from(text, filter, keywords, collections, 0);
}

static void test_values(void)
{
	g_autofree char *seen = run("runtime 10.0.1\n" INSTRUMENTS, ASK, 2, 2);

	g_assert_cmpstr(seen, ==,
	                "7 SHARED 1.0/orders#1 Counter '{order}' 'Orders taken' ''\n"
	                "7 SHARED 1.0/live#2 UpDownCounter '' 'Live ones' ''\n"
	                "7 SHARED 1.0/level#3 ObservableGauge '%' '' ''\n"
	                "7 SHARED 1.0/time#4 Histogram 's' 'How long' ''\n"
	                "7 SHARED 2.0/orders#5 Counter '' 'Of the next version' 'it=1mt=277'\n"
	                "10 SHARED\n"
	                "2 SHARED 0.50 s\n"
	                "4 SHARED 2.0/orders#5 {kind=a\nb,c=|} value 1\n"
	                "16 SHARED 1.0/live#2 value 12\n"
	                "5 SHARED 1.0/level#3\n"
	                "6 SHARED 1.0/time#4 {path=/} count 4 sum 2.5 p95 1e-05\n"
	                "3 SHARED 0.50 s\n"
	                "2 SHARED 0.50 s\n"
	                "4 SHARED 2.0/orders#5 {kind=a\nb,c=|} rate 2 value 3\n"
	                "16 SHARED 1.0/live#2 rate -14 value -2\n"
	                "5 SHARED 1.0/level#3 value nan\n"
	                "6 SHARED 1.0/time#4 {path=/} count 4 sum 2.5 p95 1e-05\n"
	                "3 SHARED 0.50 s\n");
}

/* The events of 8 have no ids, those of 6 no totals either. */
static void test_releases(void)
{
	const char *lines = "meter A||n|Counter||\nmeter-value n||5 7\n";
	g_autofree char *eight_text = g_strconcat("runtime 8.0.33\n", lines, NULL);
	g_autofree char *six_text = g_strconcat("runtime 6.0.36\n", lines, NULL);
	g_autofree char *eight = run(eight_text, "Metrics=A;SessionId=x", 2, 2);
	g_autofree char *six = run(six_text, "Metrics=A;SessionId=x", 2, 2);

	g_assert_nonnull(strstr(eight, "\n4 x /n#0 value 5\n"));
	g_assert_nonnull(strstr(eight, "\n4 x /n#0 rate 2 value 7\n"));
	g_assert_nonnull(strstr(six, "\n4 x /n#0\n"));
	g_assert_nonnull(strstr(six, "\n4 x /n#0 rate 2\n"));
}

/* Whether a session gets the one instrument there is. It has its collections all the same. */
static void assert_wanted(const char *release, const char *metrics, gboolean wanted)
{
	g_autofree char *text = g_strdup_printf(
		"runtime %s\nmeter App.Core||n|Counter||\nmeter-value n||5\n", release);
	g_autofree char *filter = g_strdup_printf("SessionId=x;Metrics=%s", metrics);
	g_autofree char *seen = run(text, filter, 2, 1);

	g_assert_cmpint(strstr(seen, "7 x /n") && strstr(seen, "4 x /n"), ==, wanted);
	g_assert_nonnull(strstr(seen, "\n3 x"));
}

static void test_names(void)
{
	assert_wanted("9.0.1", "App.Core", TRUE);
	assert_wanted("9.0.1", "App", FALSE);
	assert_wanted("9.0.1", "App.Cores", FALSE);
	assert_wanted("9.0.1", "X,App.Core\\n", TRUE);
	assert_wanted("9.0.1", "App.Core\\m", FALSE);
	assert_wanted("9.0.1", "*", TRUE);
	assert_wanted("9.0.1", "App.*", TRUE);
	assert_wanted("9.0.1", "Ap,B*", FALSE);
	assert_wanted("9.0.1", "", FALSE);
	assert_wanted("8.0.1", "*", FALSE);
	assert_wanted("8.0.1", "*,App.Core", TRUE);
}

static void test_filter(void)
{
	MetersRequest request = { 0 };

	g_assert_true(meters_request_parse(&request, 3, "Metrics=\"a;b\r\nc\";SessionId=s"));
	g_assert_cmpstr(request.metrics, ==, "a;b\r\nc");
	g_assert_cmpstr(request.session, ==, "s");
	g_assert_cmpstr(request.client, ==, "");
	g_assert_cmpuint(request.interval_ms, ==, 1000);
	g_assert_true(meters_request_wants(&request, 8, "c", "any"));
	g_assert_true(meters_request_parse(&request, 2, "x;=;RefreshInterval=0.01;ClientId=c;"));
	g_assert_cmpuint(request.interval_ms, ==, 100);
	g_assert_cmpstr(request.client, ==, "c");
	g_assert_cmpstr(request.session, !=, "");
	g_assert_false(meters_request_parse(&request, 2, "RefreshInterval=1,5"));
	g_assert_false(meters_request_parse(&request, 2, "RefreshInterval="));
	g_assert_true(meters_request_parse(&request, 2, ""));
	meters_request_clear(&request);
}

static void test_events(void)
{
	g_autofree char *seen = run("runtime 9.0.1\n"
	                            "meter A||n|Counter||\nmeter-value n||5\n"
	                            "meter A||m|Gauge||\nmeter-value m||6\n"
	                            "meter-event 1 series-limit\n"
	                            "meter-event 1 histogram-limit\n"
	                            "meter-event 1 error it \\\"broke\\\"\n"
	                            "meter-event 2 callback-error again\n"
	                            "meter-event 2 end n\n"
	                            "meter-event 3 end n\n"
	                            "meter-event 3 other-settings 1 another\n",
	                            "SessionId=x;Metrics=A", 3, 3);

	g_assert_cmpstr(seen, ==,
	                "18 \n"
	                "7 x /n#1 Counter '' '' ''\n"
	                "7 x /m#2 Gauge '' '' ''\n"
	                "10 x\n"
	                "2 x 1.00 s\n"
	                "12 x\n"
	                "13 x\n"
	                "9 x it \"broke\"\n"
	                "4 x /n#1 value 5\n"
	                "5 x /m#2 value 6\n"
	                "3 x 1.00 s\n"
	                "2 x 1.00 s\n"
	                "14 x again\n"
	                "8 x /n#1 Counter '' '' ''\n"
	                "5 x /m#2 value 6\n"
	                "3 x 1.00 s\n"
	                "2 x 1.00 s\n"
	                "17 another 20/20 1/1\n"
	                "5 x /m#2 value 6\n"
	                "3 x 1.00 s\n");
}

/* Somebody else was first. */
static void test_others(void)
{
	const char *lines = "meter A||n|Counter||\nmeter-value n||5\n";
	g_autofree char *joining = g_strconcat(lines, "meter-event 0 other-settings 0.25\n", NULL);
	g_autofree char *refusing = g_strconcat(lines, "meter-event 0 no-sharing theirs\n", NULL);
	g_autofree char *joined =
		run(joining,
	            "SessionId=SHARED;Metrics=A;RefreshInterval=0.5;MaxHistograms=21;ClientId=me",
	            2, 1);
	g_autofree char *refused = run(refusing, "SessionId=x;Metrics=A", 2, 1);
	g_autofree char *silent = run(lines, "SessionId=x;Metrics=A", 4, 1);

	g_assert_cmpstr(joined, ==,
	                "17 me 20/21 0.25/0.5\n2 SHARED 0.25 s\n"
	                "4 SHARED /n#0 value 5\n3 SHARED 0.25 s\n");
	g_assert_cmpstr(refused, ==, "15 theirs\n");
	g_assert_cmpstr(silent, ==, "");
}

/* A second session, while the first is open, goes on where that is. */
static void test_overlap(void)
{
	g_autofree char *seen = run_from("meter A||n|Counter||\nmeter-value n||1 10 100 1000\n",
	                                 "SessionId=SHARED;Metrics=A", 2, 1, 2);

	g_assert_nonnull(strstr(seen, "4 SHARED /n#0 rate 90 value 100\n"));
}

static void test_refused_lines(void)
{
	static const char *const lines[] = {
		"meter",
		"meter A|1|n|Counter|u",
		"meter A|1|n|Counters|u|d",
		"meter A|1|n|Counter|u|d|1|2|3|4",
		"meter-value n||1",
		"meter A||n|Counter||\nmeter-value n|1",
		"meter A||n|Counter||\nmeter-value n||",
		"meter A||n|Counter||\nmeter-value n||1|2",
		"meter A||n|Histogram||\nmeter-value n||1 2",
		"meter-event series-limit",
		"meter-event x series-limit",
		"meter-event 1 series-limits",
		"meter-event 1 series-limit now",
		"meter-event 1 error",
		"meter-event 1 end n",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		g_assert_null(scenario_of(lines[i]));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fake-meters/values", test_values);
	g_test_add_func("/fake-meters/releases", test_releases);
	g_test_add_func("/fake-meters/names", test_names);
	g_test_add_func("/fake-meters/filter", test_filter);
	g_test_add_func("/fake-meters/events", test_events);
	g_test_add_func("/fake-meters/others", test_others);
	g_test_add_func("/fake-meters/overlap", test_overlap);
	g_test_add_func("/fake-meters/refused-lines", test_refused_lines);
	return g_test_run();
}
