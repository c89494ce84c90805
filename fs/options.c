/* See options.h. Words that only fstab or systemd mean are passed over. */
#include "fs/options.h"
#include <errno.h>
#include <grp.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fs/limit-options.h"

#define DEFAULT_STORE "/var/lib/triggerdumpfs"

enum {
	DUMP_DIR_MAX = 900 /* bytes: what a dump's own path adds leaves it below 1000 */
};

/* What fuse_opt collects: texts, checked afterwards. */
typedef struct {
	Options *options;
	char *attach_delay, *meters_delay, *interval, *attach, *detect, *providers, *hide;
	LimitTexts limits;
	int foreground, debug, help, version, no_seccomp;
	gboolean is_helper;
	char *why;
} Raw;

typedef struct {
	const char *template; /* for fuse_opt */
	size_t offset;
	const char *name; /* as the help shows it */
	const char *help;
} Row;

#define TEXT(field)   offsetof(Raw, field)
#define NOT_HERE      ((size_t)-1)
#define KEY_OWN_TEXT  1
#define KEY_DISCARD   2
#define KEY_OF_HELPER 3
#define KEY_PASS      4

static const Row rows[] = {
	{ "-f", offsetof(Raw, foreground), "-f", "stay in the foreground" },
	{ "-d", offsetof(Raw, debug), "-d", "debug: as -f, and say every request" },
	{ "-h", offsetof(Raw, help), "-h, --help", "this text" },
	{ "--help", offsetof(Raw, help), NULL, NULL },
	{ "-V", offsetof(Raw, version), "-V, --version", "the version" },
	{ "--version", offsetof(Raw, version), NULL, NULL },
	{ "interval=%s", TEXT(interval), "-o interval=S",
	  "seconds between two values of a counter (1; 0.1 to 3600). The runtime shares the\n"
	  "                       shortest interval among all tools" },
	{ "attach_delay=%s", TEXT(attach_delay), "-o attach_delay=S",
	  "age of a process in seconds at which counters are asked for, when it shows no\n"
	  "                       sign of being past its start (10; 0: at once, which can hang "
	  "it)" },
	{ "detect=%s", TEXT(detect), "-o detect=MODE",
	  "how a heap is followed while a trigger looks at it: auto (default), alloc, gc,\n"
	  "                       sampled" },
	{ "meters_delay=%s", TEXT(meters_delay), "-o meters_delay=S",
	  "age of a process in seconds at which its meters may be asked for (60), or off:\n"
	  "                       never. Less can hang it" },
	{ "attach=%s", TEXT(attach), "-o attach=all|lazy",
	  "all (default): every process has its session; lazy: one whose values somebody\n"
	  "                       reads, for 60 s, or that is armed" },
	{ "providers=%s", TEXT(providers), "-o providers=NAME:NAME",
	  "whose counters and meters a process is asked for, with colons between; +NAME adds\n"
	  "                       to the default list, * is all meters" },
	{ "dump_dir=", NOT_HERE, "-o dump_dir=DIR",
	  "where dumps are kept (" DEFAULT_STORE "; as a user\n"
	  "                       $XDG_STATE_HOME/triggerdumpfs)" },
	{ "keep_free=%s", TEXT(limits.keep_free), "-o keep_free=SIZE",
	  "free space that dumps leave on their file system, or N% of it\n"
	  "                       (10%, at most 10 GB)" },
	{ "max_use=%s", TEXT(limits.max_use), "-o max_use=SIZE",
	  "what all dumps that are kept may take (off)" },
	{ "max_use_user=%s", TEXT(limits.max_use_user), "-o max_use_user=SIZE",
	  "what those of one user other than root may take when root mounts\n"
	  "                       (half of what keep_free and max_use leave)" },
	{ "max_parallel_dumps=%s", TEXT(limits.max_parallel_dumps), "-o max_parallel_dumps=N",
	  "dumps at a time, of different processes (2; 1 to 8)" },
	{ "keep=%s", TEXT(limits.keep), "-o keep=N",
	  "of each user only the N newest dumps stay (off: all of them)" },
	{ "max_age=%s", TEXT(limits.max_age), "-o max_age=AGE",
	  "dumps that are older go: seconds, or 90m, 12h, 7d (off)" },
	{ "group=", NOT_HERE, "-o group=NAME",
	  "a group that may read processes, status and events at the root" },
	{ "hide=%s", TEXT(hide), "-o hide=none|others",
	  "others: a process and its dumps are not even listed for users whose it is not\n"
	  "                       (none)" },
	{ "no_seccomp", offsetof(Raw, no_seccomp), "-o no_seccomp",
	  "filter no system calls: where the kernel cannot" },
};

