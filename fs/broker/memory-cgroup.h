#pragma once
/*
 * The memory limit of a process's cgroup, found as the runtime finds it: which version of cgroups its
 * /sys/fs/cgroup says, where its cgroup is in there, and what that allows. Texts of /proc are parsed as pure
 * functions; one function reads files of the cgroup file system.
 *
 * cgroup and mountinfo of a process name paths from the reader's cgroup namespace: those of the target
 * and our own can be compared, whatever namespace the target is in.
 */
#include <glib.h>
#include <stdint.h>

#define MEMORY_CGROUP_NONE UINT64_MAX /* no limit */

enum {
	MEMORY_CGROUP_PATH_MAX = 4096
};

typedef struct {
	char root[MEMORY_CGROUP_PATH_MAX];  /* the cgroup that is mounted */
	char point[MEMORY_CGROUP_PATH_MAX]; /* where */
} MemoryCgroupMount;

/* Of a mountinfo text: 2 when the topmost mount at /sys/fs/cgroup is cgroup2, else 1. */
int memory_cgroup_version(const char *mountinfo, size_t len);

/* Of a mountinfo text: the last mount of cgroup2, or of version 1 with the memory controller. FALSE: none. */
gboolean memory_cgroup_find_mount(const char *mountinfo, size_t len, int version,
                                  MemoryCgroupMount *ret);

/* Of a /proc/PID/cgroup text. 0; -ENOENT: no line of that version; -EINVAL: a path that the runtime itself
 * would not find (a blank in it, outside of what can be seen), -ENAMETOOLONG. */
int memory_cgroup_path(const char *text, size_t len, int version, char *ret, size_t size);

/* Where a cgroup is below a mount. 0, -ENOENT when it is not in there, -ENAMETOOLONG. */
int memory_cgroup_join(const MemoryCgroupMount *mount, const char *path, char *ret, size_t size);

/* Of memory.max and memory.limit_in_bytes. 0 or -EINVAL. */
int memory_cgroup_parse(const char *text, uint64_t *ret);

/* Of version 1's memory.stat: the smallest limit along the hierarchy, also above what is mounted. */
gboolean memory_cgroup_parse_stat(const char *text, uint64_t *ret);

/*
 * Reads the limits of a directory: its own, and the smallest from there up to below `top` (version 2; the
 * runtime does not look at the mount itself either, unless it is the cgroup) or as the kernel says it
 * (version 1). A level without such a file has none. 0 or negative errno.
 */
int memory_cgroup_read(const char *top, const char *directory, int version, uint64_t *ret_own,
                       uint64_t *ret_smallest);

/*
 * What may still be allocated in a directory: the least of limit minus use, from it up to the root of the
 * hierarchy. The file cache that goes first does not count as used. MEMORY_CGROUP_NONE without any limit.
 * 0 or negative errno.
 */
int memory_cgroup_free(const char *directory, int version, uint64_t *ret);

/* In this file the kernel counts the processes of a cgroup that it killed for lack of memory: a name within its
 * directory, and how many they are by now (of an open descriptor; 0 or negative errno). */
const char *memory_cgroup_kills_file(int version);
int memory_cgroup_read_kills(int fd, uint64_t *ret);
