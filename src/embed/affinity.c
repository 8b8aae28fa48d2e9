#include "embed/affinity.h"

#include "base/memory.h"
#include "base/part.h"
#include "kernel/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BISECTIONS = 100, TASK_ROWS = 512 };
static const double tolerance = 1e-5; /* of the entropy, nats */

/* ---- one row ------------------------------------------------------------------------- */

/* p = exp(-beta * (distance - nearest)), and its sum; returns the entropy of p / sum. */
static double entropy_at(double beta, const float *distance, float nearest, int count, float *p, double *sum)
{
    double weighted = 0;
    for (int j = 0; j < count; j++)
        p[j] = (float)(-beta * (double)(distance[j] - nearest));
    dv_vector_exp(count, p, p);
    *sum = 0;
    for (int j = 0; j < count; j++) {
        *sum += p[j];
        weighted += (double)p[j] * (double)(distance[j] - nearest);
    }
    return log(*sum) + beta * weighted / *sum;
}

void dv_affinity_calibrate(const float *distance, int count, double perplexity, float *p)
{
    float nearest = distance[0];
    double mean = 0, sum = count, goal = log(perplexity);
    for (int j = 1; j < count; j++)
        nearest = distance[j] < nearest ? distance[j] : nearest;
    for (int j = 0; j < count; j++)
        mean += (double)(distance[j] - nearest) / count;
    double low = 0, high = INFINITY, beta = mean > 0 ? 1 / mean : 0;
    for (int step = 0; step < MAX_BISECTIONS; step++) {
        double excess = entropy_at(beta, distance, nearest, count, p, &sum) - goal;
        if (fabs(excess) < tolerance || mean == 0)
            break;
        if (excess > 0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (int j = 0; j < count; j++)
        p[j] = (float)(p[j] / sum);
}

/* ---- all rows ------------------------------------------------------------------------- */

/* Conditional probabilities by row, and who names a row, the same transposed: `source` ascending. */
typedef struct merge {
    dv_affinities *result;
    const int32_t *index;
    const float *p;
    int k;
    int64_t *named; /* count + 1: where the namers of a row begin */
    int32_t *source;
    float *weight;
} merge;

/* Namers of each row, counted, then filled in. */
static void transpose(merge *work, int64_t count)
{
    for (int64_t e = 0; e < count * work->k; e++)
        work->named[work->index[e] + 1]++;
    for (int64_t i = 0; i < count; i++)
        work->named[i + 1] += work->named[i];
    for (int64_t i = 0; i < count; i++)
        for (int64_t e = i * work->k; e < (i + 1) * work->k; e++) {
            int64_t place = work->named[work->index[e]]++;
            work->source[place] = (int32_t)i;
            work->weight[place] = work->p[e];
        }
    memmove(work->named + 1, work->named, count * sizeof *work->named);
    work->named[0] = 0;
}

/* The union of a row's neighbours and its namers; column and value NULL: only counts them. */
static int64_t merge_row(const merge *work, int64_t i, int32_t *column, float *value)
{
    int64_t a = i * work->k, a_end = a + work->k, b = work->named[i], b_end = work->named[i + 1], count = 0;
    double factor = 0.5 / (double)work->result->count;
    for (; a < a_end || b < b_end; count++) {
        int32_t own = a < a_end ? work->index[a] : INT32_MAX, other = b < b_end ? work->source[b] : INT32_MAX;
        double sum = 0;
        if (own <= other)
            sum += work->p[a++];
        if (other <= own)
            sum += work->weight[b++];
        if (column) {
            column[count] = own < other ? own : other;
            value[count] = (float)(sum * factor);
        }
    }
    return count;
}

static void count_rows(void *context, int64_t task, int thread)
{
    const merge *work = context;
    (void)thread;
    for (int64_t i = task * TASK_ROWS; i < dv_part_end(task, TASK_ROWS, work->result->count); i++)
        work->result->start[i + 1] = merge_row(work, i, NULL, NULL);
}

static void fill_rows(void *context, int64_t task, int thread)
{
    const merge *work = context;
    dv_affinities *result = work->result;
    (void)thread;
    for (int64_t i = task * TASK_ROWS; i < dv_part_end(task, TASK_ROWS, result->count); i++)
        merge_row(work, i, result->column + result->start[i], result->value + result->start[i]);
}

bool dv_affinities_make(dv_affinities *affinities, const int32_t *index, const float *p, int64_t count, int k,
                        dv_team *team, dv_error *error)
{
    merge work = {.result = affinities, .index = index, .p = p, .k = k};
    int64_t tasks = dv_parts(count, TASK_ROWS);
    *affinities = (dv_affinities){.count = count};
    bool ok = (work.named = dv_alloc(count + 1, sizeof *work.named, error)) &&
              (work.source = dv_alloc(count * k, sizeof *work.source, error)) &&
              (work.weight = dv_alloc(count * k, sizeof *work.weight, error)) &&
              (affinities->start = dv_alloc(count + 1, sizeof *affinities->start, error));
    if (ok) {
        transpose(&work, count);
        dv_team_run(team, count_rows, &work, tasks);
        for (int64_t i = 0; i < count; i++)
            affinities->start[i + 1] += affinities->start[i];
        ok = (affinities->column = dv_alloc(affinities->start[count], sizeof *affinities->column, error)) &&
             (affinities->value = dv_alloc(affinities->start[count], sizeof *affinities->value, error));
    }
    if (ok)
        dv_team_run(team, fill_rows, &work, tasks);
    free(work.named);
    free(work.source);
    free(work.weight);
    if (!ok)
        dv_affinities_clear(affinities);
    return ok;
}

void dv_affinities_clear(dv_affinities *affinities)
{
    free(affinities->start);
    free(affinities->column);
    free(affinities->value);
    *affinities = (dv_affinities){0};
}
