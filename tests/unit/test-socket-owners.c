/* Who made a socket, and how many of one user's are looked at. */
#include "fs/broker/socket-owners.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "fs/broker/line-quota.h"

enum {
	USER = 5,
	MANY = 700,
};

static char *dir;

/* A socket that listens there; its number. */
static uint64_t listen_at(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(*ret_fd, >=, 0);
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_assert_cmpint(bind(*ret_fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(*ret_fd, 5), ==, 0);
	g_assert_cmpint(fstat(*ret_fd, &st), ==, 0);
	return st.st_ino;
}

typedef struct {
	uint64_t inode;
	const char *path;
	unsigned n, others;
	uid_t uid;
} Wanted;

static void look(const DiscoveryListener *listener, uid_t uid, void *data)
{
	Wanted *wanted = data;

	if (listener->inode != wanted->inode) {
		wanted->others += g_str_has_prefix(listener->path, dir);
		return;
	}
	g_assert_cmpstr(listener->path, ==, wanted->path);
	g_assert_cmpint(listener->name.pid, ==, 7);
	g_assert_cmpuint(listener->name.key, ==, 99);
	wanted->uid = uid;
	wanted->n++;
}

static void check_listener(uid_t uid)
{
	g_autofree char *path = g_build_filename(dir, "dotnet-diagnostic-7-99-socket", NULL);
	g_autofree char *odd = g_build_filename(dir, "7-99-socket", NULL);
	g_autofree char *broken = g_strdup_printf("%s/x\ny", dir);
	g_autofree char *in_broken = g_build_filename(broken, "dotnet-diagnostic-8-1-socket", NULL);
	Wanted wanted = { .path = path };
	int fd, odd_fd, broken_fd;

	setfsuid(uid);
	g_assert_cmpint(g_mkdir(broken, 0777), ==, 0);
	wanted.inode = listen_at(path, &fd);
	listen_at(odd, &odd_fd);
	listen_at(in_broken, &broken_fd);
	setfsuid(getuid());
	if (socket_owners_each(look, &wanted) < 0) {
		g_test_skip("the kernel does not tell");
	} else {
		g_assert_cmpuint(wanted.n, ==, 1);
		g_assert_cmpuint(wanted.others, ==, 0);
		if (wanted.uid != SOCKET_OWNER_UNKNOWN) /* before Linux 5.3 */
			g_assert_cmpuint(wanted.uid, ==, uid);
	}
	close(fd);
	close(odd_fd);
	close(broken_fd);
	g_unlink(path);
	g_unlink(odd);
	g_unlink(in_broken);
	g_rmdir(broken);
}

static void test_own(void)
{
	check_listener(getuid());
}

static void test_other_user(void)
{
	if (getuid() != 0) {
		g_test_skip("needs root");
		return;
	}
	g_assert_cmpint(chmod(dir, 0777), ==, 0);
	check_listener(USER);
}

/* More than one answer of the kernel. */
static void test_many(void)
{
	Wanted wanted = { .path = dir };
	int fds[MANY];

	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *path =
			g_strdup_printf("%s/dotnet-diagnostic-%u-1-socket", dir, i + 1);

		listen_at(path, &fds[i]);
		g_unlink(path);
	}
	if (socket_owners_each(look, &wanted) < 0)
		g_test_skip("the kernel does not tell");
	else
		g_assert_cmpuint(wanted.others, ==, MANY);
	for (unsigned i = 0; i < MANY; i++)
		close(fds[i]);
}

static void add_uid(uid_t uid, void *data)
{
	g_string_append_printf(data, "%u ", uid);
}

static void test_quota(void)
{
	LineQuota *quota = line_quota_new();
	g_autoptr(GString) told = g_string_new(NULL);

	for (unsigned i = 0; i < LINE_QUOTA_MAX; i++)
		line_quota_count(quota, USER, TRUE);
	g_assert_false(line_quota_take(quota, USER));
	g_assert_false(line_quota_may_go_on(quota));
	/* It takes nothing away from others. */
	for (unsigned i = 0; i < LINE_QUOTA_MAX; i++)
		g_assert_true(line_quota_take(quota, SOCKET_OWNER_UNKNOWN));
	g_assert_false(line_quota_may_go_on(quota));
	/* Not one of those was tried: no reason to say anything of them, and more may be looked at soon. */
	g_assert_false(line_quota_take(quota, SOCKET_OWNER_UNKNOWN));
	g_assert_true(line_quota_may_go_on(quota));
	line_quota_each_full(quota, add_uid, told);
	g_assert_cmpstr(told->str, ==, "5 ");
	line_quota_free(quota);
}

int main(int argc, char **argv)
{
	int r;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("owners-XXXXXX", NULL);
	g_assert_nonnull(dir);
	g_test_add_func("/socket-owners/own", test_own);
	g_test_add_func("/socket-owners/other-user", test_other_user);
	g_test_add_func("/socket-owners/many", test_many);
	g_test_add_func("/socket-owners/quota", test_quota);
	r = g_test_run();
	g_rmdir(dir);
	g_free(dir);
	return r;
}
