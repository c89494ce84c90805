#pragma once
/*
 * Tables for people: columns padded with blanks, the last one as long as its texts are. A cell holds
 * what a target or a user made up: control characters, of 7 and of 8 bits, show as '?'.
 */
#include <glib.h>

typedef enum {
	TEXT_TABLE_LEFT,
	TEXT_TABLE_WORD, /* left, blanks as '?': for tables that are read by column */
	TEXT_TABLE_RIGHT,
	TEXT_TABLE_POINT, /* numbers with their points below each other; another text stands left of it */
} TextTableAlign;

enum {
	TEXT_TABLE_CELL_MAX = 4096, /* bytes, and cut there; characters of UTF-8 stay whole */
	TEXT_TABLE_GAP = 1,         /* blanks between columns */
};

typedef struct {
	const char *title;
	TextTableAlign align;
	gsize width_max; /* characters; 0 any. After a longer cell the row goes on in the next line. Not of the last. */
} TextTableColumn;

typedef struct TextTable TextTable;

/* The columns outlive it. Their titles are the first line. */
TextTable *text_table_new(const TextTableColumn *columns, unsigned n);
void text_table_free(TextTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextTable, text_table_free)

/* The next cell, row by row. NULL and "" are "-". */
void text_table_add(TextTable *table, const char *text);
/* All rows that are whole. */
void text_table_append(const TextTable *table, GString *out);
