/* Building JSON. For the json*.c files here and for setup/check_json.c only. */
#ifndef DV_VID_JSON_OBJECT_H
#define DV_VID_JSON_OBJECT_H

#include "base/error.h"
#include "onnx/onnx.h"

#include <jansson.h>
#include <math.h>

/* Digits of every number that is not whole: what a float holds. */
enum { DV_JSON_DIGITS = 9 };

/* jansson's functions that add a value take NULL for "no memory" and pass the failure on, so that one look at
 * the end is enough. `failed` gathers it. */
typedef struct object {
    json_t *json;
    bool *failed;
} object;

static inline object object_new(bool *failed)
{
    return (object){json_object(), failed};
}

static inline void put(object to, const char *key, json_t *value)
{
    if (json_object_set_new(to.json, key, value))
        *to.failed = true;
}

static inline void append(json_t *array, json_t *value, bool *failed)
{
    if (json_array_append_new(array, value))
        *failed = true;
}

static inline json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* A name that is no valid UTF-8, or none, is null. */
static inline json_t *text(const char *value)
{
    json_t *string = value ? json_string(value) : NULL;
    return string ? string : json_null();
}

static inline json_t *numbers(const float *value, int64_t count, bool *failed)
{
    json_t *array = json_array();
    for (int64_t i = 0; i < count; i++)
        append(array, number(value[i]), failed);
    return array;
}

/* One line of text, or NULL; the object is given up either way. */
static inline char *finish(object whole, dv_error *error)
{
    char *line = NULL;
    if (whole.json && !*whole.failed)
        line = json_dumps(whole.json, JSON_COMPACT | JSON_REAL_PRECISION(DV_JSON_DIGITS));
    json_decref(whole.json);
    if (!line)
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for the JSON text");
    return line;
}

/* "sampling", "neighborhood", and "masked", "cells" and "keep" where there are masked copies. */
void dv_json_put_neighborhood(object it, const dv_explain_options *options);
/* "method", "temperature", "anchor", and what the student was asked for by: "ridge" (null: lambda by the rule), or
 * "epochs", "batch" (mini-batches) and "learning_rate" (null: the method's own). */
void dv_json_put_student(object it, const dv_explain_options *options);
/* What there is to say about a bundle, a text each. */
json_t *dv_json_notes(const dv_bundle_facts *facts, bool *failed);
/* Free dimensions are null. */
json_t *dv_json_shape(const dv_shape *shape, bool *failed);
/* [{"name","count","missing","node"}] */
json_t *dv_json_operators(const dv_onnx_survey *survey, bool *failed);
/* [{"name","title","meaning","citation","class","against","score","baseline","samples","teacher_calls","problem",...}],
 * each with what stands behind "problem" where there is a map. */
json_t *dv_json_attributions(const dv_attributions *attributions, bool timing, bool *failed);
/* [{"name","title","meaning","regions"}] of the two maps that every explanation has: class direction and evidence. */
json_t *dv_json_own_maps(const dv_explanation *explanation, bool *failed);
/* [{"name","share"}], the ninths of a map in words, the largest share first. */
json_t *dv_json_regions(const dv_attribution *attribution, bool *failed);
/* [{"file","bytes"}] */
json_t *dv_json_companions(const dv_onnx_survey *survey, bool *failed);

#endif
