/* Helpers: what they say comes back, they end in time, and what is not theirs is closed. */
#include "fs/broker/helper.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/util.h"

typedef struct {
	GMainLoop *loop;
	unsigned messages, done;
	int error;
	HelperMessage last;
	int fd;
} Seen;

static unsigned wanted;

static void on_message(const HelperMessage *message, int fd, void *data)
{
	Seen *seen = data;

	seen->messages++;
	seen->last = *message;
	if (fd >= 0) {
		util_close_fd(&seen->fd);
		seen->fd = fd;
	}
}

static void on_done(int error, void *data)
{
	Seen *seen = data;

	seen->error = error;
	if (++seen->done == wanted)
		g_main_loop_quit(seen->loop);
}

static const HelperCallbacks callbacks = { .message = on_message, .done = on_done };

static Seen run(HelperAct act, const void *args, size_t len, const int *fds, unsigned n_fds,
                unsigned ms, unsigned times)
{
	Seen seen = { .loop = g_main_loop_new(NULL, FALSE), .fd = -1 };

	wanted = times;
	for (unsigned i = 0; i < times; i++)
		helper_start(act, args, len, fds, n_fds, ms, &callbacks, &seen);
	g_main_loop_run(seen.loop);
	g_main_loop_unref(seen.loop);
	helper_reap();
	return seen;
}

static void say_twice(HelperContext *context, const void *args)
{
	HelperMessage message = { .kind = 7, .value = { *(const int *)args } };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	g_strlcpy(message.text, "first", sizeof message.text);
	helper_say(context, &message, fd);
	message.error = -EXDEV;
	g_strlcpy(message.text, "second", sizeof message.text);
	helper_say(context, &message, -1);
}

static void test_messages(void)
{
	const int number = 42;
	Seen seen = run(say_twice, &number, sizeof number, NULL, 0, 10000, 1);

	g_assert_cmpuint(seen.messages, ==, 2);
	g_assert_cmpint(seen.error, ==, 0);
	g_assert_cmpint(seen.last.error, ==, -EXDEV);
	g_assert_cmpuint(seen.last.value[0], ==, 42);
	g_assert_cmpstr(seen.last.text, ==, "second");
	g_assert_cmpint(seen.fd, >=, 0);
	g_assert_true(fcntl(seen.fd, F_GETFD) & FD_CLOEXEC);
	util_close_fd(&seen.fd);
}

static void sleep_for_ever(HelperContext *context, const void *args)
{
	for (;;)
		pause();
}

static void test_deadline(void)
{
	Seen seen = run(sleep_for_ever, "", 1, NULL, 0, 50, 1);

	g_assert_cmpint(seen.error, ==, -ETIMEDOUT);
	g_assert_cmpuint(seen.messages, ==, 0);
}

/* What is past its deadline is stuck until the kernel has let it die. */
static void test_stuck(void)
{
	Seen seen = { .loop = g_main_loop_new(NULL, FALSE), .fd = -1 };
	unsigned before = helper_n_stuck();

	wanted = 2;
	helper_set_key(helper_start(sleep_for_ever, "", 1, NULL, 0, 50, &callbacks, &seen), 7);
	helper_start(sleep_for_ever, "", 1, NULL, 0, 50, &callbacks, &seen);
	g_assert_true(helper_is_busy(7));
	g_assert_false(helper_is_stuck(7));
	g_assert_false(helper_is_busy(8));
	g_main_loop_run(seen.loop);
	g_main_loop_unref(seen.loop);
	g_assert_true(helper_is_stuck(7));
	g_assert_true(helper_is_busy(7));
	g_assert_false(helper_is_stuck(0));
	g_assert_cmpuint(helper_n_stuck(), ==, before + 2);
	while (helper_n_stuck() > 0) {
		helper_reap();
		g_usleep(1000);
	}
	g_assert_false(helper_is_busy(7));
}

