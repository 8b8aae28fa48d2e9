/* The views: each fills the whole screen from the model. */
#ifndef DV_TUI_VIEW_H
#define DV_TUI_VIEW_H

#include "term/screen.h"
#include "tui/model.h"

typedef struct dv_view {
    const char *name;
    void (*draw)(dv_screen *screen, const dv_model *model);
} dv_view;

extern const dv_view dv_view_explain; /* one picture and its explanation */
extern const dv_view dv_view_help;    /* all keys */

/* Pages that the help takes on this screen. */
int dv_view_help_pages(const dv_screen *screen);

#endif
