#pragma once
/*
 * `environ`: the target is asked when the file is read at offset 0, and what it answered
 * (KEY=VALUE, NUL-ended each) is served until the next such read.
 */
#include "fs/tree/node.h"

extern const NodeType environ_file;
