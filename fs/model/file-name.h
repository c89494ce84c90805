#pragma once
/*
 * File names of texts that a target made up. Everything but [A-Za-z0-9._-] is percent-encoded, "." and ".."
 * too; "%00" is nothing at all. Above 200 bytes it is a prefix, '~' and 16 hex digits of a hash of the raw
 * text. No name has a '~' otherwise, nor a '/'. Different texts have different names, as far as that hash goes.
 */
#include <glib.h>

enum {
	FILE_NAME_SIZE = 204, /* bytes with the NUL, and room for the '~' that a store may add */
};

/* To be freed, as the next. */
char *file_name_make(const char *raw);

/*
 * Of a tag set, key=value,key2=value2: '=' and ',' stay as they are. A text without '=', which no runtime
 * sends, is encoded throughout, so that none is the name of a value file (meter-store.h).
 */
char *file_name_make_tags(const char *raw);
