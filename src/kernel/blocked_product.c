/* Convolution as a product: positions of the output are the rows of panels, whose numbers are gathered from under the
 * window, or lie there already. A task takes several pictures or a part of one; each block of weights is then met by
 * all of its panels. */
#include "base/part.h"
#include "kernel/blocked_pool.h"
#include "kernel/panel.h"

#include <math.h>
#include <string.h>

enum {
    MOST_OFFSETS = 512,
    FEW_FLOATS = 96 << 10,   /* of gathered numbers of a task: they stay in a core's own cache, */
    MANY_FLOATS = 256 << 10, /* as well as they can where the weights do not, which come by once for each task */
    WEIGHT_FLOATS = 256 << 10,
    LEAST_POSITIONS = 48, /* of a task */
    MOST_POSITIONS = 896,
    LEAST_POINTWISE = 12, /* positions of a picture, for panels that end with it */
};

/* How the numbers of a panel come about. */
typedef enum source {
    POINTWISE,     /* they are there: a window of one element */
    GATHERED,      /* copied, DV_BLOCK channels at a time */
    PADDED,        /* of few channels in planes: read from a copy of the planes with zeros around */
    GATHERED_EACH, /* the same where windows move by more than two: copied one by one */
} source;

typedef struct layout {
    source source;
    int64_t groups, in_blocks, out_blocks; /* blocks of a group */
    int64_t weights;                       /* of an output channel, in whole blocks */
    int64_t tap, taps;                     /* gathered: the first, and how many of them */
    int64_t depth, runs;                   /* numbers of a position, in whole blocks; runs of them */
    int64_t wide, positions;               /* of the output: of a line, and of those lines that are computed */
    int64_t each, pieces;                  /* positions of a task in a picture; tasks of a picture */
    int64_t pictures, tasks;               /* pictures of a task; tasks in all */
    int64_t numbers, results;              /* floats of workspace: gathered; to be halved later */
    bool halving;                          /* results are halved as they come about */
} layout;

typedef struct product_run {
    const dv_blocked *b;
    const dv_panel_loop *loop;
    layout layout;
    int64_t parts; /* of the output's blocks: tasks of their own */
    const float *x, *packed, *addend;
    float *y, *workspace;
    int64_t thread_workspace;
} product_run;

/* ---- sizes --------------------------------------------------------------------------------------------- */

static int64_t taps_of(const dv_blocked *b)
{
    return dv_window_product(b->c.window.kernel);
}

static int64_t plane_of(const int64_t *size)
{
    return size[1] * size[2];
}

static int64_t extent(const dv_window *w, int axis)
{
    return (w->kernel[axis] - 1) * w->dilation[axis] + 1;
}

/* Along an axis the first tap that touches the picture at any position, or the last one. A small picture leaves some of
 * a window in the padding always, whose weights need not be read. */
static int64_t find_tap(const dv_window *w, int axis, bool last)
{
    for (int64_t k = 0; k < w->kernel[axis]; k++) {
        const int64_t tap = last ? w->kernel[axis] - 1 - k : k;
        const dv_range inside = dv_window_inside(w, axis, tap);
        if (inside.from < inside.to)
            return tap;
    }
    return last ? w->kernel[axis] - 1 : 0;
}

/* Several small groups make one of a block, whose weights across groups are zero. */
static int64_t count_groups(const dv_convolution *c)
{
    return c->groups > 1 && c->in_channels / c->groups % DV_BLOCK ? dv_blocks(c->in_channels) : c->groups;
}

static source choose_source(const dv_blocked *b)
{
    const dv_window *w = &b->c.window;
    if (b->planar)
        return w->stride[2] <= 2 && b->c.in_channels * taps_of(b) <= MOST_OFFSETS ? PADDED : GATHERED_EACH;
    return dv_window_is_pointwise(w) && !b->halved && plane_of(w->out) >= LEAST_POINTWISE ? POINTWISE : GATHERED;
}

/* Of a padded copy of the planes that a task needs: its lines, their elements. */
static int64_t padded_high(const dv_blocked *b, const layout *l)
{
    return (l->each / l->wide - 1) * b->c.window.stride[1] + extent(&b->c.window, 1);
}

static int64_t padded_wide(const dv_blocked *b)
{
    return (b->c.window.out[2] - 1) * b->c.window.stride[2] + extent(&b->c.window, 2);
}

