/* A verdict on a student, and its reasons. */
#include "vid/verdict.h"

#include "vid/fidelity.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const dv_calibration dv_calibration_usual = {.from = {0, 0.7, 1.1}};

double dv_distrust(double keeps_label, double agreement)
{
    return 1 - keeps_label + 5 * (1 - agreement);
}

dv_verdict dv_verdict_by(const dv_calibration *calibration, double distrust, bool suspect, bool undecided)
{
    if (undecided || distrust >= calibration->from[DV_VERDICT_DO_NOT_TRUST])
        return DV_VERDICT_DO_NOT_TRUST;
    return suspect || distrust >= calibration->from[DV_VERDICT_DOUBTFUL] ? DV_VERDICT_DOUBTFUL : DV_VERDICT_GOOD;
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

/* ---- what it is worth ------------------------------------------------------------ */

double dv_calibration_precision(const dv_calibration *calibration)
{
    const dv_worth *doubtful = &calibration->worth[DV_VERDICT_DOUBTFUL];
    const dv_worth *worst = &calibration->worth[DV_VERDICT_DO_NOT_TRUST];
    return (double)(doubtful->bad + worst->bad) / (double)(doubtful->pictures + worst->pictures);
}

double dv_calibration_recall(const dv_calibration *calibration)
{
    int64_t missed = calibration->worth[DV_VERDICT_GOOD].bad;
    int64_t found = calibration->worth[DV_VERDICT_DOUBTFUL].bad + calibration->worth[DV_VERDICT_DO_NOT_TRUST].bad;
    return (double)found / (double)(found + missed);
}

void dv_worth_tell(const dv_worth *worth, char text[DV_REASON_SIZE])
{
    *text = '\0';
    if (worth->pictures)
        snprintf(text, DV_REASON_SIZE,
                 "Students so judged agreed with the teacher on %.0f %% of the nearest real pictures (%lld measured, "
                 "errors oversampled).",
                 100 * worth->real, (long long)worth->pictures);
}

/* ---- reasons ----------------------------------------------------------------------- */

/* A teacher is flat when its answer holds almost no information, or stays the same wherever one looks. */
static const double flat_entropy = 0.98, flat_spread = 0.01;
/* Of many labels so large a part may differ. */
static const double small_part = 0.08;

__attribute__((format(printf, 2, 3))) static void tell(dv_fidelity *fidelity, const char *format, ...)
{
    va_list arguments;
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

static void suspect_teacher(const dv_evidence *evidence, bool undecided, double spread, dv_fidelity *fidelity)
{
    if (undecided)
        tell(fidelity, "The teacher is undecided: all %s for it here.",
             evidence->multi_label ? "labels hold as much as not" : "classes are nearly equal");
    else if (evidence->count > 1 && spread < flat_spread)
        tell(fidelity, "The teacher's answer hardly changes from neighbour to neighbour: the weights say little.");
    if (evidence->seen_class != evidence->picture_class)
        tell(fidelity, "In the auto-encoder's size the teacher gives the picture another label than in its own.");
}

static void suspect_classes(const dv_evidence *evidence, dv_fidelity *fidelity)
{
    if (evidence->around_reconstruction && evidence->reconstruction_class != evidence->picture_class)
        tell(fidelity,
             "The teacher gives the reconstruction another label than the picture; residual neighbours mend that.");
    if (evidence->student_class != evidence->picture_class)
        tell(fidelity, "At the picture itself the student names another class than the teacher.");
}

static void suspect_labels(const dv_evidence *evidence, dv_fidelity *fidelity)
{
    int changed = count_differing(evidence, evidence->picture, evidence->reconstruction);
    int missed = count_differing(evidence, evidence->picture, evidence->student_picture);
    double many = small_part * evidence->rows;
    if (evidence->around_reconstruction && changed > many)
        tell(fidelity, "The reconstruction has %d of %d labels otherwise; residual neighbours mend that.", changed,
             evidence->rows);
    if (missed > many)
        tell(fidelity, "At the picture itself student and teacher differ on %d of %d labels.", missed, evidence->rows);
}

/* Each part of the distrust that makes up half of what is doubtful: one of the two does. */
static void tell_distrust(const dv_evidence *evidence, double threshold, dv_fidelity *fidelity)
{
    if (fidelity->distrust < threshold)
        return;
    if (dv_distrust(1, fidelity->agreement) >= threshold / 2)
        tell(fidelity, "Student and teacher agree on only %.0f %% of %sfresh neighbours.", 100 * fidelity->agreement,
             evidence->multi_label ? "the labels of " : "");
    if (dv_distrust(fidelity->keeps_label, 1) >= threshold / 2)
        tell(fidelity, "Only %.0f %% of the neighbours keep the picture's %s.", 100 * fidelity->keeps_label,
             evidence->multi_label ? "likeliest label" : "label");
}

void dv_verdict_find(const dv_evidence *evidence, double uncertainty, double spread, dv_fidelity *fidelity)
{
    const dv_calibration *calibration = evidence->calibration ? evidence->calibration : &dv_calibration_usual;
    fidelity->undecided = uncertainty > flat_entropy * log(evidence->multi_label ? 2 : evidence->rows);
    suspect_teacher(evidence, fidelity->undecided, spread, fidelity);
    (evidence->multi_label ? suspect_labels : suspect_classes)(evidence, fidelity);
    fidelity->suspect = fidelity->reason_count > 0;
    fidelity->distrust = dv_distrust(fidelity->keeps_label, fidelity->agreement);
    fidelity->verdict = dv_verdict_by(calibration, fidelity->distrust, fidelity->suspect, fidelity->undecided);
    fidelity->worth = fidelity->undecided ? (dv_worth){0} : calibration->worth[fidelity->verdict];
    tell_distrust(evidence, calibration->from[DV_VERDICT_DOUBTFUL], fidelity);
}
