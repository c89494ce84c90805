/*
 * See wall.h. A row without a condition allows its call whatever the arguments; several rows of one call allow
 * what any of them does. Names that libseccomp or this machine does not know are passed over.
 */
#include "fs/wall.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fs/broker/confine.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* Conditions on one argument. */
#define IS(n, value)                     \
	{                                \
		n, SCMP_CMP_EQ, value, 0 \
	}
#define HAS(n, bits)                              \
	{                                         \
		n, SCMP_CMP_MASKED_EQ, bits, bits \
	}
#define HAS_NOT(n, bits)                       \
	{                                      \
		n, SCMP_CMP_MASKED_EQ, bits, 0 \
	}

typedef struct {
	const char *name;
	struct scmp_arg_cmp condition;
	struct scmp_arg_cmp also; /* a second one */
	gboolean own_pid;         /* the first argument is this process */
	int error;                /* not allowed, but answered with it */
} Row;

/* What the C library itself calls, in both halves. */
static const Row common_rows[] = {
	{ "brk" },
	{ "clock_getres" },
	{ "clock_gettime" },
	{ "clock_nanosleep" },
	{ "close" },
	{ "exit" },
	{ "exit_group" },
	{ "fcntl" },
	{ "fstat" },
	{ "futex" },
	{ "getegid" },
	{ "geteuid" },
	{ "getgid" },
	{ "getpid" },
	{ "getrandom" },
	{ "getrlimit" },
	{ "gettid" },
	{ "gettimeofday" },
	{ "getuid" },
	{ "lseek" },
	{ "madvise" },
	{ "memfd_create" },
	{ "mremap" },
	{ "munmap" },
	{ "nanosleep" },
	{ "newfstatat" },
	{ "poll" },
	{ "ppoll" },
	{ "pread64" },
	{ "prlimit64", IS(0, 0) },
	{ "read" },
	{ "readv" },
	{ "recvfrom" },
	{ "recvmsg" },
	{ "restart_syscall" },
	{ "rseq" },
	{ "rt_sigaction" },
	{ "rt_sigprocmask" },
	{ "rt_sigreturn" },
	{ "sched_getaffinity" },
	{ "sched_yield" },
	{ "sendmsg" },
	{ "sendto" },
	{ "set_robust_list" },
	{ "statx" },
	{ "sysinfo" },
	{ "tgkill", .own_pid = TRUE }, /* abort() */
	{ "time" },
	{ "write" },
	{ "writev" },
};

/* The front: threads, but no processes; no file by its path, no socket of its own making, no code. */
static const Row front_rows[] = {
	{ "capget" },
	{ "clone", HAS(0, CLONE_VM | CLONE_THREAD) },
	{ "clone3", .error = ENOSYS }, /* its flags cannot be looked at; then clone is tried */
	{ "epoll_create1" },
	{ "epoll_ctl" },
	{ "epoll_wait" },
	{ "epoll_pwait" },
	{ "eventfd2" },
	{ "mmap", HAS_NOT(2, PROT_EXEC) },
	{ "mprotect", HAS_NOT(2, PROT_EXEC) },
	{ "open", .error = EACCES }, /* libraries look for files of theirs, and do without */
	{ "openat", .error = EACCES },
	{ "pipe2" },
	{ "prctl", IS(0, PR_GET_NO_NEW_PRIVS) },
	{ "prctl", IS(0, PR_SET_NAME) },
	{ "prctl", IS(0, PR_SET_VMA) },
	{ "sched_getattr", .error = EPERM }, /* GLib's pool does without */
	{ "sched_setattr", .error = EPERM },
	{ "splice" },
};

/*
 * The broker and its helpers: files of /proc and of the store, sockets of this machine, signals, processes like
 * itself. Not there: tracing and reading the memory of others (ptrace, process_vm_readv, pidfd_getfd, kcmp,
 * perf_event_open), programs (execve), mounts but taking one away, namespaces, kernel code (bpf, modules), keys,
 * io_uring, userfaultfd. Name services load their code and wait for others in ways of their own.
 */
static const Row broker_rows[] = {
	{ "access" },
	{ "capget" },
	{ "capset" },
	{ "clone", HAS_NOT(0, NEW_NAMESPACES) },
	{ "close_range" },
	{ "connect" },
	{ "dup" },
	{ "dup2" },
	{ "dup3" },
	{ "epoll_create1" },
	{ "epoll_ctl" },
	{ "epoll_pwait" },
	{ "epoll_wait" },
	{ "eventfd2" },
	{ "faccessat" },
	{ "faccessat2" },
	{ "fchmod" },
	{ "fchmodat" },
	{ "fchown" },
	{ "fdatasync" },
	{ "flock" },
	{ "fstatfs" },
	{ "fsync" },
	{ "ftruncate" },
	{ "getcwd" },
	{ "getdents64" },
	{ "getpeername" },
	{ "getppid" },
	{ "getsockname" },
	{ "getsockopt" },
	{ "inotify_add_watch" },
	{ "inotify_init1" },
	{ "inotify_rm_watch" },
	{ "kill" },
	{ "lstat" },
	{ "mkdir" },
	{ "mkdirat" },
	{ "mmap" },
	{ "mprotect" },
	{ "open" },
	{ "openat" },
	{ "openat2" },
	{ "pidfd_open" },
	{ "pidfd_send_signal" },
	{ "pipe2" },
	{ "prctl" },
	{ "pselect6" },
	{ "pwrite64" },
	{ "readlink" },
	{ "readlinkat" },
	{ "rename" },
	{ "renameat" },
	{ "renameat2" },
	{ "rmdir" },
	{ "select" },
	{ "setgroups" },
	{ "setresgid" },
	{ "setresuid" },
	{ "setsockopt" },
	{ "signalfd4" },
	{ "socket", IS(0, AF_UNIX) },
	{ "socket", IS(0, AF_NETLINK),
	  .also = IS(2, NETLINK_SOCK_DIAG) }, /* whose sockets there are */
	{ "socketpair", IS(0, AF_UNIX) },
	{ "stat" },
	{ "statfs" },
	{ "timerfd_create" },
	{ "timerfd_settime" },
	{ "umask" },
	{ "umount2" },
	{ "uname" },
	{ "unlink" },
	{ "unlinkat" },
	{ "wait4" },
	{ "waitid" },
};

