#include "op/view.h"

#include "kernel/turn.h"
#include "kernel/vector.h"

#include <assert.h>
#include <string.h>

dv_view dv_view_whole(const dv_shape *shape)
{
    dv_view view = {.rank = shape->rank};
    int64_t step = 1;
    for (int i = shape->rank - 1; i >= 0; i--) {
        view.dim[i] = shape->dim[i];
        view.stride[i] = step;
        step *= shape->dim[i];
    }
    return view;
}

dv_view dv_view_broadcast(const dv_shape *x, const dv_shape *shape)
{
    const dv_view whole = dv_view_whole(x);
    dv_view view = {0};
    for (int i = 0; i < shape->rank; i++) {
        const int own = i - (shape->rank - x->rank);
        dv_view_append(&view, shape->dim[i], own < 0 || x->dim[own] == 1 ? 0 : whole.stride[own]);
    }
    return view;
}

void dv_view_append(dv_view *view, int64_t dim, int64_t stride)
{
    assert(view->rank < DV_VIEW_RANK);
    view->dim[view->rank] = dim;
    view->stride[view->rank++] = stride;
}

/* Merges the dimensions that run on, so that runs are as long as they can be. The elements and their order stay. */
static void simplify(dv_view *view)
{
    int last = -1; /* of the dimensions kept so far */
    for (int i = 0; i < view->rank; i++) {
        if (view->dim[i] == 1)
            continue;
        const bool merge = last >= 0 && view->stride[last] == view->stride[i] * view->dim[i];
        if (!merge)
            last++;
        view->dim[last] = merge ? view->dim[last] * view->dim[i] : view->dim[i];
        view->stride[last] = view->stride[i];
    }
    view->rank = last + 1;
}

/* ---- blocks ------------------------------------------------------------------- */

/* A block is m rows of n elements: in the row-major copy they lie `pitch` apart and in a row, in the tensor by the
 * strides `down` and `along`. With m > 1 it is a transposition, whose `down` is 1: small enough to stay in the cache
 * from both sides. */
typedef struct block {
    int64_t m, n, pitch, down, along;
} block;

typedef void block_work(const block *b, const void *tensor, void *row);

enum { BLOCK_ROWS = 64, BLOCK_COLUMNS = 16 };

#define RUN(NAME, TYPE)                                                                                                \
    static void NAME(const block *b, const TYPE *x, TYPE *y)                                                           \
    {                                                                                                                  \
        if (b->along == 1) {                                                                                           \
            memcpy(y, x, (size_t)b->n * sizeof *y);                                                                    \
        } else if (b->along == 0) {                                                                                    \
            const TYPE value = *x;                                                                                     \
            for (int64_t j = 0; j < b->n; j++)                                                                         \
                y[j] = value;                                                                                          \
        } else {                                                                                                       \
            for (int64_t j = 0; j < b->n; j++)                                                                         \
                y[j] = x[j * b->along];                                                                                \
        }                                                                                                              \
    }

RUN(get_run_of_floats, float)
RUN(get_run_of_integers, int64_t)

static void get_floats(const block *b, const void *tensor, void *row)
{
    if (b->m > 1)
        dv_turn(b->m, b->n, tensor, b->along, row, b->pitch);
    else
        get_run_of_floats(b, tensor, row);
}

static void get_integers(const block *b, const void *tensor, void *row)
{
    const int64_t *x = tensor;
    int64_t *y = row;
    if (b->m == 1)
        get_run_of_integers(b, x, y);
    for (int64_t j = 0; b->m > 1 && j < b->n; j++)
        for (int64_t i = 0; i < b->m; i++)
            y[i * b->pitch + j] = x[i + j * b->along];
}

static void add_floats(const block *b, const void *tensor, void *row)
{
    float *x = (float *)tensor, turned[BLOCK_COLUMNS * BLOCK_ROWS];
    const float *y = row;
    if (b->m > 1) {
        dv_turn(b->n, b->m, y, b->pitch, turned, BLOCK_ROWS);
        for (int64_t j = 0; j < b->n; j++)
            dv_vector_add(b->m, 1, turned + j * BLOCK_ROWS, x + j * b->along);
    } else if (b->along == 1) {
        dv_vector_add(b->n, 1, y, x);
    } else if (b->along == 0) {
        *x += dv_vector_sum(b->n, y);
    } else {
        for (int64_t j = 0; j < b->n; j++)
            x[j * b->along] += y[j];
    }
}

/* ---- the walk ------------------------------------------------------------------- */

enum { TASK_ELEMENTS = 1 << 15 }; /* at least */

typedef struct walk {
    int rank; /* of the dimensions around the blocks */
    int64_t dim[DV_VIEW_RANK + 2], in_row[DV_VIEW_RANK + 2], in_tensor[DV_VIEW_RANK + 2];
    block block;
    int64_t m, n;   /* of the whole pair of dimensions that blocks are cut from; m is 1 where there is no pair */
    int64_t blocks; /* in all */
    int64_t blocks_of_task;
    block_work *work;
    size_t size;
    const char *tensor;
    char *row;
} walk;

