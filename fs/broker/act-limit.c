/*
 * What heap-limit.h needs to know of a process, read in a helper: environ and cmdline wait for the target's
 * address space, and its runtimeconfig may be on any file system.
 */
#include "fs/broker/acts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/broker/heap-limit.h"
#include "fs/broker/memory-cgroup.h"
#include "fs/broker/proc-text.h"
#include "fs/broker/runtimeconfig.h"
#include "fs/broker/target-cgroup.h"
#include "fs/util.h"

enum {
	ENVIRON_MAX = 4 << 20,
	CMDLINE_MAX = 32768, /* the application's name stands in front */
	SMALL_MAX = 16384,
	LACK_MAX = 1024
};

/* What is opened and read before the rights are given up. */
typedef struct {
	int root; /* -1: it could not be opened */
	char exe[PATH_MAX], cwd[PATH_MAX];
	ActText cmdline;
} App;

/* Where a link of /proc/PID leads, as the target sees it: what its own root is (chroot) is cut off. */
static gboolean read_link(int procfd, const char *name, char *ret)
{
	char root[PATH_MAX];
	ssize_t n = readlinkat(procfd, name, ret, PATH_MAX - 1);
	ssize_t root_len = readlinkat(procfd, "root", root, sizeof root - 1);
	size_t skip = root_len > 1 ? (size_t)root_len : 0;

	if (n <= 0)
		return FALSE;
	ret[n] = '\0';
	if (skip && (size_t)n > skip && memcmp(ret, root, skip) == 0 && ret[skip] == '/')
		memmove(ret, ret + skip, (size_t)n - skip + 1);
	return ret[0] == '/';
}

static uint64_t read_address_space(int procfd)
{
	char text[SMALL_MAX];

	return discovery_read(procfd, "limits", text, sizeof text) > 0
	               ? proc_text_address_space(text)
	               : HEAP_LIMIT_NONE;
}

static uint64_t read_physical(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static void read_cgroup(int procfd, HeapLimitFacts *facts)
{
	TargetCgroup *cgroup = malloc(sizeof *cgroup);
	const char *lack = cgroup ? target_cgroup_find(procfd, cgroup) : "no memory";

	facts->cgroup_own = facts->cgroup_smallest = HEAP_LIMIT_NONE;
	if (!lack && memory_cgroup_read(cgroup->top, cgroup->directory, cgroup->version,
	                                &facts->cgroup_own, &facts->cgroup_smallest) < 0)
		lack = "the limit of its cgroup cannot be read";
	facts->cgroup_lack = lack && lack[0] ? lack : NULL;
	free(cgroup);
}

static void read_app(int procfd, App *app)
{
	app->root = openat(procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!read_link(procfd, "exe", app->exe))
		app->exe[0] = '\0';
	if (!read_link(procfd, "cwd", app->cwd))
		app->cwd[0] = '\0';
	act_read_text(procfd, "cmdline", CMDLINE_MAX, &app->cmdline);
}

/* Bytes read or negative errno. */
static ssize_t read_config(int root, const char *path, char *text)
{
	autofd int fd = act_open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	n = util_read_all(fd, text, RUNTIMECONFIG_MAX + 1);
	return n > RUNTIMECONFIG_MAX ? -EFBIG : n;
}

/* As the target: its paths. text has room for RUNTIMECONFIG_MAX + 1 bytes. */
static void find_config(const App *app, char *text, char *lack, HeapLimitFacts *facts)
{
	char name[PATH_MAX];
	g_autofree char *path = NULL;
	ssize_t n;
	int r;

	facts->config_lack = lack;
	if (app->root < 0 || !app->exe[0] || !app->cmdline.text) {
		g_strlcpy(lack, "its executable cannot be looked at", LACK_MAX);
		return;
	}
	r = runtimeconfig_path(app->exe, app->cmdline.text, app->cmdline.len, name, sizeof name);
	if (r < 0) {
		g_strlcpy(lack, "its command line names no application", LACK_MAX);
		return;
	}
	path = name[0] == '/' ? g_strdup(name) : g_build_filename(app->cwd, name, NULL);
	n = path[0] == '/' ? read_config(app->root, path, text) : -ENOENT;
	if (n >= 0) {
		facts->config = text;
		facts->config_len = (size_t)n;
	} else if (n == -ENOENT) {
		g_snprintf(lack, LACK_MAX, "there is no %s (a single file has its settings inside)",
		           path);
	} else {
		g_snprintf(lack, LACK_MAX, "%s: %s", path, g_strerror((int)-n));
	}
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (!g_ascii_isprint(*text))
			*text = '?';
}

void act_limit(HelperContext *context, const void *args)
{
	const ActLimit *act = args;
	HelperMessage message = { .error = -EOPNOTSUPP };
	HeapLimitFacts facts = { .major = act->major };
	App app;
	ActText environment;
	char *text = malloc(RUNTIMECONFIG_MAX + 1);
	char lack[LACK_MAX];
	int r = act_read_text(act->procfd, "environ", ENVIRON_MAX, &environment);

	read_cgroup(act->procfd, &facts);
	read_app(act->procfd, &app);
	facts.environment = environment.text;
	facts.environment_len = environment.len;
	facts.address_space = read_address_space(act->procfd);
	facts.physical = read_physical();
	if (r >= 0 && text)
		r = helper_become(context, &act->credentials);
	if (r < 0 || !text || environment.cut) {
		g_strlcpy(message.text, "unknown: its environment cannot be read",
		          sizeof message.text);
	} else {
		find_config(&app, text, lack, &facts);
		message.error = heap_limit_find(&facts, &message.value[0], message.text,
		                                sizeof message.text);
	}
	make_printable(message.text);
	helper_say(context, &message, -1);
}
