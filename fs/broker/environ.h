#pragma once
/*
 * A target's environment for the front: what the runtime says, unread, as a sealed memfd of at most
 * IPC_MAX_ENVIRONMENT bytes; where the runtime does not know the command (3.1), /proc/PID/environ by a
 * helper. It is given to the front when the process is afterwards the one still that it was before: else a set-uid
 * program's could be read by who runs it in the moment of the question.
 */
#include "fs/broker/target.h"

void environ_ask(Target *target, uint64_t ask);
