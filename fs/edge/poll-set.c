/* Armed poll handles. Main thread only; a handle outlives neither the set nor the session. */
#include "fs/edge/poll-set.h"

#include <poll.h>

typedef struct {
	guint64 serial;
	GQueue files; /* of OpenFile, by poll_link */
} Group;

struct PollSet {
	Tree *tree;
	GHashTable *groups; /* &Group.serial -> Group; never empty ones */
	guint armed;
};

static void free_group(void *data)
{
	Group *group = data;
	GList *link;

	while ((link = g_queue_pop_head_link(&group->files)) != NULL) {
		OpenFile *file = link->data;

		fuse_pollhandle_destroy(g_steal_pointer(&file->poll));
	}
	g_free(group);
}

PollSet *poll_set_new(Tree *tree)
{
	PollSet *set = g_new0(PollSet, 1);

	set->tree = tree;
	set->groups = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_group);
	return set;
}

void poll_set_free(PollSet *set)
{
	if (set == NULL)
		return;
	g_hash_table_destroy(set->groups);
	g_free(set);
}

void poll_set_arm(PollSet *set, OpenFile *file, struct fuse_pollhandle *handle)
{
	guint64 serial = tree_wake_serial(file->node.ino);
	Group *group;

	poll_set_disarm(set, file);
	group = g_hash_table_lookup(set->groups, &serial);
	if (group == NULL) {
		group = g_new0(Group, 1);
		group->serial = serial;
		g_hash_table_insert(set->groups, &group->serial, group);
	}
	file->poll = handle;
	file->poll_sequence = tree_sequence(set->tree, file->node.ino);
	g_queue_push_tail_link(&group->files, &file->poll_link);
	set->armed++;
}

void poll_set_disarm(PollSet *set, OpenFile *file)
{
	guint64 serial = tree_wake_serial(file->node.ino);
	Group *group;

	if (file->poll == NULL)
		return;
	group = g_hash_table_lookup(set->groups, &serial);
	g_queue_unlink(&group->files, &file->poll_link);
	fuse_pollhandle_destroy(g_steal_pointer(&file->poll));
	set->armed--;
	if (g_queue_is_empty(&group->files))
		g_hash_table_remove(set->groups, &serial);
}

static gboolean is_due(const PollSet *set, const OpenFile *file)
{
	unsigned events = tree_poll(set->tree, &file->node);

	if ((events & POLLHUP) != 0)
		return TRUE;
	return (events & POLLIN) != 0 &&
	       tree_sequence(set->tree, file->node.ino) != file->poll_sequence;
}

void poll_set_wake(PollSet *set, guint64 serial)
{
	Group *group = g_hash_table_lookup(set->groups, &serial);
	GList *link, *next;

	for (link = group == NULL ? NULL : group->files.head; link != NULL; link = next) {
		OpenFile *file = link->data;

		next = link->next;
		if (!is_due(set, file))
			continue;
		(void)fuse_lowlevel_notify_poll(file->poll);
		/* The last one of a group ends the group, and next is NULL then. */
		poll_set_disarm(set, file);
	}
}

guint poll_set_armed(const PollSet *set)
{
	return set->armed;
}