/* Positions and pictures of a task. Of some sources whole lines, of results that are halved pairs of lines. */
static void cut_tasks(const dv_blocked *b, layout *l)
{
    const int64_t unit = (b->halved ? 2 * l->wide : 1) * (l->source == PADDED && !b->halved ? l->wide : 1);
    const bool large = l->depth * l->out_blocks * DV_BLOCK > WEIGHT_FLOATS;
    const int64_t fit = (large ? MANY_FLOATS : FEW_FLOATS) / l->depth;
    const int64_t wanted = dv_smaller(dv_larger(fit, LEAST_POSITIONS), MOST_POSITIONS);
    const int64_t units = dv_larger(l->positions / unit, 1);
    l->pieces = dv_larger((l->positions + wanted - 1) / dv_larger(wanted, unit), 1);
    l->each = (units + l->pieces - 1) / l->pieces * unit;
    l->pieces = dv_larger((l->positions + l->each - 1) / l->each, 1);
    l->pictures = l->source == GATHERED || l->source == GATHERED_EACH ? wanted / l->each : 1;
    l->pictures = l->pieces > 1 ? 1 : dv_larger(dv_smaller(l->pictures, b->c.batch), 1);
    l->tasks = l->pieces * ((b->c.batch + l->pictures - 1) / l->pictures);
}

static layout lay_out(const dv_blocked *b)
{
    const dv_convolution *c = &b->c;
    layout l = {.source = choose_source(b), .groups = count_groups(c), .wide = c->window.out[2]};
    l.in_blocks = dv_blocks(c->in_channels) / l.groups;
    l.out_blocks = dv_blocks(c->out_channels) / l.groups;
    l.weights = b->planar ? dv_blocks(c->in_channels * taps_of(b)) * DV_BLOCK : l.in_blocks * taps_of(b) * DV_BLOCK;
    l.taps = taps_of(b);
    if (l.source == GATHERED) {
        const dv_window *w = &c->window;
        l.tap = find_tap(w, 1, false) * w->kernel[2] + find_tap(w, 2, false);
        l.taps = find_tap(w, 1, true) * w->kernel[2] + find_tap(w, 2, true) + 1 - l.tap;
    }
    l.depth = b->planar ? l.weights : l.in_blocks * l.taps * DV_BLOCK;
    l.runs = l.source == PADDED ? c->in_channels * taps_of(b) : l.depth / DV_BLOCK;
    l.positions = (b->halved ? c->window.out[1] / 2 * 2 : c->window.out[1]) * l.wide;
    l.halving = b->halved && l.source == PADDED;
    cut_tasks(b, &l);
    if (l.source == PADDED)
        l.numbers = dv_blocks(c->in_channels * padded_high(b, &l) * padded_wide(b)) * DV_BLOCK;
    else if (l.source != POINTWISE)
        l.numbers = l.pictures * l.each * l.depth;
    if (b->halved && !l.halving)
        l.results = l.pictures * l.each * l.out_blocks * DV_BLOCK;
    return l;
}

static double cost(const dv_blocked *b)
{
    if (!dv_blocked_fits(&b->c))
        return INFINITY;
    const layout l = lay_out(b);
    const double positions = (double)(l.positions * b->c.batch), depth = (double)l.depth;
    const double out = (double)(l.groups * l.out_blocks * DV_BLOCK);
    return dv_panel_cost(positions * depth * out, (double)l.tasks * depth * out,
                         l.source == POINTWISE ? 0 : positions * depth * (double)l.groups);
}

static int64_t count_workspace(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return l.numbers + l.results;
}

/* ---- weights ------------------------------------------------------------------------------------------- */

static int64_t count_packed(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return l.groups * l.out_blocks * DV_BLOCK * (l.weights + 1);
}

/* The weights of a block of output channels by the numbers of a run, for channels of planes. */
static void pack_planar(const dv_blocked *b, const layout *l, const float *w, int64_t block, float *packed)
{
    const int64_t all = b->c.in_channels * taps_of(b);
    for (int64_t at = 0; at < l->weights; at++)
        for (int64_t channel = block; channel < block + DV_BLOCK; channel++)
            *packed++ = at < all && channel < b->c.out_channels ? w[channel * all + at] : 0;
}

