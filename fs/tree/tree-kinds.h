#pragma once
/* What stands behind each InoKind: how a number is looked up, and the directories themselves. */
#include "fs/tree/node.h"

/* Each: 0 or -ENOENT; ret->tree and ret->ino are set before. */
int tree_root_resolve(Node *ret);
int tree_process_resolve(Node *ret);
int tree_provider_resolve(Node *ret);
int tree_counter_resolve(Node *ret);
int tree_dump_resolve(Node *ret);
int tree_meter_resolve(Node *ret);
int tree_instrument_resolve(Node *ret);
int tree_series_resolve(Node *ret);
int tree_meter_value_resolve(Node *ret);

/* The tables of files, for whoever must know all of them. */
const NodeRow *tree_root_rows(unsigned *n);
const NodeRow *tree_process_rows(unsigned *n);

/* The directory of a process. */
void tree_process_node(const Node *from, Process *process, Node *ret);
/* The number of the directory of that type in it: the parent of providers' and meters' directories. */
guint64 tree_process_dir_ino(const NodeType *type, guint64 serial);
/* The parent of an instrument's directory, and of a tag set's. */
guint64 tree_instrument_parent_ino(const Node *dir);
guint64 tree_series_parent_ino(const Node *dir);

extern const NodeType tree_counters_dir;      /* <pid>/counters */
extern const NodeType tree_peaks_dir;         /* <pid>/peaks */
extern const NodeType tree_meters_dir;        /* <pid>/meters */
extern const NodeType tree_process_dumps_dir; /* <pid>/dumps */
extern const NodeType tree_root_dumps_dir;    /* dumps */
