/*
 * The limit of a heap. The first byte says what the rest is: 'j' a runtimeconfig, 'c' /proc/PID/cgroup, 'm'
 * mountinfo, 'a' an executable's path and a command line, else an environment. What comes out must be what
 * the headers say: a figure above 0 and its source, or one of two kinds of sentence.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/heap-limit.h"
#include "fs/broker/memory-cgroup.h"
#include "fs/broker/runtimeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GIB ((uint64_t)1 << 30)

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

static void run_limit(const char *environment, size_t environment_len, const char *config,
                      size_t config_len)
{
	HeapLimitFacts facts = {
		.environment = environment,
		.environment_len = environment_len,
		.config = config,
		.config_len = config_len,
		.cgroup_own = 2 * GIB,
		.cgroup_smallest = GIB,
		.address_space = HEAP_LIMIT_NONE,
		.physical = 8 * GIB,
	};
	char text[100];

	for (facts.major = 0; facts.major < 12; facts.major++) {
		uint64_t bytes = 0;
		int r = heap_limit_find(&facts, &bytes, text, sizeof text);

		require(strlen(text) > 0);
		for (const char *p = text; *p; p++)
			require(g_ascii_isprint(*p));
		if (r == 0)
			require(bytes > 0 && bytes <= INT64_MAX);
		else
			require(r == -EOPNOTSUPP && (g_str_has_prefix(text, "unknown: ") ||
			                             g_str_has_prefix(text, "no limit: ")));
	}
}

static void run_config(const char *text, size_t len)
{
	static const char *const names[] = { "a", "System.GC.HeapHardLimit" };
	RuntimeconfigNumber numbers[G_N_ELEMENTS(names)];
	int r = runtimeconfig_numbers(text, len, names, G_N_ELEMENTS(names), numbers);

	require(r == 0 || r == -EBADMSG);
	run_limit("", 0, text, len);
}

static void run_cgroup(const char *text, size_t len)
{
	char path[100];

	for (int version = 1; version <= 2; version++)
		if (memory_cgroup_path(text, len, version, path, sizeof path) == 0)
			require(path[0] == '/' && strlen(path) < sizeof path &&
			        !strstr(path, "/../") && !strchr(path, ' '));
}

static void run_mounts(const char *text, size_t len)
{
	static MemoryCgroupMount mount;
	char path[200];
	int version = memory_cgroup_version(text, len);

	require(version == 1 || version == 2);
	for (version = 1; version <= 2; version++)
		if (memory_cgroup_find_mount(text, len, version, &mount) &&
		    memory_cgroup_join(&mount, "/a/b", path, sizeof path) == 0)
			require(strlen(path) < sizeof path);
}

/* Up to the first NUL the executable. */
static void run_path(const char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);
	char path[100];
	int r;

	if (!nul)
		return;
	r = runtimeconfig_path(text, nul + 1, len - (size_t)(nul + 1 - text), path, sizeof path);
	require(r == 0 ? strlen(path) < sizeof path : r == -ENOENT || r == -ENAMETOOLONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'j':
		run_config(text, size - 1);
		break;
	case 'c':
		run_cgroup(text, size - 1);
		break;
	case 'm':
		run_mounts(text, size - 1);
		break;
	case 'a':
		run_path(text, size - 1);
		break;
	default:
		run_limit(text, size - 1, "{}", 2);
	}
	return 0;
}
