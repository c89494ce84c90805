#pragma once
/*
 * Values as the rows of `dotnet-counters collect --format csv`: its columns, and its names and types
 * letter for letter, so that what reads its files reads these.
 *
 *   GC Heap Size (MB)                                        Metric   the value
 *   Allocation Rate (B / 1 sec)                              Rate     the increment of an interval, raw
 *   Exception Count (Count / 1 sec)                          Rate     a rate without a unit
 *   http.server.active_requests ({request})[a=b;c=d]         Metric
 *   dotnet.gc.collections ({collection} / 1 sec)[a=b]        Rate     a Counter
 *   http.server.request.duration (s)[a=b;Percentile=50]      Metric   a row a percentile
 *
 * Different from there: Timestamp is UTC with milliseconds, and numbers are written as everywhere here.
 * Source: dotnet-counters 10.0.750501, seen on .NET 8 and 10; for "count", and for texts that need
 * quotes, src/Tools/dotnet-counters of dotnet/diagnostics.
 */
#include "fs/model/value.h"

#define VALUE_CSV_HEAD "Timestamp,Provider,Counter Name,Counter Type,Mean/Increment\n"

/* Rows that a value of its kind has. */
unsigned value_csv_n_rows(ValueKind kind);
/* The number in one of them: NaN also for a percentile that was not measured. */
double value_csv_number(const Value *value, unsigned row);
/* interval_ms: what increments are of, as it was asked for. */
void value_csv_append_name(GString *out, const Value *value, unsigned row, unsigned interval_ms);
/* A whole row. Of value its names alone count; number and wall_us may be of an earlier sample. */
void value_csv_append(GString *out, const Value *value, unsigned row, unsigned interval_ms,
                      double number, gint64 wall_us);

/* All tags, as they are sent, with commas between: of the meter, of the instrument, its own. */
void value_append_tags(GString *out, const Value *value);
