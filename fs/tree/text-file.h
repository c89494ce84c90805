#pragma once
/*
 * Files whose text is made when they are read: a read at offset 0 takes a snapshot, later offsets
 * are served from it, so that one loop of reads never mixes two samples. They show size 0 and are
 * never cached, as on proc.
 */
#include "fs/tree/node.h"

/* A row with a render. */
extern const NodeType text_file;

/* Reading alone is allowed, whatever the caller's rights: -EACCES. */
int text_file_open(const Node *node, OpenNode *open, NodeWait *wait);
/* A READ before the first sample waits for it. */
int text_file_read(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait);
/* The same for a value: with attach=lazy a reader is what opens the session. */
int text_file_open_value(const Node *node, OpenNode *open, NodeWait *wait);
int text_file_read_value(const Node *node, OpenNode *open, gint64 offset, gsize size,
                         NodeWait *wait);
/* Renders into open->text: 0 or a negative errno, and the text that was there stays. */
int text_file_snapshot(const Node *node, OpenNode *open);

/* Members of a NodeType for nodes with a row. */
int text_file_render_row(const Node *node, GString *text);
guint64 text_file_sequence(const Node *node);
void text_file_stat(const Node *node, struct stat *st);
