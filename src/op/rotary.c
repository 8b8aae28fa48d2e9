/* RotaryEmbedding: pairs of numbers of each head are turned by angles that belong to the row's position (Su et al.
 * 2021). */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>

enum { X, COSINE, SINE, POSITION };

typedef struct rotary {
    int64_t batch, heads, length, size; /* size: of a head */
    bool side_by_side;                  /* the heads, in the last axis of rank 3 */
    int64_t pairs;                      /* that are turned; what is left of a head stays */
    int64_t step, second;               /* from pair to pair, and from 0 to the second number of the first */
    int64_t angles; /* rows of cosines and sines that positions choose from; 0: each row has its own */
} rotary;

static bool read_heads(const dv_call *call, rotary *r, dv_error *error)
{
    const dv_shape *x = &call->input[X]->shape;
    if (x->rank == 4) {
        *r = (rotary){x->dim[0], x->dim[1], x->dim[2], x->dim[3], false};
        return true;
    }
    const int64_t heads = dv_attribute_int(call->attributes, "num_heads", 0);
    if (x->rank != 3 || heads < 1 || x->dim[2] % heads != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d does not hold %" PRId64 " heads", x->rank,
                            heads);
    *r = (rotary){x->dim[0], heads, x->dim[1], x->dim[2] / heads, true};
    return true;
}

static bool check_angles(const dv_call *call, rotary *r, dv_error *error)
{
    char text[160];
    const dv_tensor *cosine = call->input[COSINE], *sine = call->input[SINE], *position = dv_call_input(call, POSITION);
    const dv_shape *c = &cosine->shape;
    bool fits = dv_type_is_float(cosine->type) && dv_type_is_float(sine->type) && dv_shape_equal(c, &sine->shape);
    if (position) {
        fits = fits && position->type == DV_TYPE_INT64 && position->shape.rank == 2 &&
               position->shape.dim[0] == r->batch && position->shape.dim[1] == r->length && c->rank == 2 &&
               c->dim[0] > 0 && c->dim[1] == r->pairs;
        r->angles = fits ? c->dim[0] : 0;
    } else {
        fits = fits && c->rank == 3 && c->dim[0] == r->batch && c->dim[1] == r->length && c->dim[2] == r->pairs;
    }
    return fits || dv_error_set(error, DV_ERROR_FORMAT, "cosines and sines of shape %s do not go with the input",
                                dv_shape_text(c, text, sizeof text));
}

static bool infer_rotary(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 3, error) || !dv_call_require_float(call, X, error))
        return false;
    rotary *r = dv_call_prepare(call, sizeof *r, error);
    if (!r || !read_heads(call, r, error))
        return false;
    const int64_t given = dv_attribute_int(call->attributes, "rotary_embedding_dim", 0),
                  turned = given ? given : r->size;
    const bool interleaved = dv_attribute_int(call->attributes, "interleaved", 0) != 0;
    if (turned < 0 || turned > r->size || turned % 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " of the %" PRId64 " numbers of a head cannot be turned",
                            turned, r->size);
    r->pairs = turned / 2;
    r->step = interleaved ? 2 : 1;
    r->second = interleaved ? 1 : r->pairs;
    return check_angles(call, r, error) && dv_call_set_output_like_input(call, error);
}

/* Where the row of a head begins, and its angles; positions outside of what there is are brought into it. */
static int64_t row_at(const rotary *r, int64_t b, int64_t h, int64_t row)
{
    return (r->side_by_side ? (b * r->length + row) * r->heads + h : (b * r->heads + h) * r->length + row) * r->size;
}

static int64_t angles_at(const dv_call *call, const rotary *r, int64_t b, int64_t row)
{
    int64_t at = b * r->length + row;
    if (r->angles > 0) {
        at = call->input[POSITION]->i[at];
        at = at < 0 ? 0 : at < r->angles ? at : r->angles - 1;
    }
    return at * r->pairs;
}

/* to = from turned, forwards or backwards; what is not turned is left out. */
static void turn(const rotary *r, const float *from, const float *cosine, const float *sine, float direction, bool add,
                 float *to)
{
    for (int64_t k = 0; k < r->pairs; k++) {
        const int64_t i = k * r->step, j = r->second + k * r->step;
        const float s = direction * sine[k], first = cosine[k] * from[i] - s * from[j];
        const float second = s * from[i] + cosine[k] * from[j];
        to[i] = add ? to[i] + first : first;
        to[j] = add ? to[j] + second : second;
    }
    for (int64_t i = 2 * r->pairs; i < r->size; i++)
        to[i] = add ? to[i] + from[i] : from[i];
}

static void rotary_forward(const dv_call *call)
{
    const rotary *r = call->prepared;
    for (int64_t b = 0; b < r->batch; b++)
        for (int64_t h = 0; h < r->heads; h++)
            for (int64_t row = 0; row < r->length; row++) {
                const int64_t at = row_at(r, b, h, row), angle = angles_at(call, r, b, row);
                turn(r, call->input[X]->f + at, call->input[COSINE]->f + angle, call->input[SINE]->f + angle, 1, false,
                     call->output[0]->f + at);
            }
}

static void add_angle_gradients(const rotary *r, const float *x, const float *g, float *dcosine, float *dsine)
{
    for (int64_t k = 0; k < r->pairs; k++) {
        const int64_t i = k * r->step, j = r->second + k * r->step;
        if (dcosine)
            dcosine[k] += g[i] * x[i] + g[j] * x[j];
        if (dsine)
            dsine[k] += g[j] * x[i] - g[i] * x[j];
    }
}

static void rotary_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const rotary *r = call->prepared;
    dv_tensor *dx = input_gradient[X], *dc = input_gradient[COSINE], *ds = input_gradient[SINE];
    if (!output_gradient[0])
        return;
    for (int64_t b = 0; b < r->batch; b++)
        for (int64_t h = 0; h < r->heads; h++)
            for (int64_t row = 0; row < r->length; row++) {
                const int64_t at = row_at(r, b, h, row), angle = angles_at(call, r, b, row);
                const float *g = output_gradient[0]->f + at;
                if (dx)
                    turn(r, g, call->input[COSINE]->f + angle, call->input[SINE]->f + angle, -1, true, dx->f + at);
                add_angle_gradients(r, call->input[X]->f + at, g, dc ? dc->f + angle : NULL, ds ? ds->f + angle : NULL);
            }
}

const dv_operator dv_family_rotary[] = {
    {
        .name = "RotaryEmbedding",
        .since = 23,
        .min_inputs = 3,
        .max_inputs = 4,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_rotary,
        .forward = rotary_forward,
        .backward = rotary_backward,
    },
    {0},
};
