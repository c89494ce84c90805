/* See net-spaces.h. */
#include "fs/broker/net-spaces.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "fs/broker/identity.h"
#include "fs/broker/pid-index.h"
#include "fs/util.h"

enum {
	LIST_EVERY_US = 5000000,
	SLOW_US = 5000,          /* a table that takes longer … */
	SLOW_EVERY_US = 5000000, /* … is read this often */
	HINT_FACTOR = 10,
	TABLE_MAX = 64 << 20,
	SPACES_MAX = 4096,
	READ_AT_ONCE = 65536,
};

struct NetSpaces {
	GArray *all; /* NetSpace; the first is ours */
	gint64 listed_us;
};

NetSpaces *net_spaces_new(void)
{
	NetSpace own = { .inode = identity_net_ns(getpid()), .seen = TRUE };
	NetSpaces *spaces = g_new0(NetSpaces, 1);

	spaces->all = g_array_new(FALSE, FALSE, sizeof(NetSpace));
	g_array_append_val(spaces->all, own);
	return spaces;
}

void net_spaces_free(NetSpaces *spaces)
{
	g_array_unref(spaces->all);
	g_free(spaces);
}

unsigned net_spaces_n(const NetSpaces *spaces)
{
	return spaces->all->len;
}

NetSpace *net_spaces_at(NetSpaces *spaces, unsigned i)
{
	return &g_array_index(spaces->all, NetSpace, i);
}

const NetSpace *net_spaces_find(NetSpaces *spaces, uint64_t inode)
{
	for (guint i = 0; i < spaces->all->len; i++)
		if (net_spaces_at(spaces, i)->inode == inode)
			return net_spaces_at(spaces, i);
	return NULL;
}

static void see(NetSpaces *spaces, uint64_t inode, pid_t member)
{
	NetSpace fresh = { .inode = inode, .member = member, .seen = TRUE };

	for (guint i = 0; i < spaces->all->len; i++) {
		NetSpace *space = net_spaces_at(spaces, i);

		if (space->inode != inode)
			continue;
		if (!space->seen && i > 0)
			space->member = member;
		space->seen = TRUE;
		return;
	}
	if (spaces->all->len < SPACES_MAX)
		g_array_append_val(spaces->all, fresh);
}

static gboolean see_pid(pid_t pid, void *data)
{
	uint64_t inode = identity_net_ns(pid);

	if (inode)
		see(data, inode, pid);
	return TRUE;
}

void net_spaces_refresh(NetSpaces *spaces, gint64 now_us, NetSpaceLost lost, void *data)
{
	if (spaces->listed_us && now_us < spaces->listed_us + LIST_EVERY_US)
		return;
	spaces->listed_us = now_us;
	for (guint i = 0; i < spaces->all->len; i++)
		net_spaces_at(spaces, i)->seen = i == 0;
	pid_each(see_pid, spaces);
	for (guint i = spaces->all->len; i-- > 1;) {
		const NetSpace space = *net_spaces_at(spaces, i);

		if (space.seen)
			continue;
		lost(space.inode, data);
		g_array_remove_index(spaces->all, i);
	}
}

gboolean net_space_read(const NetSpace *space, GString *text)
{
	char path[40] = "/proc/net/unix";
	autofd int fd = -1;

	if (space->member)
		g_snprintf(path, sizeof path, "/proc/%d/net/unix", (int)space->member);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	g_string_truncate(text, 0);
	while (fd >= 0 && text->len < TABLE_MAX) {
		gsize have = text->len;
		ssize_t n;

		g_string_set_size(text, have + READ_AT_ONCE);
		n = read(fd, text->str + have, READ_AT_ONCE);
		g_string_set_size(text, have + (gsize)MAX(n, 0));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
	}
	return FALSE;
}

void net_space_passed(NetSpace *space, gint64 began_us, gint64 cpu_us)
{
	space->next_us = cpu_us > SLOW_US ? began_us + SLOW_EVERY_US : 0;
	space->hint_us = began_us + cpu_us * HINT_FACTOR;
}
