/* See privileges.h. */
#include "fs/privileges.h"
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs/broker/confine.h"

enum {
	FIRST_UID = 65520,
	LAST_UID = 65533
};

void privileges_harden(void)
{
	struct rlimit files, none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* Which of FIRST_UID .. LAST_UID processes run as now: their bits. */
static guint uids_in_use(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	guint bits = 0;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (g_ascii_isdigit(entry->d_name[0]) &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_uid >= FIRST_UID &&
		    st.st_uid <= LAST_UID)
			bits |= 1u << (st.st_uid - FIRST_UID);
	}
	if (dir)
		closedir(dir);
	return bits;
}

static int choose(uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *entry = getpwnam("triggerdumpfs");
	guint used = uids_in_use();

	if (entry) {
		*ret_uid = entry->pw_uid;
		*ret_gid = entry->pw_gid;
		return 0;
	}
	for (uid_t uid = FIRST_UID; uid <= LAST_UID; uid++) {
		if (used & 1u << (uid - FIRST_UID) || getpwuid(uid) || getgrgid(uid))
			continue;
		*ret_uid = uid;
		*ret_gid = uid;
		return 0;
	}
	return -EAGAIN;
}

int privileges_drop_front(gboolean root_mode, char **ret_why)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = 0;

	if (root_mode) {
		r = choose(&uid, &gid);
		if (r < 0) {
			*ret_why = g_strdup_printf(
				"no uid of %d to %d is free for the half without rights; make "
				"a user \"triggerdumpfs\"",
				FIRST_UID, LAST_UID);
			return r;
		}
		confine_drop_bounding(0);
		if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			r = -errno;
	}
	if (!r)
		r = confine_keep_capabilities(0);
	if (!r && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0)
		*ret_why = g_strdup_printf(
			"uid %u cannot be taken for the half without rights (a user namespace "
			"with one uid?): %s",
			uid, g_strerror(-r));
	prctl(PR_SET_DUMPABLE, 0); /* the change of uid has set it anew */
	return r;
}
