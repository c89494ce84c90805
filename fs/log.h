#pragma once
/*
 * g_log of both halves: to stderr while there is one, to syslog after that. libfuse's own messages come
 * along. Below fs/ nothing else writes.
 */
#include <glib.h>

void log_init(gboolean debug);
void log_to_syslog(void);
