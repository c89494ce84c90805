/*
 * See runtimeconfig.h. A scanner of its own: GLib has no JSON, json-glib would bring GIO into the half that
 * keeps its rights, and what is wanted are a few numbers at one known place.
 */
#include "fs/broker/runtimeconfig.h"
#include <errno.h>
#include <string.h>

#define SUFFIX ".runtimeconfig.json"

enum {
	DEPTH_MAX = 64,
	TEXT_MAX = 64 /* names and numbers that can matter are shorter */
};

/* What takes a value of its own before the application's name. */
static const char *const options_with_value[] = {
	"--runtimeconfig",
	"--depsfile",
	"--fx-version",
	"--roll-forward",
	"--additionalprobingpath",
	"--additional-deps",
	"--roll-forward-on-no-candidate-fx",
};

typedef struct {
	const char *at, *end;
} Arguments;

static const char *next_argument(Arguments *args)
{
	const char *argument = args->at;
	size_t len = (size_t)(args->end - args->at);
	const char *nul = len ? memchr(args->at, '\0', len) : NULL;

	if (!nul)
		return NULL;
	args->at = nul + 1;
	return argument;
}

static gboolean takes_value(const char *argument)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(options_with_value); i++)
		if (g_str_equal(argument, options_with_value[i]))
			return TRUE;
	return FALSE;
}

static int fits(int n, size_t size)
{
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

/* APP.dll gives APP.runtimeconfig.json; the muxer takes .exe as well. */
static int path_of_app(const char *app, char *ret, size_t size)
{
	if (!g_str_has_suffix(app, ".dll") && !g_str_has_suffix(app, ".exe"))
		return -ENOENT;
	if (strlen(app) >= size)
		return -ENAMETOOLONG;
	return fits(g_snprintf(ret, size, "%.*s" SUFFIX, (int)strlen(app) - 4, app), size);
}

static int path_of_muxer(Arguments args, char *ret, size_t size)
{
	const char *explicit = NULL;
	const char *argument;

	next_argument(&args);
	argument = next_argument(&args);
	if (argument && g_str_equal(argument, "exec"))
		argument = next_argument(&args);
	while (argument && takes_value(argument)) {
		const char *value = next_argument(&args);

		if (g_str_equal(argument, "--runtimeconfig"))
			explicit = value;
		argument = next_argument(&args);
	}
	if (explicit)
		return fits(g_snprintf(ret, size, "%s", explicit), size);
	return argument ? path_of_app(argument, ret, size) : -ENOENT;
}

int runtimeconfig_path(const char *exe, const char *cmdline, size_t len, char *ret, size_t size)
{
	const char *name = strrchr(exe, '/');

	if (g_str_equal(name ? name + 1 : exe, "dotnet"))
		return path_of_muxer((Arguments){ .at = cmdline, .end = cmdline + len }, ret, size);
	return fits(g_snprintf(ret, size, "%s" SUFFIX, exe), size);
}

typedef struct Json Json;

/* Takes the value of a member. FALSE ends the scan: it is no JSON. */
typedef gboolean (*Member)(Json *json, const char *key);

struct Json {
	const char *at, *end;
	unsigned depth;
	gboolean options_seen, properties_seen;
	const char *const *names;
	unsigned n;
	RuntimeconfigNumber *numbers;
};

static gboolean is_at(const Json *json, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(json->end - json->at) >= len && memcmp(json->at, word, len) == 0;
}

static gboolean skip_comment(Json *json)
{
	const char *ending = is_at(json, "//") ? "\n" : is_at(json, "/*") ? "*/" : NULL;
	const char *end = ending ? memmem(json->at + 2, (size_t)(json->end - json->at - 2), ending,
	                                  strlen(ending))
	                         : NULL;

	if (!end)
		return FALSE;
	json->at = end + strlen(ending);
	return TRUE;
}

static void skip_blank(Json *json)
{
	do
		while (json->at < json->end && *json->at && strchr(" \t\r\n", *json->at))
			json->at++;
	while (skip_comment(json));
}

static gboolean take(Json *json, const char *word)
{
	skip_blank(json);
	if (!is_at(json, word))
		return FALSE;
	json->at += strlen(word);
	return TRUE;
}

static gboolean peek(Json *json, const char *any)
{
	skip_blank(json);
	return json->at < json->end && *json->at && strchr(any, *json->at);
}

/* The character that an escape stands for, 0 when it is none. What is not ASCII is in no name of ours: \x7f. */
static char unescape(Json *json)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	unsigned value = 0;

	if (json->at == json->end)
		return 0;
	letter = *json->at ? strchr(letters, *json->at) : NULL;
	if (letter) {
		json->at++;
		return meant[letter - letters];
	}
	if (*json->at++ != 'u' || json->end - json->at < 4)
		return 0;
	for (unsigned i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(*json->at++);

		if (digit < 0)
			return 0;
		value = value * 16 + (unsigned)digit;
	}
	return (char)(value > 0 && value < 0x7f ? value : 0x7f);
}

