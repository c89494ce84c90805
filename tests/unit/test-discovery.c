/* The parsers of /proc over text that somebody made up, and over the real one of this process. */
#include "ipc/discovery.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "dotnet-diagnostic-4807-1234567-socket"

static void test_name(void)
{
	static const struct {
		const char *path;
		pid_t pid;
		guint64 key;
	} good[] = {
		{ "/tmp/" NAME, 4807, 1234567 },
		{ "/" NAME, 4807, 1234567 },
		{ "/a b/c/dotnet-diagnostic-1-0-socket", 1, 0 },
		{ "/tmp/dotnet-diagnostic-2147483647-18446744073709551615-socket", G_MAXINT32,
		  G_MAXUINT64 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
		DiscoveryName name = { 0 };

		g_assert_true(discovery_name_parse(good[i].path, &name));
		g_assert_cmpint(name.pid, ==, good[i].pid);
		g_assert_cmpuint(name.key, ==, good[i].key);
	}
}

static void test_name_refused(void)
{
	static const char *const bad[] = {
		"",
		"/",
		NAME,
		"tmp/" NAME,
		"@/tmp/" NAME,
		"/tmp/" NAME "/",
		"/tmp/" NAME "x",
		"/tmp/x" NAME,
		"/" NAME "/y",
		"/tmp/dotnet-diagnostic--1-socket",
		"/tmp/dotnet-diagnostic-1--socket",
		"/tmp/dotnet-diagnostic-1-socket",
		"/tmp/dotnet-diagnostic-0-1-socket",
		"/tmp/dotnet-diagnostic-01-1-socket",
		"/tmp/dotnet-diagnostic-1-01-socket",
		"/tmp/dotnet-diagnostic-1-00-socket",
		"/tmp/dotnet-diagnostic-+1-1-socket",
		"/tmp/dotnet-diagnostic--1-1-socket",
		"/tmp/dotnet-diagnostic- 1-1-socket",
		"/tmp/dotnet-diagnostic-1-1-1-socket",
		"/tmp/dotnet-diagnostic-0x1-1-socket",
		"/tmp/dotnet-diagnostic-2147483648-1-socket",
		"/tmp/dotnet-diagnostic-4294967297-1-socket",
		"/tmp/dotnet-diagnostic-18446744073709551617-1-socket",
		"/tmp/dotnet-diagnostic-1-18446744073709551616-socket",
		"/tmp/dotnet-diagnostic-1-99999999999999999999999999999-socket",
		"/tmp/dotnet-diagnostic-dsrouter-1-1-socket",
		"/tmp/Dotnet-diagnostic-1-1-socket",
		"/tmp/dotnet-diagnostic-1-1-sock",
	};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		DiscoveryName name = { .pid = -7 };

		g_assert_false(discovery_name_parse(bad[i], &name));
		g_assert_cmpint(name.pid, ==, -7);
	}
}

/* A path of 107 bytes is bound, one of 108 cannot be connected to by its name. */
static void test_name_length(void)
{
	for (guint len = 100; len < 300; len++) {
		g_autofree char *fill = g_strnfill(len - strlen("//" NAME), 'd');
		g_autofree char *path = g_strconcat("/", fill, "/" NAME, NULL);
		DiscoveryName name;

		g_assert_cmpuint(strlen(path), ==, len);
		g_assert_cmpint(discovery_name_parse(path, &name), ==, len < DISCOVERY_PATH_MAX);
	}
}

static void take(const DiscoveryListener *listener, void *data)
{
	g_array_append_vals(data, listener, 1);
}

/* What a text of /proc/net/unix yields. The text is copied to its very size. */
static GArray *scan(const char *text, gsize len)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(DiscoveryListener));
	g_autofree char *exact = g_memdup2(text, len);

	g_assert_cmpuint(discovery_scan_unix(exact, len, take, found), ==, found->len);
	return found;
}

