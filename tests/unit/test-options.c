/* The command line as mount(8), mount.fuse3(8) and people give it. */
#include "fs/options.h"
#include <errno.h>
#include <string.h>

static int parse(const char *line, Options *ret, char **ret_why)
{
	g_auto(GStrv) argv = NULL;
	int argc;

	g_assert_true(g_shell_parse_argv(line, &argc, &argv, NULL));
	return options_parse(argc, argv, ret, ret_why);
}

static void refuse(const char *line, const char *word)
{
	Options options;
	char *why = NULL;

	g_assert_cmpint(parse(line, &options, &why), ==, -EINVAL);
	g_assert_nonnull(why);
	g_assert_nonnull(strstr(why, word));
	g_free(why);
	options_clear(&options);
}

static void test_defaults(void)
{
	Options options;
	char *why;

	g_assert_cmpint(parse("triggerdumpfs /mnt/dotnet", &options, &why), ==, 0);
	g_assert_cmpstr(options.mountpoint, ==, "/mnt/dotnet");
	g_assert_null(options.source);
	g_assert_cmpuint(options.interval_ms, ==, 1000);
	g_assert_cmpuint(options.attach_delay_s, ==, 10);
	g_assert_cmpuint(options.meters_delay_s, ==, 60);
	g_assert_false(options.is_lazy);
	g_assert_false(options.hide_others);
	g_assert_false(provider_list_is_empty(&options.providers));
	g_assert_false(options.foreground);
	g_assert_true(options.dump_dir[0] == '/');
	options_clear(&options);
}

static void test_as_mount_calls_it(void)
{
	Options options;
	char *why;

	g_assert_cmpint(parse("mount.triggerdumpfs none /mnt/x -o "
	                      "rw,nofail,_netdev,x-systemd.automount,dev,suid,"
	                      "interval=2.5,attach_delay=0,dump_dir=/srv/"
	                      "dumps,group=root,attach=all,hide=none",
	                      &options, &why),
	                ==, 0);
	g_assert_cmpstr(options.source, ==, "none");
	g_assert_cmpstr(options.mountpoint, ==, "/mnt/x");
	g_assert_cmpuint(options.interval_ms, ==, 2500);
	g_assert_cmpuint(options.attach_delay_s, ==, 0);
	g_assert_cmpstr(options.dump_dir, ==, "/srv/dumps");
	g_assert_cmpstr(options.group, ==, "root");
	g_assert_cmpuint(options.gid, ==, 0);
	options_clear(&options);
}

static void test_values(void)
{
	g_autoptr(GString) names = g_string_new(NULL);
	Options options;
	char *why;

	g_assert_cmpint(parse("triggerdumpfs -o "
	                      "meters_delay=off,attach=lazy,hide=others,providers=A:B:* /m",
	                      &options, &why),
	                ==, 0);
	g_assert_cmpuint(options.meters_delay_s, ==, RECORD_METERS_OFF);
	g_assert_true(options.is_lazy);
	g_assert_true(options.hide_others);
	provider_list_render(&options.providers, names);
	g_assert_cmpstr(names->str, ==, "A\nB\n*\n");
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o meters_delay=0,providers=+A /m", &options, &why),
	                ==, 0);
	g_assert_cmpuint(options.meters_delay_s, ==, 0);
	provider_list_render(&options.providers, g_string_truncate(names, 0));
	g_assert_true(g_str_has_prefix(names->str, "System.Runtime\n"));
	g_assert_true(g_str_has_suffix(names->str, "\nA\n"));
	options_clear(&options);
}

static void test_flags_of_a_mount_helper(void)
{
	Options options;
	char *why;

	g_assert_cmpint(parse("/sbin/mount.triggerdumpfs none /mnt/x -n -s -v -o nofail", &options,
	                      &why),
	                ==, 0);
	g_assert_false(options.fake || options.foreground);
	g_assert_cmpint(options.fuse.argc, ==, 1);
	options_clear(&options);
	g_assert_cmpint(parse("/sbin/mount.triggerdumpfs none /mnt/x -f", &options, &why), ==, 0);
	g_assert_true(options.fake);
	g_assert_false(options.foreground);
	options_clear(&options);
}

