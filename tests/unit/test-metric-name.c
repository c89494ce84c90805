/* Names of metrics: the table of all that runtimes have built in, and the rules. */
#include "fs/model/metric-name.h"
#include <string.h>

#define C VALUE_OF_COUNTER
#define M VALUE_OF_METER

typedef struct {
	ValueSource source;
	const char *provider, *name, *unit;
	ValueKind kind;
	const char *metric;
} Row;

/* Of 3.1 to 11, with ASP.NET Core. */
static const Row built_in[] = {
	{ C, "System.Runtime", "cpu-usage", "%", VALUE_GAUGE, "dotnet_cpu_usage_ratio" },
	{ C, "System.Runtime", "working-set", "MB", VALUE_GAUGE, "dotnet_working_set_bytes" },
	{ C, "System.Runtime", "gc-heap-size", "MB", VALUE_GAUGE, "dotnet_gc_heap_size_bytes" },
	{ C, "System.Runtime", "gen-0-gc-count", "", VALUE_RATE, "dotnet_gen_0_gc_count_total" },
	{ C, "System.Runtime", "gen-1-gc-count", "", VALUE_RATE, "dotnet_gen_1_gc_count_total" },
	{ C, "System.Runtime", "gen-2-gc-count", "", VALUE_RATE, "dotnet_gen_2_gc_count_total" },
	{ C, "System.Runtime", "threadpool-thread-count", "", VALUE_GAUGE,
	  "dotnet_threadpool_thread" },
	{ C, "System.Runtime", "monitor-lock-contention-count", "", VALUE_RATE,
	  "dotnet_monitor_lock_contention_count_total" },
	{ C, "System.Runtime", "threadpool-queue-length", "", VALUE_GAUGE,
	  "dotnet_threadpool_queue_length" },
	{ C, "System.Runtime", "threadpool-completed-items-count", "", VALUE_RATE,
	  "dotnet_threadpool_completed_items_count_total" },
	{ C, "System.Runtime", "alloc-rate", "B", VALUE_RATE, "dotnet_alloc_rate_bytes_total" },
	{ C, "System.Runtime", "active-timer-count", "", VALUE_GAUGE, "dotnet_active_timer" },
	{ C, "System.Runtime", "gc-fragmentation", "%", VALUE_GAUGE,
	  "dotnet_gc_fragmentation_ratio" },
	{ C, "System.Runtime", "gc-committed", "MB", VALUE_GAUGE, "dotnet_gc_committed_bytes" },
	{ C, "System.Runtime", "exception-count", "", VALUE_RATE, "dotnet_exception_count_total" },
	{ C, "System.Runtime", "time-in-gc", "%", VALUE_GAUGE, "dotnet_time_in_gc_ratio" },
	{ C, "System.Runtime", "gen-0-size", "B", VALUE_GAUGE, "dotnet_gen_0_size_bytes" },
	{ C, "System.Runtime", "gen-1-size", "B", VALUE_GAUGE, "dotnet_gen_1_size_bytes" },
	{ C, "System.Runtime", "gen-2-size", "B", VALUE_GAUGE, "dotnet_gen_2_size_bytes" },
	{ C, "System.Runtime", "loh-size", "B", VALUE_GAUGE, "dotnet_loh_size_bytes" },
	{ C, "System.Runtime", "poh-size", "B", VALUE_GAUGE, "dotnet_poh_size_bytes" },
	{ C, "System.Runtime", "assembly-count", "", VALUE_GAUGE, "dotnet_assembly" },
	{ C, "System.Runtime", "il-bytes-jitted", "B", VALUE_GAUGE,
	  "dotnet_il_bytes_jitted_bytes" },
	{ C, "System.Runtime", "methods-jitted-count", "", VALUE_GAUGE, "dotnet_methods_jitted" },
	{ C, "System.Runtime", "time-in-jit", "ms", VALUE_RATE,
	  "dotnet_time_in_jit_seconds_total" },
	{ C, "System.Runtime", "total-pause-time-by-gc", "ms", VALUE_RATE,
	  "dotnet_total_pause_time_by_gc_seconds_total" },
	{ C, "System.Runtime", "gen-0-gc-budget", "MB", VALUE_GAUGE,
	  "dotnet_gen_0_gc_budget_bytes" },
	{ C, "Microsoft.AspNetCore.Hosting", "requests-per-second", "", VALUE_RATE,
	  "dotnet_microsoft_asp_net_core_hosting_requests_per_second_total" },
	{ C, "Microsoft.AspNetCore.Hosting", "total-requests", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_hosting_total_requests" },
	{ C, "Microsoft.AspNetCore.Hosting", "current-requests", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_hosting_current_requests" },
	{ C, "Microsoft.AspNetCore.Hosting", "failed-requests", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_hosting_failed_requests" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "connections-per-second", "", VALUE_RATE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_connections_per_second_total" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "total-connections", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_total_connections" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "tls-handshakes-per-second", "", VALUE_RATE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_tls_handshakes_per_second_total" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "total-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_total_tls_handshakes" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "current-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_current_tls_handshakes" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "failed-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_failed_tls_handshakes" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "current-connections", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_current_connections" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "connection-queue-length", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_connection_queue_length" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "request-queue-length", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_request_queue_length" },
	{ C, "Microsoft-AspNetCore-Server-Kestrel", "current-upgraded-requests", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_server_kestrel_current_upgraded_requests" },
	{ C, "System.Net.Http", "requests-started", "", VALUE_GAUGE,
	  "dotnet_system_net_http_requests_started" },
	{ C, "System.Net.Http", "requests-started-rate", "", VALUE_RATE,
	  "dotnet_system_net_http_requests_started_rate_total" },
	{ C, "System.Net.Http", "requests-failed", "", VALUE_GAUGE,
	  "dotnet_system_net_http_requests_failed" },
	{ C, "System.Net.Http", "requests-failed-rate", "", VALUE_RATE,
	  "dotnet_system_net_http_requests_failed_rate_total" },
	{ C, "System.Net.Http", "current-requests", "", VALUE_GAUGE,
	  "dotnet_system_net_http_current_requests" },
	{ C, "System.Net.Http", "http11-connections-current-total", "", VALUE_GAUGE,
	  "dotnet_system_net_http_http11_connections_current" },
	{ C, "System.Net.Http", "http20-connections-current-total", "", VALUE_GAUGE,
	  "dotnet_system_net_http_http20_connections_current" },
	{ C, "System.Net.Http", "http30-connections-current-total", "", VALUE_GAUGE,
	  "dotnet_system_net_http_http30_connections_current" },
	{ C, "System.Net.Http", "http11-requests-queue-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_http_http11_requests_queue_duration_seconds" },
	{ C, "System.Net.Http", "http20-requests-queue-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_http_http20_requests_queue_duration_seconds" },
	{ C, "System.Net.Http", "http30-requests-queue-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_http_http30_requests_queue_duration_seconds" },
	{ C, "System.Net.NameResolution", "dns-lookups-requested", "", VALUE_GAUGE,
	  "dotnet_system_net_name_resolution_dns_lookups_requested" },
	{ C, "System.Net.NameResolution", "dns-lookups-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_name_resolution_dns_lookups_duration_seconds" },
	{ C, "System.Net.NameResolution", "current-dns-lookups", "", VALUE_GAUGE,
	  "dotnet_system_net_name_resolution_current_dns_lookups" },
	{ C, "System.Net.Security", "tls-handshake-rate", "", VALUE_RATE,
	  "dotnet_system_net_security_tls_handshake_rate_total" },
	{ C, "System.Net.Security", "total-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_system_net_security_total_tls_handshakes" },
	{ C, "System.Net.Security", "current-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_system_net_security_current_tls_handshakes" },
	{ C, "System.Net.Security", "failed-tls-handshakes", "", VALUE_GAUGE,
	  "dotnet_system_net_security_failed_tls_handshakes" },
	{ C, "System.Net.Security", "all-tls-sessions-open", "", VALUE_GAUGE,
	  "dotnet_system_net_security_all_tls_sessions_open" },
	{ C, "System.Net.Security", "tls10-sessions-open", "", VALUE_GAUGE,
	  "dotnet_system_net_security_tls10_sessions_open" },
	{ C, "System.Net.Security", "tls11-sessions-open", "", VALUE_GAUGE,
	  "dotnet_system_net_security_tls11_sessions_open" },
	{ C, "System.Net.Security", "tls12-sessions-open", "", VALUE_GAUGE,
	  "dotnet_system_net_security_tls12_sessions_open" },
	{ C, "System.Net.Security", "tls13-sessions-open", "", VALUE_GAUGE,
	  "dotnet_system_net_security_tls13_sessions_open" },
	{ C, "System.Net.Security", "all-tls-handshake-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_security_all_tls_handshake_duration_seconds" },
	{ C, "System.Net.Security", "tls10-handshake-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_security_tls10_handshake_duration_seconds" },
	{ C, "System.Net.Security", "tls11-handshake-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_security_tls11_handshake_duration_seconds" },
	{ C, "System.Net.Security", "tls12-handshake-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_security_tls12_handshake_duration_seconds" },
	{ C, "System.Net.Security", "tls13-handshake-duration", "ms", VALUE_GAUGE,
	  "dotnet_system_net_security_tls13_handshake_duration_seconds" },
	{ C, "System.Net.Sockets", "outgoing-connections-established", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_outgoing_connections_established" },
	{ C, "System.Net.Sockets", "incoming-connections-established", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_incoming_connections_established" },
	{ C, "System.Net.Sockets", "bytes-received", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_bytes_received" },
	{ C, "System.Net.Sockets", "bytes-sent", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_bytes_sent" },
	{ C, "System.Net.Sockets", "datagrams-received", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_datagrams_received" },
	{ C, "System.Net.Sockets", "datagrams-sent", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_datagrams_sent" },
	{ C, "System.Net.Sockets", "current-outgoing-connect-attempts", "", VALUE_GAUGE,
	  "dotnet_system_net_sockets_current_outgoing_connect_attempts" },
	{ C, "Microsoft.AspNetCore.Http.Connections", "connections-duration", "ms", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_http_connections_connections_duration_seconds" },
	{ C, "Microsoft.AspNetCore.Http.Connections", "current-connections", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_http_connections_current_connections" },
	{ C, "Microsoft.AspNetCore.Http.Connections", "connections-started", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_http_connections_connections_started" },
	{ C, "Microsoft.AspNetCore.Http.Connections", "connections-stopped", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_http_connections_connections_stopped" },
	{ C, "Microsoft.AspNetCore.Http.Connections", "connections-timed-out", "", VALUE_GAUGE,
	  "dotnet_microsoft_asp_net_core_http_connections_connections_timed_out" },
	{ M, "System.Runtime", "dotnet.process.cpu.count", "{cpu}", VALUE_UPDOWN,
	  "dotnet_process_cpu" },
	{ M, "System.Runtime", "dotnet.process.cpu.time", "s", VALUE_COUNTER,
	  "dotnet_process_cpu_time_seconds_total" },
	{ M, "System.Runtime", "dotnet.process.memory.working_set", "By", VALUE_UPDOWN,
	  "dotnet_process_memory_working_set_bytes" },
	{ M, "System.Runtime", "dotnet.gc.collections", "{collection}", VALUE_COUNTER,
	  "dotnet_gc_collections_total" },
	{ M, "System.Runtime", "dotnet.gc.heap.total_allocated", "By", VALUE_COUNTER,
	  "dotnet_gc_heap_total_allocated_bytes_total" },
	{ M, "System.Runtime", "dotnet.gc.last_collection.memory.committed_size", "By",
	  VALUE_UPDOWN, "dotnet_gc_last_collection_memory_committed_size_bytes" },
	{ M, "System.Runtime", "dotnet.gc.last_collection.heap.size", "By", VALUE_UPDOWN,
	  "dotnet_gc_last_collection_heap_size_bytes" },
	{ M, "System.Runtime", "dotnet.gc.last_collection.heap.fragmentation.size", "By",
	  VALUE_UPDOWN, "dotnet_gc_last_collection_heap_fragmentation_size_bytes" },
	{ M, "System.Runtime", "dotnet.gc.pause.time", "s", VALUE_COUNTER,
	  "dotnet_gc_pause_time_seconds_total" },
	{ M, "System.Runtime", "dotnet.jit.compiled_il.size", "By", VALUE_COUNTER,
	  "dotnet_jit_compiled_il_size_bytes_total" },
	{ M, "System.Runtime", "dotnet.jit.compiled_methods", "{method}", VALUE_COUNTER,
	  "dotnet_jit_compiled_methods_total" },
	{ M, "System.Runtime", "dotnet.jit.compilation.time", "s", VALUE_COUNTER,
	  "dotnet_jit_compilation_time_seconds_total" },
	{ M, "System.Runtime", "dotnet.monitor.lock_contentions", "{contention}", VALUE_COUNTER,
	  "dotnet_monitor_lock_contentions_total" },
	{ M, "System.Runtime", "dotnet.thread_pool.thread.count", "{thread}", VALUE_COUNTER,
	  "dotnet_thread_pool_thread_count_total" },
	{ M, "System.Runtime", "dotnet.thread_pool.work_item.count", "{work_item}", VALUE_COUNTER,
	  "dotnet_thread_pool_work_item_count_total" },
	{ M, "System.Runtime", "dotnet.thread_pool.queue.length", "{work_item}", VALUE_COUNTER,
	  "dotnet_thread_pool_queue_length_total" },
	{ M, "System.Runtime", "dotnet.timer.count", "{timer}", VALUE_UPDOWN, "dotnet_timer" },
	{ M, "System.Runtime", "dotnet.assembly.count", "{assembly}", VALUE_UPDOWN,
	  "dotnet_assemblies" },
	{ M, "System.Runtime", "dotnet.exceptions", "{exception}", VALUE_COUNTER,
	  "dotnet_exceptions_total" },
	{ M, "Microsoft.AspNetCore.Hosting", "http.server.request.duration", "s", VALUE_HISTOGRAM,
	  "http_server_request_duration_seconds" },
	{ M, "Microsoft.AspNetCore.Hosting", "http.server.active_requests", "{request}",
	  VALUE_UPDOWN, "http_server_active_requests" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.active_connections", "{connection}",
	  VALUE_UPDOWN, "kestrel_active_connections" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.connection.duration", "s",
	  VALUE_HISTOGRAM, "kestrel_connection_duration_seconds" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.rejected_connections", "{connection}",
	  VALUE_COUNTER, "kestrel_rejected_connections_total" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.queued_connections", "{connection}",
	  VALUE_UPDOWN, "kestrel_queued_connections" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.queued_requests", "{request}",
	  VALUE_UPDOWN, "kestrel_queued_requests" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.upgraded_connections", "{connection}",
	  VALUE_UPDOWN, "kestrel_upgraded_connections" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.tls_handshake.duration", "s",
	  VALUE_HISTOGRAM, "kestrel_tls_handshake_duration_seconds" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.active_tls_handshakes", "{handshake}",
	  VALUE_UPDOWN, "kestrel_active_tls_handshakes" },
	{ M, "Microsoft.AspNetCore.Server.Kestrel", "kestrel.bare_line_feed_requests", "{request}",
	  VALUE_COUNTER, "kestrel_bare_line_feed_requests_total" },
	{ M, "Microsoft.AspNetCore.Routing", "aspnetcore.routing.match_attempts", "{match_attempt}",
	  VALUE_COUNTER, "aspnetcore_routing_match_attempts_total" },
	{ M, "Microsoft.AspNetCore.Diagnostics", "aspnetcore.diagnostics.exceptions", "{exception}",
	  VALUE_COUNTER, "aspnetcore_diagnostics_exceptions_total" },
	{ M, "Microsoft.AspNetCore.RateLimiting", "aspnetcore.rate_limiting.active_request_leases",
	  "{request}", VALUE_UPDOWN, "aspnetcore_rate_limiting_active_request_leases" },
	{ M, "Microsoft.AspNetCore.RateLimiting", "aspnetcore.rate_limiting.request_lease.duration",
	  "s", VALUE_HISTOGRAM, "aspnetcore_rate_limiting_request_lease_duration_seconds" },
	{ M, "Microsoft.AspNetCore.RateLimiting", "aspnetcore.rate_limiting.queued_requests",
	  "{request}", VALUE_UPDOWN, "aspnetcore_rate_limiting_queued_requests" },
	{ M, "Microsoft.AspNetCore.RateLimiting", "aspnetcore.rate_limiting.request.time_in_queue",
	  "s", VALUE_HISTOGRAM, "aspnetcore_rate_limiting_request_time_in_queue_seconds" },
	{ M, "Microsoft.AspNetCore.RateLimiting", "aspnetcore.rate_limiting.requests", "{request}",
	  VALUE_COUNTER, "aspnetcore_rate_limiting_requests_total" },
	{ M, "Microsoft.AspNetCore.HeaderParsing", "aspnetcore.header_parsing.parse_errors",
	  "{parse_error}", VALUE_COUNTER, "aspnetcore_header_parsing_parse_errors_total" },
	{ M, "Microsoft.AspNetCore.HeaderParsing", "aspnetcore.header_parsing.cache_accesses",
	  "{cache_access}", VALUE_COUNTER, "aspnetcore_header_parsing_cache_accesses_total" },
	{ M, "Microsoft.AspNetCore.Http.Connections", "signalr.server.connection.duration", "s",
	  VALUE_HISTOGRAM, "signalr_server_connection_duration_seconds" },
	{ M, "Microsoft.AspNetCore.Http.Connections", "signalr.server.active_connections",
	  "{connection}", VALUE_UPDOWN, "signalr_server_active_connections" },
	{ M, "Microsoft.AspNetCore.MemoryPool", "aspnetcore.memory_pool.pooled", "By", VALUE_UPDOWN,
	  "aspnetcore_memory_pool_pooled_bytes" },
	{ M, "Microsoft.AspNetCore.MemoryPool", "aspnetcore.memory_pool.allocated", "By",
	  VALUE_COUNTER, "aspnetcore_memory_pool_allocated_bytes_total" },
	{ M, "Microsoft.AspNetCore.MemoryPool", "aspnetcore.memory_pool.evicted", "By",
	  VALUE_COUNTER, "aspnetcore_memory_pool_evicted_bytes_total" },
	{ M, "Microsoft.AspNetCore.MemoryPool", "aspnetcore.memory_pool.rented", "By",
	  VALUE_COUNTER, "aspnetcore_memory_pool_rented_bytes_total" },
	{ M, "System.Net.Http", "http.client.open_connections", "{connection}", VALUE_UPDOWN,
	  "http_client_open_connections" },
	{ M, "System.Net.Http", "http.client.connection.duration", "s", VALUE_HISTOGRAM,
	  "http_client_connection_duration_seconds" },
	{ M, "System.Net.Http", "http.client.request.duration", "s", VALUE_HISTOGRAM,
	  "http_client_request_duration_seconds" },
	{ M, "System.Net.Http", "http.client.request.time_in_queue", "s", VALUE_HISTOGRAM,
	  "http_client_request_time_in_queue_seconds" },
	{ M, "System.Net.Http", "http.client.active_requests", "{request}", VALUE_UPDOWN,
	  "http_client_active_requests" },
	{ M, "System.Net.NameResolution", "dns.lookup.duration", "s", VALUE_HISTOGRAM,
	  "dns_lookup_duration_seconds" },
};

static const Row rules[] = {
	{ M, "x", "requestCount2Fast", "", VALUE_COUNTER, "request_count2_fast_total" },
	{ M, "x", "HTTPServer", "", VALUE_UPDOWN, "http_server" },
	{ M, "x", "MyHTTPServerABC", "", VALUE_UPDOWN, "my_http_server_abc" },
	{ M, "x", "--a..b//c--", "", VALUE_UPDOWN, "a_b_c" },
	{ M, "x", "9lives", "", VALUE_UPDOWN, "_9lives" },
	{ M, "x", "\303\244\303\266", "", VALUE_UPDOWN, "unnamed" },
	{ M, "x", "", "", VALUE_COUNTER, "unnamed_total" },
	{ M, "x", "__", "By", VALUE_COUNTER, "unnamed_bytes_total" },
	{ M, "x", "9", "By", VALUE_COUNTER, "_9_bytes_total" },
	{ C, "System.Runtime", "", "", VALUE_GAUGE, "dotnet" },
	{ M, "x", "a_count_sum", "", VALUE_GAUGE, "a" },
	{ M, "x", "count", "", VALUE_GAUGE, "count" },
	{ M, "x", "a_bucket", "", VALUE_UPDOWN, "a" },
	{ M, "x", "a.info", "", VALUE_GAUGE, "a" },
	{ M, "x", "a.total", "By", VALUE_GAUGE, "a_bytes" },
	{ M, "x", "a.count", "", VALUE_COUNTER, "a_count_total" },
	{ M, "x", "a.count", "", VALUE_HISTOGRAM, "a_count" }, /* gets digits: metric-source.h */
	{ M, "x", "a.total", "By", VALUE_COUNTER, "a_bytes_total" },
	{ M, "x", "a.bytes.total", "By", VALUE_COUNTER, "a_bytes_total" },
	{ M, "x", "a.total.total", "", VALUE_COUNTER, "a_total" },
	{ M, "x", "total", "", VALUE_COUNTER, "total_total" }, /* OpenMetrics: of a family total */
	{ M, "x", "a_total", "", VALUE_COUNTER, "a_total" },
	{ M, "x", "wait.seconds", "s", VALUE_HISTOGRAM, "wait_seconds" },
	{ M, "x", "milliseconds", "ms", VALUE_GAUGE, "milliseconds_seconds" },
	{ M, "x", "load", "%", VALUE_GAUGE, "load_ratio" },
	{ M, "x", "load", "1", VALUE_GAUGE, "load" },
	{ M, "x", "files", "Files", VALUE_GAUGE, "files" },
	{ M, "x", "open", "Files", VALUE_GAUGE, "open_files" },
	{ M, "x", "open", "{file}", VALUE_GAUGE, "open" },
	{ M, "x", "speed", "km/h", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "count", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "Count", VALUE_COUNTER, "speed_total" },
	{ M, "x", "speed", "By/s", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "abcdefghijklmnopqrstu", VALUE_GAUGE, "speed" },
	{ M, "x", "megabytes", "MB", VALUE_GAUGE, "megabytes_bytes" },
	{ M, "x", "bytes", "MB", VALUE_GAUGE, "bytes" },
	{ M, "x", "kilobytes", "B", VALUE_GAUGE, "kilobytes_bytes" },
	{ C, "My.Provider", "a b", "MiB", VALUE_GAUGE, "dotnet_my_provider_a_b_bytes" },
};

static Value value_of(const Row *row)
{
	return (Value){ .source = row->source,
		        .provider = row->provider,
		        .name = row->name,
		        .unit = row->unit,
		        .kind = row->kind };
}

static void check(const Row *row)
{
	Value value = value_of(row);
	MetricName name;

	metric_name_make(&value, &name);
	if (strcmp(name.name, row->metric) != 0)
		g_error("%s %s: %s, not %s", row->provider, row->name, name.name, row->metric);
	metric_name_clear(&name);
}

/* Nobody's name is another's, also not with the suffixes of a summary. */
static void test_built_in(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(built_in); i++) {
		const Row *row = &built_in[i];

		check(row);
		g_assert_true(g_hash_table_add(seen, g_strdup(row->metric)));
		if (row->kind != VALUE_HISTOGRAM)
			continue;
		g_assert_true(g_hash_table_add(seen, g_strconcat(row->metric, "_count", NULL)));
		g_assert_true(g_hash_table_add(seen, g_strconcat(row->metric, "_sum", NULL)));
	}
}

static void test_rules(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++)
		check(&rules[i]);
}

static void test_units(void)
{
	static const struct {
		const char *raw, *name, *unit;
		double scale;
	} table[] = {
		{ "", "a", "", 1 },
		{ "1", "a", "", 1 },
		{ "{thing}", "a", "", 1 },
		{ "{thing}/s", "a", "", 1 },
		{ "\303\251", "a", "", 1 },
		{ "%", "a_ratio", "ratio", 0.01 },
		{ "B", "a_bytes", "bytes", 1 },
		{ "By", "a_bytes", "bytes", 1 },
		{ "Bytes", "a_bytes", "bytes", 1 },
		{ "kB", "a_bytes", "bytes", 1e3 },
		{ "MB", "a_bytes", "bytes", 1e6 },
		{ "GBy", "a_bytes", "bytes", 1e9 },
		{ "KiBy", "a_bytes", "bytes", 1024 },
		{ "MiB", "a_bytes", "bytes", 1048576 },
		{ "TiB", "a_bytes", "bytes", 1099511627776 },
		{ "ns", "a_seconds", "seconds", 1e-9 },
		{ "us", "a_seconds", "seconds", 1e-6 },
		{ "\302\265s", "a_seconds", "seconds", 1e-6 },
		{ "ms", "a_seconds", "seconds", 1e-3 },
		{ "Milliseconds", "a_seconds", "seconds", 1e-3 },
		{ "s", "a_seconds", "seconds", 1 },
		{ "min", "a_seconds", "seconds", 60 },
		{ "h", "a_seconds", "seconds", 3600 },
		/* Words of the application's own: in the name, but no base unit. */
		{ "S", "a_s", "", 1 },
		{ "H", "a_h", "", 1 },
		{ "Files", "a_files", "", 1 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		Value value = { .source = M,
			        .provider = "x",
			        .name = "a",
			        .kind = VALUE_GAUGE,
			        .unit = table[i].raw };
		MetricName name;

		metric_name_make(&value, &name);
		g_assert_cmpstr(name.name, ==, table[i].name);
		g_assert_cmpstr(name.unit, ==, table[i].unit);
		g_assert_cmpfloat(name.scale, ==, table[i].scale);
		metric_name_clear(&name);
	}
}

static gboolean is_name(const char *name)
{
	if (!g_ascii_isalpha(*name) && *name != '_')
		return FALSE;
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static void check_random(const Value *value)
{
	static const char *const lost[] = { "_count", "_sum", "_total", "_bucket", "_info" };
	MetricName name, again;

	metric_name_make(value, &name);
	metric_name_make(value, &again);
	g_assert_cmpstr(name.name, ==, again.name);
	metric_name_clear(&again);
	g_assert_true(is_name(name.name));
	g_assert_null(strstr(name.name, "__"));
	g_assert_false(g_str_has_suffix(name.name, "_"));
	g_assert_true((name.type == METRIC_COUNTER) <= g_str_has_suffix(name.name, "_total"));
	for (unsigned i = 0; i < G_N_ELEMENTS(lost) && name.type == METRIC_GAUGE; i++)
		g_assert_false(g_str_has_suffix(name.name, lost[i]));
	if (*name.unit && name.type != METRIC_COUNTER)
		g_assert_true(g_str_has_suffix(name.name, name.unit));
	metric_name_clear(&name);
}

/* Whatever an application calls it: bytes, and words and marks in any order. */
static void test_random(void)
{
	static const char *const words[] = { "_",      "__",    ".",        "a",     "B",
		                             "Ab",     "9",     "ms",       "total", "count",
		                             "sum",    "_info", "By",       "MB",    "%",
		                             "{x}",    "\xff",  "\303\244", "bytes", "Total",
		                             "seconds" };
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (unsigned i = 0; i < 20000; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		gsize middle = 0;
		Value value = { .source = g_rand_boolean(rand) ? M : C,
			        .provider = "P",
			        .kind = (ValueKind)g_rand_int_range(rand, 0, VALUE_HISTOGRAM + 1) };

		for (unsigned k = 0; k < 8; k++) {
			middle = k == 6 ? text->len : middle;
			if (i % 2)
				g_string_append_c(text, (char)g_rand_int_range(rand, 1, 256));
			else if (g_rand_boolean(rand))
				g_string_append(
					text,
					words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
		}
		value.unit = text->str + middle;
		value.name = g_strndup(text->str, middle);
		check_random(&value);
		g_free((char *)value.name);
	}
}

static void check_labels(const char *tags, const char *expected)
{
	g_autoptr(GString) out = g_string_new(NULL);

	metric_labels_append(out, tags);
	g_assert_cmpstr(out->str, ==, expected);
}

static void test_labels(void)
{
	check_labels("", "");
	check_labels("a=1", ",a=\"1\"");
	check_labels("http.request.method=GET,http.route=/api/{id}",
	             ",http_request_method=\"GET\",http_route=\"/api/{id}\"");
	check_labels("camelCase=x,b=", ",camel_case=\"x\",b=\"\"");
	check_labels(
		"pid=1,process=2,le=3,quantile=4,job=5,instance=6",
		",tag_pid=\"1\",tag_process=\"2\",tag_le=\"3\",tag_quantile=\"4\",tag_job=\"5\","
		"tag_instance=\"6\"");
	/* What does not split cleanly is one label, and no key is invented. */
	check_labels("a=1=2", ",tags=\"a=1=2\"");
	check_labels("a=1,b", ",tags=\"a=1,b\"");
	check_labels("a=1, b=2", ",tags=\"a=1, b=2\"");
	check_labels("a.b=1,a_b=2", ",tags=\"a.b=1,a_b=2\"");
	check_labels("1a=2", ",tags=\"1a=2\"");
	check_labels("=", ",tags=\"=\"");
	check_labels("a=\"q\"\\\n", ",a=\"\\\"q\\\"\\\\\\n\"");
	check_labels("a=\xff", ",a=\"\xef\xbf\xbd\"");
}

static void test_help(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	metric_help_append(out, "a \"b\"\\\n", FALSE);
	g_assert_cmpstr(out->str, ==, "a \"b\"\\\\\\n");
	metric_help_append(g_string_truncate(out, 0), "a \"b\"\\\n", TRUE);
	g_assert_cmpstr(out->str, ==, "a \\\"b\\\"\\\\\\n");
}

static void test_digits(void)
{
	Value one = value_of(&rules[0]), other = value_of(&rules[1]);
	g_autofree char *a = metric_name_source_digits(&one);
	g_autofree char *b = metric_name_source_digits(&other);
	g_autofree char *again = metric_name_source_digits(&one);

	g_assert_cmpuint(strlen(a), ==, 8);
	g_assert_cmpstr(a, !=, b);
	g_assert_cmpstr(a, ==, again);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metric-name/built-in", test_built_in);
	g_test_add_func("/metric-name/rules", test_rules);
	g_test_add_func("/metric-name/units", test_units);
	g_test_add_func("/metric-name/random", test_random);
	g_test_add_func("/metric-name/labels", test_labels);
	g_test_add_func("/metric-name/help", test_help);
	g_test_add_func("/metric-name/digits", test_digits);
	return g_test_run();
}
