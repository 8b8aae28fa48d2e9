/* What is told of a dataset, as JSON. */
#include "vid/json.h"
#include "vid/json_object.h"

static json_t *names(const dv_dataset *data, bool *failed)
{
    json_t *array = json_array();
    for (int k = 0; k < data->class_count; k++)
        append(array, text(data->class_names[k]), failed);
    return array;
}

char *dv_json_dataset(const char *path, const dv_dataset *data, int64_t labelled, dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    json_t *picture = json_array();
    append(picture, json_integer(data->channels), &failed);
    append(picture, json_integer(data->height), &failed);
    append(picture, json_integer(data->width), &failed);
    put(whole, "file", text(path));
    put(whole, "format", text(data->format));
    put(whole, "count", json_integer(data->count));
    put(whole, "picture", picture);
    put(whole, "mixed", json_boolean(data->mixed));
    put(whole, "labelled", json_integer(labelled));
    put(whole, "labels", text(data->marks ? "multi" : "one"));
    put(whole, "classes", data->class_names ? names(data, &failed) : json_null());
    put(whole, "note", text(data->note));
    return finish(whole, error);
}