/* What goes on to libfuse, behind the program's name: "-o" and words. */
static void check_passed(const char *words, const char *expected)
{
	g_autofree char *line = g_strdup_printf("triggerdumpfs -o %s /mnt/x", words);
	g_autofree char *passed = NULL;
	Options options;
	char *why;

	g_assert_cmpint(parse(line, &options, &why), ==, 0);
	passed = g_strjoinv(" ", options.fuse.argv + 1);
	g_assert_cmpstr(passed, ==, expected);
	options_clear(&options);
}

static void test_passed_on(void)
{
	check_passed("interval=1", "");
	check_passed("ro,interval=1", "-o ro");
	check_passed("ro,noatime,rw", "-o ro,rw");
	check_passed("context=system_u:object_r:x_t,nofail", "-o context=system_u:object_r:x_t");
}

/* What fstab(5), mount(8) and systemd.mount(5) have for every file system. */
static void test_passed_over(void)
{
	static const char *const words[] = { "x-foo",
		                             "x-foo=bar",
		                             "X-mount.mkdir=755",
		                             "x-systemd.automount",
		                             "relatime",
		                             "norelatime",
		                             "strictatime",
		                             "nostrictatime",
		                             "lazytime",
		                             "nolazytime",
		                             "atime",
		                             "noatime",
		                             "diratime",
		                             "nodiratime",
		                             "sync",
		                             "async",
		                             "dirsync",
		                             "iversion",
		                             "noiversion",
		                             "mand",
		                             "nomand",
		                             "silent",
		                             "loud",
		                             "symfollow",
		                             "nosymfollow",
		                             "defaults",
		                             "auto",
		                             "noauto",
		                             "nofail",
		                             "_netdev",
		                             "user",
		                             "nouser",
		                             "users",
		                             "nousers",
		                             "owner",
		                             "noowner",
		                             "group",
		                             "nogroup",
		                             "user=games",
		                             "comment=a word",
		                             "dev",
		                             "nodev",
		                             "suid",
		                             "nosuid",
		                             "exec",
		                             "noexec",
		                             "helper=x",
		                             "uhelper=x",
		                             "allow_other",
		                             "default_permissions" };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *quoted = g_shell_quote(words[i]);

		g_test_message("%s", words[i]);
		check_passed(quoted, "");
	}
}

static void test_unknown(void)
{
	refuse("triggerdumpfs -o bogus /m", "unknown option: bogus (see --help)");
	refuse("triggerdumpfs -o ro,bogus=1,other /m", "unknown option: bogus=1 (see --help)");
	refuse("triggerdumpfs --bogus /m", "unknown option: --bogus (see --help)");
	refuse("triggerdumpfs -x /m", "unknown option: -x (see --help)");
	refuse("triggerdumpfs -s /m", "unknown option: -s (see --help)");
	refuse("triggerdumpfs -o xfoo /m", "unknown option: xfoo (see --help)");
	refuse("triggerdumpfs -o interval /m", "unknown option: interval (see --help)");
	refuse("triggerdumpfs -o interval=1,5 /m", "unknown option: 5 (a comma ends an option");
	refuse("triggerdumpfs -o subtype=other /m", "unknown option: subtype=other");
	refuse("triggerdumpfs -o auto_unmount /m", "unknown option: auto_unmount");
	refuse("triggerdumpfs -o remount,ro /m", "cannot be remounted");
	refuse("triggerdumpfs /m -o", "missing argument after `-o'");
}

