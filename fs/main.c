/*
 * Start and lifetimes. The first process parses, mounts, forks the front and becomes the broker; without -f
 * all of that happens in a child, whose parent waits until the mount answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "fs/broker/broker.h"
#include "fs/broker/confine.h"
#include "fs/broker/dump-writer.h"
#include "fs/broker/mount-table.h"
#include "fs/daemonize.h"
#include "fs/front.h"
#include "fs/log.h"
#include "fs/mount.h"
#include "fs/options.h"
#include "fs/privileges.h"
#include "fs/sd-notify.h"
#include "fs/util.h"
#include "fs/wall.h"

typedef struct {
	Options options;
	Mount mount;
	Store *store;
	int ready_fd; /* -1 with -f */
	int log_fd;   /* syslog, -1 for none */
	gboolean is_ready;
} Start;

static int complain(char *why)
{
	fprintf(stderr, "triggerdumpfs: %s\n", why);
	g_free(why);
	return EXIT_FAILURE;
}

/* Before anybody gives up the right to. */
static int connect_syslog(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		util_close_fd(&fd);
	return fd;
}

static G_GNUC_NORETURN void run_front(const Start *start, int link_fd)
{
	const Settings settings = {
		.interval_ms = start->options.interval_ms,
		.attach_delay_s = start->options.attach_delay_s,
		.meters_delay_s = start->options.meters_delay_s,
		.is_lazy = start->options.is_lazy,
		.providers = &start->options.providers,
		.detect = start->options.detect,
		.root_mode = geteuid() == 0,
		.has_group = start->options.group != NULL,
		.group = start->options.gid,
		.hide_others = start->options.hide_others,
		.mounter_uid = getuid(),
		.mounter_gid = getgid(),
		.started_us = util_real_us(),
		.version = PROJECT_VERSION,
		.dump_dir = start->options.dump_dir,
		.debug = start->options.debug,
	};
	int keep[] = { link_fd, start->mount.fd, start->log_fd };
	char *why = NULL;
	int r;

	confine_keep_fds(keep, G_N_ELEMENTS(keep));
	prctl(PR_SET_NAME, "tdfs-front");
	if (privileges_drop_front(settings.root_mode, &why) < 0)
		_exit(complain(why));
	/* Without -f the terminal is the broker's to let go of; this half has no use for it from here on. */
	if (!start->options.foreground) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int i = 0; i < 3 && null >= 0; i++)
			dup2(null, i);
		util_close_fd(&null);
	}
	r = front_run(link_fd, start->mount.fd, &settings, start->log_fd,
	              start->options.no_seccomp);
	_exit(r == 0 || r == -ENOTCONN ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void on_ready(int error, void *data)
{
	Start *start = data;

	start->is_ready = TRUE;
	if (start->ready_fd >= 0) {
		daemonize_ready(start->ready_fd);
		start->ready_fd = -1;
		log_to_syslog();
	}
	sd_notify_send("READY=1");
}

static int run(Start *start)
{
	BrokerConfig config = {
		.store = start->store,
		.mountpoint = start->mount.path,
		.mount_id = start->mount.id,
		.root_mode = geteuid() == 0,
		.attach_delay_s = start->options.attach_delay_s,
		.meters_delay_s = start->options.meters_delay_s,
		.limits = start->options.limits,
		.writer = program_dump_writer,
		.ready = on_ready,
		.ready_data = start,
	};
	int pair[2];
	int status, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return complain(g_strdup_printf("no socket pair: %s", g_strerror(errno)));
	config.front = fork();
	if (config.front == 0)
		run_front(start, pair[1]);
	close(pair[1]);
	util_close_fd(&start->mount.fd); /* else the front's death would not end the connection */
	util_close_fd(&start->log_fd);
	if (config.front < 0) {
		mount_table_detach(start->mount.path, config.root_mode);
		return complain(g_strdup_printf("no second process: %s", g_strerror(errno)));
	}
	r = wall_close_broker(config.root_mode, start->options.no_seccomp);
	if (r < 0) {
		mount_table_detach(start->mount.path, config.root_mode);
		return complain(g_strdup_printf("the rights of the first process cannot be "
		                                "reduced: %s",
		                                g_strerror(-r)));
	}
	wall_read(&config.wall);
	config.link_fd = pair[0];
	status = broker_run(&config);
	sd_notify_send("STOPPING=1");
	return status;
}

static gboolean is_inside(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int prepare(Start *start, char **ret_why)
{
	g_autofree char *dump_dir = g_canonicalize_filename(start->options.dump_dir, NULL);
	int r = wall_check(geteuid() != 0 || start->options.no_seccomp, ret_why);

	if (r >= 0)
		r = mount_prepare(start->options.mountpoint, &start->mount, ret_why);
	if (r < 0)
		return r;
	if (is_inside(dump_dir, start->mount.path)) {
		*ret_why = g_strdup_printf("dump_dir %s lies inside the mount", dump_dir);
		return -EINVAL;
	}
	util_set_str(&start->options.dump_dir, dump_dir);
	r = store_open(dump_dir, geteuid() == 0, &start->store, ret_why);
	if (r < 0)
		return r;
	return mount_do(&start->mount, &start->options, ret_why);
}

static int start_all(Start *start)
{
	char *why = NULL;
	int status;

	if (!start->options.foreground) {
		/* Relative to where we were called from. */
		g_autofree char *absolute =
			g_canonicalize_filename(start->options.mountpoint, NULL);

		util_set_str(&start->options.mountpoint, absolute);
		start->ready_fd = daemonize_fork();
		if (start->ready_fd < 0)
			return complain(g_strdup_printf("no background process: %s",
			                                g_strerror(-start->ready_fd)));
	}
	umask(077);
	start->log_fd = connect_syslog();
	log_init(start->options.debug);
	status = prepare(start, &why) < 0 ? complain(why) : 0;
	privileges_harden();
	if (!status)
		status = run(start);
	if (start->is_ready) {
		store_free(start->store);
	} else {
		store_undo(start->store);
		mount_undo(&start->mount);
	}
	mount_clear(&start->mount);
	util_close_fd(&start->log_fd);
	return status;
}

int main(int argc, char **argv)
{
	Start start = { .ready_fd = -1, .log_fd = -1, .mount.fd = -1 };
	char *why = NULL;
	int status = EXIT_SUCCESS;
	int standard[] = { 0, 1, 2 };
	int r = daemonize_hold_standard_fds();

	/* What whoever started us had open is none of ours. */
	confine_keep_fds(standard, G_N_ELEMENTS(standard));
	if (r < 0)
		return complain(g_strdup_printf("/dev/null: %s", g_strerror(-r)));
	if (options_parse(argc, argv, &start.options, &why) < 0)
		status = complain(why);
	else if (start.options.help)
		options_print_help();
	else if (start.options.version)
		printf("triggerdumpfs %s (libfuse %s)\n", PROJECT_VERSION, fuse_pkgversion());
	else if (!start.options.fake)
		status = start_all(&start);
	options_clear(&start.options);
	return status;
}
