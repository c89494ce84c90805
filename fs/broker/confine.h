#pragma once
/* What the broker, its helpers and the front give up: system calls only. */
#include <stdint.h>

/* Closes everything but stdin, stdout, stderr and `keep` (sorted here; negative ones are passed over). */
void confine_keep_fds(int *keep, unsigned n);

/* All but `keep` (bits 1 << CAP_*; as far as they are there), from all sets but the bounding one. 0 or negative
 * errno. */
int confine_keep_capabilities(uint64_t keep);

/* From the bounding set, all but `keep`, where that is allowed (CAP_SETPCAP). */
void confine_drop_bounding(uint64_t keep);

/* The permitted set. */
uint64_t confine_capabilities(void);
