/* Convolution of 3 x 3 windows that move by one, by the tile registers: Winograd's F(4, 3) along the lines, which needs
 * half of the multiplications, and sums of products down the columns. Both ways would need a quarter, but the registers
 * multiply faster than so many more points come and go through the cache.
 *
 * Lines of pictures fall into segments of 4 results, which touch 6 elements; of these, 6 points are made and split into
 * bfloat16. For each point, the segments of a line after the other are the rows of a matrix: the product with the three
 * rows of a window's weights adds up its rows from three places of it, a line apart. */
#include "base/part.h"
#include "kernel/panel.h"
#include "kernel/panel_tiles.h"

#if DV_ISA_HAS_AMX

#include "kernel/tiles.h"

#include <math.h>
#include <string.h>

#define TILE 4
#define SIDE 6
enum { TAPS = 3 };

enum {
    FEW_FLOATS = 160 << 10,  /* of points of a task: they stay in a core's own cache, */
    MANY_FLOATS = 320 << 10, /* as well as they can where the weights do not, which come by once for each task */
    WEIGHT_FLOATS = 256 << 10,
};

DV_BEGIN_AMX

#define NAME(STEM) STEM
#define VECTOR __m512
#define INLINE static inline __attribute__((always_inline))
#include "kernel/winograd_points.h"

/* Six elements of a line of `width` from `column` on, zeros outside. */
INLINE void load_segment(const float *line, int64_t column, int64_t width, __m512 d[SIDE])
{
    if (column >= 0 && column + SIDE <= width)
        for (int c = 0; c < SIDE; c++)
            d[c] = _mm512_loadu_ps(line + (column + c) * DV_BLOCK);
    else
        for (int c = 0; c < SIDE; c++)
            d[c] = column + c >= 0 && column + c < width ? _mm512_loadu_ps(line + (column + c) * DV_BLOCK)
                                                         : _mm512_setzero_ps();
}

/* `count` segments from `column` on, of a line of two blocks of channels, as rows of points. The second block may have
 * no width. */
static void split_segments(const float *const line[DV_TILE_BLOCKS], const int64_t width[DV_TILE_BLOCKS], int64_t column,
                           int64_t count, float *v, int64_t point_step)
{
    for (; count > 0; count--, column += TILE, v += DV_TILE_FLOATS) {
        __m512 d[SIDE], t[DV_TILE_BLOCKS][SIDE];
        for (int k = 0; k < DV_TILE_BLOCKS; k++) {
            load_segment(line[k], column, width[k], d);
            to_points(d, t[k]);
        }
        for (int point = 0; point < SIDE; point++) {
            __m512i parts[DV_TILE_PARTS];
            dv_tile_split(t[0][point], t[1][point], parts);
            _mm512_store_si512(v + point * point_step, parts[0]);
            _mm512_store_si512(v + point * point_step + DV_BLOCK, parts[1]);
        }
    }
}

INLINE void load_results(const float *m, int64_t point_step, __m512 y[TILE])
{
    __m512 points[SIDE];
    for (int point = 0; point < SIDE; point++)
        points[point] = _mm512_loadu_ps(m + point * point_step);
    from_points(points, y);
}

/* A line of `width` results; addend may be NULL. */
static void write_line(const dv_blocked *b, const float *m, int64_t point_step, const float *bias, const float *addend,
                       int64_t width, float *y)
{
    for (int64_t column = 0; column < width; m += DV_BLOCK) {
        __m512 sum[TILE];
        load_results(m, point_step, sum);
        for (int c = 0; c < TILE && column < width; c++, column++, y += DV_BLOCK) {
            _mm512_storeu_ps(y, dv_tile_finish(sum[c], bias, addend, b->low, b->high));
            addend = addend ? addend + DV_BLOCK : NULL;
        }
    }
}

/* The largest of each 2 x 2 of this line and the one `below`, `width` of them. */
static void write_halved(const dv_blocked *b, const float *m, int64_t below, int64_t point_step, const float *bias,
                         int64_t width, float *y)
{
    for (int64_t column = 0; column < width; m += DV_BLOCK) {
        __m512 sum[TILE], other[TILE];
        load_results(m, point_step, sum);
        load_results(m + below, point_step, other);
        for (int c = 0; c < TILE; c++)
            sum[c] = dv_tile_larger(sum[c], other[c]);
        for (int c = 0; c < TILE && column < width; c += 2, column++, y += DV_BLOCK)
            _mm512_storeu_ps(y, dv_tile_finish(dv_tile_larger(sum[c], sum[c + 1]), bias, NULL, b->low, b->high));
    }
}

