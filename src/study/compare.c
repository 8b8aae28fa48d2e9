/* Two teachers over all pictures: words that changed, how far, and who is right. */
#include "study/compare.h"

#include "base/error.h"
#include "vid/bundle.h"

#include <math.h>
#include <stdlib.h>

const char *dv_right_name(dv_right right)
{
    static const char *const names[DV_RIGHTS] = {"both", "only_first", "only_second", "neither"};
    return names[right];
}

/* ---- figures ------------------------------------------------------------------------ */

/* Of p log2(p / mean) what p adds, 0 at 0. */
static double surprise(double p, double mean)
{
    return p > 0 ? p * log2(p / mean) : 0;
}

static double half_terms(double p, double q)
{
    double mean = (p + q) / 2;
    return (surprise(p, mean) + surprise(q, mean)) / 2;
}

double dv_jensen_shannon(const float *p, const float *q, int classes, bool multi_label)
{
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum += half_terms(p[k], q[k]) + (multi_label ? half_terms(1 - (double)p[k], 1 - (double)q[k]) : 0);
    if (multi_label)
        sum /= classes;
    return fmin(fmax(sum, 0), 1);
}

double dv_mcnemar(int64_t only_first, int64_t only_second)
{
    int64_t fewer = only_first < only_second ? only_first : only_second, all = only_first + only_second;
    double log_term = -(double)all * log(2), sum = 0; /* of binomial(all, 1/2) at i = 0 */
    for (int64_t i = 0; i <= fewer; i++) {
        sum += exp(log_term);
        log_term += log((double)(all - i) / (double)(i + 1));
    }
    return fmin(2 * sum, 1);
}

/* ---- all pictures ----------------------------------------------------------------- */

static void count_right(dv_comparison *it, bool first, bool second)
{
    it->right[first ? second ? DV_RIGHT_BOTH : DV_RIGHT_FIRST : second ? DV_RIGHT_SECOND : DV_RIGHT_NEITHER]++;
}

static void count_marks(dv_comparison *it, const int8_t *mark, const float *first, const float *second)
{
    for (int k = 0; k < it->classes; k++)
        if (mark[k] >= 0)
            count_right(it, (first[k] >= 0.5f) == mark[k], (second[k] >= 0.5f) == mark[k]);
}

static void compare_picture(dv_comparison *it, const dv_bundle_facts *facts, int64_t i, const float *first,
                            const float *second)
{
    int classes = it->classes, a = dv_scores_of(first, classes, -1).prediction,
        b = dv_scores_of(second, classes, -1).prediction;
    it->word[0][i] = a;
    it->word[1][i] = b;
    it->divergence[i] = (float)dv_jensen_shannon(first, second, classes, facts->multi_label);
    it->changes[(int64_t)a * classes + b]++;
    it->compared++;
    if (a != b)
        it->order[it->changed++] = i;
    if (!dv_bundle_is_labelled(facts, i))
        return;
    it->labelled++;
    if (facts->labels)
        count_right(it, facts->labels[i] == a, facts->labels[i] == b);
    else
        count_marks(it, facts->marks + i * classes, first, second);
}

static void sum_up(dv_comparison *it, const dv_bundle_facts *facts)
{
    const int64_t *right = it->right;
    double all =
        (double)(right[DV_RIGHT_BOTH] + right[DV_RIGHT_FIRST] + right[DV_RIGHT_SECOND] + right[DV_RIGHT_NEITHER]);
    it->accuracy[0] = all > 0 ? (double)(right[DV_RIGHT_BOTH] + right[DV_RIGHT_FIRST]) / all : NAN;
    it->accuracy[1] = all > 0 ? (double)(right[DV_RIGHT_BOTH] + right[DV_RIGHT_SECOND]) / all : NAN;
    it->p_value = all > 0 && facts->labels ? dv_mcnemar(right[DV_RIGHT_FIRST], right[DV_RIGHT_SECOND]) : NAN;
}

/* The most divergent first; of equal ones the earlier. */
static int by_divergence(const void *a, const void *b, void *context)
{
    const float *divergence = context;
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    if (divergence[i] != divergence[j])
        return divergence[i] > divergence[j] ? -1 : 1;
    return i < j ? -1 : i > j;
}

static dv_comparison *make_comparison(const dv_bundle_facts *facts, dv_error *error)
{
    size_t count = (size_t)facts->count, classes = (size_t)facts->classes;
    dv_comparison *it = dv_alloc(1, sizeof *it, error);
    if (!it)
        return NULL;
    it->classes = facts->classes;
    it->count = facts->count;
    if ((it->word[0] = dv_alloc(count, sizeof(int), error)) && (it->word[1] = dv_alloc(count, sizeof(int), error)) &&
        (it->divergence = dv_alloc(count, sizeof(float), error)) &&
        (it->order = dv_alloc(count, sizeof *it->order, error)) &&
        (it->changes = dv_alloc(classes, classes * sizeof *it->changes, error)))
        return it;
    dv_comparison_free(it);
    return NULL;
}

dv_comparison *dv_compare(const dv_bundle *bundle, const float *first, const float *second, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    dv_comparison *it = make_comparison(facts, error);
    for (int64_t i = 0; it && i < it->count; i++)
        if (dv_dataset_is_unreadable(bundle->dataset, i)) {
            it->word[0][i] = it->word[1][i] = -1;
            it->divergence[i] = NAN;
        } else {
            compare_picture(it, facts, i, first + i * it->classes, second + i * it->classes);
        }
    if (!it)
        return NULL;
    sum_up(it, facts);
    qsort_r(it->order, (size_t)it->changed, sizeof *it->order, by_divergence, it->divergence);
    return it;
}

void dv_comparison_free(dv_comparison *comparison)
{
    if (!comparison)
        return;
    free(comparison->word[0]);
    free(comparison->word[1]);
    free(comparison->divergence);
    free(comparison->order);
    free(comparison->changes);
    free(comparison);
}
