#pragma once
/* Whether what a process says of itself can be so: it is shown beside what /proc says, and dumps are named by it. */
#include <sys/types.h>
#include "ipc/replies.h"

/* NULL, or the sentence why it is not believed. nspid: its pid as it sees itself, from /proc. */
const char *info_check(const IpcProcessInfo *info, pid_t nspid);
