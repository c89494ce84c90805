/* See dump-space.h. */
#include "fs/broker/dump-space.h"
#include "fs/broker/broker.h"

typedef struct {
	uid_t uid;
	const DumpJob *without;
	DumpLimitsUse *use;
} Sum;

static void add_job(const DumpJob *job, void *data)
{
	const Sum *sum = data;
	gboolean mine = job->target->identity.credentials.uid == sum->uid;
	uint64_t pending = 0;

	if (job == sum->without)
		return;
	if (!job->sealing && job->expected > job->disk)
		pending = job->expected - job->disk;
	sum->use->written += job->disk;
	sum->use->pending += pending;
	sum->use->user_written += mine ? job->disk : 0;
	sum->use->user_pending += mine ? pending : 0;
}

static void count_use(const Target *target, const DumpJob *without, DumpLimitsUse *ret)
{
	Store *store = broker_store(target->broker);
	Sum sum = { .uid = target->identity.credentials.uid, .without = without, .use = ret };

	*ret = (DumpLimitsUse){ 0 };
	ret->free = store_free_bytes(store, &ret->total);
	ret->sealed = store_disk(store, sum.uid, &ret->user_sealed);
	dump_jobs_each(add_job, &sum);
}

int dump_space_before(const Target *target, uint64_t expected, const DumpJob *without,
                      char **ret_text)
{
	Store *store = broker_store(target->broker);
	DumpLimitsUse use;

	store_refresh(store);
	count_use(target, without, &use);
	return dump_limits_before(&broker_config(target->broker)->limits, &use,
	                          target->identity.credentials.uid, expected, store_dir(store),
	                          ret_text);
}

int dump_space_during(const DumpJob *job, char **ret_text)
{
	const Target *target = job->target;
	DumpLimitsUse use;

	count_use(target, NULL, &use);
	return dump_limits_during(&broker_config(target->broker)->limits, &use,
	                          target->identity.credentials.uid,
	                          store_dir(broker_store(target->broker)), ret_text);
}
