/* See pid-index.h. An array in order of (namespace, number), searched by halves. */
#include "fs/broker/pid-index.h"
#include <dirent.h>
#include <stdlib.h>
#include "fs/broker/identity.h"

typedef struct {
	uint64_t net_ns;
	pid_t nspid, pid;
	uint64_t start_ticks;
} Entry;

struct PidIndex {
	GArray *entries;
	gint64 walked_us; /* monotonic, when the last walk began; 0 never */
	gboolean cut;     /* it was not finished */
};

PidIndex *pid_index_new(void)
{
	PidIndex *index = g_new0(PidIndex, 1);

	index->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	return index;
}

void pid_index_free(PidIndex *index)
{
	g_array_unref(index->entries);
	g_free(index);
}

gboolean pid_each(PidEach each, void *data)
{
	DIR *dir = opendir("/proc");

	if (!dir)
		return FALSE;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (g_ascii_isdigit(entry->d_name[0]) && !each((pid_t)atoi(entry->d_name), data))
			break;
	closedir(dir);
	return TRUE;
}

static gboolean add(pid_t pid, void *data)
{
	PidIndex *index = data;
	Identity identity;
	Entry entry;

	int r = identity_open(pid, &identity);

	index->cut |= r == -ENFILE;
	if (r < 0)
		return r != -ENFILE;
	entry = (Entry){
		.net_ns = identity.net_ns,
		.nspid = identity.nspid,
		.pid = pid,
		.start_ticks = identity.start_ticks,
	};
	g_array_append_val(index->entries, entry);
	identity_close(&identity);
	return TRUE;
}

static gint compare(gconstpointer a, gconstpointer b)
{
	const Entry *x = a, *y = b;

	if (x->net_ns != y->net_ns)
		return x->net_ns < y->net_ns ? -1 : 1;
	return (x->nspid > y->nspid) - (x->nspid < y->nspid);
}

gboolean pid_index_is_fresh(const PidIndex *index, gint64 since_us)
{
	return index->walked_us && index->walked_us >= since_us;
}

gboolean pid_index_is_cut(const PidIndex *index)
{
	return index->cut;
}

gint64 pid_index_refresh(PidIndex *index, gint64 since_us)
{
	gint64 now = g_get_monotonic_time();

	if (pid_index_is_fresh(index, since_us))
		return 0;
	if (index->walked_us && now - index->walked_us < PID_INDEX_PAUSE_US)
		return index->walked_us + PID_INDEX_PAUSE_US;
	index->walked_us = now;
	g_array_set_size(index->entries, 0);
	index->cut = FALSE;
	index->cut |= !pid_each(add, index);
	g_array_sort(index->entries, compare);
	return 0;
}

static const Entry *entry_at(const PidIndex *index, guint i)
{
	return &g_array_index(index->entries, Entry, i);
}

static guint lower_bound(const PidIndex *index, const Entry *wanted)
{
	guint low = 0, high = index->entries->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (compare(entry_at(index, middle), wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static gboolean is_among(const pid_t *pids, unsigned n, pid_t pid)
{
	for (unsigned i = 0; i < n; i++)
		if (pids[i] == pid)
			return TRUE;
	return FALSE;
}

unsigned pid_index_find(const PidIndex *index, uint64_t net_ns, pid_t nspid, uint64_t key,
                        pid_t *pids, unsigned n, unsigned max, gboolean *ret_has_key)
{
	const Entry wanted = { .net_ns = net_ns, .nspid = nspid };

	for (guint i = lower_bound(index, &wanted); i < index->entries->len; i++) {
		const Entry *entry = entry_at(index, i);

		if (n == max || compare(entry, &wanted) != 0)
			break;
		if (is_among(pids, n, entry->pid))
			continue;
		pids[n++] = entry->pid;
		if (entry->start_ticks == key && !*ret_has_key) {
			pids[n - 1] = pids[0];
			pids[0] = entry->pid;
			*ret_has_key = TRUE;
		}
	}
	return n;
}
