/* What can be written to `providers`, and what is made of it. */
#include "fs/model/provider-list.h"
#include <errno.h>
#include <string.h>

static char *text_of(const ProviderList *list)
{
	GString *out = g_string_new(NULL);

	provider_list_render(list, out);
	return g_string_free(out, FALSE);
}

static void check(ProviderList *list, const char *write, const char *expected)
{
	g_autofree char *why = NULL;
	g_autofree char *text = NULL;

	g_assert_cmpint(provider_list_write(list, write, strlen(write), &why), ==, 0);
	g_assert_null(why);
	text = text_of(list);
	g_assert_cmpstr(text, ==, expected);
}

static void test_write(void)
{
	ProviderList list;
	g_autofree char *defaults = NULL;
	guint64 seq;

	provider_list_init(&list);
	defaults = text_of(&list);
	g_assert_true(g_str_has_prefix(defaults, "System.Runtime\n"));
	g_assert_nonnull(strstr(defaults, "Microsoft-AspNetCore-Server-Kestrel\n"));
	check(&list, "A\nB.c-d_9\n", "A\nB.c-d_9\n");
	check(&list, "+C", "A\nB.c-d_9\nC\n");
	check(&list, "-A\n+D\n", "B.c-d_9\nC\nD\n");
	check(&list, " + E \n# a remark\n\n", "B.c-d_9\nC\nD\nE\n");
	check(&list, "-nobody", "B.c-d_9\nC\nD\nE\n");
	check(&list, "A,*,A", "A\n*\n");
	g_assert_true(list.has_all);
	check(&list, "-*", "A\n");
	g_assert_false(list.has_all);
	seq = list.seq;
	check(&list, "A", "A\n");
	g_assert_cmpuint(list.seq, ==, seq);
	check(&list, "off", "off\n");
	g_assert_true(provider_list_is_empty(&list));
	g_assert_cmpuint(list.seq, >, seq);
	check(&list, "default", defaults);
	check(&list, "# none\noff", "off\n");
	check(&list, "+default", defaults);
	provider_list_clear(&list);
}

/* And the list is as it was. */
static void test_refused(void)
{
	static const char *const bad[] = {
		"a b",
		"a;b",
		"a\"b",
		"\xc3\xa4",
		"Microsoft-Windows-DotNETRuntime",
		"A\n+B",
		"+",
		"a/b",
		"**",
		"+Microsoft-Windows-DotNETRuntimeRundown",
		"a=b",
		"",
		"\n",
		"# mine\n",
		"System.Diagnostics.Metrics",
		"off,A",
		"+off",
		"-off",
		"-default",
		"+Microsoft-DotNETCore-SampleProfiler",
		"default\noff",
		"off\noff",
		"+system.diagnostics.metrics",
		"+-A",
		"--A",
	};
	g_autofree char *longest = g_strnfill(128, 'a');
	g_autofree char *longer = g_strnfill(129, 'a');
	g_autoptr(GString) many = g_string_new(NULL);
	g_autofree char *before = NULL, *after = NULL;
	ProviderList list;
	char *why = NULL;

	provider_list_init(&list);
	before = text_of(&list);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_cmpint(provider_list_write(&list, bad[i], strlen(bad[i]), &why), ==,
		                -EINVAL);
		g_assert_nonnull(why);
		g_assert_true(g_utf8_validate(why, -1, NULL));
		g_clear_pointer(&why, g_free);
	}
	g_assert_cmpint(provider_list_write(&list, "A\0B", 3, &why), ==, -EINVAL);
	g_clear_pointer(&why, g_free);
	g_assert_cmpint(provider_list_write(&list, longer, 129, &why), ==, -EINVAL);
	g_clear_pointer(&why, g_free);
	for (unsigned i = 0; i < PROVIDER_LIST_MAX + 1; i++)
		g_string_append_printf(many, "N%u\n", i);
	g_assert_cmpint(provider_list_write(&list, many->str, many->len, &why), ==, -EINVAL);
	g_clear_pointer(&why, g_free);
	after = text_of(&list);
	g_assert_cmpstr(before, ==, after);
	g_assert_cmpint(provider_list_write(&list, longest, 128, &why), ==, 0);
	provider_list_clear(&list);
}

static void test_names(void)
{
	g_autoptr(GString) names = g_string_new(NULL);
	char *why = NULL;
	ProviderList list;

	provider_list_init(&list);
	g_assert_cmpint(provider_list_write(&list, "A\n*\nB", 5, &why), ==, 0);
	provider_list_names(&list, FALSE, names);
	g_assert_cmpmem(names->str, names->len, "A\0B", 4);
	g_string_truncate(names, 0);
	provider_list_names(&list, TRUE, names);
	g_assert_cmpmem(names->str, names->len, "A\0*\0B", 6);
	provider_list_clear(&list);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/provider-list/write", test_write);
	g_test_add_func("/provider-list/refused", test_refused);
	g_test_add_func("/provider-list/names", test_names);
	return g_test_run();
}
