#include "op/loop.h"

#include "base/error.h"

bool dv_shape_broadcast(const dv_shape *a, const dv_shape *b, dv_shape *result, dv_error *error)
{
    char a_text[160], b_text[160];
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    result->rank = rank;
    for (int i = 0; i < rank; i++) {
        const int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
        const int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "shapes %s and %s cannot be broadcast together",
                                dv_shape_text(a, a_text, sizeof a_text), dv_shape_text(b, b_text, sizeof b_text));
        result->dim[i] = da == 1 ? db : da;
    }
    return true;
}

static void set_strides(int64_t *stride, const dv_shape *shape, int rank)
{
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        const int own = i - (rank - shape->rank);
        const int64_t dim = own < 0 ? 1 : shape->dim[own];
        stride[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

dv_loop dv_loop_broadcast(const dv_shape *a, const dv_shape *b, const dv_shape *output)
{
    dv_loop loop = {.rank = output->rank};
    for (int i = 0; i < output->rank; i++)
        loop.dim[i] = output->dim[i];
    if (a)
        set_strides(loop.stride[0], a, loop.rank);
    if (b)
        set_strides(loop.stride[1], b, loop.rank);
    dv_loop_simplify(&loop);
    return loop;
}

/* Whether dimension `outer` continues `inner` without a gap in every input. */
static bool continues(const dv_loop *loop, int outer, int inner)
{
    for (int k = 0; k < 2; k++)
        if (loop->stride[k][outer] != loop->stride[k][inner] * loop->dim[inner])
            return false;
    return true;
}

void dv_loop_simplify(dv_loop *loop)
{
    int last = -1; /* of the dimensions kept so far */
    for (int i = 0; i < loop->rank; i++) {
        if (loop->dim[i] == 1)
            continue;
        const bool merge = last >= 0 && continues(loop, last, i);
        if (!merge)
            last++;
        loop->dim[last] = merge ? loop->dim[last] * loop->dim[i] : loop->dim[i];
        for (int k = 0; k < 2; k++)
            loop->stride[k][last] = loop->stride[k][i];
    }
    if (last < 0) {
        last = 0;
        loop->dim[0] = 1;
        loop->stride[0][0] = loop->stride[1][0] = 0;
    }
    loop->rank = last + 1;
}

/* A row of the loop, that is a place in all dimensions but the innermost. */
typedef struct place {
    int64_t at[DV_MAX_RANK], y, a, b;
} place;

static place find_row(const dv_loop *loop, int64_t index)
{
    place p = {.y = index * loop->dim[loop->rank - 1]};
    for (int i = loop->rank - 2; i >= 0; i--) {
        p.at[i] = index % loop->dim[i];
        index /= loop->dim[i];
        p.a += p.at[i] * loop->stride[0][i];
        p.b += p.at[i] * loop->stride[1][i];
    }
    return p;
}

static void next_row(const dv_loop *loop, place *p)
{
    p->y += loop->dim[loop->rank - 1];
    for (int i = loop->rank - 2; i >= 0; i--) {
        p->a += loop->stride[0][i];
        p->b += loop->stride[1][i];
        if (++p->at[i] < loop->dim[i])
            return;
        p->at[i] = 0;
        p->a -= loop->stride[0][i] * loop->dim[i];
        p->b -= loop->stride[1][i] * loop->dim[i];
    }
}

static int64_t count_rows(const dv_loop *loop)
{
    int64_t rows = loop->dim[loop->rank - 1] > 0;
    for (int i = 0; i < loop->rank - 1; i++)
        rows *= loop->dim[i];
    return rows;
}

void dv_loop_run(const dv_loop *loop, void *context, void (*row)(void *context, int64_t y, int64_t a, int64_t b))
{
    place p = {0};
    for (int64_t rows = count_rows(loop); rows > 0; rows--, next_row(loop, &p))
        row(context, p.y, p.a, p.b);
}

enum { SHARE = 1 << 15 }; /* elements of a piece, about */

typedef struct share {
    const dv_loop *loop;
    void *context;
    void (*row)(void *context, int64_t n, int64_t y, int64_t a, int64_t b);
    int64_t rows, cuts; /* rows in all, and pieces of a row */
    int64_t rows_a_task;
} share;

static void share_task(void *context, int64_t task, int thread)
{
    const share *s = context;
    const dv_loop *loop = s->loop;
    const int inner = loop->rank - 1;
    const int64_t length = loop->dim[inner], cut = task % s->cuts, first = task / s->cuts * s->rows_a_task;
    const int64_t from = length * cut / s->cuts, to = length * (cut + 1) / s->cuts;
    (void)thread;
    place p = find_row(loop, first);
    for (int64_t r = first; r < first + s->rows_a_task && r < s->rows; r++, next_row(loop, &p))
        s->row(s->context, to - from, p.y + from, p.a + from * loop->stride[0][inner],
               p.b + from * loop->stride[1][inner]);
}

void dv_loop_share(const dv_loop *loop, dv_team *team, void *context,
                   void (*row)(void *context, int64_t n, int64_t y, int64_t a, int64_t b))
{
    const int64_t length = loop->dim[loop->rank - 1];
    share s = {.loop = loop, .context = context, .row = row, .rows = count_rows(loop)};
    if (s.rows == 0)
        return;
    s.cuts = (length + SHARE - 1) / SHARE;
    s.rows_a_task = length < SHARE ? SHARE / length : 1;
    dv_team_run(team, share_task, &s, (s.rows + s.rows_a_task - 1) / s.rows_a_task * s.cuts);
}

typedef struct pair_row {
    const dv_pairs *pairs;
    int64_t n, a_stride, b_stride, a_size, b_size;
} pair_row;

static void set_pairs(void *context, int64_t y, int64_t a, int64_t b)
{
    const pair_row *row = context;
    for (int64_t i = 0; i < row->n; i++) {
        row->pairs->a_at[y + i] = (a + i * row->a_stride) * row->a_size;
        row->pairs->b_at[y + i] = (b + i * row->b_stride) * row->b_size;
    }
}

bool dv_pairs_find(dv_pairs *pairs, const dv_shape *a, int64_t a_size, const dv_shape *b, int64_t b_size,
                   const dv_shape *output, dv_arena *arena, dv_error *error)
{
    char text[160];
    if (!dv_shape_count(output, &pairs->count))
        return dv_error_set(error, DV_ERROR_FORMAT, "a batch of shape %s is beyond what can be held",
                            dv_shape_text(output, text, sizeof text));
    pairs->a_at = dv_arena_alloc(arena, (size_t)pairs->count, sizeof *pairs->a_at, error);
    pairs->b_at = dv_arena_alloc(arena, (size_t)pairs->count, sizeof *pairs->b_at, error);
    if (!pairs->a_at || !pairs->b_at)
        return false;
    const dv_loop loop = dv_loop_broadcast(a, b, output);
    const int inner = loop.rank - 1;
    pair_row row = {pairs, loop.dim[inner], loop.stride[0][inner], loop.stride[1][inner], a_size, b_size};
    dv_loop_run(&loop, &row, set_pairs);
    return true;
}
