#pragma once
/* Requests that wait for an act of the model (ModelAct). */
#include "fs/tree/node.h"

enum {
	ACT_COMMAND_S = 2, /* what the broker answers from what it knows, or by a helper's look */
	ACT_ENVIRON_S = 5, /* what the target is asked */
};

/*
 * What an act's start returned, as an operation returns it: when it is under way, wait is made to
 * cancel it, after `seconds` with ETIMEDOUT. wait->act must have been the act's *ret_act, and wait
 * its data.
 */
int act_wait(NodeWait *wait, int result, unsigned seconds);

/* The ModelReply of acts that bring nothing but their outcome. */
void act_reply(int error, int fd, guint64 value, void *data);
