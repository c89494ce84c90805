/* Who a process is: this one, one that ended, and its sockets. */
#include "fs/broker/identity.h"
#include <errno.h>
#include <elf.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
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

static gboolean is_blocked(pid_t pid)
{
	Identity child;
	char state;

	g_assert_cmpint(identity_open(pid, &child), ==, 0);
	state = identity_state(&child);
	identity_close(&child);
	return state == 'S';
}

/* Pid and start time stay; the program is another one. */
static void test_exec(void)
{
	int go[2], there[2];
	Identity child;
	gboolean changed;
	char byte, state;
	pid_t pid;

	g_assert_cmpint(pipe(go), ==, 0);
	g_assert_cmpint(pipe(there), ==, 0);
	pid = fork();
	if (pid == 0) {
		close(there[0]);
		if (read(go[0], &byte, 1) == 1) {
			dup2(there[1], 1);
			execl("/bin/sh", "sh", "-c", "echo; exec sleep 600", (char *)NULL);
		}
		_exit(1);
	}
	close(there[1]);
	g_assert_cmpint(identity_open(pid, &child), ==, 0);
	g_assert_true(identity_glance(&child, &state));
	g_assert_cmpint(identity_look(&child, &changed), ==, 0);
	g_assert_true(changed); /* it was nobody's before */
	g_assert_false(identity_glance(&child, &state));
	g_assert_cmpint(write(go[1], "x", 1), ==, 1);
	g_assert_cmpint(read(there[0], &byte, 1), ==, 1);
	while (!is_blocked(pid))
		g_usleep(1000);
	g_assert_cmpint(identity_check(&child), ==, -ESTALE);
	g_assert_true(identity_glance(&child, &state));
	g_assert_cmpint(identity_look(&child, &changed), ==, -ESTALE);
	end_child(pid);
	identity_close(&child);
	for (unsigned i = 0; i < 2; i++)
		close(go[i]);
	close(there[0]);
}

static void test_key(void)
{
	Identity self;

	g_assert_cmpint(identity_open(getpid(), &self), ==, 0);
	g_assert_cmpint(identity_check_key(&self, self.start_ticks), ==, 0);
	g_assert_cmpint(identity_check_key(&self, 0), ==, 0);
	g_assert_cmpint(identity_check_key(&self, self.start_ticks + 1), ==, -EPERM);
	g_assert_cmpint(identity_check_key(&self, UINT64_MAX), ==, -EPERM);
	identity_close(&self);
}

/* Each row is healthy but for one thing. */
static void test_owner(void)
{
	const uid_t u = 1000;
	const struct {
		DiscoveryStatus status;
		OwnerFacts facts;
		uid_t uid;
		gid_t gid;
		gboolean told;
	} rows[] = {
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 } }, { u, 0 }, u, 7, FALSE },
		{ { .uid = { u, 0, 0, 0 }, .gid = { 7, 7, 7, 7 } }, { 0, 0 }, 0, 0, FALSE },
		{ { .uid = { u, u, 0, u }, .gid = { 7, 7, 7, 7 } }, { u, 0 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 8, 8, 8 } }, { u, 0 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 } }, { 0, 0 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 } }, { u + 1, 0 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 } }, { u, 1 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 } }, { u, -1 }, 0, 0, TRUE },
		{ { .uid = { u, u, u, u }, .gid = { 7, 7, 7, 7 }, .permitted = 1 },
		  { u, 0 },
		  0,
		  0,
		  TRUE },
		{ { .gid = { 7, 7, 7, 7 }, .permitted = 1 }, { 0, 0 }, 0, 7, FALSE },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		Owner owner = owner_of(&rows[i].status, &rows[i].facts);

		g_assert_cmpuint(owner.uid, ==, rows[i].uid);
		g_assert_cmpuint(owner.gid, ==, rows[i].gid);
		g_assert_cmpint(owner.why != NULL, ==, rows[i].told);
	}
}

static void test_auxv(void)
{
	const uint64_t secure[] = { AT_PAGESZ, 4096, AT_SECURE, 1, AT_NULL, 0 };
	const uint64_t plain[] = { AT_SECURE, 0, AT_NULL, 0 };
	const uint32_t small[] = { AT_PAGESZ, 4096, AT_SECURE, 1, AT_NULL, 0 };
	const uint64_t after[] = { AT_NULL, 0, AT_SECURE, 0 };

	g_assert_cmpint(owner_parse_auxv(secure, sizeof secure), ==, 1);
	g_assert_cmpint(owner_parse_auxv(plain, sizeof plain), ==, 0);
	g_assert_cmpint(owner_parse_auxv(small, sizeof small), ==, 1);
	g_assert_cmpint(owner_parse_auxv(after, sizeof after), ==, -1);
	g_assert_cmpint(owner_parse_auxv(secure, 23), ==, -1);
	g_assert_cmpint(owner_parse_auxv(NULL, 0), ==, -1);
}

/* Who began to listen is dead; a child of it still answers. */
static void test_dead_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof address;
	Identity parent;
	int there[2], fd;
	pid_t pid, child;

	g_assert_cmpint(pipe(there), ==, 0);
	pid = fork();
	if (pid == 0) {
		int listener = socket(AF_UNIX, SOCK_STREAM, 0);

		/* A name of the kernel's choice: abstract. */
		if (bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
		    getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
		    listen(listener, 5) < 0)
			_exit(1);
		child = fork();
		if (child == 0)
			for (;;)
				pause();
		if (write(there[1], &child, sizeof child) < 0 ||
		    write(there[1], &address, sizeof address) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	g_assert_cmpint(read(there[0], &child, sizeof child), ==, sizeof child);
	g_assert_cmpint(read(there[0], &address, sizeof address), ==, sizeof address);
	g_assert_cmpint(identity_open(pid, &parent), ==, 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(sa_family_t) + 6), ==, 0);
	g_assert_cmpint(identity_check_peer(&parent, fd, NULL), ==, 0);
	end_child(pid);
	/* Where the kernel does not say so, it is found by its pid. */
	if (identity_check_peer(&parent, fd, NULL) == 0)
		g_assert_cmpint(identity_check(&parent), ==, -ESRCH);
	kill(child, SIGKILL);
	close(fd);
	close(there[0]);
	close(there[1]);
	identity_close(&parent);
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
	g_test_add_func("/identity/dead-listener", test_dead_listener);
	g_test_add_func("/identity/row-P5/exec", test_exec);
	g_test_add_func("/identity/key", test_key);
	g_test_add_func("/identity/owner", test_owner);
	g_test_add_func("/identity/auxv", test_auxv);
	return g_test_run();
}
