/* LRN, local response normalization: y = x / (bias + alpha / size * the sum of the squares of the `size` channels
 * around)^beta (Krizhevsky et al. 2012). */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

enum { CHUNK = 256, SHARE = 1 << 13 };

/* x is batch x channels x inner. */
typedef struct lrn {
    int64_t batch, channels, inner;
    int64_t before, after; /* channels of the window, besides its own */
    float factor, beta, bias;
    int64_t chunks; /* of inner */
} lrn;

static bool infer_lrn(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const int64_t size = dv_attribute_int(call->attributes, "size", 0);
    if (x->rank < 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no channels", x->rank);
    if (size < 1 || size > 1 << 30)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute size, the channels of a window, must be 1 or more");
    lrn *l = dv_call_prepare(call, sizeof *l, error);
    if (!l)
        return false;
    *l = (lrn){
        .batch = x->dim[0],
        .channels = x->dim[1],
        .inner = dv_shape_product(x, 2, x->rank),
        .before = (size - 1) / 2,
        .after = size / 2,
        .factor = dv_attribute_float(call->attributes, "alpha", 1e-4F) / (float)size,
        .beta = dv_attribute_float(call->attributes, "beta", 0.75F),
        .bias = dv_attribute_float(call->attributes, "bias", 1),
    };
    l->chunks = (l->inner + CHUNK - 1) / CHUNK;
    return dv_call_set_output_like_input(call, error);
}

/* n <= CHUNK elements of a channel from offset `at` of a picture on. */
typedef struct place {
    int64_t channel, at, n;
} place;

/* sum = bias + factor * the squares of the window around. */
DV_WIDE(static, void, get_sums, (const lrn *l, const float *picture, place p, float *sum), (l, picture, p, sum))
{
    const int64_t first = p.channel > l->before ? p.channel - l->before : 0;
    const int64_t last = p.channel + l->after < l->channels ? p.channel + l->after : l->channels - 1;
    for (int64_t i = 0; i < p.n; i++)
        sum[i] = 0;
    for (int64_t c = first; c <= last; c++) {
        const float *x = picture + c * l->inner + p.at;
        for (int64_t i = 0; i < p.n; i++)
            sum[i] += x[i] * x[i];
    }
    for (int64_t i = 0; i < p.n; i++)
        sum[i] = l->bias + l->factor * sum[i];
}

/* sum^-beta */
static void get_factors(const lrn *l, int64_t n, const float *sum, float *factor)
{
    dv_vector_log(n, sum, factor);
    dv_vector_affine(n, factor, 0, -l->beta, 0, factor);
    dv_vector_exp(n, factor, factor);
}

typedef struct lrn_run {
    const lrn *l;
    const float *x, *y, *g;
    float *to;
} lrn_run;

/* Of a piece's number: picture and place of a channel. */
static place get_place(const lrn *l, int64_t index, int64_t *picture)
{
    const int64_t at = index % l->chunks * CHUNK, rest = index / l->chunks;
    *picture = rest / l->channels * l->channels * l->inner;
    return (place){rest % l->channels, at, l->inner - at < CHUNK ? l->inner - at : CHUNK};
}

static void forward_pieces(void *context, int64_t from, int64_t to)
{
    const lrn_run *run = context;
    const lrn *l = run->l;
    for (int64_t index = from; index < to; index++) {
        float sum[CHUNK], factor[CHUNK];
        int64_t picture;
        const place p = get_place(l, index, &picture);
        get_sums(l, run->x + picture, p, sum);
        get_factors(l, p.n, sum, factor);
        const int64_t first = picture + p.channel * l->inner + p.at;
        for (int64_t i = 0; i < p.n; i++)
            run->to[first + i] = run->x[first + i] * factor[i];
    }
}

static void share(const dv_call *call, lrn_run *run, void (*work)(void *context, int64_t from, int64_t to))
{
    const lrn *l = call->prepared;
    const int64_t size = l->inner < CHUNK ? l->inner : CHUNK;
    if (size > 0)
        dv_call_share(call, l->batch * l->channels * l->chunks, SHARE / size > 1 ? SHARE / size : 1, work, run);
}

static void lrn_forward(const dv_call *call)
{
    lrn_run run = {.l = call->prepared, .x = call->input[0]->f, .to = call->output[0]->f};
    share(call, &run, forward_pieces);
}

/* dx = g sum^-beta - 2 factor beta x * (g y / sum, added over the windows that x is in). */
static void backward_pieces(void *context, int64_t from, int64_t to)
{
    const lrn_run *run = context;
    const lrn *l = run->l;
    for (int64_t index = from; index < to; index++) {
        float sum[CHUNK], factor[CHUNK], pull[CHUNK] = {0};
        int64_t picture;
        const place p = get_place(l, index, &picture);
        const int64_t first_window = p.channel > l->after ? p.channel - l->after : 0;
        for (int64_t c = first_window; c <= p.channel + l->before && c < l->channels; c++) {
            const int64_t first = picture + c * l->inner + p.at;
            get_sums(l, run->x + picture, (place){c, p.at, p.n}, sum);
            for (int64_t i = 0; i < p.n; i++)
                pull[i] += run->g[first + i] * run->y[first + i] / sum[i];
        }
        get_sums(l, run->x + picture, p, sum);
        get_factors(l, p.n, sum, factor);
        const int64_t first = picture + p.channel * l->inner + p.at;
        for (int64_t i = 0; i < p.n; i++)
            run->to[first + i] += run->g[first + i] * factor[i] - 2 * l->factor * l->beta * run->x[first + i] * pull[i];
    }
}

static void lrn_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    if (!output_gradient[0] || !input_gradient[0])
        return;
    lrn_run run = {call->prepared, call->input[0]->f, call->output[0]->f, output_gradient[0]->f, input_gradient[0]->f};
    share(call, &run, backward_pieces);
}

const dv_operator dv_family_lrn[] = {
    {
        .name = "LRN",
        .since = 1,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_lrn,
        .forward = lrn_forward,
        .backward = lrn_backward,
    },
    {0},
};
