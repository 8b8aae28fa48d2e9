/* The teacher view: which instance? */
#include "tui/view.h"

enum {
    ROOMY_COLUMNS = 110, /* from here on all panes are on the screen */
    ROOMY_ROWS = 34,
    WIDE_COLUMNS = 170, /* and from here on with room to spare */
    WIDE_ROWS = 50,
    SIDE = 34,        /* columns of picture and classes */
    NARROW_SIDE = 26, /* the same beside a matrix, which needs the room */
    FEW_CLASSES = 14, /* a matrix that fits beside the others */
    PICTURE_ROWS = 12,
    MATRIX_EXTRA = 4, /* rows of a matrix besides its classes */
    GRID_ROWS = 5,    /* at least, for one row of pictures */
};

static const dv_pane_kind *const panes[] = {&dv_pane_projection, &dv_pane_grid, &dv_pane_matrix, NULL};

static void put(dv_frame **next, const dv_pane_kind *kind, dv_area area)
{
    *(*next)++ = (dv_frame){kind, area};
}

/* One pane and what belongs beside it; below a matrix the pictures of what is chosen in it. */
static void arrange_small(const dv_model *model, const dv_pane_kind *focus, dv_area body, dv_frame **next)
{
    dv_area right = dv_area_cut_right(&body, focus == &dv_pane_matrix ? NARROW_SIDE : SIDE);
    int rows = model->facts->classes + MATRIX_EXTRA;
    if (focus == &dv_pane_matrix && body.rows - rows >= GRID_ROWS) {
        put(next, focus, dv_area_cut_top(&body, rows));
        put(next, &dv_pane_grid, body);
    } else
        put(next, focus, body);
    put(next, &dv_pane_picture, dv_area_cut_top(&right, right.rows / 2));
    put(next, &dv_pane_classes, right);
}

/* Points above the grid; picture, classes and matrix below each other. A matrix that is too large for that takes turns
 * with the points. */
static void arrange_roomy(const dv_model *model, const dv_pane_kind *focus, dv_area body, dv_frame **next)
{
    bool few = model->facts->classes <= FEW_CLASSES;
    dv_area right = dv_area_cut_right(&body, body.columns * 9 / 25);
    put(next, !few && focus == &dv_pane_matrix ? &dv_pane_matrix : &dv_pane_projection,
        dv_area_cut_top(&body, body.rows * 11 / 20));
    put(next, &dv_pane_grid, body);
    put(next, &dv_pane_picture, dv_area_cut_top(&right, PICTURE_ROWS));
    if (few)
        put(next, &dv_pane_matrix, dv_area_cut_bottom(&right, model->facts->classes + MATRIX_EXTRA));
    put(next, &dv_pane_classes, right);
}

/* Points above the matrix; picture and classes above the grid. */
static void arrange_wide(const dv_model *model, dv_area body, dv_frame **next)
{
    int classes = model->facts->classes;
    static const int halves[] = {9, 11};
    dv_area half[2], part[2];
    dv_area_split_columns(body, 2, halves, half);
    int rows = classes + MATRIX_EXTRA < body.rows / 2 ? classes + MATRIX_EXTRA : body.rows / 2;
    put(next, &dv_pane_matrix, dv_area_cut_bottom(&half[0], rows));
    put(next, &dv_pane_projection, half[0]);
    dv_area_split_columns(dv_area_cut_top(&half[1], classes < FEW_CLASSES ? FEW_CLASSES : body.rows / 3), 2, halves,
                          part);
    put(next, &dv_pane_picture, part[0]);
    put(next, &dv_pane_classes, part[1]);
    put(next, &dv_pane_grid, half[1]);
}

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    const dv_pane_kind *focus = panes[model->focus[model->view]];
    dv_frame *next = frames;
    if (body.columns < ROOMY_COLUMNS || body.rows < ROOMY_ROWS)
        arrange_small(model, focus, body, &next);
    else if (body.columns < WIDE_COLUMNS || body.rows < WIDE_ROWS)
        arrange_roomy(model, focus, body, &next);
    else
        arrange_wide(model, body, &next);
    return (int)(next - frames);
}

const dv_view dv_view_teacher = {
    .name = "teacher",
    .title = "Teacher",
    .actions = &dv_actions_selection,
    .panes = panes,
    .arrange = arrange,
    .opens = &dv_view_cell,
};
