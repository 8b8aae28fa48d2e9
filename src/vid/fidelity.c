/* How far a student may be believed: figures on fresh neighbours, and a verdict with its reasons. */
#include "vid/fidelity.h"

#include "base/memory.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- figures ---------------------------------------------------------------- */

/* Sums over neighbours and classes. */
struct sums {
    double kl, kl_at_1, spread, residual, total, uncertainty;
    int64_t agreeing, keeping;
    double *mean;    /* K: of the teacher's centred log-probabilities */
    int64_t *census; /* K: neighbours the teacher gives that class */
};

static double divergence(const double *log_q, const double *log_p, int classes)
{
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum += exp(log_q[k]) * (log_q[k] - log_p[k]);
    return sum;
}

static double entropy(const double *log_q, int classes)
{
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum -= exp(log_q[k]) * log_q[k];
    return sum;
}

static void compare_probabilities(const dv_evidence *evidence, struct sums *sums, double *log_q, double *log_p)
{
    int classes = evidence->classes;
    double temperature = evidence->temperature;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * classes, *student = evidence->student + i * classes;
        int word = dv_largest(teacher, classes);
        dv_log_softmax(teacher, classes, temperature, log_q);
        dv_log_softmax(student, classes, 1, log_p);
        sums->kl += divergence(log_q, log_p, classes);
        /* The student's logits are those at temperature 1 divided by T. */
        dv_log_softmax(teacher, classes, 1, log_q);
        dv_log_softmax(student, classes, 1 / temperature, log_p);
        sums->kl_at_1 += divergence(log_q, log_p, classes);
        sums->uncertainty += entropy(log_q, classes);
        sums->agreeing += word == dv_largest(student, classes);
        sums->keeping += word == evidence->picture_class;
        sums->census[word]++;
        double center = dv_average(teacher, classes);
        for (int k = 0; k < classes; k++)
            sums->mean[k] += (teacher[k] - center) / temperature / evidence->count;
    }
}

/* Centred logits are the centred log-probabilities. */
static void compare_logits(const dv_evidence *evidence, struct sums *sums)
{
    int classes = evidence->classes;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * classes, *student = evidence->student + i * classes;
        double teacher_center = dv_average(teacher, classes), student_center = dv_average(student, classes);
        for (int k = 0; k < classes; k++) {
            double wanted = (teacher[k] - teacher_center) / evidence->temperature;
            double missed = wanted - (student[k] - student_center), moved = wanted - sums->mean[k];
            sums->residual += missed * missed;
            sums->total += moved * moved;
        }
    }
}

/* ---- verdict ---------------------------------------------------------------- */

/* From a study of 300 Fashion-MNIST pictures, where a student was called bad if it agreed with the teacher on less than
 * four fifths of the 30 nearest real pictures (37 % were). A differing label of the reconstruction or
 * an agreement below 0.92 finds 81 % of the bad ones. Of those whose neighbours keep the label in less than 0.6 of
 * cases 59 % and more are bad; where (1 - keep) + entropy is above 1, 62 % are. The sum (1 - keep) + 5 (1 - agreement)
 * ranks best without training (area under the curve 0.855). From 1 on, which is an agreement of 0.92 with a share of
 * 0.4, most are bad. */
static const double least_agreement = 0.92, least_keep = 0.6, most_scatter = 1, most_distrust = 1;
/* A teacher is flat when its answer holds almost no information, or stays the same wherever one looks. */
static const double flat_entropy = 0.98, flat_spread = 0.01, no_spread = 1e-6;

__attribute__((format(printf, 3, 4))) static void find_fault(dv_fidelity *fidelity, dv_verdict verdict,
                                                             const char *format, ...)
{
    va_list arguments;
    if (verdict > fidelity->verdict)
        fidelity->verdict = verdict;
    if (fidelity->reason_count == DV_MAX_REASONS)
        return;
    va_start(arguments, format);
    vsnprintf(fidelity->reasons[fidelity->reason_count++], DV_REASON_SIZE, format, arguments);
    va_end(arguments);
}

