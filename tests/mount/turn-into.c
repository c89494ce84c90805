/*
 * turn-into - waits for its end; when its name has "all" in it, all its user ids become its effective one.
 * turn-into --pid PID COMMAND... - runs the command as process PID of this pid namespace.
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_as_pid(pid_t pid, char **command)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long r = syscall(SYS_clone3, &args, sizeof args);
	int status;

	if (r < 0) {
		perror("clone3");
		return 3;
	}
	if (r == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	uid_t uid = geteuid();

	if (argc > 3 && strcmp(argv[1], "--pid") == 0)
		return run_as_pid((pid_t)strtol(argv[2], NULL, 10), argv + 3);
	if (strstr(argv[0], "all"))
		if (setresuid(uid, uid, uid) < 0)
			return 1;
	for (;;)
		pause();
}
