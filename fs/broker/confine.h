#pragma once
/* What both a helper and the front give up right after the fork: system calls only. */

/* Closes everything but stdin, stdout, stderr and `keep` (sorted here; negative ones are passed over). */
void confine_keep_fds(int *keep, unsigned n);

/* All of them, in all sets but the bounding one. 0 or negative errno. */
int confine_drop_capabilities(void);
