/*
 * Parsers of /proc. They walk a Span, which never leaves its text; a number is decimal digits that
 * fit, or it is refused.
 */
#include "ipc/discovery.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STAT_MAX = 4096,
	STATUS_MAX = 8192,
	STATUS_HUGE = 1 << 20, /* 65,536 groups are 720 KB */
};

typedef struct {
	const char *p;
	const char *end;
} Span;

static Span span(const char *text, size_t len)
{
	return (Span){ .p = text, .end = text ? text + len : text };
}

static size_t span_left(const Span *s)
{
	return (size_t)(s->end - s->p);
}

/* The next line without its end. False when no whole one is left: a cut line is no line. */
static bool take_line(Span *s, Span *ret)
{
	const char *end = span_left(s) ? memchr(s->p, '\n', span_left(s)) : NULL;

	if (!end)
		return false;
	*ret = (Span){ .p = s->p, .end = end };
	s->p = end + 1;
	return true;
}

static bool take_prefix(Span *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (span_left(s) < len || memcmp(s->p, prefix, len) != 0)
		return false;
	s->p += len;
	return true;
}

static void skip_blanks(Span *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

/* Up to the next blank; false when there is none. */
static bool take_word(Span *s, Span *ret)
{
	skip_blanks(s);
	*ret = *s;
	while (s->p < s->end && *s->p != ' ' && *s->p != '\t' && *s->p != '\n')
		s->p++;
	ret->end = s->p;
	return span_left(ret);
}

/* Digits of decimal at the place, as many as there are. */
static bool take_number(Span *s, uint64_t max, uint64_t *ret)
{
	const char *begin = s->p;
	uint64_t v = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (unsigned)(*s->p - '0'), &v) || v > max)
			return false;
	*ret = v;
	return s->p > begin;
}

/* As a name has it: one form for each number. */
static bool take_canonical(Span *s, uint64_t max, uint64_t *ret)
{
	if (span_left(s) > 1 && s->p[0] == '0' && s->p[1] >= '0' && s->p[1] <= '9')
		return false;
	return take_number(s, max, ret);
}

/* A whole word that is a number. */
static bool take_number_word(Span *s, uint64_t max, uint64_t *ret)
{
	Span word;

	return take_word(s, &word) && take_number(&word, max, ret) && !span_left(&word);
}

bool discovery_name_parse(const char *path, DiscoveryName *ret)
{
	size_t len = strnlen(path, DISCOVERY_PATH_MAX);
	uint64_t pid, key;
	const char *slash;
	Span s;

	if (len >= DISCOVERY_PATH_MAX || path[0] != '/')
		return false;
	slash = strrchr(path, '/');
	s = span(slash, len - (size_t)(slash - path));
	if (!take_prefix(&s, "/dotnet-diagnostic-") || !take_canonical(&s, INT_MAX, &pid) ||
	    !take_prefix(&s, "-") || !take_canonical(&s, UINT64_MAX, &key) ||
	    !take_prefix(&s, "-socket") || span_left(&s) || !pid)
		return false;
	*ret = (DiscoveryName){ .pid = (pid_t)pid, .key = key };
	return true;
}

static bool take_hex_word(Span *s)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	Span word;

	if (!take_word(s, &word))
		return false;
	while (word.p < word.end && memchr(digits, *word.p, sizeof digits - 1))
		word.p++;
	return !span_left(&word);
}

static bool take_this_word(Span *s, const char *expected)
{
	Span word;

	return take_word(s, &word) && take_prefix(&word, expected) && !span_left(&word);
}

static bool take_path(Span *s, char path[DISCOVERY_PATH_MAX])
{
	size_t len;

	if (!take_prefix(s, " "))
		return false;
	len = span_left(s);
	if (len >= DISCOVERY_PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s->p[i] < ' ' || s->p[i] == 0x7f)
			return false;
	memcpy(path, s->p, len);
	path[len] = '\0';
	return true;
}

/*
 * Num: RefCount Protocol Flags Type St Inode Path
 * 0000000000000000: 00000002 00000000 00010000 0001 01 12345 /tmp/dotnet-diagnostic-7-99-socket
 * Listening is the flag __SO_ACCEPTCON; such a socket is in state 1 (SS_UNCONNECTED). An accepted one has the
 * listener's path, no flag and state 3 (SS_CONNECTED); before accept() it has no inode.
 */
