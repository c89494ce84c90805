#pragma once
/*
 * What file system the store is on. A dump is written while its process is frozen: a file system that may wait for
 * a process of this machine (FUSE: for that very one, or for us), or for another machine, would keep it so.
 */

typedef enum {
	STORE_ON_DISK,
	STORE_IN_MEMORY, /* counts against the memory of the process's cgroup */
	STORE_UNFIT,     /* no dump is written there; all that is not known to be fit */
} StoreKind;

/* fd: of a directory. *ret_name: what it is called, for sentences; NULL when it is not known. */
StoreKind store_kind_of(int fd, const char **ret_name);
