/* Text: labels, one a line or a column of a table; or a list of pictures, each on a line of its own, with or without a
 * label behind it. Paths are relative to the list. */
#include "data/table.h"
#include "base/error.h"
#include "data/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool probe(const dv_place *place)
{
    return dv_table_probe(place);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup("");
}

static bool exists(const char *folder, const char *name)
{
    char *path = dv_path_join(folder, name);
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* ---- "path label", as Caffe and ImageNet have it ----------------------------------------------- */

/* The label behind the last space of a line; NULL: there is none. */
static char *last_word(const char *line)
{
    char *space = strrchr(line, ' ');
    return space && space > line && space[1] ? space : NULL;
}

/* True where the first line is no file, but its part before the last space is one. */
static bool has_space(const dv_table *table, const char *folder)
{
    const char *line = dv_table_get(table, 0, 0);
    const char *space = table->columns == 1 ? last_word(line) : NULL;
    char *name = space ? strndup(line, (size_t)(space - line)) : NULL;
    bool two = name && !exists(folder, line) && exists(folder, name);
    free(name);
    return two;
}

/* Makes two columns of one. */
static bool cut_at_space(dv_table *table, dv_error *error)
{
    uint32_t *field = realloc(table->field, (size_t)table->rows * 2 * sizeof *field);
    if (!field) {
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory for the list");
    }
    table->field = field;
    for (int64_t r = table->rows - 1; r >= 0; r--) {
        char *line = table->text + field[r], *space = last_word(line);
        if (!space) {
            return dv_error_set(error, DV_ERROR_FORMAT, "line %lld has no label", (long long)r + 1);
        }
        *space = 0;
        for (char *end = space; end > line && end[-1] == ' '; end--) {
            end[-1] = 0;
        }
        field[2 * r] = (uint32_t)(line - table->text);
        field[2 * r + 1] = (uint32_t)(space + 1 - table->text);
    }
    table->columns = 2;
    return true;
}

/* ---- pictures ------------------------------------------------------------------------------------ */

/* Which column names the pictures, if the names of columns or of files do not tell: the first. */
static bool find_columns(const dv_table *table, const char *folder, dv_columns *columns, dv_error *error)
{
    if (!dv_columns_find(table, columns, error)) {
        return false;
    }
    if (columns->key < 0) {
        columns->key = 0;
        columns->label = -1;
    }
    const char *name = dv_table_get(table, columns->first, columns->key);
    if (!*name || !exists(folder, name)) {
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "is a text, but no list of pictures: there is no file '%s' beside it", name);
    }
    return true;
}

static bool add_files(dv_files *files, const dv_table *table, const dv_columns *columns, dv_error *error)
{
    for (int64_t r = columns->first; r < table->rows; r++) {
        if (!dv_files_add(files, dv_table_get(table, r, columns->key), error)) {
            return false;
        }
    }
    return true;
}

/* Labels stand beside their pictures: no names need to be compared. */
static bool give_labels(const dv_table *table, const dv_columns *columns, dv_dataset *pictures, dv_error *error)
{
    dv_label_list labels;
    dv_columns values = *columns;
    values.key = -1;
    bool good = dv_label_list_init(&labels, error) && dv_columns_labels(table, &values, &labels, error) &&
                dv_label_list_apply(&labels, pictures, "it", error);
    dv_label_list_clear(&labels);
    return good;
}

static bool read_table(dv_table *table, const char *folder, dv_dataset *pictures, dv_error *error)
{
    dv_columns columns;
    if ((has_space(table, folder) && !cut_at_space(table, error)) || !find_columns(table, folder, &columns, error)) {
        return false;
    }
    dv_files *files = dv_files_new(folder, error);
    if (!files || !add_files(files, table, &columns, error) || !dv_files_attach(files, pictures, error)) {
        dv_files_free(files);
        return false;
    }
    bool labelled = columns.label >= 0 || columns.mark_count;
    return !labelled || give_labels(table, &columns, pictures, error);
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    dv_table table;
    char *folder = folder_of(place->path);
    if (!folder) {
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    }
    bool good = dv_table_read(place, &table, error);
    if (good) {
        good = read_table(&table, folder, pictures, error);
        dv_table_clear(&table);
    }
    free(folder);
    return good;
}

/* ---- labels ---------------------------------------------------------------------------------------- */

/* The text of the table has to outlive it. */
static bool keep_texts(dv_label_list *labels, const dv_table *table, size_t size, dv_error *error)
{
    char *text = dv_arena_alloc(labels->arena, size, 1, error);
    if (!text) {
        return false;
    }
    memcpy(text, table->text, size);
    for (int64_t i = 0; i < labels->count; i++) {
        if (labels->key) {
            labels->key[i] = text + (labels->key[i] - table->text);
        }
        if (labels->text) {
            labels->text[i] = text + (labels->text[i] - table->text);
        }
    }
    for (int k = 0; labels->mark_name && k < labels->mark_count; k++) {
        labels->mark_name[k] = text + (labels->mark_name[k] - table->text);
    }
    return true;
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    dv_table table;
    dv_columns columns;
    if (!dv_table_read(place, &table, error)) {
        return false;
    }
    bool good = dv_columns_find(&table, &columns, error) && dv_columns_labels(&table, &columns, labels, error) &&
                keep_texts(labels, &table, place->source.size + 1, error);
    dv_table_clear(&table);
    return good;
}

const dv_format dv_format_list = {
    .name = "list",
    .probe = probe,
    .read_pictures = read_pictures,
    .read_labels = read_labels,
};