static void test_flags(void)
{
	Options options;
	char *why;

	g_assert_cmpint(parse("triggerdumpfs -d /m", &options, &why), ==, 0);
	g_assert_true(options.debug && options.foreground);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -f /m", &options, &why), ==, 0);
	g_assert_true(options.foreground && !options.debug && !options.no_seccomp);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o no_seccomp /m", &options, &why), ==, 0);
	g_assert_true(options.no_seccomp);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs --help", &options, &why), ==, 0);
	g_assert_true(options.help);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs --version", &options, &why), ==, 0);
	g_assert_true(options.version);
	options_clear(&options);
}

static void test_refused(void)
{
	refuse("triggerdumpfs", "mountpoint");
	refuse("triggerdumpfs a b c", "too many");
	refuse("triggerdumpfs ''", "empty");
	refuse("triggerdumpfs source ''", "empty");
	refuse("triggerdumpfs -o interval=0.05 /m", "interval");
	refuse("triggerdumpfs -o interval=abc /m", "interval");
	refuse("triggerdumpfs -o interval= /m", "interval");
	refuse("triggerdumpfs -o interval=nan /m", "interval");
	refuse("triggerdumpfs -o attach_delay=-1 /m", "attach_delay");
	refuse("triggerdumpfs -o attach_delay=1e3 /m", "attach_delay");
	refuse("triggerdumpfs -o attach=some /m", "attach=some: all or lazy is wanted");
	refuse("triggerdumpfs -o hide=all /m", "hide=all: none or others is wanted");
	refuse("triggerdumpfs -o hide= /m", "hide=: none or others is wanted");
	refuse("triggerdumpfs -o hide /m", "hide");
	refuse("triggerdumpfs -o meters_delay=soon /m", "meters_delay");
	refuse("triggerdumpfs -o meters_delay=-1 /m", "meters_delay");
	refuse("triggerdumpfs -o providers=a=b /m", "providers");
	refuse("triggerdumpfs -o providers=Microsoft-Windows-DotNETRuntime /m", "providers");
	refuse("triggerdumpfs -o group=no-such-group-here /m", "group");
}

/* What createdump would expand, what cannot be sent to it, and what it would cut. */
static void test_dump_dir(void)
{
	g_autofree char *name = g_strnfill(897, 'd');
	g_autofree char *longest = g_strdup_printf("triggerdumpfs -o dump_dir=/é%s /m", name);
	g_autofree char *longer = g_strdup_printf("triggerdumpfs -o dump_dir=/éd%s /m", name);
	Options options;
	char *why;

	refuse("triggerdumpfs -o dump_dir=relative /m", "absolute");
	refuse("triggerdumpfs -o dump_dir=/a%p /m", "%");
	refuse("triggerdumpfs -o dump_dir=/a\xff /m", "UTF-8");
	refuse(longer, "900");
	g_assert_cmpint(parse(longest, &options, &why), ==, 0);
	options_clear(&options);
}

static void test_limits(void)
{
	Options options;
	char *why;

	g_assert_cmpint(parse("triggerdumpfs /m", &options, &why), ==, 0);
	g_assert_cmpuint(options.limits.keep_free, ==, DUMP_LIMITS_OFF);
	g_assert_true(options.limits.keep_free_default);
	g_assert_cmpuint(options.limits.max_use, ==, DUMP_LIMITS_OFF);
	g_assert_cmpuint(options.limits.max_use_user, ==, 0);
	g_assert_cmpuint(options.limits.max_parallel, ==, 2);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o keep_free=500MB,max_use=1.5GB,max_use_user=500MiB,"
	                      "max_parallel_dumps=8 /m",
	                      &options, &why),
	                ==, 0);
	g_assert_cmpuint(options.limits.keep_free, ==, 500000000);
	g_assert_cmpuint(options.limits.max_use, ==, 1500000000);
	g_assert_cmpuint(options.limits.max_use_user, ==, 500 << 20);
	g_assert_cmpuint(options.limits.max_parallel, ==, 8);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o keep_free=2.5%,max_use=off,max_use_user=off /m",
	                      &options, &why),
	                ==, 0);
	g_assert_cmpuint(dump_limits_keep_free(&options.limits, 1000), ==, 25);
	g_assert_cmpuint(options.limits.max_use, ==, DUMP_LIMITS_OFF);
	g_assert_cmpuint(options.limits.max_use_user, ==, DUMP_LIMITS_OFF);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o keep_free=0 /m", &options, &why), ==, 0);
	g_assert_cmpuint(options.limits.keep_free, ==, 0);
	options_clear(&options);
}

