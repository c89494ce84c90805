/*
 * When a process may be asked for counters. Switching managed event sources on in the moment in which a
 * program first uses the thread pool, a timer and the like hangs it for ever; a thread named ".NET TP…" or
 * ".NET Timer" that is a second old says that this moment is over, and attach_delay seconds of the
 * socket's age stand in where no such thread shows up (3.1 and NativeAOT name none).
 *
 * A process that its environment makes wait for a resume is first given the GC session alone, which can
 * hang nothing and sends no byte before the resume: that byte opens the gate.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-job.h"
#include "fs/broker/exchange.h"
#include "fs/broker/sessions.h"
#include "fs/util.h"
#include "ipc/nettrace/bytes.h"

enum {
	TICK_MS = 250,
	GATE_DEADLINE_MS = 5000,
	LOOK_EVERY_US = 60000000,
	LOOK_NO_FDS_EVERY_US = 10000000,
	LOOK_DEADLINE_MS = 5000,
	LINE_LOST_US = 5000000,
	INFO_RETRY_US = 2000000,
	INFO_RETRY_MAX_US = 60000000,
	INFO_DOUBLINGS_MAX = 5,
	TARGETS_A_SECOND = 256,
	METERS_SURE_US = 600000000,
};

static guint tick_source;

static gint64 delay_us(const Target *target)
{
	return (gint64)broker_config(target->broker)->attach_delay_s * G_USEC_PER_SEC;
}

static gboolean is_starting(const Target *target)
{
	return !(target->flags &
	         (RECORD_FOUND_ATTACHABLE | RECORD_FOUND_PAUSED | RECORD_FOUND_STOPPED));
}

typedef struct {
	gint64 now;
	gboolean again;
} Tick;

static void look_for_sign(Target *target, void *data)
{
	Tick *tick = data;

	if (target->flags & RECORD_FOUND_ATTACHABLE)
		return;
	tick->again = TRUE;
	if (!is_starting(target))
		return;
	if (tick->now >= target->attach_us || identity_has_sign(&target->identity)) {
		target_set_flags(target, RECORD_FOUND_ATTACHABLE, 0);
		broker_target_changed(target);
	}
}

static gboolean on_tick(gpointer data)
{
	Tick tick = { .now = g_get_monotonic_time() };

	broker_each_target(data, look_for_sign, &tick);
	if (tick.again)
		return G_SOURCE_CONTINUE;
	tick_source = 0;
	return G_SOURCE_REMOVE;
}

static void count_from(Target *target, gint64 age_us)
{
	Tick tick = { .now = g_get_monotonic_time() };

	target->born_us = tick.now - MAX(age_us, 0);
	target->attach_us =
		tick.now + MAX(0, delay_us(target) - CLAMP(age_us, 0, delay_us(target)));
	look_for_sign(target, &tick);
	if (!tick_source)
		tick_source = g_timeout_add(TICK_MS, on_tick, target->broker);
}

void attach_begin(Target *target)
{
	if (target->suspended) {
		target_set_flags(target, RECORD_FOUND_PAUSED, 0);
		broker_target_changed(target);
		return;
	}
	count_from(target, util_real_us() - target->socket_us);
}

/* The gate session's first byte: the program runs. The front drains the stream and ends it. */
static gboolean on_gate(gint fd, GIOCondition condition, gpointer data)
{
	Target *target = data;
	Record record = record_new(RECORD_STREAM);

	target->gate_source = 0;
	record.serial = target->serial;
	record.row = RECORD_SESSION_GC;
	record.value = 0; /* it has not run before */
	target_set_flags(target, 0, RECORD_FOUND_PAUSED);
	count_from(target, 0);
	broker_target_changed(target);
	broker_send(target->broker, &record, NULL, 0, g_steal_fd(&target->gate_fd));
	return G_SOURCE_REMOVE;
}

static int build_gate(unsigned version, IpcRequest *ret, void *data)
{
	return session_build(RECORD_SESSION_GC, 1000, NULL, NULL, 0, version, ret);
}

static void on_gate_session(Target *target, const ExchangeResult *result, void *data)
{
	ByteReader reader = byte_reader(result->payload, result->len);

	if (result->error == -ETIMEDOUT)
		return; /* kept; comes through on_gate_session again */
	if (result->error || !result->ok || result->fd < 0) {
		/* No session to be had: the age of its socket has to do. */
		target_set_flags(target, 0, RECORD_FOUND_PAUSED);
		count_from(target, 0);
		broker_target_changed(target);
		return;
	}
	target->sessions[RECORD_SESSION_GC].open = TRUE;
	target->sessions[RECORD_SESSION_GC].id = byte_reader_u64(&reader);
	target->gate_fd = dup(result->fd);
	if (target->gate_fd >= 0) {
		fcntl(target->gate_fd, F_SETFD, FD_CLOEXEC);
		target->gate_source = g_unix_fd_add(target->gate_fd, G_IO_IN | G_IO_HUP | G_IO_ERR,
		                                    on_gate, target);
	}
}

