/*
 * broker-ask MAJOR PID... - what the broker would answer to the asks that read /proc, by its own act in its
 * own helper: a line "PID BYTES SOURCE" or "PID - SENTENCE" a process. MAJOR is the runtime's version, 0
 * unknown. The exit status is 0 when every process was looked at.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/acts.h"
#include "fs/broker/identity.h"
#include "fs/util.h"

enum {
	DEADLINE_MS = 10000
};

typedef struct {
	GMainLoop *loop;
	const char *pid;
	gboolean answered;
} Ask;

static void on_message(const HelperMessage *message, int fd, void *data)
{
	Ask *ask = data;

	util_close_fd(&fd);
	ask->answered = TRUE;
	if (message->error)
		printf("%s - %s\n", ask->pid, message->text);
	else
		printf("%s %" G_GUINT64_FORMAT " %s\n", ask->pid, message->value[0], message->text);
}

static void on_done(int error, void *data)
{
	g_main_loop_quit(((Ask *)data)->loop);
}

static gboolean look(const char *pid, unsigned major)
{
	static const HelperCallbacks callbacks = { .message = on_message, .done = on_done };
	Ask ask = { .loop = g_main_loop_new(NULL, FALSE), .pid = pid };
	ActLimit act = { .major = major };
	Identity identity;
	int r = identity_open(atoi(pid), &identity);

	if (r < 0) {
		fprintf(stderr, "broker-ask: %s: %s\n", pid, g_strerror(-r));
		return FALSE;
	}
	act.procfd = identity.procfd;
	act.credentials = identity.credentials;
	helper_start(act_limit, &act, sizeof act, &act.procfd, 1, DEADLINE_MS, &callbacks, &ask);
	g_main_loop_run(ask.loop);
	g_main_loop_unref(ask.loop);
	helper_reap();
	identity_close(&identity);
	return ask.answered;
}

int main(int argc, char **argv)
{
	gboolean good = argc > 2;

	if (!good)
		fprintf(stderr, "usage: broker-ask MAJOR PID...\n");
	for (int i = 2; i < argc; i++)
		good &= look(argv[i], (unsigned)atoi(argv[1]));
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
