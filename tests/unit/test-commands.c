/*
 * The builders: whatever they are given, no bytes come out that kill a runtime. The bytes are read
 * by a parser that is written down here once more, from the layouts and not from the code under
 * test.
 */
#include "ipc/commands.h"
#include <errno.h>
#include <glib.h>
#include <string.h>

enum {
	ROUNDS = 20000
};

/* --- the independent parser --- */

typedef struct {
	const guint8 *at, *end;
} Cursor;

static guint64 number(Cursor *c, guint width)
{
	guint64 v = 0;

	g_assert_cmpuint((gsize)(c->end - c->at), >=, width);
	for (guint i = width; i--;)
		v = v << 8 | c->at[i];
	c->at += width;
	return v;
}

/* A text as UTF-8; it has a NUL at its end and none before. Never null. */
static char *text(Cursor *c)
{
	guint64 units = number(c, 4);
	g_autofree gunichar2 *copy = NULL;
	glong written;
	char *utf8;

	g_assert_cmpuint(units, >=, 1);
	g_assert_cmpuint((gsize)(c->end - c->at), >=, units * 2);
	copy = g_new(gunichar2, units);
	for (guint64 i = 0; i < units; i++)
		copy[i] = (gunichar2)number(c, 2);
	g_assert_cmpuint(copy[units - 1], ==, 0);
	utf8 = g_utf16_to_utf8(copy, (glong)units - 1, NULL, &written, NULL);
	g_assert_nonnull(utf8);
	g_assert_cmpuint(strlen(utf8), ==, (gsize)written);
	return utf8;
}

/* The header fits what is there to the byte; the cursor is at the payload. */
static Cursor open_message(const IpcRequest *request, guint set, guint id)
{
	static const guint8 magic[14] = "DOTNET_IPC_V1";
	Cursor c = { .at = request->bytes, .end = request->bytes + request->len };

	g_assert_nonnull(request->bytes);
	g_assert_cmpuint(request->len, >=, 20);
	g_assert_cmpuint(request->len, <=, 65535);
	g_assert_cmpmem(c.at, 14, magic, 14);
	c.at += 14;
	g_assert_cmpuint(number(&c, 2), ==, request->len);
	g_assert_cmpuint(number(&c, 1), ==, set);
	g_assert_cmpuint(number(&c, 1), ==, id);
	g_assert_cmpuint(number(&c, 2), ==, 0);
	return c;
}

static void assert_end(const Cursor *c)
{
	g_assert_true(c->at == c->end);
}

static void check_collect(const IpcRequest *request, unsigned version,
                          const IpcSessionConfig *config)
{
	static const guint8 ids[] = { 0, 2, 3, 4, 5 };
	Cursor c = open_message(request, 0x02, ids[version]);
	guint64 mb = number(&c, 4);

	g_assert_cmpuint(mb, ==, config->buffer_mb);
	g_assert_cmpuint(mb, >, 0);
	g_assert_cmpuint(number(&c, 4), ==, 1); /* format */
	if (version == 2 || version == 3)
		g_assert_cmpuint(number(&c, 1), ==, 0); /* rundown */
	if (version == 4)
		g_assert_cmpuint(number(&c, 8), ==, 0); /* keyword of the rundown */
	if (version == 3 || version == 4)
		g_assert_cmpuint(number(&c, 1), ==, 0); /* stack walk */
	g_assert_cmpuint(number(&c, 4), ==, config->n_providers);
	for (unsigned i = 0; i < config->n_providers; i++) {
		const IpcProvider *provider = &config->providers[i];
		g_autofree char *name = NULL, *filter = NULL;

		g_assert_cmpuint(number(&c, 8), ==, provider->keywords);
		g_assert_cmpuint(number(&c, 4), ==, provider->level);
		g_assert_cmpuint(provider->level, <=, 5);
		name = text(&c);
		filter = text(&c);
		g_assert_cmpstr(name, ==, provider->name);
		g_assert_cmpuint(strlen(name), >, 0);
		g_assert_cmpstr(filter, ==, provider->filter ? provider->filter : "");
	}
	assert_end(&c);
	g_assert_cmpuint(request->command, ==, IPC_COMMAND_COLLECT_TRACING);
	g_assert_cmpuint(request->version, ==, version);
}

