/* Why a cell of the confusion matrix is confused, or what a selection of pictures is about: an overlay. */
#ifndef DV_TUI_VIEW_CELL_H
#define DV_TUI_VIEW_CELL_H

struct dv_control;

/* Opens it on the pictures of class `truth` that the teacher calls `said`, or says why there is nothing to show; -1 for
 * a whole row or column. */
void dv_view_cell_open(struct dv_control *control, int truth, int said);
/* Opens it on the pictures that pass the filter, as they are now: the cell where they are one, else a selection and the
 * two classes that most of them are about. */
void dv_view_cell_open_selection(struct dv_control *control);

#endif
