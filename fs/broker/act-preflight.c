/*
 * Whether a target can write a dump where we want it, told by files alone: nothing is sent to it, so this
 * is allowed in every state.
 */
#include "fs/broker/acts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/broker/elf-core.h"
#include "fs/broker/memory-cgroup.h"
#include "fs/broker/target-cgroup.h"
#include "fs/broker/target.h"
#include "fs/broker/proc-text.h"
#include "fs/util.h"
#include "ipc/commands.h"

enum {
	SMALL_DUMP_BYTES = 64 << 20
};

typedef struct {
	char coreclr[4096]; /* path as the target sees it, "" when not mapped */
	int root;
	int exe;
	uint64_t cgroup_free; /* memory that its cgroup may still have; only when act->in_memory */
	const char *cgroup_lack; /* or why that cannot be told */
	int kills;               /* memory_cgroup_kills_file(), -1 */
} Look;

static ssize_t read_maps(char *buf, size_t size, void *data)
{
	return util_read_all(*(const int *)data, buf, size);
}

static int find_coreclr(int procfd, char *path, size_t size)
{
	autofd int fd = openat(procfd, "maps", O_RDONLY | O_CLOEXEC);

	path[0] = '\0';
	if (fd < 0)
		return -errno;
	proc_text_find_coreclr(read_maps, &fd, path, size);
	return 0;
}

static ActKind kind_of(const Look *look)
{
	if (look->coreclr[0])
		return ACT_KIND_CORECLR;
	if (look->exe >= 0 && elf_exports(look->exe, "DotNetRuntimeInfo"))
		return ACT_KIND_SINGLE_FILE;
	if (look->exe >= 0 && elf_exports(look->exe, "DotNetRuntimeDebugHeader"))
		return ACT_KIND_NATIVE_AOT;
	return ACT_KIND_UNKNOWN;
}

static gboolean may(int fd, int mode)
{
	char path[40];

	g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return access(path, mode) == 0;
}

static int check_leaf(const ActPreflight *act, int root, char *text)
{
	autofd int leaf = act_open_in_root(root, act->leaf, O_PATH);
	struct stat st;

	if (leaf < 0 || fstat(leaf, &st) < 0 || st.st_dev != act->leaf_dev ||
	    st.st_ino != act->leaf_ino) {
		g_autofree char *dir = g_path_get_dirname(act->leaf);

		g_snprintf(text, HELPER_TEXT_MAX, "%d does not see %s (other mounts)",
		           (int)act->pid, dir);
		return -EOPNOTSUPP;
	}
	if (!may(leaf, W_OK | X_OK)) {
		g_snprintf(text, HELPER_TEXT_MAX, "%d cannot write into %s", (int)act->pid,
		           act->leaf);
		return -EACCES;
	}
	return 0;
}

static int check_createdump(const Look *look, char *text)
{
	g_autofree char *dir = g_path_get_dirname(look->coreclr);
	g_autofree char *path = g_build_filename(dir, "createdump", NULL);
	autofd int fd = act_open_in_root(look->root, path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		g_snprintf(text, HELPER_TEXT_MAX,
		           "there is no %s, which the runtime writes dumps with", path);
		return -EOPNOTSUPP;
	}
	if (!S_ISREG(st.st_mode) || !may(fd, X_OK)) {
		g_snprintf(text, HELPER_TEXT_MAX, "%s is not executable for the process", path);
		return -EOPNOTSUPP;
	}
	return 0;
}

static uint64_t expected_bytes(int procfd, guint32 type)
{
	DiscoveryStatus status;

	if (type == IPC_DUMP_MINI || type == IPC_DUMP_TRIAGE)
		return SMALL_DUMP_BYTES;
	if (discovery_read_status(procfd, &status) < 0)
		return SMALL_DUMP_BYTES;
	return (status.vm_rss_kb + status.vm_swap_kb) * 1024 * 12 / 10 + SMALL_DUMP_BYTES;
}

static void look_at_cgroup(const ActPreflight *act, Look *look)
{
	TargetCgroup *cgroup = g_new(TargetCgroup, 1);
	const char *lack = target_cgroup_find(act->procfd, cgroup);

	look->cgroup_free = MEMORY_CGROUP_NONE;
	look->cgroup_lack = lack && lack[0] ? lack : NULL;
	if (!lack) {
		g_autofree char *kills = g_build_filename(
			cgroup->directory, memory_cgroup_kills_file(cgroup->version), NULL);

		look->kills = open(kills, O_RDONLY | O_CLOEXEC);
		if (act->in_memory &&
		    memory_cgroup_free(cgroup->directory, cgroup->version, &look->cgroup_free) < 0)
			look->cgroup_lack = "the use of its cgroup cannot be read";
	}
	g_free(cgroup);
}

