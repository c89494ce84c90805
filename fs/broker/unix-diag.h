#pragma once
/* Questions to the kernel about Unix sockets (sock_diag(7)). */
#include <linux/unix_diag.h>
#include <stdint.h>

/* Asks; `flags`: NLM_F_DUMP for all that match. A descriptor from which the answer can be read at once, or negative
 * errno. */
int unix_diag_ask(const struct unix_diag_req *body, uint16_t flags);
