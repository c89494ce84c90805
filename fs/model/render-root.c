/* `status` at the root. */
#include <string.h>
#include <unistd.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/util.h"

/* By their numbers, as capabilities(7) has them. */
static const char *const capability_names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

/* Resident memory of this process, 0 when it cannot be told. */
static guint64 own_rss_kb(int statm)
{
	char text[128];
	ssize_t n = pread(statm, text, sizeof text - 1, 0);
	const char *resident;

	text[MAX(n, 0)] = '\0';
	resident = strchr(text, ' ');
	return resident ? g_ascii_strtoull(resident, NULL, 10) * (guint64)sysconf(_SC_PAGESIZE) /
	                          1024
	                : 0;
}

static const char *yes_or_no(guint32 value)
{
	return value ? "yes" : "no";
}

static void append_wall(GString *out, const char *half, const RecordWall *wall)
{
	const char *before = "";

	if (!wall)
		return;
	g_string_append_printf(out, "%suid=%u caps=", half, wall->uid);
	for (unsigned i = 0; i < 64; i++) {
		if (!(wall->capabilities & UINT64_C(1) << i))
			continue;
		g_string_append(out, before);
		if (i < G_N_ELEMENTS(capability_names))
			g_string_append(out, capability_names[i]);
		else
			g_string_append_printf(out, "%u", i);
		before = ",";
	}
	g_string_append_printf(out, "%s no_new_privs=%s seccomp=%s\n",
	                       wall->capabilities ? "" : "none", yes_or_no(wall->no_new_privs),
	                       yes_or_no(wall->seccomp));
}

static void append_count(GString *out, const char *key, guint64 value)
{
	g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", key, value);
}

static void append_hide(GString *out, const Settings *settings)
{
	g_string_append_printf(out, "hide %s\n", settings->hide_others ? "others" : "none");
}

int render_root_status(Model *model, GString *out)
{
	const Settings *settings = model->settings;
	ModelFigures figures;

	model_figures(model, &figures);
	g_string_append_printf(out, "version %s\n", settings->version);
	append_count(out, "pid", (guint64)getpid());
	append_count(out, "uptime_s",
	             (guint64)(MAX(util_real_us() - settings->started_us, 0) / G_USEC_PER_SEC));
	append_count(out, "processes", process_table_n(model->processes));
	append_count(out, "sessions", figures.sessions);
	g_string_append(out, "interval ");
	number_append(out, settings->interval_ms / 1000.0);
	g_string_append_printf(out, "\nattach_delay %u\n", settings->attach_delay_s);
	append_hide(out, settings);
	g_string_append_printf(out, "dump_dir %s\n", settings->dump_dir);
	append_count(out, "rss_kb", own_rss_kb(model->statm));
	append_count(out, "broker_rss_kb", figures.broker_rss_kb);
	append_count(out, "dumps", dump_list_n(model->dumps, 0));
	append_count(out, "dropped_events", figures.dropped_events);
	append_count(out, "log_dropped", figures.log_dropped);
	append_count(out, "asks", figures.asks);
	append_wall(out, "front ", figures.front_wall);
	append_wall(out, "broker ", figures.broker_wall);
	if (figures.no_fds_front)
		g_string_append(out, "no-fds front\n");
	if (figures.no_fds_broker)
		g_string_append(out, "no-fds broker\n");
	if (figures.too_many_sockets && figures.sockets_uid == (uid_t)-1)
		g_string_append(out, "too-many-sockets unknown\n");
	else if (figures.too_many_sockets)
		append_count(out, "too-many-sockets", figures.sockets_uid);
	return 0;
}
