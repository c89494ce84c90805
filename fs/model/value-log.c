/* Samples in an array that is cut at its front, an eighth at a time. */
#include "fs/model/value-log.h"
#include <math.h>
#include <string.h>
#include "fs/model/value-csv.h"

enum {
	DROP_SHARE = 8,
	ID_BITS = 20,
	ROW_BITS = 4,
	WALL_BITS = 42,     /* milliseconds, until the year 2109 */
	INTERVAL_BITS = 22, /* milliseconds, an hour and more */
	HEAD_LEN = sizeof VALUE_CSV_HEAD - 1,
};

typedef struct {
	guint64 wall_ms : WALL_BITS;
	guint64 interval_ms : INTERVAL_BITS;
	double number;
	guint32 id : ID_BITS;
	guint32 row : ROW_BITS;
	guint32 source : 8; /* ValueSource */
	guint32 len;        /* of its text, with the newline, once it was looked at */
} Sample;

G_STATIC_ASSERT(sizeof(Sample) == 24);

struct ValueLog {
	GArray *samples;     /* Sample */
	unsigned n_measured; /* the first so many have a length, */
	gsize text_len;      /* and this is its sum */
	goffset hole;        /* bytes behind the header that are no more */
	unsigned n_open;
	unsigned known[2];  /* by ValueSource: ids below it had a sample */
	unsigned n_rows;    /* that a sample of all of them takes */
	guint64 meters_seq; /* of the store of meters, when its values were added last */
	guint64 seq;
	gint64 wall_us;
};

ValueLog *value_log_new(void)
{
	ValueLog *log = g_new0(ValueLog, 1);

	log->samples = g_array_new(FALSE, FALSE, sizeof(Sample));
	return log;
}

void value_log_free(ValueLog *log)
{
	if (!log)
		return;
	g_array_unref(log->samples);
	g_free(log);
}

static Sample *sample_at(const ValueLog *log, unsigned i)
{
	return &g_array_index(log->samples, Sample, i);
}

/* With room for the share that goes at once: what stays then is VALUE_LOG_SAMPLES of each. */
static unsigned capacity(const ValueLog *log)
{
	const gsize row = sizeof(Sample);
	gsize kept = (gsize)log->n_rows * VALUE_LOG_SAMPLES;

	return (unsigned)CLAMP(kept + kept / (DROP_SHARE - 1) + 1, VALUE_LOG_SIZE_MIN / row,
	                       VALUE_LOG_SIZE_MAX / row);
}

static void drop(ValueLog *log, unsigned n)
{
	gsize gone = 0;

	for (unsigned i = 0; i < MIN(n, log->n_measured); i++)
		gone += sample_at(log, i)->len;
	log->n_measured -= MIN(n, log->n_measured);
	log->text_len -= gone;
	if (log->n_open)
		log->hole += (goffset)gone;
	g_array_remove_range(log->samples, 0, n);
}

static void add(ValueLog *log, const Process *process, const Value *value, unsigned id)
{
	unsigned n_rows = value_csv_n_rows(value->kind);
	Sample sample = {
		.wall_ms = (guint64)MAX(value->wall_us, 0) / 1000,
		.interval_ms = value_interval_ms(process, value->source),
		.id = id,
		.source = value->source,
	};

	if (id >= log->known[value->source]) {
		log->n_rows += (id + 1 - log->known[value->source]) * n_rows;
		log->known[value->source] = id + 1;
	}
	for (unsigned row = 0; row < n_rows; row++) {
		sample.row = row;
		sample.number = value_csv_number(value, row);
		if (value->source == VALUE_OF_METER && isnan(sample.number))
			continue;
		if (log->samples->len >= capacity(log))
			drop(log, MAX(log->samples->len / DROP_SHARE, 1));
		g_array_append_val(log->samples, sample);
	}
	log->seq++;
	log->wall_us = value->wall_us;
}

void value_log_add(ValueLog *log, const Process *process, const Counter *counter)
{
	Value value;

	value_of_counter(process, counter, &value);
	add(log, process, &value, counter->id);
}

