/* The rule: what a dump may take of the store, before and while it is written. */
#include "fs/broker/dump-limits.h"
#include <errno.h>
#include <string.h>

#define MB(n) ((uint64_t)(n)*1000000)

static DumpLimits of_root(void)
{
	DumpLimits limits;

	dump_limits_init(&limits, TRUE);
	limits.keep_free = MB(100);
	return limits;
}

static void expect(int r, int wanted, char **text, const char *word)
{
	g_assert_cmpint(r, ==, wanted);
	g_assert_cmpint(*text != NULL, ==, wanted != 0);
	if (word && !strstr(*text, word))
		g_error("no \"%s\" in: %s", word, *text);
	g_clear_pointer(text, g_free);
}

static void before(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid, uint64_t expected,
                   const char *word)
{
	char *text = NULL;
	int r = dump_limits_before(limits, use, uid, expected, "/store", &text);

	expect(r, word ? -ENOSPC : 0, &text, word);
}

static void during(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid, const char *word)
{
	char *text = NULL;
	int r = dump_limits_during(limits, use, uid, "/store", &text);

	expect(r, word ? -ENOSPC : 0, &text, word);
}

static void test_keep_free(void)
{
	DumpLimits limits;

	dump_limits_init(&limits, FALSE);
	g_assert_cmpuint(dump_limits_keep_free(&limits, MB(50000)), ==, MB(5000));
	g_assert_cmpuint(dump_limits_keep_free(&limits, MB(500000)), ==, MB(10000));
	limits.keep_free_part = 0.2;
	limits.keep_free_default = FALSE; /* asked for: not cut off */
	g_assert_cmpuint(dump_limits_keep_free(&limits, MB(500000)), ==, MB(100000));
	limits.keep_free = 7;
	g_assert_cmpuint(dump_limits_keep_free(&limits, MB(500000)), ==, 7);
}

static void test_free_space(void)
{
	DumpLimits limits = of_root();
	DumpLimitsUse use = { .free = MB(300), .total = MB(1000) };

	before(&limits, &use, 0, MB(200), NULL);
	before(&limits, &use, 0, MB(200) + 1, "/store has 300 MB free: the dump may need 200 MB");
	before(&limits, &use, 0, UINT64_MAX, "keep_free");
	/* Another one is being written and may need 100 MB more. */
	use.written = MB(50);
	use.pending = MB(100);
	before(&limits, &use, 0, MB(100), NULL);
	before(&limits, &use, 0, MB(101), "200 MB free beside the dumps under way");
	use.pending = MB(999);
	before(&limits, &use, 0, 1, "0 MB free");

	during(&limits, &use, 0, NULL);
	use.free = MB(100);
	during(&limits, &use, 0, NULL);
	use.free = MB(100) - 1;
	during(&limits, &use, 0, "keep_free");
	/* Never below what a machine needs to go on. */
	limits.keep_free = 0;
	use.free = DUMP_LIMITS_KEEP_FREE_LOWEST;
	during(&limits, &use, 0, NULL);
	use.free--;
	during(&limits, &use, 0, "67 MB stay free");
}

static void test_max_use(void)
{
	DumpLimits limits = of_root();
	DumpLimitsUse use = { .free = MB(9000), .total = MB(10000), .sealed = MB(300) };

	limits.max_use = MB(500);
	before(&limits, &use, 0, MB(200), NULL);
	before(&limits, &use, 0, MB(201), "500 MB of max_use");
	use.written = MB(50);
	use.pending = MB(50);
	before(&limits, &use, 0, MB(101), "400 MB of other dumps");
	during(&limits, &use, 0, NULL);
	use.written = MB(200);
	during(&limits, &use, 0, NULL);
	use.written++;
	during(&limits, &use, 0, "max_use");
}

static void test_allowance(void)
{
	DumpLimits limits = of_root();
	DumpLimitsUse use = { .free = MB(900), .total = MB(2000), .sealed = MB(200) };

	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 0), ==, DUMP_LIMITS_OFF);
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, MB(500));
	/* What is being written is not free any more: the allowance stays. */
	use.free = MB(800);
	use.written = MB(100);
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, MB(500));
	limits.max_use = MB(600);
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, MB(300));
	limits.max_use_user = MB(50);
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, MB(50));
	limits.max_use_user = DUMP_LIMITS_OFF;
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, DUMP_LIMITS_OFF);
	limits = of_root();
	limits.per_user = FALSE;
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, DUMP_LIMITS_OFF);
	limits.per_user = TRUE;
	limits.keep_free = MB(5000);
	g_assert_cmpuint(dump_limits_allowance(&limits, &use, 5), ==, 0);
}

static void test_user(void)
{
	DumpLimits limits = of_root();
	DumpLimitsUse use = { .free = MB(900), .total = MB(2000), .sealed = MB(200) };

	use.user_sealed = MB(200);
	before(&limits, &use, 5, MB(300), NULL);
	before(&limits, &use, 5, MB(301), "half the store");
	before(&limits, &use, 0, MB(800), NULL);
	use.user_pending = use.pending = MB(100);
	before(&limits, &use, 5, MB(201), "300 MB of this user's other dumps");
	use.user_written = MB(300);
	during(&limits, &use, 5, NULL);
	use.user_written++;
	during(&limits, &use, 5, "this user's dumps outgrew the 500 MB");
	during(&limits, &use, 0, NULL);
	limits.max_use_user = MB(250);
	before(&limits, &use, 5, MB(1), "250 MB of max_use_user");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dump-limits/keep-free", test_keep_free);
	g_test_add_func("/dump-limits/free-space", test_free_space);
	g_test_add_func("/dump-limits/max-use", test_max_use);
	g_test_add_func("/dump-limits/allowance", test_allowance);
	g_test_add_func("/dump-limits/user", test_user);
	return g_test_run();
}
