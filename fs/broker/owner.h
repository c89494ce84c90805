#pragma once
/*
 * Whose are the files of a process: its user's, when that user could look into it by other means (the kernel's rule
 * for ptrace and /proc/PID/mem), else root's. So that what a set-uid program, one with capabilities or one that made
 * itself undumpable keeps from its own user is kept from him here, too.
 */
#include <stdint.h>
#include <sys/types.h>
#include "ipc/discovery.h"

typedef struct {
	uid_t uid;
	gid_t gid;
	const char *
		why; /* a constant sentence, when they are root's although the process is not; else NULL */
} Owner;

/*
 * What is known of it: the owner of its /proc/PID/stat, which is its effective user only while it can be dumped, and
 * AT_SECURE of its auxiliary vector (auxv(5), an entry of two longs each; 64-bit or 32-bit). -1: it could not be
 * told.
 */
typedef struct {
	uid_t stat_uid;
	int secure; /* 0, 1, or -1 */
} OwnerFacts;

Owner owner_of(const DiscoveryStatus *status, const OwnerFacts *facts);

/* AT_SECURE in the bytes of /proc/PID/auxv. */
int owner_parse_auxv(const void *bytes, size_t len);

/* The owner of /proc/PID/stat. 0 or negative errno. */
int owner_read_stat_uid(int procfd, uid_t *ret);

/* As root reads them. As a plain user all that is shown is that user's own: {our uid, our gid}. */
Owner owner_read(int procfd, const DiscoveryStatus *status);