static void check_dump(const IpcRequest *request, unsigned version, const char *path,
                       IpcDumpType type)
{
	Cursor c = open_message(request, 0x01, version);
	g_autofree char *read = text(&c);

	g_assert_cmpstr(read, ==, path);
	g_assert_cmpuint(strlen(read), >, 1);
	g_assert_cmpuint(number(&c, 4), ==, type);
	g_assert_cmpuint(number(&c, 4), ==, 0);
	assert_end(&c);
	g_assert_cmpuint(request->command, ==, IPC_COMMAND_CORE_DUMP);
	g_assert_cmpuint(request->version, ==, version);
}

/* Refused: the errno, and no bytes at all. */
static void assert_refused(int r, IpcRequest *request)
{
	g_assert_cmpint(r, ==, -EINVAL);
	g_assert_null(request->bytes);
	g_assert_cmpuint(request->len, ==, 0);
	ipc_request_clear(request);
}

/* What a builder must overwrite. */
static IpcRequest dirty(void)
{
	return (IpcRequest){ .command = IPC_N_COMMANDS, .version = 99, .len = 99 };
}

static void assert_bytes(IpcRequest *request, int r, const char *hex)
{
	GString *got = g_string_new(NULL);

	g_assert_cmpint(r, ==, 0);
	for (size_t i = 0; i < request->len; i++)
		g_string_append_printf(got, "%02x", request->bytes[i]);
	g_assert_cmpstr(got->str, ==, hex);
	g_string_free(got, TRUE);
	ipc_request_clear(request);
}

/* ASCII as the wire has it, as hexadecimal, with its count and NUL. */
static char *counted(const char *ascii)
{
	GString *hex = g_string_new(NULL);

	g_string_printf(hex, "%02x000000", (guint)strlen(ascii) + 1);
	for (const char *p = ascii; *p; p++)
		g_string_append_printf(hex, "%02x00", *p);
	g_string_append(hex, "0000");
	return g_string_free(hex, FALSE);
}

#define MAGIC "444f544e45545f4950435f563100"

/* --- tests --- */

static void test_known_answers(void)
{
	const IpcProvider provider = { .name = "System.Runtime",
		                       .level = 4,
		                       .filter = "EventCounterIntervalSec=1" };
	const IpcSessionConfig config = { .buffer_mb = 256,
		                          .providers = &provider,
		                          .n_providers = 1 };
	g_autofree char *path = counted("/tmp/d.dmp");
	g_autofree char *name = counted(provider.name);
	g_autofree char *filter = counted(provider.filter);
	g_autofree char *dump = g_strconcat(MAGIC "360001030000", path, "0200000000000000", NULL);
	g_autofree char *collect = g_strconcat(MAGIC "870002030000"
	                                             "00010000"
	                                             "01000000"
	                                             "00"
	                                             "01000000"
	                                             "0000000000000000"
	                                             "04000000",
	                                       name, filter, NULL);
	IpcRequest request = dirty();

	assert_bytes(&request, ipc_build_process_info(2, &request), MAGIC "140004040000");
	assert_bytes(&request, ipc_build_environment(&request), MAGIC "140004020000");
	assert_bytes(&request, ipc_build_stop_tracing(G_GUINT64_CONSTANT(0x7f1122334455), &request),
	             MAGIC "1c0002010000"
	                   "55443322117f0000");
	assert_bytes(&request, ipc_build_core_dump(3, "/tmp/d.dmp", IPC_DUMP_HEAP, &request), dump);
	assert_bytes(&request, ipc_build_collect_tracing(2, &config, &request), collect);
}