#if !WALL_IS_FULL
static const Row sanitizer_rows[] = {
	{ "arch_prctl" }, { "clone" }, { "execve" }, { "getdents" }, { "getdents64" },
	{ "getppid" },    { "ioctl" }, { "mmap" },   { "mprotect" }, { "openat" },
	{ "pipe" },       { "prctl" }, { "ptrace" }, { "readlink" }, { "sigaltstack" },
	{ "uname" },      { "wait4" },
};
#endif

/* Each is needed: tests/mount/wall.sh takes it away, and prints what fails then. */
static const unsigned kept_capabilities[] = {
	CAP_CHOWN,        /* a leaf directory for the target, its dump for root */
	CAP_DAC_OVERRIDE, /* what is in that leaf; environ of others */
	CAP_KILL,         /* the front, helpers, createdump */
	CAP_SETGID,       /* helpers */
	CAP_SETUID,       /* helpers */
	CAP_SYS_PTRACE,   /* /proc/PID of others; the call itself is not there */
	CAP_SYS_ADMIN,    /* unmounting */
};

static gboolean is_filtered; /* by us, and not only by somebody around us */

static int add_row(scmp_filter_ctx filter, const Row *row)
{
	uint32_t action = row->error ? SCMP_ACT_ERRNO((uint32_t)row->error) : SCMP_ACT_ALLOW;
	struct scmp_arg_cmp conditions[] = { row->condition, row->also };
	unsigned n = 0;
	int number = seccomp_syscall_resolve_name(row->name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	if (row->own_pid)
		conditions[0] = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	while (n < G_N_ELEMENTS(conditions) && conditions[n].op != _SCMP_CMP_MIN)
		n++;
	return seccomp_rule_add_array(filter, action, number, n, conditions);
}

static int add_rows(scmp_filter_ctx filter, const Row *rows, unsigned n)
{
	int r = 0;

	for (unsigned i = 0; i < n && !r; i++)
		r = add_row(filter, &rows[i]);
	return r;
}

/* `otherwise` is what becomes of a call without a row. */
static int install(const Row *rows, unsigned n, uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int r = filter ? 0 : -ENOMEM;

	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!r)
		r = add_rows(filter, common_rows, G_N_ELEMENTS(common_rows));
	if (!r)
		r = add_rows(filter, rows, n);
#if !WALL_IS_FULL
	if (!r)
		r = add_rows(filter, sanitizer_rows, G_N_ELEMENTS(sanitizer_rows));
#endif
	if (!r)
		r = seccomp_load(filter);
	seccomp_release(filter);
	is_filtered |= !r;
	return r;
}

int wall_check(gboolean without_filter, char **ret_why)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);

	if (fd < 0) {
		*ret_why = g_strdup_printf("openat2 is needed (Linux 5.6): %s", g_strerror(errno));
		return -EOPNOTSUPP;
	}
	close(fd);
	if (without_filter || syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return 0;
	*ret_why = g_strdup_printf("system calls cannot be filtered here (seccomp): %s; "
	                           "-o no_seccomp goes without",
	                           g_strerror(errno));
	return -EOPNOTSUPP;
}

int wall_close_front(void)
{
	return install(front_rows, G_N_ELEMENTS(front_rows), SCMP_ACT_KILL_PROCESS);
}

int wall_close_broker(gboolean root_mode, gboolean without_filter)
{
	uint64_t keep = 0;
	int r;

	if (!root_mode)
		return confine_keep_capabilities(0);
	for (unsigned i = 0; i < G_N_ELEMENTS(kept_capabilities); i++)
		keep |= UINT64_C(1) << kept_capabilities[i];
	confine_drop_bounding(keep);
	r = confine_keep_capabilities(keep);
	if (r < 0 || without_filter)
		return r;
	return install(broker_rows, G_N_ELEMENTS(broker_rows), SCMP_ACT_ERRNO(ENOSYS));
}

void wall_read(RecordWall *ret)
{
	*ret = (RecordWall){
		.capabilities = confine_capabilities(),
		.uid = geteuid(),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
		.seccomp = is_filtered,
	};
}
