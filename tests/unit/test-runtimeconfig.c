/* Where a runtimeconfig stands, and the numbers in it. */
#include "fs/broker/runtimeconfig.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

typedef struct {
	const char *exe;
	const char *cmdline; /* arguments, '|' for NUL */
	const char *path;    /* NULL: none */
} PathRow;

static void test_path(void)
{
	static const PathRow rows[] = {
		{ "/usr/bin/dotnet", "dotnet|/a/b/app.dll|x|", "/a/b/app.runtimeconfig.json" },
		{ "/usr/bin/dotnet", "dotnet|app.dll|other.dll|", "app.runtimeconfig.json" },
		{ "/r/dotnet", "/r/dotnet|exec|--runtimeconfig|/t/10.json|/a/app.dll|idle|",
		  "/t/10.json" },
		{ "/r/dotnet", "dotnet|exec|--fx-version|8.0.1|--depsfile|d.json|sub/app.dll|",
		  "sub/app.runtimeconfig.json" },
		{ "/r/dotnet", "dotnet|exec|app.exe|", "app.runtimeconfig.json" },
		{ "/r/dotnet", "dotnet|.dll|", ".runtimeconfig.json" },
		/* Commands of the SDK, and what is no command line at all. */
		{ "/r/dotnet", "dotnet|run|app.dll|", NULL },
		{ "/r/dotnet", "dotnet|exec|", NULL },
		{ "/r/dotnet", "dotnet|exec|--runtimeconfig|", NULL },
		{ "/r/dotnet", "dotnet|--unknown|app.dll|", NULL },
		{ "/r/dotnet", "dotnet|", NULL },
		{ "/r/dotnet", "", NULL },
		{ "/r/dotnet", "dotnet|cut.dll", NULL },
		/* Executables of their own: the command line says nothing. */
		{ "/opt/My.App", "whatever|x.dll|", "/opt/My.App.runtimeconfig.json" },
		{ "/opt/app (deleted)", "app|", "/opt/app (deleted).runtimeconfig.json" },
		{ "/opt/dotnet-app", "dotnet|x.dll|", "/opt/dotnet-app.runtimeconfig.json" },
	};
	char path[PATH_MAX];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		size_t len = strlen(rows[i].cmdline);
		g_autofree char *cmdline = g_memdup2(rows[i].cmdline, len);
		int r;

		for (size_t at = 0; at < len; at++)
			if (cmdline[at] == '|')
				cmdline[at] = '\0';
		r = runtimeconfig_path(rows[i].exe, cmdline, len, path, sizeof path);
		g_assert_cmpint(r, ==, rows[i].path ? 0 : -ENOENT);
		if (rows[i].path)
			g_assert_cmpstr(path, ==, rows[i].path);
	}
	g_assert_cmpint(runtimeconfig_path("/r/dotnet", "d\0x.dll", 8, path, 10), ==,
	                -ENAMETOOLONG);
	g_assert_cmpint(runtimeconfig_path("/r/dotnet", "d\0x.dll", 8, path, 3), ==, -ENAMETOOLONG);
	g_assert_cmpint(runtimeconfig_path("/r/app", "", 0, path, 10), ==, -ENAMETOOLONG);
}

static const char *const names[] = { "a", "b" };

static int read_numbers(const char *text, RuntimeconfigNumber *ret)
{
	size_t len = strlen(text);
	g_autofree char *exact = g_memdup2(text, len);

	/* Exactly len bytes: AddressSanitizer sees a step too far. */
	return runtimeconfig_numbers(exact, len, names, 2, ret);
}

#define IN(members) "{\"runtimeOptions\": {\"configProperties\": {" members "}}}"

