/* Permissions of callers. Nothing here looks at the kernel's word. */
#include "fs/tree/access.h"

#include <errno.h>

#include "fs/tree/tree.h"

/*
 * A request tells the caller's first group alone, so that a member of -o group= cannot be told from others: of the few
 * files with a group's bits (the mounter's at the root, with that option) the kernel has the last word.
 */
static unsigned granted(const struct stat *st, uid_t who)
{
	if (who == 0)
		return ACCESS_READ | ACCESS_WRITE | ACCESS_ENTER;
	if (who == st->st_uid)
		return st->st_mode >> 6 & 7;
	return (st->st_mode >> 3 | st->st_mode) & 7;
}

AccessSight access_sight(const Node *node, const struct stat *st, uid_t who)
{
	const Settings *settings = model_settings(tree_model(node->tree));

	if (who == 0 || who == settings->mounter_uid || who == st->st_uid)
		return ACCESS_FULL;
	if (ino_kind(node->ino) == INO_ROOT)
		return (granted(st, who) & ACCESS_READ) != 0 ? ACCESS_FULL : ACCESS_NEUTRAL;
	if (ino_kind(node->ino) == INO_PROCESS && ino_row(node->ino) == 0)
		return settings->hide_others ? ACCESS_HIDDEN : ACCESS_FULL;
	/* Its name says when which process was dumped, and can be guessed. */
	if (ino_kind(node->ino) == INO_DUMP)
		return ACCESS_HIDDEN;
	return ACCESS_DENIED;
}

int access_check(const Node *node, const struct stat *st, uid_t who, unsigned wanted)
{
	AccessSight sight = access_sight(node, st, who);

	if (sight == ACCESS_HIDDEN)
		return -ENOENT;
	if (sight == ACCESS_DENIED || (wanted & ~granted(st, who)) != 0)
		return -EACCES;
	return 0;
}
