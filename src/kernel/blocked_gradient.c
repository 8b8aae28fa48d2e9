/* The gradient by the weights of one tap is a product over positions: the input's channels, shifted by the tap, by the
 * output's. Numbers of a panel are positions, its rows the channels of one block of a copy of x with zeros around, its
 * output channels those of dy. */
#include "kernel/blocked_gradient.h"

#include "kernel/panel.h"

#include <math.h>
#include <string.h>

bool dv_blocked_turn(const dv_convolution *c, dv_convolution *turned)
{
    const dv_window *w = &c->window;
    *turned = *c;
    turned->in_channels = c->out_channels;
    turned->out_channels = c->in_channels;
    for (int i = 0; i < DV_SPATIAL; i++) {
        const int64_t reach = (w->kernel[i] - 1) * w->dilation[i];
        turned->window.in[i] = w->out[i];
        turned->window.out[i] = w->in[i];
        turned->window.pad[i] = reach - w->pad[i];
        turned->window.pad_end[i] = w->in[i] + w->pad[i] - w->out[i];
        if (w->stride[i] != 1 || turned->window.pad[i] < 0 || turned->window.pad_end[i] < 0)
            return false;
    }
    return true;
}

void dv_blocked_turn_weights(const dv_convolution *c, const float *w, float *turned)
{
    const int64_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    const int64_t taps = dv_window_product(c->window.kernel);
    for (int64_t channel = 0; channel < c->in_channels; channel++)
        for (int64_t o = 0; o < out; o++) {
            const float *from = w + ((channel / in * out + o) * in + channel % in) * taps;
            for (int64_t tap = 0; tap < taps; tap++)
                *turned++ = from[taps - 1 - tap];
        }
}

/* ---- the gradient by the weights ------------------------------------------------------------------------ */

typedef struct layout {
    int64_t taps, positions;
    int64_t high, wide;            /* of a copy of a block of x with zeros around */
    int64_t in_blocks, out_blocks; /* in all */
    int64_t each;                  /* blocks of the output that a block of the input has to do with */
} layout;

typedef struct gradient_run {
    const dv_convolution *c;
    const dv_panel_loop *loop;
    layout layout;
    const float *x, *dy;
    float *dw, *workspace;
    int64_t thread_workspace;
} gradient_run;

static layout lay_out(const dv_convolution *c)
{
    const dv_window *w = &c->window;
    layout l = {.taps = dv_window_product(w->kernel), .positions = w->out[1] * w->out[2]};
    l.high = (w->out[1] - 1) * w->stride[1] + (w->kernel[1] - 1) * w->dilation[1] + 1;
    l.wide = (w->out[2] - 1) * w->stride[2] + (w->kernel[2] - 1) * w->dilation[2] + 1;
    l.in_blocks = dv_blocks(c->in_channels);
    l.out_blocks = dv_blocks(c->out_channels);
    const int64_t out = c->out_channels / c->groups;
    l.each = c->groups == 1 ? l.out_blocks : out % DV_BLOCK ? 1 : out / DV_BLOCK;
    return l;
}

/* Offsets of the positions; the copy; the sums of a block of the input. */
static int64_t count_offsets(const layout *l)
{
    return dv_blocks(l->positions * 2) * DV_BLOCK;
}

int64_t dv_blocked_weight_workspace(const dv_convolution *c)
{
    const layout l = lay_out(c);
    return count_offsets(&l) + (l.high * l.wide + l.each * l.taps * DV_BLOCK) * DV_BLOCK;
}

/* The first block of the output that block `block` of the input has to do with. */
static int64_t find_partner(const dv_convolution *c, const layout *l, int64_t block)
{
    const int64_t in = c->in_channels / c->groups;
    return c->groups == 1 ? 0 : in % DV_BLOCK ? block : block * DV_BLOCK / in * l->each;
}

static void pad_block(const gradient_run *run, const float *x, float *copy)
{
    const layout *l = &run->layout;
    const dv_window *w = &run->c->window;
    const int64_t before = w->pad[2] < l->wide ? w->pad[2] : l->wide, room = l->wide - before;
    const int64_t width = w->in[2] < room ? w->in[2] : room;
    for (int64_t row = 0; row < l->high; row++, copy += l->wide * DV_BLOCK) {
        const int64_t from = row - w->pad[1];
        if (from < 0 || from >= w->in[1]) {
            memset(copy, 0, (size_t)(l->wide * DV_BLOCK) * sizeof *copy);
            continue;
        }
        memset(copy, 0, (size_t)(before * DV_BLOCK) * sizeof *copy);
        memcpy(copy + before * DV_BLOCK, x + from * w->in[2] * DV_BLOCK, (size_t)(width * DV_BLOCK) * sizeof *copy);
        memset(copy + (before + width) * DV_BLOCK, 0, (size_t)((room - width) * DV_BLOCK) * sizeof *copy);
    }
}