/* The same for channels in blocks: by tap, block of input channels, input channel of it. */
static void pack_blocks(const dv_blocked *b, const layout *l, const float *w, int64_t block, float *packed)
{
    const dv_convolution *c = &b->c;
    const int64_t taps = taps_of(b), in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    const int64_t first = l->groups > 1 ? block / (l->out_blocks * DV_BLOCK) * l->in_blocks * DV_BLOCK : 0;
    int64_t group[DV_BLOCK]; /* of each output channel */
    for (int64_t o = 0; o < DV_BLOCK; o++)
        group[o] = block + o < c->out_channels ? (block + o) / out : -1;
    for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t from = first; from < first + l->in_blocks * DV_BLOCK; from++) {
            const int64_t wanted = from < c->in_channels ? from / in : -2;
            const float *weight = w + (block * in + from % in) * taps + tap;
            for (int64_t o = 0; o < DV_BLOCK; o++)
                *packed++ = group[o] == wanted ? weight[o * in * taps] : 0;
        }
}

/* By block of output channels, number of a position, output channel of the block; then the bias. */
static void pack(const dv_blocked *b, const float *w, const float *bias, float *packed)
{
    const layout l = lay_out(b);
    const int64_t channels = l.groups * l.out_blocks * DV_BLOCK;
    for (int64_t block = 0; block < channels; block += DV_BLOCK, packed += l.weights * DV_BLOCK)
        (b->planar ? pack_planar : pack_blocks)(b, &l, w, block, packed);
    for (int64_t channel = 0; channel < channels; channel++)
        *packed++ = bias && channel < b->c.out_channels ? bias[channel] : 0;
}

/* ---- a task -------------------------------------------------------------------------------------------- */

/* Positions from..to-1 of `pictures` pictures from `picture` on, the channels of a group. */
typedef struct piece {
    int64_t picture, pictures, from, to, group;
    int64_t stretch, stretches; /* positions whose panels follow each other; how many such */
    float *numbers, *results;
    int64_t offset[MOST_OFFSETS];
} piece;

/* The numbers of a position under the window, zeros outside of the picture; each run in its panel. */
static void gather_position(const product_run *run, const float *x, int64_t position, float *to, int64_t step)
{
    const dv_window *w = &run->b->c.window;
    const layout *l = &run->layout;
    const int64_t blocks = l->in_blocks, plane = plane_of(w->in) * DV_BLOCK, wide = w->out[2];
    for (int64_t tap = l->tap; tap < l->tap + l->taps; tap++) {
        const int64_t row = dv_window_touch(w, 1, position / wide, tap / w->kernel[2]);
        const int64_t column = dv_window_touch(w, 2, position % wide, tap % w->kernel[2]);
        const bool inside = row >= 0 && row < w->in[1] && column >= 0 && column < w->in[2];
        const float *from = x + (row * w->in[2] + column) * DV_BLOCK;
        for (int64_t block = 0; block < blocks; block++, to += step)
            if (inside)
                memcpy(to, from + block * plane, DV_BLOCK * sizeof *to);
            else
                memset(to, 0, DV_BLOCK * sizeof *to);
    }
}

/* The same of planes, number by number. */
static void gather_each(const product_run *run, const float *x, int64_t position, float *to, int64_t step)
{
    const dv_window *w = &run->b->c.window;
    const int64_t taps = taps_of(run->b), all = run->b->c.in_channels * taps;
    for (int64_t k = 0; k < run->layout.depth; k++) {
        const int64_t tap = k % taps;
        const int64_t row = dv_window_touch(w, 1, position / w->out[2], tap / w->kernel[2]);
        const int64_t column = dv_window_touch(w, 2, position % w->out[2], tap % w->kernel[2]);
        const bool inside = k < all && row >= 0 && row < w->in[1] && column >= 0 && column < w->in[2];
        to[k / DV_BLOCK * step + k % DV_BLOCK] = inside ? x[k / taps * plane_of(w->in) + row * w->in[2] + column] : 0;
    }
}

static const float *find_picture(const product_run *run, const piece *p, int64_t picture)
{
    const dv_convolution *c = &run->b->c;
    const int64_t plane = plane_of(c->window.in), blocks = run->layout.in_blocks;
    if (run->b->planar)
        return run->x + picture * c->in_channels * plane;
    return run->x + (picture * dv_blocks(c->in_channels) + p->group * blocks) * plane * DV_BLOCK;
}

static void gather(const product_run *run, const piece *p)
{
    const int64_t each = p->to - p->from, panels = dv_panel_count(p->stretch, run->loop->rows);
    for (int64_t panel = 0; panel < panels; panel++) {
        const int64_t first = dv_panel_first(p->stretch, panels, panel);
        const int64_t rows = dv_panel_first(p->stretch, panels, panel + 1) - first;
        for (int64_t r = 0; r < rows; r++) {
            const float *x = find_picture(run, p, p->picture + (first + r) / each);
            float *to = p->numbers + first * run->layout.depth + r * DV_BLOCK;
            if (run->layout.source == GATHERED)
                gather_position(run, x, p->from + (first + r) % each, to, rows * DV_BLOCK);
            else
                gather_each(run, x, p->from + (first + r) % each, to, rows * DV_BLOCK);
        }
    }
}