/* What fstab(5), mount(8) and systemd.mount(5) have for every file system, and what the mount is anyway:
 * nothing to us. */
static const char *const discarded[] = {
	"defaults", "auto", "noauto", "nofail", "_netdev", "comment=%s", "helper=%s", "uhelper=%s",
	/* who may mount */
	"user", "user=%s", "nouser", "users", "nousers", "owner", "noowner", "group", "nogroup",
	/* without a meaning for files that are made when they are read */
	"async", "sync", "dirsync", "atime", "noatime", "diratime", "nodiratime", "relatime",
	"norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "iversion",
	"noiversion", "mand", "nomand", "silent", "loud", "symfollow", "nosymfollow",
	/* settled: see add_mount_options() */
	"dev", "nodev", "suid", "nosuid", "exec", "noexec", "allow_other", "default_permissions"
};

/* Words of which any that begins so is somebody else's: "x-systemd.automount". */
static const char *const discarded_prefixes[] = { "x-", "X-" };

/* What the kernel is to be told, by libfuse. Nothing else of what libfuse would take is meant for this mount. */
static const char *const passed[] = { "ro",         "rw",          "context=",
	                              "fscontext=", "defcontext=", "rootcontext=" };

/* mount(8) hands these to its helpers. */
static const char *const of_helper[] = { "-n", "-s", "-v" };

enum {
	N_ROWS = G_N_ELEMENTS(rows),
	N_DISCARDED = G_N_ELEMENTS(discarded),
	N_PASSED = G_N_ELEMENTS(passed),
	N_OF_HELPER = G_N_ELEMENTS(of_helper)
};

static gboolean begins_with_one(const char *arg, const char *const *prefixes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (g_str_has_prefix(arg, prefixes[i]))
			return TRUE;
	return FALSE;
}

/* A word that has no row. */
static void refuse_word(Raw *raw, const char *arg)
{
	if (raw->why)
		return;
	if (strcmp(arg, "remount") == 0)
		raw->why = g_strdup("a triggerdumpfs cannot be remounted: unmount it and mount it "
		                    "with the new options");
	else if (g_ascii_isdigit(arg[0]))
		raw->why = g_strdup_printf("unknown option: %s (a comma ends an option; numbers "
		                           "have a point)",
		                           arg);
	else
		raw->why = g_strdup_printf("unknown option: %s (see --help)", arg);
}

static int on_word(void *data, const char *arg, int key, struct fuse_args *outargs)
{
	Raw *raw = data;
	Options *options = raw->options;

	if (key == KEY_DISCARD || (key == KEY_OF_HELPER && raw->is_helper))
		return 0;
	if (key == KEY_PASS)
		return 1;
	if (key == KEY_OWN_TEXT) {
		char **field =
			g_str_has_prefix(arg, "dump_dir=") ? &options->dump_dir : &options->group;

		g_free(*field);
		*field = g_strdup(strchr(arg, '=') + 1);
		return 0;
	}
	if (key != FUSE_OPT_KEY_NONOPT) {
		if (!begins_with_one(arg, discarded_prefixes, G_N_ELEMENTS(discarded_prefixes)))
			refuse_word(raw, arg);
		return 0;
	}
	if (options->source) {
		if (!raw->why)
			raw->why = g_strdup_printf("one argument too many: %s", arg);
		return 0;
	}
	/* The last one is the mountpoint; one before it is the source. */
	options->source = options->mountpoint;
	options->mountpoint = g_strdup(arg);
	return 0;
}

/* libfuse knows no other way to say what is wrong. */
static char *said_by_fuse;

G_GNUC_PRINTF(2, 0)
static void keep_what_fuse_says(enum fuse_log_level level, const char *format, va_list args)
{
	if (!said_by_fuse)
		said_by_fuse = g_strdup_vprintf(format, args);
}

