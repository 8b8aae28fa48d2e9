/* Scatter, ScatterElements, ScatterND: a copy of a tensor with some elements replaced or combined with others. */
#include "op/call.h"
#include "op/family.h"
#include "op/index.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <string.h>

typedef enum reduction { NONE, ADD, MULTIPLY, MAXIMUM, MINIMUM } reduction;

/* Where the updates go: element by element along an axis, or run by run. */
typedef struct scatter {
    reduction reduction;
    bool by_tuples;
    dv_tuples tuples;
    dv_loop loop;
    int64_t axis, step; /* elements along the axis, and from one to the next */
} scatter;

/* ---- inference ---------------------------------------------------------------------- */

static bool read_reduction(const dv_call *call, reduction *r, dv_error *error)
{
    static const char *const names[] = {
        [NONE] = "none", [ADD] = "add", [MULTIPLY] = "mul", [MAXIMUM] = "max", [MINIMUM] = "min"};
    const char *name = dv_attribute_text(call->attributes, "reduction", "none");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) {
            *r = (reduction)k;
            return true;
        }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "reduction %s is not supported", name);
}

/* The output, and the workspace of the gradient: a copy of its own, and a count for products. */
static bool finish(dv_call *call, const scatter *s, dv_error *error)
{
    scatter *prepared = dv_call_prepare(call, sizeof *prepared, error);
    if (!prepared || !dv_call_require_same_type(call, 2, error) || !dv_call_set_output_like_input(call, error))
        return false;
    *prepared = *s;
    if (dv_type_is_float(call->input[0]->type) && s->reduction <= MULTIPLY && s->reduction != ADD)
        call->workspace_size =
            (size_t)dv_shape_elements(&call->input[0]->shape) * sizeof(float) * (s->reduction == MULTIPLY ? 2 : 1);
    return true;
}

static bool infer_scatter_elements(dv_call *call, dv_error *error)
{
    int axis;
    scatter s = {0};
    if (!dv_call_require(call, 3, error) || !read_reduction(call, &s.reduction, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *indices = &call->input[1]->shape;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 0), x->rank, &axis, error) ||
        !dv_index_loop(indices, x, axis, &s.loop, error) || !dv_index_check(call, 1, x->dim[axis], error))
        return false;
    if (!dv_shape_equal(indices, &call->input[2]->shape))
        return dv_error_set(error, DV_ERROR_FORMAT, "indices and updates differ in shape");
    s.axis = x->dim[axis];
    s.step = dv_shape_product(x, axis + 1, x->rank);
    return finish(call, &s, error);
}

