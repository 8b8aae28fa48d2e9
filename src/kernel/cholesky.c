/* Block row after block row: what the rows above take off it, then its own elimination. A task is a strip of columns,
 * down some block rows; the first one takes the strips that the next rows begin with, and goes on to the diagonal in
 * these, so that the team is needed once for some rows. Blocks hold the negative of what is left of A until they are
 * done, since products can only be added. */
#include "kernel/cholesky.h"

#include "kernel/blas.h"
#include "kernel/wide.h"

#include <float.h>
#include <math.h>

enum { SIDE = DV_GRAM_SIDE, STRIDE = 2 /* block rows at a time */ };

typedef struct elimination {
    const dv_gram_way *way;
    float *matrix, *packed; /* rows of U that are done, in order: strip after strip */
    int64_t order, row, blocks, strips;
    int64_t done; /* block rows */
    bool definite;
} elimination;

/* Blocks of U in order before strip j: of each strip those above the diagonal, and of none the last row's, which
 * nothing follows. */
static int64_t blocks_before(int64_t blocks, int64_t j)
{
    const int64_t inside = dv_smaller(j, blocks);
    return inside * (inside - 1) / 2 + (j - inside) * (blocks - 1);
}

int64_t dv_equations_workspace(int64_t order, int64_t columns)
{
    const int64_t room = dv_larger(dv_gram_choose(false)->room, dv_gram_choose(true)->room);
    return blocks_before(dv_gram_blocks(order), dv_gram_blocks(order + columns)) * room;
}

static float *strip_of(const elimination *it, int64_t j)
{
    return it->packed + blocks_before(it->blocks, j) * it->way->room;
}

/* What lies under the diagonal is nothing, so that nothing comes of it. */
DV_WIDE(static, void, negate, (float *y, int64_t row, bool diagonal), (y, row, diagonal))
{
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++)
            y[r * row + c] = diagonal && c < r ? 0 : -y[r * row + c];
}

/* The first `rows` rows of U'^-1 times a block, which y holds the negative of; u is the block of U on the diagonal of
 * these rows. Where y is that block itself, U comes to be: false if there is none. */
DV_WIDE(static, bool, eliminate, (int64_t rows, const float *u, float *y, int64_t row), (rows, u, y, row))
{
    for (int64_t i = 0; i < rows; i++) {
        const float pivot = u == y ? -y[i * row + i] : 1;
        if (!(pivot > 0 && pivot <= FLT_MAX))
            return false;
        const float factor = -1 / (u == y ? sqrtf(pivot) : u[i * row + i]);
        float done[SIDE];
        for (int c = 0; c < SIDE; c++)
            y[i * row + c] = done[c] = factor * y[i * row + c];
        for (int64_t r = i + 1; r < rows; r++) {
            const float share = u[i * row + r];
            for (int c = 0; c < SIDE; c++)
                y[r * row + c] += share * done[c];
        }
    }
    return true;
}

/* Block (i, j), from what is done above it. */
static bool finish_block(const elimination *it, int64_t i, int64_t j)
{
    float *diagonal = it->matrix + (i * it->row + i) * SIDE, *y = it->matrix + (i * it->row + j) * SIDE;
    negate(y, it->row, i == j);
    it->way->multiply(1, i, strip_of(it, i), 0, strip_of(it, j), true, y, it->row);
    return eliminate(dv_smaller(SIDE, it->order - i * SIDE), diagonal, y, it->row);
}

/* What follows of strip j, to the row before `end`. */
static void finish_strip(elimination *it, int64_t j, int64_t end)
{
    for (int64_t i = it->done; i < dv_smaller(end, it->blocks); i++) {
        const bool definite = finish_block(it, i, j);
        if (i == j)
            it->definite &= definite;
        else if (i + 1 < it->blocks)
            it->way->pack(it->matrix + (i * it->row + j) * SIDE, it->row, strip_of(it, j) + i * it->way->room);
    }
}

/* Rows whose blocks on the diagonal, and between, are there: all else of them, and those blocks of the next rows. */
static void finish_rows(void *context, int64_t task, int thread)
{
    elimination *it = context;
    const int64_t next = it->done + STRIDE;
    (void)thread;
    if (task > 0)
        finish_strip(it, next + STRIDE - 1 + task, next);
    for (int64_t j = next; task == 0 && j < dv_smaller(next + STRIDE, it->strips); j++)
        finish_strip(it, j, j + 1);
}

bool dv_equations_eliminate(const dv_equations *equations, float *workspace, dv_team *team)
{
    const int64_t order = equations->order, columns = equations->columns;
    elimination it = {
        .way = dv_gram_choose(equations->rough),
        .matrix = equations->matrix,
        .packed = workspace,
        .order = order,
        .row = dv_equations_row(order, columns),
        .blocks = dv_gram_blocks(order),
        .strips = dv_gram_blocks(order + columns),
        .definite = true,
    };
    for (int64_t j = 0; j < dv_smaller(STRIDE, it.strips); j++)
        finish_strip(&it, j, j + 1);
    for (; it.definite && it.done < it.blocks; it.done += STRIDE)
        dv_team_run(team, finish_rows, &it, dv_larger(1, it.strips - it.done - 2 * STRIDE + 1));
    return it.definite;
}

void dv_equations_substitute(const dv_equations *equations, int64_t first, int64_t count, float *x)
{
    const int64_t order = equations->order, row = dv_equations_row(order, equations->columns);
    float *columns = equations->matrix + order + first;
    dv_solve_upper(order, equations->matrix, row, count, columns, row);
    for (int64_t c = 0; c < count; c++)
        for (int64_t i = 0; i < order; i++)
            x[c * order + i] = columns[i * row + c];
}
