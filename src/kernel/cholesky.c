/* Block row after block row: what the rows above take off it, then its own elimination. A task is a strip of columns;
 * the one that the next block row begins with goes on to the block on the diagonal, so that a block row needs the team
 * once. Blocks hold the negative of what is left of A until they are done, since products can only be added. */
#include "kernel/cholesky.h"

#include "kernel/blas.h"
#include "kernel/wide.h"

#include <float.h>
#include <math.h>

enum { SIDE = DV_GRAM_SIDE };

typedef struct elimination {
    const dv_gram_way *way;
    float *matrix, *packed; /* rows of U that are done, in order: strip after strip */
    int64_t order, row, blocks, strips;
    int64_t step; /* the block row */
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
    it->way->add(1, i, strip_of(it, i), 0, strip_of(it, j), y, it->row);
    return eliminate(dv_smaller(SIDE, it->order - i * SIDE), diagonal, y, it->row);
}

static void finish_strip(void *context, int64_t task, int thread)
{
    elimination *it = context;
    const int64_t i = it->step, j = i + 1 + task;
    (void)thread;
    finish_block(it, i, j);
    if (i + 1 < it->blocks)
        it->way->pack(it->matrix + (i * it->row + j) * SIDE, it->row, strip_of(it, j) + i * it->way->room);
    if (task == 0 && j < it->blocks)
        it->definite = finish_block(it, j, j);
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
    };
    it.definite = order == 0 || finish_block(&it, 0, 0);
    for (; it.definite && it.step < it.blocks; it.step++)
        dv_team_run(team, finish_strip, &it, it.strips - it.step - 1);
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
