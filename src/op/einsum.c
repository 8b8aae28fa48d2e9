/* Einsum. Two operands of floats become a batch of matrix products: the labels fall into those of both operands and the
 * result (batch), of the first and the result (rows), of the second and the result (columns), and of both operands
 * alone (depth); what is only summed over is summed first. Anything else is done as it is defined. */
#include "op/call.h"
#include "op/equation.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/blas.h"

#include <limits.h>
#include <string.h>

/* How a tensor becomes a batch of matrices, or back: as it is (perhaps each transposed), or by a loop. */
typedef struct passage {
    bool direct, transposed;
    bool sums;    /* several elements of the tensor meet in one of the matrices */
    int64_t size; /* floats of the matrices */
    dv_loop loop; /* `a` runs through the tensor, `b` through the matrices */
} passage;

typedef struct einsum {
    dv_equation equation;
    bool is_product;
    int64_t batch, m, n, k;
    passage operand[2], result;
} einsum;

/* ---- inference ------------------------------------------------------------------------------ */

enum { BATCH, ROWS, COLUMNS, DEPTH, GROUPS };

static const int64_t most_floats = INT64_C(1) << 40, most_steps = INT64_C(1) << 36;

/* a * b, or a number beyond both limits. */
static int64_t product_of(int64_t a, int64_t b)
{
    const int64_t beyond = most_floats + 1;
    return a == 0 || b == 0 ? 0 : a > most_floats / b ? beyond : a * b;
}

typedef struct groups {
    int count[GROUPS];
    int label[GROUPS][DV_MAX_RANK];
    int64_t size[GROUPS];
} groups;

static void sort_labels(const dv_equation *e, groups *g)
{
    const dv_term *a = &e->operand[0], *b = &e->operand[1];
    *g = (groups){.size = {1, 1, 1, 1}};
    for (int i = 0; i < e->labels; i++) {
        const int label = e->order[i];
        const bool in_a = dv_term_has(a, label), in_b = dv_term_has(b, label), kept = i < e->result.rank;
        if (!kept && !(in_a && in_b))
            continue;
        const int group = !kept ? DEPTH : in_a && in_b ? BATCH : in_a ? ROWS : COLUMNS;
        g->label[group][g->count[group]++] = label;
        g->size[group] = product_of(g->size[group], e->size[label]);
    }
}

/* Strides of the labels in matrices with the groups in this order. */
static void lay_out(const dv_equation *e, const groups *g, const int order[3], int64_t *stride)
{
    int64_t step = 1;
    for (int label = 0; label < DV_LABELS; label++)
        stride[label] = 0;
    for (int k = 2; k >= 0; k--)
        for (int i = g->count[order[k]] - 1; i >= 0; i--) {
            const int label = g->label[order[k]][i];
            stride[label] = e->size[label] == 1 ? 0 : step;
            step *= e->size[label];
        }
}

static bool same_strides(const dv_equation *e, const int64_t *a, const int64_t *b)
{
    for (int i = 0; i < e->labels; i++)
        if (a[e->order[i]] != b[e->order[i]])
            return false;
    return true;
}

static passage find_passage(const dv_equation *e, const groups *g, const dv_term *term, int batch, int rows,
                            int columns)
{
    int64_t straight[DV_LABELS], turned[DV_LABELS];
    lay_out(e, g, (const int[]){batch, rows, columns}, straight);
    lay_out(e, g, (const int[]){batch, columns, rows}, turned);
    passage p = {.size = product_of(product_of(g->size[batch], g->size[rows]), g->size[columns])};
    p.transposed = !same_strides(e, term->stride, straight) && same_strides(e, term->stride, turned);
    p.direct = p.transposed || same_strides(e, term->stride, straight);
    for (int i = 0; i < e->labels; i++) {
        const int label = e->order[i];
        bool own = false; /* a label of the matrices */
        for (int k = 0; k < g->count[batch]; k++)
            own = own || g->label[batch][k] == label;
        for (int k = 0; k < g->count[rows]; k++)
            own = own || g->label[rows][k] == label;
        for (int k = 0; k < g->count[columns]; k++)
            own = own || g->label[columns][k] == label;
        if (!own && !dv_term_has(term, label))
            continue;
        p.sums = p.sums || !own;
        p.loop.dim[p.loop.rank] = e->size[label];
        p.loop.stride[0][p.loop.rank] = term->stride[label];
        p.loop.stride[1][p.loop.rank++] = straight[label];
    }
    if (p.loop.rank == 0)
        p.loop.dim[p.loop.rank++] = 1;
    p.direct = p.direct && !p.sums;
    return p;
}

