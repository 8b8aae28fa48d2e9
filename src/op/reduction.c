#include "op/reduction.h"

enum { SHARE = 1 << 15 }; /* elements of a part, about */

dv_reduction dv_reduction_over(const dv_shape *x, const bool *reduced)
{
    dv_reduction r = {.results = 1, .count = 1};
    r.loop.rank = x->rank;
    for (int i = x->rank - 1; i >= 0; i--) {
        r.loop.dim[i] = x->dim[i];
        r.loop.stride[0][i] = reduced[i] ? 0 : r.results;
        *(reduced[i] ? &r.count : &r.results) *= x->dim[i];
    }
    dv_loop_simplify(&r.loop);
    return r;
}

typedef struct share {
    const dv_reduction *r;
    void *context;
    void (*work)(void *context, const dv_loop *loop, int64_t x, int64_t y);
    int64_t step; /* of the first axis */
} share;

static void share_task(void *context, int64_t task, int thread)
{
    const share *s = context;
    const dv_loop *whole = &s->r->loop;
    dv_loop part = *whole;
    const int64_t from = task * s->step, size = whole->dim[0] - from;
    int64_t row = 1;
    (void)thread;
    for (int i = 1; i < whole->rank; i++)
        row *= whole->dim[i];
    part.dim[0] = size < s->step ? size : s->step;
    s->work(s->context, &part, from * row, from * whole->stride[0][0]);
}

void dv_reduction_share(const dv_reduction *r, dv_team *team, void *context,
                        void (*work)(void *context, const dv_loop *loop, int64_t x, int64_t y))
{
    const int64_t first = r->loop.dim[0], total = r->results * r->count;
    share s = {r, context, work, first};
    if (total == 0)
        return;
    if (r->loop.stride[0][0] != 0) /* the first axis is kept */
        s.step = SHARE / (total / first) > 1 ? SHARE / (total / first) : 1;
    dv_team_run(team, share_task, &s, (first + s.step - 1) / s.step);
}
