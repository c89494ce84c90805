/* Lines about sockets that belong to nobody: ten a minute, then a number. */
#include "fs/broker/notice-limit.h"

#define SECOND G_USEC_PER_SEC

static void test_limit(void)
{
	NoticeLimit limit = { 0 };

	g_assert_cmpuint(notice_limit_over(&limit, 5 * SECOND), ==, 0);
	for (unsigned i = 0; i < 500; i++)
		g_assert_cmpint(notice_limit_take(&limit, 100 * SECOND + i), ==, i < 10);
	g_assert_cmpuint(notice_limit_over(&limit, 159 * SECOND), ==, 0);
	g_assert_false(notice_limit_take(&limit, 159 * SECOND));
	g_assert_cmpuint(notice_limit_over(&limit, 160 * SECOND), ==, 491);
	/* Said once; another minute begins with its first line. */
	g_assert_cmpuint(notice_limit_over(&limit, 161 * SECOND), ==, 0);
	g_assert_true(notice_limit_take(&limit, 300 * SECOND));
	g_assert_cmpuint(notice_limit_over(&limit, 359 * SECOND), ==, 0);
	g_assert_cmpuint(notice_limit_over(&limit, 360 * SECOND), ==, 0);
	for (unsigned i = 0; i < 10; i++)
		g_assert_true(notice_limit_take(&limit, 361 * SECOND));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/notice-limit/limit", test_limit);
	return g_test_run();
}
