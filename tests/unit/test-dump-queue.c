/* Whose dump is next. */
#include "fs/broker/dump-queue.h"

enum {
	ANNE = 1000,
	BEN = 1001,
	CLEO = 1002
};

static uid_t passed_over = (uid_t)-1;

static gboolean may(uid_t uid, void *data)
{
	return uid != passed_over;
}

static int jobs[64];

static int take(DumpQueue *queue)
{
	int *job = dump_queue_take(queue, may, NULL);

	return job ? (int)(job - jobs) : -1;
}

static void test_round_robin(void)
{
	DumpQueue *queue = dump_queue_new();

	g_assert_cmpint(take(queue), ==, -1);
	/* Anne has four processes, and asked first. */
	for (int i = 0; i < 4; i++)
		dump_queue_add(queue, ANNE, &jobs[i]);
	dump_queue_add(queue, BEN, &jobs[10]);
	dump_queue_add(queue, BEN, &jobs[11]);
	dump_queue_add(queue, CLEO, &jobs[20]);
	g_assert_cmpuint(dump_queue_n(queue), ==, 7);
	g_assert_cmpint(take(queue), ==, 0);
	g_assert_cmpint(take(queue), ==, 10);
	g_assert_cmpint(take(queue), ==, 20);
	g_assert_cmpint(take(queue), ==, 1);
	g_assert_cmpint(take(queue), ==, 11);
	g_assert_cmpint(take(queue), ==, 2);
	/* Cleo was served before both of them, also when she comes late. */
	dump_queue_add(queue, BEN, &jobs[12]);
	dump_queue_add(queue, CLEO, &jobs[21]);
	g_assert_cmpint(take(queue), ==, 21);
	g_assert_cmpint(take(queue), ==, 12);
	g_assert_cmpint(take(queue), ==, 3);
	g_assert_cmpint(take(queue), ==, -1);
	dump_queue_free(queue);
}

static void test_full_and_removed(void)
{
	DumpQueue *queue = dump_queue_new();

	for (int i = 0; i < DUMP_QUEUE_MAX; i++) {
		g_assert_false(dump_queue_is_full(queue, ANNE));
		dump_queue_add(queue, ANNE, &jobs[i]);
	}
	g_assert_true(dump_queue_is_full(queue, ANNE));
	g_assert_false(dump_queue_is_full(queue, BEN));
	dump_queue_add(queue, BEN, &jobs[60]);
	g_assert_true(dump_queue_is_full(queue, BEN));
	passed_over = ANNE;
	g_assert_true(dump_queue_take(queue, may, NULL) == &jobs[60]);
	g_assert_null(dump_queue_take(queue, may, NULL));
	passed_over = (uid_t)-1;
	dump_queue_remove(queue, &jobs[60]); /* not there */
	g_assert_true(dump_queue_is_full(queue, ANNE));
	dump_queue_remove(queue, &jobs[0]);
	g_assert_false(dump_queue_is_full(queue, ANNE));
	g_assert_cmpint(take(queue), ==, 1);
	dump_queue_free(queue);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dump-queue/round-robin", test_round_robin);
	g_test_add_func("/dump-queue/row-D13/full-and-removed", test_full_and_removed);
	return g_test_run();
}
