/* Attention: softmax(scale * query * keys' + mask) * values, head by head (Vaswani et al. 2017); a key's and value's
 * head may serve several of the query's. */
#include "op/attention.h"

#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "kernel/vector.h"

#include <math.h>
#include <string.h>

static int64_t score_count(const dv_attention *a)
{
    return a->query.length * a->total;
}

/* Floats of all keys, and of all values. */
static int64_t joined_count(const dv_attention *a, const dv_heads *h)
{
    return a->batch * h->heads * a->total * h->size;
}

static bool set_outputs(const dv_call *call, const dv_attention *a, dv_error *error)
{
    const dv_type type = call->input[0]->type;
    const int64_t q = a->query.length;
    const dv_shape scores = dv_shape_make(4, (int64_t[]){a->batch, a->query.heads, q, a->total});
    const dv_shape keys = dv_shape_make(4, (int64_t[]){a->batch, a->key.heads, a->total, a->key.size});
    const dv_shape values = dv_shape_make(4, (int64_t[]){a->batch, a->key.heads, a->total, a->value.size});
    dv_shape y = call->input[0]->shape;
    y.dim[y.rank - 1] = y.rank == 4 ? a->value.size : a->query.heads * a->value.size;
    return dv_call_set_output(call, 0, type, &y, error) && dv_call_set_output(call, 1, type, &keys, error) &&
           dv_call_set_output(call, 2, call->input[2]->type, &values, error) &&
           dv_call_set_output(call, 3, type, &scores, error);
}

static bool infer_attention(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 3, error))
        return false;
    dv_attention *a = dv_call_prepare(call, sizeof *a, error);
    if (!a || !dv_attention_read(call, a, error) || !set_outputs(call, a, error))
        return false;
    /* All keys and values, and scores for each thread; backward: the gradients of all that too. */
    const size_t joined = (size_t)(joined_count(a, &a->key) + joined_count(a, &a->value));
    const size_t threads = (size_t)dv_team_size(call->team);
    size_t scores;
    if (!dv_size_multiply((size_t)score_count(a) * sizeof(float), threads > 3 ? threads : 3, &scores))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an attention as large as this one is not supported");
    call->workspace_size = 2 * joined * sizeof(float) + scores;
    return true;
}

/* ---- keys and values --------------------------------------------------------------------------- */

/* Past rows and then the given ones, head by head. */
static void join(const dv_attention *a, const dv_tensor *past, const dv_tensor *given, const dv_heads *h, float *to)
{
    for (int64_t b = 0; b < a->batch; b++)
        for (int64_t k = 0; k < h->heads; k++) {
            const int64_t before = a->past * h->size;
            if (past && before > 0)
                memcpy(to, past->f + (b * h->heads + k) * before, (size_t)before * sizeof *to);
            to += before;
            for (int64_t r = 0; r < h->length; r++, to += h->size)
                memcpy(to, given->f + dv_heads_at(h, b, k) + r * h->row_step, (size_t)h->size * sizeof *to);
        }
}

typedef struct rows {
    const float *keys, *values;
} rows;

/* All keys and values: as given, or joined in their outputs or the workspace. */
static rows get_rows(const dv_call *call, const dv_attention *a)
{
    rows r = {call->input[DV_ATTENTION_KEY]->f, call->input[DV_ATTENTION_VALUE]->f};
    if (!a->joins)
        return r;
    dv_tensor *keys = dv_call_output(call, 1), *values = dv_call_output(call, 2);
    float *room = call->workspace;
    float *all_keys = keys ? keys->f : room, *all_values = values ? values->f : room + joined_count(a, &a->key);
    join(a, dv_call_input(call, DV_ATTENTION_PAST_KEY), call->input[DV_ATTENTION_KEY], &a->key, all_keys);
    join(a, dv_call_input(call, DV_ATTENTION_PAST_VALUE), call->input[DV_ATTENTION_VALUE], &a->value, all_values);
    return (rows){all_keys, all_values};
}

