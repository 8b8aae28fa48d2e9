/* Gather, GatherElements, GatherND. */
#include "op/call.h"
#include "op/family.h"
#include "op/index.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <string.h>

/* ---- Gather ---------------------------------------------------------------------- */

typedef struct gather {
    int64_t outer, axis, inner; /* x is outer x axis x inner */
    int64_t count;              /* of indices */
} gather;

static bool infer_gather(dv_call *call, dv_error *error)
{
    int axis;
    if (!dv_call_require(call, 2, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *indices = &call->input[1]->shape;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 0), x->rank, &axis, error) ||
        !dv_index_check(call, 1, x->dim[axis], error))
        return false;
    if (x->rank - 1 + indices->rank > DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %d is not supported",
                            x->rank - 1 + indices->rank);
    dv_shape shape = {0};
    for (int i = 0; i < axis; i++)
        shape.dim[shape.rank++] = x->dim[i];
    for (int i = 0; i < indices->rank; i++)
        shape.dim[shape.rank++] = indices->dim[i];
    for (int i = axis + 1; i < x->rank; i++)
        shape.dim[shape.rank++] = x->dim[i];
    gather *g = dv_call_prepare(call, sizeof *g, error);
    if (!g || !dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    *g = (gather){dv_shape_product(x, 0, axis), x->dim[axis], dv_shape_product(x, axis + 1, x->rank),
                  dv_shape_elements(indices)};
    return true;
}

/* One output row per task: the runs of all indices behind one place of the outer dimensions. */
static void gather_row(void *context, int64_t outer, int thread)
{
    (void)thread;
    const dv_call *call = context;
    const gather *g = call->prepared;
    const dv_type type = call->input[0]->type;
    const size_t size = dv_type_stored_size(type), run = (size_t)g->inner * size;
    const char *from = (const char *)call->input[0]->data + (size_t)(outer * g->axis) * run;
    char *to = (char *)call->output[0]->data + (size_t)(outer * g->count) * run;
    for (int64_t k = 0; k < g->count; k++, to += run) {
        const int64_t at = dv_index_resolve(call->input[1]->i[k], g->axis);
        if (at < 0)
            dv_index_nothing(type, g->inner, to);
        else
            memcpy(to, from + (size_t)at * run, run);
    }
}

static void gather_forward(const dv_call *call)
{
    const gather *g = call->prepared;
    const bool worth_it = g->count * g->inner >= 1 << 12; /* elements of a task */
    if (g->inner > 0)
        dv_team_run(worth_it ? call->team : NULL, gather_row, (void *)call, g->outer);
}

static void gather_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const gather *g = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *from = output_gradient[0]->f;
    for (int64_t o = 0; o < g->outer; o++)
        for (int64_t k = 0; k < g->count; k++, from += g->inner) {
            const int64_t at = dv_index_resolve(call->input[1]->i[k], g->axis);
            if (at >= 0)
                dv_vector_add(g->inner, 1, from, input_gradient[0]->f + (o * g->axis + at) * g->inner);
        }
}

/* ---- GatherElements ---------------------------------------------------------------- */

typedef struct elements {
    dv_loop loop;
    int64_t axis, step; /* elements along the axis, and from one to the next */
} elements;

static bool infer_gather_elements(dv_call *call, dv_error *error)
{
    int axis;
    if (!dv_call_require(call, 2, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *indices = &call->input[1]->shape;
    elements *e = dv_call_prepare(call, sizeof *e, error);
    if (!e || !dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 0), x->rank, &axis, error) ||
        !dv_index_loop(indices, x, axis, &e->loop, error) || !dv_index_check(call, 1, x->dim[axis], error))
        return false;
    e->axis = x->dim[axis];
    e->step = dv_shape_product(x, axis + 1, x->rank);
    return dv_call_set_output(call, 0, call->input[0]->type, indices, error);
}

typedef struct elements_state {
    const elements *elements;
    const int64_t *index;
    const dv_tensor *x, *y; /* laid out as input and output */
} elements_state;

