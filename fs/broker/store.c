/* See store.h. Everything is done relative to descriptors of our own directories. */
#include "fs/broker/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fs/broker/store-dir.h"
#include "fs/broker/store-leaf.h"
#include "fs/broker/store-lock.h"
#include "fs/broker/store-meta.h"
#include "fs/util.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

#define PART_SUFFIX ".part"
#define META_SUFFIX ".meta"
#define JSON_SUFFIX ".json"

enum {
	CLEAN_AT_START = 100 * STORE_LEAF_STEP
};

struct Store {
	char *dir;
	gboolean root_mode;
	int fd, lock, work, sealed;
	StoreKind kind;
	const char *kind_name; /* NULL: of no known kind */
	GPtrArray *dumps;      /* StoreDump, in order of serial */
	GPtrArray *made;       /* paths of what store_open() made */
	uint64_t last_serial;
	GPtrArray *warnings; /* char *: what was found at start and is not listed */
	unsigned unwarned;   /* beyond STORE_WARNINGS_MAX */
	GPtrArray *dropped;  /* names of leaves that could not be dropped yet */
	gboolean is_dirty;   /* not all that was dropped is gone yet */
};

static const char *const part_suffix[RECORD_N_PARTS] = {
	[RECORD_PART_CORE] = "",
	[RECORD_PART_JSON] = JSON_SUFFIX,
};

static void dump_free(gpointer data)
{
	StoreDump *dump = data;

	g_free(dump->name);
	g_free(dump->file);
	g_free(dump);
}

