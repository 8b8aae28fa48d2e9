/* Views: each arranges some panes on the screen. */
#ifndef DV_TUI_VIEW_H
#define DV_TUI_VIEW_H

#include "tui/pane.h"

enum { DV_MAX_FRAMES = 16 };

/* A pane in its place. */
typedef struct dv_frame {
    const dv_pane_kind *kind;
    dv_area area;
} dv_frame;

typedef struct dv_view {
    const char *name; /* after ':view' */
    const char *title;
    const dv_action_set *actions;     /* of the whole view; may be NULL */
    const dv_pane_kind *const *panes; /* those that can have the focus, in order; NULL ends them */
    /* Fills frames and returns how many. The body is the screen without its first and last row. */
    int (*arrange)(const dv_model *model, dv_area body, dv_frame frames[DV_MAX_FRAMES]);
    const struct dv_view
        *opens;   /* an overlay that belongs to this view alone: its help tells these keys, too; or NULL */
    bool is_open; /* of an overlay: the keys that change picture and settings work while it is there */
} dv_view;

extern const dv_view dv_view_teacher, dv_view_vae, dv_view_student;
extern const dv_view *const dv_views[DV_MODEL_VIEWS];
extern const dv_view dv_view_bookmarks; /* an overlay: where one can go back to */
extern const dv_view dv_view_help;      /* an overlay: the keys of the view below it */
extern const dv_view dv_view_cell;      /* an overlay: why the cell of the confusion matrix is confused */
extern const dv_view dv_view_zoom;      /* an overlay: one picture of the view below it */

enum { DV_MIN_ROWS = 24, DV_MIN_COLUMNS = 80 };

/* All panes of the screen with header and footer. */
int dv_view_frames(const dv_model *model, int rows, int columns, dv_frame frames[DV_MAX_FRAMES]);
/* The pane with the focus; NULL when the view has none. */
const dv_pane_kind *dv_view_focus(const dv_model *model);
/* Gives the focus to a pane; false if the view has no such pane. */
bool dv_view_set_focus(dv_model *model, const dv_pane_kind *kind);
/* The actions of the moment. */
void dv_view_context(const dv_model *model, dv_context *context);
/* All actions there are, for the manual. */
void dv_view_all_actions(dv_context *context);

#endif
