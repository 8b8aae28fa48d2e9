/* How far a student may be believed. */
#ifndef DV_VID_FIDELITY_H
#define DV_VID_FIDELITY_H

#include "vid/verdict.h"

/* What was seen on fresh neighbours, and at the picture. */
typedef struct dv_evidence {
    int64_t count;
    int classes;          /* K, of the teacher */
    int rows;             /* R, that the student tells apart */
    int names;            /* of these that are classes: the first ones */
    const int *row_class; /* R */
    bool multi_label;
    const float *teacher; /* count x R logits */
    const int *words;     /* count, the teacher's words: of K */
    const double *weight; /* count: where it is 0 the neighbour is left out; NULL: none is */
    const float *student; /* count x R logits of the student, at its temperature */
    double temperature;
    double steadiness;                 /* of the student's map */
    int picture_class;                 /* the teacher's word on the picture */
    int seen_class;                    /* and on the picture in the auto-encoder's size */
    int reconstruction_class;          /* and on its reconstruction */
    int student_class;                 /* the student's word on the picture */
    const float *picture;              /* R logits of the teacher on the picture; for several labels only, else NULL */
    const float *reconstruction;       /* and on its reconstruction */
    const float *student_picture;      /* and of the student on the picture */
    bool around_reconstruction;        /* the neighbours are the auto-encoder's alone */
    const dv_calibration *calibration; /* what verdicts go by; NULL: the usual */
} dv_evidence;

/* Fills all of *fidelity: figures, verdict, reasons. False only for want of memory. */
bool dv_fidelity_measure(const dv_evidence *evidence, dv_fidelity *fidelity, dv_error *error);

/* Distrust, verdict and reasons of what is measured; `uncertainty`: mean entropy of the teacher's answers, of a label
 * or of all classes, nats; `spread`: of a logit from neighbour to neighbour. */
void dv_verdict_find(const dv_evidence *evidence, double uncertainty, double spread, dv_fidelity *fidelity);

/* The student's word by its R logits: the largest of the classes that it tells apart. */
int dv_student_word(const int *row_class, int names, const float *logits);

#endif
