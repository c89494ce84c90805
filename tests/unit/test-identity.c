/* Who a process is: this one, one that ended, and its sockets. */
#include "fs/broker/identity.h"
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/util.h"

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	g_assert_cmpint(pid, >, 0);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_self(void)
{
	Identity self;

	g_assert_cmpint(identity_open(getpid(), &self), ==, 0);
	g_assert_cmpint(self.nspid, >, 0);
	g_assert_cmpuint(self.credentials.uid, ==, getuid());
	g_assert_cmpuint(self.net_ns, ==, identity_net_ns(getpid()));
	g_assert_cmpint(identity_check(&self), ==, 0);
	g_assert_cmpint(identity_state(&self), ==, 'R');
	g_assert_cmpuint(self.start_ticks, <=, identity_now_ticks());
	g_assert_cmpint(ABS(identity_start_us(identity_now_ticks()) - util_real_us()), <,
	                10 * G_USEC_PER_SEC);
	g_assert_false(identity_has_sign(&self));
	identity_close(&self);
}

static void test_ended(void)
{
	pid_t pid = start_child();
	Identity child, none;

	g_assert_cmpint(identity_open(pid, &child), ==, 0);
	g_assert_cmpint(identity_check(&child), ==, 0);
	end_child(pid);
	g_assert_cmpint(identity_check(&child), ==, -ESRCH);
	g_assert_cmpint(identity_open(pid, &none), ==, -ESRCH);
	identity_close(&child);
}

static void test_stopped(void)
{
	pid_t pid = start_child();
	Identity child;

	g_assert_cmpint(identity_open(pid, &child), ==, 0);
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	g_assert_true(identity_state_stopped(identity_state(&child)));
	end_child(pid);
	identity_close(&child);
}

static void test_peer(void)
{
	pid_t pid = start_child();
	Identity self, child;
	int pair[2];
	pid_t peer;

	g_assert_cmpint(identity_open(getpid(), &self), ==, 0);
	g_assert_cmpint(identity_open(pid, &child), ==, 0);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
	g_assert_cmpint(identity_check_peer(&self, pair[0], NULL), ==, 0);
	g_assert_cmpint(identity_check_peer(&child, pair[0], &peer), ==, -EPERM);
	g_assert_cmpint(peer, ==, getpid());
	close(pair[0]);
	close(pair[1]);
	end_child(pid);
	identity_close(&self);
	identity_close(&child);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/identity/self", test_self);
	g_test_add_func("/identity/ended", test_ended);
	g_test_add_func("/identity/stopped", test_stopped);
	g_test_add_func("/identity/peer", test_peer);
	return g_test_run();
}
