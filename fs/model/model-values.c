/*
 * What a process is asked for: which providers, at which interval, with meters or without; and, with attach=lazy,
 * whether at all. model-attach.c holds the session to it.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/util.h"

enum {
	LAZY_US = 60 * G_USEC_PER_SEC,
	JIT_QUIET_US = 10 * G_USEC_PER_SEC,
	JIT_FEW = 50, /* methods a second */
	METERS_MAJOR = 6,
	SHARED_MAJOR = 8,
	ALL_METERS_MAJOR = 9,
	INTERVAL_MIN_MS = 100,
	INTERVAL_MAX_MS = 3600000,
	INTERVAL_SHORT_MS = 1000,
};

void model_values_init(Model *model, Process *process)
{
	if (!model->settings->providers)
		return;
	provider_list_clear(&process->providers);
	provider_list_copy(&process->providers, model->settings->providers);
}

/*
 * Switching meters on while a program starts hangs it: 46 of 459 on 9.0, 37 of 515 on 10.0. The broker counts
 * the age; that the program has stopped compiling is for us to see.
 */
static gboolean may_have_meters(const Process *process, gint64 now)
{
	guint32 flags = process->found.flags;

	if (!(flags & RECORD_FOUND_METERS_DUE) || process_runtime_major(process) < METERS_MAJOR ||
	    now < process->meters_from_us)
		return FALSE;
	return flags & RECORD_FOUND_METERS_SURE ||
	       (process->session && process->session_config.values.meters) ||
	       (process->jit_quiet_us && now - process->jit_quiet_us >= JIT_QUIET_US);
}

/* A client id of its own for each session: two of ours overlap. */
static void make_client(RecordValues *values)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(values->client); i++)
		values->client[i] = (guint64)g_random_int() << 32 | g_random_int() | 1;
}

gboolean model_values_wanted(Process *process, SessionConfig *ret, GString *names)
{
	unsigned major = process_runtime_major(process);

	*ret = (SessionConfig){
		.providers_seq = process->providers.seq,
		.interval_ms = process->interval_ms,
	};
	ret->values.meters = may_have_meters(process, g_get_monotonic_time());
	ret->values.shared = ret->values.meters && major >= SHARED_MAJOR;
	provider_list_names(&process->providers, ret->values.meters && major >= ALL_METERS_MAJOR,
	                    names);
	if (ret->values.meters)
		make_client(&ret->values);
	return names->len > 0;
}

static void tell(Model *model, Process *process, const char *text)
{
	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
	model_set_error(model, process, text);
}

void model_values_tell(Model *model, Process *process)
{
	const ProviderList *list = &process->providers;
	unsigned major = process_runtime_major(process);

	if (!major || process->providers_told == list->seq + 1)
		return;
	process->providers_told = list->seq + 1;
	if (list->has_all && major < ALL_METERS_MAJOR)
		tell(model, process,
		     "providers: this runtime cannot list its meters: name them, * stands for "
		     "none");
	if (!provider_list_is_empty(list) && !provider_list_has(list, "System.Runtime"))
		tell(model, process,
		     "providers: without System.Runtime there is no sample of the heap");
}

gboolean model_values_outdated(const SessionConfig *held, const SessionConfig *wanted)
{
	return held->providers_seq != wanted->providers_seq ||
	       held->interval_ms != wanted->interval_ms ||
	       held->values.meters != wanted->values.meters;
}

/*
 * Another interval than the running one is refused by the meters' shared session, and the runtime keeps the
 * shortest interval of counters as long as anybody listens: there the old session has to end first. So
 * it has on runtimes without meters, where nothing is lost by it; and where a provider is not wanted any more: a
 * shared session of meters never gets fewer while anybody is in it.
 */
gboolean model_values_may_overlap(const Process *process, const SessionConfig *wanted)
{
	return process_runtime_major(process) >= SHARED_MAJOR &&
	       process->session_config.providers_seq >= process->providers.less_seq &&
	       process->session_config.interval_ms == wanted->interval_ms;
}

gboolean model_values_are_wanted(const Model *model, const Process *process, gint64 now)
{
	return !model->settings->is_lazy || now < process->wanted_until_us ||
	       trigger_is_live(&process->trigger);
}

void model_want_values(Model *model, Process *process)
{
	gint64 now = g_get_monotonic_time();
	gboolean is_new = !model_values_are_wanted(model, process, now);

	process->wanted_until_us = now + LAZY_US;
	if (is_new)
		model_attach_look(model, process);
}

/* A sample of a counter: how busy the compiler is. NativeAOT has none, and always says 0. */
void model_values_look(Process *process, const Counter *counter, gint64 now)
{
	double rate;

	if (counter->provider != 0 || strcmp(counter->raw, "methods-jitted-count") != 0)
		return;
	rate = (counter->value - counter->before) / counter->interval_s;
	if (!(rate < JIT_FEW)) /* NaN: the first of all */
		process->jit_quiet_us = 0;
	else if (!process->jit_quiet_us)
		process->jit_quiet_us = now;
}

int model_write_providers(Model *model, Process *process, const char *text, gsize len)
{
	g_autofree char *why = NULL;
	int r = provider_list_write(&process->providers, text, len, &why);

	if (r < 0)
		return model_refuse(model, process, "providers", r, why);
	process->providers_written_us = util_real_us();
	model_touch(model, process);
	model_attach_look(model, process);
	return 0;
}

/* process: NULL for all. */
static void warn_short(Model *model, Process *process, unsigned interval_ms)
{
	if (interval_ms < INTERVAL_SHORT_MS)
		model_log(model, process, 0, EVENT_WARNING, "text",
		          "the runtime has one interval for all tools: others that look at a "
		          "process get their counters as often",
		          NULL);
}

void model_values_begin(Model *model)
{
	warn_short(model, NULL, model->settings->interval_ms);
}

int model_write_interval(Model *model, Process *process, const char *text, gsize len)
{
	g_autofree char *word = model_take_word(text, len);
	char *end = word;
	double seconds = g_ascii_strtod(word, &end);
	unsigned ms;

	if (end != word && !g_ascii_strcasecmp(end, "s"))
		end++;
	if (!*word || *end || strspn(word, "-0123456789.sS") != strlen(word) || end == word)
		return model_refuse(model, process, "interval", -EINVAL,
		                    "a number of seconds is wanted");
	if (!(seconds * 1000 >= INTERVAL_MIN_MS && seconds * 1000 <= INTERVAL_MAX_MS))
		return model_refuse(model, process, "interval", -ERANGE,
		                    "0.1 to 3600 seconds are possible");
	ms = (unsigned)lround(seconds * 1000);
	process->interval_written_us = util_real_us();
	if (ms != process->interval_ms) {
		process->interval_ms = ms;
		warn_short(model, process, process->interval_ms);
	}
	model_touch(model, process);
	model_attach_look(model, process);
	return 0;
}
