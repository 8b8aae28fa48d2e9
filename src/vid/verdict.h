/* What verdicts on students go by. */
#ifndef DV_VID_VERDICT_H
#define DV_VID_VERDICT_H

#include "deepvid.h"

typedef struct dv_calibration {
    double from[DV_VERDICTS];    /* the least distrust of each verdict, rising; 0 of the good */
    dv_worth worth[DV_VERDICTS]; /* on pictures that the thresholds were not chosen by */
    double anchor;               /* dv_explain_options.anchor of the students that all this was measured on */
} dv_calibration;

/* Thresholds of the bundled Fashion-MNIST classifier, which no other bundle has measured. */
extern const dv_calibration dv_calibration_usual;

/* 1 - keep + 5 (1 - agreement), 0..6: of a study's combinations the one that ranked students best without being
 * trained; area under the curve for low agreement on real pictures 0.86 there, 0.90 here. */
double dv_distrust(double keeps_label, double agreement);
/* By thresholds alone, but for what is suspect, and where the teacher is undecided. */
dv_verdict dv_verdict_by(const dv_calibration *calibration, double distrust, bool suspect, bool undecided);

/* Of all that are not good: the share that is bad, and the share of the bad that is among them. NaN where there is
 * none.
 */
double dv_calibration_precision(const dv_calibration *calibration);
double dv_calibration_recall(const dv_calibration *calibration);

#endif
