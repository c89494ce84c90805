#pragma once
/*
 * How many lines about sockets that belong to nobody may stand in `events`: any local user can make up any
 * number of them, and the log keeps the last 1 MiB alone. So many a minute are told, the rest is counted.
 */
#include <glib.h>

enum {
	NOTICE_LIMIT_MAX = 10, /* a minute, in all */
	NOTICE_LIMIT_PERIOD_S = 60,
};

typedef struct {
	gint64 begin_us; /* monotonic: of this minute, at its first line; 0 while there is none */
	unsigned told, untold;
} NoticeLimit;

/* One more: TRUE when it may be told, FALSE when it was counted. */
gboolean notice_limit_take(NoticeLimit *limit, gint64 now_us);

/* How many were not told in a minute that is over, once; 0 before its end. */
unsigned notice_limit_over(NoticeLimit *limit, gint64 now_us);
