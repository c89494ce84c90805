#pragma once
/*
 * `stream.csv`: every sample, with a real size, served at the offset that is asked for (value-log.h). A
 * READ never waits. Reading to its end is what poll() counts as having seen it.
 */
#include "fs/tree/node.h"

extern const NodeType stream_file;
