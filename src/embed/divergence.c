#include "embed/divergence.h"

#include "base/memory.h"
#include "base/part.h"

#include <math.h>
#include <stdlib.h>

enum { TASK_ROWS = 64 };

typedef struct sums {
    const dv_affinities *affinities;
    const float *positions;
    double *q, *kl; /* one a task: the sum of q, and of p (log p - log q) before q is divided by its sum */
} sums;

static double similarity(const float *a, const float *b)
{
    double x = (double)a[0] - b[0], y = (double)a[1] - b[1];
    return 1 / (1 + x * x + y * y);
}

static void sum_rows(void *context, int64_t task, int thread)
{
    const sums *work = context;
    const dv_affinities *p = work->affinities;
    int64_t end = dv_part_end(task, TASK_ROWS, p->count);
    (void)thread;
    for (int64_t i = task * TASK_ROWS; i < end; i++) {
        const float *own = work->positions + 2 * i;
        for (int64_t j = 0; j < p->count; j++)
            work->q[task] += j == i ? 0 : similarity(own, work->positions + 2 * j);
        for (int64_t e = p->start[i]; e < p->start[i + 1]; e++)
            if (p->value[e] > 0)
                work->kl[task] +=
                    p->value[e] * log(p->value[e] / similarity(own, work->positions + 2 * (int64_t)p->column[e]));
    }
}

bool dv_divergence(const dv_affinities *affinities, const float *positions, dv_team *team, double *divergence,
                   dv_error *error)
{
    int64_t tasks = dv_parts(affinities->count, TASK_ROWS);
    double *all = dv_alloc(2 * tasks, sizeof *all, error), q = 0, p = 0;
    sums work = {affinities, positions, all, all + tasks};
    if (!all)
        return false;
    dv_team_run(team, sum_rows, &work, tasks);
    *divergence = 0;
    for (int64_t task = 0; task < tasks; task++) {
        q += work.q[task];
        *divergence += work.kl[task];
    }
    for (int64_t e = 0; e < affinities->start[affinities->count]; e++)
        p += affinities->value[e];
    *divergence += p * log(q);
    free(all);
    return true;
}
