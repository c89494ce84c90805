#pragma once
/*
 * What a process of ours gives up. The front, which parses what targets send, runs as a user that owns
 * nothing, without groups and capabilities; neither half leaves a core or can be traced by others.
 */
#include <glib.h>

/* Both: not dumpable, no core, all descriptors that the hard limit allows. */
void privileges_harden(void);

/*
 * The front's own: as root user "triggerdumpfs" if there is one, else a uid of 65520 to 65533 that nobody
 * has; no groups, no capabilities; in both modes no_new_privs where it is allowed. 0, or negative errno
 * and a sentence.
 */
int privileges_drop_front(gboolean root_mode, char **ret_why);