void attach_informed(Target *target)
{
	const ExchangeParams params = {
		.command = IPC_COMMAND_COLLECT_TRACING,
		.deadline_ms = GATE_DEADLINE_MS,
		.build = build_gate,
		.done = on_gate_session,
		.late = on_gate_session,
	};

	if (!(target->flags & RECORD_FOUND_PAUSED) || target->sessions[RECORD_SESSION_GC].open)
		return;
	exchange_add(target, &params);
}

static void on_look(const HelperMessage *message, int fd, void *data)
{
	/* data is the broker, value[1] the serial: the target may be gone */
	Target *target = broker_find(data, message->value[1]);

	util_close_fd(&fd);
	if (!target || message->error)
		return;
	target_set_flags(target, message->value[0] ? 0 : RECORD_FOUND_UNLINKED, 0);
	target_set_mode(target, (mode_t)message->value[3]);
	target_set_flags(target, message->value[2] ? 0 : RECORD_FOUND_NO_FDS,
	                 message->value[2] ? RECORD_FOUND_NO_FDS : 0);
	broker_target_changed(target);
}

static void look_at_pin(Target *target, gint64 now)
{
	static const HelperCallbacks callbacks = { .message = on_look };
	gint64 every = target->flags & RECORD_FOUND_NO_FDS ? LOOK_NO_FDS_EVERY_US : LOOK_EVERY_US;
	ActConnect act = {
		.procfd = target->identity.procfd,
		.pin = target->pin,
		.check_only = TRUE,
		.serial = target->serial,
	};
	const int fds[] = { act.procfd, act.pin };

	if (target->pin < 0 || now - target->looked_us < every)
		return;
	if ((target->looked_us || every == LOOK_NO_FDS_EVERY_US) &&
	    !helper_is_stuck(target->line_inode))
		helper_set_key(helper_start(act_connect, &act, sizeof act, fds, G_N_ELEMENTS(fds),
		                            LOOK_DEADLINE_MS, &callbacks, target->broker),
		               target->line_inode);
	target->looked_us = now;
}

/* Meters can hang a program later than counters: whatever it shows, not before meters_delay. */
static uint32_t meters_flags(const Target *target, gint64 now)
{
	gint64 delay_s = broker_config(target->broker)->meters_delay_s;
	gint64 age_us = now - target->born_us;

	if (!target->born_us || delay_s == RECORD_METERS_OFF || age_us < delay_s * G_USEC_PER_SEC)
		return 0;
	return RECORD_FOUND_METERS_DUE |
	       (age_us >= METERS_SURE_US || !delay_s ? RECORD_FOUND_METERS_SURE : 0);
}

static gboolean is_info_due(const Target *target, gint64 now)
{
	gint64 wait_us = INFO_RETRY_US << MIN(target->info_failures, INFO_DOUBLINGS_MAX);

	return !target->informed && now - target->info_us > MIN(wait_us, INFO_RETRY_MAX_US);
}

typedef struct {
	gint64 now;
	unsigned index, from, to;
	GPtrArray *over;
} Watch;

/* Another program in its place, or another user: that instance is over. Only its owner may have changed. */
static gboolean is_another(Target *target)
{
	int r = target_look(target);

	if (r > 0)
		broker_target_changed(target);
	return r == -ESTALE;
}

static void watch_target(Target *target, void *data)
{
	Watch *watch = data;
	gboolean stopped;
	char state;

	if (target->lost_us && watch->now - target->lost_us > LINE_LOST_US) {
		g_ptr_array_add(watch->over, target);
		return;
	}
	if (watch->index++ < watch->from || watch->index > watch->to)
		return;
	if (identity_glance(&target->identity, &state) && is_another(target)) {
		g_ptr_array_add(watch->over, target);
		return;
	}
	if (state == 'Z') { /* dead, and its end not told while somebody traces it */
		g_ptr_array_add(watch->over, target);
		return;
	}
	/* While createdump holds it, state t is no news. */
	stopped = identity_state_stopped(state) && !(target->dump && target->dump->running);
	target_set_flags(target, stopped ? RECORD_FOUND_STOPPED : 0,
	                 stopped ? 0 : RECORD_FOUND_STOPPED);
	target_set_flags(target, meters_flags(target, watch->now), 0);
	broker_target_changed(target);
	look_at_pin(target, watch->now);
	if (!stopped && !exchange_busy(target) && !target->asks.length &&
	    is_info_due(target, watch->now)) {
		target->info_us = watch->now;
		info_first(target, NULL);
	}
}

void attach_watch(Broker *broker)
{
	static unsigned next;
	g_autoptr(GPtrArray) over = g_ptr_array_new();
	Watch watch = {
		.now = g_get_monotonic_time(),
		.from = next,
		.to = next + TARGETS_A_SECOND,
		.over = over,
	};

	broker_each_target(broker, watch_target, &watch);
	next = watch.to < watch.index ? watch.to : 0;
	for (guint i = 0; i < over->len; i++)
		broker_end_target(over->pdata[i]);
}
