#pragma once
/*
 * Text files that are expensive to make and that several scrapers read: like text-file.h, but descriptors
 * that read at offset 0 within the same second get one text, which goes with the last of them. One that
 * keeps reading from where it was keeps the text that it began with.
 */
#include "fs/tree/node.h"

/* A row with a render, at the root. */
extern const NodeType shared_file;

/* The descriptor lets go of its text, whoever has it. */
void shared_file_drop_text(OpenNode *open);