/* ---- scores -------------------------------------------------------------------------------------- */

typedef struct attention_run {
    const dv_call *call;
    const dv_attention *a;
    rows rows;
    float *scores; /* of each thread */
} attention_run;

/* A head of a sample. */
typedef struct place {
    int64_t batch, head, kv_head;
} place;

static place get_place(const dv_attention *a, int64_t task)
{
    const int64_t head = task % a->query.heads;
    return (place){task / a->query.heads, head, head / (a->query.heads / a->key.heads)};
}

static void multiply_queries(const attention_run *run, place p, float *scores)
{
    const dv_attention *a = run->a;
    dv_gemm(false, true, a->query.length, a->total, a->query.size, a->scale,
            run->call->input[0]->f + dv_heads_at(&a->query, p.batch, p.head), a->query.row_step,
            run->rows.keys + dv_heads_at(&a->all_keys, p.batch, p.kv_head), a->all_keys.row_step, 0, scores, a->total);
}

static void cap(const dv_attention *a, float *scores)
{
    const int64_t n = score_count(a);
    if (a->softcap <= 0)
        return;
    dv_vector_affine(n, scores, 0, 1 / a->softcap, 0, scores);
    dv_vector_tanh(n, scores, scores);
    dv_vector_affine(n, scores, 0, a->softcap, 0, scores);
}

/* Keys 0..count-1 may be attended to by the query at `row`. */
static int64_t count_keys(const dv_call *call, const dv_attention *a, int64_t batch, int64_t row)
{
    const dv_tensor *given = dv_call_input(call, DV_ATTENTION_FILLED);
    const int64_t filled = !given || given->i[batch] > a->total ? a->total : given->i[batch] > 0 ? given->i[batch] : 0;
    const int64_t before = given && a->past == 0 ? filled - a->query.length : a->past; /* keys that all may attend to */
    int64_t count = filled < a->mask_keys ? filled : a->mask_keys;
    if (a->causal && before + row + 1 < count)
        count = before + row + 1;
    return count > 0 ? count : 0;
}

static void mask_row(const attention_run *run, place p, int64_t row, float *scores)
{
    const dv_attention *a = run->a;
    const dv_tensor *mask = dv_call_input(run->call, DV_ATTENTION_MASK);
    const int64_t count = count_keys(run->call, a, p.batch, row), step = a->mask_step[3];
    const int64_t at = p.batch * a->mask_step[0] + p.head * a->mask_step[1] + row * a->mask_step[2];
    for (int64_t k = 0; mask && k < count; k++) {
        if (mask->type != DV_TYPE_BOOL)
            scores[k] += mask->f[at + k * step];
        else if (!mask->i[at + k * step])
            scores[k] = -INFINITY;
    }
    for (int64_t k = count; k < a->total; k++)
        scores[k] = -INFINITY;
}

/* Where all is masked, nothing is attended to. */
static void softmax_row(int64_t n, float *x)
{
    const float most = dv_vector_largest(n, x);
    if (most == -INFINITY) {
        memset(x, 0, (size_t)n * sizeof *x);
        return;
    }
    dv_vector_affine(n, x, most, 1, 0, x);
    dv_vector_exp(n, x, x);
    dv_vector_affine(n, x, 0, 1 / dv_vector_sum(n, x), 0, x);
}

static void show(const attention_run *run, bool now, int64_t task, const float *scores)
{
    const int64_t n = score_count(run->a);
    dv_tensor *shown = dv_call_output(run->call, 3);
    if (now && shown && n > 0)
        memcpy(shown->f + task * n, scores, (size_t)n * sizeof *scores);
}

/* What each query attends to. Releases of the specification differ on whether the cap comes before the mask, and so on
 * which of the stages 1 and 2 is which; this is the order of the newest, but 1 without a cap is with the mask. */
