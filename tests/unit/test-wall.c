/* What each half may still do behind its wall: every call is tried in a process of its own. */
#include "fs/wall.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/confine.h"
#include "fs/broker/socket-alive.h"
#include "fs/broker/socket-owners.h"

enum {
	NO_WALL = 99,
	FINE = 100 /* the call did what it is for */
};

typedef struct {
	const char *name;
	long number;
	long arguments[6];
	int wanted; /* its errno, FINE, or -SIGSYS for the end of the process */
} Call;

#define CALL(call) #call, SYS_##call

/* Forbidden to both. For the broker with the errno. */
#define FOREIGN(outcome)                                                                           \
	{ CALL(ptrace), { 0 }, outcome }, { CALL(process_vm_readv), { 1 }, outcome },              \
		{ CALL(process_vm_writev), { 1 }, outcome },                                       \
		{ CALL(pidfd_getfd), { -1 }, outcome }, { CALL(kcmp), { 1, 1 }, outcome },         \
		{ CALL(perf_event_open), { 0 }, outcome }, { CALL(bpf), { 0 }, outcome },          \
		{ CALL(init_module), { 0 }, outcome }, { CALL(finit_module), { -1 }, outcome },    \
		{ CALL(kexec_load), { 0 }, outcome }, { CALL(mount), { 0 }, outcome },             \
		{ CALL(fsopen), { 0 }, outcome }, { CALL(move_mount), { -1 }, outcome },           \
		{ CALL(open_tree), { -1 }, outcome }, { CALL(pivot_root), { 0 }, outcome },        \
		{ CALL(chroot), { 0 }, outcome }, { CALL(keyctl), { 0 }, outcome },                \
		{ CALL(add_key), { 0 }, outcome }, { CALL(setns), { -1 }, outcome },               \
		{ CALL(unshare), { 0 }, outcome }, { CALL(io_uring_setup), { 0 }, outcome },       \
		{ CALL(userfaultfd), { 0 }, outcome }, { CALL(execve), { 0 }, outcome },           \
		{ CALL(execveat), { -1 }, outcome }, { CALL(open_by_handle_at), { -1 }, outcome }, \
		{ CALL(mknodat), { -1 }, outcome }, { CALL(symlinkat), { 0 }, outcome },           \
		{ CALL(linkat), { -1 }, outcome }, { CALL(bind), { -1 }, outcome },                \
		{ CALL(listen), { -1 }, outcome }, { CALL(settimeofday), { 0 }, outcome },         \
		{ CALL(reboot), { 0 }, outcome },                                                  \
		{ CALL(clone), { CLONE_NEWUSER | SIGCHLD }, outcome },                             \
		{ CALL(clone), { CLONE_NEWNS | SIGCHLD }, outcome },                               \
		{ CALL(socket), { AF_INET, SOCK_STREAM }, outcome },                               \
		{ CALL(socket), { AF_NETLINK, SOCK_RAW }, outcome },                               \
		{ CALL(clone3), { 0 }, ENOSYS },                                                   \
	{                                                                                          \
		CALL(prlimit64), { 1, 7 }, outcome                                                 \
	}

static const Call front_calls[] = {
	FOREIGN(-SIGSYS),
	{ CALL(socket), { AF_UNIX, SOCK_STREAM }, -SIGSYS },
	{ CALL(connect), { -1 }, -SIGSYS },
	{ CALL(clone), { SIGCHLD }, -SIGSYS },
	{ CALL(kill), { 1, 0 }, -SIGSYS },
	{ CALL(tgkill), { 1, 1, 0 }, -SIGSYS },
	{ CALL(pidfd_open), { 1 }, -SIGSYS },
	{ CALL(umount2), { 0 }, -SIGSYS },
	{ CALL(unlinkat), { -1 }, -SIGSYS },
	{ CALL(setresuid), { 0, 0, 0 }, -SIGSYS },
	{ CALL(capset), { 0 }, -SIGSYS },
	{ CALL(ioctl), { -1 }, -SIGSYS },
	{ CALL(openat2), { -1 }, -SIGSYS },
	{ CALL(prctl), { PR_SET_DUMPABLE, 1 }, -SIGSYS },
	{ CALL(mmap),
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1 },
	  -SIGSYS },
	{ CALL(mprotect), { 0, 4096, PROT_EXEC }, -SIGSYS },
	{ CALL(openat), { AT_FDCWD, (long)"/proc/self/maps" }, EACCES },
	{ CALL(mmap), { 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1 }, FINE },
	{ CALL(memfd_create), { (long)"name" }, FINE },
	{ CALL(prctl), { PR_SET_NAME, (long)"name" }, FINE },
	{ CALL(prlimit64), { 0, 7 }, FINE },
};

static const Call broker_calls[] = {
	FOREIGN(ENOSYS),
	{ CALL(socket), { AF_UNIX, SOCK_STREAM }, FINE },
	{ CALL(socket), { AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG }, FINE },
	{ CALL(socket), { AF_INET, SOCK_RAW, NETLINK_SOCK_DIAG }, ENOSYS },
	{ CALL(openat), { AT_FDCWD, (long)"/proc/self/maps" }, FINE },
	{ CALL(umount2), { (long)"/nowhere", 0 }, ENOENT },
	{ CALL(kill), { 0, 0 }, FINE },
};

static void broker(void)
{
	if (wall_close_broker(TRUE, FALSE) < 0)
		_exit(NO_WALL);
}

static void front(void)
{
	if (wall_close_front() < 0)
		_exit(NO_WALL);
}

