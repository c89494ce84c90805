/*
 * The .meta beside a dump, whose boot id is "boot". What is taken can be told to the front, has a name that is a
 * file's, and reads back as itself once written again.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/store-meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BOOT "boot"

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

static gboolean equal(const RecordSealed *a, const RecordSealed *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid && a->type == b->type &&
	       a->written_type == b->written_type && a->reason == b->reason &&
	       a->start_ticks == b->start_ticks && a->requested_us == b->requested_us &&
	       a->sealed_us == b->sealed_us && a->start_us == b->start_us &&
	       a->frozen_us == b->frozen_us && a->frozen_at_us == b->frozen_at_us;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autofree char *name = NULL, *again = NULL, *written = NULL;
	RecordSealed info, second;
	Record record = record_new(RECORD_DUMP_SEALED);
	int r = store_meta_parse(text, BOOT, &name, &info);

	if (r < 0) {
		require(r == -EINVAL && !name);
		return 0;
	}
	require(name && g_str_has_prefix(name, "core_") && !strchr(name, '/') &&
	        !strchr(name, '\n'));
	record.serial = 1;
	record.sealed = info;
	require(record_check(&record, 0, FALSE, FALSE) == 0);
	written = store_meta_format(name, BOOT, &info);
	require(store_meta_parse(written, BOOT, &again, &second) == 0);
	require(!strcmp(name, again) && equal(&info, &second));
	return 0;
}
