/* See retention.h. A few hundred dumps at most, so everything is looked at anew for each. */
#include "fs/broker/retention.h"

typedef struct {
	unsigned cores;
	uint64_t disk;
} Owner;

typedef struct {
	const DumpLimits *limits;
	int64_t now_us;
	GHashTable *owners; /* uid -> Owner */
	const StoreDump *next;
	const char *reason;
} Choice;

static Owner *owner_of(const Choice *choice, const StoreDump *dump)
{
	return g_hash_table_lookup(choice->owners, GUINT_TO_POINTER(dump->info.uid));
}

static gboolean has_core(const StoreDump *dump)
{
	return (dump->info.parts >> RECORD_PART_CORE) & 1;
}

static void count(const StoreDump *dump, void *data)
{
	Choice *choice = data;
	Owner *owner = owner_of(choice, dump);

	if (!owner) {
		owner = g_new0(Owner, 1);
		g_hash_table_insert(choice->owners, GUINT_TO_POINTER(dump->info.uid), owner);
	}
	owner->cores += has_core(dump);
	owner->disk += dump->disk;
}

/* Why it has to go, or NULL. A sidecar without its core counts for `keep` no more. */
static const char *reason_for(const Choice *choice, const StoreDump *dump)
{
	const DumpLimits *limits = choice->limits;

	if (limits->max_age_us && choice->now_us - dump->info.sealed_us > limits->max_age_us)
		return "max_age";
	if (limits->keep && has_core(dump) && owner_of(choice, dump)->cores > limits->keep)
		return "keep";
	return NULL;
}

/* The oldest of its owner is the first of them to go. */
static void choose(const StoreDump *dump, void *data)
{
	Choice *choice = data;
	const StoreDump *best = choice->next;
	const char *reason = reason_for(choice, dump);

	if (!reason)
		return;
	if (best && best->info.uid == dump->info.uid) {
		if (best->info.sealed_us <= dump->info.sealed_us)
			return;
	} else if (best && owner_of(choice, best)->disk >= owner_of(choice, dump)->disk) {
		return;
	}
	choice->next = dump;
	choice->reason = reason;
}

const StoreDump *retention_next(const Store *store, const DumpLimits *limits, int64_t now_us,
                                const char **ret_reason)
{
	g_autoptr(GHashTable) owners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	Choice choice = { .limits = limits, .now_us = now_us, .owners = owners };

	if (!limits->keep && !limits->max_age_us)
		return NULL;
	store_each(store, count, &choice);
	store_each(store, choose, &choice);
	*ret_reason = choice.reason;
	return choice.next;
}

void retention_apply(Store *store, const DumpLimits *limits, int64_t now_us,
                     RetentionRemoved removed, void *data)
{
	const StoreDump *dump;
	const char *reason;

	if (!limits->keep && !limits->max_age_us)
		return;
	store_refresh(store);
	while ((dump = retention_next(store, limits, now_us, &reason))) {
		uint64_t serial = dump->serial;

		if (store_remove(store, serial) < 0)
			return;
		removed(serial, reason, data);
	}
}