/* The lines of the planes that the piece touches, with zeros around them, and where each tap is in them. */
static void pad_planes(const product_run *run, piece *p)
{
    const dv_window *w = &run->b->c.window;
    const int64_t high = padded_high(run->b, &run->layout), wide = padded_wide(run->b), taps = taps_of(run->b);
    const int64_t above = dv_window_touch(w, 1, p->from / run->layout.wide, 0);
    const int64_t width = dv_smaller(w->in[2], wide - w->pad[2]);
    const float *x = find_picture(run, p, p->picture);
    float *to = p->numbers;
    for (int64_t line = 0; line < run->b->c.in_channels * high; line++, to += wide) {
        const int64_t row = above + line % high;
        memset(to, 0, (size_t)wide * sizeof *to);
        if (row >= 0 && row < w->in[1] && width > 0)
            memcpy(to + w->pad[2], x + (line / high * w->in[1] + row) * w->in[2], (size_t)width * sizeof *to);
    }
    for (int64_t k = 0; k < run->layout.runs; k++) {
        const int64_t row = k % taps / w->kernel[2] * w->dilation[1], column = k % w->kernel[2] * w->dilation[2];
        p->offset[k] = (k / taps * high + row) * wide + column;
    }
}

/* Rows first.. of a stretch: where their numbers are. */
static void place_numbers(const product_run *run, const piece *p, int64_t first, int64_t rows, dv_panel *panel)
{
    const dv_window *w = &run->b->c.window;
    switch (run->layout.source) {
    case POINTWISE:
        panel->a = find_picture(run, p, p->picture) + (p->from + first) * DV_BLOCK;
        panel->a_step = plane_of(w->in) * DV_BLOCK;
        break;
    case GATHERED:
    case GATHERED_EACH:
        panel->a = p->numbers + first * run->layout.depth;
        panel->a_step = rows * DV_BLOCK;
        break;
    case PADDED:
        panel->a = p->numbers + first * w->stride[2];
        panel->offset = p->offset;
    }
}

/* Where their results go. */
static void place_results(const product_run *run, const piece *p, int64_t first, int64_t rows, int64_t *place,
                          dv_panel *panel)
{
    const layout *l = &run->layout;
    const int64_t each = p->to - p->from;
    if (l->results) {
        panel->y = p->results + first * DV_BLOCK;
        panel->y_step = p->stretches * p->stretch * DV_BLOCK;
        return;
    }
    const int64_t *out = run->b->c.window.out;
    const int64_t plane = (l->halving ? out[1] / 2 * (out[2] / 2) : plane_of(out)) * DV_BLOCK;
    const int64_t step = l->groups * l->out_blocks * plane;
    int64_t base = p->picture * step + p->group * l->out_blocks * plane;
    base += (l->halving ? p->from / l->wide / 2 * (l->wide / 2) : p->from) * DV_BLOCK;
    if (p->pictures == 1) {
        base += first / (l->halving ? 2 : 1) * DV_BLOCK;
    } else {
        for (int64_t r = 0; r < rows; r++)
            place[r] = (first + r) / each * step + (first + r) % each * DV_BLOCK;
        panel->place = place;
    }
    panel->y_step = plane;
    panel->y = run->y + base;
    panel->addend = run->addend ? run->addend + base : NULL;
}

static dv_panel_kind kind_of(const product_run *run)
{
    if (run->layout.source != PADDED)
        return DV_PANEL_BLOCKED;
    return run->b->c.window.stride[2] == 1 ? DV_PANEL_PLANAR : DV_PANEL_PLANAR_2;
}

/* The same panel of all stretches, one after the other. */
static void multiply_stretches(const product_run *run, const piece *p, dv_panel *panel, int64_t blocks, int64_t rows)
{
    const layout *l = &run->layout;
    const int64_t a_line = run->b->c.window.stride[1] * padded_wide(run->b);
    const int64_t y_line = (l->halving ? l->wide / 2 : l->wide) * DV_BLOCK;
    for (int64_t at = 0; at < p->stretches; at++) {
        panel->most = at % 2;
        run->loop->multiply[kind_of(run)][blocks - 1][rows - 1](panel);
        panel->a += a_line;
        if (l->halving && at % 2 == 0)
            continue;
        panel->y += y_line;
        panel->addend = panel->addend ? panel->addend + y_line : NULL;
    }
}

