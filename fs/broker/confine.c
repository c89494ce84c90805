/* See confine.h. */
#include "fs/broker/confine.h"
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void confine_keep_fds(int *keep, unsigned n)
{
	unsigned from = 3;

	qsort(keep, n, sizeof *keep, compare_fds);
	for (unsigned i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			syscall(SYS_close_range, from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	syscall(SYS_close_range, from, ~0u, 0);
}

uint64_t confine_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };

	syscall(SYS_capget, &header, sets);
	return (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
}

int confine_keep_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint64_t left = keep ? keep & confine_capabilities() : 0;
	struct __user_cap_data_struct sets[2] = {
		{ .permitted = (uint32_t)left, .effective = (uint32_t)left },
		{ .permitted = (uint32_t)(left >> 32), .effective = (uint32_t)(left >> 32) },
	};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

void confine_drop_bounding(uint64_t keep)
{
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(keep & UINT64_C(1) << i))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}
