/* Gemm and MatMul. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "base/part.h"
#include "kernel/blas.h"
#include "kernel/dense.h"
#include "kernel/packed_product.h"
#include "kernel/vector.h"

#include <limits.h>
#include <string.h>

/* y (m x n) = alpha * op(a) (m x k) * op(b) (k x n) + beta * y for a batch of pairs of matrices. */
typedef struct product {
    bool transpose_a, transpose_b;
    int64_t m, n, k;
    float alpha, beta;
    dv_pairs batch; /* its offsets are NULL where there is one pair, at 0 */
    int64_t pieces; /* that each product is cut into, by rows or columns of y */
    dv_packed_way way;
} product;

/* Offsets of a pair's matrices. */
static int64_t a_at(const product *p, int64_t pair)
{
    return p->batch.a_at ? p->batch.a_at[pair] : 0;
}

static int64_t b_at(const product *p, int64_t pair)
{
    return p->batch.b_at ? p->batch.b_at[pair] : 0;
}

/* ---- running products ------------------------------------------------------- */

/* Pieces of some million multiply-adds: enough to outweigh waking a thread. By shapes alone, so that every team
 * computes the same bits. */
static int64_t count_pieces(const product *p)
{
    const double work = (double)p->m * (double)p->n * (double)p->k;
    const int64_t longest = p->m > p->n ? p->m : p->n;
    int64_t pieces = work / 4e6 < 16 ? (int64_t)(work / 4e6) : 16;
    if (pieces > longest / 32)
        pieces = longest / 32;
    return pieces > 1 ? pieces : 1;
}

/* Not where a matrix is hardly more than a vector: there is too little to be brought in order for. */
static bool fits_dense(int64_t m, int64_t n, int64_t k)
{
    return m >= 8 && n >= 8 && k >= 8;
}

/* y (m x n) = alpha * op(a) * op(b) + beta * y on this thread; y's rows lie y_row apart. */
static void multiply_one(const product *p, bool rough, int64_t m, int64_t n, const float *a, const float *b, float *y,
                         float *workspace)
{
    const int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    const dv_dense dense = {
        .m = m,
        .n = n,
        .k = p->k,
        .a_row = p->transpose_a ? 1 : lda,
        .a_depth = p->transpose_a ? lda : 1,
        .b_depth = p->transpose_b ? 1 : ldb,
        .b_column = p->transpose_b ? ldb : 1,
        .y_row = p->n,
        .add = p->beta != 0,
        .rough = rough,
    };
    if (p->alpha == 1 && fits_dense(m, n, p->k))
        dv_dense_run(&dense, 1, &(dv_dense_part){a, b}, y, workspace);
    else
        dv_gemm(p->transpose_a, p->transpose_b, m, n, p->k, p->alpha, a, lda, b, ldb, p->beta, y, p->n);
}

typedef struct product_run {
    const product *product;
    bool rough;
    const float *a, *b;
    float *y, *workspace;
} product_run;

static void multiply_piece(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const product *p = run->product;
    const int64_t pair = task / p->pieces, piece = task % p->pieces;
    const float *a = run->a + a_at(p, pair), *b = run->b + b_at(p, pair);
    float *y = run->y + pair * p->m * p->n, *workspace = run->workspace + thread * dv_dense_workspace();
    const bool by_rows = p->m >= p->n;
    const int64_t length = by_rows ? p->m : p->n;
    const int64_t from = length * piece / p->pieces, to = length * (piece + 1) / p->pieces;
    if (by_rows)
        multiply_one(p, run->rough, to - from, p->n, a + from * (p->transpose_a ? 1 : p->k), b, y + from * p->n,
                     workspace);
    else
        multiply_one(p, run->rough, p->m, to - from, a, b + from * (p->transpose_b ? p->k : 1), y + from, workspace);
}

static void multiply_floats(const product *p, const float *a, const float *b, float *y, const dv_call *call)
{
    product_run run = {p, call->training, a, b, y, call->workspace};
    dv_team_run(call->team, multiply_piece, &run, p->batch.count * p->pieces);
}

