/* Cursors and choices of the teacher view. */
#ifndef DV_TUI_STATE_TEACHER_H
#define DV_TUI_STATE_TEACHER_H

#include "figure/heat.h"
#include "figure/scatter.h"
#include "tui/region.h"

typedef struct dv_teacher_state {
    bool by_prediction; /* colours: the teacher's word rather than the label */
    bool class_frames;  /* of the grid's tiles: the class's colour rather than right and wrong */

    dv_project_options project;
    dv_window window; /* the part of the projection that is seen */
    int64_t followed; /* the picture that it was last moved for */
    dv_region region;

    int row, column;   /* the cell of the confusion matrix; -1 in one of them: a whole column or row */
    dv_heat_mode mode; /* what its cells are told in */
    bool by_errors;    /* classes with the most errors first */
    bool is_moved;     /* the user has moved that cell */
} dv_teacher_state;

#endif
