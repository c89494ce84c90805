/* The copy of a connection to 3.1 that a helper holds: until some time after the first byte, whoever read it, and not at
 * all when the daemon ended before it sent its request. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/broker/acts.h"
#include "fs/broker/identity.h"
#include "fs/util.h"

enum {
	DEADLINE_MS = 20000
};

typedef struct {
	int listener, told[2];
	Identity self;
	ActConnect act;
	int fd; /* ours, of the connection */
	gboolean over;
} Fixture;

static void on_message(const HelperMessage *message, int fd, void *data)
{
	Fixture *f = data;

	g_assert_cmpint(message->error, ==, 0);
	if (message->kind == ACT_SAID_CONNECTION)
		f->fd = fd;
	else
		close(fd);
}

static void on_done(int error, void *data)
{
	((Fixture *)data)->over = TRUE;
}

static void begin(Fixture *f)
{
	static const HelperCallbacks callbacks = { .message = on_message, .done = on_done };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fds[5];

	*f = (Fixture){ .fd = -1 };
	g_assert_cmpint(identity_open(getpid(), &f->self), ==, 0);
	g_assert_cmpint(pipe2(f->told, O_CLOEXEC), ==, 0);
	g_snprintf(address.sun_path, sizeof address.sun_path, "%s/hold-%d-socket", g_get_tmp_dir(),
	           (int)getpid());
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(f->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(f->listener, 5), ==, 0);
	f->act = (ActConnect){
		.procfd = f->self.procfd,
		.pidfd = f->self.pidfd,
		.pin = -1,
		.inotify = -1,
		.credentials = f->self.credentials,
		.hold = TRUE,
		.told = f->told[0],
	};
	g_strlcpy(f->act.path, address.sun_path, sizeof f->act.path);
	fds[0] = f->act.procfd;
	fds[1] = f->act.pidfd;
	fds[2] = f->told[0];
	helper_start(act_connect, &f->act, sizeof f->act, fds, 3, DEADLINE_MS, &callbacks, f);
	while (!f->over)
		g_main_context_iteration(NULL, TRUE);
	unlink(address.sun_path);
	g_assert_cmpint(f->fd, >=, 0);
}

static void end(Fixture *f)
{
	close(f->listener);
	identity_close(&f->self);
}

/* TRUE: the other side is closed, or will be within ms. */
static gboolean is_closed(int fd, int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&pollfd, 1, ms) == 1 && read(fd, &byte, 1) <= 0;
}

/* The target's end of the connection. The daemon has told the holder so many things, and is killed. */
static int killed_having_told(Fixture *f, unsigned n)
{
	int accepted = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);

	while (n--)
		g_assert_cmpint(write(f->told[1], "", 1), ==, 1);
	close(f->fd);
	close(f->told[0]);
	close(f->told[1]);
	return accepted;
}

static void test_never_sent(void)
{
	Fixture f;
	int accepted;

	begin(&f);
	accepted = killed_having_told(&f, 0);
	g_assert_true(is_closed(accepted, DEADLINE_MS));
	close(accepted);
	end(&f);
}

static void test_sent(void)
{
	Fixture f;
	int accepted;

	begin(&f);
	accepted = killed_having_told(&f, 1);
	g_assert_false(is_closed(accepted, 500));
	g_assert_cmpint(write(accepted, "x", 1), ==, 1);
	g_assert_false(is_closed(accepted, 500));
	/* The byte was not read: the end is an error. */
	g_assert_true(is_closed(accepted, DEADLINE_MS));
	close(accepted);
	end(&f);
}

/* The daemon read the whole answer before the helper looked; then the stream is silent. */
static void test_read_before(void)
{
	Fixture f;
	int accepted;

	begin(&f);
	accepted = killed_having_told(&f, 2);
	g_assert_false(is_closed(accepted, 500));
	g_assert_true(is_closed(accepted, DEADLINE_MS));
	close(accepted);
	end(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hold/never-sent", test_never_sent);
	g_test_add_func("/hold/row-R1/sent", test_sent);
	g_test_add_func("/hold/row-R1/read-before", test_read_before);
	return g_test_run();
}