static void test_process_info(void)
{
	static const guint8 ids[] = { 0, 0, 4, 8 };

	for (unsigned version = 0; version < 300; version++) {
		IpcRequest request = dirty();
		int r = ipc_build_process_info(version, &request);
		Cursor c;

		if (!version || version > 3) {
			assert_refused(r, &request);
			continue;
		}
		g_assert_cmpint(r, ==, 0);
		c = open_message(&request, 0x04, ids[version]);
		assert_end(&c);
		ipc_request_clear(&request);
	}
}

static void test_stop_tracing(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (guint i = 0; i < ROUNDS; i++) {
		guint64 id = (guint64)g_rand_int(rand) << (i % 33) ^ g_rand_int(rand);
		IpcRequest request = dirty();
		Cursor c;

		if (i == 0)
			id = 0;
		if (i == 1)
			id = G_MAXUINT64;
		g_assert_cmpint(ipc_build_stop_tracing(id, &request), ==, 0);
		c = open_message(&request, 0x02, 1);
		g_assert_cmpuint((gsize)(c.end - c.at), ==, 8);
		g_assert_cmpuint(number(&c, 8), ==, id);
		ipc_request_clear(&request);
	}
}

/* A text of `len` characters out of `allowed`. */
static char *random_text(GRand *rand, const char *allowed, guint len)
{
	char *s = g_malloc(len + 1);

	for (guint i = 0; i < len; i++)
		s[i] = allowed[g_rand_int_range(rand, 0, (gint)strlen(allowed))];
	s[len] = '\0';
	return s;
}

static const char name_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
static const char filter_characters[] =
	" !#$%&'()*+,-./"
	"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
	"{|}~";

static void test_collect_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);
	guint too_large = 0;

	for (guint i = 0; i < ROUNDS / 10; i++) {
		unsigned version = (unsigned)g_rand_int_range(rand, 1, 5);
		guint n = (guint)g_rand_int_range(rand, 1, IPC_MAX_PROVIDERS + 1);
		g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
		g_autofree IpcProvider *providers = g_new0(IpcProvider, n);
		IpcSessionConfig config = { .buffer_mb = (unsigned)g_rand_int_range(
						    rand, 1, IPC_MAX_BUFFER_MB + 1),
			                    .providers = providers,
			                    .n_providers = n };
		gsize size = 20 + 4 + 4 + (gsize[]){ 0, 0, 1, 2, 9 }[version] + 4;
		IpcRequest request = dirty();
		int r;

		for (guint k = 0; k < n; k++) {
			guint name_len = (guint)g_rand_int_range(rand, 1, IPC_MAX_NAME + 1);
			guint filter_len = (guint)g_rand_int_range(rand, 0, i % 2 ? 40 : 900);
			char *name = random_text(rand, name_characters, name_len);
			char *filter = random_text(rand, filter_characters, filter_len);

			g_ptr_array_add(texts, name);
			g_ptr_array_add(texts, filter);
			providers[k] =
				(IpcProvider){ .name = name,
				               .keywords = (guint64)g_rand_int(rand) << 32 |
				                           g_rand_int(rand),
				               .level = (unsigned)g_rand_int_range(rand, 0, 6),
				               .filter = filter_len ? filter : NULL };
			size += 8 + 4 + 4 + (name_len + 1) * 2 + 4 + (filter_len + 1) * 2;
		}
		r = ipc_build_collect_tracing(version, &config, &request);
		if (size > 65535) {
			assert_refused(r, &request);
			too_large++;
			continue;
		}
		g_assert_cmpint(r, ==, 0);
		g_assert_cmpuint(request.len, ==, size);
		check_collect(&request, version, &config);
		ipc_request_clear(&request);
	}
	g_assert_cmpuint(too_large, >, 0);
}

