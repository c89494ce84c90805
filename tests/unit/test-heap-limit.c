/* The limit of a heap from texts: the rows are what runtimes 3.1 to 11 were seen to do. */
#include "fs/broker/heap-limit.h"
#include <errno.h>
#include <string.h>

#define GIB      ((uint64_t)1 << 30)
#define PHYSICAL 25276502016u
#define H        "System.GC.HeapHardLimit"

enum {
	UNKNOWN = 1, /* instead of bytes */
	NO_LIMIT = 2
};

typedef struct {
	const char *name;
	const char *environment; /* entries, blank-separated */
	const char *config;      /* members of configProperties; NULL: there is none */
	uint64_t own, smallest;  /* 0: unlimited */
	uint64_t old, eight, nine;
	const char *source; /* of the last */
} Row;

static const Row rows[] = {
	/* 1 GiB, nothing set, and the percentages: 90 in hexadecimal, 100. */
	{ "nothing", "", "", GIB, GIB, 805306368, 805306368, 805306368,
	  "75 % of cgroup 1073741824" },
	{ "5A", "COMPlus_GCHeapHardLimitPercent=5A", "", GIB, GIB, 966367641, 966367641, 966367641,
	  "GCHeapHardLimitPercent 5A of cgroup 1073741824" },
	{ "0x5a", "COMPlus_GCHeapHardLimitPercent=0x5a", "", GIB, GIB, 966367641, 966367641,
	  966367641, "GCHeapHardLimitPercent 5A of cgroup 1073741824" },
	{ "64", "COMPlus_GCHeapHardLimitPercent=64", "", GIB, GIB, 805306368, 805306368, 805306368,
	  "75 % of cgroup 1073741824" },
	{ "hard", "COMPlus_GCHeapHardLimit=38000000", "", GIB, GIB, 939524096, 939524096, 939524096,
	  "GCHeapHardLimit" },
	{ "both", "COMPlus_GCHeapHardLimit=38000000 COMPlus_GCHeapHardLimitPercent=5A", "", GIB,
	  GIB, 939524096, 939524096, 939524096, "GCHeapHardLimit" },
	{ "larger", "COMPlus_GCHeapHardLimit=200000000", "", GIB, GIB, 8589934592u, 8589934592u,
	  8589934592u, "GCHeapHardLimit" },
	{ "parent", "", "", 0, GIB, NO_LIMIT, NO_LIMIT, 805306368, "75 % of cgroup 1073741824" },
	{ "parent-smaller", "", "", 2 * GIB, GIB, 1610612736, 1610612736, 805306368, NULL },
	{ "unlimited", "", "", 0, 0, NO_LIMIT, NO_LIMIT, NO_LIMIT, "no limit: " },
	{ "unlimited-1", "", "", 9223372036854771712u, 9223372036854771712u, NO_LIMIT, NO_LIMIT,
	  NO_LIMIT, "no limit: " },
	{ "percent-of-the-machine", "COMPlus_GCHeapHardLimitPercent=32", "", 0, 0, 12638251008u,
	  12638251008u, 12638251008u, "GCHeapHardLimitPercent 32 of physical memory 25276502016" },
	{ "above-the-machine", "", "", 64 * GIB, 64 * GIB, 18957376512u, 18957376512u, 18957376512u,
	  "75 % of physical memory 25276502016" },
	{ "small", "", "", 20 << 20, 20 << 20, 20 << 20, 20 << 20, 20 << 20,
	  "20 MiB at least, in cgroup 20971520" },
	{ "50-MiB", "", "", 50 << 20, 50 << 20, 39321600, 39321600, 39321600, NULL },
	/* Prefixes. */
	{ "dotnet", "DOTNET_GCHeapHardLimitPercent=5A", "", GIB, GIB, 805306368, 966367641,
	  966367641, NULL },
	{ "dotnet-first", "COMPlus_GCHeapHardLimitPercent=5A DOTNET_GCHeapHardLimitPercent=32", "",
	  GIB, GIB, 966367641, 536870912, 536870912, NULL },
	{ "dotnet-empty", "DOTNET_GCHeapHardLimitPercent= COMPlus_GCHeapHardLimitPercent=32", "",
	  GIB, GIB, 536870912, 536870912, 536870912, NULL },
	{ "dotnet-garbage", "DOTNET_GCHeapHardLimitPercent=zz COMPlus_GCHeapHardLimitPercent=32",
	  "", GIB, GIB, 536870912, 805306368, 805306368, NULL },
	{ "first-of-a-name", "COMPlus_GCHeapHardLimitPercent=32 COMPlus_GCHeapHardLimitPercent=5A",
	  "", GIB, GIB, 536870912, 536870912, 536870912, NULL },
	{ "case", "complus_gcheaphardlimit=38000000 COMPlus_gcheaphardlimit=38000000", "", GIB, GIB,
	  805306368, 805306368, 805306368, NULL },
	{ "other-names", "COMPlus_GCHeapHardLimitX=1 XCOMPlus_GCHeapHardLimit=1 COMPlus_GCHeap=1",
	  "", GIB, GIB, 805306368, 805306368, 805306368, NULL },
	/* Numbers as the runtime reads them. */
	{ "behind-it", "COMPlus_GCHeapHardLimitPercent=32xyz", "", GIB, GIB, 536870912, 536870912,
	  536870912, NULL },
	{ "plus", "COMPlus_GCHeapHardLimitPercent=+32", "", GIB, GIB, 536870912, 536870912,
	  536870912, NULL },
	{ "negative", "COMPlus_GCHeapHardLimit=-1", "", GIB, GIB, UNKNOWN, UNKNOWN, UNKNOWN,
	  "unknown: " },
	{ "2^64", "COMPlus_GCHeapHardLimit=10000000000000000", "", GIB, GIB, 805306368, 805306368,
	  805306368, NULL },
	{ "endless",
	  "COMPlus_GCHeapHardLimit="
	  "00000000000000000000000000000000000000000000000000000000000000000000000038000000",
	  "", GIB, GIB, 805306368, 805306368, 805306368, NULL },
	{ "percent-of-33-bits", "COMPlus_GCHeapHardLimitPercent=100000032", "", GIB, GIB, 805306368,
	  536870912, 536870912, NULL },
	/* The runtimeconfig. */
	{ "config", "", "\"" H "\": 300000000", GIB, GIB, 300000000, 300000000, 300000000,
	  "runtimeconfig System.GC.HeapHardLimit" },
	{ "config-text", "", "\"" H "\": \"300000000\"", GIB, GIB, 300000000, 300000000, 300000000,
	  NULL },
	{ "config-hexadecimal", "", "\"" H "\": \"0x10000000\"", GIB, GIB, 268435456, 268435456,
	  268435456, NULL },
	{ "config-octal", "", "\"" H "\": \"02000000000\"", GIB, GIB, 268435456, 268435456,
	  268435456, NULL },
	{ "config-exponent", "", "\"" H "\": 3e8", GIB, GIB, 300000000, 300000000, 300000000,
	  NULL },
	{ "config-fraction", "", "\"" H "\": 300000000.7", GIB, GIB, 300000000, 300000000,
	  300000000, NULL },
	{ "config-negative", "", "\"" H "\": -1", GIB, GIB, UNKNOWN, UNKNOWN, UNKNOWN, NULL },
	{ "config-huge", "", "\"" H "\": 99999999999999999999999", GIB, GIB, UNKNOWN, UNKNOWN,
	  UNKNOWN, NULL },
	{ "config-true", "", "\"" H "\": true", GIB, GIB, 805306368, 805306368, 805306368, NULL },
	{ "config-percent", "", "\"" H "Percent\": 50", GIB, GIB, 536870912, 536870912, 536870912,
	  "runtimeconfig System.GC.HeapHardLimitPercent 50 of cgroup 1073741824" },
	{ "config-percent-hexadecimal", "", "\"" H "Percent\": \"0x32\"", GIB, GIB, 536870912,
	  536870912, 536870912,
	  "runtimeconfig System.GC.HeapHardLimitPercent 50 of cgroup 1073741824" },
	{ "config-percent-100", "", "\"" H "Percent\": 100", GIB, GIB, 805306368, 805306368,
	  805306368, NULL },
	{ "config-percent-306", "", "\"" H "Percent\": 306", GIB, GIB, 805306368, 805306368,
	  805306368, NULL },
	{ "config-percent-33-bits", "", "\"" H "Percent\": 4294967346", GIB, GIB, 805306368,
	  536870912, 536870912, NULL },
	{ "config-percent-escaped", "", "\"" H "\\u0050ercent\": 50", GIB, GIB, 536870912,
	  536870912, 536870912, NULL },
	{ "config-twice", "", "\"" H "\": 300000000, \"" H "\": 200000000", GIB, GIB, 200000000,
	  200000000, 200000000, NULL },
	{ "config-case", "", "\"system.gc.heaphardlimit\": 300000000, \"GCHeapHardLimit\": 1", GIB,
	  GIB, 805306368, 805306368, 805306368, NULL },
	{ "config-broken", "", "\"" H "\": 300000000,", GIB, GIB, UNKNOWN, UNKNOWN, UNKNOWN,
	  "unknown: its runtimeconfig is no JSON" },
	/* Both: the environment goes before. */
	{ "over-config", "COMPlus_GCHeapHardLimitPercent=32", "\"" H "Percent\": 40", GIB, GIB,
	  536870912, 536870912, 536870912, NULL },
	{ "hard-of-config", "COMPlus_GCHeapHardLimitPercent=32", "\"" H "\": 300000000", GIB, GIB,
	  300000000, 300000000, 300000000, NULL },
	{ "garbage-hides", "COMPlus_GCHeapHardLimitPercent=zz", "\"" H "Percent\": 50", GIB, GIB,
	  536870912, 805306368, 805306368, NULL },
	{ "0-hides", "COMPlus_GCHeapHardLimitPercent=0", "\"" H "Percent\": 50", GIB, GIB,
	  536870912, 805306368, 805306368, NULL },
	{ "empty-does-not", "COMPlus_GCHeapHardLimitPercent=", "\"" H "Percent\": 50", GIB, GIB,
	  536870912, 536870912, 536870912, NULL },
	/* A limit for each kind of heap; a machine of another size. */
	{ "heaps", "", "\"" H "SOH\": 100000000, \"" H "LOH\": 100000000, \"" H "POH\": 100000000",
	  GIB, GIB, 805306368, 300000000, 300000000, "GCHeapHardLimitSOH, LOH and POH together" },
	{ "heaps-percent", "",
	  "\"" H "SOHPercent\": 10, \"" H "LOHPercent\": 20, \"" H "POHPercent\": 5", GIB, GIB,
	  805306368, 375809637, 375809637,
	  "GCHeapHardLimitSOHPercent, LOH and POH of cgroup 1073741824" },
	{ "heaps-before-hard",
	  "DOTNET_GCHeapHardLimitSOH=4000000 DOTNET_GCHeapHardLimitLOH=4000000 "
	  "DOTNET_GCHeapHardLimitPOH=4000000",
	  "\"" H "\": 300000000", GIB, GIB, 300000000, 201326592, 201326592, NULL },
	{ "total", "DOTNET_GCTotalPhysicalMemory=20000000", "", 0, 0, NO_LIMIT, 402653184,
	  402653184, "75 % of GCTotalPhysicalMemory 536870912" },
	{ "total-percent", "DOTNET_GCTotalPhysicalMemory=20000000 DOTNET_GCHeapHardLimitPercent=32",
	  "", GIB, GIB, 805306368, 268435456, 268435456, NULL },
	/* No runtimeconfig to be seen. */
	{ "unseen", "", NULL, GIB, GIB, UNKNOWN, UNKNOWN, UNKNOWN, "unknown: not to be seen" },
	{ "unseen-unlimited", "", NULL, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN,
	  "unknown: not to be seen" },
	{ "unseen-hard", "COMPlus_GCHeapHardLimit=38000000", NULL, GIB, GIB, 939524096, 939524096,
	  939524096, "GCHeapHardLimit" },
	{ "unseen-percent", "COMPlus_GCHeapHardLimitPercent=5A", NULL, GIB, GIB, 966367641,
	  966367641, 966367641,
	  "GCHeapHardLimitPercent 5A of cgroup 1073741824 (its runtimeconfig was not seen)" },
	{ "unseen-64", "COMPlus_GCHeapHardLimitPercent=64", NULL, GIB, GIB, UNKNOWN, UNKNOWN,
	  UNKNOWN, NULL },
};

