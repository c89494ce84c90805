/* Cells in the order in which they came; widths are known when all are there. */
#include "fs/model/text-table.h"
#include <string.h>

struct TextTable {
	const TextTableColumn *columns;
	unsigned n;
	GPtrArray *cells; /* char * */
};

/* Characters, as far as UTF-8 tells. */
typedef struct {
	gsize before, after; /* the point, which belongs to what is after it; else all is before */
} Width;

/* Bytes of a text that fit into a cell. */
static gsize cell_length(const char *text)
{
	gsize len = strnlen(text, TEXT_TABLE_CELL_MAX + 1);

	if (len <= TEXT_TABLE_CELL_MAX)
		return len;
	len = TEXT_TABLE_CELL_MAX;
	for (unsigned i = 0; i < 3 && ((guchar)text[len] & 0xc0) == 0x80; i++)
		len--;
	return len;
}

static gboolean is_control(const guchar *p)
{
	/* 0xc2 and one of 0x80 to 0x9f are a control character of 8 bits in UTF-8. */
	return *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
}

static char *clean(const char *text, TextTableAlign align)
{
	char *copy = text && *text ? g_strndup(text, cell_length(text)) : g_strdup("-");

	for (char *p = copy; *p; p++) {
		if (is_control((const guchar *)p) || (*p == ' ' && align == TEXT_TABLE_WORD)) {
			if ((guchar)*p == 0xc2)
				p[1] = '?';
			*p = '?';
		}
	}
	return copy;
}

static gsize n_characters(const char *text, const char *end)
{
	gsize n = 0;

	for (const char *p = text; p < end; p++)
		n += ((guchar)*p & 0xc0) != 0x80;
	return n;
}

static Width width_of(const char *text, TextTableAlign align)
{
	const char *end = text + strlen(text);
	const char *point = align == TEXT_TABLE_POINT ? strchr(text, '.') : NULL;

	point = point ? point : end;
	return (Width){ n_characters(text, point), n_characters(point, end) };
}

TextTable *text_table_new(const TextTableColumn *columns, unsigned n)
{
	TextTable *table = g_new0(TextTable, 1);

	table->columns = columns;
	table->n = n;
	table->cells = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < n; i++)
		text_table_add(table, columns[i].title);
	return table;
}

void text_table_free(TextTable *table)
{
	if (!table)
		return;
	g_ptr_array_unref(table->cells);
	g_free(table);
}

void text_table_add(TextTable *table, const char *text)
{
	const TextTableColumn *column = &table->columns[table->cells->len % table->n];

	g_ptr_array_add(table->cells, clean(text, column->align));
}

static void append_blanks(GString *out, gsize n)
{
	for (gsize i = 0; i < n; i++)
		g_string_append_c(out, ' ');
}

static void append_cell(GString *out, const char *text, TextTableAlign align, Width column,
                        gboolean is_last)
{
	Width own = width_of(text, align);
	gsize left = 0, right;

	if (align == TEXT_TABLE_RIGHT || align == TEXT_TABLE_POINT)
		left = column.before - own.before;
	right = column.before + column.after - own.before - own.after - left;
	append_blanks(out, left);
	g_string_append(out, text);
	if (!is_last)
		append_blanks(out, right + TEXT_TABLE_GAP);
}

static gboolean is_long(const TextTableColumn *column, const char *text)
{
	return column->width_max && n_characters(text, text + strlen(text)) > column->width_max;
}

/* A cell that is too long ends its line, and the next one goes on below it, in its own column. */
static void break_line(GString *out, const Width *widths, unsigned column)
{
	g_string_append_c(out, '\n');
	for (unsigned i = 0; i <= column; i++)
		append_blanks(out, widths[i].before + widths[i].after + TEXT_TABLE_GAP);
}

void text_table_append(const TextTable *table, GString *out)
{
	g_autofree Width *widths = g_new0(Width, table->n);
	unsigned n_rows = table->cells->len / table->n;

	for (unsigned i = 0; i < n_rows * table->n; i++) {
		unsigned column = i % table->n;
		Width own = width_of(table->cells->pdata[i], table->columns[column].align);

		if (is_long(&table->columns[column], table->cells->pdata[i]))
			continue;
		widths[column].before = MAX(widths[column].before, own.before);
		widths[column].after = MAX(widths[column].after, own.after);
	}
	for (unsigned i = 0; i < n_rows * table->n; i++) {
		unsigned column = i % table->n;
		gboolean is_last = column + 1 == table->n;

		if (!is_last && is_long(&table->columns[column], table->cells->pdata[i])) {
			g_string_append(out, table->cells->pdata[i]);
			break_line(out, widths, column);
			continue;
		}
		append_cell(out, table->cells->pdata[i], table->columns[column].align,
		            widths[column], is_last);
		if (is_last)
			g_string_append_c(out, '\n');
	}
}