/* The largest message is 65,535 bytes, and not one more. */
static void test_collect_edge(void)
{
	for (guint last = 0; last < 4; last++) {
		g_autofree char *full = g_strnfill(IPC_MAX_FILTER, 'x');
		g_autofree char *rest = NULL;
		IpcProvider providers[] = { { .name = "a", .filter = full },
			                    { .name = "bcd", .filter = NULL } };
		const IpcSessionConfig config = { .buffer_mb = 1,
			                          .providers = providers,
			                          .n_providers = 2 };
		/* CT3: 20 + 4 + 4 + 2 + 4, and 20 and the texts a provider. */
		guint fixed = 34 + 20 + 4 + (IPC_MAX_FILTER + 1) * 2 + 20 + 8 + 2;
		IpcRequest request = dirty();
		guint len = (65535 - fixed) / 2 - 2 + last;
		int r;

		rest = g_strnfill(len, 'y');
		providers[1].filter = rest;
		r = ipc_build_collect_tracing(3, &config, &request);
		if (len > IPC_MAX_FILTER || fixed + len * 2 > 65535) {
			assert_refused(r, &request);
		} else {
			g_assert_cmpint(r, ==, 0);
			g_assert_cmpuint(request.len, ==, fixed + len * 2);
			check_collect(&request, 3, &config);
			ipc_request_clear(&request);
		}
	}
}

static void refuse_collect(unsigned version, const IpcSessionConfig *config)
{
	IpcRequest request = dirty();

	assert_refused(ipc_build_collect_tracing(version, config, &request), &request);
}

static void test_collect_refused(void)
{
	const IpcProvider good = { .name = "System.Runtime", .level = 1 };
	IpcSessionConfig config = { .buffer_mb = 4, .providers = &good, .n_providers = 1 };
	IpcProvider many[IPC_MAX_PROVIDERS + 1];
	static const unsigned bad_versions[] = { 0, 5, 6, 255, 256, G_MAXUINT };
	static const unsigned bad_mb[] = { 0, IPC_MAX_BUFFER_MB + 1, 4096, G_MAXUINT };

	for (guint i = 0; i < G_N_ELEMENTS(bad_versions); i++)
		refuse_collect(bad_versions[i], &config);
	for (guint i = 0; i < G_N_ELEMENTS(bad_mb); i++)
		for (unsigned version = 1; version <= 4; version++) {
			config.buffer_mb = bad_mb[i];
			refuse_collect(version, &config);
		}
	config.buffer_mb = 4;
	refuse_collect(2, NULL);
	config.n_providers = 0;
	refuse_collect(2, &config);
	config.n_providers = 1;
	config.providers = NULL;
	refuse_collect(2, &config);
	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = good;
	config.providers = many;
	config.n_providers = G_N_ELEMENTS(many);
	refuse_collect(2, &config);
	config.n_providers = G_MAXUINT;
	refuse_collect(2, &config);
}

