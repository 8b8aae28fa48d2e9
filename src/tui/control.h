/* From keys to changes of the model. */
#ifndef DV_TUI_CONTROL_H
#define DV_TUI_CONTROL_H

#include "term/screen.h"
#include "tui/model.h"
#include "tui/worker.h"

/* What an action may reach. */
typedef struct dv_control {
    dv_screen *screen;
    dv_worker *worker;
    dv_model *model;
    uint64_t measured; /* the last wish whose answer was timed */
    bool leave;
} dv_control;

void dv_control_key(dv_control *control, int key);

#endif
