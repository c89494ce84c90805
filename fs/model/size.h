#pragma once
/*
 * The grammar of `threshold_mb`:
 *
 *   blanks digits[.digits] [blanks] [unit] blanks          arms; any case
 *   off | none | max | nothing at all | a value of zero    disarms
 *
 * unit: MB (the default) B KB GB TB PB of powers of 1000, KiB MiB GiB TiB PiB of 1024; the B may be
 * left out ("500M", "500Mi"). A trailing newline is a blank. MB = 10^6 bytes.
 */
#include <glib.h>

enum {
	SIZE_TEXT_MAX = 4096
}; /* bytes of a command */

#define SIZE_MAX_MB 9.2e12

/*
 * 0 and *ret_mb (0 for a disarming text). -EINVAL for what is not of the grammar (also nan, inf, an
 * exponent, hexadecimal, over SIZE_TEXT_MAX bytes, a NUL byte); -ERANGE for a well-formed number
 * that is negative or above SIZE_MAX_MB. *ret_mb is written only on success.
 */
int size_parse(const char *text, gsize len, double *ret_mb);

/* Bytes of a unit of that grammar, of any case; 0 for what is none. "" is none here, "B" is 1. */
double size_unit_bytes(const char *unit);

/* Of the unit that a value has: also as meters write it, By, kBy, MiBy and the like, in this case alone. */
double size_value_unit_bytes(const char *unit);

/* The canonical text of a threshold, in MB: what size_parse reads back as the same; "off" for 0. */
void size_append(GString *out, double mb);
