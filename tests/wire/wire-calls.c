/* Requests as a kernel makes them, and what programs do with several of them. */
#include "tests/wire/fuse-wire.h"

#include <fcntl.h>
#include <string.h>

int wire_lookup(Wire *wire, guint64 parent, const char *name, struct fuse_entry_out *ret)
{
	guint64 unique = wire_send(wire, FUSE_LOOKUP, parent, name, strlen(name) + 1);

	return wire_answer_struct(wire, unique, ret, sizeof(*ret));
}

int wire_getattr(Wire *wire, guint64 ino, struct fuse_attr_out *ret)
{
	struct fuse_getattr_in in = { 0 };

	return wire_answer_struct(wire, wire_send(wire, FUSE_GETATTR, ino, &in, sizeof(in)), ret,
	                          sizeof(*ret));
}

int wire_setattr(Wire *wire, guint64 ino, guint32 valid, struct fuse_attr_out *ret)
{
	struct fuse_setattr_in in = { .valid = valid };

	return wire_answer_struct(wire, wire_send(wire, FUSE_SETATTR, ino, &in, sizeof(in)), ret,
	                          sizeof(*ret));
}

guint64 wire_send_open(Wire *wire, guint64 ino, guint32 flags)
{
	struct fuse_open_in in = { .flags = flags };

	return wire_send(wire, FUSE_OPEN, ino, &in, sizeof(in));
}

int wire_open(Wire *wire, guint64 ino, guint32 flags, struct fuse_open_out *ret)
{
	return wire_answer_struct(wire, wire_send_open(wire, ino, flags), ret, sizeof(*ret));
}

guint64 wire_send_read(Wire *wire, guint64 ino, guint64 fh, guint64 offset, guint32 size,
                       guint32 flags)
{
	struct fuse_read_in in = { .fh = fh, .offset = offset, .size = size, .flags = flags };

	return wire_send(wire, FUSE_READ, ino, &in, sizeof(in));
}

int wire_read(Wire *wire, guint64 ino, guint64 fh, guint64 offset, guint32 size, GByteArray **ret)
{
	return wire_answer(wire, wire_send_read(wire, ino, fh, offset, size, 0), ret);
}

guint64 wire_send_write(Wire *wire, guint64 ino, guint64 fh, guint64 offset, const char *data,
                        gsize len)
{
	struct fuse_write_in in = { .fh = fh, .offset = offset, .size = (guint32)len };
	g_autoptr(GByteArray) body = g_byte_array_new();

	g_byte_array_append(body, (const guint8 *)&in, sizeof(in));
	g_byte_array_append(body, (const guint8 *)data, (guint)len);
	return wire_send(wire, FUSE_WRITE, ino, body->data, body->len);
}

int wire_write(Wire *wire, guint64 ino, guint64 fh, guint64 offset, const char *data, gsize len)
{
	struct fuse_write_out out;
	int error = wire_answer_struct(wire, wire_send_write(wire, ino, fh, offset, data, len),
	                               &out, sizeof(out));

	if (error == 0)
		g_assert_cmpuint(out.size, ==, len);
	return error;
}

guint64 wire_send_unlink(Wire *wire, guint64 parent, const char *name)
{
	return wire_send(wire, FUSE_UNLINK, parent, name, strlen(name) + 1);
}

int wire_release(Wire *wire, guint64 ino, guint64 fh)
{
	struct fuse_release_in in = { .fh = fh };

	return wire_answer(wire, wire_send(wire, FUSE_RELEASE, ino, &in, sizeof(in)), NULL);
}

int wire_poll(Wire *wire, guint64 ino, guint64 fh, guint64 kh, guint32 *ret_events)
{
	struct fuse_poll_in in = { .fh = fh, .kh = kh, .flags = FUSE_POLL_SCHEDULE_NOTIFY };
	struct fuse_poll_out out = { 0 };
	int error = wire_answer_struct(wire, wire_send(wire, FUSE_POLL, ino, &in, sizeof(in)), &out,
	                               sizeof(out));

	*ret_events = out.revents;
	return error;
}

static int answer_xattr(Wire *wire, guint64 unique, guint32 size, GByteArray **ret,
                        guint32 *ret_size)
{
	struct fuse_getxattr_out out = { 0 };
	int error;

	if (size > 0)
		return wire_answer(wire, unique, ret);
	error = wire_answer_struct(wire, unique, &out, sizeof(out));
	*ret_size = out.size;
	return error;
}

int wire_getxattr(Wire *wire, guint64 ino, const char *name, guint32 size, GByteArray **ret,
                  guint32 *ret_size)
{
	struct fuse_getxattr_in in = { .size = size };
	g_autoptr(GByteArray) body = g_byte_array_new();

	g_byte_array_append(body, (const guint8 *)&in, sizeof(in));
	g_byte_array_append(body, (const guint8 *)name, (guint)strlen(name) + 1);
	return answer_xattr(wire, wire_send(wire, FUSE_GETXATTR, ino, body->data, body->len), size,
	                    ret, ret_size);
}