#define HEAD      "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define LISTENING "0000000000000000: 00000002 00000000 00010000 0001 01 "

static void test_count_accepted(void)
{
	static const char text[] = HEAD LISTENING
		"7 /tmp/" NAME "\n"
		"0000000000000000: 00000002 00000000 00000000 0001 03 8 /tmp/" NAME "\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 9 /tmp/" NAME "\n"
		/* not accepted yet; somebody else's; of a longer name; not of a stream; cut */
		"0000000000000000: 00000002 00000000 00000000 0001 02 0 /tmp/" NAME "\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 0 /tmp/" NAME "\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 10 /x/" NAME "\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 11 /tmp/" NAME "2\n"
		"0000000000000000: 00000003 00000000 00000000 0005 03 12 /tmp/" NAME "\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 13";
	g_autofree char *exact = g_memdup2(text, strlen(text));

	g_assert_cmpuint(discovery_count_accepted(exact, strlen(text), "/tmp/" NAME), ==, 2);
	g_assert_cmpuint(discovery_count_accepted(exact, strlen(text), "/x/" NAME), ==, 1);
	g_assert_cmpuint(discovery_count_accepted(exact, strlen(text), "/y/" NAME), ==, 0);
	g_assert_cmpuint(discovery_count_accepted(NULL, 0, "/tmp/" NAME), ==, 0);
}

static void test_scan(void)
{
	static const char text[] = HEAD
		"0000000000000000: 00000003 00000000 00000000 0001 03 15873 "
		"/run/systemd/journal/stdout\n"
		"0000000000000000: 00000002 00000000 00010000 0005 01  9121 /run/udev/control\n"
		"0000000000000000: 00000003 00000000 00000000 0001 03 20001\n" LISTENING
		"34567 /tmp/" NAME "\n"
		"ffff8881061c4c00: 00000002 00000000 00010000 0001 01     7 "
		"/x/dotnet-diagnostic-1-0-socket\n" LISTENING
		"18446744073709551615 /a b/dotnet-diagnostic-2-3-socket\n";
	g_autoptr(GArray) found = scan(text, strlen(text));
	const DiscoveryListener *l = (const DiscoveryListener *)(void *)found->data;

	g_assert_cmpuint(found->len, ==, 3);
	g_assert_cmpuint(l[0].inode, ==, 34567);
	g_assert_cmpstr(l[0].path, ==, "/tmp/" NAME);
	g_assert_cmpint(l[0].name.pid, ==, 4807);
	g_assert_cmpuint(l[0].name.key, ==, 1234567);
	g_assert_cmpuint(l[1].inode, ==, 7);
	g_assert_cmpstr(l[1].path, ==, "/x/dotnet-diagnostic-1-0-socket");
	g_assert_cmpuint(l[2].inode, ==, G_MAXUINT64);
	g_assert_cmpstr(l[2].path, ==, "/a b/dotnet-diagnostic-2-3-socket");
}

