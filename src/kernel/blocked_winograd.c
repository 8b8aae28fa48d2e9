/* Convolution of 3 x 3 windows that move by one, with fewer multiplications: Winograd's F(4x4, 3x3) with a quarter of
 * them, F(2x2, 3x3) with four ninths; Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.
 *
 * A picture falls into tiles of 4 x 4 (2 x 2) results, which touch 6 x 6 (4 x 4) elements. Tiles and weights are
 * transformed to 36 (16) points each, where the convolution is a product: for every point, tiles x input channels by
 * input channels x output channels. Tiles of several pictures are the rows of the same panels. */
#include "base/part.h"
#include "kernel/isa.h"
#include "kernel/panel.h"
#include "kernel/wide.h"

#include <math.h>
#include <string.h>

enum { MOST_SIDE = 6 };

enum {
    /* Of transformed tiles and products of a task: what a core's own cache of 1 MiB holds beside the weights of this
     * layer and of those around it. */
    TASK_FLOATS = 96 << 10,
    MOST_TILES = 256, /* of a task */
};

/* Where the results of a tile go, and which of them are in the picture. */
typedef struct winograd_end {
    float *y;
    const float *addend; /* like y; NULL: nothing */
    int64_t y_step;      /* from line to line */
    int64_t high_part, wide_part;
    float low, high;
    bool halved;
} winograd_end;

typedef struct winograd_loops {
    void (*to_tile)(const float *const *lines, int64_t from, int64_t to, float *v, int64_t v_step);
    void (*from_tile)(const float *m, int64_t m_step, const float *bias, const winograd_end *end);
} winograd_loops;

#define NAME(STEM) STEM##_4_4
#define LANES 4
#define TILE 4
#include "kernel/blocked_winograd_loop.h"
#define NAME(STEM) STEM##_4_2
#define LANES 4
#define TILE 2
#include "kernel/blocked_winograd_loop.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8_4
#define LANES 8
#define TILE 4
#include "kernel/blocked_winograd_loop.h"
#define NAME(STEM) STEM##_8_2
#define LANES 8
#define TILE 2
#include "kernel/blocked_winograd_loop.h"
DV_END
DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16_4
#define LANES 16
#define TILE 4
#include "kernel/blocked_winograd_loop.h"
#define NAME(STEM) STEM##_16_2
#define LANES 16
#define TILE 2
#include "kernel/blocked_winograd_loop.h"
DV_END
#endif

