/*
 * The table of record kinds, and the check that every record passes before anybody looks at it. It
 * runs on both ends: the broker does not trust the front (which parses what targets send), and the
 * front must not be led out of its arrays by a record that a bug in the broker made.
 */
#include "fs/broker/records.h"
#include <errno.h>
#include <string.h>
#include "ipc/commands.h"

/* Their events are no values: the first has all of the runtime's, the second is how meters are asked for, and is
 * switched off for all by a second request, the third takes stacks. */
static const char *const refused_names[] = {
	"Microsoft-Windows-DotNETRuntime",
	"System.Diagnostics.Metrics",
	"Microsoft-DotNETCore-SampleProfiler",
};

enum {
	FIRST_OF_BROKER = RECORD_FOUND,
	INTERVAL_MIN_MS = 100,
	INTERVAL_MAX_MS = 3600000
};
enum {
	ERRNO_MAX = 4095
};

/* What a kind has to have. */
enum {
	HAS_ID = 1 << 0,
	HAS_SERIAL = 1 << 1,
	HAS_ID_OR_SERIAL = 1 << 2,
	HAS_FD = 1 << 3,
	MAY_HAVE_FD = 1 << 4,
	MAY_HAVE_PAYLOAD = 1 << 5,
	HAS_ROW = 1 << 6,
	HAS_INTERVAL = 1 << 7,
	HAS_TYPE = 1 << 8,
	HAS_REASON = 1 << 9,
	HAS_PART = 1 << 10,
	HAS_JSON_PART = 1 << 11,
	HAS_STATE = 1 << 12,
	HAS_WORD = 1 << 13,
	HAS_PID = 1 << 14,
	HAS_SEALED = 1 << 15,
	HAS_MAJOR = 1 << 16,
	HAS_VALUES = 1 << 17,
};

typedef struct {
	const char *name; /* NULL: no such kind */
	unsigned has;
} Kind;

static const Kind kinds[RECORD_N_KINDS] = {
	[RECORD_READY] = { "ready", 0 },
	[RECORD_ASK_INFO] = { "ask-info", HAS_ID | HAS_SERIAL },
	[RECORD_ASK_ENVIRON] = { "ask-environ", HAS_ID | HAS_SERIAL },
	[RECORD_ASK_PROC] = { "ask-proc", HAS_ID | HAS_SERIAL },
	[RECORD_ASK_LIMIT] = { "ask-limit", HAS_ID | HAS_SERIAL | HAS_MAJOR },
	[RECORD_START_SESSION] = { "start-session", HAS_ID | HAS_SERIAL | HAS_ROW | HAS_INTERVAL |
	                                                    HAS_VALUES | MAY_HAVE_PAYLOAD },
	[RECORD_STOP_SESSION] = { "stop-session", HAS_ID | HAS_SERIAL | HAS_ROW },
	[RECORD_PREFLIGHT] = { "preflight", HAS_ID | HAS_SERIAL | HAS_TYPE },
	[RECORD_DUMP] = { "dump", HAS_ID | HAS_SERIAL | HAS_TYPE | HAS_REASON },
	[RECORD_OPEN_DUMP] = { "open-dump", HAS_ID | HAS_SERIAL | HAS_PART },
	[RECORD_REMOVE_DUMP] = { "remove-dump", HAS_ID | HAS_SERIAL | HAS_PART },
	[RECORD_ANNEX] = { "annex", HAS_ID | HAS_SERIAL | HAS_PART | HAS_JSON_PART | HAS_FD },
	[RECORD_CANCEL] = { "cancel", HAS_ID },
	[RECORD_DUMP_CONFIRM] = { "dump-confirm", HAS_ID },
	[RECORD_DUMP_WITHDRAW] = { "dump-withdraw", HAS_ID | HAS_SERIAL },
	[RECORD_PING] = { "ping", 0 },

	[RECORD_FOUND] = { "found", HAS_SERIAL | MAY_HAVE_PAYLOAD },
	[RECORD_GONE] = { "gone", HAS_SERIAL },
	[RECORD_SCANNED] = { "scanned", 0 },
	[RECORD_REPLY] = { "reply", HAS_ID_OR_SERIAL | MAY_HAVE_FD | MAY_HAVE_PAYLOAD },
	[RECORD_STREAM] = { "stream", HAS_SERIAL | HAS_ROW | HAS_FD },
	[RECORD_DUMP_PROGRESS] = { "dump-progress", HAS_SERIAL | HAS_STATE },
	[RECORD_DUMP_SEALED] = { "dump-sealed", HAS_SERIAL | HAS_SEALED | MAY_HAVE_PAYLOAD },
	[RECORD_DUMP_FAILED] = { "dump-failed", HAS_ID_OR_SERIAL | MAY_HAVE_PAYLOAD },
	[RECORD_NOTICE] = { "notice", HAS_WORD | HAS_PID | MAY_HAVE_PAYLOAD },
	[RECORD_ENDING] = { "ending", 0 },
	[RECORD_STOP] = { "stop", 0 },
	[RECORD_HEALTH] = { "health", 0 },
	[RECORD_DUMP_REMOVED] = { "dump-removed", HAS_SERIAL | MAY_HAVE_PAYLOAD },
};

