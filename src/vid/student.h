/* Students: linear models p(x) = softmax(W x + b) distilled from the teacher's soft labels. One method is one row of
 * the table in student.c and one file. */
#ifndef DV_VID_STUDENT_H
#define DV_VID_STUDENT_H

#include "base/memory.h"
#include "base/team.h"
#include "vid/bundle.h"

/* What a student learns from: N pictures of D pixels, K classes. */
typedef struct dv_lesson {
    int64_t count;            /* N */
    int pixels;               /* D */
    int classes;              /* K: those that it is to tell apart, the rest among them */
    bool multi_label;         /* each is a label of its own, with a sigmoid in place of the softmax */
    const float *pictures;    /* N x D */
    const float *logits;      /* N x K, the teacher's */
    const float *soft_labels; /* N x K, softmax(logits / temperature) */
    const double *weight;     /* N, of locality */
    const float *anchor;      /* D, the picture itself, which has the options' share of the weight; NULL: it has none */
    const float *anchor_logits; /* K, the teacher's on it */
    int row;                    /* the class whose map's steadiness is told; -1: none is */
    const dv_explain_options *options;
    dv_team *team;
    const dv_progress *progress;
    /* The ridge student's system is kept here for the next lesson, which may differ in lambda; NULL: it is not. */
    struct dv_ridge_system **kept;
    uint64_t generation; /* differs where pictures, weights or the teacher's words on all its classes do */
    uint64_t version;    /* differs where the classes of the rows do */
} dv_lesson;

/* Share of the weight that the anchor has. */
static inline double dv_lesson_anchor(const dv_lesson *lesson)
{
    return lesson->anchor ? lesson->options->anchor : 0;
}

/* What it has become. The caller provides weights and bias; the loss curve, where there is one, is freed by the
 * caller. */
typedef struct dv_student {
    float *weights; /* K x D */
    float *bias;    /* K */
    double lambda, top_eigenvalue;
    double steadiness; /* of a ridge student; else as it was */
    double *loss_curve;
    int loss_count;
} dv_student;

/* The bundle's neighbours as a lesson on the classes of its shortlist; soft labels are the caller's to add, ridge needs
 * none. */
dv_lesson dv_student_lesson(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress);

bool dv_student_distil(const dv_lesson *lesson, dv_student *student, dv_error *error);

/* Logits (count x K) of the student at its temperature, on `pictures` (count x D). */
void dv_student_logits(dv_team *team, const float *weights, const float *bias, int pixels, int classes,
                       const float *pictures, int64_t count, float *logits);

/* The rows' functions. */

/* Weighted least squares of the centred log soft labels with a ridge (ridge.c). */
bool dv_ridge_distil(const dv_lesson *lesson, dv_student *student, dv_error *error);
/* Cross-entropy on the soft labels, minimised step by step (softmax_regression.c). */
bool dv_adam_distil(const dv_lesson *lesson, dv_student *student, dv_error *error);
bool dv_sgd_distil(const dv_lesson *lesson, dv_student *student, dv_error *error);
bool dv_gd_distil(const dv_lesson *lesson, dv_student *student, dv_error *error);

#endif
