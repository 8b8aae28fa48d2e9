/* A picture falls into tiles of 4 x 4 windows, which touch 6 x 6 elements. Tile and weights are transformed to 36
 * points each, where the convolution is a product of matrices: for every point, output channels x input channels by
 * input channels x tiles. Vectors run over the tiles of a row, whose lines are parted into four phases for that:
 * element c of tile t is at place t + c / 4 of phase c % 4. */
#include "kernel/winograd.h"

#include "kernel/isa.h"
#include "kernel/tile.h"

#include <string.h>

enum { TILE = 4, SIDE = 6, POINTS = 36, LEAST_CHANNELS = 16, LEAST_TILES = 9, MOST = 1 << 20 };

/* Channels in and out, times tiles: below this the way there and back costs more than the products save. Measured with
 * 16 to 256 channels and planes from 9 x 9 to 112 x 112. */
enum { LEAST_GAIN = 2000 };

/* Of transformed tiles and products of a task: about what a core's own cache holds, and a bound of it. */
enum { TASK_FLOATS = 1 << 18, MOST_TASK_FLOATS = 5 << 17 };

typedef struct loops {
    void (*part)(const float *line, int64_t count, float *phase, int64_t pitch);
    void (*join)(const float *phase, int64_t pitch, int64_t count, float *line);
    void (*input_row)(const float *lines, int64_t pitch, int64_t tiles, float *v, int64_t step);
    void (*output_row)(const float *m, int64_t step, int64_t tiles, float bias, float *lines, int64_t pitch);
} loops;

#define NAME(STEM) STEM##_4
#define LANES 4
#include "kernel/winograd_loops.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8
#define LANES 8
#include "kernel/winograd_loops.h"
DV_END

DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16
#define LANES 16
#include "kernel/winograd_loops.h"
DV_END
#endif

static const loops *const all_loops[] = DV_BY_ISA(&loops_4, &loops_8, &loops_16);

