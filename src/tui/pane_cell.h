/* What is known of a confused cell, drawn. */
#ifndef DV_TUI_PANE_CELL_H
#define DV_TUI_PANE_CELL_H

#include "tui/pane.h"

extern const dv_pane_kind dv_pane_cell_means;      /* mean pictures and maps; asks for the findings */
extern const dv_pane_kind dv_pane_cell_latent;     /* latent dimensions as bars */
extern const dv_pane_kind dv_pane_cell_prototypes; /* exemplars above counter-exemplars */

/* Of the cell that is looked at, by the settings of the present wish; NULL: not there (yet). */
const dv_cell_findings *dv_cell_shown(const dv_model *model);
uint64_t dv_cell_shown_key(const dv_model *model);

#endif
