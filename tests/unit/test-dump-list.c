/* Dumps: names, parts, order, whose they are; and the text beside them. */
#include "fs/model/dump-list.h"
#include <math.h>
#include <string.h>
#include "fs/model/dump-json.h"
#include "ipc/commands.h"

enum {
	CORE = 1 << RECORD_PART_CORE,
	JSON = 1 << RECORD_PART_JSON
};

static Dump *put(DumpList *list, guint64 serial, pid_t pid, guint64 process, const char *name)
{
	RecordSealed info = { .pid = pid, .process_serial = process, .parts = CORE | JSON };

	info.size = serial * 100;
	info.json_size = serial;
	return dump_list_put(list, serial, &info, name, "/store/core");
}

static void test_shown(void)
{
	g_autoptr(DumpList) list = dump_list_new();
	Dump *dump = put(list, 7, 42, 3, "core_20261123_101512");

	g_assert_null(dump_list_find(list, 7));
	g_assert_null(dump_list_next(list, 0, 0));
	g_assert_true(dump_list_any(list, 7) == dump);
	dump_list_show(list, dump, CORE, 99);
	g_assert_cmpint(dump_list_changed_us(list), ==, 99);
	g_assert_true(dump_list_find(list, 7) == dump);
	g_assert_true(dump_list_next(list, 3, 0) == dump);
	g_assert_null(dump_list_next(list, 4, 0));
	g_assert_true(dump_has_part(dump, RECORD_PART_CORE));
	g_assert_false(dump_has_part(dump, RECORD_PART_JSON));
	g_assert_cmpuint(dump_size(dump, RECORD_PART_CORE), ==, 700);
	g_assert_cmpuint(dump_size(dump, RECORD_PART_JSON), ==, 7);
}

static void test_names(void)
{
	g_autoptr(DumpList) list = dump_list_new();
	g_autoptr(GString) name = g_string_new(NULL);
	RecordPart part = RECORD_N_PARTS;
	Dump *one = put(list, 1, 42, 3, "core_1");
	Dump *two = put(list, 2, 42, 3, "core_1_2");
	Dump *other = put(list, 3, 43, 4, "core_1");

	dump_list_show(list, one, CORE | JSON, 1);
	dump_list_show(list, two, CORE, 1);
	dump_list_show(list, other, CORE, 1);
	g_assert_true(dump_list_find_name(list, 3, "core_1", &part) == one);
	g_assert_cmpint(part, ==, RECORD_PART_CORE);
	g_assert_true(dump_list_find_name(list, 3, "core_1.json", &part) == one);
	g_assert_cmpint(part, ==, RECORD_PART_JSON);
	g_assert_true(dump_list_find_name(list, 3, "core_1_2", &part) == two);
	g_assert_null(dump_list_find_name(list, 3, "core_1_2.json", &part));
	g_assert_true(dump_list_find_name(list, 4, "core_1", &part) == other);
	g_assert_true(dump_list_find_name(list, 0, "core_1_43", &part) == other);
	g_assert_true(dump_list_find_name(list, 0, "core_1_42.json", &part) == one);
	g_assert_null(dump_list_find_name(list, 0, "core_1", &part));
	g_assert_null(dump_list_find_name(list, 0, "", &part));
	dump_name_append(two, 0, RECORD_PART_CORE, name);
	dump_name_append(one, 3, RECORD_PART_JSON, name);
	g_assert_cmpstr(name->str, ==, "core_1_2_42core_1.json");
	g_assert_cmpuint(dump_list_n(list, 3), ==, 2);
	g_assert_cmpuint(dump_list_n(list, 0), ==, 3);
}

static void test_removed(void)
{
	g_autoptr(DumpList) list = dump_list_new();
	Dump *dump = put(list, 1, 42, 3, "core_1");

	dump_list_show(list, dump, CORE | JSON, 1);
	dump_list_remove_part(list, 1, RECORD_PART_CORE, 5);
	g_assert_true(dump_list_find(list, 1) == dump);
	g_assert_cmpuint(dump_list_n(list, 0), ==, 0);
	dump_list_remove_part(list, 1, RECORD_PART_JSON, 6);
	g_assert_null(dump_list_any(list, 1));
	dump_list_remove_part(list, 1, RECORD_PART_JSON, 7);
	g_assert_cmpint(dump_list_changed_us(list), ==, 6);
}

/* Cookies: every dump once, whatever comes and goes between. */
static void test_order(void)
{
	g_autoptr(DumpList) list = dump_list_new();
	guint64 after = 0;
	unsigned n = 0;

	for (guint64 serial = 100; serial > 0; serial--)
		dump_list_show(list, put(list, serial, 1, 1, "core"), CORE | JSON, 1);
	for (const Dump *d; (d = dump_list_next(list, 0, after)); n++) {
		g_assert_cmpuint(d->serial, >, after);
		after = d->serial;
		dump_list_remove_part(list, after, RECORD_PART_CORE, 1);
		dump_list_remove_part(list, after, RECORD_PART_JSON, 1);
	}
	g_assert_cmpuint(n, ==, 100);
}

