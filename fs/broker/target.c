/* See target.h. */
#include "fs/broker/target.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "fs/broker/dump-job.h"
#include "fs/broker/exchange.h"
#include "fs/util.h"

enum {
	COMMAND_MAX = 32768
};

Target *target_new(Broker *broker, Identity *identity, const DiscoveryName *name, const char *path,
                   uint64_t line_inode)
{
	Target *target = g_new0(Target, 1);

	target->broker = broker;
	target->identity = *identity;
	*identity = (Identity){ .procfd = -1, .pidfd = -1 };
	target->name = *name;
	g_strlcpy(target->path, path, sizeof target->path);
	target->line_inode = line_inode;
	target->pin = -1;
	target->gate_fd = -1;
	g_queue_init(&target->asks);
	target_read_command(target);
	return target;
}

void target_free(Target *target)
{
	if (target->pidfd_source)
		g_source_remove(target->pidfd_source);
	if (target->gate_source)
		g_source_remove(target->gate_source);
	util_close_fd(&target->gate_fd);
	util_close_fd(&target->pin);
	identity_close(&target->identity);
	g_free(target->command);
	g_free(target);
}

gboolean target_set_flags(Target *target, uint32_t set, uint32_t clear)
{
	uint32_t flags = (target->flags & ~clear) | set;

	if (flags == target->flags)
		return FALSE;
	target->flags = flags;
	target->dirty = TRUE;
	return TRUE;
}

void target_set_mode(Target *target, mode_t mode)
{
	uint32_t flag = target_mode_is_insecure(mode) ? RECORD_FOUND_INSECURE : 0;

	target_set_flags(target, flag, RECORD_FOUND_INSECURE & ~flag);
}

gboolean target_read_command(Target *target)
{
	g_autofree char *text = g_malloc(COMMAND_MAX);
	ssize_t n = discovery_read(target->identity.procfd, "cmdline", text, COMMAND_MAX);

	n = MAX(n, 0);
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[n] = '\0';
	if (g_strcmp0(text, target->command) == 0)
		return FALSE;
	util_set_str(&target->command, text);
	target->dirty = TRUE;
	return TRUE;
}

int target_look(Target *target)
{
	gboolean changed;
	int r = identity_look(&target->identity, &changed);

	if (r < 0)
		return r;
	if (target->dump && !target->dump->owner.why)
		target->dump->owner = target->identity.owner;
	if (changed)
		target->dirty = TRUE;
	return changed;
}

int target_refusal(const Target *target, const char **ret_text)
{
	const struct {
		gboolean holds;
		int error;
		const char *text;
	} rows[] = {
		{ target->dump != NULL, -EBUSY, "a dump of this process is running or queued" },
		{ (target->flags & RECORD_FOUND_STOPPED) != 0, -EAGAIN, "the process is stopped" },
		{ (target->flags & RECORD_FOUND_BUSY) != 0, -ETIMEDOUT,
		  "the runtime has not answered an earlier request" },
		{ (target->flags & RECORD_FOUND_NO_FDS) != 0, -EAGAIN,
		  "the process has no free file descriptor: it could not answer" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!rows[i].holds)
			continue;
		if (ret_text)
			*ret_text = rows[i].text;
		return rows[i].error;
	}
	return 0;
}

Record target_found(const Target *target, const char *user, GString *texts)
{
	Record record = record_new(RECORD_FOUND);

	record.serial = target->serial;
	record.found = (RecordFound){
		.pid = target->identity.pid,
		.nspid = target->identity.nspid,
		.uid = target->identity.credentials.uid,
		.gid = target->identity.credentials.gid,
		.owner = target->identity.owner.uid,
		.owner_gid = target->identity.owner.gid,
		.start_ticks = target->identity.start_ticks,
		.start_us = identity_start_us(target->identity.start_ticks),
		.socket_us = target->socket_us,
		.flags = target->flags,
	};
	g_string_append_len(texts, user, (gssize)strlen(user) + 1);
	g_string_append_len(texts, target->command, (gssize)strlen(target->command) + 1);
	g_string_append_len(texts, target->path, (gssize)strlen(target->path) + 1);
	if (target->identity.owner.why)
		g_string_append(texts, target->identity.owner.why);
	g_string_append_c(texts, '\0');
	return record;
}
