/*
 * A command line, its words ended by NULs: what is taken is in the limits that the man page tells, what is not has a
 * sentence. After that one text for each control file that has a parser of its own: what is taken reads back as
 * itself, what is refused changes nothing. The first byte says which: 'o' options, 's' a size, 'p' providers, 'd'
 * detect.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/detect.h"
#include "fs/model/provider-list.h"
#include "fs/model/size.h"
#include "fs/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	WORDS_MAX = 32
};

static void require(gboolean condition)
{
	if (!condition)
		abort();
}

static void run_options(const char *text, size_t len)
{
	char *argv[WORDS_MAX + 2] = { (char *)"triggerdumpfs" };
	g_autofree char *copy = g_strndup(text, len);
	g_autofree char *why = NULL;
	Options options;
	int argc = 1, r;

	memcpy(copy, text, len);
	for (size_t at = 0; at < len && argc <= WORDS_MAX; at += strlen(copy + at) + 1)
		argv[argc++] = copy + at;
	r = options_parse(argc, argv, &options, &why);
	require(r == 0 ? !why : r == -EINVAL && why && *why);
	if (r == 0 && !options.help && !options.version) {
		require(options.interval_ms >= 100 && options.interval_ms <= 3600000);
		require(options.attach_delay_s <= 86400 && options.dump_dir[0] == '/');
		require(strlen(options.dump_dir) <= 900 && !strchr(options.dump_dir, '%'));
		require(options.mountpoint && *options.mountpoint);
		require(options.limits.max_parallel >= 1);
	}
	options_clear(&options);
}

static void run_size(const char *text, size_t len)
{
	g_autoptr(GString) out = g_string_new(NULL);
	double mb = -1, again = -1;
	int r = size_parse(text, len, &mb);

	if (r < 0) {
		require((r == -EINVAL || r == -ERANGE) && mb == -1);
		return;
	}
	require(isfinite(mb) && mb >= 0 && mb <= SIZE_MAX_MB);
	size_append(out, mb);
	require(size_parse(out->str, out->len, &again) == 0 && again == mb);
}

static void run_providers(const char *text, size_t len)
{
	g_autoptr(GString) before = g_string_new(NULL), first = g_string_new(NULL);
	g_autoptr(GString) second = g_string_new(NULL);
	g_autofree char *why = NULL;
	ProviderList list;

	provider_list_init(&list);
	provider_list_render(&list, before);
	if (provider_list_write(&list, text, len, &why) < 0) {
		provider_list_render(&list, first);
		require(why && *why && g_string_equal(before, first));
	} else {
		provider_list_render(&list, first);
		require(list.names->len <= PROVIDER_LIST_MAX);
		require(provider_list_write(&list, first->str, first->len, &why) == 0);
		provider_list_render(&list, second);
		require(g_string_equal(first, second));
	}
	provider_list_clear(&list);
}

static void run_detect(const char *text, size_t len)
{
	g_autofree char *word = g_strndup(text, len);
	DetectMode mode;

	if (detect_mode_parse(word, &mode) == 0)
		require(!strcmp(detect_mode_name(mode), word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0]) {
	case 'o':
		run_options(text, size - 1);
		break;
	case 's':
		run_size(text, size - 1);
		break;
	case 'p':
		run_providers(text, size - 1);
		break;
	default:
		run_detect(text, size - 1);
	}
	return 0;
}
