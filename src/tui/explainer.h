/* Another explainer's map of one class, in place of the student's weight maps. */
#ifndef DV_TUI_EXPLAINER_H
#define DV_TUI_EXPLAINER_H

#include "tui/control.h"
#include "tui/pane.h"

/* Whether one is chosen. What follows wants that. */
bool dv_explainer_shown(const dv_model *model);
/* Its map of the chosen class of this picture; NULL: not there (yet). */
const dv_attribution *dv_explainer_map(const dv_model *model);
void dv_explainer_draw(const dv_pane *pane);
/* For the zoom. */
dv_image *dv_explainer_paint(const dv_model *model, const dv_tiles *tile, dv_close_up *close_up);
/* The class after the chosen one (step 1), or before it. */
void dv_explainer_step_class(dv_model *model, int step);

/* Asks for the map, if one is chosen. */
void dv_explainer_need(dv_control *control);

/* Chooses the next explainer (1) or the one before (-1), the student's own maps coming between the last and the first;
 * or by name, "off" for these. */
void dv_explainer_step(dv_control *control, int step);
void dv_explainer_choose_name(dv_control *control, const char *name);

#endif
