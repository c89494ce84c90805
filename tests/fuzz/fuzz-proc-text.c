/*
 * Texts of /proc that the broker reads. The first byte says what the rest is: 'l' limits, 'i' a line of mountinfo,
 * else maps, which come in pieces as the second byte says. Beside the answer of the parser stands that of a slow
 * one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/heap-limit.h"
#include "fs/broker/mount-table.h"
#include "fs/broker/proc-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

static void run_limits(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	uint64_t value = proc_text_address_space(text), expected = HEAP_LIMIT_NONE;

	for (guint i = 1; lines[0] && lines[i]; i++) {
		const char *at;

		if (!g_str_has_prefix(lines[i], "Max address space"))
			continue;
		at = lines[i] + strlen("Max address space");
		at += strspn(at, " \t\v\f\r");
		if (*at == '+' || *at == '-' || !*at)
			return; /* the kernel writes neither sign, nor an end here */
		if (g_ascii_isdigit(*at))
			expected = g_ascii_strtoull(at, NULL, 10);
		break;
	}
	require(value == expected);
}

static void run_mount(const char *text)
{
	g_autofree char *line = g_strdup(text);
	MountEntry entry;
	char *path;

	if (!mount_table_parse(line, &entry, &path))
		return;
	require(path >= line && path + strlen(path) <= line + strlen(text));
	require(strstr(text, " - ") != NULL);
}

typedef struct {
	const char *text;
	size_t left;
	uint32_t seed;
	gboolean in_pieces;
} Maps;

static ssize_t read_piece(char *buf, size_t size, void *data)
{
	Maps *maps = data;
	size_t n = MIN(size, maps->left);

	require(size > 0);
	maps->seed = maps->seed * 1664525 + 1013904223;
	if (maps->in_pieces)
		n = MIN(n, (maps->seed >> 24) + 1);
	memcpy(buf, maps->text, n);
	maps->text += n;
	maps->left -= n;
	return (ssize_t)n;
}

static void find(const char *text, size_t len, uint8_t seed, gboolean in_pieces, char *ret,
                 size_t size)
{
	Maps maps = { text, len, seed, in_pieces };

	proc_text_find_coreclr(read_piece, &maps, ret, size);
}

static void run_maps(const char *text, size_t len, uint8_t seed)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	char whole[4096], pieces[4096];
	const char *expected = "";

	find(text, len, seed, FALSE, whole, sizeof whole);
	find(text, len, seed, TRUE, pieces, sizeof pieces);
	require(!strcmp(whole, pieces));
	if (strlen(text) != len)
		return;
	/* The last one has no end. */
	for (guint i = 0; lines[0] && lines[i] && lines[i + 1] && !*expected; i++)
		if (strlen(lines[i]) < 16384 && strchr(lines[i], '/') &&
		    g_str_has_suffix(strchr(lines[i], '/'), "/libcoreclr.so"))
			expected = strchr(lines[i], '/');
	require(g_str_has_prefix(expected, whole) && (!*expected == !*whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = size > 2 ? g_strndup((const char *)data + 2, size - 2) : NULL;

	if (!text)
		return 0;
	if (data[0] == 'l')
		run_limits(text);
	else if (data[0] == 'i')
		run_mount(text);
	else
		run_maps(text, size - 2, data[1]);
	return 0;
}
