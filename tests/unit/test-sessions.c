/* The session table: what a front can put into a session, and what it cannot. */
#include "fs/broker/sessions.h"
#include <errno.h>
#include <string.h>

static int build(RecordSession row, unsigned interval_ms, const char *names, size_t len,
                 IpcRequest *ret)
{
	return session_build(row, interval_ms, NULL, names, len, 2, ret);
}

/* Whether the text stands in the request, as UTF-16. */
static gboolean holds(const IpcRequest *request, const char *text)
{
	g_autofree gunichar2 *wide = g_utf8_to_utf16(text, -1, NULL, NULL, NULL);

	return memmem(request->bytes, request->len, wide, strlen(text) * 2) != NULL;
}

static void test_names(void)
{
	g_autofree char *longest = g_strnfill(RECORD_NAME_MAX, 'a');
	g_autofree char *longer = g_strnfill(RECORD_NAME_MAX + 1, 'a');

	g_assert_true(record_name_valid("System.Runtime"));
	g_assert_true(record_name_valid("Microsoft-AspNetCore-Server-Kestrel"));
	g_assert_true(record_name_valid(longest));
	g_assert_false(record_name_valid(longer));
	g_assert_false(record_name_valid(""));
	g_assert_false(record_name_valid("a b"));
	g_assert_false(record_name_valid("a;b"));
	g_assert_false(record_name_valid("a\"b"));
	g_assert_false(record_name_valid("Microsoft-Windows-DotNETRuntime"));
	g_assert_false(record_name_valid("Microsoft-Windows-DotNETRuntimeRundown"));
}

static void test_counters(void)
{
	static const char names[] = "System.Runtime\0My.Own";
	IpcRequest request = { 0 };

	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, names, sizeof names, &request), ==, 0);
	g_assert_true(holds(&request, "System.Runtime"));
	g_assert_true(holds(&request, "My.Own"));
	g_assert_true(holds(&request, "EventCounterIntervalSec=1"));
	g_assert_false(holds(&request, "EventCounterIntervalSec=1."));
	ipc_request_clear(&request);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 250, names, sizeof names, &request), ==, 0);
	g_assert_true(holds(&request, "EventCounterIntervalSec=0.250"));
	ipc_request_clear(&request);
}

static void test_meters(void)
{
	static const char names[] = "System.Runtime\0My.Own", all[] = "A\0*";
	RecordValues values = { .meters = 1,
		                .shared = 1,
		                .client = { 0x0123456789abcdef, 0xfedcba9876543210 } };
	IpcRequest request = { 0 };

	g_assert_cmpint(session_build(RECORD_SESSION_COUNTERS_NEXT, 1000, &values, names,
	                              sizeof names, 2, &request),
	                ==, 0);
	g_assert_true(holds(&request, "System.Diagnostics.Metrics"));
	g_assert_true(holds(&request,
	                    "SessionId=SHARED;Metrics=System.Runtime,My.Own;RefreshInterval=1;"
	                    "MaxTimeSeries=1000;MaxHistograms=10;"
	                    "ClientId=01234567-89ab-cdef-fedc-ba9876543210"));
	ipc_request_clear(&request);
	/* Before 8 nobody shares. "*" is all of them, and no provider. */
	values.shared = 0;
	g_assert_cmpint(session_build(RECORD_SESSION_COUNTERS, 2500, &values, all, sizeof all, 2,
	                              &request),
	                ==, 0);
	g_assert_true(holds(&request, "SessionId=01234567-89ab-cdef-fedc-ba9876543210;Metrics=*;"
	                              "RefreshInterval=2.500;"));
	ipc_request_clear(&request);
	/* Without meters "*" is no name, and the provider is not in it. */
	values.meters = 0;
	g_assert_cmpint(session_build(RECORD_SESSION_COUNTERS, 1000, &values, all, sizeof all, 2,
	                              &request),
	                ==, -EINVAL);
	g_assert_cmpint(session_build(RECORD_SESSION_COUNTERS, 1000, &values, names, sizeof names,
	                              2, &request),
	                ==, 0);
	g_assert_false(holds(&request, "System.Diagnostics.Metrics"));
	ipc_request_clear(&request);
	/* A client has an id. */
	values = (RecordValues){ .meters = 1 };
	g_assert_cmpint(session_build(RECORD_SESSION_COUNTERS, 1000, &values, names, sizeof names,
	                              2, &request),
	                ==, -EINVAL);
}

static void test_refused(void)
{
	static const char runtime[] = "Microsoft-Windows-DotNETRuntime";
	g_autoptr(GString) many = g_string_new(NULL);
	IpcRequest request = { 0 };

	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, NULL, 0, &request), ==, -EINVAL);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, runtime, sizeof runtime, &request), ==,
	                -EINVAL);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 99, "a", 2, &request), ==, -EINVAL);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, "ab", 2, &request), ==,
	                -EINVAL); /* no NUL */
	for (unsigned i = 0; i <= RECORD_NAMES_MAX; i++)
		g_string_append_len(many, "a", 2);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, many->str, many->len, &request), ==,
	                -EINVAL);
	g_assert_cmpint(build(RECORD_SESSION_COUNTERS, 1000, many->str, many->len - 2, &request),
	                ==, 0);
	ipc_request_clear(&request);
}

static void test_gc(void)
{
	IpcRequest request = { 0 };

	/* Names of the front do not get into this row. */
	g_assert_cmpint(build(RECORD_SESSION_GC, 1000, "My.Own", 7, &request), ==, 0);
	g_assert_true(holds(&request, "Microsoft-Windows-DotNETRuntime"));
	g_assert_false(holds(&request, "My.Own"));
	ipc_request_clear(&request);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sessions/names", test_names);
	g_test_add_func("/sessions/counters", test_counters);
	g_test_add_func("/sessions/meters", test_meters);
	g_test_add_func("/sessions/refused", test_refused);
	g_test_add_func("/sessions/gc", test_gc);
	return g_test_run();
}
