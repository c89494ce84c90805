/* See caller.h. */
#include "fs/edge/caller.h"
#include <errno.h>
#include <sys/stat.h>

static gboolean is_granted(const struct stat *st, uid_t uid, unsigned wanted)
{
	const unsigned mode = st->st_mode;

	if (uid == 0 || uid == st->st_uid)
		return TRUE;
	return (mode & wanted) == wanted || (mode >> 3 & wanted) == wanted;
}

/* Of a process, of what belongs to one, and of a dump: whose they are alone knows of them. */
static gboolean is_hidden(Tree *tree, const struct stat *st, uid_t uid)
{
	const Settings *settings = model_settings(tree_model(tree));

	return settings->hide_others && uid != 0 && uid != st->st_uid &&
	       uid != settings->mounter_uid && tree_is_owned((guint64)st->st_ino);
}

int caller_may(Tree *tree, uid_t uid, guint64 ino, unsigned wanted)
{
	TreeAttr attr;

	if (uid == 0 || tree_attr(tree, ino, &attr) < 0)
		return 0;
	if (is_hidden(tree, &attr.st, uid))
		return -ENOENT;
	if (!wanted)
		return !tree_is_inside_process(ino) || uid == attr.st.st_uid ? 0 : -EACCES;
	return is_granted(&attr.st, uid, wanted) ? 0 : -EACCES;
}

int caller_may_unlink(Tree *tree, uid_t uid, guint64 parent, const char *name)
{
	TreeAttr dir, entry;
	int r = caller_may(tree, uid, parent, CALLER_WRITE | CALLER_SEARCH);

	if (r < 0 || uid == 0)
		return r;
	if (tree_attr(tree, parent, &dir) < 0 || tree_lookup(tree, parent, name, &entry) < 0)
		return 0;
	if (is_hidden(tree, &entry.st, uid))
		return -ENOENT;
	if (!(dir.st.st_mode & S_ISVTX) || uid == dir.st.st_uid || uid == entry.st.st_uid)
		return 0;
	return -EPERM;
}

gboolean caller_is_blind(Tree *tree, uid_t uid, guint64 ino)
{
	TreeAttr attr;

	return uid != 0 && model_settings(tree_model(tree))->hide_others &&
	       tree_attr(tree, ino, &attr) == 0 && is_hidden(tree, &attr.st, uid);
}
