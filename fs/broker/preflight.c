/* See preflight.h. */
#include "fs/broker/preflight.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "fs/broker/broker.h"
#include "fs/broker/dump-space.h"
#include "fs/util.h"

enum {
	DEADLINE_MS = 2000
};

struct Preflight {
	Target *target;
	PreflightDone done;
	void *data;
	Helper *helper;
	PreflightResult result;
	char text[HELPER_TEXT_MAX];
};

static void preflight_free(Preflight *preflight)
{
	if (preflight->result.leaf_path)
		store_drop_leaf(broker_store(preflight->target->broker),
		                preflight->result.leaf_path, preflight->result.leaf_fd);
	g_free(preflight->result.leaf_path);
	util_close_fd(&preflight->result.kills_fd);
	g_free(preflight);
}

static void check_space(Preflight *preflight)
{
	g_autofree char *text = NULL;

	if (preflight->result.error)
		return;
	preflight->result.error =
		dump_space_before(preflight->target, preflight->result.expected, NULL, &text);
	if (text)
		g_strlcpy(preflight->text, text, sizeof preflight->text);
}

static void on_message(const HelperMessage *message, int fd, void *data)
{
	Preflight *preflight = data;

	util_close_fd(&preflight->result.kills_fd);
	preflight->result.kills_fd = fd;
	preflight->result.error = message->error;
	preflight->result.kind = (ActKind)message->value[0];
	preflight->result.expected = message->value[1];
	target_set_mode(preflight->target, (mode_t)message->value[2]);
	broker_target_changed(preflight->target);
	g_strlcpy(preflight->text, message->text, sizeof preflight->text);
}

static void on_done(int error, void *data)
{
	Preflight *preflight = data;

	preflight->helper = NULL;
	if (error) {
		preflight->result.error = error;
		g_strlcpy(preflight->text,
		          helper_is_shortage(error)
		                  ? "the daemon has no file descriptor or process left"
		                  : "the process could not be looked at in time",
		          sizeof preflight->text);
		if (helper_is_shortage(error)) {
			broker_no_fds(preflight->target->broker);
			preflight->result.error = -EAGAIN;
		}
	}
	check_space(preflight);
	if (preflight->result.error == -EMFILE) {
		target_set_flags(preflight->target, RECORD_FOUND_NO_FDS, 0);
		broker_target_changed(preflight->target);
		preflight->result.error = -EAGAIN;
	}
	if (preflight->result.error && !preflight->text[0])
		g_strlcpy(preflight->text, g_strerror(-preflight->result.error),
		          sizeof preflight->text);
	preflight->result.text = preflight->text;
	preflight->done(&preflight->result, preflight->data);
	preflight_free(preflight);
}

Preflight *preflight_start(Target *target, guint32 type, gboolean to_ask, PreflightDone done,
                           void *data)
{
	static const HelperCallbacks callbacks = { .message = on_message, .done = on_done };
	Preflight *preflight = g_new0(Preflight, 1);
	ActPreflight act = {
		.pid = target->identity.pid,
		.procfd = target->identity.procfd,
		.pin = target->pin,
		.credentials = target->identity.credentials,
		.type = type,
		.to_ask = to_ask,
	};
	const int fds[] = { act.procfd, act.pin };
	g_autofree char *unfit = NULL;
	struct stat st;
	int r;

	preflight->target = target;
	preflight->done = done;
	preflight->data = data;
	preflight->result.leaf_fd = preflight->result.kills_fd = -1;
	preflight->result.error = -EIO;
	r = identity_check(&target->identity);
	act.in_memory = store_kind(broker_store(target->broker), &unfit) == STORE_IN_MEMORY;
	if (r >= 0 && unfit)
		r = -EOPNOTSUPP;
	if (r >= 0 && helper_is_stuck(target->line_inode))
		r = -ETIMEDOUT;
	if (r >= 0)
		r = store_make_leaf(broker_store(target->broker), act.credentials.uid,
		                    act.credentials.gid, &preflight->result.leaf_path,
		                    &preflight->result.leaf_fd);
	if (r >= 0 && fstat(preflight->result.leaf_fd, &st) < 0)
		r = -errno;
	if (r < 0) {
		PreflightResult failed = { .error = r,
			                   .text = unfit ? unfit : g_strerror(-r),
			                   .leaf_fd = -1,
			                   .kills_fd = -1 };

		preflight_free(preflight);
		done(&failed, data);
		return NULL;
	}
	act.leaf_dev = st.st_dev;
	act.leaf_ino = st.st_ino;
	g_strlcpy(act.leaf, preflight->result.leaf_path, sizeof act.leaf);
	preflight->helper = helper_start(act_preflight, &act, sizeof act, fds, G_N_ELEMENTS(fds),
	                                 DEADLINE_MS, &callbacks, preflight);
	helper_set_key(preflight->helper, target->line_inode);
	return preflight;
}

void preflight_cancel(Preflight *preflight)
{
	helper_cancel(preflight->helper);
	preflight_free(preflight);
}