/* sum[block][tap][channel of x][channel of dy] += over the positions of a picture, for the `channels` that there are.
 */
static void add_picture(const gradient_run *run, int64_t channels, const float *copy, const float *dy,
                        const int64_t *offset, float *sum)
{
    const layout *l = &run->layout;
    const dv_window *w = &run->c->window;
    const int64_t panels = dv_panel_count(channels, run->loop->rows), step = l->taps * DV_BLOCK * DV_BLOCK;
    for (int64_t block = 0; block < l->each; block += run->loop->blocks) {
        const int64_t blocks = l->each - block < run->loop->blocks ? l->each - block : run->loop->blocks;
        for (int64_t tap = 0; tap < l->taps; tap++)
            for (int64_t panel = 0; panel < panels; panel++) {
                const int64_t first = dv_panel_first(channels, panels, panel);
                const int64_t rows = dv_panel_first(channels, panels, panel + 1) - first;
                const int64_t row = tap / w->kernel[2] * w->dilation[1], column = tap % w->kernel[2] * w->dilation[2];
                const dv_panel it = {
                    .runs = l->positions,
                    .a = copy + (row * l->wide + column) * DV_BLOCK + first,
                    .offset = offset,
                    .b = dy + block * l->positions * DV_BLOCK,
                    .b_step = l->positions * DV_BLOCK,
                    .add = true,
                    .low = -INFINITY,
                    .high = INFINITY,
                    .y = sum + block * step + (tap * DV_BLOCK + first) * DV_BLOCK,
                    .y_step = step,
                };
                run->loop->multiply[DV_PANEL_PLANAR][blocks - 1][rows - 1](&it);
            }
    }
}

/* What belongs to weights that there are. */
static void add_sums(const gradient_run *run, int64_t block, const float *sum)
{
    const dv_convolution *c = run->c;
    const layout *l = &run->layout;
    const int64_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    const int64_t partner = find_partner(c, l, block) * DV_BLOCK;
    for (int64_t o = partner; o < partner + l->each * DV_BLOCK && o < c->out_channels; o++)
        for (int64_t i = block * DV_BLOCK; i < (block + 1) * DV_BLOCK && i < c->in_channels; i++) {
            if (i / in != o / out)
                continue;
            const float *from = sum + (o - partner) / DV_BLOCK * l->taps * DV_BLOCK * DV_BLOCK +
                                i % DV_BLOCK * DV_BLOCK + (o - partner) % DV_BLOCK;
            for (int64_t tap = 0; tap < l->taps; tap++)
                run->dw[(o * in + i % in) * l->taps + tap] += from[tap * DV_BLOCK * DV_BLOCK];
        }
}

/* A block of the input, over all pictures in order. */
static void run_block(void *context, int64_t block, int thread)
{
    const gradient_run *run = context;
    const layout *l = &run->layout;
    const dv_window *w = &run->c->window;
    const int64_t channels = run->c->in_channels - block * DV_BLOCK;
    float *workspace = run->workspace + thread * run->thread_workspace;
    int64_t *offset = (int64_t *)workspace;
    float *copy = workspace + count_offsets(l), *sum = copy + l->high * l->wide * DV_BLOCK;
    for (int64_t position = 0; position < l->positions; position++)
        offset[position] =
            (position / w->out[2] * w->stride[1] * l->wide + position % w->out[2] * w->stride[2]) * DV_BLOCK;
    memset(sum, 0, (size_t)(l->each * l->taps * DV_BLOCK * DV_BLOCK) * sizeof *sum);
    for (int64_t picture = 0; picture < run->c->batch; picture++) {
        const int64_t partner = picture * l->out_blocks + find_partner(run->c, l, block);
        pad_block(run, run->x + (picture * l->in_blocks + block) * w->in[1] * w->in[2] * DV_BLOCK, copy);
        add_picture(run, channels < DV_BLOCK ? channels : DV_BLOCK, copy, run->dy + partner * l->positions * DV_BLOCK,
                    offset, sum);
    }
    add_sums(run, block, sum);
}

void dv_blocked_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw, float *workspace,
                                dv_team *team)
{
    gradient_run run = {.c = c,
                        .loop = dv_panel_choose(),
                        .layout = lay_out(c),
                        .x = x,
                        .dy = dy,
                        .dw = dw,
                        .workspace = workspace,
                        .thread_workspace = dv_blocked_weight_workspace(c)};
    dv_team_run(team, run_block, &run, run.layout.in_blocks);
}
