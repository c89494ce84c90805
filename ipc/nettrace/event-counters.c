#include "ipc/nettrace/event-counters.h"

#include <errno.h>
#include <limits.h>
#include "ipc/nettrace/utf16.h"

/* What a field is to us; 0 is a field not looked at, or of no interest. */
typedef enum {
	ROLE_NONE,
	ROLE_NAME,
	ROLE_DISPLAY_NAME,
	ROLE_UNITS,
	ROLE_TYPE,
	ROLE_MEAN,
	ROLE_INCREMENT,
	ROLE_INTERVAL,
	ROLE_MIN,
	ROLE_MAX,
	ROLE_STDDEV,
	ROLE_COUNT,
	N_ROLES,
} Role;

/* Kept in NettraceMetadata.counter: the roles that its fields have, as bits, and the verdict. */
enum {
	VERDICT_ROLES = (1 << N_ROLES) - 1,
	VERDICT_COUNTER = 1 << 13,
	VERDICT_OTHER = 1 << 14,
	VERDICT_BROKEN = 1 << 15,
};

static const struct {
	const char *name;
	bool text;
} roles[N_ROLES] = {
	[ROLE_NAME] = { "Name", true },
	[ROLE_DISPLAY_NAME] = { "DisplayName", true },
	[ROLE_UNITS] = { "DisplayUnits", true },
	[ROLE_TYPE] = { "CounterType", true },
	[ROLE_MEAN] = { "Mean", false },
	[ROLE_INCREMENT] = { "Increment", false },
	[ROLE_INTERVAL] = { "IntervalSec", false },
	[ROLE_MIN] = { "Min", false },
	[ROLE_MAX] = { "Max", false },
	[ROLE_STDDEV] = { "StandardDeviation", false },
	[ROLE_COUNT] = { "Count", false },
};

/* Bytes of a value; 0 for what has no fixed size or is unknown. */
static const uint8_t widths[] = {
	[NETTRACE_TYPE_BOOLEAN] = 4,  [NETTRACE_TYPE_CHAR] = 2,     [NETTRACE_TYPE_I8] = 1,
	[NETTRACE_TYPE_U8] = 1,       [NETTRACE_TYPE_I16] = 2,      [NETTRACE_TYPE_U16] = 2,
	[NETTRACE_TYPE_I32] = 4,      [NETTRACE_TYPE_U32] = 4,      [NETTRACE_TYPE_I64] = 8,
	[NETTRACE_TYPE_U64] = 8,      [NETTRACE_TYPE_F32] = 4,      [NETTRACE_TYPE_F64] = 8,
	[NETTRACE_TYPE_DECIMAL] = 16, [NETTRACE_TYPE_DATETIME] = 8, [NETTRACE_TYPE_GUID] = 16,
	[NETTRACE_TYPE_STRING] = 0,   [NETTRACE_TYPE_ARRAY] = 0,
};

static unsigned width_of(uint32_t type)
{
	return type < sizeof widths ? widths[type] : 0;
}

static bool is_number(uint32_t type)
{
	return type >= NETTRACE_TYPE_I8 && type <= NETTRACE_TYPE_F64;
}

static Role role_of(const NettraceField *field)
{
	for (unsigned role = ROLE_NONE + 1; role < N_ROLES; role++) {
		if (strcmp(field->name, roles[role].name) != 0)
			continue;
		if (roles[role].text ? field->type == NETTRACE_TYPE_STRING : is_number(field->type))
			return role;
	}
	return ROLE_NONE;
}

/* Gives roles to the fields of a list and of the objects that wrap it. The first of a name has
 * it. */
static void give_roles(NettraceField *fields, unsigned n, uint16_t *verdict)
{
	for (unsigned i = 0; i < n; i++) {
		NettraceField *field = &fields[i];
		Role role = role_of(field);

		if (field->type == NETTRACE_TYPE_OBJECT) {
			if (!field->name[0] || strcmp(field->name, "Payload") == 0)
				give_roles(field->fields, field->n_fields, verdict);
		} else if (role != ROLE_NONE && !(*verdict & 1 << role)) {
			field->role = (uint8_t)role;
			*verdict |= (uint16_t)(1 << role);
		}
	}
}

static uint16_t judge(NettraceMetadata *m)
{
	uint16_t verdict = VERDICT_COUNTER;

	if (strcmp(m->name, "EventCounters") != 0)
		return VERDICT_OTHER;
	give_roles(m->fields, m->n_fields, &verdict);
	if (!(verdict & 1 << ROLE_NAME) || !(verdict & (1 << ROLE_MEAN | 1 << ROLE_INCREMENT)))
		return VERDICT_BROKEN;
	return verdict;
}

/* One walk over a payload. */
typedef struct {
	ByteReader r;
	uint16_t missing;    /* roles not yet met: without any the walk is over */
	unsigned steps_left; /* definitions could make a small payload a long walk */
	double numbers[N_ROLES];
	char type[8];
	EventCounterSample *sample;
} Walk;

enum {
	WALK_STEPS = 65536
};