static const winograd_loops *choose_loops(int tile)
{
    static const winograd_loops *const of_four[] = DV_BY_ISA(&loops_4_4, &loops_8_4, &loops_16_4);
    static const winograd_loops *const of_two[] = DV_BY_ISA(&loops_4_2, &loops_8_2, &loops_16_2);
    return (tile == 4 ? of_four : of_two)[dv_isa_choose()];
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

typedef struct layout {
    int tile, side, points;
    int64_t in_blocks, out_blocks;
    int64_t high, wide, tiles; /* tiles of a picture; in all */
    int64_t each, tasks;       /* tiles of a task; tasks */
    int64_t v_step, m_step;    /* from point to point: a line more, so that points do not share a set of the cache */
} layout;

static layout lay_out(const dv_blocked *b, int tile)
{
    const dv_window *w = &b->c.window;
    const int64_t rows = dv_panel_choose()->rows;
    layout l = {.tile = tile, .side = tile + 2, .points = (tile + 2) * (tile + 2)};
    l.in_blocks = dv_blocks(b->c.in_channels);
    l.out_blocks = dv_blocks(b->c.out_channels);
    /* What is left out when halved needs no tile. */
    l.high = ((b->halved ? w->out[1] / 2 * 2 : w->out[1]) + tile - 1) / tile;
    l.wide = ((b->halved ? w->out[2] / 2 * 2 : w->out[2]) + tile - 1) / tile;
    l.tiles = b->c.batch * l.high * l.wide;
    /* Weights that exceed the cache come by once a task: as many tiles then as make up for that. */
    const int64_t fit = TASK_FLOATS / (l.points * (l.in_blocks + l.out_blocks) * DV_BLOCK);
    const int64_t worth = l.in_blocks * l.out_blocks * DV_BLOCK / (2 * (l.in_blocks + l.out_blocks));
    const int64_t wanted = dv_smaller(dv_larger(dv_larger(fit, worth), rows), MOST_TILES) / rows * rows;
    l.tasks = dv_larger((l.tiles + wanted - 1) / dv_larger(wanted, 1), 1);
    l.each = dv_larger(dv_panel_count((l.tiles + l.tasks - 1) / l.tasks, rows) * rows, 1);
    l.each = dv_smaller(l.each, dv_larger(l.tiles, 1));
    l.tasks = dv_larger((l.tiles + l.each - 1) / l.each, 1);
    l.v_step = (l.each * l.in_blocks + 1) * DV_BLOCK;
    l.m_step = (l.each * l.out_blocks + 1) * DV_BLOCK;
    return l;
}

static double cost(const dv_blocked *b, int tile)
{
    const dv_convolution *c = &b->c;
    const dv_window *w = &c->window;
    if (b->rounding == DV_ROUNDING_LEAST || b->planar || c->groups != 1 || c->in_channels < DV_BLOCK)
        return INFINITY;
    for (int i = 1; i < DV_SPATIAL; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 1)
            return INFINITY;
    if (b->rounding == DV_ROUNDING_MOST)
        return 1.0 / tile;
    const layout l = lay_out(b, tile);
    const double in = (double)(l.in_blocks * DV_BLOCK), out = (double)(l.out_blocks * DV_BLOCK);
    const double tiles = (double)l.tiles, points = (double)l.points;
    return dv_panel_cost(in * out * points * tiles, in * out * points * (double)l.tasks, points * tiles * (in + out));
}

static int64_t count_workspace(const dv_blocked *b, int tile)
{
    const layout l = lay_out(b, tile);
    return l.points * (l.v_step + l.m_step);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

static int64_t count_packed(const dv_blocked *b, int tile)
{
    const layout l = lay_out(b, tile);
    return l.out_blocks * DV_BLOCK * (l.points * l.in_blocks * DV_BLOCK + 1);
}

static const double g4[6][3] = {{1.0 / 4, 0, 0},
                                {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                {0, 0, 1}};
static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

/* The points of the 3 x 3 windows of a block of output channels, w[element][channel]: G w G'. */
DV_WIDE(static, void, transform_weights,
        (int side, const double (*g)[3], double (*w)[DV_BLOCK], float *to, int64_t step), (side, g, w, to, step))
{
    double half[MOST_SIDE][3][DV_BLOCK];
    for (int r = 0; r < side; r++)
        for (int c = 0; c < 3; c++)
            for (int o = 0; o < DV_BLOCK; o++)
                half[r][c][o] = g[r][0] * w[c][o] + g[r][1] * w[3 + c][o] + g[r][2] * w[6 + c][o];
    for (int r = 0; r < side; r++)
        for (int c = 0; c < side; c++, to += step)
            for (int o = 0; o < DV_BLOCK; o++)
                to[o] = (float)(half[r][0][o] * g[c][0] + half[r][1][o] * g[c][1] + half[r][2][o] * g[c][2]);
}

/* By point, block of output channels, input channel, output channel of the block; then the bias. */
static void pack(const dv_blocked *b, const float *w, const float *bias, float *packed, int tile)
{
    const layout l = lay_out(b, tile);
    const int64_t in = l.in_blocks * DV_BLOCK, out = l.out_blocks * DV_BLOCK, channels = b->c.in_channels;
    float *end = packed + l.points * out * in;
    if (channels < in)
        memset(packed, 0, (size_t)(l.points * out * in) * sizeof *packed);
    for (int64_t block = 0; block < out; block += DV_BLOCK)
        for (int64_t i = 0; i < channels; i++) {
            double window[9][DV_BLOCK] = {{0}};
            for (int64_t o = 0; o < DV_BLOCK && block + o < b->c.out_channels; o++)
                for (int k = 0; k < 9; k++)
                    window[k][o] = (double)w[((block + o) * channels + i) * 9 + k];
            transform_weights(l.side, l.side == 6 ? g4 : g2, window, packed + block * in + i * DV_BLOCK, in * out);
        }
    memset(end, 0, (size_t)out * sizeof *end);
    if (bias)
        memcpy(end, bias, (size_t)b->c.out_channels * sizeof *bias);
}

/* ---- a task -------------------------------------------------------------------------------------------- */

typedef struct winograd_run {
    const dv_blocked *b;
    const dv_panel_loop *loop;
    const winograd_loops *loops;
    layout layout;
    int64_t parts; /* of the output's blocks: tasks of their own */
    const float *x, *packed, *addend;
    float *y, *workspace;
    int64_t thread_workspace;
} winograd_run;

/* Tiles first..first+count-1 of all, and the blocks of the output that are wanted. */
typedef struct piece {
    int64_t first, count, panels;
    int64_t from, to;
    float *v, *m;
} piece;

/* Rows of a panel of the piece, which are its tiles from `first` on. */
typedef struct stretch {
    int64_t first, rows;
} stretch;

static stretch find_stretch(const piece *p, int64_t panel)
{
    const int64_t first = dv_panel_first(p->count, p->panels, panel);
    return (stretch){first, dv_panel_first(p->count, p->panels, panel + 1) - first};
}

/* Tile t of the piece to v; the next block is `step` away. */
static void transform_tile(const winograd_run *run, const piece *p, int64_t t, float *v, int64_t step)
{
    static const float zeros[MOST_SIDE * DV_BLOCK];
    const layout *l = &run->layout;
    const dv_window *w = &run->b->c.window;
    const int64_t tile = p->first + t, plane = w->in[1] * w->in[2] * DV_BLOCK;
    const int64_t row = tile / l->wide % l->high * l->tile - w->pad[1], column = tile % l->wide * l->tile - w->pad[2];
    const int64_t from = dv_larger(-column, 0), to = dv_smaller(w->in[2] - column, l->side);
    const float *x = run->x + tile / l->wide / l->high * l->in_blocks * plane;
    for (int64_t block = 0; block < l->in_blocks; block++, x += plane, v += step) {
        const float *lines[MOST_SIDE];
        for (int r = 0; r < l->side; r++) {
            const bool inside = row + r >= 0 && row + r < w->in[1] && from < to;
            lines[r] = inside ? x + ((row + r) * w->in[2] + column + from) * DV_BLOCK : zeros;
        }
        run->loops->to_tile(lines, from, to, v, l->v_step);
    }
}

static void multiply_points(const winograd_run *run, const piece *p)
{
    const layout *l = &run->layout;
    const int64_t depth = l->in_blocks * DV_BLOCK * DV_BLOCK; /* floats of a block of weights */
    for (int64_t point = 0; point < l->points; point++)
        for (int64_t block = p->from; block < p->to; block += run->loop->blocks) {
            const int64_t blocks = dv_smaller(run->loop->blocks, p->to - block);
            for (int64_t panel = 0; panel < p->panels; panel++) {
                const stretch s = find_stretch(p, panel);
                const dv_panel it = {
                    .runs = l->in_blocks,
                    .a = p->v + point * l->v_step + s.first * l->in_blocks * DV_BLOCK,
                    .a_step = s.rows * DV_BLOCK,
                    .b = run->packed + (point * l->out_blocks + block) * depth,
                    .b_step = depth,
                    .low = -INFINITY,
                    .high = INFINITY,
                    .y = p->m + point * l->m_step + (s.first * l->out_blocks + block * s.rows) * DV_BLOCK,
                    .y_step = s.rows * DV_BLOCK,
                };
                run->loop->multiply[DV_PANEL_BLOCKED][blocks - 1][s.rows - 1](&it);
            }
        }
}

static void write_tile(const winograd_run *run, const piece *p, int64_t t, const float *m, int64_t step)
{
    const dv_blocked *b = run->b;
    const layout *l = &run->layout;
    const int each = b->halved ? 2 : 1;
    const int64_t high = b->c.window.out[1] / each, wide = b->c.window.out[2] / each, tile = p->first + t;
    const int64_t row = tile / l->wide % l->high * l->tile / each, column = tile % l->wide * l->tile / each;
    const int64_t picture = tile / l->wide / l->high, plane = high * wide * DV_BLOCK;
    const float *bias = run->packed + l->points * l->out_blocks * l->in_blocks * DV_BLOCK * DV_BLOCK;
    int64_t at = picture * l->out_blocks * plane + p->from * plane + (row * wide + column) * DV_BLOCK;
    for (int64_t block = p->from; block < p->to; block++, at += plane) {
        const winograd_end end = {
            .y = run->y + at,
            .addend = run->addend ? run->addend + at : NULL,
            .y_step = wide * DV_BLOCK,
            .high_part = high - row,
            .wide_part = wide - column,
            .low = b->low,
            .high = b->high,
            .halved = b->halved,
        };
        run->loops->from_tile(m + block * step, l->m_step, bias + block * DV_BLOCK, &end);
    }
}

static void run_task(void *context, int64_t task, int thread)
{
    const winograd_run *run = context;
    const layout *l = &run->layout;
    const int64_t part = task % run->parts;
    piece p = {.first = task / run->parts * l->each, .v = run->workspace + thread * run->thread_workspace};
    p.count = dv_smaller(l->each, l->tiles - p.first);
    p.panels = dv_panel_count(p.count, run->loop->rows);
    p.from = l->out_blocks * part / run->parts;
    p.to = l->out_blocks * (part + 1) / run->parts;
    p.m = p.v + l->points * l->v_step;
    for (int64_t panel = 0; panel < p.panels; panel++) {
        const stretch s = find_stretch(&p, panel);
        for (int64_t r = 0; r < s.rows; r++)
            transform_tile(run, &p, s.first + r, p.v + (s.first * l->in_blocks + r) * DV_BLOCK, s.rows * DV_BLOCK);
    }
    multiply_points(run, &p);
    for (int64_t panel = 0; panel < p.panels; panel++) {
        const stretch s = find_stretch(&p, panel);
        for (int64_t r = 0; r < s.rows; r++)
            write_tile(run, &p, s.first + r, p.m + (s.first * l->out_blocks + r) * DV_BLOCK, s.rows * DV_BLOCK);
    }
}

static void forward(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team, int tile)
{
    winograd_run run = {.b = b,
                        .loop = dv_panel_choose(),
                        .loops = choose_loops(tile),
                        .layout = lay_out(b, tile),
                        .x = x,
                        .packed = packed,
                        .addend = addend,
                        .y = y,
                        .workspace = workspace,
                        .thread_workspace = count_workspace(b, tile)};
    if (!run.layout.tiles)
        return;
    run.parts = dv_panel_parts(run.layout.tasks, run.layout.out_blocks, team);
    dv_team_run(team, run_task, &run, run.layout.tasks * run.parts);
}

/* The two ways, which differ in the size of tiles. */
#define WAY(TILE)                                                                                                      \
    static double cost_##TILE(const dv_blocked *b)                                                                     \
    {                                                                                                                  \
        return cost(b, TILE);                                                                                          \
    }                                                                                                                  \
    static int64_t packed_##TILE(const dv_blocked *b)                                                                  \
    {                                                                                                                  \
        return count_packed(b, TILE);                                                                                  \
    }                                                                                                                  \
    static void pack_##TILE(const dv_blocked *b, const float *w, const float *bias, float *packed)                     \
    {                                                                                                                  \
        pack(b, w, bias, packed, TILE);                                                                                \
    }                                                                                                                  \
    static int64_t workspace_##TILE(const dv_blocked *b)                                                               \
    {                                                                                                                  \
        return count_workspace(b, TILE);                                                                               \
    }                                                                                                                  \
    static void forward_##TILE(const dv_blocked *b, const float *x, const float *packed, const float *addend,          \
                               float *y, float *workspace, dv_team *team)                                              \
    {                                                                                                                  \
        forward(b, x, packed, addend, y, workspace, team, TILE);                                                       \
    }                                                                                                                  \
    const dv_blocked_way dv_blocked_winograd_##TILE = {                                                                \
        .name = "winograd " #TILE " x " #TILE,                                                                         \
        .cost = cost_##TILE,                                                                                           \
        .packed = packed_##TILE,                                                                                       \
        .pack = pack_##TILE,                                                                                           \
        .workspace = workspace_##TILE,                                                                                 \
        .forward = forward_##TILE,                                                                                     \
    };

WAY(4)
WAY(2)
