/* without CALL COMMAND... - runs a command on a kernel that does not know this system call. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (argc < 3 || !filter)
		return 2;
	r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	if (!r)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
		                     seccomp_syscall_resolve_name(argv[1]), 0);
	if (!r)
		r = seccomp_load(filter);
	if (!r)
		execvp(argv[2], argv + 2);
	fprintf(stderr, "without: %s\n", strerror(r ? -r : errno));
	return 2;
}
