#pragma once
/*
 * Numbers that .NET wrote as text, read alike in every locale of ours. They are meant to be of the
 * invariant culture ("-1.5", "1E-05", "NaN", "-Infinity"); what runtimes up to 8 write in the culture of
 * the target (quantiles) is taken too: a comma as the point, U+2212 as the minus, U+221E as infinity. None of
 * them groups digits.
 */

enum {
	DECIMAL_MAX = 64 /* bytes of the longest text with its NUL; a runtime needs at most 31 */
};

/* 0 and *ret, or -EINVAL for anything else, the empty text and hexadecimals too. What is too large for a
 * double is an infinity. */
int decimal_parse(const char *utf8, double *ret);
