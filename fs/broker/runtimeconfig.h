#pragma once
/*
 * An application's NAME.runtimeconfig.json: where it stands, and the numbers in it. Pure: texts in, texts
 * and numbers out. All of them are the target's, so hostile; nothing is allocated.
 */
#include <glib.h>
#include <stdint.h>

enum {
	RUNTIMECONFIG_MAX = 65536, /* bytes of a file that are read; a real one has some hundred */
};

/*
 * Its path as the target sees it, relative to its working directory when its command line is: what
 * `dotnet [exec] [--runtimeconfig FILE] APP.dll` names, or what stands beside an executable of its own
 * (exe, absolute). cmdline: NUL-ended arguments. 0; -ENOENT for a command of the SDK (`dotnet run`),
 * -ENAMETOOLONG.
 */
int runtimeconfig_path(const char *exe, const char *cmdline, size_t len, char *ret, size_t size);

/* One of runtimeOptions.configProperties. */
typedef struct {
	uint64_t value; /* 0 when it is not there or no number; UINT64_MAX when it does not fit */
} RuntimeconfigNumber;

/*
 * Fills in one number a name, read as the host and the runtime do: the first `runtimeOptions` and the first
 * `configProperties` in it, of equal names in there the last; a JSON number is cut to an integer, a text is
 * decimal, 0x hexadecimal or 0 octal and ends before what is no digit. Comments are passed over.
 * 0, or -EBADMSG for what the host would not have started with (also: nested more than 64 deep).
 */
int runtimeconfig_numbers(const char *text, size_t len, const char *const *names, unsigned n,
                          RuntimeconfigNumber *ret);
