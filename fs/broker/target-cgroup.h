#pragma once
/*
 * Where the memory cgroup of a target is, told by /proc/PID and our own mounts (memory-cgroup.h has the rules).
 * For helpers, before they give up the broker's rights.
 */
#include <limits.h>

typedef struct {
	int version;
	char directory[PATH_MAX]; /* as we see it */
	char top[PATH_MAX];       /* the topmost one that the target sees */
} TargetCgroup;

/* procfd: of /proc/PID. NULL when *ret is filled in; "" when the target sees no memory cgroup at all; otherwise
 * why it cannot be told. */
const char *target_cgroup_find(int procfd, TargetCgroup *ret);
