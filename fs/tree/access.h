#pragma once
/*
 * Who may do what with a node: the one rule, which every operation of tree.h asks for whoever sent the request. The
 * kernel checks the same bits before it asks (default_permissions), but from attributes that it keeps, and when a file
 * is opened; here each READ and WRITE is looked at, with the owner as it is now.
 *
 * Root may do all. Others have the owner's bits of what is theirs. Of what is not theirs they see that the process
 * is there and whose it is; at the root they may read README, and with -o group= a member of that group the
 * mounter's files. Dumps of others are not there for them, and with -o hide=others neither are the processes.
 */
#include "fs/tree/node.h"

/* What is wanted, as the bits of a mode; with ACCESS_LOOK its attributes alone. */
typedef enum {
	ACCESS_LOOK = 0,
	ACCESS_ENTER = 1,
	ACCESS_WRITE = 2,
	ACCESS_READ = 4,
} Access;

typedef enum {
	ACCESS_FULL,    /* its attributes as they are */
	ACCESS_NEUTRAL, /* that it is there; no size, and no time that tells of anything */
	ACCESS_DENIED,
	ACCESS_HIDDEN,
} AccessSight;

/* What `who` sees of a node with these attributes. */
AccessSight access_sight(const Node *node, const struct stat *st, uid_t who);
/* 0, -EACCES, or -ENOENT for what is hidden. `wanted`: Access, together. */
int access_check(const Node *node, const struct stat *st, uid_t who, unsigned wanted);