/* More than run at once: all of them come to an end. */
static void test_queue(void)
{
	const int number = 1;
	Seen seen = run(say_twice, &number, sizeof number, NULL, 0, 10000, HELPER_MAX * 3);

	g_assert_cmpuint(seen.messages, ==, HELPER_MAX * 6);
	g_assert_cmpuint(helper_running(), ==, 0);
	util_close_fd(&seen.fd);
}

static void look_at_fds(HelperContext *context, const void *args)
{
	const int *fds = args;
	HelperMessage message = { 0 };

	message.value[0] = fcntl(fds[0], F_GETFD) >= 0;
	message.value[1] = fcntl(fds[1], F_GETFD) >= 0;
	helper_say(context, &message, -1);
}

static void test_descriptors(void)
{
	int fds[] = { open("/dev/null", O_RDONLY | O_CLOEXEC),
		      open("/dev/null", O_RDONLY | O_CLOEXEC) };
	Seen seen = run(look_at_fds, fds, sizeof fds, &fds[1], 1, 10000, 1);

	g_assert_cmpuint(seen.last.value[0], ==, 0);
	g_assert_cmpuint(seen.last.value[1], ==, 1);
	close(fds[0]);
	close(fds[1]);
}

static rlim_t set_fds(rlim_t n)
{
	struct rlimit limit, few;

	g_assert_no_errno(getrlimit(RLIMIT_NOFILE, &limit));
	few = (struct rlimit){ .rlim_cur = n, .rlim_max = limit.rlim_max };
	g_assert_no_errno(setrlimit(RLIMIT_NOFILE, &few));
	return limit.rlim_cur;
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* Without descriptors of our own: that is what is said, and no fault of the act. */
static void test_shortage(void)
{
	const int number = 1;
	Seen seen = { .loop = g_main_loop_new(NULL, FALSE), .fd = -1 };
	rlim_t before;

	wanted = 1;
	before = set_fds((rlim_t)lowest_free_fd());
	helper_start(say_twice, &number, sizeof number, NULL, 0, 10000, &callbacks, &seen);
	g_main_loop_run(seen.loop);
	set_fds(before);
	g_assert_cmpint(seen.error, ==, -EMFILE);
	g_assert_true(helper_is_shortage(seen.error));
	g_assert_cmpuint(seen.messages, ==, 0);

	/* None for the one that a helper sends. */
	wanted = 2;
	helper_start(say_twice, &number, sizeof number, NULL, 0, 10000, &callbacks, &seen);
	before = set_fds((rlim_t)lowest_free_fd());
	g_main_loop_run(seen.loop);
	set_fds(before);
	g_assert_cmpint(seen.error, ==, -EMFILE);
	g_assert_cmpuint(seen.messages, ==, 0);
	g_assert_false(helper_is_shortage(-ETIMEDOUT));
	g_assert_false(helper_is_shortage(0));
	g_main_loop_unref(seen.loop);
	helper_reap();
}

static void become_other(HelperContext *context, const void *args)
{
	HelperMessage message = { 0 };

	message.error = helper_become(context, args);
	message.value[0] = geteuid();
	message.value[1] = access("/proc/1/environ", R_OK) == 0;
	helper_say(context, &message, -1);
}

static void test_become(void)
{
	const HelperCredentials who = { .uid = 65533, .gid = 65533 };
	Seen seen = run(become_other, &who, sizeof who, NULL, 0, 10000, 1);

	if (geteuid() != 0) {
		g_assert_cmpint(seen.last.error, ==, -EPERM);
		return;
	}
	g_assert_cmpint(seen.last.error, ==, 0);
	g_assert_cmpuint(seen.last.value[0], ==, who.uid);
	g_assert_cmpuint(seen.last.value[1], ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/helper/messages", test_messages);
	g_test_add_func("/helper/deadline", test_deadline);
	g_test_add_func("/helper/stuck", test_stuck);
	g_test_add_func("/helper/queue", test_queue);
	g_test_add_func("/helper/descriptors", test_descriptors);
	g_test_add_func("/helper/shortage", test_shortage);
	g_test_add_func("/helper/become", test_become);
	return g_test_run();
}