/* Integers wrap as their type does; beta * y is y itself or nothing. */
static void multiply_integers(const product *p, dv_type type, const int64_t *a, const int64_t *b, int64_t *y)
{
    for (int64_t pair = 0; pair < p->batch.count; pair++, y += p->m * p->n) {
        const int64_t *pa = a + a_at(p, pair), *pb = b + b_at(p, pair);
        for (int64_t i = 0; i < p->m; i++)
            for (int64_t j = 0; j < p->n; j++) {
                uint64_t sum = p->beta != 0 ? (uint64_t)y[i * p->n + j] : 0;
                for (int64_t l = 0; l < p->k; l++)
                    sum += (uint64_t)pa[p->transpose_a ? l * p->m + i : i * p->k + l] *
                           (uint64_t)pb[p->transpose_b ? j * p->k + l : l * p->n + j];
                y[i * p->n + j] = dv_type_wrap(type, (int64_t)sum);
            }
    }
}

/* The way of a product by one matrix b for all. */
static void choose_way(product *p, dv_call *call)
{
    if (!dv_type_is_float(call->input[0]->type) || p->batch.b_at)
        return;
    p->way = dv_packed_product_choose(p->m, p->n, p->k, call->rounding);
    call->rounds =
        call->input[1]->data && dv_packed_product_choose(p->m, p->n, p->k, DV_ROUNDING_MOST) == DV_PACKED_TILES;
}

/* The last thing that infer does. */
static bool ask_for_workspace(const product *p, dv_call *call, dv_error *error)
{
    size_t size = 0;
    int64_t floats = dv_type_is_float(call->input[0]->type) ? dv_dense_workspace() : 0;
    if (p->way != DV_PACKED_NOT)
        floats = dv_larger(floats, dv_packed_product_workspace(p->way));
    if (!dv_size_multiply((size_t)floats * sizeof(float), (size_t)dv_team_size(call->team), &size))
        return dv_error_set(error, DV_ERROR_MEMORY, "there is not enough memory for the product");
    call->workspace_size = size;
    return true;
}

/* b in the order of each way; NULL: nobody asked so far. */
typedef struct packed_matrix {
    const float *by[DV_PACKED_WAYS];
} packed_matrix;

static bool pack_product(const product *p, const dv_call *call, dv_arena *arena, const void **packed, dv_error *error)
{
    const dv_tensor *b = call->input[1];
    packed_matrix *it = (packed_matrix *)*packed;
    if (!b->data || p->way == DV_PACKED_NOT)
        return true;
    if (!it && !(it = dv_arena_alloc(arena, 1, sizeof *it, error)))
        return false;
    *packed = it;
    if (it->by[p->way])
        return true;
    float *made = dv_arena_alloc(arena, (size_t)dv_packed_product_size(p->way, p->n, p->k), sizeof *made, error);
    if (!made)
        return false;
    dv_packed_product_pack(p->way, p->n, p->k, p->alpha, b->f, p->transpose_b ? 1 : p->n, p->transpose_b ? p->k : 1,
                           made);
    it->by[p->way] = made;
    return true;
}

static bool is_packed(const product *p, const dv_call *call)
{
    return call->packed && p->way != DV_PACKED_NOT;
}

static void multiply_packed(const product *p, const float *start, const dv_call *call)
{
    const packed_matrix *packed = call->packed;
    const dv_packed_product it = {
        .way = p->way,
        .m = p->m,
        .n = p->n,
        .k = p->k,
        .a_row = p->transpose_a ? 1 : p->k,
        .a_depth = p->transpose_a ? p->m : 1,
        .add = p->beta != 0 && !start,
        .start = start,
    };
    dv_packed_product_run(&it, call->input[0]->f, packed->by[p->way], call->output[0]->f, call->workspace, call->team);
}

/* `start`, for packed products alone: what is added to each row instead of what y holds; NULL: nothing. */
static void multiply(const product *p, const float *start, const dv_call *call)
{
    const dv_tensor *a = call->input[0], *b = call->input[1], *y = call->output[0];
    if (!dv_type_is_float(y->type))
        multiply_integers(p, y->type, a->i, b->i, y->i);
    else if (is_packed(p, call))
        multiply_packed(p, start, call);
    else
        multiply_floats(p, a->f, b->f, y->f, call);
}

/* ---- gradients ---------------------------------------------------------------- */

