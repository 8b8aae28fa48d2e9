/* Panes: each kind draws one thing about the model into its area, takes the keys that belong to it while it has the
 * focus, and tells what it needs from the engine. */
#ifndef DV_TUI_PANE_H
#define DV_TUI_PANE_H

#include "figure/plot.h"
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

enum { DV_CLOSE_UP_SIZE = 160 };

/* What is told about a picture that fills the screen. */
typedef struct dv_close_up {
    char title[DV_CLOSE_UP_SIZE]; /* "decoded" */
    char note[DV_CLOSE_UP_SIZE];  /* one thing to know about it; may be empty */
    double scale;                 /* of a map: its colours go from -scale to scale; 0: it is no map */
} dv_close_up;

/* The pictures of a pane, for the zoom (view_zoom.c), which shows them one by one over the whole screen. */
typedef struct dv_zoom {
    /* How many there are now. `chosen` is 0 before, and may be set to the one that the pane's cursor is on. */
    int (*count)(const dv_model *model, int *chosen);
    /* Paints picture `item` into the single tile, and tells about it (`close_up` is zeroed before). NULL when there is
     * no memory, or the picture cannot be had. */
    dv_image *(*paint)(const dv_model *model, int item, const dv_tiles *tile, dv_close_up *close_up);
} dv_zoom;

typedef struct dv_pane_kind {
    const char *name;             /* after ':pane' */
    const dv_action_set *actions; /* NULL: it never has the focus */
    void (*draw)(const dv_pane *pane);
    /* Asks for what it shows, by dv_control_ask; called whenever it is on the screen. NULL: nothing. */
    void (*need)(struct dv_control *control);
    /* A click, drag or turn of the wheel in it; row and column are relative to the pane. NULL: nothing happens. */
    void (*mouse)(struct dv_control *control, const dv_pane *pane, const dv_mouse *mouse);
    const dv_zoom *zoom; /* NULL: it has no pictures to zoom */
    /* What it shows as a page of its own, for a PNG file (figure/pages.h). NULL and an error when that cannot be made;
     * NULL and DV_OK when there is nothing to show yet. NULL instead of the function: the report has it already. */
    dv_image *(*page)(const dv_model *model, dv_error *error);
} dv_pane_kind;

extern const dv_pane_kind dv_pane_header; /* views, bundle, picture, label, the teacher's word */
extern const dv_pane_kind dv_pane_footer; /* keys, message or question; progress; time and bytes */
extern const dv_pane_kind dv_pane_small;  /* instead of all others when there is no room */

/* Shared by several views. */
extern const dv_pane_kind dv_pane_picture; /* picture, reconstruction, what the knobs made */
extern const dv_pane_kind dv_pane_classes; /* probabilities of teacher and student */

/* The teacher view. */
extern const dv_pane_kind dv_pane_projection; /* all pictures as points of a plane */
extern const dv_pane_kind dv_pane_grid;       /* the selected pictures, paged */
extern const dv_pane_kind dv_pane_matrix;     /* labels against the teacher's words */

/* The VAE view. */
extern const dv_pane_kind dv_pane_coordinates; /* parallel coordinates: an axis a latent dimension */
extern const dv_pane_kind dv_pane_traversal;   /* what the chosen dimension means */
extern const dv_pane_kind dv_pane_morph;       /* the way to the marked picture */
extern const dv_pane_kind dv_pane_flip;        /* the nearest picture with another word */
extern const dv_pane_kind dv_pane_neighbors;   /* neighbours and how the teacher calls them */

/* The student view. */
extern const dv_pane_kind dv_pane_weights;  /* one map a class */
extern const dv_pane_kind dv_pane_settings; /* a line: what can be turned, with its keys */
extern const dv_pane_kind dv_pane_form;     /* all settings with their meaning and range */
extern const dv_pane_kind dv_pane_path;     /* how lambda, or learning, moves the student */
extern const dv_pane_kind dv_pane_fidelity; /* how far the student may be believed */

/* ---- what they share ---- */

/* Text at a place relative to the pane, clipped to it and to `width` columns (0: the pane's edge); columns used. */
int dv_pane_text(const dv_pane *pane, int row, int column, int width, dv_style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Words from (row, column) on, broken at blanks, going on at the first column of the next row, in at most `rows` rows;
 * "…" stands where it ends too early. Returns the rows that were used. */
int dv_pane_wrap(const dv_pane *pane, int row, int column, int rows, dv_style style, const char *text);
/* Rows that a text takes in so many columns. */
int dv_pane_wrapped_rows(int columns, const char *text);
/* The first row: a title (marked where the pane has the focus), something about it, and a line to the edge. */
void dv_pane_heading(const dv_pane *pane, const char *title, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same line with nothing to show below but a word about why. */
void dv_pane_say(const dv_pane *pane, const char *why);
/* A scale of map colours from -scale to scale that ends before column `right`, its ends in figures beside it; returns
 * the column it begins at, or `right` when there is no room before `left` or the graphics have no colours. */
int dv_pane_scale(const dv_pane *pane, int row, int left, int right, double scale);
/* Shows an image at cells of the screen and frees it; NULL shows nothing. */
void dv_pane_image(const dv_pane *pane, dv_area place, dv_image *image);
/* A plot that fills cells of the screen, whole sixel bands high, black behind. */
dv_plot dv_pane_plot(const dv_pane *pane, dv_area place);
/* The colours of classes below each other, a cell each. */
void dv_pane_swatches(const dv_pane *pane, int row, int column, const int *classes, int count);
/* The same, cut into so many pictures beside each other: only those that change are sent, and a terminal's limit for
 * the width of a picture does not cut it. */
void dv_pane_image_parts(const dv_pane *pane, dv_area place, dv_image *image, int parts);
/* A picture of the bundle's shape in the single tile, for dv_zoom. */
dv_image *dv_pane_enlarge(const dv_model *model, const float *picture, const dv_tiles *tile);

#endif