static bool infer_scatter_nd(dv_call *call, dv_error *error)
{
    char text[160], wanted_text[160];
    scatter s = {.by_tuples = true};
    if (!dv_call_require(call, 3, error) || !read_reduction(call, &s.reduction, error) ||
        !dv_tuples_read(call, 1, 0, &s.tuples, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *updates = &call->input[2]->shape;
    dv_shape wanted = call->input[1]->shape;
    wanted.rank--;
    for (int i = s.tuples.length; i < x->rank && wanted.rank < DV_MAX_RANK; i++)
        wanted.dim[wanted.rank++] = x->dim[i];
    if (!dv_shape_equal(&wanted, updates))
        return dv_error_set(error, DV_ERROR_FORMAT, "the updates must have shape %s, but they have %s",
                            dv_shape_text(&wanted, wanted_text, sizeof wanted_text),
                            dv_shape_text(updates, text, sizeof text));
    return finish(call, &s, error);
}

/* ---- the walk ------------------------------------------------------------------------- */

/* Called for n updates from offset `update` on that go to n elements from `target` on. */
typedef void visit(void *context, int64_t target, int64_t update, int64_t n);

typedef struct walk {
    const scatter *scatter;
    const int64_t *index;
    visit *visit;
    void *context;
} walk;

static void walk_row(void *context, int64_t update, int64_t x, int64_t unused)
{
    (void)unused;
    const walk *w = context;
    const scatter *s = w->scatter;
    const int inner = s->loop.rank - 1;
    for (int64_t i = 0; i < s->loop.dim[inner]; i++) {
        const int64_t at = dv_index_resolve(w->index[update + i], s->axis);
        if (at >= 0)
            w->visit(w->context, x + i * s->loop.stride[0][inner] + at * s->step, update + i, 1);
    }
}

static void each(const dv_call *call, visit *work, void *context)
{
    const scatter *s = call->prepared;
    const int64_t *index = call->input[1]->i;
    if (!s->by_tuples) {
        walk w = {s, index, work, context};
        dv_loop_run(&s->loop, &w, walk_row);
        return;
    }
    for (int64_t t = 0; t < s->tuples.batches * s->tuples.count; t++) {
        const int64_t place = dv_tuples_place(&s->tuples, index, t);
        if (place >= 0)
            work(context, place, t * s->tuples.run, s->tuples.run);
    }
}

/* ---- forward -------------------------------------------------------------------------- */

static float combine_floats(reduction r, float old, float update)
{
    switch (r) {
    case ADD:
        return old + update;
    case MULTIPLY:
        return old * update;
    case MAXIMUM:
        return update > old || update != update ? update : old; /* NaN stays */
    case MINIMUM:
        return update < old || update != update ? update : old;
    default:
        return update;
    }
}

static int64_t combine_integers(reduction r, dv_type type, int64_t old, int64_t update)
{
    switch (r) {
    case ADD:
        return dv_type_wrap(type, (int64_t)((uint64_t)old + (uint64_t)update));
    case MULTIPLY:
        return dv_type_wrap(type, (int64_t)((uint64_t)old * (uint64_t)update));
    case MAXIMUM:
        return dv_type_less(type, old, update) ? update : old;
    case MINIMUM:
        return dv_type_less(type, update, old) ? update : old;
    default:
        return update;
    }
}

static void write_updates(void *context, int64_t target, int64_t update, int64_t n)
{
    const dv_call *call = context;
    const reduction r = ((const scatter *)call->prepared)->reduction;
    const dv_tensor *u = call->input[2], *y = call->output[0];
    if (dv_type_is_float(y->type))
        for (int64_t i = 0; i < n; i++)
            y->f[target + i] = combine_floats(r, y->f[target + i], u->f[update + i]);
    else
        for (int64_t i = 0; i < n; i++)
            y->i[target + i] = combine_integers(r, y->type, y->i[target + i], u->i[update + i]);
}

static void scatter_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0], *y = call->output[0];
    const size_t size = (size_t)dv_shape_elements(&x->shape) * dv_type_stored_size(x->type);
    if (size > 0 && y->data != x->data)
        memcpy(y->data, x->data, size);
    each(call, write_updates, (void *)call);
}

/* ---- backward ------------------------------------------------------------------------- */

typedef struct backward_state {
    const dv_call *call;
    int64_t n; /* elements of x */
    const float *g;
    float *dx, *du; /* NULL: not wanted */
    float *kept;    /* NONE: the gradient of what was not replaced. MULTIPLY: the product of the updates but zeros */
    float *zeros;   /* MULTIPLY: how many updates are zero */
} backward_state;

static void add_update_gradient(void *context, int64_t target, int64_t update, int64_t n)
{
    const backward_state *s = context;
    dv_vector_add(n, 1, s->g + target, s->du + update);
}

static void forget_replaced(void *context, int64_t target, int64_t update, int64_t n)
{
    (void)update;
    const backward_state *s = context;
    memset(s->kept + target, 0, (size_t)n * sizeof *s->kept);
}

static void replaced_backward(backward_state *s)
{
    if (s->du)
        each(s->call, add_update_gradient, s);
    if (!s->dx)
        return;
    memcpy(s->kept, s->g, (size_t)s->n * sizeof *s->kept);
    each(s->call, forget_replaced, s);
    dv_vector_add(s->n, 1, s->kept, s->dx);
}