static void attend(const attention_run *run, int64_t task, float *scores)
{
    const dv_attention *a = run->a;
    const place p = get_place(a, task);
    multiply_queries(run, p, scores);
    show(run, a->score_output == 0, task, scores);
    cap(a, scores);
    show(run, a->score_output == 1 && a->softcap > 0, task, scores);
    for (int64_t r = 0; r < a->query.length; r++)
        mask_row(run, p, r, scores + r * a->total);
    show(run, a->score_output == 2 || (a->score_output == 1 && a->softcap <= 0), task, scores);
    for (int64_t r = 0; r < a->query.length && a->total > 0; r++)
        softmax_row(a->total, scores + r * a->total);
    show(run, a->score_output == 3, task, scores);
}

static void forward_head(void *context, int64_t task, int thread)
{
    const attention_run *run = context;
    const dv_attention *a = run->a;
    const place p = get_place(a, task);
    float *scores = run->scores + thread * score_count(a);
    attend(run, task, scores);
    dv_gemm(false, false, a->query.length, a->value.size, a->total, 1, scores, a->total,
            run->rows.values + dv_heads_at(&a->all_values, p.batch, p.kv_head), a->all_values.row_step, 0,
            run->call->output[0]->f + dv_heads_at(&a->output, p.batch, p.head), a->output.row_step);
}

static attention_run start(const dv_call *call)
{
    const dv_attention *a = call->prepared;
    float *room = call->workspace;
    return (attention_run){call, a, get_rows(call, a),
                           room + 2 * (joined_count(a, &a->key) + joined_count(a, &a->value))};
}

static void attention_forward(const dv_call *call)
{
    attention_run run = start(call);
    dv_team_run(call->team, forward_head, &run, run.a->batch * run.a->query.heads);
}

/* ---- gradients ----------------------------------------------------------------------------------- */

/* Gradients of all keys and values, laid out like joined ones. */
typedef struct gradients {
    float *keys, *values;
    dv_heads key_heads, value_heads;
    dv_tensor *query, *mask;
} gradients;

static void add_mask_gradient(const dv_attention *a, place p, const float *d, float *dmask)
{
    for (int64_t r = 0; r < a->query.length; r++)
        for (int64_t k = 0; k < a->mask_keys; k++)
            dmask[p.batch * a->mask_step[0] + p.head * a->mask_step[1] + r * a->mask_step[2] + k * a->mask_step[3]] +=
                d[r * a->total + k];
}

/* weights and d: room for scores. d becomes the gradient of the scores before the mask, from that of the weights. */
static void through_softmax(const dv_attention *a, const float *weights, float *d)
{
    for (int64_t r = 0; r < a->query.length; r++, weights += a->total, d += a->total) {
        const float dot = dv_vector_dot(a->total, weights, d);
        for (int64_t k = 0; k < a->total; k++)
            d[k] = weights[k] * (d[k] - dot);
    }
}

static void through_cap(const attention_run *run, place p, float *room, float *d)
{
    const dv_attention *a = run->a;
    if (a->softcap <= 0)
        return;
    multiply_queries(run, p, room);
    cap(a, room);
    for (int64_t i = 0; i < score_count(a); i++)
        d[i] *= 1 - room[i] * room[i] / (a->softcap * a->softcap);
}

