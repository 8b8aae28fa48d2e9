/* How far a student may be believed: figures on fresh neighbours, and a verdict with its reasons. */
#include "vid/fidelity.h"

#include "base/memory.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- figures ---------------------------------------------------------------- */

/* Sums over neighbours and rows. */
struct sums {
    double kl, kl_at_1, spread, residual, total, uncertainty, agreeing;
    int64_t keeping;
    double *mean;    /* R: of the teacher's centred log-probabilities */
    int64_t *census; /* K: neighbours the teacher gives that class, or label */
};

int dv_student_word(const int *row_class, int names, const float *logits)
{
    return row_class[dv_largest(logits, names)];
}

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

/* What is taken off the logits of one neighbour, so that they are the centred log-probabilities; log-odds are left. */
static double center_of(const dv_evidence *evidence, const float *logits)
{
    return evidence->multi_label ? 0 : dv_average(logits, evidence->rows);
}

static void compare_classes(const dv_evidence *evidence, int64_t i, struct sums *sums, double *log_q, double *log_p)
{
    int rows = evidence->rows;
    double temperature = evidence->temperature;
    const float *teacher = evidence->teacher + i * rows, *student = evidence->student + i * rows;
    int word = evidence->words[i];
    dv_log_softmax(teacher, rows, temperature, log_q);
    dv_log_softmax(student, rows, 1, log_p);
    sums->kl += divergence(log_q, log_p, rows);
    /* The student's logits are those at temperature 1 divided by T. */
    dv_log_softmax(teacher, rows, 1, log_q);
    dv_log_softmax(student, rows, 1 / temperature, log_p);
    sums->kl_at_1 += divergence(log_q, log_p, rows);
    sums->uncertainty += entropy(log_q, rows);
    sums->agreeing += word == dv_student_word(evidence->row_class, evidence->names, student);
    sums->keeping += word == evidence->picture_class;
    sums->census[word]++;
}

/* Yes and no as two classes: their log-probabilities. */
static void yes_and_no(double logit, double log_p[2])
{
    log_p[0] = dv_log_sigmoid(logit);
    log_p[1] = dv_log_sigmoid(-logit);
}

static void compare_labels(const dv_evidence *evidence, int64_t i, struct sums *sums)
{
    int rows = evidence->rows;
    double temperature = evidence->temperature, log_q[2], log_p[2];
    const float *teacher = evidence->teacher + i * rows, *student = evidence->student + i * rows;
    for (int k = 0; k < rows; k++) {
        yes_and_no(teacher[k] / temperature, log_q);
        yes_and_no(student[k], log_p);
        sums->kl += divergence(log_q, log_p, 2) / rows;
        yes_and_no(teacher[k], log_q);
        yes_and_no(student[k] * temperature, log_p);
        sums->kl_at_1 += divergence(log_q, log_p, 2) / rows;
        sums->uncertainty += entropy(log_q, 2) / rows;
        sums->agreeing += (dv_says_yes(teacher[k]) == dv_says_yes(student[k])) / (double)rows;
        sums->census[evidence->row_class[k]] += dv_says_yes(teacher[k]);
        if (evidence->picture && evidence->row_class[k] == evidence->picture_class)
            sums->keeping += dv_says_yes(teacher[k]) == dv_says_yes(evidence->picture[k]);
    }
}

static void compare_probabilities(const dv_evidence *evidence, struct sums *sums, double *log_q, double *log_p)
{
    int rows = evidence->rows;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * rows;
        double center = center_of(evidence, teacher);
        if (evidence->multi_label)
            compare_labels(evidence, i, sums);
        else
            compare_classes(evidence, i, sums, log_q, log_p);
        for (int k = 0; k < rows; k++)
            sums->mean[k] += (teacher[k] - center) / evidence->temperature / evidence->count;
    }
}