/* False where the matrices are beyond BLAS. */
static bool plan_product(einsum *s)
{
    const dv_equation *e = &s->equation;
    groups g;
    sort_labels(e, &g);
    s->batch = g.size[BATCH];
    s->m = g.size[ROWS];
    s->n = g.size[COLUMNS];
    s->k = g.size[DEPTH];
    if (s->m > INT_MAX || s->n > INT_MAX || s->k > INT_MAX)
        return false;
    s->operand[0] = find_passage(e, &g, &e->operand[0], BATCH, ROWS, DEPTH);
    s->operand[1] = find_passage(e, &g, &e->operand[1], BATCH, DEPTH, COLUMNS);
    s->result = find_passage(e, &g, &e->result, BATCH, ROWS, COLUMNS);
    return true;
}

static int64_t count_steps(const dv_equation *e)
{
    int64_t steps = 1;
    for (int i = 0; i < e->labels; i++)
        steps = product_of(steps, e->size[e->order[i]]);
    return steps;
}

/* Forward needs the matrices of the operands once, backward their gradients too. */
static bool size_workspace(dv_call *call, const einsum *s, dv_error *error)
{
    const int64_t sizes[] = {s->operand[0].size, s->operand[1].size, s->result.size};
    for (int i = 0; i < 3 && s->is_product; i++) {
        if (sizes[i] > most_floats)
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an equation as large as this one is not supported");
        call->workspace_size += (i < 2 ? 2 : 1) * (size_t)sizes[i] * sizeof(float);
    }
    if (!s->is_product && count_steps(&s->equation) > most_steps)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an equation as large as this one is not supported");
    return true;
}

static bool infer_einsum(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, call->input_count, error))
        return false;
    for (int i = 1; i < call->input_count; i++)
        if (!dv_call_require_same_type(call, i, error))
            return false;
    einsum *s = dv_call_prepare(call, sizeof *s, error);
    if (!s || !dv_equation_read(call, &s->equation, error))
        return false;
    if (call->input[0]->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    if (!dv_call_set_output(call, 0, call->input[0]->type, &s->equation.shape, error))
        return false;
    s->is_product = s->equation.operands == 2 && dv_type_is_float(call->input[0]->type) && plan_product(s);
    return size_workspace(call, s, error);
}

/* ---- by matrices ------------------------------------------------------------------------------ */

typedef struct passing {
    const passage *passage;
    const float *from;
    float *to;
} passing;

static void gather_row(void *context, int64_t unused, int64_t a, int64_t b)
{
    const passing *p = context;
    const dv_loop *loop = &p->passage->loop;
    const int inner = loop->rank - 1;
    (void)unused;
    for (int64_t i = 0; i < loop->dim[inner]; i++, a += loop->stride[0][inner], b += loop->stride[1][inner])
        p->to[b] += p->from[a];
}

static void scatter_row(void *context, int64_t unused, int64_t a, int64_t b)
{
    const passing *p = context;
    const dv_loop *loop = &p->passage->loop;
    const int inner = loop->rank - 1;
    (void)unused;
    for (int64_t i = 0; i < loop->dim[inner]; i++, a += loop->stride[0][inner], b += loop->stride[1][inner])
        p->to[a] += p->from[b];
}

/* The matrices of a tensor, in `room` if it is not them already. */
static const float *to_matrices(const passage *p, const float *tensor, float *room)
{
    if (p->direct)
        return tensor;
    memset(room, 0, (size_t)p->size * sizeof *room);
    passing run = {p, tensor, room};
    dv_loop_run(&p->loop, &run, gather_row);
    return room;
}

/* tensor += what the matrices say. */
static void add_matrices(const passage *p, const float *matrices, float *tensor)
{
    passing run = {p, matrices, tensor};
    dv_loop_run(&p->loop, &run, scatter_row);
}

typedef struct product_run {
    const einsum *s;
    const float *a, *b;
    float *y;
    bool transposed; /* y's matrices */
} product_run;

static void multiply(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const einsum *s = run->s;
    const bool ta = s->operand[0].direct && s->operand[0].transposed,
               tb = s->operand[1].direct && s->operand[1].transposed;
    const float *a = run->a + task * s->m * s->k, *b = run->b + task * s->k * s->n;
    float *y = run->y + task * s->m * s->n;
    const int64_t lda = ta ? s->m : s->k, ldb = tb ? s->k : s->n;
    (void)thread;
    if (run->transposed)
        dv_gemm(!tb, !ta, s->n, s->m, s->k, 1, b, ldb, a, lda, 0, y, s->m);
    else
        dv_gemm(ta, tb, s->m, s->n, s->k, 1, a, lda, b, ldb, 0, y, s->n);
}

static void forward_product(const dv_call *call, const einsum *s)
{
    float *room = call->workspace, *y = call->output[0]->f;
    product_run run = {.s = s, .transposed = s->result.direct && s->result.transposed};
    run.a = to_matrices(&s->operand[0], call->input[0]->f, room);
    run.b = to_matrices(&s->operand[1], call->input[1]->f, room + s->operand[0].size);
    run.y = s->result.direct ? y : room + s->operand[0].size + s->operand[1].size;
    dv_team_run(call->team, multiply, &run, s->batch);
    if (s->result.direct)
        return;
    memset(y, 0, (size_t)s->result.size * sizeof *y);
    add_matrices(&s->result, run.y, y);
}

