/* How far a student may be believed. */
#ifndef DV_VID_FIDELITY_H
#define DV_VID_FIDELITY_H

#include "deepvid.h"

/* What was seen on fresh neighbours, and at the picture. */
typedef struct dv_evidence {
    int64_t count;
    int classes;
    const float *teacher; /* count x classes logits */
    const float *student; /* count x classes logits of the student, at its temperature */
    double temperature;
    int picture_class;          /* the teacher's word on the picture */
    int reconstruction_class;   /* and on its reconstruction */
    int student_class;          /* the student's word on the picture */
    bool around_reconstruction; /* the neighbours are the auto-encoder's alone */
} dv_evidence;

/* Fills all of *fidelity: figures, verdict, reasons. False only for want of memory. */
bool dv_fidelity_measure(const dv_evidence *evidence, dv_fidelity *fidelity, dv_error *error);

#endif
