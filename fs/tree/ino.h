#pragma once
/*
 * Inode numbers are names, not pointers: kind:8 | serial:40 | row:16.
 *
 *   kind    which table the rest is looked up in (InoKind)
 *   serial  the creation number of a process or of a dump; only goes up, never used again
 *   row     the index in a table of files, the number of a counter, the part of a dump
 *
 * What follows from it:
 *  - The kernel's lookup counts mean nothing: `forget` does no work, and nothing is kept alive for
 *    the kernel's sake. A number whose object is gone is looked up in vain and gives an error, as
 *    in procfs.
 *  - Numbers are never used again, so the generation is always 0, and a process that gets the pid
 *    of one that is gone has new numbers throughout.
 *  - The type (directory or file) behind a number never changes.
 *
 * The root is 1, as FUSE wants it; 0 is no inode.
 */
#include <glib.h>

typedef enum {
	INO_ROOT,    /* row 1: the root itself; row n + INO_FIRST_ROW: row n of the root's table */
	INO_PROCESS, /* row 0: the process's directory; row n + INO_FIRST_ROW: row n of its table */
	INO_PROVIDER,      /* serial of a process; row: a provider, a directory in counters/ */
	INO_COUNTER,       /* serial of a process; row: number of a counter */
	INO_DUMP,          /* serial of a dump; row: RecordPart */
	INO_PEAK_PROVIDER, /* as INO_PROVIDER, in peaks/ */
	INO_PEAK,          /* as INO_COUNTER */
	INO_METER,         /* serial of a process; row: a meter, a directory in meters/ */
	INO_INSTRUMENT,    /* likewise: an instrument, a directory in that */
	INO_SERIES,        /* likewise: a tag set, a directory in that */
	INO_METER_VALUE,   /* likewise: number of a tag set * METER_N_VALUES + MeterValue */
	INO_N_KINDS,
} InoKind;

enum {
	INO_FIRST_ROW = 2,
	INO_ROW_BITS = 16,
	INO_SERIAL_BITS = 40,
	INO_ROW_MAX = (1 << INO_ROW_BITS) - 1,
};

#define INO_SERIAL_MAX ((G_GUINT64_CONSTANT(1) << INO_SERIAL_BITS) - 1)

static inline guint64 ino_make(InoKind kind, guint64 serial, guint row)
{
	return (guint64)kind << (INO_SERIAL_BITS + INO_ROW_BITS) |
	       (serial & INO_SERIAL_MAX) << INO_ROW_BITS | (row & INO_ROW_MAX);
}

/* May be INO_N_KINDS or above: the number comes from outside. */
static inline guint ino_kind(guint64 ino)
{
	return (guint)(ino >> (INO_SERIAL_BITS + INO_ROW_BITS));
}

static inline guint64 ino_serial(guint64 ino)
{
	return ino >> INO_ROW_BITS & INO_SERIAL_MAX;
}

static inline guint ino_row(guint64 ino)
{
	return (guint)(ino & INO_ROW_MAX);
}