static void test_scan_passed_over(void)
{
	static const char *const lines[] = {
		/* not listening, connected, another type, another protocol */
		"0000000000000000: 00000002 00000000 00000000 0001 01 5 /tmp/" NAME "\n",
		"0000000000000000: 00000003 00000000 00010000 0001 03 5 /tmp/" NAME "\n",
		"0000000000000000: 00000002 00000000 00010000 0002 01 5 /tmp/" NAME "\n",
		"0000000000000000: 00000002 00000000 00010000 0005 01 5 /tmp/" NAME "\n",
		"0000000000000000: 00000002 00000001 00010000 0001 01 5 /tmp/" NAME "\n",
		"0000000000000000: 00000002 00000000 00010000 00010 01 5 /tmp/" NAME "\n",
		/* abstract, relative, no path, another name */
		LISTENING "5 @/tmp/" NAME "\n",
		LISTENING "5 @" NAME "\n",
		LISTENING "5 " NAME "\n",
		LISTENING "5\n",
		LISTENING "5 \n",
		LISTENING "5 /tmp/socket\n",
		LISTENING "5  /tmp/" NAME "\n",
		/* control bytes */
		LISTENING "5 /tmp\x01/" NAME "\n",
		LISTENING "5 /tmp\x1b[2J/" NAME "\n",
		LISTENING "5 /tmp\t/" NAME "\n",
		LISTENING "5 /tmp\x7f/" NAME "\n",
		/* numbers */
		LISTENING "18446744073709551616 /tmp/" NAME "\n",
		LISTENING "99999999999999999999999999999999 /tmp/" NAME "\n",
		LISTENING "-5 /tmp/" NAME "\n",
		LISTENING "0x5 /tmp/" NAME "\n",
		LISTENING "/tmp/" NAME "\n",
		/* shape */
		"00010000 0001 01 5 /tmp/" NAME "\n",
		"zz: 00000002 00000000 00010000 0001 01 5 /tmp/" NAME "\n",
		": 00000002 00000000 00010000 0001 01 5 /tmp/" NAME "\n",
		"/tmp/" NAME "\n",
		"\n",
		":\n",
		/* cut: the path might go on */
		LISTENING "5 /tmp/" NAME,
	};

	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *text = g_strconcat(HEAD, lines[i], NULL);
		g_autoptr(GArray) found = scan(text, strlen(text));

		g_test_message("%s", lines[i]);
		g_assert_cmpuint(found->len, ==, 0);
	}
}

/* A path with a line break makes lines of its own: the half that is left is no name, and what was
 * made up is no more than a hint with a path, as any other. */
static void test_scan_line_breaks(void)
{
	static const char broken[] = HEAD LISTENING
		"5 /tmp/\n/" NAME "\n" LISTENING "6 /tmp/dotnet-diagnostic-1\n-2-socket\n" LISTENING
		"7 /tmp/x/" NAME "\n";
	static const char faked[] = HEAD LISTENING "5 /tmp/evil\n" LISTENING "99 /tmp/" NAME "\n";
	g_autoptr(GArray) found = scan(broken, strlen(broken));
	g_autoptr(GArray) faked_found = scan(faked, strlen(faked));

	g_assert_cmpuint(found->len, ==, 1);
	g_assert_cmpuint(g_array_index(found, DiscoveryListener, 0).inode, ==, 7);
	g_assert_cmpuint(faked_found->len, ==, 1);
	g_assert_cmpstr(g_array_index(faked_found, DiscoveryListener, 0).path, ==, "/tmp/" NAME);
}

static void test_scan_cut(void)
{
	static const char text[] = HEAD LISTENING "34567 /tmp/" NAME "\n";

	for (gsize len = 0; len <= strlen(text); len++) {
		g_autoptr(GArray) found = scan(text, len);

		g_assert_cmpuint(found->len, ==, len == strlen(text));
	}
	g_assert_cmpuint(discovery_scan_unix(NULL, 0, take, NULL), ==, 0);
}

static void test_scan_nul(void)
{
	static const char text[] = LISTENING "5 /tmp\0/" NAME "\n" LISTENING "6 /tmp/" NAME "\n";
	g_autoptr(GArray) found = scan(text, sizeof text - 1);

	g_assert_cmpuint(found->len, ==, 1);
	g_assert_cmpuint(g_array_index(found, DiscoveryListener, 0).inode, ==, 6);
}

static void test_scan_long(void)
{
	g_autoptr(GString) text = g_string_new(HEAD LISTENING "5 /");

	for (guint i = 0; i < 100000; i++)
		g_string_append_c(text, 'd');
	g_string_append(text, "/" NAME "\n" LISTENING "6 /tmp/" NAME "\n");
	{
		g_autoptr(GArray) found = scan(text->str, text->len);

		g_assert_cmpuint(found->len, ==, 1);
	}
}

