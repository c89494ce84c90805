#pragma once
/*
 * `events`: a log with its real size, served at the offset that is asked for, so that tail -f
 * follows it. Reading to its end is what poll() counts as having seen it.
 */
#include "fs/tree/node.h"

extern const NodeType log_file;
