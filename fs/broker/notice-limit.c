/* See notice-limit.h. */
#include "fs/broker/notice-limit.h"

gboolean notice_limit_take(NoticeLimit *limit, gint64 now_us)
{
	if (!limit->begin_us)
		limit->begin_us = now_us;
	if (limit->told == NOTICE_LIMIT_MAX) {
		limit->untold++;
		return FALSE;
	}
	limit->told++;
	return TRUE;
}

unsigned notice_limit_over(NoticeLimit *limit, gint64 now_us)
{
	unsigned untold = limit->untold;

	if (!limit->begin_us || now_us - limit->begin_us < NOTICE_LIMIT_PERIOD_S * G_USEC_PER_SEC)
		return 0;
	*limit = (NoticeLimit){ 0 };
	return untold;
}
