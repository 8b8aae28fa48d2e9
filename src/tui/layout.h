/* Rectangles of cells, cut into smaller ones. */
#ifndef DV_TUI_LAYOUT_H
#define DV_TUI_LAYOUT_H

#include <stdbool.h>

/* A rectangle of cells. */
typedef struct dv_area {
    int row, column, rows, columns;
} dv_area;

enum { DV_GAP = 2 }; /* columns between panes */

/* Cuts off rows or columns (at most those there are; what is left of columns begins behind a gap); returns them. */
dv_area dv_area_cut_top(dv_area *area, int rows);
dv_area dv_area_cut_bottom(dv_area *area, int rows);
dv_area dv_area_cut_left(dv_area *area, int columns);
dv_area dv_area_cut_right(dv_area *area, int columns);
/* Side by side with gaps, or one above the other without, in the proportions of `weight`. */
void dv_area_split_columns(dv_area area, int count, const int *weight, dv_area *part);
void dv_area_split_rows(dv_area area, int count, const int *weight, dv_area *part);

#endif
