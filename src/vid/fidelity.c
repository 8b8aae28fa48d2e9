/* How far a student may be believed: figures on fresh neighbours. */
#include "vid/fidelity.h"

#include "base/memory.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdlib.h>

/* ---- figures ---------------------------------------------------------------- */

/* Sums over neighbours and rows. */
struct sums {
    double kl, kl_at_1, spread, residual, total, uncertainty, agreeing;
    int64_t count; /* of the neighbours that are not left out */
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

static bool is_left_out(const dv_evidence *evidence, int64_t i)
{
    return evidence->weight && evidence->weight[i] == 0;
}

static void compare_probabilities(const dv_evidence *evidence, struct sums *sums, double *log_q, double *log_p)
{
    int rows = evidence->rows;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * rows;
        double center = center_of(evidence, teacher);
        if (is_left_out(evidence, i))
            continue;
        if (evidence->multi_label)
            compare_labels(evidence, i, sums);
        else
            compare_classes(evidence, i, sums, log_q, log_p);
        for (int k = 0; k < rows; k++)
            sums->mean[k] += (teacher[k] - center) / evidence->temperature / (double)sums->count;
    }
}

static void compare_logits(const dv_evidence *evidence, struct sums *sums)
{
    int rows = evidence->rows;
    for (int64_t i = 0; i < evidence->count; i++) {
        const float *teacher = evidence->teacher + i * rows, *student = evidence->student + i * rows;
        double teacher_center = center_of(evidence, teacher), student_center = center_of(evidence, student);
        if (is_left_out(evidence, i))
            continue;
        for (int k = 0; k < rows; k++) {
            double wanted = (teacher[k] - teacher_center) / evidence->temperature;
            double missed = wanted - (student[k] - student_center), moved = wanted - sums->mean[k];
            sums->residual += missed * missed;
            sums->total += moved * moved;
        }
    }
}

/* ---- the whole -------------------------------------------------------------- */

/* Less, in logits: the teacher says the same wherever one looks, and there is no variance to share in. */
static const double no_spread = 1e-6;

static double entropy_term(double share)
{
    return share > 0 ? -share * log(share) : 0;
}

static double census_entropy(const dv_evidence *evidence, const struct sums *sums)
{
    double sum = 0;
    for (int k = 0; k < evidence->classes; k++) {
        double share = (double)sums->census[k] / (double)sums->count;
        sum += entropy_term(share) + (evidence->multi_label ? entropy_term(1 - share) : 0);
    }
    return evidence->multi_label ? sum / evidence->rows : sum;
}

bool dv_fidelity_measure(const dv_evidence *evidence, dv_fidelity *fidelity, dv_error *error)
{
    int rows = evidence->rows;
    struct sums sums = {0};
    for (int64_t i = 0; i < evidence->count; i++)
        sums.count += !is_left_out(evidence, i);
    double count = (double)sums.count;
    double *logs = dv_alloc(2 * (size_t)rows, sizeof *logs, error);
    bool ok = logs && (sums.mean = dv_alloc(rows, sizeof *sums.mean, error)) &&
              (sums.census = dv_alloc(evidence->classes, sizeof *sums.census, error));
    if (ok) {
        compare_probabilities(evidence, &sums, logs, logs + rows);
        compare_logits(evidence, &sums);
        /* Of one class, from neighbour to neighbour, at temperature 1. */
        sums.spread = sqrt(sums.total / (count * rows)) * evidence->temperature;
        *fidelity = (dv_fidelity){
            .fresh = sums.count,
            .kl = sums.kl / count,
            .kl_at_1 = sums.kl_at_1 / count,
            .agreement = sums.agreeing / count,
            .r2 = sums.spread > no_spread ? 1 - sums.residual / sums.total : NAN,
            .keeps_label = sums.keeping / count,
            .entropy = census_entropy(evidence, &sums),
            .steadiness = evidence->steadiness,
            .reconstruction_label = evidence->reconstruction_class,
        };
        dv_verdict_find(evidence, sums.uncertainty / count, sums.spread, fidelity);
    }
    free(sums.census);
    free(sums.mean);
    free(logs);
    return ok;
}
