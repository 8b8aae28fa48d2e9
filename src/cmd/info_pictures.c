#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/info.h"
#include "cmd/words.h"
#include "data/data.h"
#include "graph/graph.h"
#include "image/image.h"
#include "vid/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PICTURE = 1 << 30 };

static bool print_picture(const char *path, const dv_image_facts *facts, bool json, dv_error *error)
{
    int64_t dims[] = {facts->height, facts->width, facts->channels};
    if (json) {
        dv_shape shape = dv_shape_make(3, dims);
        return dv_command_print_json(dv_json_array(path, facts->format, "uint8", &shape, error), error);
    }
    dv_words_text(path);
    puts(": a picture");
    dv_words_line("format", facts->format);
    dv_words_label("size");
    printf("%d x %d\n", facts->width, facts->height);
    dv_words_line("colours", facts->channels == 1 ? "grey" : "RGB");
    return dv_command_finish_output(error);
}

/* The whole of it is read: a picture that is damaged behind its header is none. */
bool dv_info_picture(const char *path, bool json, dv_error *error)
{
    uint8_t *data;
    size_t size;
    dv_image_facts facts;
    if (!dv_file_read(path, MAX_PICTURE, &data, &size, error))
        return false;
    dv_image *image = dv_image_describe(data, size, &facts, error) ? dv_image_decode(data, size, error) : NULL;
    free(data);
    if (!image)
        return dv_error_prefix(error, "%s", path);
    dv_image_free(image);
    return print_picture(path, &facts, json, error);
}

/* What the shape of an array lets one expect. */
static const char *guess_content(const dv_array *array)
{
    bool integers = array->kind == 'u' || array->kind == 'i';
    if (integers && array->rank == 1)
        return "labels, by the shape";
    if (array->kind == 'u' && array->size == 1 && (array->rank == 3 || array->rank == 4))
        return "pictures, by the shape";
    return "an array";
}

bool dv_info_array(const char *path, bool json, dv_error *error)
{
    const char *format;
    dv_array array;
    if (!dv_data_describe(path, &format, &array, error))
        return false;
    dv_shape shape = dv_shape_make(array.rank, array.dim);
    char type[16], text[160];
    dv_shape_text(&shape, text, sizeof text);
    if (array.kind == 'b')
        snprintf(type, sizeof type, "bool");
    else
        snprintf(type, sizeof type, "%s%d",
                 array.kind == 'f'   ? "float"
                 : array.kind == 'u' ? "uint"
                                     : "int",
                 8 * array.size);
    if (json)
        return dv_command_print_json(dv_json_array(path, format, type, &shape, error), error);
    dv_words_text(path);
    printf(": %s\n", guess_content(&array));
    dv_words_line("format", format);
    dv_words_line("elements", type);
    dv_words_line("shape", text);
    if (array.rank) {
        dv_words_label("count");
        dv_words_number(array.dim[0]);
        putchar('\n');
    }
    return dv_command_finish_output(error);
}

/* ---- many pictures -------------------------------------------------------------------------- */

static bool is_labelled(const dv_dataset *data, int64_t index)
{
    if (data->labels)
        return data->labels[index] >= 0;
    for (int k = 0; data->marks && k < data->class_count; k++)
        if (data->marks[index * data->class_count + k] >= 0)
            return true;
    return false;
}

static void print_classes(const dv_dataset *data)
{
    dv_words_label(data->marks ? "labels" : "classes");
    printf("%d%s", data->class_count, data->class_names ? ": " : "");
    for (int k = 0, column = 0; data->class_names && k < data->class_count; k++) {
        column = dv_words_separator(column, (int)strlen(data->class_names[k]));
        dv_words_text(data->class_names[k]);
    }
    putchar('\n');
}

static void print_dataset(const char *path, const dv_dataset *data, int64_t labelled)
{
    dv_words_text(path);
    puts(": pictures");
    dv_words_line("format", data->format);
    if (*data->note)
        dv_words_line("taken as", data->note);
    dv_words_label("pictures");
    dv_words_number(data->count);
    printf(" of %d x %d x %d%s, ", data->channels, data->height, data->width,
           data->mixed ? " (the first; they differ)" : "");
    dv_words_number(labelled);
    puts(data->marks ? " with labels" : " with a label");
    if (data->class_count)
        print_classes(data);
}

bool dv_info_dataset(const char *path, bool json, dv_error *error)
{
    const dv_dataset_source source = {.images = path};
    dv_dataset *data = dv_dataset_open(&source, error);
    if (!data)
        return false;
    int64_t labelled = 0;
    bool ok = true;
    for (int64_t i = 0; i < data->count; i++)
        labelled += is_labelled(data, i);
    if (json) {
        ok = dv_command_print_json(dv_json_dataset(path, data, labelled, error), error);
    } else {
        print_dataset(path, data, labelled);
        ok = dv_command_finish_output(error);
    }
    dv_dataset_close(data);
    return ok;
}
