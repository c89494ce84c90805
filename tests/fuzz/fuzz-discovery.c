/*
 * Texts of /proc. The first byte says what the rest is: 'u' /proc/net/unix, 's' stat, 't' status,
 * else a path. What is found must be what the rules say: absolute, without control bytes, written
 * in one way.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/discovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A name is exactly what printing its numbers gives. */
static void check_name(const char *path, const DiscoveryName *name)
{
	char expected[DISCOVERY_PATH_MAX];

	snprintf(expected, sizeof expected, "/dotnet-diagnostic-%d-%" PRIu64 "-socket",
	         (int)name->pid, name->key);
	require(path[0] == '/' && name->pid > 0);
	require(strlen(path) < DISCOVERY_PATH_MAX && strcmp(strrchr(path, '/'), expected) == 0);
}

static void check_listener(const DiscoveryListener *listener, void *data)
{
	unsigned *n = data;

	check_name(listener->path, &listener->name);
	for (const char *p = listener->path; *p; p++)
		require((unsigned char)*p >= ' ' && *p != 0x7f);
	(*n)++;
}

static void run_unix(const char *text, size_t len)
{
	unsigned n = 0;

	require(discovery_scan_unix(text, len, check_listener, &n) == n);
}

static void run_status(const char *text, size_t len)
{
	DiscoveryStatus status;

	if (!discovery_status_parse(text, len, &status))
		return;
	require(status.n_groups <= DISCOVERY_MAX_GROUPS);
	require(status.n_nspid && status.nspid >= 0 && status.tracer >= 0);
}

static void run_path(const char *text, size_t len)
{
	char *path = malloc(len + 1);
	DiscoveryName name;

	require(path != NULL);
	memcpy(path, text, len);
	path[len] = '\0';
	if (discovery_name_parse(path, &name))
		check_name(path, &name);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	DiscoveryStat stat;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'u':
		run_unix(text, size - 1);
		break;
	case 's':
		if (discovery_stat_parse(text, size - 1, &stat))
			require(stat.ppid >= 0);
		break;
	case 't':
		run_status(text, size - 1);
		break;
	default:
		run_path(text, size - 1);
	}
	return 0;
}