static void test_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t a, b;
	} rows[] = {
		{ "{}", 0, 0 },
		{ "\xef\xbb\xbf{}", 0, 0 },
		{ " { \"runtimeOptions\" : { } } garbage", 0, 0 },
		{ IN("\"a\": 1, \"b\": \"2\""), 1, 2 },
		{ IN("\"a\":1,\"c\":[1,{\"a\":9},[]],\"b\":\"0x2\""), 1, 2 },
		{ IN("/* \"a\": 5, */ \"a\": 7 // , \"a\": 8\n"), 7, 0 },
		{ IN("\"a\": 1, \"a\": null"), 0, 0 },
		{ IN("\"a\": 1, \"a\": {\"a\": 3}"), 0, 0 },
		{ IN("\"a\": \" 12 \", \"b\": \"x\""), 12, 0 },
		{ IN("\"a\": -1, \"b\": \"-1\""), UINT64_MAX, UINT64_MAX },
		{ IN("\"a\": 18446744073709551616, \"b\": \"99999999999999999999\""), UINT64_MAX,
		  UINT64_MAX },
		{ IN("\"a\": 1e300, \"b\": 1.5e3"), UINT64_MAX, 1500 },
		{ IN("\"\\u0061\": 1, \"\\u00e4\": 5, \"b\\u0000\": 6"), 1, 0 },
		/* At its place alone; of two places the first. */
		{ "{\"a\": 1, \"configProperties\": {\"a\": 1}}", 0, 0 },
		{ "{\"runtimeOptions\": {\"a\": 1, \"configProperties\": {\"a\": 2}, "
		  "\"configProperties\": {\"a\": 3}}, \"runtimeOptions\": {\"configProperties\": "
		  "{\"a\": 4}}}",
		  2, 0 },
	};
	RuntimeconfigNumber numbers[2];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(read_numbers(rows[i].text, numbers), ==, 0);
		g_assert_cmpuint(numbers[0].value, ==, rows[i].a);
		g_assert_cmpuint(numbers[1].value, ==, rows[i].b);
	}
}

static void test_no_json(void)
{
	static const char *const rows[] = {
		"",
		" ",
		"[]",
		"1",
		"{",
		"{\"a\"",
		"{\"a\": 1,}",
		"{a: 1}",
		"{'a': 1}",
		"{\"a\": 1 \"b\": 2}",
		"{\"a\": tru}",
		"{\"a\": +1}",
		"{\"a\": 1.2.3}",
		"{\"a\": --1}",
		"{\"a\": \"x}",
		"{\"a\": \"\\x\"}",
		"{\"a\": \"\\u12\"}",
		"{\"a\": \"\\u12g4\"}",
		"{\"a\": \"\\",
		"{\"a\": \"\n\"}",
		"{\"a\": [1, 2}",
		"{\"runtimeOptions\": 5}",
		"{\"runtimeOptions\": {\"configProperties\": []}}",
		"/* {}",
	};
	RuntimeconfigNumber numbers[2];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(read_numbers(rows[i], numbers), ==, -EBADMSG);
}

/* Every cut of a good one is none. */
static void test_truncated(void)
{
	static const char whole[] =
		IN("\"a\": 12, \"x\": [true, null, \"\\u0041\"], \"b\": \"34\"");
	RuntimeconfigNumber numbers[2];

	for (size_t len = 0; len < sizeof whole - 1; len++) {
		g_autofree char *cut = g_strndup(whole, len);

		g_assert_cmpint(read_numbers(cut, numbers), ==, -EBADMSG);
	}
	g_assert_cmpint(read_numbers(whole, numbers), ==, 0);
	g_assert_cmpuint(numbers[1].value, ==, 34);
}

/* 64 levels and no more, also where nothing is closed. */
static void test_deep(void)
{
	RuntimeconfigNumber numbers[2];

	for (unsigned deep = 1; deep < 200; deep++) {
		g_autoptr(GString) text = g_string_new("{\"x\": ");

		for (unsigned i = 1; i < deep; i++)
			g_string_append(text, i % 2 ? "[" : "{\"y\":");
		g_string_append(text, "1");
		for (unsigned i = deep - 1; i > 0; i--)
			g_string_append_c(text, i % 2 ? ']' : '}');
		g_string_append_c(text, '}');
		g_assert_cmpint(read_numbers(text->str, numbers), ==, deep <= 64 ? 0 : -EBADMSG);
	}
	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *open = g_malloc(RUNTIMECONFIG_MAX + 1);

		memset(open, i ? '[' : '{', RUNTIMECONFIG_MAX);
		open[RUNTIMECONFIG_MAX] = '\0';
		g_assert_cmpint(read_numbers(open, numbers), ==, -EBADMSG);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/runtimeconfig/path", test_path);
	g_test_add_func("/runtimeconfig/numbers", test_numbers);
	g_test_add_func("/runtimeconfig/no-json", test_no_json);
	g_test_add_func("/runtimeconfig/truncated", test_truncated);
	g_test_add_func("/runtimeconfig/deep", test_deep);
	return g_test_run();
}