static void test_provider_refused(void)
{
	g_autofree char *long_name = g_strnfill(IPC_MAX_NAME + 1, 'n');
	g_autofree char *long_filter = g_strnfill(IPC_MAX_FILTER + 1, 'f');
	const IpcProvider bad[] = {
		{ .name = NULL },
		{ .name = "" },
		{ .name = long_name },
		{ .name = "a b" },
		{ .name = "a\nb" },
		{ .name = "a;b" },
		{ .name = "na\xc3\xafve" },
		{ .name = "ok", .level = 6 },
		{ .name = "ok", .level = G_MAXUINT },
		{ .name = "ok", .filter = long_filter },
		{ .name = "ok", .filter = "a=\"b" },
		{ .name = "ok", .filter = "a=\"b\"" },
		{ .name = "ok", .filter = "a\tb" },
		{ .name = "ok", .filter = "a\x7f" },
		{ .name = "ok", .filter = "\xc3\xa9" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		/* Also behind one that is right. */
		const IpcProvider both[] = { { .name = "System.Runtime" }, bad[i] };
		IpcSessionConfig config = { .buffer_mb = 4,
			                    .providers = &bad[i],
			                    .n_providers = 1 };

		for (unsigned version = 1; version <= 4; version++) {
			config.providers = &bad[i];
			config.n_providers = 1;
			refuse_collect(version, &config);
			config.providers = both;
			config.n_providers = 2;
			refuse_collect(version, &config);
		}
	}
}

static void test_every_name_byte(void)
{
	for (guint byte = 1; byte < 256; byte++) {
		const char name[] = { 'a', (char)byte, 'b', '\0' };
		const IpcProvider provider = { .name = name, .level = 1 };
		const IpcSessionConfig config = { .buffer_mb = 4,
			                          .providers = &provider,
			                          .n_providers = 1 };
		IpcRequest request = dirty();
		int r = ipc_build_collect_tracing(4, &config, &request);

		if (strchr(name_characters, (int)byte)) {
			g_assert_cmpint(r, ==, 0);
			check_collect(&request, 4, &config);
			ipc_request_clear(&request);
		} else {
			assert_refused(r, &request);
		}
	}
}

static void test_dump_accepted(void)
{
	g_autofree char *longest = g_strnfill(IPC_MAX_DUMP_PATH, 'd');
	const char *const paths[] = { "/a",
		                      "/var/lib/x/core",
		                      longest,
		                      "/home/J\xc3\xb6rg B/\xe2\x82\xac/core",
		                      "/\xf0\x9f\x98\x80",
		                      "/a\"b'c\\d$e",
		                      "/...",
		                      "/.a",
		                      "/a..",
		                      "/a/../b" };

	longest[0] = '/';
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
		for (unsigned version = 1; version <= 3; version++)
			for (guint type = IPC_DUMP_MINI; type <= IPC_DUMP_FULL; type++) {
				IpcRequest request = dirty();

				g_assert_cmpint(ipc_build_core_dump(version, paths[i],
				                                    (IpcDumpType)type, &request),
				                ==, 0);
				check_dump(&request, version, paths[i], (IpcDumpType)type);
				ipc_request_clear(&request);
			}
}

static void test_dump_refused(void)
{
	g_autofree char *long_path = g_strnfill(IPC_MAX_DUMP_PATH + 1, '/');
	const char *const paths[] = {
		NULL,
		"",
		"/",
		"relative",
		"./a",
		"/dir/",
		"/.",
		"/..",
		"/a/.",
		"/a/..",
		"//..",
		"/a%p",
		"/%",
		"/a\nb",
		"/a\x01",
		"/a\x7f",
		"/a\xff",
		"/\xc3",
		"/\xc0\x80",
		"/\xed\xa0\x80",
		"/\xf4\x90\x80\x80",
		long_path,
		"/\xe0\x80\x80",
		"/\xf0\x80\x80\x80",
		"/\x80",
		"/\xf8\x88\x80\x80\x80",
		"/\xe2\x82",
	};
	static const unsigned versions[] = { 0, 4, 255, G_MAXUINT };
	static const unsigned types[] = { 0, 5, 255, G_MAXUINT };
	IpcRequest request = dirty();

	long_path[IPC_MAX_DUMP_PATH] = 'x';
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
		for (unsigned version = 1; version <= 3; version++) {
			int r = ipc_build_core_dump(version, paths[i], IPC_DUMP_FULL, &request);

			assert_refused(r, &request);
		}
	for (guint i = 0; i < G_N_ELEMENTS(versions); i++)
		assert_refused(ipc_build_core_dump(versions[i], "/a", IPC_DUMP_FULL, &request),
		               &request);
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		assert_refused(ipc_build_core_dump(3, "/a", (IpcDumpType)types[i], &request),
		               &request);
}

/* Random bytes as a path: refused, or read back to the byte. */
static void test_dump_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	guint accepted = 0;

	for (guint i = 0; i < ROUNDS; i++) {
		char path[32] = "/";
		guint len = (guint)g_rand_int_range(rand, 0, 5);
		IpcRequest request = dirty();
		int r;

		for (guint k = 1; k <= len; k++)
			path[k] = (char)g_rand_int_range(rand, 1, 256);
		r = ipc_build_core_dump(1 + i % 3, path, IPC_DUMP_HEAP, &request);
		if (r < 0) {
			assert_refused(r, &request);
			continue;
		}
		g_assert_true(g_utf8_validate(path, -1, NULL));
		check_dump(&request, 1 + i % 3, path, IPC_DUMP_HEAP);
		ipc_request_clear(&request);
		accepted++;
	}
	g_assert_cmpuint(accepted, >, 100);
}

