#pragma once
/*
 * What a value is, as extended attributes of its file: user.unit, user.display_name, user.description,
 * user.kind (value_kind_name), user.interval_s. Texts are as the target sent them, without a NUL at their
 * end; one that is empty is not there.
 */
#include <glib.h>
#include "fs/model/value.h"

/* Appends it: 0, or -ENODATA for a name that is none of these or has no text. */
int value_attr_get(const Process *process, const Value *value, const char *name, GString *out);
/* Appends the names that there are, NUL-ended each. */
void value_attr_list(const Process *process, const Value *value, GString *out);
