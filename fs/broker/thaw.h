#pragma once
/*
 * createdump attaches with PTRACE_ATTACH and was once seen to leave its target stopped for ever: state T,
 * TracerPid 0, SIGSTOP pending on its threads. After each dump this is looked for over two seconds,
 * and mended by SIGCONT: the one signal that a target may ever get from us. A target that was stopped before
 * the dump is not dumped at all, so that a stop here is createdump's.
 */
#include "fs/broker/target.h"

void thaw_watch(const Target *target);
