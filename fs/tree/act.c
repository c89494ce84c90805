/* Between the model's acts and the requests that wait for them. */
#include "fs/tree/act.h"

#include <errno.h>

#include "fs/util.h"

static void cancel_act(NodeWait *wait)
{
	model_act_cancel(g_steal_pointer(&wait->act));
}

int act_wait(NodeWait *wait, int result, unsigned seconds)
{
	if (result <= 0)
		return result;
	wait->cancel = cancel_act;
	wait->deadline_us = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
	wait->deadline_error = -ETIMEDOUT;
	return NODE_WAIT;
}

void act_reply(int error, int fd, guint64 value, void *data)
{
	NodeWait *wait = data;

	util_close_fd(&fd);
	wait->act = NULL;
	wait->done(wait, error);
}
