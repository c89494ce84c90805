/*
 * See helper.h. The child's socket is a SEQPACKET pair: message boundaries and descriptors. Its end of
 * file says that the act is over; the pid is collected on SIGCHLD.
 */
#include "fs/broker/helper.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fs/broker/confine.h"
#include "fs/util.h"

struct HelperContext {
	int fd;
	pid_t parent;
};

struct Helper {
	HelperAct act;
	void *args;
	size_t args_len;
	int fds[HELPER_FDS_MAX];
	unsigned n_fds;
	unsigned deadline_ms;
	HelperCallbacks callbacks;
	void *data;

	uint64_t key;
	pid_t pid; /* 0 while queued */
	int error; /* for done */
	int fd;
	guint fd_source;
	guint deadline_source;
};

typedef struct {
	uint64_t key;
	pid_t pid;
} Stuck;

static GQueue queued = G_QUEUE_INIT;
static GQueue stuck = G_QUEUE_INIT; /* Stuck: killed at its deadline, not ended yet */
static GQueue running = G_QUEUE_INIT;

void helper_say(HelperContext *context, const HelperMessage *message, int fd)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)message, .iov_len = sizeof *message };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof control.buf;
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof fd);
	}
	while (sendmsg(context->fd, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

int helper_become(HelperContext *context, const HelperCredentials *who)
{
	if (geteuid() != 0) {
		if (geteuid() != who->uid)
			return -EPERM;
	} else {
		if (setgroups(who->n_groups, who->groups) < 0 ||
		    setresgid(who->gid, who->gid, who->gid) < 0 ||
		    setresuid(who->uid, who->uid, who->uid) < 0)
			return -errno;
		if (confine_keep_capabilities(0) < 0)
			return -errno;
	}
	/* The change of uid cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != context->parent)
		_exit(1);
	return 0;
}

void helper_detach(HelperContext *context)
{
	prctl(PR_SET_PDEATHSIG, 0);
	close(context->fd);
	context->fd = -1;
}

static G_GNUC_NORETURN void run_child(Helper *helper, int fd, pid_t parent)
{
	HelperContext context = { .fd = fd, .parent = parent };
	int keep[HELPER_FDS_MAX + 1];
	unsigned n = 0;
	sigset_t none;

	for (unsigned i = 0; i < helper->n_fds; i++)
		if (helper->fds[i] >= 0)
			keep[n++] = helper->fds[i];
	keep[n++] = fd;
	confine_keep_fds(keep, n);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	helper->act(&context, helper->args);
	_exit(0);
}

static void helper_free(Helper *helper)
{
	if (helper->fd_source)
		g_source_remove(helper->fd_source);
	if (helper->deadline_source)
		g_source_remove(helper->deadline_source);
	util_close_fd(&helper->fd);
	g_free(helper->args);
	g_free(helper);
}

static void start_queued(void);

static void finish(Helper *helper, int error)
{
	HelperCallbacks callbacks = helper->callbacks;
	void *data = helper->data;

	g_queue_remove(&running, helper);
	g_queue_remove(&queued, helper);
	helper_free(helper);
	if (callbacks.done)
		callbacks.done(error, data);
	start_queued();
}

/* 1 for a message, 0 for the end, -EAGAIN. */
static int receive(Helper *helper)
{
	HelperMessage message;
	struct iovec iov = { .iov_base = &message, .iov_len = sizeof message };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof control.buf,
	};
	ssize_t n = recvmsg(helper->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *cmsg;
	int fd = -1;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : 0;
	if (n == 0)
		return 0;
	/* No descriptor was free for the one that came along. */
	if (msg.msg_flags & MSG_CTRUNC) {
		helper->error = -EMFILE;
		if (helper->pid > 0)
			kill(helper->pid, SIGKILL);
		return 0;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(cmsg), sizeof fd);
	if (n != sizeof message) {
		util_close_fd(&fd);
		return 0;
	}
	message.text[HELPER_TEXT_MAX - 1] = '\0';
	if (helper->callbacks.message)
		helper->callbacks.message(&message, fd, helper->data);
	else
		util_close_fd(&fd);
	return 1;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	Helper *helper = data;
	int r;

	while ((r = receive(helper)) == 1)
		;
	if (r == -EAGAIN)
		return G_SOURCE_CONTINUE;
	helper->fd_source = 0;
	finish(helper, helper->error);
	return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
	Helper *helper = data;

	helper->deadline_source = 0;
	if (helper->pid > 0) {
		Stuck *entry = g_new(Stuck, 1);

		*entry = (Stuck){ .key = helper->key, .pid = helper->pid };
		g_queue_push_tail(&stuck, entry);
		kill(helper->pid, SIGKILL);
	}
	finish(helper, -ETIMEDOUT);
	return G_SOURCE_REMOVE;
}

static gboolean fork_failed(gpointer data)
{
	Helper *helper = data;

	helper->deadline_source = 0;
	finish(helper, helper->error);
	return G_SOURCE_REMOVE;
}

gboolean helper_is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -EAGAIN || error == -ENOMEM;
}

static void start_now(Helper *helper)
{
	pid_t parent = getpid();
	int pair[2];

	g_queue_push_tail(&running, helper);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		helper->error = -errno;
		helper->deadline_source = g_idle_add(fork_failed, helper);
		return;
	}
	helper->pid = fork();
	if (helper->pid == 0)
		run_child(helper, pair[1], parent);
	if (helper->pid < 0)
		helper->error = -errno;
	close(pair[1]);
	helper->fd = pair[0];
	if (helper->pid < 0) {
		helper->pid = 0;
		helper->deadline_source = g_idle_add(fork_failed, helper);
		return;
	}
	helper->fd_source =
		g_unix_fd_add(helper->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, helper);
	helper->deadline_source = g_timeout_add(helper->deadline_ms, on_deadline, helper);
}

static void start_queued(void)
{
	while (running.length < HELPER_MAX && queued.length)
		start_now(g_queue_pop_head(&queued));
}

Helper *helper_start(HelperAct act, const void *args, size_t args_len, const int *fds,
                     unsigned n_fds, unsigned deadline_ms, const HelperCallbacks *callbacks,
                     void *data)
{
	Helper *helper = g_new0(Helper, 1);

	helper->act = act;
	helper->args = g_memdup2(args, args_len);
	helper->args_len = args_len;
	helper->n_fds = MIN(n_fds, HELPER_FDS_MAX);
	if (fds)
		memcpy(helper->fds, fds, helper->n_fds * sizeof *fds);
	helper->deadline_ms = deadline_ms;
	helper->callbacks = *callbacks;
	helper->data = data;
	helper->fd = -1;
	if (running.length < HELPER_MAX)
		start_now(helper);
	else
		g_queue_push_tail(&queued, helper);
	return helper;
}

void helper_set_key(Helper *helper, uint64_t key)
{
	helper->key = key;
}

gboolean helper_is_stuck(uint64_t key)
{
	for (GList *l = stuck.head; l && key; l = l->next)
		if (((Stuck *)l->data)->key == key)
			return TRUE;
	return FALSE;
}

static gboolean has_key(const GQueue *helpers, uint64_t key)
{
	for (GList *l = helpers->head; l; l = l->next)
		if (((Helper *)l->data)->key == key)
			return TRUE;
	return FALSE;
}

gboolean helper_is_busy(uint64_t key)
{
	return key && (helper_is_stuck(key) || has_key(&running, key) || has_key(&queued, key));
}

unsigned helper_n_stuck(void)
{
	return stuck.length;
}

void helper_cancel(Helper *helper)
{
	gboolean has_begun = !g_queue_find(&queued, helper);
	int r = -EAGAIN;

	helper_forget(helper);
	if (!has_begun)
		return;
	/* One that has detached itself holds a connection that must not be closed: it has said all. */
	while (helper->fd >= 0 && (r = receive(helper)) == 1)
		;
	if (r == -EAGAIN && helper->pid > 0)
		kill(helper->pid, SIGKILL); /* its end of file frees the rest */
}

void helper_forget(Helper *helper)
{
	helper->callbacks = (HelperCallbacks){ 0 };
	/* Its descriptors may be others' by the time it would begin. */
	if (g_queue_find(&queued, helper))
		finish(helper, -ECANCELED);
}

static void let_go(pid_t pid)
{
	for (GList *l = stuck.head; l; l = l->next) {
		Stuck *entry = l->data;

		if (entry->pid == pid) {
			g_queue_delete_link(&stuck, l);
			g_free(entry);
			return;
		}
	}
}

void helper_reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		let_go(pid);
		for (GList *l = running.head; l; l = l->next) {
			Helper *helper = l->data;

			if (helper->pid == pid)
				helper->pid = 0; /* the number may be somebody else's from now on */
		}
	}
}

void helper_end_all(void)
{
	while (queued.length)
		helper_cancel(g_queue_peek_head(&queued));
	for (GList *l = running.head; l; l = l->next)
		helper_cancel(l->data);
	helper_reap();
}

unsigned helper_running(void)
{
	return running.length;
}