/* da += alpha * dy * op(b)', laid out as a is. */
static void add_gradient_a(const product *p, const dv_call *call, const float *dy, const float *b, float *da)
{
    const int64_t ldb = p->transpose_b ? p->k : p->n;
    const dv_dense dense = {
        .m = p->m,
        .n = p->k,
        .k = p->n,
        .a_row = p->n,
        .a_depth = 1,
        .b_depth = p->transpose_b ? p->k : 1,
        .b_column = p->transpose_b ? 1 : p->n,
        .y_row = p->k,
        .add = true,
        .rough = call->training,
    };
    if (p->transpose_a)
        dv_gemm(p->transpose_b, true, p->k, p->m, p->n, p->alpha, b, ldb, dy, p->n, 1, da, p->m);
    else if (p->alpha == 1 && fits_dense(p->m, p->k, p->n))
        dv_dense_run(&dense, 1, &(dv_dense_part){dy, b}, da, call->workspace);
    else
        dv_gemm(false, !p->transpose_b, p->m, p->k, p->n, p->alpha, dy, p->n, b, ldb, 1, da, p->k);
}

/* db += alpha * op(a)' * dy, laid out as b is. */
static void add_gradient_b(const product *p, const float *dy, const float *a, float *db)
{
    const int64_t lda = p->transpose_a ? p->m : p->k;
    if (p->transpose_b)
        dv_gemm(true, p->transpose_a, p->n, p->k, p->m, p->alpha, dy, p->n, a, lda, 1, db, p->k);
    else
        dv_gemm(!p->transpose_a, false, p->k, p->n, p->m, p->alpha, a, lda, dy, p->n, 1, db, p->n);
}

static void add_gradients(const product *p, const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    for (int64_t pair = 0; pair < p->batch.count; pair++) {
        const float *dy = output_gradient[0]->f + pair * p->m * p->n;
        if (input_gradient[0])
            add_gradient_a(p, call, dy, call->input[1]->f + b_at(p, pair), input_gradient[0]->f + a_at(p, pair));
        if (input_gradient[1])
            add_gradient_b(p, dy, call->input[0]->f + a_at(p, pair), input_gradient[1]->f + b_at(p, pair));
    }
}

/* A matrix of samples by one of weights. */
static bool sums_weights(const dv_call *call)
{
    const product *p = call->prepared;
    return !p->batch.a_at && !p->batch.b_at && !p->transpose_a && p->alpha == 1 && p->m > 0 && p->n > 0 && p->k > 0 &&
           call->input[1]->shape.rank == 2;
}

/* Of weights n x k, which are transposed, rows of dy' * a; of weights k x n rows of a' * dy. */
static void sum_weights(const dv_call *const *call, const dv_tensor *const *output_gradient, int count, int64_t from,
                        int64_t to, float *rows, void *workspace)
{
    enum { MOST = 8 };
    const product *p = call[0]->prepared;
    const bool transposed = p->transpose_b;
    const int64_t height = transposed ? p->n : p->k, width = transposed ? p->k : p->n;
    dv_dense dense = {
        .m = to - from,
        .n = width,
        .k = p->m,
        .a_row = 1,
        .a_depth = height,
        .b_depth = width,
        .b_column = 1,
        .y_row = width,
        .rough = call[0]->training,
    };
    for (int first = 0; first < count; first += MOST, dense.add = true) {
        dv_dense_part part[MOST];
        const int parts = count - first < MOST ? count - first : MOST;
        for (int i = 0; i < parts; i++) {
            const float *x = call[first + i]->input[0]->f, *dy = output_gradient[first + i]->f;
            part[i] = (dv_dense_part){(transposed ? dy : x) + from, transposed ? x : dy};
        }
        dv_dense_run(&dense, parts, part, rows, workspace);
    }
}

static bool check_product(const product *p, const dv_call *call, dv_error *error)
{
    const dv_type type = call->input[0]->type;
    if (p->m > INT_MAX || p->n > INT_MAX || p->k > INT_MAX)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a matrix with more than %d rows or columns is not supported",
                            INT_MAX);
    if (type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "matrices of bool cannot be multiplied");
    return true;
}

/* ---- Gemm -------------------------------------------------------------------- */

typedef struct gemm {
    product product;
    float beta;
    int64_t c_row, c_column; /* strides of input 2, 0 where it repeats */
} gemm;