static double read_number(ByteReader *r, uint32_t type)
{
	unsigned width = width_of(type);
	uint64_t bits;

	if (type == NETTRACE_TYPE_F32)
		return (double)byte_reader_f32(r);
	if (type == NETTRACE_TYPE_F64)
		return byte_reader_f64(r);
	bits = byte_reader_le(r, width);
	switch (type) {
	case NETTRACE_TYPE_I8:
		return (int8_t)bits;
	case NETTRACE_TYPE_I16:
		return (int16_t)bits;
	case NETTRACE_TYPE_I32:
		return (int32_t)bits;
	case NETTRACE_TYPE_I64:
		return (double)(int64_t)bits;
	default:
		return (double)bits;
	}
}

static void read_role(Walk *w, Role role, uint32_t type)
{
	EventCounterSample *s = w->sample;

	if (role == ROLE_NAME)
		utf16_read_z(&w->r, s->name, sizeof s->name);
	else if (role == ROLE_DISPLAY_NAME)
		utf16_read_z(&w->r, s->display_name, sizeof s->display_name);
	else if (role == ROLE_UNITS)
		utf16_read_z(&w->r, s->unit, sizeof s->unit);
	else if (role == ROLE_TYPE)
		utf16_read_z(&w->r, w->type, sizeof w->type);
	else
		w->numbers[role] = read_number(&w->r, type);
	w->missing &= (uint16_t) ~(1 << role);
}

static bool walk_goes_on(Walk *w)
{
	if (!w->steps_left)
		w->r.bad = true;
	else
		w->steps_left--;
	return !w->r.bad && w->missing;
}

static void walk_fields(Walk *w, const NettraceField *fields, unsigned n);
static void skip_array(Walk *w, const NettraceField *field);

/* Past one value of a type; the field says of what an object or an array is made. */
static void skip_value(Walk *w, const NettraceField *field, uint32_t type)
{
	unsigned width = width_of(type);
	size_t units;

	if (width)
		byte_reader_take(&w->r, width);
	else if (type == NETTRACE_TYPE_STRING)
		utf16_take_z(&w->r, &units);
	else if (type == NETTRACE_TYPE_OBJECT)
		walk_fields(w, field->fields, field->n_fields);
	else if (type == NETTRACE_TYPE_ARRAY)
		skip_array(w, field);
	else
		w->r.bad = true; /* unknown: where it ends is too */
}

static void skip_array(Walk *w, const NettraceField *field)
{
	uint16_t n = byte_reader_u16(&w->r);
	unsigned width = width_of(field->element);

	if (width) {
		byte_reader_take(&w->r, (size_t)n * width);
		return;
	}
	for (uint16_t i = 0; i < n && walk_goes_on(w); i++) {
		if (field->element == NETTRACE_TYPE_ARRAY && field->n_fields)
			skip_array(w, field->fields);
		else if (field->element == NETTRACE_TYPE_ARRAY)
			w->r.bad = true;
		else
			skip_value(w, field, field->element);
	}
}

static void walk_fields(Walk *w, const NettraceField *fields, unsigned n)
{
	for (unsigned i = 0; i < n && walk_goes_on(w); i++) {
		if (fields[i].role != ROLE_NONE)
			read_role(w, fields[i].role, fields[i].type);
		else
			skip_value(w, &fields[i], fields[i].type);
	}
}

static int to_count(double v)
{
	if (!(v > 0))
		return 0;
	return v < INT_MAX ? (int)v : INT_MAX;
}

int event_counter_parse(const NettraceEvent *event, EventCounterSample *ret)
{
	NettraceMetadata *m = event->metadata;
	Walk w = { .steps_left = WALK_STEPS, .sample = ret };
	bool sum;

	if (!m->counter)
		m->counter = judge(m);
	if (m->counter & VERDICT_OTHER)
		return 0;
	if (m->counter & VERDICT_BROKEN)
		return -EPROTO;
	*ret = (EventCounterSample){ .provider = m->provider };
	w.r = byte_reader(event->payload, event->payload_len);
	w.missing = m->counter & VERDICT_ROLES;
	walk_fields(&w, m->fields, m->n_fields);
	if (w.r.bad)
		return -EPROTO;

	/* The field says the kind; an event with both fields says it by its CounterType. */
	sum = m->counter & 1 << ROLE_INCREMENT;
	if (sum && m->counter & 1 << ROLE_MEAN)
		sum = strcmp(w.type, "Sum") == 0;
	ret->kind = sum ? EVENT_COUNTER_SUM : EVENT_COUNTER_MEAN;
	ret->value = w.numbers[sum ? ROLE_INCREMENT : ROLE_MEAN];
	ret->interval_s = w.numbers[ROLE_INTERVAL];
	ret->min = w.numbers[ROLE_MIN];
	ret->max = w.numbers[ROLE_MAX];
	ret->stddev = w.numbers[ROLE_STDDEV];
	ret->count = to_count(w.numbers[ROLE_COUNT]);
	return 1;
}
