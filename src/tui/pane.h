/* The panes: each draws one thing about the model into its area. */
#ifndef DV_TUI_PANE_H
#define DV_TUI_PANE_H

#include "term/screen.h"
#include "tui/grid.h"
#include "tui/layout.h"
#include "tui/model.h"

typedef struct dv_pane {
    dv_screen *screen;
    const dv_model *model;
    dv_area area;
} dv_pane;

void dv_pane_draw_header(const dv_pane *pane);    /* bundle, picture, label, the teacher's word */
void dv_pane_draw_instances(const dv_pane *pane); /* pictures to move through: a list, or a strip when one row high */
void dv_pane_draw_picture(const dv_pane *pane);   /* picture, reconstruction, what the knobs made */
void dv_pane_draw_classes(const dv_pane *pane);   /* probabilities of teacher and student */
void dv_pane_draw_latents(const dv_pane *pane);   /* a slider a dimension */
void dv_pane_draw_weights(const dv_pane *pane);   /* one map a class */
void dv_pane_draw_neighbors(const dv_pane *pane); /* neighbours and how the teacher calls them */
void dv_pane_draw_settings(const dv_pane *pane);  /* what can be turned, with its keys */
void dv_pane_draw_fidelity(const dv_pane *pane);  /* how far the student may be believed */
void dv_pane_draw_footer(const dv_pane *pane);    /* keys, message or question; progress; time and bytes */

/* ---- what they share ---- */

/* Text at a place relative to the pane, clipped to it and to `width` columns (0: the pane's edge); columns used. */
int dv_pane_text(const dv_pane *pane, int row, int column, int width, dv_style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The first row: a title, something about it, and a line to the edge. */
void dv_pane_heading(const dv_pane *pane, const char *title, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same line with nothing to show below but a word about why. */
void dv_pane_say(const dv_pane *pane, const char *why);
/* Shows an image at cells of the pane and frees it; NULL shows nothing. */
void dv_pane_image(const dv_pane *pane, dv_area place, dv_image *image);

#endif