static const Kind *find_kind(guint32 kind)
{
	return kind < RECORD_N_KINDS && kinds[kind].name ? &kinds[kind] : NULL;
}

Record record_new(RecordKind kind)
{
	Record record;

	/* The padding too: what is not set must not carry bytes of this process to the other. */
	memset(&record, 0, sizeof record);
	record.magic = RECORD_MAGIC;
	record.kind = kind;
	return record;
}

static gboolean check_frame(const Record *record, size_t payload_len, gboolean has_fd, unsigned has)
{
	if (record->payload_len != payload_len || payload_len > RECORD_PAYLOAD_MAX)
		return FALSE;
	if (payload_len && !(has & MAY_HAVE_PAYLOAD))
		return FALSE;
	if (has & HAS_FD)
		return has_fd;
	return !has_fd || has & MAY_HAVE_FD;
}

/* Without it nothing could be answered. */
static gboolean check_id(const Record *record, unsigned has)
{
	if (has & HAS_ID && !record->id)
		return FALSE;
	return !(has & HAS_ID_OR_SERIAL) || record->id || record->serial;
}

/* The front has no errors to tell. */
static gboolean check_error(const Record *record, gboolean from_front)
{
	return from_front ? !record->error : record->error <= 0 && record->error >= -ERRNO_MAX;
}

static gboolean is_dump_type(guint32 type)
{
	return type >= IPC_DUMP_MINI && type <= IPC_DUMP_FULL;
}

static gboolean check_sealed(const RecordSealed *sealed)
{
	return is_dump_type(sealed->type) && is_dump_type(sealed->written_type) &&
	       sealed->parts < 1u << RECORD_N_PARTS && sealed->reason <= RECORD_REASON_DEMAND &&
	       sealed->json_due <= 1;
}

static gboolean check_values(const Record *record, unsigned has)
{
	if (has & HAS_SERIAL && !record->serial)
		return FALSE;
	if (has & HAS_ROW && record->row >= RECORD_N_SESSIONS)
		return FALSE;
	if (has & HAS_INTERVAL &&
	    (record->interval_ms < INTERVAL_MIN_MS || record->interval_ms > INTERVAL_MAX_MS))
		return FALSE;
	if (has & HAS_TYPE && !is_dump_type(record->type))
		return FALSE;
	if (has & HAS_REASON && record->reason > RECORD_REASON_DEMAND)
		return FALSE;
	if (has & HAS_PART && record->part >= RECORD_N_PARTS)
		return FALSE;
	if (has & HAS_JSON_PART && record->part != RECORD_PART_JSON)
		return FALSE;
	if (has & HAS_STATE && record->state > RECORD_DUMP_CONFIRMING)
		return FALSE;
	if (has & HAS_WORD && record->word >= EVENT_N_WORDS)
		return FALSE;
	if (has & HAS_PID && record->pid < 0)
		return FALSE;
	if (has & HAS_MAJOR && record->value > RECORD_MAJOR_MAX)
		return FALSE;
	if (has & HAS_VALUES && (record->values.meters > 1 || record->values.shared > 1))
		return FALSE;
	return !(has & HAS_SEALED) || check_sealed(&record->sealed);
}

int record_check(const Record *record, size_t payload_len, gboolean has_fd, gboolean from_front)
{
	const Kind *kind = find_kind(record->kind);

	if (record->magic != RECORD_MAGIC || !kind ||
	    from_front != (record->kind < FIRST_OF_BROKER))
		return -EPROTO;
	if (!check_frame(record, payload_len, has_fd, kind->has) || !check_id(record, kind->has))
		return -EPROTO;
	if (check_error(record, from_front) && check_values(record, kind->has))
		return 0;
	/* Nobody answers the broker: a value of its that is out of range is a broken peer. */
	return from_front ? -EINVAL : -EPROTO;
}

const char *record_text(const char *payload, size_t len, unsigned i)
{
	while (len) {
		const char *end = memchr(payload, '\0', len);

		if (!end)
			break;
		if (!i--)
			return payload;
		len -= (size_t)(end + 1 - payload);
		payload = end + 1;
	}
	return "";
}

gboolean record_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > RECORD_NAME_MAX)
		return FALSE;
	/* What begins so is of the same family: ...RuntimeRundown, ...RuntimeStress */
	for (unsigned i = 0; i < G_N_ELEMENTS(refused_names); i++)
		if (!g_ascii_strncasecmp(name, refused_names[i], strlen(refused_names[i])))
			return FALSE;
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("._-", *p))
			return FALSE;
	return TRUE;
}

void record_client_text(const uint64_t client[2], char ret[RECORD_CLIENT_TEXT_SIZE])
{
	g_snprintf(ret, RECORD_CLIENT_TEXT_SIZE, "%08x-%04x-%04x-%04x-%012" G_GINT64_MODIFIER "x",
	           (unsigned)(client[0] >> 32), (unsigned)(client[0] >> 16 & 0xffff),
	           (unsigned)(client[0] & 0xffff), (unsigned)(client[1] >> 48),
	           (guint64)(client[1] & 0xffffffffffff));
}

const char *record_kind_name(guint32 kind)
{
	const Kind *row = find_kind(kind);

	return row ? row->name : "unknown";
}
