/* Means over pictures, how sure they are, and differences on the same pictures. */
#include "study/eval.h"

#include <math.h>

/* ---- any numbers ----------------------------------------------------------------- */

void dv_statistics_add(dv_statistics *statistics, double value)
{
    if (!isfinite(value))
        return;
    double before = value - statistics->mean;
    statistics->count++;
    statistics->mean += before / (double)statistics->count;
    statistics->squares += before * (value - statistics->mean);
}

double dv_statistics_error(const dv_statistics *statistics)
{
    double count = (double)statistics->count;
    return count < 2 ? NAN : sqrt(statistics->squares / (count - 1) / count);
}

double dv_statistics_reach(const dv_statistics *statistics)
{
    return statistics->count < 2 ? NAN : dv_student_t(statistics->count - 1) * dv_statistics_error(statistics);
}

/* The chance that |T| stays below t, a finite sum for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 4). */
static double chance_within(double t, int64_t freedom)
{
    double angle = atan(t / sqrt((double)freedom)), cosine = cos(angle), square = cosine * cosine;
    int64_t first = freedom % 2 ? 3 : 2;
    double term = freedom % 2 ? cosine : 1, sum = freedom == 1 ? 0 : term;
    for (int64_t k = first; k <= freedom - 2; k += 2) {
        term *= square * (double)(k - 1) / (double)k;
        sum += term;
    }
    return freedom % 2 ? 2 / acos(-1) * (angle + sin(angle) * sum) : sin(angle) * sum;
}

double dv_student_t(int64_t freedom)
{
    const int64_t as_normal = 10000; /* beyond, the fifth digit stays */
    double low = 0, high = 16;       /* 12.7 for one degree */
    if (freedom > as_normal)
        freedom = as_normal;
    while (high - low > 1e-12 * high) {
        double middle = (low + high) / 2;
        if (chance_within(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* ---- of an evaluation ------------------------------------------------------------- */

dv_statistics dv_eval_mean(const dv_eval *eval, int row, dv_measure measure)
{
    dv_statistics statistics = {0};
    for (int64_t i = 0; i < eval->done; i++)
        dv_statistics_add(&statistics, dv_eval_at(eval, i, row)->value[measure]);
    return statistics;
}

dv_statistics dv_eval_difference(const dv_eval *eval, int row, int against, dv_measure measure)
{
    dv_statistics statistics = {0};
    for (int64_t i = 0; i < eval->done; i++)
        dv_statistics_add(&statistics,
                          dv_eval_at(eval, i, row)->value[measure] - dv_eval_at(eval, i, against)->value[measure]);
    return statistics;
}

dv_statistics dv_eval_time(const dv_eval *eval, int row)
{
    dv_statistics statistics = {0};
    for (int64_t i = 0; i < eval->done; i++)
        if (!*dv_eval_at(eval, i, row)->problem)
            dv_statistics_add(&statistics, dv_eval_at(eval, i, row)->milliseconds);
    return statistics;
}

dv_statistics dv_eval_shuffled(const dv_eval *eval, int row, int stage)
{
    dv_statistics statistics = {0};
    for (int64_t i = 0; i < eval->done; i++)
        dv_statistics_add(&statistics, dv_eval_at(eval, i, row)->shuffled[stage]);
    return statistics;
}

bool dv_eval_ignores_teacher(const dv_eval *eval, int row)
{
    dv_statistics likeness = dv_eval_mean(eval, row, DV_MEASURE_SHUFFLED);
    return likeness.count > 0 && likeness.mean >= 0.9;
}

const char *dv_eval_problem(const dv_eval *eval, int row, int64_t *pictures)
{
    const char *first = NULL;
    *pictures = 0;
    for (int64_t i = 0; i < eval->done; i++) {
        const char *problem = dv_eval_at(eval, i, row)->problem;
        if (!*problem)
            continue;
        first = first ? first : problem;
        ++*pictures;
    }
    return first;
}

void dv_eval_mean_curve(const dv_eval *eval, int row, dv_eval_curve curve, double point[DV_EVAL_POINTS])
{
    for (int p = 0; p < DV_EVAL_POINTS; p++) {
        dv_statistics statistics = {0};
        for (int64_t i = 0; i < eval->done; i++) {
            const dv_eval_figures *figures = dv_eval_at(eval, i, row);
            dv_statistics_add(&statistics, *figures->problem ? NAN : figures->curve[curve][p]);
        }
        point[p] = statistics.count ? statistics.mean : NAN;
    }
}
