/* Cursors and choices of the student view. */
#ifndef DV_TUI_STATE_STUDENT_H
#define DV_TUI_STATE_STUDENT_H

#include <stdbool.h>

typedef struct dv_student_state {
    int class_index; /* the chosen map, -1: none */
} dv_student_state;

#endif
