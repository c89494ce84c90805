#pragma once
/* The options about what dumps may take and how long they stay: from their texts to DumpLimits. */
#include "fs/broker/dump-limits.h"

typedef struct {
	char *keep_free, *max_use, *max_use_user, *max_parallel_dumps, *keep,
		*max_age; /* or NULL */
} LimitTexts;

/* 0, or -EINVAL and *ret_why = a sentence (to be freed). What is not given stays as dump_limits_init() says;
 * per_user is the caller's, too. */
int limit_options_parse(const LimitTexts *texts, DumpLimits *ret, char **ret_why);
void limit_texts_clear(LimitTexts *texts);
