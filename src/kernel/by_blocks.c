#include "kernel/by_blocks.h"

#include "base/part.h"
#include "kernel/blocked_gradient.h"
#include "kernel/blocked_layout.h"
#include "kernel/vector.h"

#include <math.h>
#include <stddef.h>

/* Cycles a float that packing takes: weights are used once here. */
enum { PACKING = 6 };

/* Of a tensor brought into blocks, or of anything: whole lines of the cache. */
static int64_t whole(int64_t floats)
{
    return dv_blocks(floats) * DV_BLOCK;
}

static int64_t in_floats(const dv_convolution *c)
{
    return c->batch * dv_blocks(c->in_channels) * dv_window_product(c->window.in) * DV_BLOCK;
}

static int64_t out_floats(const dv_convolution *c)
{
    return c->batch * dv_blocks(c->out_channels) * dv_window_product(c->window.out) * DV_BLOCK;
}

/* Of dy in blocks, and then of dx in planes. */
static int64_t result_floats(const dv_convolution *c)
{
    return dv_larger(out_floats(c), whole(c->batch * c->in_channels * dv_window_product(c->window.in)));
}

static int64_t weight_floats(const dv_convolution *c)
{
    return whole(c->out_channels * (c->in_channels / c->groups) * dv_window_product(c->window.kernel));
}

static dv_blocked plain_call(const dv_convolution *c, bool planar)
{
    return (dv_blocked){.c = *c, .planar = planar, .low = -INFINITY, .high = INFINITY};
}

/* Few channels are read as they lie. */
static bool is_planar(const dv_convolution *c)
{
    return c->groups == 1 && c->in_channels < DV_BLOCK;
}

bool dv_by_blocks_fits(const dv_convolution *c)
{
    const int64_t in = c->window.in[1] * c->window.in[2], out = c->window.out[1] * c->window.out[2];
    const int64_t limit = INT64_C(1) << 36; /* blocks: what is counted below is far from overflowing then */
    return c->window.in[0] == 1 && c->window.out[0] == 1 && dv_blocked_fits(c) &&
           in <= limit / (c->batch + 1) / dv_blocks(c->in_channels) &&
           out <= limit / (c->batch + 1) / dv_blocks(c->out_channels);
}

bool dv_by_blocks_turns(const dv_convolution *c)
{
    dv_convolution turned;
    return dv_by_blocks_fits(c) && dv_blocked_turn(c, &turned);
}

static const dv_blocked_way *choose_way(const dv_blocked *b)
{
    return dv_blocked_way_at(dv_blocked_choose(b, PACKING));
}

/* One call on operands in blocks: weights packed, and workspace of every thread. */
static int64_t call_floats(const dv_convolution *c, bool planar, int threads)
{
    const dv_blocked b = plain_call(c, planar);
    const dv_blocked_way *way = choose_way(&b);
    return whole(way->packed(&b)) + threads * way->workspace(&b);
}

int64_t dv_by_blocks_workspace(const dv_convolution *c, int threads)
{
    dv_convolution turned;
    int64_t most = dv_larger(call_floats(c, is_planar(c), threads), threads * dv_blocked_weight_workspace(c));
    if (dv_blocked_turn(c, &turned))
        most = dv_larger(most, weight_floats(c) + call_floats(&turned, is_planar(&turned), threads));
    return in_floats(c) + result_floats(c) + most;
}

/* y (blocks) = w * x. */
static void convolve(const dv_blocked *b, const float *x, const float *w, const float *bias, float *y, float *workspace,
                     dv_team *team)
{
    const dv_blocked_way *way = choose_way(b);
    way->pack(b, w, bias, workspace);
    way->forward(b, x, workspace, NULL, y, workspace + whole(way->packed(b)), team);
}

void dv_by_blocks_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                          float *workspace, dv_team *team)
{
    const dv_blocked b = plain_call(c, is_planar(c));
    float *x_blocks = workspace, *y_blocks = x_blocks + in_floats(c);
    if (!b.planar)
        dv_block_channels(c->batch, c->in_channels, dv_window_product(c->window.in), x, x_blocks, team);
    convolve(&b, b.planar ? x : x_blocks, w, bias, y_blocks, y_blocks + result_floats(c), team);
    dv_unblock_channels(c->batch, c->out_channels, dv_window_product(c->window.out), y_blocks, y, team);
}

void dv_by_blocks_input_gradient(const dv_convolution *c, const float *dy, const float *w, float *dx, float *workspace,
                                 dv_team *team)
{
    dv_convolution turned;
    if (!dv_blocked_turn(c, &turned))
        return;
    const dv_blocked b = plain_call(&turned, is_planar(&turned));
    float *dx_blocks = workspace, *dy_blocks = dx_blocks + in_floats(c), *turned_w = dy_blocks + result_floats(c);
    if (!b.planar)
        dv_block_channels(c->batch, c->out_channels, dv_window_product(c->window.out), dy, dy_blocks, team);
    dv_blocked_turn_weights(c, w, turned_w);
    convolve(&b, b.planar ? dy : dy_blocks, turned_w, NULL, dx_blocks, turned_w + weight_floats(c), team);
    const int64_t positions = dv_window_product(c->window.in);
    dv_unblock_channels(c->batch, c->in_channels, positions, dx_blocks, dy_blocks, team);
    dv_vector_add(c->batch * c->in_channels * positions, 1, dy_blocks, dx);
}

void dv_by_blocks_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw, float *workspace,
                                  dv_team *team)
{
    float *x_blocks = workspace, *dy_blocks = x_blocks + in_floats(c);
    dv_block_channels(c->batch, c->in_channels, dv_window_product(c->window.in), x, x_blocks, team);
    dv_block_channels(c->batch, c->out_channels, dv_window_product(c->window.out), dy, dy_blocks, team);
    dv_blocked_weight_gradient(c, x_blocks, dy_blocks, dw, dy_blocks + result_floats(c), team);
}