static HeapLimitFacts facts_of(const Row *row, char *environment, const char *config)
{
	HeapLimitFacts facts = {
		.environment = environment,
		.environment_len = strlen(row->environment) + 1,
		.config = row->config ? config : NULL,
		.config_len = strlen(config),
		.config_lack = row->config ? NULL : "not to be seen",
		.cgroup_own = row->own ? row->own : HEAP_LIMIT_NONE,
		.cgroup_smallest = row->smallest ? row->smallest : HEAP_LIMIT_NONE,
		.address_space = HEAP_LIMIT_NONE,
		.physical = PHYSICAL,
	};

	for (char *p = environment; *p; p++)
		if (*p == ' ')
			*p = '\0';
	return facts;
}

static void assert_answer(const HeapLimitFacts *facts, uint64_t expected, const char *source)
{
	uint64_t bytes = 0;
	char text[512] = "";
	int r = heap_limit_find(facts, &bytes, text, sizeof text);

	if (expected == UNKNOWN || expected == NO_LIMIT) {
		g_assert_cmpint(r, ==, -EOPNOTSUPP);
		g_assert_true(
			g_str_has_prefix(text, expected == UNKNOWN ? "unknown: " : "no limit: "));
		g_assert_true(!source || g_str_has_prefix(text, source));
		return;
	}
	g_assert_cmpint(r, ==, 0);
	g_assert_cmpuint(bytes, ==, expected);
	if (source)
		g_assert_cmpstr(text, ==, source);
}