/* A row of few tiles would leave wide vectors empty. */
static const loops *choose_loops(int64_t wide)
{
    const dv_isa isa = dv_isa_choose(), full = wide <= 4 ? DV_ISA_GENERIC : wide <= 8 ? DV_ISA_AVX2 : DV_ISA_AVX512;
    return all_loops[isa < full ? isa : full];
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- layout --------------------------------------------------------------------------------------- */

typedef struct layout {
    int64_t high, wide;  /* tiles of a picture */
    int64_t rows;        /* of tiles that a task takes */
    int64_t pieces;      /* tasks of a picture */
    int64_t tiles;       /* of a task, in whole chunks */
    int64_t step;        /* floats from a row of points to the next: the tiles and some more, for the last vector */
    int64_t out;         /* output channels in whole blocks */
    int64_t line, pitch; /* floats of a padded line, of a phase of it */
} layout;

/* Rows of tiles for a task: few tiles should be made up to fill the last chunk, and all should stay in cache. */
static int64_t choose_rows(const layout *l, int64_t channels)
{
    const int64_t each = POINTS * channels;
    int64_t best = 1;
    double best_share = 0;
    for (int64_t rows = 1; rows <= l->high; rows++) {
        const int64_t tiles = dv_tile_round(rows * l->wide), pieces = (l->high + rows - 1) / rows;
        const double share = (double)(l->high * l->wide) / (double)(pieces * tiles);
        if (rows > 1 && each * tiles > (share > best_share + 0.2 ? MOST_TASK_FLOATS : TASK_FLOATS))
            break;
        if (share > best_share + 0.01) {
            best = rows;
            best_share = share;
        }
    }
    return best;
}

static layout lay_out(const dv_convolution *c)
{
    const dv_window *w = &c->window;
    layout l = {.high = (w->out[1] + TILE - 1) / TILE, .wide = (w->out[2] + TILE - 1) / TILE};
    l.rows = choose_rows(&l, c->in_channels + c->out_channels);
    l.pieces = (l.high + l.rows - 1) / l.rows;
    l.tiles = dv_tile_round(l.rows * l.wide);
    l.step = l.tiles + DV_TILE;
    l.out = dv_tile_round(c->out_channels);
    l.pitch = dv_tile_round(l.wide + 1) + DV_TILE;
    l.line = TILE * l.pitch;
    return l;
}

static int64_t count_tiles(const dv_window *w)
{
    return (w->out[1] + TILE - 1) / TILE * ((w->out[2] + TILE - 1) / TILE);
}

bool dv_winograd_fits(const dv_convolution *c)
{
    const dv_window *w = &c->window;
    if (c->groups != 1 || c->in_channels < LEAST_CHANNELS || c->out_channels < LEAST_CHANNELS ||
        c->in_channels > MOST / POINTS || c->out_channels > MOST / POINTS || w->in[0] != 1 || w->kernel[0] != 1 ||
        w->stride[0] != 1 || w->pad[0] || w->pad_end[0])
        return false;
    for (int i = 1; i < DV_SPATIAL; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 1 || w->out[i] > MOST / POINTS)
            return false;
    return count_tiles(w) >= LEAST_TILES;
}

bool dv_winograd_gains(const dv_convolution *c)
{
    return dv_winograd_fits(c) && (c->in_channels + c->out_channels) * count_tiles(&c->window) >= LEAST_GAIN;
}

int64_t dv_winograd_packed(const dv_convolution *c)
{
    return POINTS * c->in_channels * dv_tile_round(c->out_channels);
}

/* A padded line, the phases of a row of tiles; the transformed tiles; the products; the lines of the way back. */
int64_t dv_winograd_workspace(const dv_convolution *c)
{
    const layout l = lay_out(c);
    return l.line + (SIDE + TILE) * TILE * l.pitch + POINTS * l.step * (c->in_channels + l.out) + DV_TILE;
}

/* ---- weights ------------------------------------------------------------------------------------------ */

/* 36 points of a 3 x 3 window: G w G'. */
static void transform_weights(const float *w, double *point)
{
    static const double g[SIDE][3] = {{1.0 / 4, 0, 0},
                                      {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                      {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                      {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                      {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                      {0, 0, 1}};
    double half[SIDE][3];
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < 3; c++)
            half[r][c] = g[r][0] * (double)w[c] + g[r][1] * (double)w[3 + c] + g[r][2] * (double)w[6 + c];
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++)
            point[r * SIDE + c] = half[r][0] * g[c][0] + half[r][1] * g[c][1] + half[r][2] * g[c][2];
}

/* By point, block of output channels, input channel, output channel of the block. */
void dv_winograd_pack(const dv_convolution *c, const float *w, float *packed)
{
    const int64_t rows = dv_tile_choose()->rows, out = dv_tile_round(c->out_channels);
    memset(packed, 0, (size_t)dv_winograd_packed(c) * sizeof *packed);
    for (int64_t o = 0; o < c->out_channels; o++)
        for (int64_t i = 0; i < c->in_channels; i++) {
            double point[POINTS];
            transform_weights(w + (o * c->in_channels + i) * 9, point);
            float *to = packed + (o / rows * c->in_channels + i) * rows + o % rows;
            for (int p = 0; p < POINTS; p++)
                to[p * out * c->in_channels] = (float)point[p];
        }
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

typedef struct winograd_run {
    const dv_convolution *c;
    const loops *loops;
    layout layout;
    const float *x, *packed, *bias;
    float *y, *workspace;
    int64_t thread_workspace;
} winograd_run;

/* The phases of line `at` of a channel, which may lie outside of it. */
static void part_line(const winograd_run *run, const float *x, int64_t at, float *line, float *phase)
{
    const dv_window *w = &run->c->window;
    const layout *l = &run->layout;
    const int64_t width = smaller(w->in[2], l->line - w->pad[2]);
    if (at < 0 || at >= w->in[1]) {
        memset(phase, 0, (size_t)(TILE * l->pitch) * sizeof *phase);
        return;
    }
    memset(line, 0, (size_t)w->pad[2] * sizeof *line);
    memcpy(line + w->pad[2], x + at * w->in[2], (size_t)width * sizeof *line);
    memset(line + w->pad[2] + width, 0, (size_t)(l->line - w->pad[2] - width) * sizeof *line);
    run->loops->part(line, l->pitch, phase, l->pitch);
}

/* Tiles of rows from..to-1 of a channel. Two lines of a row's six are those of the next, too. */
static void transform_channel(const winograd_run *run, const float *x, int64_t from, int64_t to, float *line,
                              float *phases, float *v)
{
    const layout *l = &run->layout;
    const int64_t phase = TILE * l->pitch, depth_step = run->c->in_channels * l->step;
    for (int64_t row = from; row < to; row++) {
        const int kept = row > from ? SIDE - TILE : 0;
        if (kept)
            memcpy(phases, phases + TILE * phase, (size_t)(kept * phase) * sizeof *phases);
        for (int r = kept; r < SIDE; r++)
            part_line(run, x, row * TILE + r - run->c->window.pad[1], line, phases + r * phase);
        run->loops->input_row(phases, l->pitch, l->wide, v + (row - from) * l->wide, depth_step);
    }
}

static void write_channel(const winograd_run *run, const float *m, float bias, int64_t from, int64_t to, float *line,
                          float *lines, float *y)
{
    const dv_window *w = &run->c->window;
    const layout *l = &run->layout;
    for (int64_t row = from; row < to; row++) {
        run->loops->output_row(m + (row - from) * l->wide, l->out * l->step, l->wide, bias, lines, l->pitch);
        for (int r = 0; r < TILE && row * TILE + r < w->out[1]; r++) {
            run->loops->join(lines + r * TILE * l->pitch, l->pitch, l->wide, line);
            memcpy(y + (row * TILE + r) * w->out[2], line, (size_t)w->out[2] * sizeof *y);
        }
    }
}

/* For each point, a product of the transformed weights by the transformed tiles. */
static void multiply_points(const winograd_run *run, const float *v, float *m)
{
    static const float zero[DV_TILE];
    const layout *l = &run->layout;
    const dv_tile_loop *loop = dv_tile_choose();
    const int64_t depth = run->c->in_channels;
    for (int64_t p = 0; p < POINTS; p++)
        for (int64_t o = 0; o < l->out; o += loop->rows)
            for (int64_t t = 0; t < l->tiles; t += DV_TILE)
                loop->multiply(&(dv_tile){.depth = depth,
                                          .u = run->packed + (p * l->out + o) * depth,
                                          .v = v + p * depth * l->step + t,
                                          .v_step = l->step,
                                          .start = zero,
                                          .m = m + (p * l->out + o) * l->step + t,
                                          .m_step = l->step});
}

static void run_task(void *context, int64_t task, int thread)
{
    const winograd_run *run = context;
    const dv_convolution *c = run->c;
    const layout *l = &run->layout;
    const int64_t picture = task / l->pieces, from = task % l->pieces * l->rows, to = smaller(from + l->rows, l->high);
    const int64_t in = c->window.in[1] * c->window.in[2], out = c->window.out[1] * c->window.out[2];
    float *line = run->workspace + thread * run->thread_workspace, *phases = line + l->line;
    float *lines = phases + SIDE * TILE * l->pitch, *v = lines + TILE * TILE * l->pitch;
    float *m = v + POINTS * l->step * c->in_channels;
    for (int64_t i = 0; i < c->in_channels; i++)
        transform_channel(run, run->x + (picture * c->in_channels + i) * in, from, to, line, phases, v + i * l->step);
    multiply_points(run, v, m);
    for (int64_t o = 0; o < c->out_channels; o++)
        write_channel(run, m + o * l->step, run->bias ? run->bias[o] : 0, from, to, line, lines,
                      run->y + (picture * c->out_channels + o) * out);
}

void dv_winograd_forward(const dv_convolution *c, const float *x, const float *packed, const float *bias, float *y,
                         float *workspace, dv_team *team)
{
    const layout l = lay_out(c);
    winograd_run run = {.c = c,
                        .loops = choose_loops(l.wide),
                        .layout = l,
                        .x = x,
                        .packed = packed,
                        .bias = bias,
                        .y = y,
                        .workspace = workspace,
                        .thread_workspace = dv_winograd_workspace(c)};
    dv_team_run(team, run_task, &run, c->batch * run.layout.pieces);
}
