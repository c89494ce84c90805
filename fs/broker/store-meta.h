#pragma once
/*
 * The fixed-form text beside each core: "key value" lines in a fixed order, written by us and read back at
 * start. An unknown version or a missing line makes the file unreadable (-EINVAL) and the dump is
 * left alone, neither listed nor removed. Lines that came later may be missing: what they say is unknown then.
 *
 * json_due is not in the text but the mode, 0600 while it is set and 0400 then: it changes once, after the file
 * was written, and a mode changes without a sync and is never half there.
 */
#include "fs/broker/records.h"

int store_meta_write(int dirfd, const char *file, const char *name, const RecordSealed *info);
/* Clears json_due. 0 or negative errno. */
int store_meta_json_done(int dirfd, const char *file);

/* The text itself, of a machine whose boot id is that. format: to be freed; parse: text is written to. */
char *store_meta_format(const char *name, const char *boot, const RecordSealed *info);
int store_meta_parse(char *text, const char *boot, char **ret_name, RecordSealed *ret);

/* info->start_ticks is 0 when the machine was started again since. *ret_name is to be freed. */
int store_meta_read(int dirfd, const char *file, char **ret_name, RecordSealed *ret);