int wire_listxattr(Wire *wire, guint64 ino, guint32 size, GByteArray **ret, guint32 *ret_size)
{
	struct fuse_getxattr_in in = { .size = size };

	return answer_xattr(wire, wire_send(wire, FUSE_LISTXATTR, ino, &in, sizeof(in)), size, ret,
	                    ret_size);
}

int wire_setxattr(Wire *wire, guint64 ino, const char *name, const char *value)
{
	struct fuse_setxattr_in in = { .size = (guint32)strlen(value) };
	g_autoptr(GByteArray) body = g_byte_array_new();

	/* The short form: FUSE_SETXATTR_EXT was not asked for. */
	g_byte_array_append(body, (const guint8 *)&in, FUSE_COMPAT_SETXATTR_IN_SIZE);
	g_byte_array_append(body, (const guint8 *)name, (guint)strlen(name) + 1);
	g_byte_array_append(body, (const guint8 *)value, (guint)strlen(value));
	return wire_answer(wire, wire_send(wire, FUSE_SETXATTR, ino, body->data, body->len), NULL);
}

int wire_removexattr(Wire *wire, guint64 ino, const char *name)
{
	return wire_answer(wire, wire_send(wire, FUSE_REMOVEXATTR, ino, name, strlen(name) + 1),
	                   NULL);
}

int wire_readdir(Wire *wire, guint64 ino, guint64 cookie, guint32 size, GArray *entries)
{
	struct fuse_read_in in = { .offset = cookie, .size = size };
	g_autoptr(GByteArray) body = NULL;
	int error = wire_answer(wire, wire_send(wire, FUSE_READDIR, ino, &in, sizeof(in)), &body);
	gsize at = 0;

	while (error == 0 && at < body->len) {
		struct fuse_dirent dirent;
		WireEntry entry = { 0 };

		g_assert_cmpuint(body->len - at, >=, FUSE_NAME_OFFSET);
		memcpy(&dirent, body->data + at, FUSE_NAME_OFFSET);
		g_assert_cmpuint(dirent.namelen, <, sizeof(entry.name));
		memcpy(entry.name, body->data + at + FUSE_NAME_OFFSET, dirent.namelen);
		entry.ino = dirent.ino;
		entry.cookie = dirent.off;
		entry.type = dirent.type;
		g_array_append_val(entries, entry);
		at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + dirent.namelen);
	}
	return error;
}

GArray *wire_list(Wire *wire, guint64 ino, guint32 size)
{
	GArray *entries = g_array_new(FALSE, FALSE, sizeof(WireEntry));
	guint64 cookie = 0;
	guint had;

	do {
		had = entries->len;
		g_assert_cmpint(wire_readdir(wire, ino, cookie, size, entries), ==, 0);
		if (entries->len > 0)
			cookie = g_array_index(entries, WireEntry, entries->len - 1).cookie;
	} while (entries->len > had);
	return entries;
}

const WireEntry *wire_find(const GArray *entries, const char *name)
{
	for (guint i = 0; i < entries->len; i++) {
		const WireEntry *entry = &g_array_index(entries, WireEntry, i);

		if (strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

guint64 wire_walk(Wire *wire, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	struct fuse_entry_out entry = { .nodeid = FUSE_ROOT_ID };

	for (char **name = names; *name != NULL; name++)
		g_assert_cmpint(wire_lookup(wire, entry.nodeid, *name, &entry), ==, 0);
	return entry.nodeid;
}

int wire_text(Wire *wire, const char *path, char **ret)
{
	guint64 ino = wire_walk(wire, path);
	g_autoptr(GString) text = g_string_new(NULL);
	struct fuse_open_out open;
	int error = wire_open(wire, ino, O_RDONLY, &open);
	gsize had;

	if (error < 0)
		return error;
	do {
		g_autoptr(GByteArray) body = NULL;

		had = text->len;
		error = wire_read(wire, ino, open.fh, text->len, 4096, &body);
		if (error == 0)
			g_string_append_len(text, (const char *)body->data, body->len);
	} while (error == 0 && text->len > had);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	if (error == 0)
		*ret = g_string_free(g_steal_pointer(&text), FALSE);
	return error;
}

int wire_command(Wire *wire, const char *path, const char *text)
{
	guint64 ino = wire_walk(wire, path);
	struct fuse_open_out open;
	int error = wire_open(wire, ino, O_WRONLY | O_TRUNC, &open);

	if (error < 0)
		return error;
	error = wire_write(wire, ino, open.fh, 0, text, strlen(text));
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	return error;
}