static void gather_elements_row(void *context, int64_t y, int64_t x, int64_t unused)
{
    (void)unused;
    const elements_state *s = context;
    const int inner = s->elements->loop.rank - 1;
    const int64_t n = s->elements->loop.dim[inner], along = s->elements->loop.stride[0][inner];
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = dv_index_resolve(s->index[y + i], s->elements->axis);
        const int64_t from = x + i * along + at * s->elements->step;
        if (dv_type_is_float(s->y->type))
            at < 0 ? dv_index_nothing(s->y->type, 1, s->y->f + y + i) : (void)(s->y->f[y + i] = s->x->f[from]);
        else
            s->y->i[y + i] = at < 0 ? 0 : s->x->i[from];
    }
}

static void add_elements_row(void *context, int64_t y, int64_t x, int64_t unused)
{
    (void)unused;
    const elements_state *s = context;
    const int inner = s->elements->loop.rank - 1;
    const int64_t n = s->elements->loop.dim[inner], along = s->elements->loop.stride[0][inner];
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = dv_index_resolve(s->index[y + i], s->elements->axis);
        if (at >= 0)
            s->x->f[x + i * along + at * s->elements->step] += s->y->f[y + i];
    }
}

static void gather_elements_forward(const dv_call *call)
{
    const elements *e = call->prepared;
    elements_state state = {e, call->input[1]->i, call->input[0], call->output[0]};
    dv_loop_run(&e->loop, &state, gather_elements_row);
}

static void gather_elements_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                     dv_tensor *const *input_gradient)
{
    const elements *e = call->prepared;
    elements_state state = {e, call->input[1]->i, input_gradient[0], output_gradient[0]};
    if (output_gradient[0] && input_gradient[0])
        dv_loop_run(&e->loop, &state, add_elements_row);
}

/* ---- GatherND ----------------------------------------------------------------------- */

static bool infer_gather_nd(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *indices = &call->input[1]->shape;
    const int64_t batch_dims = dv_attribute_int(call->attributes, "batch_dims", 0);
    dv_tuples *tuples = dv_call_prepare(call, sizeof *tuples, error);
    if (!tuples ||
        !dv_tuples_read(call, 1, batch_dims < 0 || batch_dims > DV_MAX_RANK ? -1 : (int)batch_dims, tuples, error))
        return false;
    dv_shape shape = *indices;
    shape.rank--;
    const int behind = (int)batch_dims + tuples->length;
    if (shape.rank + x->rank - behind > DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %d is not supported",
                            shape.rank + x->rank - behind);
    for (int i = behind; i < x->rank; i++)
        shape.dim[shape.rank++] = x->dim[i];
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static void gather_nd_forward(const dv_call *call)
{
    const dv_tuples *tuples = call->prepared;
    const dv_type type = call->input[0]->type;
    const size_t size = dv_type_stored_size(type), run = (size_t)tuples->run * size;
    char *to = call->output[0]->data;
    for (int64_t t = 0; t < tuples->batches * tuples->count && run > 0; t++, to += run) {
        const int64_t place = dv_tuples_place(tuples, call->input[1]->i, t);
        if (place < 0)
            dv_index_nothing(type, tuples->run, to);
        else
            memcpy(to, (const char *)call->input[0]->data + (size_t)place * size, run);
    }
}

static void gather_nd_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                               dv_tensor *const *input_gradient)
{
    const dv_tuples *tuples = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t t = 0; t < tuples->batches * tuples->count; t++) {
        const int64_t place = dv_tuples_place(tuples, call->input[1]->i, t);
        if (place >= 0)
            dv_vector_add(tuples->run, 1, output_gradient[0]->f + t * tuples->run, input_gradient[0]->f + place);
    }
}

#define ROW(NAME, SINCE, STEM)                                                                                         \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = 2, .max_inputs = 2, .min_outputs = 1, .max_outputs = 1,            \
        .infer = infer_##STEM, .forward = STEM##_forward, .backward = STEM##_backward                                  \
    }

const dv_operator dv_family_gather[] = {
    ROW("Gather", 1, gather),
    ROW("GatherElements", 11, gather_elements),
    ROW("GatherND", 11, gather_nd),
    {0},
};
