#pragma once
/*
 * The lines of `events` in the journal or syslog: one datagram each on a socket that was connected
 * before privileges were dropped. Never waits; what is not taken is dropped and counted.
 */
#include <glib.h>
#include "fs/broker/records.h"

typedef struct {
	int fd; /* owned; -1: nothing is sent, nothing is counted */
	guint64 dropped;
} Journal;

void journal_init(Journal *journal, int fd);
void journal_clear(Journal *journal);
/* A line of `events` without its time. */
void journal_send(Journal *journal, EventWord word, pid_t pid, const char *pairs);
