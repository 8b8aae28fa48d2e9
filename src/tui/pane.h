/* Panes: each kind draws one thing about the model into its area, takes the keys that belong to it while it has the
 * focus, and tells what it needs from the engine. */
#ifndef DV_TUI_PANE_H
#define DV_TUI_PANE_H

#include "tui/actions.h"
#include "tui/grid.h"
#include "tui/layout.h"
#include "tui/model.h"

struct dv_control;

typedef struct dv_pane {
    dv_screen *screen;
    const dv_model *model;
    dv_area area;
    bool focused;
} dv_pane;

typedef struct dv_pane_kind {
    const char *name;             /* after ':pane' */
    const dv_action_set *actions; /* NULL: it never has the focus */
    void (*draw)(const dv_pane *pane);
    /* Asks for what it shows, by dv_control_ask; called whenever it is on the screen. NULL: nothing. */
    void (*need)(struct dv_control *control);
    /* A click, drag or turn of the wheel in it; row and column are relative to the pane. NULL: nothing happens. */
    void (*mouse)(struct dv_control *control, const dv_pane *pane, const dv_mouse *mouse);
} dv_pane_kind;

extern const dv_pane_kind dv_pane_header; /* views, bundle, picture, label, the teacher's word */
extern const dv_pane_kind dv_pane_footer; /* keys, message or question; progress; time and bytes */
extern const dv_pane_kind dv_pane_small;  /* instead of all others when there is no room */

/* Shared by several views. */
extern const dv_pane_kind dv_pane_picture; /* picture, reconstruction, what the knobs made */
extern const dv_pane_kind dv_pane_classes; /* probabilities of teacher and student */

/* The teacher view. */
extern const dv_pane_kind dv_pane_instances; /* pictures to move through: a list, or a strip when one row high */

/* The VAE view. */
extern const dv_pane_kind dv_pane_latents;   /* a slider a dimension */
extern const dv_pane_kind dv_pane_neighbors; /* neighbours and how the teacher calls them */

/* The student view. */
extern const dv_pane_kind dv_pane_weights;  /* one map a class */
extern const dv_pane_kind dv_pane_settings; /* what can be turned, with its keys */
extern const dv_pane_kind dv_pane_fidelity; /* how far the student may be believed */

/* ---- what they share ---- */

/* Text at a place relative to the pane, clipped to it and to `width` columns (0: the pane's edge); columns used. */
int dv_pane_text(const dv_pane *pane, int row, int column, int width, dv_style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The first row: a title (marked where the pane has the focus), something about it, and a line to the edge. */
void dv_pane_heading(const dv_pane *pane, const char *title, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same line with nothing to show below but a word about why. */
void dv_pane_say(const dv_pane *pane, const char *why);
/* Shows an image at cells of the screen and frees it; NULL shows nothing. */
void dv_pane_image(const dv_pane *pane, dv_area place, dv_image *image);

#endif
