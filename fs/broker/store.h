#pragma once
/*
 * The store of dumps on disk, and its lock.
 *
 *   DIR/            0711 (root) or 0700 (a user)
 *   DIR/lock        held for as long as the store is open (store-lock.h)
 *   DIR/work        a LEAF each, 0700, the target's while its createdump writes "core" into it
 *   DIR/sealed/     0700: NAME_PID (the core, 0400), NAME_PID.json, NAME_PID.meta
 *                   .NAME_PID.part: a core that is being sealed
 *
 * The .meta is of a fixed form and all that is parsed at start. A leaf and a .part that are left over
 * from an earlier life are removed at start, but a .part with a good .meta, which was whole, gets its name.
 * Nothing else is ever removed unasked: what has no .meta, or a damaged one, stays and is told of. Nothing
 * is listed here that was not sealed whole.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>
#include "fs/broker/records.h"
#include "fs/broker/store-kind.h"

typedef struct Store Store;

enum {
	STORE_WARNINGS_MAX = 20
};

typedef struct {
	uint64_t serial; /* never reused */
	char *name;      /* "core_DATE_TIME" or with "_N"; without the pid */
	char *file;      /* its name in DIR/sealed */
	RecordSealed info;
	uint64_t disk; /* bytes that its parts take there */
} StoreDump;

/* Waits for another daemon that ends (store-lock.h). 0; negative errno and *ret_why = a sentence (to be freed). */
int store_open(const char *dir, gboolean root_mode, Store **ret, char **ret_why);
void store_free(Store *store);
/* The start failed after all: removes what store_open() made, as far as nothing was put into it, and frees it. */
void store_undo(Store *store);
/* From here on the next start waits for us. */
void store_mark_ending(const Store *store);

const char *store_dir(const Store *store);

/* Of its file system; *ret_why (to be freed) a sentence when it is STORE_UNFIT, otherwise NULL. */
StoreKind store_kind(const Store *store, char **ret_why);

/* That no dump can be written there; what is in DIR/sealed and not listed, a sentence each: STORE_WARNINGS_MAX, then one with the number of
 * the others. As found by store_open. */
typedef void (*StoreWarn)(const char *sentence, void *data);
void store_each_warning(const Store *store, StoreWarn warn, void *data);

int store_sealed_fd(const Store *store);

/* Bytes free for us now; of the whole file system *ret_total. */
uint64_t store_free_bytes(const Store *store, uint64_t *ret_total);

/* A fresh leaf of a random name, owned by the target: its path, an O_DIRECTORY descriptor. */
int store_make_leaf(Store *store, uid_t uid, gid_t gid, char **ret_path, int *ret_fd);
/* Removes what is in it, and it; store_clean() what is too much for once. Also closes the descriptor. */
void store_drop_leaf(Store *store, const char *path, int fd);
/* Now and then. */
void store_clean(Store *store);

/* A free file name for a dump of that pid requested then: *ret_name (without pid), *ret_file. */
void store_new_name(Store *store, pid_t pid, int64_t requested_us, char **ret_name,
                    char **ret_file);

/* The name under which the core of that name is sealed, until it is published. To be freed. */
char *store_part_name(const char *file);

/* The core of `file` is in DIR/sealed under its part name, and good: writes its .meta, gives it its name and
 * takes it into the list. */
int store_publish(Store *store, const char *name, const char *file, const RecordSealed *info,
                  const StoreDump **ret);
/* A core that is not to be published. */
void store_discard(Store *store, const char *file);

const StoreDump *store_find(const Store *store, uint64_t serial);
/* Somebody may have removed or changed files behind our back: what the dumps take, anew. */
void store_refresh(Store *store);
/* What they take: all, and in *ret_user those of that uid. */
uint64_t store_disk(const Store *store, uid_t uid, uint64_t *ret_user);
/* Some dump that was sealed since then (wall clock) has no json yet. One whose json_due is still set at the next
 * start gets it there; one whose json was removed does not. */
gboolean store_awaits_json(const Store *store, int64_t since_us);
typedef void (*StoreEach)(const StoreDump *dump, void *data);
void store_each(const Store *store, StoreEach each, void *data);

/* A read-only descriptor, or negative errno. */
int store_open_part(const Store *store, uint64_t serial, RecordPart part);
/* Removes one part; with the last one the dump. 0, -ENOENT. */
int store_remove_part(Store *store, uint64_t serial, RecordPart part);
/* Removes all of it: 0; -ENOENT, or why something of it is left. */
int store_remove(Store *store, uint64_t serial);
/* Copies at most RECORD_ANNEX_MAX bytes of a sealed memfd beside the core; -EINVAL for any other descriptor. */
int store_put_annex(Store *store, uint64_t serial, RecordPart part, int memfd);
