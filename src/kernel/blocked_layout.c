#include "kernel/blocked_layout.h"

#include "kernel/blocked.h"
#include "kernel/turn.h"

#include <string.h>

typedef struct job {
    int64_t channels, positions;
    const float *from;
    float *to;
} job;

/* One block of one picture: where it lies in planes and in blocks, and how many of its channels there are. */
typedef struct place {
    int64_t planar, blocked, channels;
} place;

static place find_place(const job *it, int64_t task)
{
    const int64_t blocks = dv_blocks(it->channels), first = task % blocks * DV_BLOCK;
    return (place){
        .planar = (task / blocks * it->channels + first) * it->positions,
        .blocked = task * it->positions * DV_BLOCK,
        .channels = it->channels - first < DV_BLOCK ? it->channels - first : DV_BLOCK,
    };
}

static void block(void *context, int64_t task, int thread)
{
    (void)thread;
    const job *it = context;
    const place at = find_place(it, task);
    float *to = it->to + at.blocked;
    if (at.channels < DV_BLOCK)
        memset(to, 0, (size_t)(it->positions * DV_BLOCK) * sizeof *to);
    dv_turn(it->positions, at.channels, it->from + at.planar, it->positions, to, DV_BLOCK);
}

static void unblock(void *context, int64_t task, int thread)
{
    (void)thread;
    const job *it = context;
    const place at = find_place(it, task);
    dv_turn(at.channels, it->positions, it->from + at.blocked, DV_BLOCK, it->to + at.planar, it->positions);
}

void dv_block_channels(int64_t batch, int64_t channels, int64_t positions, const float *planar, float *blocked,
                       dv_team *team)
{
    job it = {channels, positions, planar, blocked};
    dv_team_run(team, block, &it, batch * dv_blocks(channels));
}

void dv_unblock_channels(int64_t batch, int64_t channels, int64_t positions, const float *blocked, float *planar,
                         dv_team *team)
{
    job it = {channels, positions, blocked, planar};
    dv_team_run(team, unblock, &it, batch * dv_blocks(channels));
}

/* ---- phases ------------------------------------------------------------------------- */

typedef struct phases_job {
    const dv_phases *p;
    const float *x;
    float *y;
} phases_job;

static void interleave_block(void *context, int64_t task, int thread)
{
    (void)thread;
    const phases_job *it = context;
    const dv_phases *p = it->p;
    const int64_t picture = task / p->blocks, block = task % p->blocks, *stride = p->stride;
    float *y = it->y + task * p->out[0] * p->out[1] * DV_BLOCK;
    for (int64_t h = 0; h < p->out[0]; h++, y += p->out[1] * DV_BLOCK)
        for (int64_t phase = 0; phase < stride[1]; phase++) {
            const int64_t of = (picture * stride[0] + h % stride[0]) * stride[1] + phase;
            const float *x = it->x + ((of * p->blocks + block) * p->in[0] + h / stride[0]) * p->in[1] * DV_BLOCK;
            for (int64_t w = phase; w < p->out[1]; w += stride[1], x += DV_BLOCK)
                memcpy(y + w * DV_BLOCK, x, DV_BLOCK * sizeof *y);
        }
}

void dv_interleave_phases(const dv_phases *p, const float *x, float *y, dv_team *team)
{
    phases_job it = {p, x, y};
    dv_team_run(team, interleave_block, &it, p->batch * p->blocks);
}
