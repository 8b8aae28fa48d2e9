/* A scatter of letters, a class each, where there are no pixels. */
#ifndef DV_TUI_LETTERS_H
#define DV_TUI_LETTERS_H

#include "figure/scatter.h"
#include "tui/pane.h"

/* 'a' and further, over and over; '?' for no class. */
char dv_letter_of(int class_index);
/* Draws the scatter at cells of the pane that are plot->width x plot->height pixels in all. What is wrong looks bad,
 * what is not selected is a dim dot. */
void dv_letters_draw(const dv_pane *pane, dv_area place, const dv_plot *plot, const dv_scatter *scatter);

#endif