DV_END

/* ---- sizes --------------------------------------------------------------------------------------------- */

typedef struct layout {
    int64_t pairs, out_blocks;
    int64_t high, wide;    /* lines of results of a picture; segments of a line */
    int64_t lines, pieces; /* lines of a task in a picture; tasks of a picture */
    int64_t pictures, tasks;
    bool across; /* panels go from one picture to the next, over the lines between them */
} layout;

/* Rows of points of a picture, of which each line of results needs three lines. */
static int64_t point_rows(const layout *l, int64_t lines)
{
    return (lines + TAPS - 1) * l->wide;
}

static int64_t count_panels(const layout *l, int64_t pictures, int64_t lines)
{
    const int64_t between = (TAPS - 1) * l->wide; /* rows that are not wanted, after each picture */
    return l->across ? dv_parts(pictures * point_rows(l, lines) - between, DV_TILE_ROWS)
                     : pictures * dv_parts(lines * l->wide, DV_TILE_ROWS);
}

/* Rows of points of a task: those of the last panel are there. */
static int64_t count_rows(const layout *l)
{
    return l->pictures * point_rows(l, l->lines) + DV_TILE_ROWS;
}

static int64_t v_floats(const layout *l)
{
    return SIDE * l->pairs * count_rows(l) * DV_TILE_FLOATS;
}

/* From point to point of sums of one block of output channels: a line more, so that points do not share a set of the
 * cache. */
static int64_t m_step(const layout *l)
{
    return count_panels(l, l->pictures, l->lines) * DV_TILE_SUMS + DV_BLOCK;
}

static layout lay_out(const dv_blocked *b)
{
    const dv_window *w = &b->c.window;
    const int64_t each = b->halved ? 2 : 1; /* lines that stay together */
    layout l = {.pairs = dv_parts(b->c.in_channels, DV_TILE_FLOATS), .out_blocks = dv_blocks(b->c.out_channels)};
    l.high = w->out[1] / each * each;
    l.wide = dv_parts(w->out[2] / each * each, TILE);
    const bool large = l.pairs * l.out_blocks * SIDE * TAPS * DV_TILE_WEIGHTS > WEIGHT_FLOATS;
    const int64_t line = dv_larger(SIDE * l.pairs * l.wide * DV_TILE_FLOATS, 1);
    const int64_t fit = dv_larger((large ? MANY_FLOATS : FEW_FLOATS) / line - (TAPS - 1), each) / each * each;
    l.pieces = dv_larger(dv_parts(l.high, fit), 1);
    l.lines = dv_parts(dv_parts(l.high, l.pieces), each) * each;
    l.pieces = dv_larger(dv_parts(l.high, dv_larger(l.lines, 1)), 1);
    l.pictures = l.pieces > 1 ? 1 : dv_larger(dv_smaller(fit / (l.lines + TAPS - 1), b->c.batch), 1);
    l.pictures = dv_parts(b->c.batch, dv_larger(dv_parts(b->c.batch, l.pictures), 1));
    l.pictures = dv_larger(l.pictures, 1);
    l.tasks = l.pieces * dv_parts(b->c.batch, l.pictures);
    layout across = l;
    across.across = true;
    l.across = count_panels(&across, l.pictures, l.lines) < count_panels(&l, l.pictures, l.lines);
    return l;
}

static double cost(const dv_blocked *b)
{
    const dv_convolution *c = &b->c;
    const dv_window *w = &c->window;
    if (b->rounding == DV_ROUNDING_LEAST || b->planar || c->groups != 1 || c->in_channels < DV_BLOCK ||
        !dv_tiles_usable())
        return INFINITY;
    for (int i = 1; i < DV_SPATIAL; i++)
        if (w->kernel[i] != TAPS || w->stride[i] != 1 || w->dilation[i] != 1)
            return INFINITY;
    if (b->rounding == DV_ROUNDING_MOST)
        return 1.0 / (2 * TILE);
    const layout l = lay_out(b);
    const int64_t rows = count_panels(&l, l.pictures, l.lines) * DV_TILE_ROWS;
    return (double)l.tasks * dv_tile_cost(rows, l.pairs * SIDE * TAPS, l.out_blocks) +
           (double)(l.tasks * count_rows(&l)) * (double)(l.pairs * 50 + l.out_blocks * 7);
}