static int run_fuse_opt(Raw *raw, struct fuse_args *args)
{
	struct fuse_opt table[N_ROWS + N_DISCARDED + N_PASSED + N_OF_HELPER + 1] = { 0 };
	unsigned n = 0;
	int r;

	for (unsigned i = 0; i < N_ROWS; i++)
		table[n++] = rows[i].offset == NOT_HERE
		                     ? (struct fuse_opt)FUSE_OPT_KEY(rows[i].template, KEY_OWN_TEXT)
		                     : (struct fuse_opt){ rows[i].template, rows[i].offset, 1 };
	for (unsigned i = 0; i < N_DISCARDED; i++)
		table[n++] = (struct fuse_opt)FUSE_OPT_KEY(discarded[i], KEY_DISCARD);
	for (unsigned i = 0; i < N_PASSED; i++)
		table[n++] = (struct fuse_opt)FUSE_OPT_KEY(passed[i], KEY_PASS);
	for (unsigned i = 0; i < N_OF_HELPER; i++)
		table[n++] = (struct fuse_opt)FUSE_OPT_KEY(of_helper[i], KEY_OF_HELPER);
	fuse_set_log_func(keep_what_fuse_says);
	r = fuse_opt_parse(args, raw, table, on_word);
	fuse_set_log_func(NULL);
	if (r < 0 && !raw->why && said_by_fuse)
		raw->why = g_strdup(g_strchomp(said_by_fuse) +
		                    (g_str_has_prefix(said_by_fuse, "fuse: ") ? 6 : 0));
	g_clear_pointer(&said_by_fuse, g_free);
	return r;
}

/* Seconds as a plain decimal within limits; *ret in 1/1000. */
static gboolean parse_seconds(const char *name, const char *text, double min, double max,
                              unsigned *ret_ms, char **ret_why)
{
	char *end = NULL;
	double value = text[0] ? g_ascii_strtod(text, &end) : -1;

	if (!text[0] || *end || strspn(text, "0123456789.") != strlen(text) ||
	    !(value >= min && value <= max)) {
		*ret_why = g_strdup_printf("%s=%s: a number of seconds from %g to %g is wanted",
		                           name, text, min, max);
		return FALSE;
	}
	*ret_ms = (unsigned)lround(value * 1000);
	return TRUE;
}

/* One of two words, the first by default. */
static gboolean parse_either(const char *name, const char *text, const char *usual,
                             const char *other, gboolean *ret_is_other, char **ret_why)
{
	*ret_is_other = text && !strcmp(text, other);
	if (text && !*ret_is_other && strcmp(text, usual) != 0)
		*ret_why = g_strdup_printf("%s=%s: %s or %s is wanted", name, text, usual, other);
	return !*ret_why;
}

/* A comma would end the option. */
static gboolean take_providers(const Raw *raw, char **ret_why)
{
	g_autofree char *text = g_strdelimit(g_strdup(raw->providers), ":", '\n');
	g_autofree char *why = NULL;

	if (provider_list_write(&raw->options->providers, text, strlen(text), &why) == 0)
		return TRUE;
	*ret_why = g_strdup_printf("providers=%s: %s", raw->providers, why);
	return FALSE;
}

/* createdump expands '%' in the path that it is given; the path is sent to it as text, and what is longer than a
 * kilobyte is cut somewhere on its way. */
static gboolean check_dump_dir(const char *dir, char **ret_why)
{
	const char *wanted = NULL;

	if (strchr(dir, '%') || !g_utf8_validate(dir, -1, NULL))
		wanted = "a path without % and in UTF-8";
	else if (dir[0] != '/')
		wanted = "an absolute path";
	else if (strlen(dir) > DUMP_DIR_MAX)
		wanted = "a path of at most 900 bytes";
	if (wanted)
		*ret_why = g_strdup_printf("dump_dir=%s: %s is wanted", dir, wanted);
	return !wanted;
}

