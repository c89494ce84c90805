/* See heap-limit.h. */
#include "fs/broker/heap-limit.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "fs/broker/runtimeconfig.h"

enum {
	VALUE_MAX = 64, /* characters; a longer number is none of 64 bits, but for leading zeros */
	WHOLE_HIERARCHY = 9, /* the first version that looks at it */
	KNOWS_DOTNET = 5     /* the first that knows the prefix, and limits for each kind of heap */
};

#define MIB          ((uint64_t)1 << 20)
#define CGROUP_LARGE 0x7fffffff00000000u /* above this a cgroup is unlimited */

enum {
	HARD,
	PERCENT,
	SOH,
	LOH,
	POH,
	SOH_PERCENT,
	LOH_PERCENT,
	POH_PERCENT,
	TOTAL, /* the last: it is no property */
	N_SETTINGS
};

static const struct {
	const char *variable; /* behind the prefix */
	const char *property;
} settings[N_SETTINGS] = {
	[HARD] = { "GCHeapHardLimit", "System.GC.HeapHardLimit" },
	[PERCENT] = { "GCHeapHardLimitPercent", "System.GC.HeapHardLimitPercent" },
	[SOH] = { "GCHeapHardLimitSOH", "System.GC.HeapHardLimitSOH" },
	[LOH] = { "GCHeapHardLimitLOH", "System.GC.HeapHardLimitLOH" },
	[POH] = { "GCHeapHardLimitPOH", "System.GC.HeapHardLimitPOH" },
	[SOH_PERCENT] = { "GCHeapHardLimitSOHPercent", "System.GC.HeapHardLimitSOHPercent" },
	[LOH_PERCENT] = { "GCHeapHardLimitLOHPercent", "System.GC.HeapHardLimitLOHPercent" },
	[POH_PERCENT] = { "GCHeapHardLimitPOHPercent", "System.GC.HeapHardLimitPOHPercent" },
	[TOTAL] = { "GCTotalPhysicalMemory", NULL },
};

enum {
	DOTNET,
	COMPLUS,
	N_PREFIXES
};
static const char *const prefixes[N_PREFIXES] = { "DOTNET_", "COMPlus_" };

typedef struct {
	gboolean seen;
	char text[VALUE_MAX];
} Variable;

/* All that is said about a process's limit, before a version's rules are applied. */
typedef struct {
	const HeapLimitFacts *facts;
	Variable variables[N_PREFIXES][N_SETTINGS];
	RuntimeconfigNumber properties[N_SETTINGS];
	const char *config_lack; /* NULL: properties are what it says */
} Said;

typedef struct {
	uint64_t value; /* 0: not set */
	gboolean from_config;
} Setting;

typedef struct {
	uint64_t bytes;
	const char *name;
	gboolean limited;
	const char *lack; /* why it cannot be told; NULL: it can */
} Memory;

typedef struct {
	char *text;
	size_t size;
	uint64_t bytes;
} Answer;

static int G_GNUC_PRINTF(2, 3) refuse(Answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_vsnprintf(answer->text, answer->size, format, args);
	va_end(args);
	return -EOPNOTSUPP;
}

static int G_GNUC_PRINTF(3, 4) answer_with(Answer *answer, uint64_t bytes, const char *format, ...)
{
	va_list args;

	if (!bytes || bytes > INT64_MAX)
		return refuse(answer, "unknown: the settings give no limit that can be");
	answer->bytes = bytes;
	va_start(args, format);
	g_vsnprintf(answer->text, answer->size, format, args);
	va_end(args);
	return 0;
}

/* The first of a name counts, as with getenv(). */
static void take_variable(Said *said, const char *entry, size_t len, unsigned prefix)
{
	const char *equals = memchr(entry, '=', len);
	size_t name_len = equals ? (size_t)(equals - entry) : 0;

	for (unsigned i = 0; equals && i < N_SETTINGS; i++) {
		Variable *variable = &said->variables[prefix][i];

		if (variable->seen || strlen(settings[i].variable) != name_len ||
		    memcmp(settings[i].variable, entry, name_len) != 0)
			continue;
		variable->seen = TRUE;
		len -= name_len + 1;
		/* What is too long is no number: it hides others like one. */
		if (len < sizeof variable->text)
			memcpy(variable->text, equals + 1, len);
		else
			g_strlcpy(variable->text, "-", sizeof variable->text);
		return;
	}
}

