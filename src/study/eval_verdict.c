/* What verdicts are worth: how well students that fail on real pictures are told from the others, and thresholds by
 * which to do it. */
#include "base/error.h"
#include "base/memory.h"
#include "study/eval.h"

#include <math.h>
#include <stdlib.h>

static const double least_real = 0.8;

/* ---- area under the curve ----------------------------------------------------------- */

struct sign {
    double value;
    bool bad;
};

static int by_value(const void *a, const void *b)
{
    const struct sign *left = a, *right = b;
    return (left->value > right->value) - (left->value < right->value);
}

/* The chance that one of the bad has the larger value of two, equal ones counted half (Mann and Whitney 1947). */
static double area_under(struct sign *sign, int64_t count)
{
    double lower = 0, won = 0, bad = 0;
    qsort(sign, (size_t)count, sizeof *sign, by_value);
    for (int64_t first = 0, end; first < count; first = end) {
        double good_here = 0, bad_here = 0;
        for (end = first; end < count && sign[end].value == sign[first].value; end++)
            *(sign[end].bad ? &bad_here : &good_here) += 1;
        won += bad_here * (lower + good_here / 2);
        lower += good_here;
        bad += bad_here;
    }
    return won / (bad * lower);
}

bool dv_eval_is_bad(const dv_eval_figures *figures)
{
    return figures->value[DV_MEASURE_REAL] < least_real;
}

bool dv_eval_auc(const dv_eval *eval, int row, dv_measure measure, double *area, dv_error *error)
{
    bool rises = measure == DV_MEASURE_DISTRUST || measure == DV_MEASURE_ENTROPY || measure == DV_MEASURE_KL ||
                 measure == DV_MEASURE_KL_AT_1;
    struct sign *sign = dv_alloc(eval->done + 1, sizeof *sign, error);
    int64_t count = 0;
    if (!sign)
        return false;
    for (int64_t i = 0; i < eval->done; i++) {
        const dv_eval_figures *figures = dv_eval_at(eval, i, row);
        if (isfinite(figures->value[measure]) && isfinite(figures->value[DV_MEASURE_REAL]))
            sign[count++] =
                (struct sign){rises ? figures->value[measure] : -figures->value[measure], dv_eval_is_bad(figures)};
    }
    *area = area_under(sign, count);
    free(sign);
    return true;
}

/* ---- worth -------------------------------------------------------------------------- */

/* Whether it is about the students that explanations start from, and the bundle's thresholds with it. */
static bool is_usual(const dv_eval_row *row, const dv_bundle_facts *facts)
{
    return row->is_student && row->method == dv_explain_defaults().method && row->neighborhood == facts->neighborhood;
}

int dv_eval_find_usual(const dv_eval_wish *wish, const dv_bundle_facts *facts, dv_error *error)
{
    for (int row = 0; row < wish->rows; row++)
        if (is_usual(&wish->row[row], facts))
            return row;
    dv_error_set(error, DV_ERROR_ARGUMENT,
                 "there is no row of the students that explanations start from, to choose "
                 "thresholds by; 'student' is one");
    return -1;
}

/* Of pictures first, first + step, ... */
static void measure(const dv_eval *eval, int row, int64_t first, int64_t step, dv_calibration *calibration)
{
    for (int verdict = 0; verdict < DV_VERDICTS; verdict++)
        calibration->worth[verdict] = (dv_worth){0};
    for (int64_t i = first; i < eval->done; i += step) {
        const dv_eval_figures *figures = dv_eval_at(eval, i, row);
        const double *value = figures->value;
        if (!isfinite(value[DV_MEASURE_REAL]))
            continue;
        dv_worth *worth = &calibration->worth[dv_verdict_by(
            calibration, value[DV_MEASURE_DISTRUST], value[DV_MEASURE_SUSPECT] > 0, value[DV_MEASURE_UNDECIDED] > 0)];
        worth->pictures++;
        worth->bad += dv_eval_is_bad(figures);
        worth->real += (value[DV_MEASURE_REAL] - worth->real) / (double)worth->pictures;
    }
}