#define STAT_REST                                                                               \
	" S 1 4807 4807 0 -1 4194304 1105 0 0 0 77 33 0 0 20 0 12 0 1234567 274877906944 9000 " \
	"18446744073709551615 1 1 0 0 0 0 0 4096 17642 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static void test_stat(void)
{
	static const char *const names[] = { "dotnet", "a b",
		                             "",       ")",
		                             "((",     ") R 1 2 3 (",
		                             "a\nb",   "x) Z 99 1 1 1 1 1 1 1 1 1 5 5 1 1" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text = g_strdup_printf("4807 (%s)" STAT_REST, names[i]);
		DiscoveryStat stat;

		g_assert_true(discovery_stat_parse(text, strlen(text), &stat));
		g_assert_cmpint(stat.state, ==, 'S');
		g_assert_cmpint(stat.ppid, ==, 1);
		g_assert_cmpuint(stat.utime, ==, 77);
		g_assert_cmpuint(stat.stime, ==, 33);
		g_assert_cmpuint(stat.start_time, ==, 1234567);
	}
}

static void test_stat_cut(void)
{
	static const char text[] = "4807 (dot)net)" STAT_REST;
	const char *start = strstr(text, "1234567");

	for (gsize len = 0; len < (gsize)(start - text); len++) {
		g_autofree char *exact = g_memdup2(text, len);
		DiscoveryStat stat;

		g_assert_false(discovery_stat_parse(exact, len, &stat));
	}
}

static void test_stat_refused(void)
{
	static const char *const bad[] = {
		"",
		"4807",
		"4807 (x",
		"4807 (x)",
		"4807 (x) SS 1 1 1 0 -1 1 1 0 0 0 77 33 0 0 20 0 12 0 5\n",
		"4807 (x) S -1 1 1 0 -1 1 1 0 0 0 77 33 0 0 20 0 12 0 5\n",
		"4807 (x) S 1 1 1 0 -1 1 1 0 0 0 x 33 0 0 20 0 12 0 5\n",
		"4807 (x) S 1 1 1 0 -1 1 1 0 0 0 77 33 0 0 20 0 12 0 5x\n",
		"4807 (x) S 1 1 1 0 -1 1 1 0 0 0 77 33 0 0 20 0 12 0 18446744073709551616\n",
		"4807 (x) S 99999999999 1 1 0 -1 1 1 0 0 0 77 33 0 0 20 0 12 0 5\n",
	};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		DiscoveryStat stat;

		g_assert_false(discovery_stat_parse(bad[i], strlen(bad[i]), &stat));
	}
}

#define STATUS_REST \
	"Umask:\t0022\nState:\tS (sleeping)\nTgid:\t4807\nNgid:\t0\nPid:\t4807\nPPid:\t1\n"

static const char good_status[] =
	"Name:\tdotnet\n" STATUS_REST "TracerPid:\t77\nUid:\t1000\t1001\t1002\t1003\n"
	"Gid:\t100\t101\t102\t103\nFDSize:\t256\nGroups:\t4 24 4294967295 \n"
	"NStgid:\t4807\t12\nNSpid:\t4807\t12\t1\nNSpgid:\t4807\n"
	"VmPeak:\t 999 kB\nVmSize:\t  274000 kB\nVmRSS:\t   85000 kB\n"
	"RssAnon:\t 1 kB\nRssFile:\t   41000 kB\nVmSwap:\t       3 kB\nThreads:\t21\n";

static void assert_good(const DiscoveryStatus *status)
{
	for (guint i = 0; i < 4; i++) {
		g_assert_cmpuint(status->uid[i], ==, 1000 + i);
		g_assert_cmpuint(status->gid[i], ==, 100 + i);
	}
	g_assert_cmpuint(status->n_groups, ==, 3);
	g_assert_cmpuint(status->groups[0], ==, 4);
	g_assert_cmpuint(status->groups[1], ==, 24);
	g_assert_cmpuint(status->groups[2], ==, G_MAXUINT32);
	g_assert_cmpint(status->nspid, ==, 1);
	g_assert_cmpuint(status->n_nspid, ==, 3);
	g_assert_cmpint(status->tracer, ==, 77);
	g_assert_cmpuint(status->vm_size_kb, ==, 274000);
	g_assert_cmpuint(status->vm_rss_kb, ==, 85000);
	g_assert_cmpuint(status->rss_file_kb, ==, 41000);
	g_assert_cmpuint(status->vm_swap_kb, ==, 3);
	g_assert_cmpuint(status->threads, ==, 21);
}