static void test_retention(void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} rows[] = { { "7d", 604800 }, { "12h", 43200 }, { "90m", 5400 }, { "5s", 5 },
		     { "30", 30 },     { "0", 0 },       { "off", 0 } };
	Options options;
	char *why;

	g_assert_cmpint(parse("triggerdumpfs /m", &options, &why), ==, 0);
	g_assert_cmpuint(options.limits.keep, ==, 0);
	g_assert_cmpint(options.limits.max_age_us, ==, 0);
	options_clear(&options);
	g_assert_cmpint(parse("triggerdumpfs -o keep=3,max_age=0.5 /m", &options, &why), ==, 0);
	g_assert_cmpuint(options.limits.keep, ==, 3);
	g_assert_cmpint(options.limits.max_age_us, ==, G_USEC_PER_SEC / 2);
	options_clear(&options);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line =
			g_strdup_printf("triggerdumpfs -o keep=off,max_age=%s /m", rows[i].text);

		g_assert_cmpint(parse(line, &options, &why), ==, 0);
		g_assert_cmpuint(options.limits.keep, ==, 0);
		g_assert_cmpint(options.limits.max_age_us, ==, rows[i].seconds * G_USEC_PER_SEC);
		options_clear(&options);
	}
	refuse("triggerdumpfs -o keep=-1 /m", "keep");
	refuse("triggerdumpfs -o keep=1.5 /m", "keep");
	refuse("triggerdumpfs -o keep= /m", "keep");
	refuse("triggerdumpfs -o max_age=7w /m", "max_age");
	refuse("triggerdumpfs -o max_age= /m", "max_age");
	refuse("triggerdumpfs -o max_age=. /m", "max_age");
	refuse("triggerdumpfs -o max_age=1.2.3d /m", "max_age");
	refuse("triggerdumpfs -o max_age=99999d /m", "max_age");
}

static void test_limits_refused(void)
{
	refuse("triggerdumpfs -o keep_free=100% /m", "keep_free");
	refuse("triggerdumpfs -o keep_free=% /m", "keep_free");
	refuse("triggerdumpfs -o keep_free=-1 /m", "keep_free");
	refuse("triggerdumpfs -o keep_free= /m", "keep_free");
	refuse("triggerdumpfs -o max_use=10% /m", "max_use");
	refuse("triggerdumpfs -o max_use=lots /m", "max_use");
	refuse("triggerdumpfs -o max_use_user=1e3 /m", "max_use_user");
	refuse("triggerdumpfs -o max_parallel_dumps=0 /m", "1 to 8");
	refuse("triggerdumpfs -o max_parallel_dumps=9 /m", "1 to 8");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/options/defaults", test_defaults);
	g_test_add_func("/options/as-mount-calls-it", test_as_mount_calls_it);
	g_test_add_func("/options/values", test_values);
	g_test_add_func("/options/flags-of-a-mount-helper", test_flags_of_a_mount_helper);
	g_test_add_func("/options/passed-on", test_passed_on);
	g_test_add_func("/options/passed-over", test_passed_over);
	g_test_add_func("/options/unknown", test_unknown);
	g_test_add_func("/options/flags", test_flags);
	g_test_add_func("/options/refused", test_refused);
	g_test_add_func("/options/row-D20/dump-dir", test_dump_dir);
	g_test_add_func("/options/limits", test_limits);
	g_test_add_func("/options/limits-refused", test_limits_refused);
	g_test_add_func("/options/retention", test_retention);
	return g_test_run();
}
