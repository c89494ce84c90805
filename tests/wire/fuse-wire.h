#pragma once
/*
 * The front without a mount and without a broker: the edge speaks over a SEQPACKET pair with a
 * kernel that is played here (structures of <linux/fuse.h>), the model over its own pair with a
 * broker that is played here too. One thread, one main context: after wire_settle() everything that
 * could happen without waiting has happened.
 *
 * For every request it is checked that it is answered at most once, and wire_free() checks that
 * each was answered.
 */
#include <glib.h>
#include <linux/fuse.h>
#include "fs/broker/records.h"
#include "fs/model/model.h"

typedef struct Wire Wire;

enum {
	WIRE_PID = 4807, /* of the process that wire_found() tells of first */
	WIRE_UID = 1234,
	WIRE_GID = 5678,
	WIRE_MOUNTER_UID = 11,
	WIRE_MOUNTER_GID = 12,
	WIRE_GROUP = 77,
	WIRE_DEADLINE_S = 20, /* a test that waits longer has failed */
};

/* INIT is done; no process is there. interval_ms: of counters, which decides how long a READ may
 * wait for the first sample (two of them, 5 s at most). */
Wire *wire_new(unsigned interval_ms);
/* With -o hide=others, or without -o group=. */
Wire *wire_new_with(unsigned interval_ms, gboolean has_group, gboolean hide_others);
void wire_free(Wire *wire);
Model *wire_model(const Wire *wire);
/* Whose the requests are from here on; root's at first. */
void wire_as(Wire *wire, uid_t uid, gid_t gid);