static bool set_addend(gemm *g, const dv_shape *c, const dv_shape *output, dv_error *error)
{
    char c_text[160], text[160];
    dv_shape both;
    if (c->rank > 2 || !dv_shape_broadcast(c, output, &both, NULL) || !dv_shape_equal(&both, output))
        return dv_error_set(error, DV_ERROR_FORMAT, "input 2 of shape %s cannot be broadcast to %s",
                            dv_shape_text(c, c_text, sizeof c_text), dv_shape_text(output, text, sizeof text));
    const int64_t rows = c->rank == 2 ? c->dim[0] : 1, columns = c->rank > 0 ? c->dim[c->rank - 1] : 1;
    g->c_row = rows == 1 ? 0 : columns;
    g->c_column = columns == 1 ? 0 : 1;
    return true;
}

static bool infer_gemm(dv_call *call, dv_error *error)
{
    char a_text[160], b_text[160];
    if (!dv_call_require(call, 2, error) || !dv_call_require_same_type(call, 1, error) ||
        !dv_call_require_same_type(call, 2, error))
        return false;
    const dv_tensor *a = call->input[0], *b = call->input[1], *c = dv_call_input(call, 2);
    const bool transpose_a = dv_attribute_int(call->attributes, "transA", 0) != 0;
    const bool transpose_b = dv_attribute_int(call->attributes, "transB", 0) != 0;
    if (a->shape.rank != 2 || b->shape.rank != 2 || a->shape.dim[!transpose_a] != b->shape.dim[transpose_b])
        return dv_error_set(error, DV_ERROR_FORMAT, "matrices of shapes %s%s and %s%s cannot be multiplied",
                            dv_shape_text(&a->shape, a_text, sizeof a_text), transpose_a ? " transposed" : "",
                            dv_shape_text(&b->shape, b_text, sizeof b_text), transpose_b ? " transposed" : "");
    gemm *g = dv_call_prepare(call, sizeof *g, error);
    if (!g)
        return false;
    g->beta = dv_attribute_float(call->attributes, "beta", 1);
    g->product = (product){
        .transpose_a = transpose_a,
        .transpose_b = transpose_b,
        .m = a->shape.dim[transpose_a],
        .n = b->shape.dim[!transpose_b],
        .k = a->shape.dim[!transpose_a],
        .alpha = dv_attribute_float(call->attributes, "alpha", 1),
        .beta = c ? 1 : 0,
        .batch = {.count = 1},
    };
    g->product.pieces = count_pieces(&g->product);
    if (!dv_type_is_float(a->type) && (g->product.alpha != 1 || g->beta != 1))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "alpha and beta other than 1 are not supported on integers");
    choose_way(&g->product, call);
    const dv_shape shape = dv_shape_make(2, (int64_t[]){g->product.m, g->product.n});
    return check_product(&g->product, call, error) && (!c || set_addend(g, &c->shape, &shape, error)) &&
           dv_call_set_output(call, 0, a->type, &shape, error) && ask_for_workspace(&g->product, call, error);
}

static bool pack_gemm(const dv_call *call, dv_arena *arena, const void **packed, dv_error *error)
{
    const gemm *g = call->prepared;
    return pack_product(&g->product, call, arena, packed, error);
}

static void fill_addend(const gemm *g, const dv_tensor *c, dv_tensor *y)
{
    const int64_t m = g->product.m, n = g->product.n;
    const bool same = dv_type_is_float(y->type) && g->beta == 1 && g->c_column == 1; /* a row as it is */
    for (int64_t i = 0; i < m && same; i++)
        memcpy(y->f + i * n, c->f + i * g->c_row, (size_t)n * sizeof *y->f);
    for (int64_t i = 0; i < m && !same; i++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t from = i * g->c_row + j * g->c_column;
            if (dv_type_is_float(y->type))
                y->f[i * n + j] = g->beta * c->f[from];
            else
                y->i[i * n + j] = c->i[from];
        }
}

static void gemm_forward(const dv_call *call)
{
    const gemm *g = call->prepared;
    const dv_tensor *c = dv_call_input(call, 2);
    const bool repeats = c && g->beta == 1 && g->c_row == 0 && g->c_column == 1; /* a row as it is, for all */
    const float *start = repeats && is_packed(&g->product, call) ? c->f : NULL;
    if (c && !start)
        fill_addend(g, c, call->output[0]);
    multiply(&g->product, start, call);
}

