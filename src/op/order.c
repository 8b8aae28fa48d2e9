/* What is largest along an axis: ArgMax, ArgMin, TopK. NaN counts as larger than all numbers. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

/* x is outer x axis x inner: `inner` lanes of `axis` elements, each `inner` apart, in every one of `outer` blocks. */
typedef struct lanes {
    int64_t outer, axis, inner, k; /* k: TopK's */
    bool largest, last;            /* last: ArgMax prefers the last of equals */
} lanes;

static lanes make_lanes(const dv_shape *x, int axis)
{
    return (lanes){
        .outer = dv_shape_product(x, 0, axis), .axis = x->dim[axis], .inner = dv_shape_product(x, axis + 1, x->rank)};
}

/* The order of elements: `a` comes before `b`, which it does not equal. */
static bool is_before(const dv_tensor *x, bool largest, int64_t a, int64_t b)
{
    if (dv_type_is_float(x->type)) {
        const float p = x->f[a], q = x->f[b];
        if (isnan(p) || isnan(q))
            return largest ? isnan(p) && !isnan(q) : isnan(q) && !isnan(p);
        return largest ? p > q : p < q;
    }
    return largest ? dv_type_less(x->type, x->i[b], x->i[a]) : dv_type_less(x->type, x->i[a], x->i[b]);
}

/* ---- ArgMax, ArgMin ------------------------------------------------------------------ */

static bool infer_arg(dv_call *call, bool largest, dv_error *error)
{
    int axis;
    if (!dv_call_require(call, 1, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    lanes *l = dv_call_prepare(call, sizeof *l, error);
    if (!l || !dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 0), shape.rank, &axis, error))
        return false;
    *l = make_lanes(&shape, axis);
    l->largest = largest;
    l->last = dv_attribute_int(call->attributes, "select_last_index", 0) != 0;
    if (l->axis == 0 && l->outer * l->inner > 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "axis %d has no elements to choose from", axis);
    shape.dim[axis] = 1;
    if (dv_attribute_int(call->attributes, "keepdims", 1) == 0) {
        for (int i = axis; i < shape.rank - 1; i++)
            shape.dim[i] = shape.dim[i + 1];
        shape.rank--;
    }
    return dv_call_set_output(call, 0, DV_TYPE_INT64, &shape, error);
}

static bool infer_arg_max(dv_call *call, dv_error *error)
{
    return infer_arg(call, true, error);
}

static bool infer_arg_min(dv_call *call, dv_error *error)
{
    return infer_arg(call, false, error);
}

static void arg_forward(const dv_call *call)
{
    const lanes *l = call->prepared;
    const dv_tensor *x = call->input[0];
    int64_t *best = call->output[0]->i;
    for (int64_t o = 0; o < l->outer; o++, best += l->inner)
        for (int64_t j = 0; j < l->axis; j++) {
            const int64_t row = (o * l->axis + j) * l->inner, first = o * l->axis * l->inner;
            for (int64_t i = 0; i < l->inner; i++) {
                const int64_t old = first + best[i] * l->inner + i;
                if (j == 0)
                    best[i] = 0;
                else if (is_before(x, l->largest, row + i, old) || (l->last && !is_before(x, l->largest, old, row + i)))
                    best[i] = j;
            }
        }
}

/* ---- TopK ---------------------------------------------------------------------------- */

/* How many: an attribute before opset 10, input 1 from then on. */
static bool read_k(const dv_call *call, int64_t *k, dv_error *error)
{
    const int64_t *value;
    int64_t count;
    *k = dv_attribute_int(call->attributes, "k", -1);
    if (call->opset < 10)
        return true;
    if (!dv_call_require(call, 2, error) || !dv_call_constant_ints(call, 1, "the number k", &value, &count, error))
        return false;
    if (count != 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "k must be one number");
    *k = value[0];
    return true;
}

