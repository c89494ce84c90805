/* See owner.h. */
#include "fs/broker/owner.h"
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib.h>
#include <fcntl.h>

enum {
	AUXV_MAX = 4096
};

static gboolean four_equal(const uid_t *ids)
{
	return ids[0] == ids[1] && ids[0] == ids[2] && ids[0] == ids[3];
}

Owner owner_of(const DiscoveryStatus *status, const OwnerFacts *facts)
{
	uid_t uid = status->uid[1];
	const struct {
		gboolean holds;
		const char *why;
	} rows[] = {
		{ !four_equal(status->uid), "its user ids differ" },
		{ !four_equal(status->gid), "its group ids differ" },
		{ facts->secure != 0,
		  "it is a set-uid or set-gid program, or its file has capabilities" },
		{ uid != 0 && status->permitted != 0, "it has capabilities" },
		{ facts->stat_uid != uid, "it cannot be dumped (PR_SET_DUMPABLE)" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].holds)
			return (Owner){ .uid = 0, .gid = 0, .why = uid ? rows[i].why : NULL };
	return (Owner){ .uid = uid, .gid = status->gid[1] };
}

#define PARSE_AUXV(type)                                                            \
	for (size_t at = 0; at + 2 * sizeof(type) <= len; at += 2 * sizeof(type)) { \
		type pair[2];                                                       \
                                                                                    \
		memcpy(pair, (const char *)bytes + at, sizeof pair);                \
		if (pair[0] == AT_SECURE && pair[1] <= 1)                           \
			return (int)pair[1];                                        \
		if (pair[0] == AT_NULL)                                             \
			break;                                                      \
	}

int owner_parse_auxv(const void *bytes, size_t len)
{
	PARSE_AUXV(uint64_t)
	PARSE_AUXV(uint32_t)
	return -1;
}

int owner_read_stat_uid(int procfd, uid_t *ret)
{
	struct stat st;

	if (fstatat(procfd, "stat", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = st.st_uid;
	return 0;
}

Owner owner_read(int procfd, const DiscoveryStatus *status)
{
	OwnerFacts facts = { .stat_uid = (uid_t)-1 };
	char bytes[AUXV_MAX];
	ssize_t n;

	if (geteuid() != 0)
		return (Owner){ .uid = geteuid(), .gid = getegid() };
	n = discovery_read(procfd, "auxv", bytes, sizeof bytes);
	facts.secure = owner_parse_auxv(bytes, (size_t)MAX(n, 0));
	owner_read_stat_uid(procfd, &facts.stat_uid);
	return owner_of(status, &facts);
}
