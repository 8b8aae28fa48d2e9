#include "kernel/convolution.h"

#include "base/part.h"
#include "kernel/blas.h"
#include "kernel/im2col.h"
#include "kernel/vector.h"

#include <limits.h>
#include <string.h>

enum {
    BLOCK_FLOATS = 1 << 17, /* of gathered windows: half a megabyte, to stay in the second-level cache */
    BLOCK_COLUMNS = 256,    /* fewer make GEMM slow: small pictures share a block up to this many */
    LEAST_COLUMNS = 64,
};

/* How the windows are cut into the columns of one GEMM: several whole pictures, or a part of one. By shapes
 * alone, so that every team computes the same bits. */
typedef struct blocking {
    int64_t positions; /* windows of a picture */
    int64_t depth;     /* elements of a window: rows of the gathered matrix */
    int64_t pictures;  /* of a block */
    int64_t columns;   /* of a block, at most */
    int64_t pieces;    /* blocks of one picture; 1 if a block has several pictures */
    int64_t blocks;    /* in all */
} blocking;

static blocking choose_blocking(const dv_convolution *c)
{
    blocking b = {.positions = dv_window_product(c->window.out)};
    b.depth = c->in_channels / c->groups * dv_window_product(c->window.kernel);
    const int64_t room = dv_larger(BLOCK_FLOATS / b.depth, LEAST_COLUMNS);
    b.pictures = dv_larger(dv_smaller(dv_smaller(room, BLOCK_COLUMNS) / b.positions, c->batch), 1);
    b.pieces = b.pictures > 1 ? 1 : (b.positions + room - 1) / room;
    b.columns = b.pictures > 1 ? b.pictures * b.positions : (b.positions + b.pieces - 1) / b.pieces;
    b.blocks = b.pictures > 1 ? (c->batch + b.pictures - 1) / b.pictures : c->batch * b.pieces;
    return b;
}

/* A block: `pictures` whole pictures from `picture` on, or positions from..to-1 of one. */
typedef struct block {
    int64_t picture, pictures;
    int64_t from, to;
    int64_t columns;
} block;

static block get_block(const dv_convolution *c, const blocking *b, int64_t index)
{
    block k = {index / b->pieces * b->pictures, 1, 0, b->positions, 0};
    if (b->pictures > 1) {
        k.pictures = dv_smaller(b->pictures, c->batch - k.picture);
    } else {
        k.from = dv_smaller(index % b->pieces * b->columns, b->positions);
        k.to = dv_smaller(k.from + b->columns, b->positions);
    }
    k.columns = k.pictures * (k.to - k.from);
    return k;
}

bool dv_convolution_fits(const dv_convolution *c)
{
    const int64_t limit = INT64_C(1) << 40;
    const blocking b = choose_blocking(c);
    return b.positions <= INT_MAX && b.depth <= INT_MAX && c->out_channels <= INT_MAX && c->in_channels <= INT_MAX &&
           b.columns <= limit / (b.depth + c->out_channels);
}

/* Room for the gathered windows, and for one group of the output of several pictures. */
int64_t dv_convolution_workspace(const dv_convolution *c)
{
    const blocking b = choose_blocking(c);
    const int64_t rows = b.depth + (b.pictures > 1 ? c->out_channels / c->groups : 0);
    return (rows * b.columns + 15) / 16 * 16;
}

/* Rows of several pictures side by side: row r of picture p is at wide + r * columns + p * positions. */
static void widen(const float *y, int64_t picture_size, int64_t rows, int64_t positions, int64_t pictures, float *wide)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t p = 0; p < pictures; p++)
            memcpy(wide + (r * pictures + p) * positions, y + p * picture_size + r * positions,
                   (size_t)positions * sizeof *y);
}

static void narrow(const float *wide, int64_t picture_size, int64_t rows, int64_t positions, int64_t pictures, float *y)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t p = 0; p < pictures; p++)
            memcpy(y + p * picture_size + r * positions, wide + (r * pictures + p) * positions,
                   (size_t)positions * sizeof *y);
}