static void test_row(gconstpointer data)
{
	const Row *row = data;
	g_autofree char *environment = g_strdup(row->environment);
	g_autofree char *config = g_strdup_printf(
		"{\"runtimeOptions\": {\"tfm\": \"net8.0\", \"configProperties\": {%s}}}",
		row->config ? row->config : "");
	HeapLimitFacts facts = facts_of(row, environment, config);
	const struct {
		unsigned major;
		uint64_t expected;
		gboolean last;
	} versions[] = {
		{ 3, row->old },  { 5, row->eight },       { 8, row->eight },
		{ 9, row->nine }, { 10, row->nine, TRUE }, { 11, row->nine },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
		facts.major = versions[i].major;
		assert_answer(&facts, versions[i].expected, versions[i].last ? row->source : NULL);
	}
	/* A version that is not known: the figure of all of them, or none. */
	facts.major = 0;
	if (row->old == row->eight && row->eight == row->nine)
		assert_answer(&facts, row->nine, row->source);
	else
		assert_answer(&facts, UNKNOWN, "unknown: it depends on the runtime's version");
}

static void test_lack(void)
{
	HeapLimitFacts facts = { .major = 10,
		                 .environment = "",
		                 .config = "{}",
		                 .config_len = 2,
		                 .cgroup_lack = "no cgroup",
		                 .address_space = HEAP_LIMIT_NONE,
		                 .physical = PHYSICAL };

	assert_answer(&facts, UNKNOWN, "unknown: no cgroup");
	facts.environment = "DOTNET_GCHeapHardLimitPercent=32";
	facts.environment_len = strlen(facts.environment);
	assert_answer(&facts, UNKNOWN, "unknown: no cgroup");
	facts.environment = "DOTNET_GCHeapHardLimitSOHPercent=10";
	facts.environment_len = strlen(facts.environment);
	assert_answer(&facts, UNKNOWN, "unknown: no cgroup");
	facts.environment = "DOTNET_GCHeapHardLimit=20000000";
	facts.environment_len = strlen(facts.environment);
	assert_answer(&facts, 0x20000000, "GCHeapHardLimit");
	/* The entry ends where the text does. */
	facts.environment_len--;
	assert_answer(&facts, 0x2000000, "GCHeapHardLimit");
	facts.environment_len = 0;
	facts.environment = NULL;
	facts.cgroup_lack = NULL;
	facts.cgroup_own = facts.cgroup_smallest = GIB;
	facts.address_space = GIB / 2;
	assert_answer(&facts, 402653184, "75 % of RLIMIT_AS 536870912");
	facts.address_space = HEAP_LIMIT_NONE;
	facts.config = NULL;
	assert_answer(&facts, UNKNOWN, "unknown: its runtimeconfig was not seen");
}

