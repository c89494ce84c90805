/* See target-cgroup.h. */
#include "fs/broker/target-cgroup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "fs/broker/acts.h"
#include "fs/broker/memory-cgroup.h"
#include "fs/util.h"

enum {
	MOUNTINFO_MAX = 4 << 20,
	CGROUP_MAX = 16384
};

static const char *find(const ActText *mounts, const ActText *ours, const ActText *cgroup,
                        TargetCgroup *ret)
{
	g_autofree MemoryCgroupMount *theirs = g_new(MemoryCgroupMount, 1);
	g_autofree MemoryCgroupMount *mount = g_new(MemoryCgroupMount, 1);
	char path[MEMORY_CGROUP_PATH_MAX];
	int r;

	if (mounts->cut || ours->cut)
		return "there are too many mounts";
	ret->version = memory_cgroup_version(mounts->text, mounts->len);
	if (!memory_cgroup_find_mount(mounts->text, mounts->len, ret->version, theirs))
		return "";
	r = memory_cgroup_path(cgroup->text, cgroup->len, ret->version, path, sizeof path);
	if (r == -ENOENT)
		return "";
	if (r < 0)
		return "the path of its cgroup cannot be followed";
	if (!memory_cgroup_find_mount(ours->text, ours->len, ret->version, mount))
		return "its memory cgroup is not mounted here";
	if (memory_cgroup_join(theirs, path, ret->directory, sizeof ret->directory) < 0 ||
	    memory_cgroup_join(mount, path, ret->directory, sizeof ret->directory) < 0 ||
	    memory_cgroup_join(mount, theirs->root, ret->top, sizeof ret->top) < 0)
		return "its cgroup is outside of what is mounted";
	return NULL;
}

const char *target_cgroup_find(int procfd, TargetCgroup *ret)
{
	autofd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ActText mounts = { 0 }, ours = { 0 }, cgroup = { 0 };
	const char *lack = "its cgroup cannot be read";

	if (act_read_text(procfd, "mountinfo", MOUNTINFO_MAX, &mounts) >= 0 &&
	    act_read_text(procfd, "cgroup", CGROUP_MAX, &cgroup) >= 0 &&
	    act_read_text(self, "mountinfo", MOUNTINFO_MAX, &ours) >= 0)
		lack = find(&mounts, &ours, &cgroup, ret);
	free(mounts.text);
	free(ours.text);
	free(cgroup.text);
	return lack;
}