/* The gathered windows of a block and group: `*columns` with row stride returned. */
static int64_t gather(const dv_convolution *c, const blocking *b, const block *k, int64_t group, const float *x,
                      float *room, const float **columns)
{
    const int64_t in_size = dv_window_product(c->window.in), group_channels = c->in_channels / c->groups;
    const float *first = x + (k->picture * c->in_channels + group * group_channels) * in_size;
    if (dv_window_is_pointwise(&c->window) && k->pictures == 1) {
        *columns = first + k->from;
        return b->positions;
    }
    for (int64_t p = 0; p < k->pictures; p++)
        dv_im2col(&c->window, group_channels, first + p * c->in_channels * in_size, k->from, k->to,
                  room + p * b->positions, k->columns);
    *columns = room;
    return k->columns;
}

/* ---- forward ---------------------------------------------------------------- */

typedef struct forward_run {
    const dv_convolution *c;
    blocking blocking;
    const float *x, *w, *bias;
    float *y, *workspace;
    int64_t thread_workspace;
    bool accumulate;
} forward_run;

static void start_rows(int64_t rows, int64_t columns, const float *bias, float *y, int64_t ld)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < columns; i++)
            y[r * ld + i] = bias[r];
}

/* The gathered windows of a block by the weights of a group. */
static void multiply(const forward_run *run, const block *k, int64_t group, const float *columns, int64_t ld,
                     float *wide)
{
    const dv_convolution *c = run->c;
    const blocking *b = &run->blocking;
    const int64_t rows = c->out_channels / c->groups, picture_size = c->out_channels * b->positions;
    float *y = run->y + (k->picture * c->out_channels + group * rows) * b->positions + k->from;
    float *target = k->pictures > 1 ? wide : y;
    const int64_t target_ld = k->pictures > 1 ? k->columns : b->positions;
    if (run->bias)
        start_rows(rows, k->columns, run->bias + group * rows, target, target_ld);
    else if (run->accumulate && k->pictures > 1)
        widen(y, picture_size, rows, b->positions, k->pictures, target);
    dv_gemm(false, false, rows, k->columns, b->depth, 1, run->w + group * rows * b->depth, b->depth, columns, ld,
            run->bias || run->accumulate ? 1 : 0, target, target_ld);
    if (k->pictures > 1)
        narrow(target, picture_size, rows, b->positions, k->pictures, y);
}

static void forward_block(void *context, int64_t task, int thread)
{
    const forward_run *run = context;
    const int64_t group = task % run->c->groups;
    const block k = get_block(run->c, &run->blocking, task / run->c->groups);
    float *room = run->workspace + thread * run->thread_workspace;
    const float *columns;
    const int64_t ld = gather(run->c, &run->blocking, &k, group, run->x, room, &columns);
    multiply(run, &k, group, columns, ld, room + run->blocking.depth * k.columns);
}

static void run_forward(forward_run run, dv_team *team)
{
    run.blocking = choose_blocking(run.c);
    run.thread_workspace = dv_convolution_workspace(run.c);
    dv_team_run(team, forward_block, &run, run.blocking.blocks * run.c->groups);
}

void dv_convolution_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                            float *workspace, dv_team *team)
{
    run_forward((forward_run){.c = c, .x = x, .w = w, .bias = bias, .y = y, .workspace = workspace}, team);
}

void dv_convolution_accumulate(const dv_convolution *c, const float *x, const float *w, float *y, float *workspace,
                               dv_team *team)
{
    run_forward((forward_run){.c = c, .x = x, .w = w, .y = y, .workspace = workspace, .accumulate = true}, team);
}

/* ---- transposed ---------------------------------------------------------------- */

typedef struct transposed_run {
    const dv_convolution *c;
    blocking blocking;
    int64_t slices; /* of the channels of a group; tasks of different slices write different channels */
    const float *dy, *w;
    float *dx, *workspace;
    int64_t thread_workspace;
} transposed_run;

/* Slices of some million multiply-adds, for the team to share a single picture. */
static int64_t count_slices(const dv_convolution *c, const blocking *b)
{
    const double work = (double)b->depth * (double)(c->out_channels / c->groups) * (double)b->columns;
    const int64_t slices = work / 4e6 < 8 ? (int64_t)(work / 4e6) : 8;
    return dv_larger(dv_smaller(slices, c->in_channels / c->groups), 1);
}