static void backward_head(const attention_run *run, int64_t task, const float *g, const gradients *to)
{
    const dv_attention *a = run->a;
    const place p = get_place(a, task);
    const int64_t q = a->query.length, size = a->query.size;
    float *weights = run->scores, *d = weights + score_count(a), *room = d + score_count(a);
    const float *dy = g + dv_heads_at(&a->output, p.batch, p.head);
    attend(run, task, weights);
    dv_gemm(true, false, a->total, a->value.size, q, 1, weights, a->total, dy, a->output.row_step, 1,
            to->values + dv_heads_at(&to->value_heads, p.batch, p.kv_head), to->value_heads.row_step);
    dv_gemm(false, true, q, a->total, a->value.size, 1, dy, a->output.row_step,
            run->rows.values + dv_heads_at(&a->all_values, p.batch, p.kv_head), a->all_values.row_step, 0, d, a->total);
    through_softmax(a, weights, d);
    if (to->mask)
        add_mask_gradient(a, p, d, to->mask->f);
    through_cap(run, p, room, d);
    dv_gemm(true, false, a->total, size, q, a->scale, d, a->total,
            run->call->input[0]->f + dv_heads_at(&a->query, p.batch, p.head), a->query.row_step, 1,
            to->keys + dv_heads_at(&to->key_heads, p.batch, p.kv_head), to->key_heads.row_step);
    if (to->query)
        dv_gemm(false, false, q, size, a->total, a->scale, d, a->total,
                run->rows.keys + dv_heads_at(&a->all_keys, p.batch, p.kv_head), a->all_keys.row_step, 1,
                to->query->f + dv_heads_at(&a->query, p.batch, p.head), a->query.row_step);
}

/* The way back of join(). */
static void part(const dv_attention *a, const float *from, const dv_heads *h, dv_tensor *past, dv_tensor *given)
{
    for (int64_t b = 0; b < a->batch; b++)
        for (int64_t k = 0; k < h->heads; k++) {
            const int64_t before = a->past * h->size;
            if (past)
                dv_vector_add(before, 1, from, past->f + (b * h->heads + k) * before);
            from += before;
            for (int64_t r = 0; r < h->length; r++, from += h->size)
                if (given)
                    dv_vector_add(h->size, 1, from, given->f + dv_heads_at(h, b, k) + r * h->row_step);
        }
}

static void start_sum(const dv_tensor *g, int64_t count, float *sum)
{
    if (count > 0 && g)
        memcpy(sum, g->f, (size_t)count * sizeof *sum);
    else if (count > 0)
        memset(sum, 0, (size_t)count * sizeof *sum);
}

static const dv_tensor *gradient_of_output(const dv_call *call, const dv_tensor *const *output_gradient, int o)
{
    return o < call->output_count ? output_gradient[o] : NULL;
}

static dv_tensor *wanted(const dv_call *call, dv_tensor *const *input_gradient, int i)
{
    return i < call->input_count ? input_gradient[i] : NULL;
}

static void attention_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                               dv_tensor *const *input_gradient)
{
    const dv_attention *a = call->prepared;
    const int64_t keys = joined_count(a, &a->key), values = joined_count(a, &a->value);
    if (!output_gradient[0])
        return;
    attention_run run = start(call);
    gradients to = {
        .keys = (float *)call->workspace + keys + values,
        .key_heads = dv_heads_apart(a->key.heads, a->total, a->key.size),
        .value_heads = dv_heads_apart(a->value.heads, a->total, a->value.size),
        .query = wanted(call, input_gradient, DV_ATTENTION_QUERY),
        .mask = wanted(call, input_gradient, DV_ATTENTION_MASK),
    };
    to.values = to.keys + keys;
    start_sum(gradient_of_output(call, output_gradient, 1), keys, to.keys);
    start_sum(gradient_of_output(call, output_gradient, 2), values, to.values);
    for (int64_t task = 0; task < a->batch * a->query.heads; task++)
        backward_head(&run, task, output_gradient[0]->f, &to);
    part(a, to.keys, &a->key, wanted(call, input_gradient, DV_ATTENTION_PAST_KEY),
         wanted(call, input_gradient, DV_ATTENTION_KEY));
    part(a, to.values, &a->value, wanted(call, input_gradient, DV_ATTENTION_PAST_VALUE),
         wanted(call, input_gradient, DV_ATTENTION_VALUE));
}

const dv_operator dv_family_attention[] = {
    {
        .name = "Attention",
        .since = 23,
        .min_inputs = 3,
        .max_inputs = 7,
        .min_outputs = 1,
        .max_outputs = 4,
        .infer = infer_attention,
        .forward = attention_forward,
        .backward = attention_backward,
    },
    {0},
};