static bool parse_unix_line(Span line, const char *flags, const char *state, uint64_t *ret_inode,
                            char path[DISCOVERY_PATH_MAX])
{
	const char *colon = span_left(&line) ? memchr(line.p, ':', span_left(&line)) : NULL;
	Span number = { .p = line.p, .end = colon };

	if (!colon || !take_hex_word(&number) || span_left(&number))
		return false;
	line.p = colon + 1;
	if (!take_hex_word(&line) || !take_this_word(&line, "00000000") ||
	    !take_this_word(&line, flags) || !take_this_word(&line, "0001") ||
	    !take_this_word(&line, state))
		return false;
	return take_number_word(&line, UINT64_MAX, ret_inode) && take_path(&line, path);
}

static bool parse_listener(Span line, DiscoveryListener *ret)
{
	return parse_unix_line(line, "00010000", "01", &ret->inode, ret->path) &&
	       discovery_name_parse(ret->path, &ret->name);
}

unsigned discovery_scan_unix(const char *text, size_t len, DiscoveryListenerCb cb, void *data)
{
	Span s = span(text, len);
	DiscoveryListener listener;
	unsigned n = 0;
	Span line;

	while (take_line(&s, &line)) {
		if (!parse_listener(line, &listener))
			continue;
		cb(&listener, data);
		n++;
	}
	return n;
}

unsigned discovery_count_accepted(const char *text, size_t len, const char *path)
{
	Span s = span(text, len);
	char found[DISCOVERY_PATH_MAX];
	uint64_t inode;
	unsigned n = 0;
	Span line;

	while (take_line(&s, &line))
		n += parse_unix_line(line, "00000000", "03", &inode, found) && inode &&
		     !strcmp(found, path);
	return n;
}

static bool skip_words(Span *s, unsigned n)
{
	Span word;

	while (n && take_word(s, &word))
		n--;
	return !n;
}

bool discovery_stat_parse(const char *text, size_t len, DiscoveryStat *ret)
{
	const char *paren = len ? memrchr(text, ')', len) : NULL;
	DiscoveryStat stat;
	Span s, state;
	uint64_t ppid;

	if (!paren)
		return false;
	s = span(paren + 1, len - (size_t)(paren + 1 - text));
	/* From field 3 on: state, ppid, 9 others, utime, stime, 6 others, start time. */
	if (!take_word(&s, &state) || span_left(&state) != 1 ||
	    !take_number_word(&s, INT_MAX, &ppid) || !skip_words(&s, 9) ||
	    !take_number_word(&s, UINT64_MAX, &stat.utime) ||
	    !take_number_word(&s, UINT64_MAX, &stat.stime) || !skip_words(&s, 6) ||
	    !take_number_word(&s, UINT64_MAX, &stat.start_time))
		return false;
	stat.start_code = stat.start_stack = 0;
	/* vsize, rss, its limit; startcode, endcode, startstack. */
	if (!skip_words(&s, 3) || !take_number_word(&s, UINT64_MAX, &stat.start_code) ||
	    !skip_words(&s, 1) || !take_number_word(&s, UINT64_MAX, &stat.start_stack))
		stat.start_code = stat.start_stack = 0;
	stat.state = *state.p;
	stat.ppid = (pid_t)ppid;
	*ret = stat;
	return true;
}

typedef bool (*StatusParser)(Span line, DiscoveryStatus *status);

static bool take_four(Span *s, uint32_t ret[4])
{
	uint64_t v;

	for (unsigned i = 0; i < 4; i++) {
		if (!take_number_word(s, UINT32_MAX, &v))
			return false;
		ret[i] = (uint32_t)v;
	}
	skip_blanks(s);
	return !span_left(s);
}

static bool parse_uid(Span line, DiscoveryStatus *status)
{
	return take_four(&line, status->uid);
}

static bool parse_gid(Span line, DiscoveryStatus *status)
{
	return take_four(&line, status->gid);
}

static bool parse_groups(Span line, DiscoveryStatus *status)
{
	uint64_t v;

	status->n_groups = 0;
	for (skip_blanks(&line); span_left(&line); skip_blanks(&line)) {
		if (!take_number_word(&line, UINT32_MAX, &v))
			return false;
		if (status->n_groups < DISCOVERY_MAX_GROUPS)
			status->groups[status->n_groups++] = (gid_t)v;
	}
	return true;
}

static bool parse_nspid(Span line, DiscoveryStatus *status)
{
	uint64_t v;

	status->n_nspid = 0;
	for (skip_blanks(&line); span_left(&line); skip_blanks(&line)) {
		if (!take_number_word(&line, INT_MAX, &v))
			return false;
		status->nspid = (pid_t)v;
		status->n_nspid++;
	}
	return status->n_nspid;
}