static void test_status(void)
{
	DiscoveryStatus status;

	g_assert_true(discovery_status_parse(good_status, strlen(good_status), &status));
	assert_good(&status);
}

/* The kernel escapes a line break in a name; even unescaped ones make nothing up. */
static void test_status_fake(void)
{
	static const char *const names[] = {
		"a\\nUid:\\t0\\t0\\t0\\t0",
		"a\nUid:\t0\t0\t0\t0",
		"a\nGid:\t0\t0\t0\t0\nGroups:\t0 1 2 3 4 5",
		"a\nNSpid:\t1",
		"a\nNSpid:\t1\t2\t3\t4\t5\nTracerPid:\t0",
		"a\nUid:\tnonsense",
		"Uid:\t0\t0\t0\t0",
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text =
			g_strconcat("Name:\t", names[i], "\n", strchr(good_status, '\n') + 1, NULL);
		DiscoveryStatus status;

		g_assert_true(discovery_status_parse(text, strlen(text), &status));
		assert_good(&status);
	}
}

static void test_status_cut(void)
{
	const char *nspid_end = strstr(good_status, "NSpgid");

	for (gsize len = 0; len <= strlen(good_status); len++) {
		g_autofree char *exact = g_memdup2(good_status, len);
		DiscoveryStatus status;
		gboolean good = discovery_status_parse(exact, len, &status);

		/* A number that is cut is not taken for a smaller one. */
		g_assert_cmpint(good, ==, len >= (gsize)(nspid_end - good_status));
		if (good)
			g_assert_cmpint(status.nspid, ==, 1);
	}
}

static void test_status_groups(void)
{
	g_autoptr(GString) text = g_string_new("Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t");
	DiscoveryStatus status;

	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(text, "%u ", i);
	g_string_append(text, "\nNSpid:\t9\n");
	g_assert_true(discovery_status_parse(text->str, text->len, &status));
	g_assert_cmpuint(status.n_groups, ==, DISCOVERY_MAX_GROUPS);
	g_assert_cmpuint(status.groups[63], ==, 63);
	g_assert_cmpint(status.nspid, ==, 9);
}

#define LEAST "Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nNSpid:\t9\n"