static uint64_t available_bytes(void)
{
	static const char key[] = "\nMemAvailable:";
	char text[4096];
	const char *line;
	autofd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (discovery_read(proc, "meminfo", text, sizeof text) <= 0 || !(line = strstr(text, key)))
		return 0;
	return g_ascii_strtoull(line + sizeof key - 1, NULL, 10) * 1024;
}

/* A dump in memory takes it from the process's cgroup and from everybody here; as much again is left to them. */
static int check_memory(const Look *look, uint64_t expected, char *text)
{
	uint64_t here = available_bytes();
	uint64_t least = MIN(here, look->cgroup_free);

	if (look->cgroup_lack)
		g_snprintf(text, HELPER_TEXT_MAX,
		           "dumps are kept in memory (tmpfs), and how much of it is free for "
		           "the process cannot be told: %s",
		           look->cgroup_lack);
	else if (least / 2 < expected)
		g_snprintf(text, HELPER_TEXT_MAX,
		           "dumps are kept in memory (tmpfs): this one may need %" G_GUINT64_FORMAT
		           " MB, and twice that is not free: %" G_GUINT64_FORMAT " MB are, %s",
		           expected / 1000000, least / 1000000,
		           least == here ? "of this machine" : "of the process's cgroup");
	else
		return 0;
	return -ENOSPC;
}

static int check_socket(mode_t mode, char *text)
{
	if (!target_mode_is_insecure(mode))
		return 0;
	g_strlcpy(text, TARGET_INSECURE_TEXT, HELPER_TEXT_MAX);
	return -EPERM;
}

static int check_askable(const ActPreflight *act, char *text)
{
	if (act_is_stopped(act->procfd)) {
		g_strlcpy(text, "the process is stopped", HELPER_TEXT_MAX);
		return -EAGAIN;
	}
	if (!act_has_free_descriptor(act->procfd)) {
		g_strlcpy(text, "the process has no free file descriptor: it could not answer",
		          HELPER_TEXT_MAX);
		return -EMFILE;
	}
	return 0;
}

void act_preflight(HelperContext *context, const void *args)
{
	const ActPreflight *act = args;
	HelperMessage message = { 0 };
	Look look = { .root = -1, .exe = -1, .kills = -1 };
	struct stat st = { 0 };
	uint64_t full;
	ActKind kind;

	look.root = openat(act->procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	look.exe = openat(act->procfd, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	message.error = find_coreclr(act->procfd, look.coreclr, sizeof look.coreclr);
	message.value[1] = expected_bytes(act->procfd, act->type);
	full = expected_bytes(act->procfd, IPC_DUMP_FULL);
	look_at_cgroup(act, &look);
	if (!message.error && look.root < 0)
		message.error = -EACCES;
	if (message.error)
		g_strlcpy(message.text, "the process cannot be looked at", sizeof message.text);
	if (fstat(act->pin, &st) == 0)
		message.value[2] = st.st_mode;
	if (!message.error)
		message.error = check_socket(st.st_mode, message.text);
	if (!message.error && act->to_ask)
		message.error = check_askable(act, message.text);
	if (!message.error)
		message.error = helper_become(context, &act->credentials);
	if (!message.error) {
		kind = kind_of(&look);
		message.value[0] = kind;
		if (kind == ACT_KIND_SINGLE_FILE) /* whatever was asked for */
			message.value[1] = full;
		if (kind == ACT_KIND_NATIVE_AOT) {
			message.error = -EOPNOTSUPP;
			g_snprintf(message.text, sizeof message.text,
			           "%d is a NativeAOT program: its runtime cannot write dumps",
			           (int)act->pid);
		} else if (kind == ACT_KIND_CORECLR) {
			message.error = check_createdump(&look, message.text);
		}
	}
	if (!message.error)
		message.error = check_leaf(act, look.root, message.text);
	if (!message.error && act->in_memory)
		message.error = check_memory(&look, message.value[1], message.text);
	helper_say(context, &message, message.error ? -1 : look.kills);
}