/* Blocks of the group's output from `block` on, as many as the loop takes at a time, by all panels. */
static void multiply_blocks(const product_run *run, const piece *p, int64_t block, int64_t blocks)
{
    const layout *l = &run->layout;
    const int64_t unit = l->halving ? 2 : 1, count = p->stretch / unit, b_step = l->weights * DV_BLOCK;
    const int64_t panels = dv_panel_count(count, run->loop->rows / unit);
    const int64_t place_of = p->group * l->out_blocks + block, all = l->groups * l->out_blocks;
    for (int64_t index = 0, first = 0, rows; index < panels; index++, first += rows) {
        rows = dv_panel_first(count, panels, index + 1) * unit - first;
        int64_t place[DV_PANEL_ROWS];
        dv_panel panel = {.runs = l->runs,
                          .b = run->packed + place_of * b_step + l->tap * l->in_blocks * DV_BLOCK * DV_BLOCK,
                          .b_step = b_step,
                          .start = run->packed + all * b_step + place_of * DV_BLOCK,
                          .low = run->b->low,
                          .high = run->b->high,
                          .halved = l->halving};
        place_numbers(run, p, first, rows, &panel);
        place_results(run, p, first, rows, place, &panel);
        panel.y += block * panel.y_step;
        panel.addend = panel.addend ? panel.addend + block * panel.y_step : NULL;
        multiply_stretches(run, p, &panel, blocks, rows);
    }
}

/* The largest of each 2 x 2 results of blocks from..to-1. */
static void halve(const product_run *run, const piece *p, int64_t from, int64_t to)
{
    const layout *l = &run->layout;
    const dv_window *w = &run->b->c.window;
    const int64_t high = w->out[1] / 2, wide = w->out[2] / 2, each = p->to - p->from;
    for (int64_t block = from; block < to; block++)
        for (int64_t picture = 0; picture < p->pictures; picture++) {
            const int64_t plane = ((p->picture + picture) * l->groups + p->group) * l->out_blocks + block;
            dv_blocked_halve(each / l->wide / 2, wide, p->results + (block * p->pictures + picture) * each * DV_BLOCK,
                             l->wide * DV_BLOCK, run->y + (plane * high + p->from / l->wide / 2) * wide * DV_BLOCK);
        }
}

static void run_task(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const layout *l = &run->layout;
    const int64_t part = task % run->parts, index = task / run->parts / l->groups;
    piece p; /* not cleared: its offsets are long */
    p.group = task / run->parts % l->groups;
    p.picture = index / l->pieces * l->pictures;
    p.pictures = dv_smaller(l->pictures, run->b->c.batch - p.picture);
    p.from = index % l->pieces * l->each;
    p.to = dv_smaller(p.from + l->each, l->positions);
    p.numbers = run->workspace + thread * run->thread_workspace;
    p.results = p.numbers + l->numbers;
    p.stretch = l->source == PADDED ? l->wide : p.pictures * (p.to - p.from);
    p.stretches = p.pictures * (p.to - p.from) / dv_larger(p.stretch, 1);
    if (l->source == PADDED)
        pad_planes(run, &p);
    else if (l->source != POINTWISE)
        gather(run, &p);
    const int64_t from = l->out_blocks * part / run->parts, to = l->out_blocks * (part + 1) / run->parts;
    for (int64_t block = from; block < to; block += run->loop->blocks)
        multiply_blocks(run, &p, block, dv_smaller(run->loop->blocks, to - block));
    if (l->results)
        halve(run, &p, from, to);
}

static void forward(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team)
{
    product_run run = {.b = b,
                       .loop = dv_panel_choose(),
                       .layout = lay_out(b),
                       .x = x,
                       .packed = packed,
                       .addend = addend,
                       .y = y,
                       .workspace = workspace,
                       .thread_workspace = count_workspace(b)};
    if (!run.layout.positions || !b->c.batch)
        return;
    run.parts = dv_panel_parts(run.layout.tasks * run.layout.groups, run.layout.out_blocks, team);
    dv_team_run(team, run_task, &run, run.layout.tasks * run.layout.groups * run.parts);
}

const dv_blocked_way dv_blocked_product = {
    .name = "product",
    .cost = cost,
    .packed = count_packed,
    .pack = pack,
    .workspace = count_workspace,
    .forward = forward,
};