static void add_gradient_c(const gemm *g, const float *dy, float *dc)
{
    const int64_t n = g->product.n;
    for (int64_t i = 0; i < g->product.m; i++) {
        if (g->c_column)
            dv_vector_add(n, g->beta, dy + i * n, dc + i * g->c_row);
        else
            dc[i * g->c_row] += g->beta * dv_vector_sum(n, dy + i * n);
    }
}

static void gemm_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    const gemm *g = call->prepared;
    if (!output_gradient[0])
        return;
    add_gradients(&g->product, call, output_gradient, input_gradient);
    if (call->input_count > 2 && input_gradient[2])
        add_gradient_c(g, output_gradient[0]->f, input_gradient[2]->f);
}

/* ---- MatMul ------------------------------------------------------------------ */

/* The leading dimensions, those of the batch. */
static dv_shape batch_shape(const dv_shape *shape)
{
    return dv_shape_make(shape->rank > 2 ? shape->rank - 2 : 0, shape->dim);
}

static bool infer_matmul(dv_call *call, dv_error *error)
{
    char a_text[160], b_text[160];
    if (!dv_call_require(call, 2, error) || !dv_call_require_same_type(call, 1, error))
        return false;
    const dv_shape *a = &call->input[0]->shape, *b = &call->input[1]->shape;
    const bool a_is_row = a->rank == 1, b_is_column = b->rank == 1;
    const int64_t depth = a->rank > 0 ? a->dim[a->rank - 1] : 0;
    if (a->rank == 0 || b->rank == 0 || depth != b->dim[b_is_column ? 0 : b->rank - 2])
        return dv_error_set(error, DV_ERROR_FORMAT, "matrices of shapes %s and %s cannot be multiplied",
                            dv_shape_text(a, a_text, sizeof a_text), dv_shape_text(b, b_text, sizeof b_text));
    product *p = dv_call_prepare(call, sizeof *p, error);
    if (!p)
        return false;
    *p = (product){
        .m = a_is_row ? 1 : a->dim[a->rank - 2],
        .n = b_is_column ? 1 : b->dim[b->rank - 1],
        .k = depth,
        .alpha = 1,
        .batch = {.count = 1},
    };
    const dv_shape a_batch = batch_shape(a), b_batch = batch_shape(b);
    dv_shape shape;
    if (!dv_shape_broadcast(&a_batch, &b_batch, &shape, error))
        return false;
    const dv_shape batch = shape;
    if (!a_is_row)
        shape.dim[shape.rank++] = p->m;
    if (!b_is_column)
        shape.dim[shape.rank++] = p->n;
    if (!dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    /* One matrix b for all: the matrices of a are one tall matrix. */
    if (dv_shape_elements(&b_batch) == 1)
        p->m *= dv_shape_elements(&batch);
    else if (!dv_pairs_find(&p->batch, &a_batch, p->m * p->k, &b_batch, p->k * p->n, &batch, call->arena, error))
        return false;
    p->pieces = count_pieces(p);
    choose_way(p, call);
    return check_product(p, call, error) && ask_for_workspace(p, call, error);
}

static bool pack_matmul(const dv_call *call, dv_arena *arena, const void **packed, dv_error *error)
{
    return pack_product(call->prepared, call, arena, packed, error);
}

static void matmul_forward(const dv_call *call)
{
    multiply(call->prepared, NULL, call);
}

static void matmul_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    if (output_gradient[0])
        add_gradients(call->prepared, call, output_gradient, input_gradient);
}

const dv_operator dv_family_matmul[] = {
    {
        .name = "Gemm",
        .since = 1,
        .until = 10,
        .min_inputs = 3,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_gemm,
        .pack = pack_gemm,
        .forward = gemm_forward,
        .backward = gemm_backward,
        .sums_weights = sums_weights,
        .sum_weights = sum_weights,
    },
    {
        .name = "Gemm",
        .since = 11,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_gemm,
        .pack = pack_gemm,
        .forward = gemm_forward,
        .backward = gemm_backward,
        .sums_weights = sums_weights,
        .sum_weights = sum_weights,
    },
    {
        .name = "MatMul",
        .since = 1,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_matmul,
        .pack = pack_matmul,
        .forward = matmul_forward,
        .backward = matmul_backward,
        .sums_weights = sums_weights,
        .sum_weights = sum_weights,
    },
    {0},
};