dv_calibration dv_eval_worth(const dv_eval *eval, int row)
{
    const bool usual = is_usual(&eval->wish.row[row], &eval->bundle->facts) &&
                       eval->calibration.anchor == dv_eval_options(eval, row, 0, 0).anchor;
    const bool chosen = eval->chosen_by > 0 && usual;
    dv_calibration it = usual ? eval->calibration : dv_calibration_usual;
    measure(eval, row, chosen, chosen ? 2 : 1, &it);
    return it;
}

/* ---- thresholds --------------------------------------------------------------------- */

/* Of the bad so many are not called good, and so many are not to be trusted. */
static const double enough_found = 0.85, enough_worst = 0.5;
enum { LEAST_OF_EACH = 5, DIGITS = 1000 };

/* The largest threshold that `wanted` of the bad reach, to three digits; `found` of them are found without. `otherwise`
 * where none is to be told by it. */
static double choose_threshold(const struct sign *sign, int64_t count, double wanted, int64_t found, double otherwise)
{
    for (int64_t i = count - 1; i >= 0; i--) {
        found += sign[i].bad;
        if ((double)found >= wanted)
            return floor(sign[i].value * DIGITS) / DIGITS;
    }
    return otherwise;
}

/* Every other picture of the sample, from the first: half of them misclassified as the whole is. */
static bool choose(dv_eval *eval, int row, struct sign *sign, dv_error *error)
{
    int64_t count = 0, decided = 0, trusted = 0, bad = 0, found = 0, lost = 0;
    struct sign *all = sign, *plain = sign + eval->done;
    for (int64_t i = 0; i < eval->done; i += 2) {
        const dv_eval_figures *figures = dv_eval_at(eval, i, row);
        struct sign it = {figures->value[DV_MEASURE_DISTRUST], dv_eval_is_bad(figures)};
        if (!isfinite(figures->value[DV_MEASURE_REAL]))
            continue;
        count++;
        bad += it.bad;
        if (figures->value[DV_MEASURE_UNDECIDED] > 0)
            lost += it.bad; /* by no threshold */
        else
            all[decided++] = it;
        if (figures->value[DV_MEASURE_SUSPECT] > 0)
            found += it.bad;
        else
            plain[trusted++] = it;
    }
    if (bad < LEAST_OF_EACH || count - bad < LEAST_OF_EACH)
        return dv_error_set(
            error, DV_ERROR_ARGUMENT,
            "thresholds cannot be chosen: of %lld students %lld agree with the teacher on less than %g of "
            "the real pictures; at least %d must, and as many must not: take more --pictures",
            (long long)count, (long long)bad, least_real, LEAST_OF_EACH);
    qsort(all, (size_t)decided, sizeof *all, by_value);
    qsort(plain, (size_t)trusted, sizeof *plain, by_value);
    double worst = choose_threshold(all, decided, enough_worst * (double)bad, lost,
                                    dv_calibration_usual.from[DV_VERDICT_DO_NOT_TRUST]);
    double doubtful = choose_threshold(plain, trusted, enough_found * (double)bad, found, worst);
    eval->calibration = (dv_calibration){.from = {0, doubtful, fmax(doubtful, worst)},
                                         .anchor = dv_eval_options(eval, row, 0, 0).anchor};
    eval->chosen_by = count;
    return true;
}

bool dv_eval_calibrate(dv_eval *eval, dv_error *error)
{
    int row = dv_eval_find_usual(&eval->wish, &eval->bundle->facts, error);
    struct sign *sign = row < 0 ? NULL : dv_alloc(2 * (eval->done + 1), sizeof *sign, error);
    bool ok = sign && choose(eval, row, sign, error);
    if (ok)
        measure(eval, row, 1, 2, &eval->calibration);
    free(sign);
    return ok;
}