void value_log_add_meters(ValueLog *log, const Process *process)
{
	const MeterSeries *series;
	Value value;

	for (unsigned id = 0; (series = meter_store_series(process->meters, id)); id++) {
		if (series->seq <= log->meters_seq)
			continue;
		value_of_series(process, series, &value);
		add(log, process, &value, id);
	}
	log->meters_seq = meter_store_seq(process->meters);
}

void value_log_open(ValueLog *log)
{
	log->n_open++;
}

void value_log_close(ValueLog *log)
{
	if (--log->n_open == 0)
		log->hole = 0;
}

/*
 * The text of a sample, by what its value is called now. One that was looked at keeps its length: where a
 * name has become another, its row is cut, or filled with blanks.
 */
static void append_text(GString *out, const Sample *sample, const Process *process)
{
	ValueCursor at = { .counter = sample->id, .series = sample->id };
	gsize from = out->len;
	Value value;

	if (sample->source == VALUE_OF_METER)
		at.counter = G_MAXUINT;
	if (value_next(process, &at, &value))
		value_csv_append(out, &value, MIN(sample->row, value_csv_n_rows(value.kind) - 1),
		                 sample->interval_ms, sample->number,
		                 (gint64)sample->wall_ms * 1000);
	if (!sample->len || out->len - from == sample->len)
		return;
	if (out->len > from)
		g_string_truncate(out, out->len - 1);
	g_string_truncate(out, MIN(out->len, from + sample->len - 1));
	while (out->len < from + sample->len - 1)
		g_string_append_c(out, ' ');
	g_string_append_c(out, '\n');
}

static void measure(ValueLog *log, const Process *process)
{
	g_autoptr(GString) text = NULL;

	if (log->n_measured == log->samples->len)
		return;
	text = g_string_new(NULL);
	for (; log->n_measured < log->samples->len; log->n_measured++) {
		Sample *sample = sample_at(log, log->n_measured);

		g_string_truncate(text, 0);
		append_text(text, sample, process);
		sample->len = (guint32)text->len;
		log->text_len += text->len;
	}
}

goffset value_log_size(ValueLog *log, const Process *process)
{
	measure(log, process);
	return HEAD_LEN + log->hole + (goffset)log->text_len;
}

/* The rows from an offset in them on. */
static void read_rows(const ValueLog *log, const Process *process, gsize offset, gsize end,
                      GString *out)
{
	gsize at = 0, from = out->len;
	gsize before = 0; /* bytes of the first row in front of the offset */

	for (unsigned i = 0; i < log->samples->len && out->len < end + before; i++) {
		const Sample *sample = sample_at(log, i);

		if (at + sample->len > offset) {
			if (out->len == from && at < offset)
				before = offset - at;
			append_text(out, sample, process);
		}
		at += sample->len;
	}
	g_string_erase(out, (gssize)from, (gssize)MIN(before, out->len - from));
	g_string_truncate(out, MIN(out->len, end));
}

void value_log_read(ValueLog *log, const Process *process, goffset offset, gsize size,
                    gboolean is_sequential, goffset *skipped, GString *out)
{
	const goffset rows = HEAD_LEN + log->hole;
	gsize end = out->len + size;
	goffset at;

	measure(log, process);
	if (!offset)
		*skipped = 0;
	is_sequential |= !offset;
	at = offset + *skipped;
	if (at < HEAD_LEN)
		g_string_append_len(out, &VALUE_CSV_HEAD[at],
		                    (gssize)MIN((gsize)(HEAD_LEN - at), size));
	if (out->len == end)
		return;
	at = MAX(at, HEAD_LEN);
	if (at < rows && is_sequential) {
		*skipped += rows - at;
		at = rows;
	}
	while (at < rows && out->len < end) {
		g_string_append_c(out, '\0');
		at++;
	}
	if (out->len < end)
		read_rows(log, process, (gsize)(at - rows), end, out);
}

guint64 value_log_seq(const ValueLog *log)
{
	return log->seq;
}

gint64 value_log_wall_us(const ValueLog *log)
{
	return log->wall_us;
}

gsize value_log_memory(const ValueLog *log)
{
	return log->samples->len * sizeof(Sample);
}
