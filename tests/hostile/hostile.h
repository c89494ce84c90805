#pragma once
/*
 * A front that an attacker has taken over: in the place of fs/front.c it talks to the real broker, with the
 * rights of the real front. What each record should come to is judged here by rules of its own, written from
 * records.h, not by record_check().
 */
#include <glib.h>
#include "fs/broker/records.h"

/* hostile-records.c: what is sent */

typedef enum {
	HOSTILE_GOOD,   /* must not be answered EINVAL for its fields */
	HOSTILE_UNSURE, /* its payload decides */
	HOSTILE_WRONG,  /* must be answered EINVAL */
} HostileVerdict;

/* What the broker has told of: places for fields that are to hit something. */
typedef struct {
	GArray *serials; /* guint64, of processes */
	GArray *dumps;   /* guint64, serials of dumps */
	guint64 last_id; /* of an ask of ours */
} HostileKnown;

typedef struct {
	Record record;
	char *payload; /* NULL: none */
	size_t len;
	int fd; /* -1, or ours */
	HostileVerdict verdict;
	gboolean is_answered; /* the kind is one that gets a REPLY or a STREAM */
} HostileRecord;

/* One that is right, about the first process or dump that is known. */
void hostile_good(RecordKind kind, const HostileKnown *known, HostileRecord *ret);
/* The n-th of the records with one field at its boundary, all kinds and fields in turn; FALSE when there is none. */
gboolean hostile_boundary(guint n, const HostileKnown *known, HostileRecord *ret);
/* A kind of the front's with the right length, everything else at random. */
void hostile_random(GRand *rand, const HostileKnown *known, HostileRecord *ret);
void hostile_clear(HostileRecord *record);

/* hostile-fds.c: what is received. NULL when the descriptor is one that the front may have and can do no harm
 * with; else a sentence. *ret_what is one of "stream", "dump", "sidecar", "memfd". */
const char *hostile_look_at_fd(int fd, const char *dump_dir, const char **ret_what);