static void test_versions(void)
{
	static const unsigned newest[IPC_N_COMMANDS] = {
		[IPC_COMMAND_PROCESS_INFO] = 3, [IPC_COMMAND_COLLECT_TRACING] = 4,
		[IPC_COMMAND_STOP_TRACING] = 1, [IPC_COMMAND_CORE_DUMP] = 3,
		[IPC_COMMAND_ENVIRONMENT] = 1,
	};

	for (guint i = 0; i < IPC_N_COMMANDS; i++) {
		IpcCommand command = (IpcCommand)i;

		g_assert_cmpuint(ipc_command_newest(command), ==, newest[i]);
		for (unsigned v = newest[i]; v; v--)
			g_assert_cmpuint(ipc_command_older(command, v), ==, v - 1);
		g_assert_cmpuint(ipc_command_older(command, 0), ==, 0);
		g_assert_cmpuint(ipc_command_older(command, newest[i] + 1), ==, 0);
	}
	g_assert_cmpuint(ipc_command_newest(IPC_N_COMMANDS), ==, 0);
	g_assert_cmpuint(ipc_command_older(IPC_N_COMMANDS, 1), ==, 0);
}

static void test_abilities(void)
{
	IpcAbilities a = { 0 };

	/* .NET 8: CollectTracing2 is the newest. */
	g_assert_cmpuint(ipc_abilities_next(&a, IPC_COMMAND_COLLECT_TRACING), ==, 4);
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_COLLECT_TRACING, 4), ==, 3);
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_COLLECT_TRACING, 3), ==, 2);
	ipc_abilities_known(&a, IPC_COMMAND_COLLECT_TRACING, 2);
	g_assert_cmpuint(ipc_abilities_next(&a, IPC_COMMAND_COLLECT_TRACING), ==, 2);
	/* 3.1: no ProcessInfo at all. */
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_PROCESS_INFO, 3), ==, 2);
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_PROCESS_INFO, 2), ==, 1);
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_PROCESS_INFO, 1), ==, 0);
	g_assert_cmpuint(ipc_abilities_next(&a, IPC_COMMAND_PROCESS_INFO), ==, 0);
	g_assert_cmpuint(a.version[IPC_COMMAND_PROCESS_INFO], ==, IPC_ABILITY_NONE);
	/* What does not exist changes nothing. */
	ipc_abilities_known(&a, IPC_COMMAND_CORE_DUMP, 9);
	g_assert_cmpuint(ipc_abilities_unknown(&a, IPC_COMMAND_CORE_DUMP, 9), ==, 3);
	ipc_abilities_known(&a, IPC_N_COMMANDS, 1);
	g_assert_cmpuint(ipc_abilities_next(&a, IPC_N_COMMANDS), ==, 0);
}

static void test_clear(void)
{
	IpcRequest request = dirty();

	g_assert_cmpint(ipc_build_environment(&request), ==, 0);
	g_assert_cmpuint(request.command, ==, IPC_COMMAND_ENVIRONMENT);
	ipc_request_clear(&request);
	ipc_request_clear(&request);
	g_assert_null(request.bytes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/commands/known-answers", test_known_answers);
	g_test_add_func("/commands/process-info", test_process_info);
	g_test_add_func("/commands/stop-tracing", test_stop_tracing);
	g_test_add_func("/commands/collect/random", test_collect_random);
	g_test_add_func("/commands/collect/edge", test_collect_edge);
	g_test_add_func("/commands/collect/refused", test_collect_refused);
	g_test_add_func("/commands/collect/provider-refused", test_provider_refused);
	g_test_add_func("/commands/collect/every-name-byte", test_every_name_byte);
	g_test_add_func("/commands/dump/accepted", test_dump_accepted);
	g_test_add_func("/commands/dump/refused", test_dump_refused);
	g_test_add_func("/commands/dump/random", test_dump_random);
	g_test_add_func("/commands/versions", test_versions);
	g_test_add_func("/commands/abilities", test_abilities);
	g_test_add_func("/commands/clear", test_clear);
	return g_test_run();
}
