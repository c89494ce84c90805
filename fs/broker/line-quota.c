/* See line-quota.h. */
#include "fs/broker/line-quota.h"

typedef struct {
	uid_t uid;
	unsigned kept, failed, over;
} User;

struct LineQuota {
	GHashTable *users; /* uid -> User */
};

LineQuota *line_quota_new(void)
{
	LineQuota *quota = g_new0(LineQuota, 1);

	quota->users = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return quota;
}

void line_quota_free(LineQuota *quota)
{
	if (!quota)
		return;
	g_hash_table_unref(quota->users);
	g_free(quota);
}

static User *user_of(LineQuota *quota, uid_t uid)
{
	User *user = g_hash_table_lookup(quota->users, GUINT_TO_POINTER(uid));

	if (!user) {
		user = g_new0(User, 1);
		user->uid = uid;
		g_hash_table_insert(quota->users, GUINT_TO_POINTER(uid), user);
	}
	return user;
}

void line_quota_count(LineQuota *quota, uid_t uid, gboolean failed)
{
	User *user = user_of(quota, uid);

	user->kept++;
	user->failed += failed ? 1 : 0;
}

gboolean line_quota_take(LineQuota *quota, uid_t uid)
{
	User *user = user_of(quota, uid);

	if (user->kept < LINE_QUOTA_MAX) {
		user->kept++;
		return TRUE;
	}
	user->over++;
	return FALSE;
}

gboolean line_quota_may_go_on(const LineQuota *quota)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, quota->users);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const User *user = value;

		if (user->over && user->failed < user->kept)
			return TRUE;
	}
	return FALSE;
}

void line_quota_each_full(const LineQuota *quota, LineQuotaUser each, void *data)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, quota->users);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const User *user = value;

		if (user->over && user->failed == user->kept)
			each(user->uid, data);
	}
}
