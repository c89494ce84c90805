#pragma once
/*
 * The records that front and broker exchange over one SEQPACKET socketpair: a header of 256 bytes,
 * at most 65,536 bytes of payload, at most one descriptor.
 *
 * All is typed and bounded, so that neither side can be made to do what is not in this table.
 * The broker never takes a path, a command or bytes for a target from the front.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	RECORD_HEADER_SIZE = 256,
	RECORD_PAYLOAD_MAX = 65536,
	RECORD_ASKS_MAX = 32,     /* outstanding; one per target */
	RECORD_ASKS_RESERVED = 8, /* of them for dump, preflight, open dump, remove dump */
	RECORD_NAMES_MAX = 64,
	RECORD_NAME_MAX = 128,
	RECORD_ANNEX_MAX = 1 << 20,
	RECORD_MAJOR_MAX = 1000,     /* of a runtime's version */
	RECORD_METERS_OFF = 1000000, /* as meters_delay: never */
};

typedef enum {
	RECORD_INVALID = 0,

	/* front -> broker; each ask has an id > 0 and is answered by REPLY with that id
	 * (START_SESSION by STREAM when it succeeds) */
	RECORD_READY,    /* INIT was answered; and once more after SCANNED was taken in. No reply */
	RECORD_ASK_INFO, /* serial. REPLY: payload = ProcessInfo's, unread; value = version */
	RECORD_ASK_ENVIRON, /* serial. REPLY: fd = sealed memfd, value = RecordEnviron */
	/* serial. REPLY: payload = RecordProc. Allowed in every state of the target, also beside a dump and an
	 * unanswered request: nothing is sent to it. -EBUSY while an earlier one counts descriptors */
	RECORD_ASK_PROC,
	/* serial, value = major version of the runtime as ProcessInfo says it, 0 unknown (3.1 is known to the
	 * broker). REPLY: payload = RecordLimit and a NUL-ended text that names the source; or -EOPNOTSUPP and a
	 * sentence: "no limit: ..." or "unknown: ...". Allowed in every state, like ASK_PROC; -EBUSY while one is
	 * answered */
	RECORD_ASK_LIMIT,
	RECORD_START_SESSION, /* serial, row, interval_ms, values; payload = names, NUL-ended each.
			       * STREAM or REPLY */
	RECORD_STOP_SESSION,  /* serial, row. REPLY when the runtime answered */
	RECORD_PREFLIGHT, /* serial, type = IpcDumpType. REPLY: error and a sentence as payload */
	RECORD_DUMP, /* serial, type, reason. REPLY at once (accepted or errno and sentence), then
			       * DUMP_PROGRESS.., and DUMP_SEALED or DUMP_FAILED with this id */
	RECORD_OPEN_DUMP,    /* serial = dump's, part. REPLY: fd */
	RECORD_REMOVE_DUMP,  /* serial = dump's, part. REPLY */
	RECORD_ANNEX,        /* serial = dump's, part (JSON), fd = sealed memfd. REPLY */
	RECORD_CANCEL,       /* id of an ask: dropped when unsent. No reply */
	RECORD_DUMP_CONFIRM, /* id of a DUMP, value: 1 begin, 0 drop it. Answers a DUMP_PROGRESS in
			      * state CONFIRM; without effect on any other. No reply */
	RECORD_DUMP_WITHDRAW, /* id of a DUMP, serial = process's: ends it with -ECANCELED unless it has begun,
			       * else without effect. No reply of its own */
	RECORD_PING, /* each second: it is alive. No reply */

	/* broker -> front */
	RECORD_FOUND = 64, /* serial: a process, or news of it; RecordFound, payload = texts */
	RECORD_GONE,       /* serial */
	RECORD_SCANNED,    /* the first scan and its peer credentials are done */
	RECORD_REPLY,      /* id (0: ProcessInfo that was not asked for); error (0 or
			       * negative errno) */
	RECORD_STREAM,     /* id, serial, row, fd: the event stream, behind the reply; value = age
			    * of the socket (us) when it was asked for, G_MAXUINT64 unknown */
	RECORD_DUMP_PROGRESS, /* id, serial = process's, value = bytes so far, state;
			       * RecordProgress */
	RECORD_DUMP_SEALED,   /* id (0: from the store at start), serial = dump's;
			       * RecordSealed, payload = texts */
	RECORD_DUMP_FAILED, /* id, error (-ECANCELED: dropped, as CONFIRM or WITHDRAW said); payload =
			       * sentence or createdump's own text */
	RECORD_NOTICE, /* a line for `events`: serial or 0, pid, word; payload = keys and values, NUL-ended each */
	RECORD_ENDING,       /* the end has begun: stop the sessions */
	RECORD_STOP,         /* end: answer what waits, stop the sessions, close and exit 0 */
	RECORD_HEALTH,       /* value = RSS of the broker in kB; RecordHealth */
	RECORD_DUMP_REMOVED, /* serial = dump's: retention took it, all parts; payload = why, a word */
	RECORD_N_KINDS,
} RecordKind;

