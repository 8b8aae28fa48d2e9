/* Text as rows of fields: one a line, or separated by tabs, commas or semicolons, quoted as CSV does (RFC 4180). */
#ifndef DV_DATA_TABLE_H
#define DV_DATA_TABLE_H

#include "data/format.h"

typedef struct dv_table {
    int64_t rows;
    int columns;
    char *text;
    uint32_t *field; /* rows x columns: where each begins in the text */
} dv_table;

/* True for what looks like text. */
bool dv_table_probe(const dv_place *place);

/* Every row has the same number of fields; blank lines at the end do not count. Texts are trimmed. */
bool dv_table_read(const dv_place *place, dv_table *table, dv_error *error);
void dv_table_clear(dv_table *table);
const char *dv_table_get(const dv_table *table, int64_t row, int column);

/* What the columns hold. */
typedef struct dv_columns {
    int64_t first;              /* row behind the header: 0 or 1 */
    int key, label;             /* -1: there is none */
    int mark_first, mark_count; /* a row of numbers 0, 1, -1 instead of one label: all columns but the key */
} dv_columns;

/* By the names in a header, else by the content. False and an error where that does not tell. */
bool dv_columns_find(const dv_table *table, dv_columns *columns, dv_error *error);

/* Labels of those columns; texts live as long as the table. */
bool dv_columns_labels(const dv_table *table, const dv_columns *columns, dv_label_list *labels, dv_error *error);

#endif
