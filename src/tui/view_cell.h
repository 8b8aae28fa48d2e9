/* Why a cell of the confusion matrix is confused: an overlay. */
#ifndef DV_TUI_VIEW_CELL_H
#define DV_TUI_VIEW_CELL_H

struct dv_control;

/* Opens it on the pictures of class `truth` that the teacher calls `said`, or says why there is nothing to show; -1 for
 * a whole row or column. */
void dv_view_cell_open(struct dv_control *control, int truth, int said);

#endif
