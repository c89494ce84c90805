#pragma once
/*
 * `stream.csv`: every sample of a process, a row each as in counters.csv, oldest first. It has a size and
 * offsets like a file that is appended to. Only the last samples are kept.
 *
 * Samples are kept as numbers, 24 bytes each, and become text when somebody looks: nearly nobody does,
 * and text would cost ten times the time and four times the memory. So a row has its length only from
 * the first look on, and keeps that length.
 *
 * While a descriptor is open the size only grows, also when samples go: what is gone leaves a hole behind
 * the header, and offsets stay what they were, so that `tail -f` follows without a repetition or a gap.
 * With the last descriptor the hole goes too. Who reads from the beginning never sees it (value_log_read).
 *
 * Not for the wire to fill: rows are of values that the stores of the process hold, by their ids.
 */
#include "fs/model/value.h"

enum {
	VALUE_LOG_SAMPLES = 8,          /* of each value are kept at least, within */
	VALUE_LOG_SIZE_MIN = 16 << 10,  /* bytes of memory: 682 rows, 22 samples of 27 values; */
	VALUE_LOG_SIZE_MAX = 256 << 10, /* the most, for 1194 values and more */
};

typedef struct ValueLog ValueLog;

ValueLog *value_log_new(void);
void value_log_free(ValueLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ValueLog, value_log_free)

/* A sample of a counter was taken. The process is the log's, here and below: it has the names. */
void value_log_add(ValueLog *log, const Process *process, const Counter *counter);
/* A collection of meters is over: adds what it brought. */
void value_log_add_meters(ValueLog *log, const Process *process);

/* Descriptors. */
void value_log_open(ValueLog *log);
void value_log_close(ValueLog *log);

goffset value_log_size(ValueLog *log, const Process *process);
/*
 * Appends up to `size` bytes from an offset, nothing at the end. A hole is passed over by a reader that
 * comes from the beginning or reads on (is_sequential): *skipped, 0 at first, is what it has passed over
 * so far and is added to its offsets. For others the hole holds NUL bytes.
 */
void value_log_read(ValueLog *log, const Process *process, goffset offset, gsize size,
                    gboolean is_sequential, goffset *skipped, GString *out);

guint64 value_log_seq(const ValueLog *log);    /* samples ever added */
gint64 value_log_wall_us(const ValueLog *log); /* of the last one; 0 before */
gsize value_log_memory(const ValueLog *log);   /* bytes */