/* 4 MiB without an end, of one letter, of names alone, of ends alone. */
static void test_large(void)
{
	static const char *const fills[] = {
		"A", "=", "\0", "DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimit=", "COMPlus_"
	};
	enum {
		SIZE = 4 << 20
	};
	g_autofree char *block = g_malloc(SIZE);
	HeapLimitFacts facts = { .environment = block,
		                 .environment_len = SIZE,
		                 .config = "{}",
		                 .config_len = 2,
		                 .cgroup_own = GIB,
		                 .cgroup_smallest = GIB,
		                 .address_space = HEAP_LIMIT_NONE,
		                 .physical = PHYSICAL };

	for (unsigned i = 0; i < G_N_ELEMENTS(fills); i++) {
		size_t len = MAX(strlen(fills[i]), 1);

		for (size_t at = 0; at < SIZE; at++)
			block[at] = fills[i][at % len];
		assert_answer(&facts, 805306368, NULL);
	}
	/* The text for the user is cut, never overrun. */
	for (size_t size = 1; size < 40; size++) {
		g_autofree char *text = g_malloc(size);
		uint64_t bytes;

		g_assert_cmpint(heap_limit_find(&facts, &bytes, text, size), ==, 0);
		g_assert_cmpuint(strlen(text), <, size);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("/heap-limit/row/%s", rows[i].name);

		g_test_add_data_func(path, &rows[i], test_row);
	}
	g_test_add_func("/heap-limit/lack", test_lack);
	g_test_add_func("/heap-limit/large", test_large);
	return g_test_run();
}