/* One slice of channels of the pictures of a block; its pieces follow each other, since their windows overlap. */
static void transpose_slice(void *context, int64_t task, int thread)
{
    const transposed_run *run = context;
    const dv_convolution *c = run->c;
    const blocking *b = &run->blocking;
    const int64_t slice = task % run->slices, group = task / run->slices % c->groups;
    const int64_t first_block = task / run->slices / c->groups * b->pieces;
    const int64_t rows = c->out_channels / c->groups, group_channels = c->in_channels / c->groups;
    const int64_t taps = dv_window_product(c->window.kernel), in_size = dv_window_product(c->window.in);
    const int64_t from = group_channels * slice / run->slices, to = group_channels * (slice + 1) / run->slices;
    const float *w = run->w + group * rows * b->depth + from * taps;
    float *room = run->workspace + thread * run->thread_workspace;

    for (int64_t index = first_block; index < first_block + b->pieces; index++) {
        const block k = get_block(c, b, index);
        const float *dy = run->dy + (k.picture * c->out_channels + group * rows) * b->positions + k.from;
        int64_t dy_ld = b->positions;
        if (k.pictures > 1) {
            float *wide = room + b->depth * k.columns;
            widen(dy, c->out_channels * b->positions, rows, b->positions, k.pictures, wide);
            dy = wide;
            dy_ld = k.columns;
        }
        dv_gemm(true, false, (to - from) * taps, k.columns, rows, 1, w, b->depth, dy, dy_ld, 0, room, k.columns);
        float *dx = run->dx + (k.picture * c->in_channels + group * group_channels + from) * in_size;
        for (int64_t p = 0; p < k.pictures; p++)
            dv_col2im(&c->window, to - from, room + p * b->positions, k.columns, k.from, k.to,
                      dx + p * c->in_channels * in_size);
    }
}

void dv_convolution_transposed(const dv_convolution *c, const float *dy, const float *w, float *dx, float *workspace,
                               dv_team *team)
{
    transposed_run run = {
        .c = c,
        .blocking = choose_blocking(c),
        .dy = dy,
        .w = w,
        .dx = dx,
        .workspace = workspace,
        .thread_workspace = dv_convolution_workspace(c),
    };
    run.slices = count_slices(c, &run.blocking);
    dv_team_run(team, transpose_slice, &run, run.blocking.blocks / run.blocking.pieces * c->groups * run.slices);
}

/* ---- gradients of the parameters -------------------------------------------------- */

/* dw += gradient by w of one block and group, the windows being gathered already. */
static void add_weight_gradient(const dv_convolution *c, const blocking *b, const block *k, int64_t group,
                                const float *columns, int64_t ld, const float *dy, float *dw, float *wide)
{
    const int64_t rows = c->out_channels / c->groups;
    const float *g = dy + (k->picture * c->out_channels + group * rows) * b->positions + k->from;
    int64_t g_ld = b->positions;
    if (k->pictures > 1) {
        widen(g, c->out_channels * b->positions, rows, b->positions, k->pictures, wide);
        g = wide;
        g_ld = k->columns;
    }
    dv_gemm(false, true, rows, b->depth, k->columns, 1, g, g_ld, columns, ld, 1, dw + group * rows * b->depth,
            b->depth);
}

void dv_convolution_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw,
                                    float *workspace)
{
    const blocking b = choose_blocking(c);
    for (int64_t index = 0; index < b.blocks; index++) {
        const block k = get_block(c, &b, index);
        for (int64_t group = 0; group < c->groups; group++) {
            const float *columns;
            const int64_t ld = gather(c, &b, &k, group, x, workspace, &columns);
            add_weight_gradient(c, &b, &k, group, columns, ld, dy, dw, workspace + b.depth * k.columns);
        }
    }
}

void dv_convolution_both(const dv_convolution *c, const float *x, const float *w, float *y, const float *dy, float *dw,
                         float *workspace)
{
    const forward_run run = {.c = c, .blocking = choose_blocking(c), .x = x, .w = w, .y = y, .accumulate = true};
    for (int64_t task = 0; task < run.blocking.blocks * c->groups; task++) {
        const int64_t group = task % c->groups;
        const block k = get_block(c, &run.blocking, task / c->groups);
        const float *columns;
        const int64_t ld = gather(c, &run.blocking, &k, group, x, workspace, &columns);
        float *wide = workspace + run.blocking.depth * k.columns;
        multiply(&run, &k, group, columns, ld, wide);
        add_weight_gradient(c, &run.blocking, &k, group, columns, ld, dy, dw, wide);
    }
}

void dv_bias_gradient(int64_t batch, int64_t channels, int64_t positions, const float *dy, float *db)
{
    for (int64_t n = 0; n < batch; n++)
        for (int64_t o = 0; o < channels; o++)
            db[o] += dv_vector_sum(positions, dy + (n * channels + o) * positions);
}
