/* ProcessInfo requests: the first of a target, which proves it, and those that the front asks for. */
#include <errno.h>
#include "fs/broker/broker.h"
#include "fs/broker/exchange.h"
#include "ipc/message.h"

enum {
	DEADLINE_MS = 5000
};

typedef struct {
	InfoCallbacks callbacks;
	uint64_t ask;
	gboolean proven;
} Info;

static int build(unsigned version, IpcRequest *ret, void *data)
{
	return ipc_build_process_info(version, ret);
}

static void on_proven(Target *target, void *data)
{
	Info *info = data;

	if (info->proven)
		return;
	info->proven = TRUE;
	if (info->callbacks.proven)
		info->callbacks.proven(target, info->callbacks.data);
}

/* 3.1 knows no ProcessInfo at all. */
static gboolean is_old(const Target *target, const ExchangeResult *result)
{
	return result->error == -EOPNOTSUPP &&
	       !ipc_abilities_next(&target->abilities, IPC_COMMAND_PROCESS_INFO);
}

static void pass_on(Target *target, const Info *info, const ExchangeResult *result)
{
	Record record = record_new(RECORD_REPLY);

	record.id = info->ask;
	record.serial = target->serial;
	record.error = result->error;
	if (!result->error && !result->ok)
		record.error = ipc_hresult_errno(result->hresult);
	record.value = result->version;
	if (record.error && !info->ask)
		return;
	broker_send(target->broker, &record, record.error ? NULL : result->payload,
	            record.error ? 0 : result->len, -1);
}

/* Stopped, not ready yet, unanswered: that passes, or is told elsewhere. */
static gboolean is_wrong(const ExchangeResult *result)
{
	if (!result->error)
		return !result->ok && ipc_hresult_errno(result->hresult) != -EAGAIN;
	return result->error == -EPROTO || result->error == -ECONNRESET || result->error == -EPIPE;
}

static void on_done(Target *target, const ExchangeResult *result, void *data)
{
	Info *info = data;

	if (!info->proven && !target->serial) {
		const InfoCallbacks callbacks = info->callbacks;

		/* Once: there may be a late answer to what was never sent. */
		info->callbacks = (InfoCallbacks){ 0 };
		if (callbacks.failed)
			callbacks.failed(target, result->error ? result->error : -EPROTO,
			                 callbacks.data);
		return;
	}
	if (is_old(target, result))
		target_set_flags(target, RECORD_FOUND_OLD, 0);
	broker_target_changed(target);
	pass_on(target, info, result);
	if ((!result->error && result->ok) || is_old(target, result)) {
		target->informed = TRUE;
		target_set_flags(target, 0, RECORD_FOUND_NO_INFO);
		attach_informed(target);
	} else if (result->error == -ESTALE) {
		broker_end_target(target);
	} else if (!target->informed && is_wrong(result)) {
		target->info_failures++;
		target_set_flags(target, RECORD_FOUND_NO_INFO, 0);
	}
}

static void on_late(Target *target, const ExchangeResult *result, void *data)
{
	Info *info = data;

	info->ask = 0;
	on_done(target, result, info);
}

static void add(Target *target, const Info *model)
{
	Info *info = g_new(Info, 1);
	const ExchangeParams params = {
		.command = IPC_COMMAND_PROCESS_INFO,
		.deadline_ms = DEADLINE_MS,
		.build = build,
		.done = on_done,
		.late = on_late,
		.proven = on_proven,
		.free = g_free,
		.data = info,
		.ask = model->ask,
	};

	*info = *model;
	exchange_add(target, &params);
}

void info_first(Target *target, const InfoCallbacks *callbacks)
{
	add(target, &(Info){ .callbacks = callbacks ? *callbacks : (InfoCallbacks){ 0 },
	                     .proven = target->serial != 0 });
}

void info_ask(Target *target, uint64_t ask)
{
	add(target, &(Info){ .ask = ask, .proven = TRUE });
}