static void added_backward(backward_state *s)
{
    if (s->du)
        each(s->call, add_update_gradient, s);
    if (s->dx)
        dv_vector_add(s->n, 1, s->g, s->dx);
}

static void multiply_updates(void *context, int64_t target, int64_t update, int64_t n)
{
    const backward_state *s = context;
    for (int64_t i = 0; i < n; i++) {
        const float u = s->call->input[2]->f[update + i];
        s->zeros[target + i] += u == 0;
        s->kept[target + i] *= u == 0 ? 1 : u;
    }
}

/* Each update's factor is x times the other updates, whose product is that of all, divided by this one. */
static void add_factor_gradient(void *context, int64_t target, int64_t update, int64_t n)
{
    const backward_state *s = context;
    for (int64_t i = 0; i < n; i++) {
        const float u = s->call->input[2]->f[update + i], product = s->kept[target + i];
        const bool others_zero = s->zeros[target + i] > (u == 0);
        const float others = others_zero ? 0 : u == 0 ? product : product / u;
        s->du[update + i] += s->g[target + i] * s->call->input[0]->f[target + i] * others;
    }
}

static void multiplied_backward(backward_state *s)
{
    for (int64_t i = 0; i < s->n; i++) {
        s->kept[i] = 1;
        s->zeros[i] = 0;
    }
    each(s->call, multiply_updates, s);
    if (s->du)
        each(s->call, add_factor_gradient, s);
    for (int64_t i = 0; i < s->n && s->dx; i++)
        s->dx[i] += s->zeros[i] > 0 ? 0 : s->g[i] * s->kept[i];
}

static void add_chosen_gradient(void *context, int64_t target, int64_t update, int64_t n)
{
    const backward_state *s = context;
    const float *u = s->call->input[2]->f + update, *y = s->call->output[0]->f + target;
    for (int64_t i = 0; i < n; i++)
        s->du[update + i] += u[i] == y[i] ? s->g[target + i] : 0;
}

/* Of maximum and minimum: to whatever was chosen. */
static void chosen_backward(backward_state *s)
{
    if (s->du)
        each(s->call, add_chosen_gradient, s);
    for (int64_t i = 0; i < s->n && s->dx; i++)
        s->dx[i] += s->call->input[0]->f[i] == s->call->output[0]->f[i] ? s->g[i] : 0;
}

static void scatter_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    static void (*const backward[])(backward_state *) = {
        [NONE] = replaced_backward,  [ADD] = added_backward,      [MULTIPLY] = multiplied_backward,
        [MAXIMUM] = chosen_backward, [MINIMUM] = chosen_backward,
    };
    if (!output_gradient[0])
        return;
    const int64_t n = dv_shape_elements(&call->output[0]->shape);
    float *space = call->workspace;
    backward_state state = {
        .call = call,
        .n = n,
        .g = output_gradient[0]->f,
        .dx = input_gradient[0] ? input_gradient[0]->f : NULL,
        .du = input_gradient[2] ? input_gradient[2]->f : NULL,
        .kept = space,
        .zeros = space ? space + n : NULL,
    };
    backward[((const scatter *)call->prepared)->reduction](&state);
}

#define ROW(NAME, SINCE, UNTIL, INFER)                                                                                 \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = 3, .max_inputs = 3, .min_outputs = 1,              \
        .max_outputs = 1, .infer = INFER, .forward = scatter_forward, .backward = scatter_backward, .in_place = true   \
    }

const dv_operator dv_family_scatter[] = {
    ROW("Scatter", 9, 10, infer_scatter_elements), /* ScatterElements since */
    ROW("ScatterElements", 11, 0, infer_scatter_elements),
    ROW("ScatterND", 11, 0, infer_scatter_nd),
    {0},
};