static void judge(const dv_evidence *evidence, const struct sums *sums, dv_fidelity *fidelity)
{
    double distrust = 1 - fidelity->keeps_label + 5 * (1 - fidelity->agreement);
    dv_verdict severe = distrust >= most_distrust ? DV_VERDICT_DO_NOT_TRUST : DV_VERDICT_DOUBTFUL;
    fidelity->verdict = DV_VERDICT_GOOD;
    if (sums->uncertainty / evidence->count > flat_entropy * log(evidence->classes))
        find_fault(fidelity, DV_VERDICT_DO_NOT_TRUST,
                   "The teacher is undecided: all classes are nearly equal for it here.");
    else if (evidence->count > 1 && sums->spread < flat_spread)
        find_fault(fidelity, DV_VERDICT_DOUBTFUL,
                   "The teacher's answer hardly changes from neighbour to neighbour: the weights say little.");
    if (evidence->around_reconstruction && evidence->reconstruction_class != evidence->picture_class)
        find_fault(
            fidelity, severe,
            "The teacher gives the reconstruction another label than the picture; residual neighbours mend that.");
    if (evidence->student_class != evidence->picture_class)
        find_fault(fidelity, severe, "At the picture itself the student names another class than the teacher.");
    if (fidelity->agreement < least_agreement)
        find_fault(fidelity, severe, "Student and teacher agree on %.0f %% of fresh neighbours only.",
                   100 * fidelity->agreement);
    if (fidelity->keeps_label < least_keep)
        find_fault(fidelity, severe, "Only %.0f %% of the neighbours keep the picture's label.",
                   100 * fidelity->keeps_label);
    if (1 - fidelity->keeps_label + fidelity->entropy > most_scatter)
        find_fault(fidelity, severe, "The neighbours are spread over many classes (entropy %.2f nats).",
                   fidelity->entropy);
}

/* ---- the whole -------------------------------------------------------------- */

static double census_entropy(const dv_evidence *evidence, const int64_t *census)
{
    double sum = 0;
    for (int k = 0; k < evidence->classes; k++)
        if (census[k])
            sum -= (double)census[k] / evidence->count * log((double)census[k] / evidence->count);
    return sum;
}

bool dv_fidelity_measure(const dv_evidence *evidence, dv_fidelity *fidelity, dv_error *error)
{
    int classes = evidence->classes;
    double count = (double)evidence->count;
    struct sums sums = {0};
    double *logs = dv_alloc(2 * (size_t)classes, sizeof *logs, error);
    bool ok = logs && (sums.mean = dv_alloc(classes, sizeof *sums.mean, error)) &&
              (sums.census = dv_alloc(classes, sizeof *sums.census, error));
    if (ok) {
        compare_probabilities(evidence, &sums, logs, logs + classes);
        compare_logits(evidence, &sums);
        /* Of one class, from neighbour to neighbour, at temperature 1. */
        sums.spread = sqrt(sums.total / (count * classes)) * evidence->temperature;
        *fidelity = (dv_fidelity){
            .fresh = evidence->count,
            .kl = sums.kl / count,
            .kl_at_1 = sums.kl_at_1 / count,
            .agreement = sums.agreeing / count,
            .r2 = sums.spread > no_spread ? 1 - sums.residual / sums.total : NAN,
            .keeps_label = sums.keeping / count,
            .entropy = census_entropy(evidence, sums.census),
            .reconstruction_label = evidence->reconstruction_class,
        };
        judge(evidence, &sums, fidelity);
    }
    free(sums.census);
    free(sums.mean);
    free(logs);
    return ok;
}

const char *dv_verdict_name(dv_verdict verdict)
{
    static const char *const names[] = {
        [DV_VERDICT_GOOD] = "good",
        [DV_VERDICT_DOUBTFUL] = "doubtful",
        [DV_VERDICT_DO_NOT_TRUST] = "do not trust",
    };
    return names[verdict];
}
