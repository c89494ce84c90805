/* See store-kind.h. */
#include "fs/broker/store-kind.h"
#include <glib.h>
#include <linux/magic.h>
#include <sys/vfs.h>

/* Those that linux/magic.h does not have everywhere. */
#define BCACHEFS_MAGIC 0xca451a4e
#define CIFS_MAGIC     0xff534d42
#define F2FS_MAGIC     0xf2f52010
#define JFS_MAGIC      0x3153464a
#define RAMFS_MAGIC    0x858458f6
#define SMB2_MAGIC     0xfe534d42
#define XFS_MAGIC      0x58465342
#define ZFS_MAGIC      0x2fc12fc1

static const struct {
	guint32 magic;
	StoreKind kind;
	const char *name;
} kinds[] = {
	{ EXT4_SUPER_MAGIC, STORE_ON_DISK, "ext4" }, /* and ext2, ext3 */
	{ XFS_MAGIC, STORE_ON_DISK, "XFS" },
	{ BTRFS_SUPER_MAGIC, STORE_ON_DISK, "Btrfs" },
	{ OVERLAYFS_SUPER_MAGIC, STORE_ON_DISK, "overlay" },
	{ F2FS_MAGIC, STORE_ON_DISK, "F2FS" },
	{ JFS_MAGIC, STORE_ON_DISK, "JFS" },
	{ ZFS_MAGIC, STORE_ON_DISK, "ZFS" },
	{ BCACHEFS_MAGIC, STORE_ON_DISK, "bcachefs" },
	{ REISERFS_SUPER_MAGIC, STORE_ON_DISK, "ReiserFS" },
	{ TMPFS_MAGIC, STORE_IN_MEMORY, "tmpfs" },
	{ RAMFS_MAGIC, STORE_IN_MEMORY, "ramfs" },
	{ FUSE_SUPER_MAGIC, STORE_UNFIT, "FUSE" },
	{ NFS_SUPER_MAGIC, STORE_UNFIT, "NFS" },
	{ CIFS_MAGIC, STORE_UNFIT, "CIFS" },
	{ SMB2_MAGIC, STORE_UNFIT, "SMB" },
	{ V9FS_MAGIC, STORE_UNFIT, "9p" },
	{ AUTOFS_SUPER_MAGIC, STORE_UNFIT, "autofs" },
};

StoreKind store_kind_of(int fd, const char **ret_name)
{
	struct statfs st;

	*ret_name = NULL;
	if (fstatfs(fd, &st) < 0)
		return STORE_UNFIT;
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (kinds[i].magic == (guint32)st.f_type) {
			*ret_name = kinds[i].name;
			return kinds[i].kind;
		}
	}
	return STORE_UNFIT;
}
