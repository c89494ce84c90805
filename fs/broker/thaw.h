#pragma once
/*
 * createdump attaches with PTRACE_ATTACH and was once seen to leave its target stopped for ever: state T,
 * TracerPid 0, SIGSTOP pending on its threads. After a dump that went wrong once the runtime had been asked
 * for it, this is looked for over two seconds, and mended by SIGCONT: the one signal that a target may ever get
 * from us. A target that was stopped before is not asked at all, so that a stop here is createdump's; after a
 * dump that went well a stop is its user's.
 */
#include "fs/broker/target.h"

void thaw_watch(const Target *target);