static bool parse_tracer(Span line, DiscoveryStatus *status)
{
	uint64_t v;

	if (!take_number_word(&line, INT_MAX, &v))
		return false;
	status->tracer = (pid_t)v;
	return true;
}

static bool parse_permitted(Span line, DiscoveryStatus *status)
{
	uint64_t v = 0;
	Span word;

	if (!take_word(&line, &word) || span_left(&word) > 16)
		return false;
	for (const char *p = word.p; p < word.end; p++) {
		int digit = *p >= '0' && *p <= '9'   ? *p - '0'
		            : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
		                                     : -1;

		if (digit < 0)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	status->permitted = v;
	return true;
}

static bool parse_threads(Span line, DiscoveryStatus *status)
{
	return take_number_word(&line, UINT64_MAX, &status->threads);
}

static bool take_kb(Span line, uint64_t *ret)
{
	return take_number_word(&line, UINT64_MAX, ret) && take_this_word(&line, "kB");
}

static bool parse_vm_rss(Span line, DiscoveryStatus *status)
{
	return take_kb(line, &status->vm_rss_kb);
}

static bool parse_vm_swap(Span line, DiscoveryStatus *status)
{
	return take_kb(line, &status->vm_swap_kb);
}

static bool parse_vm_size(Span line, DiscoveryStatus *status)
{
	return take_kb(line, &status->vm_size_kb);
}

static bool parse_rss_file(Span line, DiscoveryStatus *status)
{
	return take_kb(line, &status->rss_file_kb);
}

static const struct {
	const char *key;
	StatusParser parse;
	bool needed;
} status_lines[] = {
	{ "Uid:", parse_uid, true },           { "Gid:", parse_gid, true },
	{ "NSpid:", parse_nspid, true },       { "Groups:", parse_groups, false },
	{ "TracerPid:", parse_tracer, false }, { "VmRSS:", parse_vm_rss, false },
	{ "VmSwap:", parse_vm_swap, false },   { "VmSize:", parse_vm_size, false },
	{ "RssFile:", parse_rss_file, false }, { "Threads:", parse_threads, false },
	{ "CapPrm:", parse_permitted, false },
};

enum {
	N_STATUS_LINES = sizeof status_lines / sizeof status_lines[0],
};

bool discovery_status_parse(const char *text, size_t len, DiscoveryStatus *ret)
{
	Span last[N_STATUS_LINES] = { 0 };
	DiscoveryStatus status = { .permitted = UINT64_MAX };
	Span s = span(text, len);
	Span line;

	while (take_line(&s, &line))
		for (unsigned i = 0; i < N_STATUS_LINES; i++) {
			Span rest = line;

			if (take_prefix(&rest, status_lines[i].key))
				last[i] = rest;
		}
	for (unsigned i = 0; i < N_STATUS_LINES; i++) {
		if (!last[i].p && status_lines[i].needed)
			return false;
		if (last[i].p && !status_lines[i].parse(last[i], &status))
			return false;
	}
	*ret = status;
	return true;
}

ssize_t discovery_read(int procfd, const char *name, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;
	int error = 0;
	int fd;

	if (!size)
		return -EINVAL;
	fd = openat(procfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	while (n && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = -errno;
			break;
		}
		len += (size_t)n;
	}
	close(fd);
	buf[len] = '\0';
	return error ? error : (ssize_t)len;
}

int discovery_read_stat(int procfd, DiscoveryStat *ret)
{
	char text[STAT_MAX];
	ssize_t n = discovery_read(procfd, "stat", text, sizeof text);

	if (n < 0)
		return (int)n;
	return discovery_stat_parse(text, (size_t)n, ret) ? 0 : -EPROTO;
}

/* Somebody in thousands of groups: their numbers stand before what else is wanted. */
static int read_huge_status(int procfd, DiscoveryStatus *ret)
{
	char *text = malloc(STATUS_HUGE);
	ssize_t n;
	bool good;

	if (!text)
		return -ENOMEM;
	n = discovery_read(procfd, "status", text, STATUS_HUGE);
	good = n >= 0 && discovery_status_parse(text, (size_t)n, ret);
	free(text);
	if (n < 0)
		return (int)n;
	return good ? 0 : -EPROTO;
}

int discovery_read_status(int procfd, DiscoveryStatus *ret)
{
	char text[STATUS_MAX];
	ssize_t n = discovery_read(procfd, "status", text, sizeof text);

	if (n < 0)
		return (int)n;
	if (n == STATUS_MAX - 1)
		return read_huge_status(procfd, ret);
	return discovery_status_parse(text, (size_t)n, ret) ? 0 : -EPROTO;
}