/* Rows of the session table; the broker alone knows what they contain. */
typedef enum {
	RECORD_SESSION_COUNTERS, /* the named EventCounter providers; keywords 0, level 1; meters, if so asked */
	RECORD_SESSION_COUNTERS_NEXT, /* the same: two of them overlap while one takes the other's place */
	RECORD_SESSION_GC,            /* the runtime's own GC events; keyword 1, level 5 */
	RECORD_SESSION_COLLECTIONS, /* the same at level 4: without allocation ticks */
	RECORD_N_SESSIONS,
} RecordSession;

typedef enum {
	RECORD_PART_CORE,
	RECORD_PART_JSON,
	RECORD_N_PARTS,
} RecordPart;

typedef enum {
	RECORD_REASON_TRIGGER,
	RECORD_REASON_DEMAND,
} RecordReason;

typedef enum {
	RECORD_DUMP_QUEUED,
	RECORD_DUMP_RUNNING,
	RECORD_DUMP_CONFIRMING, /* its turn after a while in the queue: DUMP_CONFIRM is waited for */
} RecordDumpState;

/* value of a REPLY that refuses. */
enum {
	RECORD_REFUSED_QUEUE_FULL = 1, /* to a DUMP: too many wait already */
};

typedef enum {
	RECORD_ENVIRON_IPC,  /* the continuation of GetProcessEnvironment, unread */
	RECORD_ENVIRON_PROC, /* /proc/PID/environ: KEY=VALUE, NUL-ended */
} RecordEnviron;

enum {
	RECORD_FOUND_ATTACHABLE = 1 << 0, /* counters may be asked for */
	RECORD_FOUND_STOPPED = 1 << 1,    /* state T or t; nothing is sent to it */
	RECORD_FOUND_UNLINKED = 1 << 2,   /* its socket file is gone; the pin still connects */
	RECORD_FOUND_NO_FDS = 1 << 3,     /* it has no free descriptor: not connected to */
	RECORD_FOUND_PAUSED = 1 << 4,  /* suspended at start, waits for a resume that is not ours */
	RECORD_FOUND_OLD = 1 << 5,     /* knows no ProcessInfo: 3.1 */
	RECORD_FOUND_BUSY = 1 << 6,    /* a request is unanswered past its deadline */
	RECORD_FOUND_REFUSED = 1 << 7, /* the last connect was refused */
	RECORD_FOUND_METERS_DUE = 1 << 8, /* it is meters_delay old */
	RECORD_FOUND_METERS_SURE =
		1 << 9, /* it is so old that nothing else is looked at, 10 minutes; or
					* meters_delay is 0 */
	RECORD_FOUND_INSECURE = 1 << 10, /* others may write to its socket */
	RECORD_FOUND_NO_INFO =
		1 << 11, /* it answers ProcessInfo with what is no reply, or an error */
};

enum {
	RECORD_HEALTH_NO_FDS = 1 << 0,           /* the broker is out of descriptors */
	RECORD_HEALTH_TOO_MANY_SOCKETS = 1 << 1, /* of sockets_uid: not all are looked at */
};

/* Why a line is in `events`. */
typedef enum {
	EVENT_FOUND,
	EVENT_GONE,
	EVENT_ATTACHED,
	EVENT_SESSION_LOST,
	EVENT_ARMED,
	EVENT_DISARMED,
	EVENT_FIRED,
	EVENT_MISSED,
	EVENT_DUMP_STARTED,
	EVENT_DUMP_DONE,
	EVENT_DUMP_FAILED,
	EVENT_DUMP_REMOVED,
	EVENT_REFUSED,
	EVENT_WARNING,
	EVENT_N_WORDS,
} EventWord;

#define RECORD_PROC_UNKNOWN UINT64_MAX

/* What /proc says of a process. */
typedef struct {
	uint64_t rss_bytes; /* VmRSS of /proc/PID/status */
	uint64_t threads;   /* Threads of /proc/PID/status */
	uint64_t fds;       /* entries of /proc/PID/fd; RECORD_PROC_UNKNOWN: it could not be told */
} RecordProc;

/* The limit of a process's managed heap, as its runtime has it since its start. */
typedef struct {
	uint64_t bytes; /* > 0 */
} RecordLimit;

