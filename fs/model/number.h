#pragma once
/*
 * How a value is written everywhere in the tree: the shortest decimal that reads back as the same
 * double, C locale, without an exponent; "NaN" (of either sign), "Inf", "-Inf"; zero of either sign
 * is "0".
 */
#include <glib.h>

enum {
	NUMBER_MAX = 400
}; /* bytes of the longest text, with its NUL */

/* Writes into buf (NUMBER_MAX bytes) and returns it. */
char *number_format(double value, char buf[NUMBER_MAX]);
void number_append(GString *out, double value);