/* Its exit status, or the negative signal that ended it. */
static int run(void (*close_wall)(void), const Call *call)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const long *a = call->arguments;
		long r;

		setpgid(0, 0);
		close_wall();
		r = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
		_exit(r >= 0 ? FINE : errno);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void try_all(void (*close_wall)(void), const Call *calls, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int got = run(close_wall, &calls[i]);

		if (got != calls[i].wanted)
			g_error("%s(%ld): %d, and not %d", calls[i].name, calls[i].arguments[0],
			        got, calls[i].wanted);
	}
}

static void test_front(void)
{
	try_all(front, front_calls, G_N_ELEMENTS(front_calls));
}

static void test_broker(void)
{
	try_all(broker, broker_calls, G_N_ELEMENTS(broker_calls));
}

static void count_listener(const DiscoveryListener *listener, uid_t uid, void *data)
{
	++*(unsigned *)data;
}

/* What the broker asks the kernel about sockets. */
static void test_broker_works(void)
{
	if (geteuid() != 0) {
		g_test_skip("must be run as root");
		return;
	}
	if (g_test_subprocess()) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uint32_t inode = socket_alive_inode(fd);
		gboolean can_tell = socket_alive(inode);
		unsigned n = 0;
		int r = socket_owners_each(count_listener, &n);

		broker();
		g_assert_cmpint(socket_alive(inode), ==, can_tell);
		g_assert_cmpint(socket_owners_each(count_listener, &n), ==, r);
		close(fd);
		g_assert_false(socket_alive(inode));
		_exit(EXIT_SUCCESS);
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

static gpointer think(gpointer data)
{
	g_usleep(1000);
	return g_strdup("thought");
}

static void push(gpointer data, gpointer user_data)
{
	g_atomic_int_inc((int *)user_data);
}

/* What GLib needs behind it: threads of its own and of a pool, a main loop, its abort. */
static void test_front_works(void)
{
	if (g_test_subprocess()) {
		g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
		int n = 0;
		GThreadPool *pool;

		front();
		g_free(g_thread_join(g_thread_new("name", think, NULL)));
		pool = g_thread_pool_new(push, &n, 4, FALSE, NULL);
		for (int i = 1; i <= 100; i++)
			g_thread_pool_push(pool, GINT_TO_POINTER(i), NULL);
		g_thread_pool_free(pool, FALSE, TRUE);
		g_assert_cmpint(n, ==, 100);
		g_timeout_add(10, G_SOURCE_FUNC(g_main_loop_quit), loop);
		g_main_loop_run(loop);
		_exit(g_strerror(ENOENT) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

static void test_abort(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		sigaction(SIGABRT, &action, NULL);
		front();
		abort();
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_read(void)
{
	if (g_test_subprocess()) {
		RecordWall wall;

		wall_read(&wall);
		g_assert_cmpuint(wall.uid, ==, geteuid());
		g_assert_cmpuint(wall.seccomp, ==, 0);
		g_assert_cmpint(wall_close_broker(TRUE, TRUE), ==, 0);
		wall_read(&wall);
		g_assert_cmpuint(wall.seccomp, ==, 0);
		g_assert_cmphex(wall.capabilities & UINT64_C(1) << CAP_SYS_MODULE, ==, 0);
		g_assert_cmpint(wall_close_broker(TRUE, FALSE), ==, 0);
		wall_read(&wall);
		g_assert_cmpuint(wall.seccomp, ==, 1);
		g_assert_cmpuint(wall.no_new_privs, ==, 1);
		_exit(EXIT_SUCCESS);
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

/* A plain user's broker starts fusermount3, which is set-uid. */
static void test_user(void)
{
	if (g_test_subprocess()) {
		RecordWall wall;

		g_assert_cmpint(wall_close_broker(FALSE, FALSE), ==, 0);
		wall_read(&wall);
		g_assert_cmphex(wall.capabilities, ==, 0);
		g_assert_cmpuint(wall.seccomp, ==, 0);
		g_assert_cmpuint(wall.no_new_privs, ==, 0);
		_exit(EXIT_SUCCESS);
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

static void test_capabilities(void)
{
	const uint64_t keep = UINT64_C(1) << CAP_KILL | UINT64_C(1) << CAP_SYS_PTRACE;

	if (geteuid() != 0 || (confine_capabilities() & keep) != keep) {
		g_test_skip("must be run as root");
		return;
	}
	if (g_test_subprocess()) {
		confine_drop_bounding(keep);
		g_assert_cmpint(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0), ==, 1);
		g_assert_cmpint(prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0), ==, 0);
		g_assert_cmpint(confine_keep_capabilities(keep), ==, 0);
		g_assert_cmphex(confine_capabilities(), ==, keep);
		g_assert_cmpint(confine_keep_capabilities(~UINT64_C(0)), ==, 0);
		g_assert_cmphex(confine_capabilities(), ==, keep);
		g_assert_cmpint(confine_keep_capabilities(0), ==, 0);
		g_assert_cmphex(confine_capabilities(), ==, 0);
		_exit(EXIT_SUCCESS);
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wall/read", test_read);
	g_test_add_func("/wall/user", test_user);
	g_test_add_func("/wall/capabilities", test_capabilities);
	g_test_add_func("/wall/front-works", test_front_works);
	if (WALL_IS_FULL) {
		g_test_add_func("/wall/front", test_front);
		g_test_add_func("/wall/broker", test_broker);
		g_test_add_func("/wall/broker-works", test_broker_works);
		g_test_add_func("/wall/abort", test_abort);
	}
	return g_test_run();
}