static void compare_logits(const dv_evidence *evidence, struct sums *sums)
{
    int rows = evidence->rows;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * rows, *student = evidence->student + i * rows;
        double teacher_center = center_of(evidence, teacher), student_center = center_of(evidence, student);
        for (int k = 0; k < rows; k++) {
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

/* Labels to which two rows of logits say yes and no differently. */
static int count_differing(const dv_evidence *evidence, const float *a, const float *b)
{
    int count = 0;
    for (int k = 0; a && b && k < evidence->rows; k++)
        count += dv_says_yes(a[k]) != dv_says_yes(b[k]);
    return count;
}

static void judge_teacher(const dv_evidence *evidence, const struct sums *sums, dv_fidelity *fidelity)
{
    double most = log(evidence->multi_label ? 2 : evidence->rows);
    if (sums->uncertainty / evidence->count > flat_entropy * most)
        find_fault(fidelity, DV_VERDICT_DO_NOT_TRUST, "The teacher is undecided: all %s for it here.",
                   evidence->multi_label ? "labels hold as much as not" : "classes are nearly equal");
    else if (evidence->count > 1 && sums->spread < flat_spread)
        find_fault(fidelity, DV_VERDICT_DOUBTFUL,
                   "The teacher's answer hardly changes from neighbour to neighbour: the weights say little.");
    if (evidence->seen_class != evidence->picture_class)
        find_fault(fidelity, DV_VERDICT_DOUBTFUL,
                   "In the auto-encoder's size the teacher gives the picture another label than in its own.");
}

static void judge_classes(const dv_evidence *evidence, dv_verdict severe, dv_fidelity *fidelity)
{
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

/* The same thresholds, on shares of labels: one of many may differ. */
static void judge_labels(const dv_evidence *evidence, dv_verdict severe, dv_fidelity *fidelity)
{
    int changed = count_differing(evidence, evidence->picture, evidence->reconstruction);
    int missed = count_differing(evidence, evidence->picture, evidence->student_picture);
    double many = (1 - least_agreement) * evidence->rows;
    if (evidence->around_reconstruction && changed > many)
        find_fault(fidelity, severe, "The reconstruction has %d of %d labels otherwise; residual neighbours mend that.",
                   changed, evidence->rows);
    if (missed > many)
        find_fault(fidelity, severe, "At the picture itself student and teacher differ on %d of %d labels.", missed,
                   evidence->rows);
    if (fidelity->agreement < least_agreement)
        find_fault(fidelity, severe, "Student and teacher agree on %.0f %% of the labels of fresh neighbours only.",
                   100 * fidelity->agreement);
    if (fidelity->keeps_label < least_keep)
        find_fault(fidelity, severe, "Only %.0f %% of the neighbours keep the picture's likeliest label.",
                   100 * fidelity->keeps_label);
    if (1 - fidelity->keeps_label + fidelity->entropy / log(2) > most_scatter)
        find_fault(fidelity, severe, "The neighbours change many labels (mean entropy %.2f nats).", fidelity->entropy);
}

static void judge(const dv_evidence *evidence, const struct sums *sums, dv_fidelity *fidelity)
{
    double distrust = 1 - fidelity->keeps_label + 5 * (1 - fidelity->agreement);
    dv_verdict severe = distrust >= most_distrust ? DV_VERDICT_DO_NOT_TRUST : DV_VERDICT_DOUBTFUL;
    fidelity->verdict = DV_VERDICT_GOOD;
    judge_teacher(evidence, sums, fidelity);
    (evidence->multi_label ? judge_labels : judge_classes)(evidence, severe, fidelity);
}

/* ---- the whole -------------------------------------------------------------- */

static double entropy_term(double share)
{
    return share > 0 ? -share * log(share) : 0;
}

static double census_entropy(const dv_evidence *evidence, const int64_t *census)
{
    double sum = 0;
    for (int k = 0; k < evidence->classes; k++) {
        double share = (double)census[k] / evidence->count;
        sum += entropy_term(share) + (evidence->multi_label ? entropy_term(1 - share) : 0);
    }
    return evidence->multi_label ? sum / evidence->rows : sum;
}

bool dv_fidelity_measure(const dv_evidence *evidence, dv_fidelity *fidelity, dv_error *error)
{
    int rows = evidence->rows;
    double count = (double)evidence->count;
    struct sums sums = {0};
    double *logs = dv_alloc(2 * (size_t)rows, sizeof *logs, error);
    bool ok = logs && (sums.mean = dv_alloc(rows, sizeof *sums.mean, error)) &&
              (sums.census = dv_alloc(evidence->classes, sizeof *sums.census, error));
    if (ok) {
        compare_probabilities(evidence, &sums, logs, logs + rows);
        compare_logits(evidence, &sums);
        /* Of one class, from neighbour to neighbour, at temperature 1. */
        sums.spread = sqrt(sums.total / (count * rows)) * evidence->temperature;
        *fidelity = (dv_fidelity){
            .fresh = evidence->count,
            .kl = sums.kl / count,
            .kl_at_1 = sums.kl_at_1 / count,
            .agreement = sums.agreeing / count,
            .r2 = sums.spread > no_spread ? 1 - sums.residual / sums.total : NAN,
            .keeps_label = sums.keeping / count,
            .entropy = census_entropy(evidence, sums.census),
            .steadiness = evidence->steadiness,
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
