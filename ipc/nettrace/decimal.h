#pragma once
/*
 * Numbers that .NET wrote as text, read alike in every locale of ours. They are of the invariant culture
 * ("-1.5", "1E-05", "NaN", "-Infinity"). Sources before .NET 8 write some in the culture of the target: a
 * comma as the point, U+2212 as the minus and U+221E as infinity are taken, too. None of them groups digits.
 */

enum {
	DECIMAL_MAX = 64 /* bytes of the longest text with its NUL; a runtime needs at most 31 */
};

/* 0 and *ret, or -EINVAL for anything else, the empty text and hexadecimals too. What is too large for a
 * double is an infinity. */
int decimal_parse(const char *utf8, double *ret);
