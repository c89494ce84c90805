#pragma once
/* A name within its owner, as a key of a hash table whose keys are parts of the values themselves. */
#include <glib.h>
#include <string.h>

static inline guint owned_name_hash(unsigned owner, const char *name)
{
	return g_str_hash(name) * 31 + owner;
}

static inline gboolean owned_name_equal(unsigned owner, const char *name, unsigned other_owner,
                                        const char *other_name)
{
	return owner == other_owner && !strcmp(name, other_name);
}
