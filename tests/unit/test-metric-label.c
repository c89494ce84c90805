/* Tags as labels, whatever an application writes in them. */
#include "fs/model/metric-name.h"

static void check_labels(const char *tags, const char *expected)
{
	g_autoptr(GString) out = g_string_new(NULL);

	metric_labels_append(out, tags);
	g_assert_cmpstr(out->str, ==, expected);
}

static void test_labels(void)
{
	check_labels("", "");
	check_labels("a=1", ",a=\"1\"");
	check_labels("http.request.method=GET,http.route=/api/{id}",
	             ",http_request_method=\"GET\",http_route=\"/api/{id}\"");
	check_labels("camelCase=x,b=", ",camel_case=\"x\"");
	check_labels(
		"pid=1,process=2,le=3,quantile=4,job=5,instance=6",
		",tag_instance=\"6\",tag_job=\"5\",tag_le=\"3\",tag_pid=\"1\",tag_process=\"2\","
		"tag_quantile=\"4\"");
	/* One set of labels is one text. */
	check_labels("a=1,Z=2", ",a=\"1\",z=\"2\"");
	check_labels("Z=2,a=1", ",a=\"1\",z=\"2\"");
	check_labels("c=3,a_b=2,none=,a=1", ",a=\"1\",a_b=\"2\",c=\"3\"");
	check_labels("a=,b=", ",tags=\"a=,b=\"");
	check_labels("a=,a=1", ",tags=\"a=,a=1\"");
	/* What does not split cleanly is one label, and no key is invented. */
	check_labels("a=1=2", ",tags=\"a=1=2\"");
	check_labels("a=1,b", ",tags=\"a=1,b\"");
	check_labels("a=1, b=2", ",tags=\"a=1, b=2\"");
	check_labels("a.b=1,a_b=2", ",tags=\"a.b=1,a_b=2\"");
	check_labels("1a=2", ",tags=\"1a=2\"");
	check_labels("=", ",tags=\"=\"");
	check_labels("a=\"q\"\\\n", ",a=\"\\\"q\\\"\\\\\\n\"");
	check_labels("a=\xff", ",a=\"\xef\xbf\xbd\"");
	check_labels("a=\r\t\xf0\x9f\x98\x80", ",a=\"\r\t\xf0\x9f\x98\x80\"");
	check_labels("a=", ",tags=\"a=\"");
	check_labels("=1", ",tags=\"=1\"");
	check_labels(",", ",tags=\",\"");
	check_labels("a=1,", ",tags=\"a=1,\"");
	check_labels("a b=1", ",tags=\"a b=1\"");
	check_labels("\303\244=1", ",tags=\"\303\244=1\"");
	check_labels("a\nb=1", ",tags=\"a\\nb=1\"");
	check_labels("tag=\xff\\\"\n", ",tag=\"\xef\xbf\xbd\\\\\\\"\\n\"");
	check_labels("\xff", ",tags=\"\xef\xbf\xbd\"");
	/* No label may begin with two, and none of ours comes twice. */
	check_labels("__name__=x", ",name=\"x\"");
	check_labels("_=1", ",_=\"1\"");
	check_labels("tags=1,otel.scope.name=2,OtelScopeVersion=3",
	             ",tag_otel_scope_name=\"2\",tag_otel_scope_version=\"3\",tag_tags=\"1\"");
	check_labels("pid=1,tag_pid=2", ",tags=\"pid=1,tag_pid=2\"");
	check_labels("a=1,a=1", ",tags=\"a=1,a=1\"");
}

/* A long value is a label of its own, or a part of tags: nothing is cut here. */
static void test_long_label(void)
{
	g_autofree char *value = g_strnfill(300, 'v');
	g_autofree char *tags = g_strconcat("a=1,b=", value, NULL);
	g_autofree char *label = g_strconcat(",a=\"1\",b=\"", value, "\"", NULL);
	g_autofree char *unclean = g_strconcat(tags, ",c", NULL);
	g_autofree char *one = g_strconcat(",tags=\"a=1,b=", value, ",c\"", NULL);

	check_labels(tags, label);
	check_labels(unclean, one);
}

/* Bytes of any kind: valid UTF-8, each value ends where it should, no label begins with two `_`. */
static void test_random_labels(void)
{
	static const char bytes[] = "ab_.-=,,==\"\\\n \xff\303\244";
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);

	for (unsigned i = 0; i < 20000; i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		char tags[12] = "";
		const char *p;

		for (unsigned k = 0; k + 1 < sizeof tags; k++)
			tags[k] = bytes[g_rand_int_range(rand, 0, sizeof bytes)];
		metric_labels_append(out, tags);
		g_assert_true(g_utf8_validate(out->str, -1, NULL));
		for (p = out->str; *p; p++) {
			g_assert_true(*p++ == ',');
			g_assert_true(*p == '_' || g_ascii_islower(*p));
			g_assert_false(g_str_has_prefix(p, "__"));
			p += strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
			g_assert_true(*p++ == '=' && *p++ == '"');
			for (; *p != '"'; p++) {
				g_assert_true(*p && *p != '\n');
				p += *p == '\\';
			}
		}
	}
}

static void test_help(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	metric_help_append(out, "a \"b\"\\\n", FALSE);
	g_assert_cmpstr(out->str, ==, "a \"b\"\\\\\\n");
	metric_help_append(g_string_truncate(out, 0), "a \"b\"\\\n", TRUE);
	g_assert_cmpstr(out->str, ==, "a \\\"b\\\"\\\\\\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metric-label/labels", test_labels);
	g_test_add_func("/metric-label/long", test_long_label);
	g_test_add_func("/metric-label/random", test_random_labels);
	g_test_add_func("/metric-label/help", test_help);
	return g_test_run();
}
