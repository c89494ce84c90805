/*
 * A .NET runtime as a diagnostics client sees one, without .NET: it listens where a runtime would,
 * serves one request at a time as a runtime's single server thread does, and behaves as a scenario
 * says (scenario.h): fake-runtime [--log FILE] SCENARIO.
 *
 * It says on standard output what happened, a line each: "READY PID PATH", "connect", "request NAME
 * VERSION", "providers NAME:KEYWORDS:LEVEL:FILTER ...", "stop ID", "dump TYPE PATH", "stream ID",
 * "stream-end ID" (its own end), "stream-closed ID" (the client's), "gone request" or "gone answer"
 * (the client closed before it was whole). With --log every byte that arrives is appended to FILE.
 *
 * SIGHUP: the scenario is read again, for what begins after it. SIGUSR1: all streams end without an
 * end mark. SIGUSR2: it becomes the user, or the program, of its scenario. SIGTERM: it ends and removes its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/fake/server.h"

static volatile sig_atomic_t got_hup, got_usr1, got_usr2, got_term;

static void on_signal(int number)
{
	got_hup |= number == SIGHUP;
	got_usr1 |= number == SIGUSR1;
	got_usr2 |= number == SIGUSR2;
	got_term |= number == SIGTERM || number == SIGINT;
}

static void *named_thread(void *data)
{
	const Scenario *s = data;

	g_usleep((gulong)s->thread_ms * 1000);
	pthread_setname_np(pthread_self(), s->thread_name);
	for (;;)
		pause();
	return NULL;
}

/* Who called listen() last is whom the kernel names as the peer. */
static void leave_to_child(Server *server)
{
	if (fork() != 0)
		for (;;)
			pause();
	printf("relisten %s\n", server_relisten(server) < 0 ? g_strerror(errno) : "ok");
	fflush(stdout);
}

static void become_another(const Scenario *s, const sigset_t *mask)
{
	char *program = s->exec_keep ? s->exec_keep : s->exec;
	char *const argv[] = { program, NULL };
	int r = 0;

	if (s->become)
		r = setresuid(s->become, s->become, s->become);
	if (!r && s->undumpable)
		r = prctl(PR_SET_DUMPABLE, s->undumpable == 2);
	printf("become %s\n", r < 0 ? g_strerror(errno) : "ok");
	fflush(stdout);
	if (!program || (s->exec_keep && fork() == 0))
		return;
	sigprocmask(SIG_SETMASK, mask, NULL);
	setenv("CANARY", "of the new program", 1);
	execv(program, argv);
	_exit(127);
}

static void *end_thread(void *data)
{
	const Scenario *s = data;

	g_usleep((gulong)s->live_ms * 1000);
	kill(getpid(), s->is_killed ? SIGKILL : SIGTERM);
	return NULL;
}

/* What is needed beside the server: FALSE when there is no thread to be had. */
static gboolean begin_lives(const Scenario *s)
{
	pthread_t thread;

	for (guint i = 0; i < s->children; i++) {
		pid_t child = fork();

		while (child == 0)
			pause();
		printf("child %d\n", child);
	}
	if (s->thread_name && pthread_create(&thread, NULL, named_thread, (void *)s) != 0)
		return FALSE;
	return !s->live_ms || pthread_create(&thread, NULL, end_thread, (void *)s) == 0;
}

static void take_signals(sigset_t *ret_mask)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, ret_mask); /* they arrive in ppoll() alone */
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	Server *server;
	sigset_t mask;
	int log = -1;
	int r;

	if (argc == 4 && g_str_equal(argv[1], "--log"))
		log = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (argc != 2 && log < 0) {
		fprintf(stderr, "usage: fake-runtime [--log FILE] SCENARIO\n");
		return 2;
	}
	server = server_new(argv[argc - 1], log, &error);
	if (!server) {
		fprintf(stderr, "fake-runtime: %s\n", error->message);
		return 2;
	}
	take_signals(&mask);
	r = server_listen(server);
	if (r < 0) {
		fprintf(stderr, "fake-runtime: %s: %s\n", server_path(server), g_strerror(-r));
		return 1;
	}
	if (!begin_lives(server_scenario(server)))
		return 1;
	printf("READY %d %s\n", getpid(), server_path(server));
	fflush(stdout);
	while (!got_term) {
		server_step(server, &mask);
		if (got_hup)
			server_reload(server);
		if (got_usr1)
			server_end_streams(server);
		if (got_usr2 && server_scenario(server)->relisten)
			leave_to_child(server);
		else if (got_usr2)
			become_another(server_scenario(server), &mask);
		got_hup = got_usr1 = got_usr2 = 0;
	}
	server_free(server);
	return 0;
}