/* The dimension that runs on in the tensor where the innermost does not; -1 if there is none worth turning. */
static int find_pair(const dv_view *v)
{
    if (v->rank < 2 || v->stride[v->rank - 1] == 1 || v->stride[v->rank - 1] == 0)
        return -1;
    for (int i = 0; i < v->rank - 1; i++)
        if (v->stride[i] == 1 && v->dim[i] >= 8)
            return i;
    return -1;
}

static void add_dimension(walk *w, int64_t dim, int64_t in_row, int64_t in_tensor)
{
    w->dim[w->rank] = dim;
    w->in_row[w->rank] = in_row;
    w->in_tensor[w->rank++] = in_tensor;
    w->blocks *= dim;
}

/* v is simplified and not empty. */
static void plan_walk(walk *w, const dv_view *v)
{
    const int pair = find_pair(v), inner = v->rank - 1;
    int64_t in_row[DV_VIEW_RANK];
    for (int64_t i = inner, step = 1; i >= 0; step *= v->dim[i--])
        in_row[i] = step;
    w->blocks = 1;
    for (int i = 0; i < inner; i++)
        if (i != pair)
            add_dimension(w, v->dim[i], in_row[i], v->stride[i]);
    w->m = pair < 0 ? 1 : v->dim[pair];
    w->n = inner < 0 ? 1 : v->dim[inner];
    w->block = (block){1, w->n, 0, 0, inner < 0 ? 1 : v->stride[inner]};
    if (pair >= 0) {
        w->block = (block){BLOCK_ROWS, BLOCK_COLUMNS, in_row[pair], 1, v->stride[inner]};
        add_dimension(w, (w->m + BLOCK_ROWS - 1) / BLOCK_ROWS, BLOCK_ROWS * in_row[pair], BLOCK_ROWS);
        add_dimension(w, (w->n + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS, BLOCK_COLUMNS, BLOCK_COLUMNS * v->stride[inner]);
    }
    const int64_t elements = w->block.m * w->block.n;
    w->blocks_of_task = elements >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / elements;
}

/* The last rows and columns of a pair make smaller blocks. */
static block cut_block(const walk *w, const int64_t *at)
{
    block b = w->block;
    if (w->m == 1)
        return b;
    const int64_t rows = w->m - at[w->rank - 2] * BLOCK_ROWS, columns = w->n - at[w->rank - 1] * BLOCK_COLUMNS;
    b.m = rows < b.m ? rows : b.m;
    b.n = columns < b.n ? columns : b.n;
    return b;
}

static void walk_task(void *context, int64_t task, int thread)
{
    (void)thread;
    const walk *w = context;
    const int64_t first = task * w->blocks_of_task;
    const int64_t last = first + w->blocks_of_task < w->blocks ? first + w->blocks_of_task : w->blocks;
    int64_t at[DV_VIEW_RANK + 2], y = 0, x = 0, rest = first;
    for (int i = w->rank - 1; i >= 0; i--) {
        at[i] = rest % w->dim[i];
        rest /= w->dim[i];
        y += at[i] * w->in_row[i];
        x += at[i] * w->in_tensor[i];
    }
    for (int64_t k = first; k < last; k++) {
        const block b = cut_block(w, at);
        w->work(&b, w->tensor + x * (int64_t)w->size, w->row + y * (int64_t)w->size);
        for (int i = w->rank - 1; i >= 0; i--) {
            y += w->in_row[i];
            x += w->in_tensor[i];
            if (++at[i] < w->dim[i])
                break;
            at[i] = 0;
            y -= w->in_row[i] * w->dim[i];
            x -= w->in_tensor[i] * w->dim[i];
        }
    }
}

static void run(const dv_view *view, block_work *work, size_t size, const void *tensor, void *row, dv_team *team)
{
    dv_view v = *view;
    for (int i = 0; i < v.rank; i++)
        if (v.dim[i] == 0)
            return;
    simplify(&v);
    walk w = {.work = work, .size = size, .tensor = (const char *)tensor + v.start * (int64_t)size, .row = row};
    plan_walk(&w, &v);
    dv_team_run(team, walk_task, &w, (w.blocks + w.blocks_of_task - 1) / w.blocks_of_task);
}

void dv_view_get(const dv_view *view, size_t size, const void *tensor, void *row, dv_team *team)
{
    assert(size == 4 || size == 8);
    run(view, size == 4 ? get_floats : get_integers, size, tensor, row, team);
}

void dv_view_add(const dv_view *view, const float *row, float *tensor)
{
    run(view, add_floats, sizeof *row, tensor, (void *)row, NULL);
}

void dv_view_forward(const dv_call *call)
{
    const dv_tensor *y = call->output[0];
    dv_view_get(call->prepared, dv_type_stored_size(y->type), call->input[0]->data, y->data, call->team);
}

void dv_view_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    if (output_gradient[0] && input_gradient[0])
        dv_view_add(call->prepared, output_gradient[0]->f, input_gradient[0]->f);
}