/* Straight matrices of a tensor, whatever its passage, in `room`. */
static void get_straight(const passage *p, const float *tensor, float *room)
{
    passage copy = *p;
    copy.direct = false;
    to_matrices(&copy, tensor, room);
}

static void backward_product(const dv_call *call, const einsum *s, const float *g, dv_tensor *const *input_gradient)
{
    float *a = call->workspace, *b = a + s->operand[0].size, *dy = b + s->operand[1].size;
    float *da = dy + s->result.size, *db = da + s->operand[0].size;
    get_straight(&s->operand[0], call->input[0]->f, a);
    get_straight(&s->operand[1], call->input[1]->f, b);
    get_straight(&s->result, g, dy);
    for (int64_t i = 0; i < s->batch; i++) {
        const float *ai = a + i * s->m * s->k, *bi = b + i * s->k * s->n, *dyi = dy + i * s->m * s->n;
        if (input_gradient[0])
            dv_gemm(false, true, s->m, s->k, s->n, 1, dyi, s->n, bi, s->n, 0, da + i * s->m * s->k, s->k);
        if (input_gradient[1])
            dv_gemm(true, false, s->k, s->n, s->m, 1, ai, s->k, dyi, s->n, 0, db + i * s->k * s->n, s->n);
    }
    if (input_gradient[0])
        add_matrices(&s->operand[0], da, input_gradient[0]->f);
    if (input_gradient[1])
        add_matrices(&s->operand[1], db, input_gradient[1]->f);
}

/* ---- as defined ------------------------------------------------------------------------------------ */

/* A combination of values of all labels, and where it lies in the operands and in the result. */
typedef struct combination {
    int64_t at[DV_LABELS];
    int64_t operand[DV_MOST_OPERANDS], result;
} combination;

static bool is_empty(const dv_equation *e)
{
    for (int i = 0; i < e->labels; i++)
        if (e->size[e->order[i]] == 0)
            return true;
    return false;
}

/* To the next, the last label of the order first; false behind the last. */
static bool advance(const dv_equation *e, combination *c)
{
    for (int i = e->labels - 1; i >= 0; i--) {
        const int label = e->order[i];
        const bool wraps = ++c->at[label] == e->size[label];
        const int64_t steps = wraps ? 1 - e->size[label] : 1;
        for (int o = 0; o < e->operands; o++)
            c->operand[o] += steps * e->operand[o].stride[label];
        c->result += steps * e->result.stride[label];
        if (!wraps)
            return true;
        c->at[label] = 0;
    }
    return false;
}

static void forward_defined(const dv_call *call, const dv_equation *e)
{
    const dv_tensor *y = call->output[0];
    const bool floats = dv_type_is_float(y->type);
    combination c = {0};
    memset(y->data, 0, (size_t)dv_shape_elements(&y->shape) * dv_type_stored_size(y->type));
    if (is_empty(e))
        return;
    do {
        float product = 1;
        uint64_t whole = 1;
        for (int o = 0; o < e->operands; o++) {
            if (floats)
                product *= call->input[o]->f[c.operand[o]];
            else
                whole *= (uint64_t)call->input[o]->i[c.operand[o]];
        }
        if (floats)
            y->f[c.result] += product;
        else
            y->i[c.result] = dv_type_wrap(y->type, (int64_t)((uint64_t)y->i[c.result] + whole));
    } while (advance(e, &c));
}

static void backward_defined(const dv_call *call, const dv_equation *e, const float *g,
                             dv_tensor *const *input_gradient)
{
    combination c = {0};
    if (is_empty(e))
        return;
    do {
        for (int wanted = 0; wanted < e->operands; wanted++) {
            float product = g[c.result];
            for (int o = 0; o < e->operands && input_gradient[wanted]; o++)
                product *= o == wanted ? 1 : call->input[o]->f[c.operand[o]];
            if (input_gradient[wanted])
                input_gradient[wanted]->f[c.operand[wanted]] += product;
        }
    } while (advance(e, &c));
}

static void einsum_forward(const dv_call *call)
{
    const einsum *s = call->prepared;
    if (s->is_product)
        forward_product(call, s);
    else
        forward_defined(call, &s->equation);
}

static void einsum_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const einsum *s = call->prepared;
    if (!output_gradient[0])
        return;
    if (s->is_product)
        backward_product(call, s, output_gradient[0]->f, input_gradient);
    else
        backward_defined(call, &s->equation, output_gradient[0]->f, input_gradient);
}

const dv_operator dv_family_einsum[] = {
    {
        .name = "Einsum",
        .since = 12,
        .min_inputs = 1,
        .max_inputs = DV_MOST_OPERANDS,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_einsum,
        .forward = einsum_forward,
        .backward = einsum_backward,
    },
    {0},
};
