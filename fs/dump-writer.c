/* How this program takes dumps. The tests link another file in the place of this one. */
#include "fs/broker/dump-writer.h"

const DumpWriter *const program_dump_writer = &dump_writer_createdump;
