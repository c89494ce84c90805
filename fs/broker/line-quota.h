#pragma once
/*
 * How many sockets of one user are looked at: anybody can plant tens of thousands, and each is a line to be kept
 * and a helper to be forked. So many of each user that belong to no proven target, in one network namespace; the
 * others are passed over until one of them goes, or turns out to be a target's. Those whose user cannot be told (of
 * another namespace, before Linux 5.3) are one user's.
 *
 * For one pass over one table.
 */
#include <glib.h>
#include <sys/types.h>

enum {
	LINE_QUOTA_MAX = 256,
};

typedef struct LineQuota LineQuota;

LineQuota *line_quota_new(void);
void line_quota_free(LineQuota *quota);

/* A line that is kept already and belongs to no target; failed: it was tried in vain. */
void line_quota_count(LineQuota *quota, uid_t uid, gboolean failed);

/* One more: FALSE when its user has so many. */
gboolean line_quota_take(LineQuota *quota, uid_t uid);

/* Some were passed over whose user has others that were not tried in vain: it is worth another look soon. */
gboolean line_quota_may_go_on(const LineQuota *quota);

/* Users of whom some were passed over, and all others were tried in vain; SOCKET_OWNER_UNKNOWN for the unknown. */
typedef void (*LineQuotaUser)(uid_t uid, void *data);
void line_quota_each_full(const LineQuota *quota, LineQuotaUser each, void *data);
