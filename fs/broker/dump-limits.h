#pragma once
/*
 * What dumps may take of the store, as the command line set it, and the rule: pure arithmetic over values
 * (the broker fills DumpLimitsUse in). All sizes are bytes on the disk.
 *
 *   allowance of a user = (free + sealed + being written - keep_free, at most max_use) / 2
 *
 * for everybody but root when root mounts, so that nobody fills the store for the others.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

#define DUMP_LIMITS_OFF              UINT64_MAX
#define DUMP_LIMITS_KEEP_FREE_MAX    UINT64_C(10000000000) /* of the default, 10 % */
#define DUMP_LIMITS_KEEP_FREE_LOWEST ((uint64_t)64 << 20)  /* while a dump is written */

enum {
	DUMP_LIMITS_KEEP_FREE_PERCENT = 10, /* the default */
	DUMP_LIMITS_PARALLEL_DEFAULT = 2,
	DUMP_LIMITS_PARALLEL_MAX = 8,
};

typedef struct {
	/* Free space that dumps leave alone: so many bytes, or, when that is DUMP_LIMITS_OFF, a part of
	 * the file system, 0 to 1; by default 10 %, at most DUMP_LIMITS_KEEP_FREE_MAX. */
	uint64_t keep_free;
	double keep_free_part;
	gboolean keep_free_default;
	uint64_t max_use;      /* of all dumps; DUMP_LIMITS_OFF */
	uint64_t max_use_user; /* of one user's; 0: the rule above; DUMP_LIMITS_OFF */
	gboolean per_user;     /* root mounts: users have allowances at all */
	unsigned max_parallel; /* dumps at a time */
	unsigned keep;         /* dumps of a user that stay; 0: all */
	int64_t max_age_us;    /* of a dump; 0: any */
} DumpLimits;

typedef struct {
	uint64_t free, total; /* of the file system; free for us */
	uint64_t sealed;      /* taken by dumps that are whole */
	uint64_t written;     /* by those that are being written */
	uint64_t pending;     /* what these are expected to need still, at most */
	/* of the user in question */
	uint64_t user_sealed, user_written, user_pending;
} DumpLimitsUse;

/* As without any option: for a user, or for root (per_user). */
void dump_limits_init(DumpLimits *limits, gboolean per_user);

uint64_t dump_limits_keep_free(const DumpLimits *limits, uint64_t total);
/* DUMP_LIMITS_OFF when there is none. */
uint64_t dump_limits_allowance(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid);

/* Whether a dump of that uid that may need `expected` bytes may begin: 0, or -ENOSPC and *ret_text = a
 * sentence that names what is missing (to be freed). dir: of the store, for the sentence. */
int dump_limits_before(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid,
                       uint64_t expected, const char *dir, char **ret_text);
/* Whether one of that uid that is being written may go on. As above. */
int dump_limits_during(const DumpLimits *limits, const DumpLimitsUse *use, uid_t uid,
                       const char *dir, char **ret_text);