/* Runs what is due, without waiting. */
void wire_settle(Wire *wire);
/* Waits for a condition; gives up with an error. */
void wire_iterate(Wire *wire, const char *what);
#define wire_until(wire, condition)                                                         \
	do {                                                                                \
		gint64 end_us_ = g_get_monotonic_time() + WIRE_DEADLINE_S * G_USEC_PER_SEC; \
		while (!(condition) && g_get_monotonic_time() < end_us_)                    \
			wire_iterate(wire, #condition);                                     \
		g_assert_true(condition);                                                   \
	} while (0)

/* --- the kernel's side --- */

/* Returns the request's number. body may be NULL. */
guint64 wire_send(Wire *wire, guint32 opcode, guint64 ino, const void *body, gsize len);
/* Bytes as they are, header and all. */
void wire_send_raw(Wire *wire, const void *data, gsize len);
gboolean wire_is_answered(const Wire *wire, guint64 unique);
/* Waits for the answer: 0 or a negative errno; the body goes to *ret (may be NULL), to be freed. */
int wire_answer(Wire *wire, guint64 unique, GByteArray **ret);
/* The same with a body of one structure; it must have that size. */
int wire_answer_struct(Wire *wire, guint64 unique, void *ret, gsize size);
guint wire_unanswered(const Wire *wire);
/* The edge said that the connection ended. */
gboolean wire_is_ended(const Wire *wire);
/* How often poll's handle `kh` was notified. */
guint wire_notified(const Wire *wire, guint64 kh);
/* Closes the kernel's end. */
void wire_hang_up(Wire *wire);
/* Frees the edge alone, then takes in what it still answered. */
void wire_stop_edge(Wire *wire);
guint wire_edge_pending(const Wire *wire);
guint wire_edge_open_files(const Wire *wire);
guint wire_edge_armed(const Wire *wire);

int wire_lookup(Wire *wire, guint64 parent, const char *name, struct fuse_entry_out *ret);
int wire_getattr(Wire *wire, guint64 ino, struct fuse_attr_out *ret);
int wire_setattr(Wire *wire, guint64 ino, guint32 valid, struct fuse_attr_out *ret);
guint64 wire_send_open(Wire *wire, guint64 ino, guint32 flags);
int wire_open(Wire *wire, guint64 ino, guint32 flags, struct fuse_open_out *ret);
guint64 wire_send_read(Wire *wire, guint64 ino, guint64 fh, guint64 offset, guint32 size,
                       guint32 flags);
int wire_read(Wire *wire, guint64 ino, guint64 fh, guint64 offset, guint32 size, GByteArray **ret);
guint64 wire_send_write(Wire *wire, guint64 ino, guint64 fh, guint64 offset, const char *data,
                        gsize len);
int wire_write(Wire *wire, guint64 ino, guint64 fh, guint64 offset, const char *data, gsize len);
guint64 wire_send_unlink(Wire *wire, guint64 parent, const char *name);
int wire_release(Wire *wire, guint64 ino, guint64 fh);
int wire_poll(Wire *wire, guint64 ino, guint64 fh, guint64 kh, guint32 *ret_events);
/* The value, or all names; -ERANGE when it is longer than size. size 0: how long it is, in *ret_size. */
int wire_getxattr(Wire *wire, guint64 ino, const char *name, guint32 size, GByteArray **ret,
                  guint32 *ret_size);
int wire_listxattr(Wire *wire, guint64 ino, guint32 size, GByteArray **ret, guint32 *ret_size);
int wire_setxattr(Wire *wire, guint64 ino, const char *name, const char *value);
int wire_removexattr(Wire *wire, guint64 ino, const char *name);
void wire_interrupt(Wire *wire, guint64 unique);

typedef struct {
	guint64 ino;
	guint64 cookie;
	guint32 type; /* DT_* */
	char name[256];
} WireEntry;

/* One READDIR from a cookie, of a buffer of `size`: entries appended. */
int wire_readdir(Wire *wire, guint64 ino, guint64 cookie, guint32 size, GArray *entries);
/* The whole directory, `size` bytes at a time. */
GArray *wire_list(Wire *wire, guint64 ino, guint32 size);
const WireEntry *wire_find(const GArray *entries, const char *name);

/* The inode of a path of names; must be there. */
guint64 wire_walk(Wire *wire, const char *path);
/* open, read to the end, release: 0 or a negative errno. *ret to be freed. */
int wire_text(Wire *wire, const char *path, char **ret);
/* open, write, release. */
int wire_command(Wire *wire, const char *path, const char *text);

/* --- the broker's side --- */

/* FOUND: RECORD_FOUND_* flags. The process is there when it returns. */
void wire_found(Wire *wire, guint64 serial, pid_t pid, guint32 flags);
/* The same again, with another owner of its files. */
void wire_owner(Wire *wire, guint64 serial, pid_t pid, uid_t owner);
void wire_gone(Wire *wire, guint64 serial);
Process *wire_process(const Wire *wire, guint64 serial);
/* Waits for the next ask of a kind (others stay) and takes it. */
Record wire_ask(Wire *wire, RecordKind kind);
gboolean wire_has_ask(const Wire *wire, RecordKind kind);
/* REPLY. Takes fd (or -1); text may be NULL. */
void wire_reply(Wire *wire, guint64 id, int error, int fd, guint64 value, const char *text);
/* A memfd with these bytes, sealed. */
int wire_memfd(const void *data, gsize len);
/* DUMP_SEALED of a process's dump from the store, core and json; it is listed on return. */
void wire_sealed(Wire *wire, guint64 dump, guint64 process, const char *name, guint64 size);
/* DUMP_FAILED for the ask `id`. */
void wire_dump_failed(Wire *wire, guint64 id, guint64 serial, int error, const char *text);
/* Answers the START_SESSION under way with a stream. */
void wire_stream(Wire *wire, guint64 serial);
/* One report of gc-heap-size, or of another provider's counter; taken in on return. */
void wire_sample(Wire *wire, guint64 serial, double mb);
void wire_sample_of(Wire *wire, guint64 serial, const char *provider, const char *name,
                    double value);
/* Ends the stream. */
void wire_stream_end(Wire *wire, guint64 serial);