static void test_status_refused(void)
{
	static const char *const bad[] = {
		"",
		"Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\n",
		"Uid:\t1\t1\t1\t1\nNSpid:\t9\n",
		"Gid:\t2\t2\t2\t2\nNSpid:\t9\n",
		LEAST "Uid:\t1\t1\t1\n",
		LEAST "Uid:\t1\t1\t1\t1\t1\n",
		LEAST "Uid:\t1\t1\t1\t-1\n",
		LEAST "Uid:\t1\t1\t1\t4294967296\n",
		LEAST "Gid:\t1\t1\t1\t99999999999999999999999\n",
		LEAST "Gid:\n",
		LEAST "NSpid:\n",
		LEAST "NSpid:\t2147483648\n",
		LEAST "NSpid:\t1\tx\n",
		LEAST "Groups:\tx\n",
		LEAST "TracerPid:\t-1\n",
		LEAST "Threads:\tmany\n",
		LEAST "VmRSS:\t5\n",
		LEAST "VmRSS:\t5 MB\n",
		LEAST "VmRSS:\t18446744073709551616 kB\n",
	};
	DiscoveryStatus status;

	g_assert_true(discovery_status_parse(LEAST, strlen(LEAST), &status));
	g_assert_cmpuint(status.n_groups, ==, 0);
	g_assert_cmpuint(status.vm_rss_kb, ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(discovery_status_parse(bad[i], strlen(bad[i]), &status));
}

/* --- the real /proc --- */

static int open_proc(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	return fd;
}

static void test_real_self(void)
{
	int procfd = open_proc(getpid());
	DiscoveryStatus status;
	DiscoveryStat stat;
	char text[64];

	g_assert_cmpint(prctl(PR_SET_NAME, "test) Z\n9 (8"), ==, 0);
	g_assert_cmpint(discovery_read_stat(procfd, &stat), ==, 0);
	g_assert_cmpint(stat.state, ==, 'R');
	g_assert_cmpint(stat.ppid, ==, getppid());
	g_assert_cmpuint(stat.start_time, >, 0);
	g_assert_cmpint(discovery_read_status(procfd, &status), ==, 0);
	g_assert_cmpuint(status.uid[1], ==, geteuid());
	g_assert_cmpuint(status.gid[1], ==, getegid());
	g_assert_cmpint(status.nspid, ==, getpid());
	g_assert_cmpuint(status.vm_rss_kb, >, 0);
	g_assert_cmpuint(status.threads, >, 0);
	g_assert_cmpint(discovery_read(procfd, "comm", text, sizeof text), >, 0);
	g_assert_cmpstr(text, ==, "test) Z\n9 (8\n");
	g_assert_cmpint(discovery_read(procfd, "comm", text, 5), ==, 4);
	g_assert_cmpstr(text, ==, "test");
	g_assert_cmpint(discovery_read(procfd, "comm", text, 1), ==, 0);
	g_assert_cmpint(discovery_read(procfd, "comm", text, 0), ==, -EINVAL);
	g_assert_cmpint(discovery_read(procfd, "nothing", text, sizeof text), ==, -ENOENT);
	g_assert_cmpint(discovery_read(procfd, "exe", text, sizeof text), ==, -ELOOP);
	close(procfd);
}

static void test_real_gone(void)
{
	pid_t pid = fork();
	DiscoveryStat stat;
	DiscoveryStatus status;
	int procfd;

	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	procfd = open_proc(pid);
	g_assert_cmpint(discovery_read_stat(procfd, &stat), ==, 0);
	g_assert_cmpint(stat.ppid, ==, getpid());
	g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
	g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
	/* The pinned directory never becomes that of a later process of the same pid. */
	g_assert_cmpint(discovery_read_stat(procfd, &stat), <, 0);
	g_assert_cmpint(discovery_read_status(procfd, &status), <, 0);
	close(procfd);
}

/* A status larger than the first buffer: from a directory that stands in for /proc/PID. */
static void test_real_huge_status(void)
{
	g_autofree char *dir = g_dir_make_tmp("discovery-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "status", NULL);
	g_autoptr(GString) text = g_string_new("Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\nGroups:\t");
	DiscoveryStatus status;
	int procfd;

	for (guint i = 0; i < 65536; i++)
		g_string_append_printf(text, "%u ", 4000000000u + i);
	g_string_append(text, "\nNSpid:\t9\n");
	g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
	procfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	g_assert_cmpint(discovery_read_status(procfd, &status), ==, 0);
	g_assert_cmpint(status.nspid, ==, 9);
	g_assert_cmpuint(status.n_groups, ==, DISCOVERY_MAX_GROUPS);
	g_assert_true(g_file_set_contents(path, "nonsense\n", -1, NULL));
	g_assert_cmpint(discovery_read_status(procfd, &status), ==, -EPROTO);
	close(procfd);
	g_unlink(path);
	g_rmdir(dir);
}

/* A socket that really listens is in the kernel's own text, and gone with its process. */
static void test_real_listener(void)
{
	g_autofree char *dir = g_dir_make_tmp("discovery-XXXXXX", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *text = NULL;
	gsize len;
	guint n = 0;
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", dir, NAME);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	for (guint listening = 0; listening < 2; listening++) {
		g_autoptr(GArray) found = NULL;

		if (listening)
			g_assert_cmpint(listen(fd, 5), ==, 0);
		g_free(text);
		g_assert_true(g_file_get_contents("/proc/net/unix", &text, &len, NULL));
		found = scan(text, len);
		g_assert_cmpint(fstat(fd, &st), ==, 0);
		for (guint i = 0; i < found->len; i++) {
			const DiscoveryListener *l = &g_array_index(found, DiscoveryListener, i);

			if (l->inode != st.st_ino)
				continue;
			g_assert_true(listening);
			g_assert_cmpstr(l->path, ==, address.sun_path);
			g_assert_cmpint(l->name.pid, ==, 4807);
			n++;
		}
	}
	g_assert_cmpuint(n, ==, 1);
	close(fd);
	g_unlink(address.sun_path);
	g_rmdir(dir);
}

/* Right texts with wrong bytes. */
static void test_random(void)
{
	static const char lines[] = HEAD LISTENING "34567 /tmp/" NAME "\n";
	static const char stat_text[] = "4807 (dotnet)" STAT_REST;
	g_autoptr(GRand) rand = g_rand_new_with_seed(9);

	for (guint i = 0; i < 20000; i++) {
		char a[sizeof lines], b[sizeof stat_text], c[sizeof good_status];
		DiscoveryStat stat;
		DiscoveryStatus status;

		memcpy(a, lines, sizeof a);
		memcpy(b, stat_text, sizeof b);
		memcpy(c, good_status, sizeof c);
		for (guint k = 0; k < 1 + i % 3; k++) {
			a[g_rand_int_range(rand, 0, sizeof a)] = (char)g_rand_int(rand);
			b[g_rand_int_range(rand, 0, sizeof b)] = (char)g_rand_int(rand);
			c[g_rand_int_range(rand, 0, sizeof c)] = (char)g_rand_int(rand);
		}
		g_array_unref(scan(a, sizeof a));
		discovery_stat_parse(b, sizeof b, &stat);
		if (discovery_status_parse(c, sizeof c, &status))
			g_assert_cmpuint(status.n_groups, <=, DISCOVERY_MAX_GROUPS);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/discovery/name", test_name);
	g_test_add_func("/discovery/name/refused", test_name_refused);
	g_test_add_func("/discovery/name/length", test_name_length);
	g_test_add_func("/discovery/scan", test_scan);
	g_test_add_func("/discovery/count-accepted", test_count_accepted);
	g_test_add_func("/discovery/scan/passed-over", test_scan_passed_over);
	g_test_add_func("/discovery/scan/line-breaks", test_scan_line_breaks);
	g_test_add_func("/discovery/scan/cut", test_scan_cut);
	g_test_add_func("/discovery/scan/nul", test_scan_nul);
	g_test_add_func("/discovery/scan/long", test_scan_long);
	g_test_add_func("/discovery/row-H13/stat", test_stat);
	g_test_add_func("/discovery/stat/cut", test_stat_cut);
	g_test_add_func("/discovery/stat/refused", test_stat_refused);
	g_test_add_func("/discovery/status", test_status);
	g_test_add_func("/discovery/row-H13/status-fake", test_status_fake);
	g_test_add_func("/discovery/status/cut", test_status_cut);
	g_test_add_func("/discovery/status/groups", test_status_groups);
	g_test_add_func("/discovery/status/refused", test_status_refused);
	g_test_add_func("/discovery/real/self", test_real_self);
	g_test_add_func("/discovery/real/gone", test_real_gone);
	g_test_add_func("/discovery/row-H13/huge-status", test_real_huge_status);
	g_test_add_func("/discovery/real/listener", test_real_listener);
	g_test_add_func("/discovery/random", test_random);
	return g_test_run();
}
