#pragma once
/*
 * The command line: one table gives the names, where the value goes, its limits and the help.
 *
 *   triggerdumpfs [-f] [-d] [-o opts] [SOURCE] MOUNTPOINT
 *
 * as mount(8) and mount.fuse3(8) call it. Of what libfuse takes, ro, rw and the contexts of SELinux go on to it.
 * Called as mount.triggerdumpfs or mount.fuse.triggerdumpfs, the flags are those of a mount helper: -n, -s and
 * -v mean nothing to us, and -f is a mount that is only pretended.
 */
#include <fuse_lowlevel.h>
#include <glib.h>
#include <sys/types.h>
#include "fs/broker/dump-limits.h"
#include "fs/model/detect.h"
#include "fs/model/provider-list.h"

typedef struct {
	gboolean foreground; /* -f, implied by -d */
	gboolean debug;      /* -d */
	gboolean no_seccomp; /* system calls are not filtered */
	gboolean help, version;
	gboolean fake;    /* -f of a mount helper: all is well, and nothing is done */
	char *source;     /* NULL when not given */
	char *mountpoint; /* as given */
	DetectMode detect;
	unsigned attach_delay_s;
	unsigned meters_delay_s; /* RECORD_METERS_OFF: never */
	gboolean is_lazy;        /* attach=lazy */
	ProviderList providers;  /* of a new process */
	unsigned interval_ms;
	char *dump_dir;        /* absolute, or as defaulted */
	char *group;           /* NULL: none */
	gid_t gid;             /* of group */
	gboolean hide_others;  /* hide=others */
	DumpLimits limits;     /* of dumps */
	struct fuse_args fuse; /* for libfuse: program name and -o words */
} Options;

/* 0, or -EINVAL and *ret_why = a sentence (to be freed). */
int options_parse(int argc, char **argv, Options *ret, char **ret_why);
void options_clear(Options *options);

void options_print_help(void);

/* The rows, for the test that compares them with the man page: names like "interval=". NULL-ended. */
const char *const *options_names(void);