static bool infer_top_k(dv_call *call, dv_error *error)
{
    int axis;
    int64_t k;
    if (!dv_call_require(call, 1, error) || !read_k(call, &k, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    lanes *l = dv_call_prepare(call, sizeof *l, error);
    if (!l || !dv_axis_resolve(dv_attribute_int(call->attributes, "axis", -1), shape.rank, &axis, error))
        return false;
    if (k < 0 || k > shape.dim[axis])
        return dv_error_set(error, DV_ERROR_FORMAT, "the first %" PRId64 " of %" PRId64 " elements cannot be taken", k,
                            shape.dim[axis]);
    *l = make_lanes(&shape, axis);
    l->k = shape.dim[axis] = k;
    l->largest = dv_attribute_int(call->attributes, "largest", 1) != 0;
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error) &&
           dv_call_set_output(call, 1, DV_TYPE_INT64, &shape, error);
}

/* One lane: its element j is at x[first + j * step]. Of equals the first comes first. */
typedef struct lane {
    const dv_tensor *x;
    int64_t first, step;
    bool largest;
} lane;

static bool comes_before(const lane *l, int64_t a, int64_t b)
{
    const int64_t at = l->first + a * l->step, bt = l->first + b * l->step;
    if (is_before(l->x, l->largest, at, bt))
        return true;
    return a < b && !is_before(l->x, l->largest, bt, at);
}

/* heap[0], heap[step], ...: elements so that none comes after the one it hangs below. */
static void sink(const lane *l, int64_t *heap, int64_t size, int64_t at)
{
    const int64_t moved = heap[at * l->step];
    for (int64_t below; (below = 2 * at + 1) < size; at = below) {
        if (below + 1 < size && comes_before(l, heap[below * l->step], heap[(below + 1) * l->step]))
            below++;
        if (!comes_before(l, moved, heap[below * l->step]))
            break;
        heap[at * l->step] = heap[below * l->step];
    }
    heap[at * l->step] = moved;
}

/* The k first of the lane's n elements, in order: a heap of the k best so far, the last of them on top. */
static void select_first(const lane *l, int64_t n, int64_t k, int64_t *chosen)
{
    for (int64_t j = 0; j < k; j++)
        chosen[j * l->step] = j;
    for (int64_t at = k / 2 - 1; at >= 0; at--)
        sink(l, chosen, k, at);
    for (int64_t j = k; j < n && k > 0; j++)
        if (comes_before(l, j, chosen[0])) {
            chosen[0] = j;
            sink(l, chosen, k, 0);
        }
    for (int64_t size = k - 1; size > 0; size--) {
        const int64_t last = chosen[0];
        chosen[0] = chosen[size * l->step];
        chosen[size * l->step] = last;
        sink(l, chosen, size, 0);
    }
}

static void top_k_lanes(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const lanes *all = call->prepared;
    const dv_tensor *x = call->input[0], *y = call->output[0];
    for (int64_t lane_number = from; lane_number < to; lane_number++) {
        const int64_t o = lane_number / all->inner, i = lane_number % all->inner;
        const lane l = {x, o * all->axis * all->inner + i, all->inner, all->largest};
        const int64_t out = o * all->k * all->inner + i;
        int64_t *chosen = call->output[1]->i + out;
        select_first(&l, all->axis, all->k, chosen);
        for (int64_t k = 0; k < all->k; k++) {
            const int64_t at = l.first + chosen[k * l.step] * l.step;
            if (dv_type_is_float(x->type))
                y->f[out + k * l.step] = x->f[at];
            else
                y->i[out + k * l.step] = x->i[at];
        }
    }
}

static void top_k_forward(const dv_call *call)
{
    const lanes *l = call->prepared;
    dv_call_share(call, l->outer * l->inner, l->axis < 1 << 12 ? (1 << 12) / (l->axis + 1) + 1 : 1, top_k_lanes,
                  (void *)call);
}

static void top_k_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                           dv_tensor *const *input_gradient)
{
    const lanes *l = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t o = 0; o < l->outer; o++)
        for (int64_t r = 0; r < l->k * l->inner; r++) {
            const int64_t from = o * l->k * l->inner + r, chosen = call->output[1]->i[from];
            input_gradient[0]->f[(o * l->axis + chosen) * l->inner + r % l->inner] += output_gradient[0]->f[from];
        }
}

#define ARG(NAME, INFER)                                                                                               \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = INFER, .forward = arg_forward                                                                         \
    }
#define TOP_K(SINCE, UNTIL, INPUTS)                                                                                    \
    {                                                                                                                  \
        .name = "TopK", .since = SINCE, .until = UNTIL, .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 2,  \
        .max_outputs = 2, .infer = infer_top_k, .forward = top_k_forward, .backward = top_k_backward                   \
    }

const dv_operator dv_family_order[] = {
    ARG("ArgMax", infer_arg_max), ARG("ArgMin", infer_arg_min), TOP_K(1, 9, 1), TOP_K(10, 0, 2), {0},
};
