#pragma once
/* Pieces of JSON texts, written by hand. */
#include <glib.h>

enum {
	JSON_TEXT_MAX = 64 << 10 /* bytes of a text; what is longer is cut */
};

/* In quotes; NULL is null. What is no UTF-8 is replaced. */
void json_append_text(GString *out, const char *text);
/* NaN and infinities, which JSON has not, are null. */
void json_append_number(GString *out, double value);
