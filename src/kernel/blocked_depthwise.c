/* Each channel by itself: a few adjacent outputs of a row at a time, whose sums stay in registers while the taps go by.
 * Nothing is padded: at the edges a tap reaches fewer of the outputs. */
#include "kernel/blocked.h"
#include "kernel/isa.h"

#include <math.h>
#include <string.h>

enum { MOST = 8 }; /* outputs at a time */

/* Adjacent outputs, for all rows. Lengths in floats. */
typedef struct strip {
    int64_t taps;           /* of a row of the kernel */
    int64_t line;           /* from one row of the kernel to the next, in the input, */
    int64_t weights;        /* and in the weights */
    int64_t dilation;       /* from one tap to the next */
    int64_t stride;         /* in positions */
    const dv_range *inside; /* by tap: which of the outputs it reaches from within the input */
    const float *bias;
    float low, high;
} strip;

/* One row of outputs; rows: those of the kernel that lie in the input. x is where the first row and tap of the kernel
 * would be for the first output, which may be outside. */
typedef void strip_loop(const strip *s, dv_range rows, const float *x, const float *w, const float *addend, float *y);

static const int widths[] = {1, 2, 4, 7, 8};
enum { WIDTHS = sizeof widths / sizeof widths[0], STRIDES = 3 };

typedef struct strips {
    strip_loop *by[WIDTHS][STRIDES]; /* stride 0: any */
} strips;

#define NAME(STEM) STEM##_4
#define LANES 4
#include "kernel/blocked_depthwise_loop.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8
#define LANES 8
#include "kernel/blocked_depthwise_loop.h"
DV_END
DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16
#define LANES 16
#include "kernel/blocked_depthwise_loop.h"
DV_END
#endif

static const strips *choose_strips(void)
{
    static const strips *const by_isa[] = DV_BY_ISA(&strips_4, &strips_8, &strips_16);
    return by_isa[dv_isa_choose()];
}

/* ---- weights ------------------------------------------------------------------------ */

/* Nothing else comes near it where it fits. */
static double cost(const dv_blocked *b)
{
    const dv_convolution *c = &b->c;
    return c->groups == c->in_channels && c->out_channels == c->in_channels && !b->planar && !b->halved ? 0 : INFINITY;
}

static int64_t taps_of(const dv_blocked *b)
{
    return dv_window_product(b->c.window.kernel);
}

/* By block: the bias, then the weights of each tap. */
static int64_t packed_size(const dv_blocked *b)
{
    return dv_blocks(b->c.in_channels) * (taps_of(b) + 1) * DV_BLOCK;
}

static void pack(const dv_blocked *b, const float *w, const float *bias, float *packed)
{
    const int64_t taps = taps_of(b);
    memset(packed, 0, (size_t)packed_size(b) * sizeof *packed);
    for (int64_t c = 0; c < b->c.in_channels; c++) {
        float *to = packed + c / DV_BLOCK * (taps + 1) * DV_BLOCK + c % DV_BLOCK;
        *to = bias ? bias[c] : 0;
        for (int64_t t = 0; t < taps; t++)
            to[(t + 1) * DV_BLOCK] = w[c * taps + t];
    }
}

static int64_t workspace_size(const dv_blocked *b)
{
    return (b->c.window.kernel[2] * (int64_t)sizeof(dv_range) + (int64_t)sizeof(float) - 1) / (int64_t)sizeof(float);
}

/* ---- one block of one picture --------------------------------------------------------- */

typedef struct job {
    const dv_blocked *b;
    const float *x, *packed, *addend;
    float *y, *workspace;
    const strips *loops;
} job;

/* How many outputs of a row to take from `column` on, as an index of `widths`; the last ones may be taken again. */
static int choose_width(int64_t row)
{
    if (row % 7 == 0)
        return 3;
    int w = WIDTHS - 1;
    while (widths[w] > row || widths[w] == 7)
        w--;
    return w;
}