static void take_environment(Said *said, const char *at, size_t len)
{
	const char *end = at + len;

	while (at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));
		size_t entry = nul ? (size_t)(nul - at) : (size_t)(end - at);

		for (unsigned i = 0; i < N_PREFIXES; i++) {
			size_t skip = strlen(prefixes[i]);

			if (entry > skip && memcmp(at, prefixes[i], skip) == 0)
				take_variable(said, at + skip, entry - skip, i);
		}
		at += entry + 1;
	}
}

static void take_config(Said *said)
{
	const HeapLimitFacts *facts = said->facts;
	const char *names[TOTAL];

	for (unsigned i = 0; i < TOTAL; i++)
		names[i] = settings[i].property;
	if (!facts->config)
		said->config_lack =
			facts->config_lack ? facts->config_lack : "its runtimeconfig was not seen";
	else if (runtimeconfig_numbers(facts->config, facts->config_len, names, TOTAL,
	                               said->properties) < 0)
		said->config_lack = "its runtimeconfig is no JSON";
}

static gboolean is_percent(unsigned i)
{
	return i == PERCENT || (i >= SOH_PERCENT && i <= POH_PERCENT);
}

/* 0 for what is no number, as the runtime takes it. */
static uint64_t parse_hexadecimal(const char *text)
{
	uint64_t value;

	errno = 0;
	value = g_ascii_strtoull(text, NULL, 16);
	return errno ? 0 : value;
}

static const Variable *find_variable(const Said *said, unsigned major, unsigned i)
{
	for (unsigned p = major < KNOWS_DOTNET ? COMPLUS : DOTNET; p < N_PREFIXES; p++)
		if (said->variables[p][i].text[0])
			return &said->variables[p][i];
	return NULL;
}

static Setting find_setting(const Said *said, unsigned major, unsigned i)
{
	const Variable *variable = find_variable(said, major, i);
	Setting setting = { 0 };

	if (major < KNOWS_DOTNET && i != HARD && i != PERCENT)
		return setting;
	if (variable)
		setting.value = parse_hexadecimal(variable->text);
	if (!variable || (major < KNOWS_DOTNET && !setting.value)) {
		setting.value = said->config_lack ? 0 : said->properties[i].value;
		setting.from_config = TRUE;
	}
	/* 32 bits: cut from 5 on, refused by 3.1. */
	if (is_percent(i) && setting.value > UINT32_MAX)
		setting.value = major < KNOWS_DOTNET ? 0 : setting.value & UINT32_MAX;
	return setting;
}

static Memory find_memory(const Said *said, unsigned major)
{
	const HeapLimitFacts *facts = said->facts;
	uint64_t total = find_setting(said, major, TOTAL).value;
	uint64_t cgroup = major < WHOLE_HIERARCHY ? facts->cgroup_own : facts->cgroup_smallest;

	if (total)
		return (Memory){ total, "GCTotalPhysicalMemory", TRUE, NULL };
	if (facts->cgroup_lack || cgroup > CGROUP_LARGE)
		return (Memory){ facts->physical, "physical memory", FALSE, facts->cgroup_lack };
	if (facts->physical < cgroup && facts->physical <= facts->address_space)
		return (Memory){ facts->physical, "physical memory", TRUE, NULL };
	if (facts->address_space < cgroup)
		return (Memory){ facts->address_space, "RLIMIT_AS", TRUE, NULL };
	return (Memory){ cgroup, "cgroup", TRUE, NULL };
}