typedef struct {
	pid_t pid;   /* in our pid namespace: the directory's name */
	pid_t nspid; /* as the target sees itself */
	uid_t uid;   /* its user */
	gid_t gid;
	uid_t owner; /* of its directory: its user, or root (owner.h) */
	gid_t owner_gid;
	uint64_t start_ticks; /* stat field 22 */
	int64_t start_us;     /* wall clock */
	int64_t socket_us;    /* ctime of the socket inode, wall clock; 0 unknown */
	uint32_t flags;       /* RECORD_FOUND_* */
} RecordFound; /* payload: user, command line (blanks between arguments), socket path, why root owns it, a NUL each */

typedef struct {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint32_t type;           /* IpcDumpType as asked */
	uint32_t written_type;   /* as written: a single-file target gets full */
	uint32_t parts;          /* bits 1 << RecordPart */
	uint32_t reason;         /* RecordReason */
	uint32_t json_due;       /* 1: nobody has stored its json so far */
	uint64_t process_serial; /* 0 when that process is gone */
	uint64_t size;           /* of the core, bytes */
	uint64_t json_size;
	int64_t requested_us; /* wall clock */
	int64_t sealed_us;
	uint64_t start_ticks;
	int64_t start_us;     /* of the process, wall clock; 0 unknown */
	int64_t frozen_us;    /* how long the process stood still for it; -1 unknown */
	int64_t frozen_at_us; /* wall clock, when it was first seen to; 0 unknown */
} RecordSealed; /* payload: "core_DATE_TIME[_N]" (no pid), path in the store, a NUL each */

typedef struct {
	uint64_t expected; /* bytes that the dump may need at most; 0 unknown */
} RecordProgress;

/* What else a session of counters has: with `meters` the names are meters' too, and "*" may be one. */
typedef struct {
	uint32_t meters;    /* 0 or 1 */
	uint32_t shared;    /* 1: joins the meters' session that all tools share, from .NET 8 on */
	uint64_t client[2]; /* not 0: the id by which the runtime tells its clients apart */
} RecordValues;

/* What a process of ours is left with. */
typedef struct {
	uint64_t capabilities; /* permitted: bits 1 << CAP_* */
	uint32_t uid;          /* effective */
	uint32_t no_new_privs; /* 0 or 1 */
	uint32_t seccomp;      /* 0 or 1: it filters its system calls */
} RecordWall;

typedef struct {
	RecordWall wall;   /* of the broker */
	uint32_t flags;    /* RECORD_HEALTH_* */
	uid_t sockets_uid; /* -1: users that cannot be told */
} RecordHealth;

typedef struct {
	uint32_t magic;
	uint32_t kind; /* RecordKind */
	uint64_t id;
	uint64_t serial;
	uint32_t payload_len;
	int32_t error; /* 0 or negative errno */
	uint64_t value;
	uint32_t row;         /* RecordSession */
	uint32_t interval_ms; /* 100 to 3,600,000 */
	uint32_t type;        /* IpcDumpType */
	uint32_t reason;      /* RecordReason */
	uint32_t part;        /* RecordPart */
	uint32_t state;       /* RecordDumpState */
	uint32_t word;        /* EventWord */
	int32_t pid;          /* of a NOTICE */
	union {
		RecordFound found;
		RecordSealed sealed;
		RecordProgress progress;
		RecordValues values;
		RecordHealth health;
		uint8_t pad[RECORD_HEADER_SIZE - 72];
	};
} Record;

G_STATIC_ASSERT(sizeof(Record) == RECORD_HEADER_SIZE);

#define RECORD_MAGIC 0x54444653u /* "TDFS" */

/* An empty record of a kind. */
Record record_new(RecordKind kind);

/*
 * What the receiver checks before anything else: kind of this direction, payload length, descriptor
 * there or not as the kind says, an id to answer to, numbers and enumerations in range. 0, -EINVAL
 * for a value of the front's (to be answered so), or -EPROTO for what ends the connection.
 */
int record_check(const Record *record, size_t payload_len, gboolean has_fd, gboolean from_front);

/* The i-th NUL-ended text of a payload, "" when there is none; never runs past the end. */
const char *record_text(const char *payload, size_t len, unsigned i);

const char *record_kind_name(guint32 kind);

/* COUNTERS or COUNTERS_NEXT. */
static inline gboolean record_session_has_counters(guint32 row)
{
	return row == RECORD_SESSION_COUNTERS || row == RECORD_SESSION_COUNTERS_NEXT;
}

/* A name that a session may have: [A-Za-z0-9._-]{1,128}, not the runtime's own providers, which come from the
 * rows of the session table alone, and not those of its profiler and of what asks for meters. */
gboolean record_name_valid(const char *name);

enum {
	RECORD_CLIENT_TEXT_SIZE = 37
};
/* client as the GUID that the runtime is given, and says in its errors. */
void record_client_text(const uint64_t client[2], char ret[RECORD_CLIENT_TEXT_SIZE]);
