/*
 * Texts of /proc. The first byte says what the rest is: 'u' /proc/net/unix, 's' stat, 't' status,
 * else a path. What is found must be what the rules say: absolute, without control bytes, written
 * in one way; and what is taken from stat and status is what a slow parser finds there.
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

enum {
	WORD_MAX = 64
};

/* The n-th word behind the last ')', from 0; cut where it is longer. */
static void stat_word(const char *text, size_t len, unsigned n, char word[WORD_MAX])
{
	char *copy = strndup(text, len), *save = NULL, *p;

	require(copy != NULL);
	p = strrchr(copy, ')');
	require(p != NULL);
	for (p = strtok_r(p + 1, " \t\n", &save); p && n; n--)
		p = strtok_r(NULL, " \t\n", &save);
	snprintf(word, WORD_MAX, "%s", p ? p : "");
	free(copy);
}

/* What is cut has zeros before its value. */
static void require_number(const char *text, uint64_t value)
{
	require(*text >= '0' && *text <= '9');
	require(strlen(text) >= WORD_MAX - 1 || strtoull(text, NULL, 10) == value);
}

static void run_stat(const char *text, size_t len)
{
	DiscoveryStat stat;
	char word[WORD_MAX];

	if (!discovery_stat_parse(text, len, &stat) || memchr(text, '\0', len))
		return;
	stat_word(text, len, 0, word);
	require(word[0] == stat.state && !word[1]);
	stat_word(text, len, 1, word);
	require_number(word, (uint64_t)stat.ppid);
	stat_word(text, len, 11, word);
	require_number(word, stat.utime);
	stat_word(text, len, 19, word);
	require_number(word, stat.start_time);
}

/* What stands behind the key in the last line that begins with it; "" when there is none. */
static void status_line(const char *text, size_t len, const char *key, char line[256])
{
	const char *end = memrchr(text, '\n', len); /* a line that is cut is none */
	char *copy = strndup(text, end ? (size_t)(end - text) : 0), *save = NULL;

	require(copy != NULL);
	line[0] = '\0';
	for (char *p = strtok_r(copy, "\n", &save); p; p = strtok_r(NULL, "\n", &save))
		if (!strncmp(p, key, strlen(key)))
			snprintf(line, 256, "%s", p + strlen(key));
	free(copy);
}

static void check_status(const char *text, size_t len, const DiscoveryStatus *status)
{
	unsigned ids[4];
	char line[256];

	status_line(text, len, "Uid:", line);
	if (strlen(line) < 200) {
		require(sscanf(line, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) == 4);
		require(!memcmp(ids, status->uid, sizeof ids));
	}
	status_line(text, len, "TracerPid:", line);
	if (*line)
		require(status->tracer == (pid_t)strtoul(line, NULL, 10));
	status_line(text, len, "VmRSS:", line);
	if (*line && strlen(line) < 200)
		require(status->vm_rss_kb == strtoull(line, NULL, 10) && strstr(line, "kB"));
	status_line(text, len, "NSpid:", line);
	if (strlen(line) < 200) {
		const char *last = line + strlen(line);

		while (last > line && !(last[-1] >= '0' && last[-1] <= '9'))
			last--;
		while (last > line && last[-1] >= '0' && last[-1] <= '9')
			last--;
		require_number(last, (uint64_t)status->nspid);
	}
}

static void run_status(const char *text, size_t len)
{
	DiscoveryStatus status;

	if (!discovery_status_parse(text, len, &status))
		return;
	if (!memchr(text, '\0', len))
		check_status(text, len, &status);
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

	if (!size)
		return 0;
	switch (data[0]) {
	case 'u':
		run_unix(text, size - 1);
		break;
	case 's':
		run_stat(text, size - 1);
		break;
	case 't':
		run_status(text, size - 1);
		break;
	default:
		run_path(text, size - 1);
	}
	return 0;
}