static int64_t count_workspace(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return v_floats(&l) + SIDE * DV_TILE_BLOCKS * m_step(&l);
}

/* ---- weights ------------------------------------------------------------------------------------------- */

static int64_t packed_step(const layout *l)
{
    return SIDE * TAPS * l->pairs * DV_TILE_WEIGHTS;
}

static int64_t count_packed(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return l.out_blocks * (packed_step(&l) + DV_BLOCK);
}

/* The points of three weights of a line: G of Lavin and Gray. */
static void transform(const float *w, float points[SIDE])
{
    static const double g[SIDE][TAPS] = {{1.0 / 4, 0, 0},
                                         {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                         {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                         {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                         {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                         {0, 0, 1}};
    for (int p = 0; p < SIDE; p++)
        points[p] = (float)(g[p][0] * (double)w[0] + g[p][1] * (double)w[1] + g[p][2] * (double)w[2]);
}

/* By block of output channels, point, row of the window, pair of blocks of input channels; then the bias. */
static void pack(const dv_blocked *b, const float *w, const float *bias, float *packed)
{
    const layout l = lay_out(b);
    const int64_t channels = b->c.in_channels, row_step = l.pairs * DV_TILE_WEIGHTS;
    memset(packed, 0, (size_t)count_packed(b) * sizeof *packed);
    for (int64_t o = 0; o < b->c.out_channels; o++) {
        float *to = packed + o / DV_BLOCK * packed_step(&l) + o % DV_BLOCK, points[SIDE];
        for (int64_t i = 0; i < channels; i++)
            for (int row = 0; row < TAPS; row++, w += TAPS) {
                transform(w, points);
                for (int p = 0; p < SIDE; p++)
                    to[(p * TAPS + row) * row_step + i * DV_BLOCK] = points[p];
            }
    }
    dv_tile_split_weights(packed, l.out_blocks * SIDE * TAPS * l.pairs);
    if (bias)
        memcpy(packed + l.out_blocks * packed_step(&l), bias, (size_t)b->c.out_channels * sizeof *bias);
}

/* ---- a task -------------------------------------------------------------------------------------------- */

typedef struct winograd_run {
    const dv_blocked *b;
    layout layout;
    int64_t parts; /* of the output's blocks: tasks of their own */
    const float *x, *packed, *addend;
    float *y, *workspace;
    int64_t thread_workspace;
} winograd_run;

/* Lines of results of some pictures, and what is kept of them. */
typedef struct piece {
    int64_t picture, pictures, from, lines;
    int64_t rows; /* of points, of a pair of blocks */
    float *v, *m;
} piece;

/* Line `index` of the points of the piece's picture i. */
static void split_line(const winograd_run *run, const piece *p, int64_t i, int64_t index)
{
    const dv_window *w = &run->b->c.window;
    const layout *l = &run->layout;
    const int64_t blocks = dv_blocks(run->b->c.in_channels), row = p->from + index - w->pad[1];
    const bool inside = row >= 0 && row < w->in[1];
    const int64_t plane = w->in[1] * w->in[2] * DV_BLOCK, point_step = l->pairs * p->rows * DV_TILE_FLOATS;
    float *v = p->v + (i * point_rows(l, p->lines) + index * l->wide) * DV_TILE_FLOATS;
    const float *x = run->x + (p->picture + i) * blocks * plane + (inside ? row * w->in[2] * DV_BLOCK : 0);
    for (int64_t block = 0; block < blocks; block += DV_TILE_BLOCKS, v += p->rows * DV_TILE_FLOATS) {
        const bool two = block + 1 < blocks;
        const float *const line[] = {x + block * plane, x + (block + two) * plane};
        const int64_t width[] = {inside ? w->in[2] : 0, inside && two ? w->in[2] : 0};
        split_segments(line, width, -w->pad[2], l->wide, v, point_step);
    }
}

/* The sums of a pair of blocks of output channels. */
static void multiply(const winograd_run *run, const piece *p, int64_t block, bool two)
{
    const layout *l = &run->layout;
    dv_tile_product it = {.pairs = l->pairs,
                          .pair_row = p->rows,
                          .runs = TAPS,
                          .run_row = l->wide,
                          .panels = count_panels(l, p->pictures, p->lines),
                          .b_block = two ? packed_step(l) : 0,
                          .y_block = SIDE * m_step(l)};
    it.group = l->across ? it.panels : it.panels / p->pictures;
    it.group_row = point_rows(l, p->lines);
    for (int64_t point = 0; point < SIDE; point++) {
        it.a = p->v + point * l->pairs * p->rows * DV_TILE_FLOATS;
        it.b = run->packed + block * packed_step(l) + point * TAPS * l->pairs * DV_TILE_WEIGHTS;
        it.y = p->m + point * m_step(l);
        dv_tile_multiply(&it);
    }
}

/* Results of one block from its sums. */
static void write_block(const winograd_run *run, const piece *p, int64_t block, const float *m)
{
    const dv_blocked *b = run->b;
    const layout *l = &run->layout;
    const int64_t each = b->halved ? 2 : 1, high = b->c.window.out[1] / each, wide = b->c.window.out[2] / each;
    const int64_t rows =
        l->across ? point_rows(l, p->lines) : dv_parts(p->lines * l->wide, DV_TILE_ROWS) * DV_TILE_ROWS;
    const float *bias = run->packed + l->out_blocks * packed_step(l) + block * DV_BLOCK;
    for (int64_t i = 0; i < p->pictures; i++)
        for (int64_t line = 0; line < p->lines; line += each) {
            const float *from = m + (i * rows + line * l->wide) * DV_BLOCK;
            const int64_t plane = (p->picture + i) * l->out_blocks + block;
            const int64_t at = (plane * high + (p->from + line) / each) * wide * DV_BLOCK;
            if (b->halved)
                write_halved(b, from, l->wide * DV_BLOCK, m_step(l), bias, wide, run->y + at);
            else
                write_line(b, from, m_step(l), bias, run->addend ? run->addend + at : NULL, wide, run->y + at);
        }
}

static void run_task(void *context, int64_t task, int thread)
{
    const winograd_run *run = context;
    const layout *l = &run->layout;
    const int64_t part = task % run->parts, index = task / run->parts;
    piece p = {.picture = index / l->pieces * l->pictures, .from = index % l->pieces * l->lines};
    p.pictures = dv_smaller(l->pictures, run->b->c.batch - p.picture);
    p.lines = dv_smaller(l->lines, l->high - p.from);
    p.rows = count_rows(l);
    p.v = run->workspace + thread * run->thread_workspace;
    p.m = p.v + v_floats(l);
    for (int64_t i = 0; i < p.pictures; i++)
        for (int64_t line = 0; line < p.lines + TAPS - 1; line++)
            split_line(run, &p, i, line);
    const int64_t from = l->out_blocks * part / run->parts, to = l->out_blocks * (part + 1) / run->parts;
    for (int64_t block = from; block < to; block += DV_TILE_BLOCKS) {
        const bool two = block + 1 < to;
        multiply(run, &p, block, two);
        write_block(run, &p, block, p.m);
        if (two)
            write_block(run, &p, block + 1, p.m + SIDE * m_step(l));
    }
}

static void forward(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team)
{
    winograd_run run = {.b = b,
                        .layout = lay_out(b),
                        .x = x,
                        .packed = packed,
                        .addend = addend,
                        .y = y,
                        .workspace = workspace,
                        .thread_workspace = count_workspace(b)};
    const layout *l = &run.layout;
    if (!b->c.batch || !l->high || !l->wide)
        return;
    run.parts = dv_panel_parts(l->tasks, l->out_blocks, team);
    dv_team_run(team, run_task, &run, l->tasks * run.parts);
}

const dv_blocked_way dv_blocked_tiled_winograd = {
    .name = "tiled winograd",
    .cost = cost,
    .packed = count_packed,
    .pack = pack,
    .workspace = count_workspace,
    .forward = forward,
};

#endif
