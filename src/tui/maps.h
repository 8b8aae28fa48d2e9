/* Which weight maps the student view shows, and how: the choices of state_student.h, filled up by what is natural. */
#ifndef DV_TUI_MAPS_H
#define DV_TUI_MAPS_H

#include "figure/figure.h"
#include "tui/actions.h"
#include "tui/model.h"

/* All of these want an explanation. */

/* The class under the cursor, A of A minus B: the one that was chosen, else the teacher's word. */
int dv_maps_class(const dv_model *model);
/* B: the one that was chosen, unless that is A; else the true label, unless it is A or unknown; else the teacher's next
 * best. */
int dv_maps_against(const dv_model *model);
/* The class whose map comes `step` (1 or -1) maps after that of a class, round the end. */
int dv_maps_next(const dv_explanation *explanation, int class, int step);
/* The style the maps are painted in; its scale is that of all classes and of the other teacher's, or each map's own. */
dv_map_style dv_maps_style(const dv_model *model);
/* Keeps the scale for the maps of the other teacher, as long as wish and kind of map stay. Without an explanation it
 * does nothing. */
void dv_maps_hold_scale(dv_model *model);

enum { DV_MEANING_SIZE = 160 };
/* What the maps tell, in half a sentence: "where brightness would help the class". */
void dv_maps_meaning(const dv_model *model, char text[DV_MEANING_SIZE]);

/* What can be done about it in the student view. */
extern const dv_action_set dv_actions_maps;

#endif
