#pragma once
/*
 * The broker: the half that keeps its rights. It finds processes, proves who they are, connects, sends
 * the commands of a fixed list, has dumps written and seals them. It reads next to nothing of what a
 * target sends. One thread, no GIO: signalfd, pidfds and helpers.
 */
#include <glib.h>
#include "fs/broker/dump-limits.h"
#include "fs/broker/records.h"
#include "fs/broker/scan.h"
#include "fs/broker/store.h"
#include "fs/broker/target.h"

typedef struct DumpWriter DumpWriter;

typedef struct {
	int link_fd;            /* to the front; taken */
	pid_t front;            /* our child */
	Store *store;           /* borrowed */
	const char *mountpoint; /* absolute */
	guint64 mount_id;       /* of our mount, from mountinfo */
	gboolean root_mode;
	unsigned attach_delay_s;
	unsigned meters_delay_s;  /* RECORD_METERS_OFF: never */
	DumpLimits limits;        /* of dumps */
	RecordWall wall;          /* of this process, told to the front */
	const DumpWriter *writer; /* how they are taken */
	/* Called once: 0 when mounted, INIT answered and the first scan done. */
	void (*ready)(int error, void *data);
	void *ready_data;
} BrokerConfig;

/* Runs until it is told to end, the mount is gone or the front is. The process's exit status: 0 when that
 * was asked for. Detaches the mount. */
int broker_run(const BrokerConfig *config);

/* For the modules of this folder. */

/* Something of a target that the front sees may have changed: sends FOUND when it did. */
void broker_target_changed(Target *target);
/* It runs only until the dumps that are written are whole: no other one begins. */
gboolean broker_is_ending(const Broker *broker);
/* What is not over by now is given up. */
gboolean broker_is_leaving(const Broker *broker);
int broker_inotify_fd(Broker *broker);
Store *broker_store(Broker *broker);
Scan *broker_scan(Broker *broker);
const BrokerConfig *broker_config(Broker *broker);
/* Removes the dumps that keep= and max_age= let go, and tells the front of each. */
void broker_apply_retention(Broker *broker);
Target *broker_find(Broker *broker, uint64_t serial);
/* The living target of that pid, or NULL. */
Target *broker_find_pid(Broker *broker, pid_t pid);

typedef void (*BrokerEachTarget)(Target *target, void *data);
void broker_each_target(Broker *broker, BrokerEachTarget each, void *data);

/* The name of a uid: its number until a helper has looked it up, which this begins. */
const char *broker_user_name(Broker *broker, uid_t uid);

/* Proven: gets its serial, shows it to the front, watches its end. */
void broker_add_target(Broker *broker, Target *target);
/* Ends it: its requests, its dump, its directory. Freed at the next idle moment, or when a dump of it that
 * is being sealed is done (broker_release_target). */
void broker_end_target(Target *target);
void broker_release_target(Target *target);

int broker_send(Broker *broker, const Record *record, const void *payload, size_t len, int fd);
/* REPLY to an ask; text may be NULL. */
void broker_reply(Broker *broker, uint64_t id, uint64_t serial, int error, const char *text);
/* A line of `events`: pairs of key and value, NULL-ended. target may be NULL, then pid 0 is the daemon. */
void broker_notice(Broker *broker, const Target *target, pid_t pid, EventWord word,
                   ...) G_GNUC_NULL_TERMINATED;

/* Whether descriptors are left for a further target; says so, once, when not. */
gboolean broker_has_fds(Broker *broker);
/* Something failed because there were none. */
void broker_no_fds(Broker *broker);
/* Of that user's sockets not all are looked at: for `status`, until it was not said for a while. */
void broker_too_many_sockets(Broker *broker, uid_t uid);

/* asks.c */
void asks_take(Broker *broker, const Record *record, const char *payload, size_t len, int fd);

/* info.c: ProcessInfo, unasked: what the first, proving connection carries; again later where that one came
 * to nothing. `proven` is called when the peer is known to be the process, `failed` when it never was. */
typedef struct {
	void (*proven)(Target *target, void *data);
	void (*failed)(Target *target, int error, void *data);
	void *data;
} InfoCallbacks;
void info_first(Target *target, const InfoCallbacks *callbacks);
/* For an ask of the front. */
void info_ask(Target *target, uint64_t ask);

/* discover.c: from a line to a proven target. */
void discover_line(ScanLine *line, void *broker);
void discover_line_lost(ScanLine *line, void *broker);
void discover_too_many(uid_t uid, void *broker);
/* Every second. */
void discover_tick(Broker *broker);
/* First connects under way (the first scan is done when there are none). */
unsigned discover_attempts(void);

/* attach.c */
void attach_begin(Target *target);    /* after it was proven */
void attach_informed(Target *target); /* its ProcessInfo is there */
void attach_watch(
	Broker *broker); /* every second: stopped or not, its pin, its descriptors, its line */
