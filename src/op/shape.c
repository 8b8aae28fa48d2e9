/* Shape and Size: what is known of a tensor without its elements. */
#include "op/call.h"
#include "op/family.h"

typedef struct extent {
    int from, to; /* the dimensions that are told */
} extent;

/* A bound among the dimensions: counted from the end when negative, and brought inside. */
static int bound(int64_t at, int rank)
{
    const int64_t counted = at < 0 ? at + rank : at;
    return (int)(counted < 0 ? 0 : counted > rank ? rank : counted);
}

static bool infer_shape(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    extent *e = dv_call_prepare(call, sizeof *e, error);
    if (!e)
        return false;
    const int rank = call->input[0]->shape.rank;
    *e = (extent){0, rank};
    if (call->opset >= 15) {
        e->from = bound(dv_attribute_int(call->attributes, "start", 0), rank);
        e->to = bound(dv_attribute_int(call->attributes, "end", rank), rank);
    }
    const dv_shape shape = dv_shape_make(1, (int64_t[]){e->to > e->from ? e->to - e->from : 0});
    return dv_call_set_output(call, 0, DV_TYPE_INT64, &shape, error);
}

static void shape_forward(const dv_call *call)
{
    const extent *e = call->prepared;
    for (int i = e->from; i < e->to; i++)
        call->output[0]->i[i - e->from] = call->input[0]->shape.dim[i];
}

static bool infer_size(dv_call *call, dv_error *error)
{
    const dv_shape scalar = {0};
    return dv_call_require(call, 1, error) && dv_call_set_output(call, 0, DV_TYPE_INT64, &scalar, error);
}

static void size_forward(const dv_call *call)
{
    call->output[0]->i[0] = dv_shape_elements(&call->input[0]->shape);
}

#define ROW(NAME, INFER, FORWARD)                                                                                      \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = INFER, .forward = FORWARD, .shape_only = true                                                         \
    }

const dv_operator dv_family_shape[] = {
    ROW("Shape", infer_shape, shape_forward),
    ROW("Size", infer_size, size_forward),
    {0},
};