/* Taps that lie in the input for some of the outputs, and for which of them. */
static dv_range find_taps(const dv_window *w, int64_t column, int64_t many, dv_range *inside)
{
    dv_range taps = {w->kernel[2], 0};
    for (int64_t k = 0; k < w->kernel[2]; k++) {
        dv_range in = dv_window_inside(w, 2, k);
        in.from = in.from > column ? in.from - column : 0;
        in.to = in.to < column + many ? in.to - column : many;
        inside[k] = in;
        if (in.from >= in.to)
            continue;
        taps.from = taps.from < k ? taps.from : k;
        taps.to = k + 1;
    }
    return taps;
}

/* Rows of the kernel that lie in the input at a row of outputs. */
static dv_range find_rows(const dv_window *w, int64_t row)
{
    const int64_t first = dv_window_touch(w, 1, row, 0), d = w->dilation[1];
    dv_range rows = {first < 0 ? (-first + d - 1) / d : 0, w->in[1] > first ? (w->in[1] - first + d - 1) / d : 0};
    rows.to = rows.to < w->kernel[1] ? rows.to : w->kernel[1];
    return rows;
}

/* Adjacent outputs of all rows. Pointers are those of the block. */
static void run_strip(const job *it, strip *s, strip_loop *run, int64_t column, int64_t many, const float *x,
                      const float *w, const float *addend, float *y)
{
    const dv_window *g = &it->b->c.window;
    dv_range *inside = (dv_range *)s->inside;
    const dv_range taps = find_taps(g, column, many, inside);
    const int64_t first = dv_window_touch(g, 2, column, taps.from) * DV_BLOCK;
    strip part = *s;
    part.taps = taps.to > taps.from ? taps.to - taps.from : 0;
    part.inside += part.taps ? taps.from : 0;
    for (int64_t row = 0; row < g->out[1]; row++) {
        const dv_range rows = part.taps ? find_rows(g, row) : (dv_range){0, 0};
        const int64_t at = (row * g->out[2] + column) * DV_BLOCK;
        run(&part, rows, x + dv_window_touch(g, 1, row, 0) * g->in[2] * DV_BLOCK + first, w + taps.from * DV_BLOCK,
            addend ? addend + at : NULL, y + at);
    }
}

static void run_block(void *context, int64_t task, int thread)
{
    const job *it = context;
    const dv_blocked *b = it->b;
    const dv_window *g = &b->c.window;
    const int64_t block = task % dv_blocks(b->c.in_channels), out = dv_window_product(g->out) * DV_BLOCK;
    const float *x = it->x + task * dv_window_product(g->in) * DV_BLOCK;
    const float *packed = it->packed + block * (taps_of(b) + 1) * DV_BLOCK;
    const float *addend = it->addend ? it->addend + task * out : NULL;
    const int wide = choose_width(g->out[2]), stride = g->stride[2] <= 2 ? (int)g->stride[2] : 0;
    strip s = {
        .line = g->dilation[1] * g->in[2] * DV_BLOCK,
        .weights = g->kernel[2] * DV_BLOCK,
        .dilation = g->dilation[2] * DV_BLOCK,
        .stride = g->stride[2],
        .inside = (dv_range *)(it->workspace + thread * workspace_size(b)),
        .bias = packed,
        .low = b->low,
        .high = b->high,
    };
    for (int64_t column = 0; column < g->out[2]; column += widths[wide]) {
        const int64_t many = widths[wide], last = g->out[2] - many;
        run_strip(it, &s, it->loops->by[wide][stride], column < last ? column : last, many, x, packed + DV_BLOCK,
                  addend, it->y + task * out);
    }
}

static void forward(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team)
{
    job it = {b, x, packed, addend, y, workspace, choose_strips()};
    dv_team_run(team, run_block, &it, b->c.batch * dv_blocks(b->c.in_channels));
}

const dv_blocked_way dv_blocked_depthwise = {"depthwise", cost, packed_size, pack, workspace_size, forward};
