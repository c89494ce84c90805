#pragma once
/* What the two files of the wire share. */
#include "fs/broker/link.h"
#include "fs/edge/edge.h"
#include "tests/wire/fuse-wire.h"

/* An ask that the model sent and no test took yet. */
typedef struct {
	Record record;
	int fd;
} WireAsk;

struct Wire {
	Settings settings;
	Model *model;
	Edge *edge;
	gboolean ready;
	gboolean ended;

	/* the kernel */
	int kernel_fd;
	guint64 last_unique;
	uid_t uid; /* of the next request */
	gid_t gid;
	GHashTable *open;     /* unique -> itself: sent, not answered */
	GHashTable *answers;  /* unique -> GByteArray, header and all */
	GHashTable *notified; /* kh -> count */

	/* the broker */
	Link *link;
	GQueue asks;         /* of WireAsk */
	GHashTable *streams; /* serial -> WireStream */
};

void wire_broker_init(Wire *wire, int fd);
void wire_broker_clear(Wire *wire);
