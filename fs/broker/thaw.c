/* See thaw.h. */
#include "fs/broker/thaw.h"
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fs/broker/broker.h"

enum {
	PERIOD_MS = 100,
	LOOKS = 20,
	STOPPED_LOOKS = 3,
	LAST_LOOKS = 10
};

typedef struct {
	Broker *broker;
	uint64_t serial;
	unsigned looks;
	unsigned stopped; /* in a row */
} ThawWatch;

static gboolean is_left_stopped(const Target *target)
{
	DiscoveryStatus status;

	return identity_state(&target->identity) == 'T' &&
	       discovery_read_status(target->identity.procfd, &status) == 0 && status.tracer == 0;
}

/* TRUE when it was found so often enough, in a row, and was sent SIGCONT. */
static gboolean mend(const Target *target, unsigned *stopped)
{
	*stopped = is_left_stopped(target) ? *stopped + 1 : 0;
	if (*stopped < STOPPED_LOOKS)
		return FALSE;
	syscall(SYS_pidfd_send_signal, target->identity.pidfd, SIGCONT, NULL, 0);
	return TRUE;
}

static gboolean on_look(gpointer data)
{
	ThawWatch *watch = data;
	Target *target = broker_find(watch->broker, watch->serial);

	if (!target || target->dump || ++watch->looks > LOOKS)
		return G_SOURCE_REMOVE;
	if (!mend(target, &watch->stopped))
		return G_SOURCE_CONTINUE;
	broker_notice(watch->broker, target, 0, EVENT_WARNING, "text",
	              "createdump left the process stopped: SIGCONT was sent to it", NULL);
	return G_SOURCE_REMOVE;
}

/* Nobody looks later: a second at most, and as long as it is traced or stopped. */
static void look_now(const Target *target)
{
	unsigned stopped = 0;

	for (unsigned i = 0; i < LAST_LOOKS; i++) {
		if (i && !identity_state_stopped(identity_state(&target->identity)))
			return;
		if (mend(target, &stopped))
			return;
		g_usleep(PERIOD_MS * 1000);
	}
}

void thaw_watch(const Target *target)
{
	ThawWatch *watch;

	if (broker_is_leaving(target->broker)) {
		look_now(target);
		return;
	}
	watch = g_new0(ThawWatch, 1);
	watch->broker = target->broker;
	watch->serial = target->serial;
	g_timeout_add_full(G_PRIORITY_DEFAULT, PERIOD_MS, on_look, watch, g_free);
}
