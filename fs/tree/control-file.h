#pragma once
/*
 * Files that are written to: one write() is one command, whatever its offset, of at most
 * NODE_COMMAND_MAX bytes (else EINVAL); what is read is the canonical form of what was accepted.
 * Truncating is accepted and changes nothing, because the shell's `>` does it before each write. An
 * empty write changes nothing either.
 */
#include "fs/tree/node.h"

/* A row with render and apply. */
extern const NodeType control_file;

/* Members of a NodeType of a file that is written to, also without a row. */
int control_file_open(const Node *node, OpenNode *open, NodeWait *wait);
int control_file_truncate(const Node *node);

/* NodeRow.apply of the files of a process. Their answer comes from the broker, within 2 s. */
int control_file_threshold(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_dump(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_trigger(const Node *node, const char *data, gsize len, NodeWait *wait);
/* At once. */
int control_file_max_dumps(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_cooldown(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_detect(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_providers(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_interval(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_peak(const Node *node, const char *data, gsize len, NodeWait *wait);
int control_file_dump_type(const Node *node, const char *data, gsize len, NodeWait *wait);