/* A text; one that is longer than `buf` comes out as "", which is no name and no number. */
static gboolean take_text(Json *json, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	if (!take(json, "\""))
		return FALSE;
	while (json->at < json->end && *json->at != '"') {
		char c = *json->at++;

		if ((unsigned char)c < ' ')
			return FALSE;
		if (c == '\\' && !(c = unescape(json)))
			return FALSE;
		if (n < size)
			buf[n++] = c;
	}
	buf[n < size ? n : 0] = '\0';
	return take(json, "\"");
}

/* The characters of a number; whether they are one says strtod. */
static gboolean take_number(Json *json, char *buf, size_t size)
{
	size_t n = 0;
	char *end;

	skip_blank(json);
	while (json->at < json->end && *json->at && strchr("+-.0123456789eE", *json->at)) {
		if (n + 1 == size)
			return FALSE;
		buf[n++] = *json->at++;
	}
	buf[n] = '\0';
	if (!n || buf[0] == '+' || buf[0] == '.')
		return FALSE;
	g_ascii_strtod(buf, &end);
	return *end == '\0';
}

static gboolean take_object(Json *json, Member member)
{
	char key[TEXT_MAX];

	if (json->depth == DEPTH_MAX || !take(json, "{"))
		return FALSE;
	json->depth++;
	if (!peek(json, "}"))
		do {
			if (!take_text(json, key, sizeof key) || !take(json, ":") ||
			    !member(json, key))
				return FALSE;
		} while (take(json, ","));
	json->depth--;
	return take(json, "}");
}

static gboolean skip_value(Json *json);

static gboolean skip_array(Json *json)
{
	if (json->depth == DEPTH_MAX || !take(json, "["))
		return FALSE;
	json->depth++;
	if (!peek(json, "]"))
		do
			if (!skip_value(json))
				return FALSE;
		while (take(json, ","));
	json->depth--;
	return take(json, "]");
}

static gboolean skip_member(Json *json, const char *key)
{
	return skip_value(json);
}

static gboolean skip_value(Json *json)
{
	char buf[TEXT_MAX * 8];

	if (peek(json, "{"))
		return take_object(json, skip_member);
	if (peek(json, "["))
		return skip_array(json);
	if (peek(json, "\""))
		return take_text(json, buf, sizeof buf);
	if (take(json, "true") || take(json, "false") || take(json, "null"))
		return TRUE;
	return take_number(json, buf, sizeof buf);
}

/* A number of JSON is handed on by the host as its text: one with a fraction or an exponent that is small
 * enough is written out by it, and the runtime reads it up to the point. */
static uint64_t cut_number(const char *text)
{
	double value;

	if (!strpbrk(text, ".eE"))
		return text[0] == '-' ? UINT64_MAX : g_ascii_strtoull(text, NULL, 10);
	value = g_ascii_strtod(text, NULL);
	return value >= 0 && value < 9e18 ? (uint64_t)value : UINT64_MAX;
}

static gboolean take_property(Json *json, const char *key)
{
	char text[TEXT_MAX] = "";
	uint64_t value = 0;
	unsigned i = 0;

	while (i < json->n && !g_str_equal(key, json->names[i]))
		i++;
	if (i == json->n)
		return skip_value(json);
	if (peek(json, "\"")) {
		if (!take_text(json, text, sizeof text))
			return FALSE;
		value = g_ascii_strtoull(text, NULL, 0);
	} else if (peek(json, "-0123456789")) {
		if (!take_number(json, text, sizeof text))
			return FALSE;
		value = cut_number(text);
	} else if (!skip_value(json)) {
		return FALSE;
	}
	json->numbers[i].value = value;
	return TRUE;
}

static gboolean take_option(Json *json, const char *key)
{
	if (json->properties_seen || !g_str_equal(key, "configProperties"))
		return skip_value(json);
	json->properties_seen = TRUE;
	return take_object(json, take_property);
}

static gboolean take_top(Json *json, const char *key)
{
	if (json->options_seen || !g_str_equal(key, "runtimeOptions"))
		return skip_value(json);
	json->options_seen = TRUE;
	return take_object(json, take_option);
}

int runtimeconfig_numbers(const char *text, size_t len, const char *const *names, unsigned n,
                          RuntimeconfigNumber *ret)
{
	Json json = { .at = text, .end = text + len, .names = names, .n = n, .numbers = ret };

	memset(ret, 0, n * sizeof *ret);
	if (is_at(&json, "\xef\xbb\xbf"))
		json.at += 3;
	return take_object(&json, take_top) ? 0 : -EBADMSG;
}
