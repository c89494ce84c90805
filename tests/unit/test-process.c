/* What a process's fields say together, and the table of processes. */
#include "fs/model/process.h"
#include <string.h>
#include "fs/model/process-table.h"

enum {
	SECOND = G_USEC_PER_SEC
};

static Process *make(guint64 serial, pid_t pid, guint32 flags)
{
	RecordFound found = { .pid = pid, .flags = flags };

	return process_new(serial, &found, "user", "dotnet app", "/tmp/s", 1000);
}

/* Each step adds what stands before all the earlier ones. */
static void test_states(void)
{
	Process *process = make(1, 42, 0);

	g_assert_cmpint(process_state(process, 1), ==, PROCESS_STARTING);
	process->found.flags |= RECORD_FOUND_ATTACHABLE;
	g_assert_cmpint(process_state(process, 1), ==, PROCESS_ATTACHING);
	process->is_idle = TRUE;
	g_assert_cmpint(process_state(process, 1), ==, PROCESS_IDLE);
	process->is_idle = FALSE;
	process->sample_us = 10 * SECOND;
	g_assert_cmpint(process_state(process, 13 * SECOND), ==, PROCESS_LIVE);
	g_assert_cmpint(process_state(process, 13 * SECOND + 1), ==, PROCESS_SILENT);
	process->quiet_from_us = 11 * SECOND;
	g_assert_cmpint(process_state(process, 14 * SECOND), ==, PROCESS_LIVE);
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_SILENT);
	process->found.flags |= RECORD_FOUND_REFUSED;
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_UNREACHABLE);
	process->found.flags |= RECORD_FOUND_PAUSED;
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_PAUSED);
	process->dump_state = PROCESS_DUMP_QUEUED;
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_PAUSED);
	process->dump_state = PROCESS_DUMP_RUNNING;
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_DUMPING);
	process->found.flags |= RECORD_FOUND_STOPPED;
	g_assert_cmpint(process_state(process, 20 * SECOND), ==, PROCESS_STOPPED);
	for (unsigned i = 0; i < PROCESS_N_STATES; i++)
		g_assert_nonnull(process_state_name((ProcessState)i));
	process_free(process);
}

static void test_waiting(void)
{
	Process *process = make(1, 42, RECORD_FOUND_ATTACHABLE);

	g_assert_cmpint(process_sample_wait_until(process, 5), ==, 0);
	process->wait_from_us = 10 * SECOND;
	g_assert_cmpint(process_sample_wait_until(process, 10 * SECOND), ==, 12 * SECOND);
	/* Once a process: nobody waits a second time. */
	g_assert_cmpint(process_sample_wait_until(process, 12 * SECOND), ==, 0);
	process->interval_ms = 60000;
	g_assert_cmpint(process_sample_wait_until(process, 12 * SECOND), ==, 15 * SECOND);
	g_assert_cmpint(process_sample_wait_until(process, 15 * SECOND), ==, 0);
	process->session_refused = TRUE;
	g_assert_cmpint(process_sample_wait_until(process, 12 * SECOND), ==, 0);
	process->session_refused = FALSE;
	process->found.flags |= RECORD_FOUND_STOPPED;
	g_assert_cmpint(process_sample_wait_until(process, 12 * SECOND), ==, 0);
	process_free(process);
}

static void test_texts(void)
{
	Process *process = make(1, 42, 0);

	g_assert_null(process_runtime(process));
	g_assert_cmpstr(process_command_line(process), ==, "dotnet app");
	g_assert_cmpint(process_sample_age_ms(process, 5), ==, -1);
	process->found.flags = RECORD_FOUND_OLD;
	g_assert_cmpstr(process_runtime(process), ==, "3.1");
	process->has_info = TRUE;
	process->info.version = 3;
	process->info.command_line = strdup("/usr/bin/dotnet app.dll");
	g_strlcpy(process->info.runtime_version, "10.0.1", sizeof process->info.runtime_version);
	g_assert_cmpstr(process_runtime(process), ==, "10.0.1");
	g_assert_cmpstr(process_command_line(process), ==, "/usr/bin/dotnet app.dll");
	process->has_heap_sample = TRUE;
	process->heap_sample_us = 2 * SECOND;
	g_assert_cmpint(process_sample_age_ms(process, 3 * SECOND), ==, 1000);
	process_free(process);
}

static void test_table(void)
{
	g_autoptr(ProcessTable) table = process_table_new();
	Process *first = make(5, 42, 0), *second = make(9, 42, 0);

	g_assert_null(process_table_next(table, 0));
	process_table_add(table, second);
	process_table_add(table, first);
	process_table_add(table, make(7, 43, 0));
	g_assert_cmpuint(process_table_n(table), ==, 3);
	/* A pid names the newest. */
	g_assert_true(process_table_find_pid(table, 42) == second);
	g_assert_true(process_table_find(table, 5) == first);
	g_assert_null(process_table_find(table, 6));
	g_assert_cmpuint(process_table_next(table, 0)->serial, ==, 5);
	g_assert_cmpuint(process_table_next(table, 5)->serial, ==, 7);
	g_assert_cmpuint(process_table_next(table, 8)->serial, ==, 9);
	g_assert_null(process_table_next(table, 9));
	g_assert_true(process_table_steal(table, 9) == second);
	process_free(second);
	g_assert_true(process_table_find_pid(table, 42) == first);
	g_assert_null(process_table_steal(table, 9));
	process_free(process_table_steal(table, 5));
	g_assert_null(process_table_find_pid(table, 42));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/process/states", test_states);
	g_test_add_func("/process/waiting", test_waiting);
	g_test_add_func("/process/texts", test_texts);
	g_test_add_func("/process-table/table", test_table);
	return g_test_run();
}