/* 512 is the unit of st_blocks, whatever the file system's is. */
static uint64_t part_size(const Store *store, const char *file, RecordPart part,
                          gboolean *ret_there, uint64_t *disk)
{
	g_autofree char *name = g_strconcat(file, part_suffix[part], NULL);
	struct stat st;

	*ret_there = fstatat(store->sealed, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	             S_ISREG(st.st_mode) && st.st_uid == geteuid();
	*disk += *ret_there ? (uint64_t)st.st_blocks * 512 : 0;
	return *ret_there ? (uint64_t)st.st_size : 0;
}

static void measure(const Store *store, StoreDump *dump)
{
	gboolean there;

	dump->disk = 0;
	for (unsigned part = 0; part < RECORD_N_PARTS; part++)
		part_size(store, dump->file, (RecordPart)part, &there, &dump->disk);
}

static StoreDump *take_dump(Store *store, const char *name, const char *file,
                            const RecordSealed *info)
{
	StoreDump *dump = g_new0(StoreDump, 1);
	gboolean there;

	dump->serial = ++store->last_serial;
	dump->name = g_strdup(name);
	dump->file = g_strdup(file);
	dump->info = *info;
	dump->info.parts = 0;
	dump->info.size = part_size(store, file, RECORD_PART_CORE, &there, &dump->disk);
	dump->info.parts |= there ? 1u << RECORD_PART_CORE : 0;
	dump->info.json_size = part_size(store, file, RECORD_PART_JSON, &there, &dump->disk);
	dump->info.parts |= there ? 1u << RECORD_PART_JSON : 0;
	g_ptr_array_add(store->dumps, dump);
	return dump;
}

/* It was stored, or is not to be made again. */
static void json_done(Store *store, StoreDump *dump)
{
	g_autofree char *meta = g_strconcat(dump->file, META_SUFFIX, NULL);

	if (!dump->info.json_due)
		return;
	dump->info.json_due = 0;
	if (store_meta_json_done(store->sealed, meta) < 0)
		g_debug("%s still says that a json is due", meta);
}

static void warn(Store *store, const char *file, const char *what)
{
	if (store->warnings->len < STORE_WARNINGS_MAX)
		g_ptr_array_add(store->warnings, g_strconcat(file, what, NULL));
	else
		store->unwarned++;
}

/* Without its core and its sidecar it is what a removal left that was cut off, or one behind our back. */
static void read_back(Store *store, const char *meta_name)
{
	g_autofree char *file = g_strndup(meta_name, strlen(meta_name) - strlen(META_SUFFIX));
	g_autofree char *name = NULL;
	StoreDump *dump;
	RecordSealed info;

	if (store_meta_read(store->sealed, meta_name, &name, &info) < 0) {
		warn(store, meta_name, " is damaged: its dump is not listed");
		return;
	}
	dump = take_dump(store, name, file, &info);
	if (!dump->info.parts) {
		unlinkat(store->sealed, meta_name, 0);
		g_ptr_array_remove(store->dumps, dump);
		return;
	}
	/* We ended between the two; or the core is gone, and with it what the json would be about. */
	if (dump->info.parts != 1u << RECORD_PART_CORE)
		json_done(store, dump);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean has_meta(const Store *store, const char *file)
{
	g_autofree char *base = g_strdup(file);
	g_autofree char *meta = NULL;

	if (g_str_has_suffix(base, JSON_SUFFIX))
		base[strlen(base) - strlen(JSON_SUFFIX)] = '\0';
	meta = g_strconcat(base, META_SUFFIX, NULL);
	return faccessat(store->sealed, meta, F_OK, 0) == 0;
}

/* ".NAME_PID.part" whose .meta is good was whole: it gets its name. 0 or negative errno. */
static int give_name(const Store *store, const char *file)
{
	g_autofree char *part = store_part_name(file);

	return syscall(SYS_renameat2, store->sealed, part, store->sealed, file, RENAME_NOREPLACE) <
	                       0
	               ? -errno
	               : 0;
}

/* What sealing left when the daemon ended in the middle of it. */
static void finish_sealing(Store *store, const char *hidden)
{
	g_autofree char *file = g_strdup(hidden + 1);
	g_autofree char *meta = NULL;
	g_autofree char *name = NULL;
	RecordSealed info;

	if (g_str_has_suffix(hidden, META_SUFFIX))
		unlinkat(store->sealed, hidden, 0);
	if (!g_str_has_suffix(hidden, PART_SUFFIX))
		return;
	file[strlen(file) - strlen(PART_SUFFIX)] = '\0';
	meta = g_strconcat(file, META_SUFFIX, NULL);
	if (store_meta_read(store->sealed, meta, &name, &info) < 0 || give_name(store, file) < 0)
		unlinkat(store->sealed, hidden, 0);
}

static GPtrArray *list_sealed(const Store *store)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	int copy = openat(store->sealed, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return names;
	for (struct dirent *entry; (entry = readdir(dir));)
		g_ptr_array_add(names, g_strdup(entry->d_name));
	closedir(dir);
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* In the order of their names, which is that of their times; hidden ones come first. */
static void read_sealed(Store *store)
{
	g_autoptr(GPtrArray) names = list_sealed(store);

	for (guint i = 0; i < names->len; i++) {
		const char *entry = names->pdata[i];

		if (entry[0] == '.')
			finish_sealing(store, entry);
		else if (g_str_has_suffix(entry, META_SUFFIX))
			read_back(store, entry);
		else if (!has_meta(store, entry))
			warn(store, entry, " has no .meta: not listed");
	}
}

/* One of its own directories. */
static int open_own(Store *store, const char *name, mode_t mode)
{
	g_autofree char *path = g_build_filename(store->dir, name, NULL);
	int r = store_dir_make(path, mode, store->made);

	return r < 0 ? r : store_dir_open(store->fd, name, mode);
}

static int open_dirs(Store *store)
{
	mode_t mode = store->root_mode ? 0711 : 0700;
	int r = store_dir_make(store->dir, mode, store->made);

	if (!r)
		store->fd = r = store_dir_open(AT_FDCWD, store->dir, mode);
	if (r >= 0)
		store->work = r = open_own(store, "work", mode);
	if (r >= 0)
		store->sealed = r = open_own(store, "sealed", 0700);
	return MIN(r, 0);
}

/* When somebody else has it, all that is there is his. */
static int take_lock(Store *store, char **ret_why)
{
	gboolean is_new = faccessat(store->fd, "lock", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	int r = store_lock_take(store->fd, store->dir, &store->lock, ret_why);

	if (r == -EBUSY)
		g_ptr_array_set_size(store->made, 0);
	else if (!r && is_new)
		g_ptr_array_add(store->made, g_build_filename(store->dir, "lock", NULL));
	return r;
}

void store_each_warning(const Store *store, StoreWarn call, void *data)
{
	g_autofree char *others = NULL;
	g_autofree char *unfit = NULL;

	if (store_kind(store, &unfit) == STORE_UNFIT)
		call(unfit, data);
	for (guint i = 0; i < store->warnings->len; i++)
		call(store->warnings->pdata[i], data);
	if (!store->unwarned)
		return;
	others = g_strdup_printf("%u more files in the store are not listed", store->unwarned);
	call(others, data);
}

int store_open(const char *dir, gboolean root_mode, Store **ret, char **ret_why)
{
	Store *store = g_new0(Store, 1);
	int r = 0;

	store->dir = g_strdup(dir);
	store->root_mode = root_mode;
	store->fd = store->lock = store->work = store->sealed = -1;
	store->dumps = g_ptr_array_new_with_free_func(dump_free);
	store->made = g_ptr_array_new_with_free_func(g_free);
	store->warnings = g_ptr_array_new_with_free_func(g_free);
	store->dropped = g_ptr_array_new_with_free_func(g_free);
	if (root_mode)
		r = store_dir_check_parents(dir, ret_why);
	if (!r && (r = open_dirs(store)) < 0)
		*ret_why = g_strdup_printf("dump_dir %s: %s", dir, g_strerror(-r));
	/* Some of them were made just now, and somebody may have been quicker. */
	if (!r && root_mode)
		r = store_dir_check_parents(dir, ret_why);
	if (!r)
		r = take_lock(store, ret_why);
	if (r < 0) {
		store_undo(store);
		return r;
	}
	store->kind = store_kind_of(store->fd, &store->kind_name);
	store_leaf_drop_all(store->work, root_mode);
	store->is_dirty = !store_leaf_clean(store->work, root_mode, CLEAN_AT_START);
	read_sealed(store);
	*ret = store;
	return 0;
}

void store_undo(Store *store)
{
	if (store)
		store_dir_undo(store->made);
	store_free(store);
}

void store_free(Store *store)
{
	if (!store)
		return;
	util_close_fd(&store->fd);
	util_close_fd(&store->lock);
	util_close_fd(&store->work);
	util_close_fd(&store->sealed);
	g_ptr_array_unref(store->dumps);
	g_ptr_array_unref(store->made);
	g_ptr_array_unref(store->warnings);
	g_ptr_array_unref(store->dropped);
	g_free(store->dir);
	g_free(store);
}

void store_mark_ending(const Store *store)
{
	store_lock_mark_ending(store->lock);
}

const char *store_dir(const Store *store)
{
	return store->dir;
}

StoreKind store_kind(const Store *store, char **ret_why)
{
	*ret_why = NULL;
	if (store->kind == STORE_UNFIT)
		*ret_why = g_strdup_printf(
			"%s is on %s, where no dump is written: the process would stay frozen "
			"for as long as that does not answer",
			store->dir,
			store->kind_name ? store->kind_name : "a file system of unknown kind");
	return store->kind;
}

int store_sealed_fd(const Store *store)
{
	return store->sealed;
}

uint64_t store_free_bytes(const Store *store, uint64_t *ret_total)
{
	struct statvfs st;

	if (fstatvfs(store->fd, &st) < 0) {
		*ret_total = 0;
		return 0;
	}
	*ret_total = (uint64_t)st.f_blocks * st.f_frsize;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

int store_make_leaf(Store *store, uid_t uid, gid_t gid, char **ret_path, int *ret_fd)
{
	char name[STORE_LEAF_NAME_MAX];
	int fd = store_leaf_make(store->work, store->root_mode, uid, gid, name);

	if (fd < 0)
		return fd;
	*ret_path = g_build_filename(store->dir, "work", name, NULL);
	*ret_fd = fd;
	return 0;
}

void store_drop_leaf(Store *store, const char *path, int fd)
{
	util_close_fd(&fd);
	g_ptr_array_add(store->dropped, g_strdup(strrchr(path, '/') + 1));
	store_clean(store);
}

void store_clean(Store *store)
{
	for (guint i = store->dropped->len; i-- > 0;) {
		if (store_leaf_drop(store->work, store->root_mode, store->dropped->pdata[i]) < 0)
			continue;
		g_ptr_array_remove_index_fast(store->dropped, i);
		store->is_dirty = TRUE;
	}
	if (store->is_dirty)
		store->is_dirty = !store_leaf_clean(store->work, store->root_mode, STORE_LEAF_STEP);
}

void store_new_name(Store *store, pid_t pid, int64_t requested_us, char **ret_name, char **ret_file)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(requested_us / 1000000);
	g_autofree char *base = g_date_time_format(when, "core_%Y%m%d_%H%M%S");

	for (unsigned i = 1;; i++) {
		g_autofree char *name = i == 1 ? g_strdup(base) : g_strdup_printf("%s_%u", base, i);
		g_autofree char *file = g_strdup_printf("%s_%d", name, (int)pid);
		g_autofree char *meta = g_strconcat(file, META_SUFFIX, NULL);
		struct stat st;

		if (fstatat(store->sealed, file, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
		    fstatat(store->sealed, meta, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		*ret_name = g_steal_pointer(&name);
		*ret_file = g_steal_pointer(&file);
		return;
	}
}

char *store_part_name(const char *file)
{
	return g_strconcat(".", file, PART_SUFFIX, NULL);
}

int store_publish(Store *store, const char *name, const char *file, const RecordSealed *info,
                  const StoreDump **ret)
{
	g_autofree char *meta = g_strconcat(file, META_SUFFIX, NULL);
	int r = store_meta_write(store->sealed, meta, name, info);

	if (r < 0)
		return r;
	r = give_name(store, file);
	if (!r && fsync(store->sealed) < 0) {
		r = -errno;
		unlinkat(store->sealed, file, 0);
	}
	if (r < 0) {
		unlinkat(store->sealed, meta, 0);
		return r;
	}
	*ret = take_dump(store, name, file, info);
	return 0;
}

void store_discard(Store *store, const char *file)
{
	g_autofree char *part = store_part_name(file);

	unlinkat(store->sealed, part, 0);
}

static guint find_index(const Store *store, uint64_t serial)
{
	for (guint i = 0; i < store->dumps->len; i++)
		if (((StoreDump *)store->dumps->pdata[i])->serial == serial)
			return i;
	return G_MAXUINT;
}

const StoreDump *store_find(const Store *store, uint64_t serial)
{
	guint i = find_index(store, serial);

	return i == G_MAXUINT ? NULL : store->dumps->pdata[i];
}

void store_refresh(Store *store)
{
	for (guint i = 0; i < store->dumps->len; i++)
		measure(store, store->dumps->pdata[i]);
}

uint64_t store_disk(const Store *store, uid_t uid, uint64_t *ret_user)
{
	uint64_t all = 0;

	*ret_user = 0;
	for (guint i = 0; i < store->dumps->len; i++) {
		const StoreDump *dump = store->dumps->pdata[i];

		all += dump->disk;
		*ret_user += dump->info.uid == uid ? dump->disk : 0;
	}
	return all;
}

gboolean store_awaits_json(const Store *store, int64_t since_us)
{
	for (guint i = 0; i < store->dumps->len; i++) {
		const StoreDump *dump = store->dumps->pdata[i];

		if (dump->info.json_due && dump->info.sealed_us >= since_us)
			return TRUE;
	}
	return FALSE;
}

void store_each(const Store *store, StoreEach each, void *data)
{
	for (guint i = 0; i < store->dumps->len; i++)
		each(store->dumps->pdata[i], data);
}

int store_open_part(const Store *store, uint64_t serial, RecordPart part)
{
	const StoreDump *dump = store_find(store, serial);
	g_autofree char *name = NULL;
	int fd;

	if (!dump)
		return -ENOENT;
	name = g_strconcat(dump->file, part_suffix[part], NULL);
	fd = openat(store->sealed, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int store_remove_part(Store *store, uint64_t serial, RecordPart part)
{
	guint i = find_index(store, serial);
	g_autofree char *name = NULL;
	StoreDump *dump;

	if (i == G_MAXUINT)
		return -ENOENT;
	dump = store->dumps->pdata[i];
	if (!(dump->info.parts & (1u << part)))
		return -ENOENT;
	name = g_strconcat(dump->file, part_suffix[part], NULL);
	if (unlinkat(store->sealed, name, 0) < 0 && errno != ENOENT)
		return -errno;
	dump->info.parts &= ~(1u << part);
	measure(store, dump);
	if (!dump->info.parts) {
		g_autofree char *meta = g_strconcat(dump->file, META_SUFFIX, NULL);

		unlinkat(store->sealed, meta, 0);
		g_ptr_array_remove_index(store->dumps, i);
	}
	return 0;
}

int store_remove(Store *store, uint64_t serial)
{
	int error = store_find(store, serial) ? 0 : -ENOENT;

	for (unsigned part = 0; part < RECORD_N_PARTS && !error; part++) {
		int r = store_remove_part(store, serial, (RecordPart)part);

		error = r == -ENOENT ? 0 : r;
	}
	return error;
}

/* A read of anything else, of a pipe or of a file in a mount that the front serves itself, may never come back. */
static gboolean is_sealed(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int has = fcntl(fd, F_GET_SEALS);

	return has >= 0 && (has & seals) == seals;
}

int store_put_annex(Store *store, uint64_t serial, RecordPart part, int memfd)
{
	guint i = find_index(store, serial);
	g_autofree char *name = NULL;
	g_autofree char *text = NULL;
	autofd int fd = -1;
	StoreDump *dump;
	struct stat st;

	if (i == G_MAXUINT || part == RECORD_PART_CORE)
		return -ENOENT;
	if (!is_sealed(memfd))
		return -EINVAL;
	if (fstat(memfd, &st) < 0 || st.st_size < 0 || st.st_size > RECORD_ANNEX_MAX)
		return -E2BIG;
	dump = store->dumps->pdata[i];
	name = g_strconcat(dump->file, part_suffix[part], NULL);
	text = g_malloc((gsize)st.st_size + 1);
	if (lseek(memfd, 0, SEEK_SET) < 0 ||
	    util_read_all(memfd, text, (size_t)st.st_size) != st.st_size)
		return -EIO;
	fd = openat(store->sealed, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            0400);
	if (fd < 0)
		return -errno;
	if (util_write_all(fd, text, (size_t)st.st_size) < 0 || fsync(fd) < 0) {
		unlinkat(store->sealed, name, 0);
		return -ENOSPC;
	}
	dump->info.parts |= 1u << part;
	dump->info.json_size = (uint64_t)st.st_size;
	measure(store, dump);
	json_done(store, dump);
	return 0;
}