static void test_processes(void)
{
	g_autoptr(DumpList) list = dump_list_new();
	RecordFound found = { .pid = 42, .uid = 5, .start_ticks = 77, .start_us = 1000 };
	RecordSealed info = { .pid = 42, .uid = 5, .start_ticks = 77, .requested_us = 2000 };
	Dump *dump = dump_list_put(list, 1, &info, "core_1", "/x");

	dump_list_show(list, dump, CORE, 1);
	/* The same pid and ticks in an earlier boot. */
	info.requested_us = 500;
	dump_list_show(list, dump_list_put(list, 2, &info, "core_0", "/x"), CORE, 1);
	info.requested_us = 2000;
	info.uid = 6;
	dump_list_show(list, dump_list_put(list, 3, &info, "core_2", "/x"), CORE, 1);
	g_assert_cmpuint(dump_list_adopt(list, &found, 9), ==, 1);
	g_assert_true(dump_list_next(list, 9, 0) == dump);
	g_assert_null(dump_list_next(list, 9, 1));
	dump_list_process_gone(list, 9);
	g_assert_null(dump_list_next(list, 9, 0));
	g_assert_cmpuint(dump_list_n(list, 0), ==, 3);
}

static void test_types(void)
{
	g_assert_cmpuint(dump_type_find("heap"), ==, IPC_DUMP_HEAP);
	g_assert_cmpuint(dump_type_find("Heap"), ==, 0);
	g_assert_cmpuint(dump_type_find(""), ==, 0);
	g_assert_cmpstr(dump_type_name(IPC_DUMP_TRIAGE), ==, "triage");
	g_assert_cmpstr(dump_type_name(99), ==, "-");
}

static void test_json(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	g_autoptr(GString) counters = g_string_new(NULL);
	g_autoptr(GString) json = g_string_new(NULL);
	EventCounterSample sample = { .provider = "System.Runtime", .value = 388.5 };
	RecordSealed sealed = {
		.pid = 42, .uid = 5, .written_type = IPC_DUMP_FULL, .size = 123, .frozen_us = -1
	};
	RecordSealed frozen = { .written_type = IPC_DUMP_FULL,
		                .frozen_us = 742000,
		                .frozen_at_us = 1500000 };
	g_autoptr(GString) measured = g_string_new(NULL);
	g_autoptr(GString) untold = g_string_new(NULL);
	const DumpStory unknown = { .value = NAN, .value_mb = NAN };
	DumpStory story = {
		.by_trigger = TRUE, .value = 388.5, .threshold_mb = 300, .value_mb = 388.5
	};

	dump_json_counters(store, counters);
	g_assert_cmpstr(counters->str, ==, "{}");
	g_string_truncate(counters, 0);
	g_strlcpy(sample.name, "gc-heap-size", sizeof sample.name);
	counter_store_take(store, &sample, 1, 1);
	sample.provider = "A\"B";
	sample.value = NAN;
	counter_store_take(store, &sample, 1, 1);
	dump_json_counters(store, counters);
	story.condition = g_strdup("heap >= 300");
	story.command = g_strdup("dotnet \"a\\b\"\n\x01\xff\xc3\xa9");
	story.counters = g_strdup(counters->str);
	story.start_us = 1000;
	dump_json_build(&story, &sealed, "/s/core_1_42", json);
	dump_json_build(&story, &frozen, "/s/core_1_42", measured);
	dump_story_clear(&story);
	dump_json_build(&unknown, &sealed, "/s/core_1_42", untold);
	g_assert_nonnull(strstr(untold->str, "\"reason\": \"demand\",\n"
	                                     "  \"trigger\": null,\n"
	                                     "  \"threshold_mb\": null,\n"
	                                     "  \"value_mb\": null,\n"
	                                     "  \"value\": null,\n"));
	g_assert_nonnull(strstr(untold->str, "\"start_time\": null,\n"
	                                     "  \"runtime\": null,\n"
	                                     "  \"cmdline\": null,\n"
	                                     "  \"counters\": null,\n"));
	g_assert_nonnull(strstr(measured->str, "\"frozen_s\": 0.742,\n"
	                                       "  \"frozen_at\": \"1970-01-01T00:00:01.500Z\",\n"));
	g_assert_cmpstr(
		json->str, ==,
		"{\n"
		"  \"reason\": \"trigger\",\n"
		"  \"trigger\": \"heap >= 300\",\n"
		"  \"threshold_mb\": 300,\n"
		"  \"value_mb\": 388.5,\n"
		"  \"value\": 388.5,\n"
		"  \"type\": \"full\",\n"
		"  \"requested\": \"1970-01-01T00:00:00.000Z\",\n"
		"  \"sealed\": \"1970-01-01T00:00:00.000Z\",\n"
		"  \"pid\": 42,\n"
		"  \"uid\": 5,\n"
		"  \"start_time\": \"1970-01-01T00:00:00.001Z\",\n"
		"  \"runtime\": null,\n"
		"  \"cmdline\": \"dotnet \\\"a\\\\b\\\"\\u000a\\u0001\xef\xbf\xbd\xc3\xa9\",\n"
		"  \"counters\": {\n"
		"    \"gc-heap-size\": 388.5,\n"
		"    \"A%22B/gc-heap-size\": null\n"
		"  },\n"
		"  \"path\": \"/s/core_1_42\",\n"
		"  \"size\": 123,\n"
		"  \"frozen_s\": null,\n"
		"  \"frozen_at\": null,\n"
		"  \"analyze\": \"dotnet-dump analyze /s/core_1_42 -c 'dumpheap -stat'\"\n"
		"}\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dump-list/shown", test_shown);
	g_test_add_func("/dump-list/names", test_names);
	g_test_add_func("/dump-list/removed", test_removed);
	g_test_add_func("/dump-list/order", test_order);
	g_test_add_func("/dump-list/processes", test_processes);
	g_test_add_func("/dump-list/types", test_types);
	g_test_add_func("/dump-list/json", test_json);
	return g_test_run();
}
