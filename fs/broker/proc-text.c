/* See proc-text.h. */
#include "fs/broker/proc-text.h"
#include <string.h>
#include "fs/broker/heap-limit.h"

#define LIBCORECLR "/libcoreclr.so"

enum {
	MAPS_AT_ONCE = 16384
};

uint64_t proc_text_address_space(const char *text)
{
	static const char key[] = "\nMax address space";
	const char *line = strstr(text, key);
	uint64_t value;
	char *end;

	if (!line)
		return HEAP_LIMIT_NONE;
	value = g_ascii_strtoull(line + sizeof key - 1, &end, 10);
	return end == line + sizeof key - 1 ? HEAP_LIMIT_NONE : value;
}

/* "start-end perms offset dev inode   path" */
static void take_maps_line(const char *line, char *path, size_t size)
{
	const char *at = strchr(line, '/');

	if (at && g_str_has_suffix(at, LIBCORECLR))
		g_strlcpy(path, at, size);
}

void proc_text_find_coreclr(ProcTextRead read, void *data, char *ret, size_t size)
{
	char buf[MAPS_AT_ONCE + 1];
	gboolean is_skipped = FALSE; /* the rest of a line whose beginning is gone */
	size_t have = 0;
	ssize_t n;

	ret[0] = '\0';
	while (!ret[0] && (n = read(buf + have, sizeof buf - 1 - have, data)) > 0) {
		char *line = buf, *end;

		have += (size_t)n;
		buf[have] = '\0';
		while (!ret[0] && (end = memchr(line, '\n', (size_t)(buf + have - line)))) {
			*end = '\0';
			if (!is_skipped)
				take_maps_line(line, ret, size);
			is_skipped = FALSE;
			line = end + 1;
		}
		have -= (size_t)(line - buf);
		memmove(buf, line, have);
		if (have == sizeof buf - 1) {
			is_skipped = TRUE;
			have = 0;
		}
	}
}
