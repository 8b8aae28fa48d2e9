/* What the columns of a table hold. */
#include "data/table.h"
#include "base/error.h"
#include "base/number.h"
#include "data/files.h"

#include <string.h>
#include <strings.h>

/* Names that columns go by, the most telling first. */
static const char *const key_names[] = {"filename", "file_name", "file", "image_name", "image_path", "image_id",
                                        "imageid",  "image",     "path", "filepath",   "file_path",  "img_path",
                                        "img_name", "img",       "name", "picture",    "id"};
static const char *const label_names[] = {"label",  "labels",   "class", "class_name", "classname", "category",
                                          "target", "class_id", "y",     "label_name", "breed",     "species"};
enum { KEY_NAMES = sizeof key_names / sizeof key_names[0], LABEL_NAMES = sizeof label_names / sizeof label_names[0] };

static int find_name(const dv_table *table, const char *const *names, int count)
{
    for (int n = 0; n < count; n++) {
        for (int c = 0; c < table->columns; c++) {
            if (strcasecmp(dv_table_get(table, 0, c), names[n]) == 0) {
                return c;
            }
        }
    }
    return -1;
}

static bool is_number(const char *text)
{
    double number;
    return dv_number_read(text, &number);
}

/* A number in each row behind the first; empty fields say nothing. */
static bool holds_numbers(const dv_table *table, int column)
{
    bool any = false;
    for (int64_t r = 1; r < table->rows; r++) {
        const char *text = dv_table_get(table, r, column);
        if (*text && !is_number(text)) {
            return false;
        }
        any |= *text != 0;
    }
    return any;
}

/* A first row without a number, above numbers. */
static bool has_header(const dv_table *table)
{
    bool numbers = false;
    for (int c = 0; c < table->columns; c++) {
        if (is_number(dv_table_get(table, 0, c))) {
            return false;
        }
        numbers |= holds_numbers(table, c);
    }
    return numbers && !dv_files_is_picture(dv_table_get(table, 0, 0));
}

static bool holds_pictures(const dv_table *table, int64_t first, int column)
{
    return first < table->rows && dv_files_is_picture(dv_table_get(table, first, column));
}

/* 0, 1 or -1 in each column but the key's; empty: unknown. */
static bool holds_marks(const dv_table *table, const dv_columns *columns)
{
    for (int64_t r = columns->first; r < table->rows; r++) {
        for (int c = 0; c < table->columns; c++) {
            const char *text = dv_table_get(table, r, c);
            double number;
            if (c != columns->key && *text &&
                (!dv_number_read(text, &number) || (number != 0 && number != 1 && number != -1))) {
                return false;
            }
        }
    }
    return true;
}

static bool decide_label(const dv_table *table, dv_columns *columns, dv_error *error)
{
    int others = table->columns - (columns->key >= 0);
    if (columns->label >= 0 || others == 0) {
        return true;
    }
    if (others == 1) {
        columns->label = columns->key == 0 ? 1 : 0;
        return true;
    }
    /* Attributes stand behind the name of the picture, or without it. */
    if (columns->key <= 0 && others <= DV_MAX_CLASSES && holds_marks(table, columns)) {
        columns->mark_first = columns->key + 1;
        columns->mark_count = others;
        return true;
    }
    return dv_error_set(error, DV_ERROR_FORMAT,
                        "has %d columns; which holds the labels? call it 'label' in the first line", table->columns);
}

bool dv_columns_find(const dv_table *table, dv_columns *columns, dv_error *error)
{
    *columns = (dv_columns){.key = find_name(table, key_names, KEY_NAMES),
                            .label = find_name(table, label_names, LABEL_NAMES)};
    bool named = columns->key >= 0 || columns->label >= 0;
    columns->first = named || has_header(table) ? 1 : 0;
    if (columns->first == table->rows) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds nothing but a header");
    }
    for (int c = 0; c < table->columns && columns->key < 0; c++) {
        columns->key = c != columns->label && holds_pictures(table, columns->first, c) ? c : -1;
    }
    if (columns->key < 0 && table->columns == 2) {
        columns->key = columns->label == 0 ? 1 : 0;
    }
    return decide_label(table, columns, error);
}

/* ---- labels ------------------------------------------------------------------------------- */

static bool take_keys(const dv_table *table, const dv_columns *columns, dv_label_list *labels, dv_error *error)
{
    labels->key = dv_arena_alloc(labels->arena, (size_t)labels->count, sizeof *labels->key, error);
    for (int64_t r = 0; labels->key && r < labels->count; r++) {
        labels->key[r] = dv_table_get(table, columns->first + r, columns->key);
    }
    return labels->key != NULL;
}

static bool take_texts(const dv_table *table, const dv_columns *columns, dv_label_list *labels, dv_error *error)
{
    labels->text = dv_arena_alloc(labels->arena, (size_t)labels->count, sizeof *labels->text, error);
    for (int64_t r = 0; labels->text && r < labels->count; r++) {
        labels->text[r] = dv_table_get(table, columns->first + r, columns->label);
    }
    return labels->text != NULL;
}

/* Where no 0 stands in the whole table, -1 means no; otherwise it means unknown. */
static bool take_marks(const dv_table *table, const dv_columns *columns, dv_label_list *labels, dv_error *error)
{
    size_t width = (size_t)columns->mark_count;
    bool zero = false;
    labels->mark_count = columns->mark_count;
    labels->marks = dv_arena_alloc(labels->arena, (size_t)labels->count * width, 1, error);
    labels->mark_name = columns->first ? dv_arena_alloc(labels->arena, width, sizeof *labels->mark_name, error) : NULL;
    if (!labels->marks || (columns->first && !labels->mark_name)) {
        return false;
    }
    for (int k = 0; labels->mark_name && k < columns->mark_count; k++) {
        labels->mark_name[k] = dv_table_get(table, 0, columns->mark_first + k);
    }
    for (int64_t r = 0; r < labels->count; r++) {
        for (int k = 0; k < columns->mark_count; k++) {
            const char *text = dv_table_get(table, columns->first + r, columns->mark_first + k);
            double number = 0;
            bool known = *text && dv_number_read(text, &number);
            zero |= known && number == 0;
            labels->marks[(size_t)r * width + (size_t)k] = known ? (int8_t)number : 2;
        }
    }
    for (size_t i = 0; i < (size_t)labels->count * width; i++) {
        int8_t mark = labels->marks[i];
        labels->marks[i] = mark == 2 ? -1 : mark == -1 && !zero ? 0 : mark;
    }
    return true;
}

bool dv_columns_labels(const dv_table *table, const dv_columns *columns, dv_label_list *labels, dv_error *error)
{
    labels->count = table->rows - columns->first;
    if (columns->key >= 0 && !take_keys(table, columns, labels, error)) {
        return false;
    }
    if (columns->mark_count) {
        return take_marks(table, columns, labels, error);
    }
    if (columns->label < 0) {
        return dv_error_set(error, DV_ERROR_FORMAT, "names pictures, but holds no labels");
    }
    return take_texts(table, columns, labels, error);
}
