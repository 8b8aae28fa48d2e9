/* Cursors and choices of the student view. */
#ifndef DV_TUI_STATE_STUDENT_H
#define DV_TUI_STATE_STUDENT_H

#include "figure/figure.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dv_student_state {
    /* weight maps (maps.h) */
    int class_index, against; /* the chosen map and what is taken off it; -1: what is natural */
    dv_map_kind kind;
    bool own_scale, overlay;
    int explainer; /* whose map is shown instead of the student's; -1: the student's are */
    int setting;   /* the chosen row of the form */
    struct {
        uint64_t wish; /* its digest; 0: none is held */
        dv_map_kind kind;
        int against;
        double scale;
    } held; /* the scale of the maps of the teacher that was looked at before */
} dv_student_state;

#endif
