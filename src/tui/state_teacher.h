/* Cursors and choices of the teacher view. */
#ifndef DV_TUI_STATE_TEACHER_H
#define DV_TUI_STATE_TEACHER_H

#include "deepvid.h"

typedef struct dv_teacher_state {
    bool by_prediction; /* colours: the teacher's word rather than the label */
} dv_teacher_state;

#endif
