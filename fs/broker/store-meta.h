#pragma once
/*
 * The fixed-form text beside each core: "key value" lines in a fixed order, written by us and read back at
 * start. An unknown version or a missing line makes the file unreadable (-EINVAL) and the dump is
 * left alone, neither listed nor removed.
 */
#include "fs/broker/records.h"

int store_meta_write(int dirfd, const char *file, const char *name, const RecordSealed *info);
/* info->start_ticks is 0 when the machine was started again since. *ret_name is to be freed. */
int store_meta_read(int dirfd, const char *file, char **ret_name, RecordSealed *ret);