/* Without the overflow that total * 75 could have. */
static uint64_t part_of(uint64_t total, uint64_t percent)
{
	return total / 100 * percent + total % 100 * percent / 100;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* 1 when there are such limits and *answer says what they come to, or 0. */
static int answer_by_heaps(const Said *said, unsigned major, Memory memory, Answer *answer,
                           int *ret)
{
	uint64_t bytes = 0, parts = 0;
	gboolean bad = FALSE;

	for (unsigned i = SOH; i <= POH; i++)
		bytes = plus(bytes, find_setting(said, major, i).value);
	if (bytes) {
		*ret = answer_with(answer, bytes, "GCHeapHardLimitSOH, LOH and POH together");
		return 1;
	}
	for (unsigned i = SOH_PERCENT; i <= POH_PERCENT; i++) {
		uint64_t percent = find_setting(said, major, i).value;

		bad |= percent >= 100;
		parts = plus(parts, bad ? 1 : part_of(memory.bytes, percent));
	}
	if (!parts)
		return 0;
	*ret = memory.lack
	               ? refuse(answer, "unknown: %s", memory.lack)
	               : answer_with(
				 answer, bad ? 0 : parts,
				 "GCHeapHardLimitSOHPercent, LOH and POH of %s %" G_GUINT64_FORMAT,
				 memory.name, memory.bytes);
	return 1;
}

/* The percentage as it was written: hexadecimal in the environment. */
static int answer_by_percent(const Said *said, Setting setting, Memory memory, Answer *answer)
{
	char number[24];

	g_snprintf(number, sizeof number, setting.from_config ? "%u" : "%X",
	           (unsigned)setting.value);
	return answer_with(answer, part_of(memory.bytes, setting.value),
	                   "%s%s %s of %s %" G_GUINT64_FORMAT "%s",
	                   setting.from_config ? "runtimeconfig " : "",
	                   setting.from_config ? settings[PERCENT].property
	                                       : settings[PERCENT].variable,
	                   number, memory.name, memory.bytes,
	                   said->config_lack ? " (its runtimeconfig was not seen)" : "");
}

static int answer_by_default(const Said *said, Memory memory, Answer *answer)
{
	uint64_t part = part_of(memory.bytes, 75);

	if (said->config_lack)
		return refuse(answer, "unknown: %s", said->config_lack);
	if (!memory.limited)
		return refuse(answer, "no limit: neither a memory cgroup nor a setting limits it");
	if (part < 20 * MIB)
		return answer_with(answer, 20 * MIB, "20 MiB at least, in %s %" G_GUINT64_FORMAT,
		                   memory.name, memory.bytes);
	return answer_with(answer, part, "75 %% of %s %" G_GUINT64_FORMAT, memory.name,
	                   memory.bytes);
}

static int find_for(const Said *said, unsigned major, Answer *answer)
{
	Setting hard = find_setting(said, major, HARD);
	Setting percent = find_setting(said, major, PERCENT);
	Memory memory = find_memory(said, major);
	int r;

	if (answer_by_heaps(said, major, memory, answer, &r))
		return r;
	if (hard.value)
		return answer_with(
			answer, hard.value, "%s%s", hard.from_config ? "runtimeconfig " : "",
			hard.from_config ? settings[HARD].property : settings[HARD].variable);
	if (memory.lack)
		return refuse(answer, "unknown: %s", memory.lack);
	if (percent.value > 0 && percent.value < 100)
		return answer_by_percent(said, percent, memory, answer);
	return answer_by_default(said, memory, answer);
}

/* Of a version not known: what all versions agree on. */
static int find_for_all(const Said *said, Answer *answer)
{
	static const unsigned majors[] = { 3, 8, WHOLE_HIERARCHY };
	uint64_t bytes = 0;
	int r = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(majors); i++) {
		int now = find_for(said, majors[i], answer);

		if (i && (now != r || (!r && answer->bytes != bytes)))
			return refuse(answer, "unknown: it depends on the runtime's version, which "
			                      "is not known");
		r = now;
		bytes = answer->bytes;
	}
	return r;
}

int heap_limit_find(const HeapLimitFacts *facts, uint64_t *ret_bytes, char *ret_text, size_t size)
{
	Said said = { .facts = facts };
	Answer answer = { .text = ret_text, .size = size };
	int r;

	take_environment(&said, facts->environment, facts->environment_len);
	take_config(&said);
	r = facts->major ? find_for(&said, facts->major, &answer) : find_for_all(&said, &answer);
	if (r >= 0)
		*ret_bytes = answer.bytes;
	return r;
}