static gboolean check_values(const Raw *raw, char **ret_why)
{
	Options *options = raw->options;
	unsigned ms;

	if (raw->interval &&
	    !parse_seconds("interval", raw->interval, 0.1, 3600, &options->interval_ms, ret_why))
		return FALSE;
	if (raw->attach_delay) {
		if (!parse_seconds("attach_delay", raw->attach_delay, 0, 86400, &ms, ret_why))
			return FALSE;
		options->attach_delay_s = (ms + 999) / 1000;
	}
	if (raw->detect && detect_mode_parse(raw->detect, &options->detect) < 0) {
		*ret_why =
			g_strdup_printf("detect=%s: none of auto, alloc, gc, sampled", raw->detect);
		return FALSE;
	}
	if (raw->meters_delay && !strcmp(raw->meters_delay, "off")) {
		options->meters_delay_s = RECORD_METERS_OFF;
	} else if (raw->meters_delay) {
		if (!parse_seconds("meters_delay", raw->meters_delay, 0, 86400, &ms, ret_why))
			return FALSE;
		options->meters_delay_s = (ms + 999) / 1000;
	}
	if (!parse_either("attach", raw->attach, "all", "lazy", &options->is_lazy, ret_why) ||
	    !parse_either("hide", raw->hide, "none", "others", &options->hide_others, ret_why))
		return FALSE;
	if (raw->providers && !take_providers(raw, ret_why))
		return FALSE;
	if (limit_options_parse(&raw->limits, &options->limits, ret_why) < 0)
		return FALSE;
	if (options->group) {
		const struct group *entry = getgrnam(options->group);

		if (!entry) {
			*ret_why =
				g_strdup_printf("group=%s: there is no such group", options->group);
			return FALSE;
		}
		options->gid = entry->gr_gid;
	}
	if (!check_dump_dir(options->dump_dir, ret_why))
		return FALSE;
	if (options->mountpoint && !options->mountpoint[0]) {
		*ret_why = g_strdup("the mountpoint is empty: the path of a directory is wanted");
		return FALSE;
	}
	if (!options->mountpoint) {
		*ret_why = g_strdup("no mountpoint was given; see --help");
		return FALSE;
	}
	return TRUE;
}

static char *default_dump_dir(void)
{
	const char *state = g_getenv("XDG_STATE_HOME");

	if (geteuid() == 0)
		return g_strdup(DEFAULT_STORE);
	if (state && state[0] == '/')
		return g_build_filename(state, "triggerdumpfs", NULL);
	return g_build_filename(g_get_home_dir(), ".local", "state", "triggerdumpfs", NULL);
}

int options_parse(int argc, char **argv, Options *ret, char **ret_why)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	g_autofree char *name = g_path_get_basename(argv[0]);
	Raw raw = { .options = ret, .is_helper = g_str_has_prefix(name, "mount.") };
	gboolean good;

	*ret = (Options){ .attach_delay_s = 10, .meters_delay_s = 60, .interval_ms = 1000 };
	provider_list_init(&ret->providers);
	dump_limits_init(&ret->limits, geteuid() == 0);
	*ret_why = NULL;
	good = run_fuse_opt(&raw, &args) == 0;
	ret->fuse = args;
	ret->help = raw.help;
	ret->version = raw.version;
	ret->debug = raw.debug;
	ret->no_seccomp = raw.no_seccomp;
	ret->fake = raw.is_helper && raw.foreground;
	ret->foreground = (raw.foreground && !raw.is_helper) || raw.debug;
	if (!ret->dump_dir)
		ret->dump_dir = default_dump_dir();
	if (good && !raw.why && !ret->help && !ret->version)
		good = check_values(&raw, ret_why);
	if (raw.why || !good) {
		if (!*ret_why)
			*ret_why = raw.why ? g_steal_pointer(&raw.why)
			                   : g_strdup("the options are not understood");
		good = FALSE;
	}
	free(raw.interval);
	free(raw.attach_delay);
	free(raw.meters_delay);
	free(raw.providers);
	free(raw.attach);
	free(raw.detect);
	free(raw.hide);
	limit_texts_clear(&raw.limits);
	g_free(raw.why);
	return good ? 0 : -EINVAL;
}

void options_clear(Options *options)
{
	g_free(options->source);
	g_free(options->mountpoint);
	g_free(options->dump_dir);
	g_free(options->group);
	provider_list_clear(&options->providers);
	fuse_opt_free_args(&options->fuse);
}

void options_print_help(void)
{
	printf("usage: triggerdumpfs [options] [SOURCE] MOUNTPOINT\n\n"
	       "Mounts the diagnostics of every .NET process as files.\n\n");
	for (unsigned i = 0; i < N_ROWS; i++)
		if (rows[i].name)
			printf("    %-18s %s\n", rows[i].name, rows[i].help);
	printf("\nAs root all processes are shown, each to its owner; as a user one's own.\n"
	       "See triggerdumpfs(1) and, for the files, triggerdumpfs(5).\n");
}

const char *const *options_names(void)
{
	static const char *names[N_ROWS + 1];

	for (unsigned i = 0; i < N_ROWS; i++)
		names[i] = rows[i].template;
	return names;
}
