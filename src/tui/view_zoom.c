/* One picture over the whole screen: those of the pane with the focus, then those of the other panes of the view. */
#include "tui/control.h"
#include "tui/view.h"

#include <stdio.h>

enum { BELOW = 1, ABOVE = 2 }; /* rows of text */

/* The panes of the view below that have pictures now, in the order of going through. */
typedef struct gallery {
    int panes;
    const dv_pane_kind *pane[DV_MAX_FRAMES];
    int pictures[DV_MAX_FRAMES];
    int current; /* pane */
    int item;    /* of its pictures */
} gallery;

static void add_pane(gallery *all, const dv_model *model, const dv_pane_kind *kind)
{
    int chosen = 0, pictures = kind->zoom ? kind->zoom->count(model, &chosen) : 0;
    if (pictures < 1)
        return;
    all->pane[all->panes] = kind;
    all->pictures[all->panes++] = pictures;
}

/* The body is that of the screen: the view below has the same. */
static gallery collect(const dv_model *model, dv_area body)
{
    gallery all = {0};
    dv_frame frames[DV_MAX_FRAMES];
    const dv_view *view = dv_views[model->view];
    int count = view->arrange(model, body, frames);
    const dv_pane_kind *focus = view->panes[model->focus[model->view]];
    add_pane(&all, model, focus);
    for (int i = 0; i < count; i++)
        if (frames[i].kind != focus)
            add_pane(&all, model, frames[i].kind);
    for (int i = 0; i < all.panes; i++)
        if (all.pane[i] == model->zoom.pane)
            all.current = i;
    int last = all.panes > 0 ? all.pictures[all.current] - 1 : 0;
    all.item = model->zoom.item < last ? model->zoom.item : last;
    return all;
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void draw_picture(const dv_pane *pane, const gallery *all)
{
    const dv_model *model = pane->model;
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid_wish wish = {.rows = pane->area.rows - ABOVE - BELOW,
                         .columns = pane->area.columns,
                         .height = model->facts->height,
                         .width = model->facts->width,
                         .wanted = 1,
                         .most = 1};
    dv_grid grid;
    if (!dv_grid_fit(&cell, &wish, &grid)) {
        dv_pane_say(pane, cell.graphics == DV_GRAPHICS_OFF ? "graphics are off; c shows others" : "no room");
        return;
    }
    dv_close_up close_up = {0};
    dv_image *image = all->pane[all->current]->zoom->paint(model, all->item, &grid.tiles, &close_up);
    dv_pane_image(pane,
                  (dv_area){.row = pane->area.row + ABOVE,
                            .column = pane->area.column + (pane->area.columns - grid.cell_columns) / 2,
                            .rows = grid.cell_rows,
                            .columns = grid.cell_columns},
                  image);
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "%s", close_up.title) + 2;
    dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%s", close_up.note);
    if (close_up.scale > 0)
        dv_pane_scale(pane, ABOVE + grid.cell_rows, 0, pane->area.columns / 2 + 16, close_up.scale);
}

static void draw_pane(const dv_pane *pane)
{
    gallery all = collect(pane->model, pane->area);
    if (all.panes == 0) {
        dv_pane_say(pane, "This view has no picture to look at closely now.");
        return;
    }
    draw_picture(pane, &all);
    dv_pane_text(pane, pane->area.rows - 1, 0, 0, DV_STYLE_DIM, "%s, %d of %d", all.pane[all.current]->name,
                 all.item + 1, all.pictures[all.current]);
}

/* ---- keys ---------------------------------------------------------------------------------- */

static gallery of_control(const dv_control *control)
{
    return collect(control->model, (dv_area){.row = 1,
                                             .rows = dv_screen_rows(control->screen) - 2,
                                             .columns = dv_screen_columns(control->screen)});
}

static void show(dv_control *control, const gallery *all, int pane, int item)
{
    control->model->zoom = (dv_zoom_state){all->pane[pane], item};
}

/* From the last picture of a pane to the first of the next one, and round. */
static void step(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    gallery all = of_control(control);
    if (all.panes == 0)
        return;
    int pane = all.current, item = all.item + direction;
    if (item < 0 || item >= all.pictures[pane]) {
        pane = (pane + direction + all.panes) % all.panes;
        item = direction > 0 ? 0 : all.pictures[pane] - 1;
    }
    show(control, &all, pane, item);
}

static void step_pane(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    gallery all = of_control(control);
    if (all.panes == 0)
        return;
    int pane = (all.current + direction + all.panes) % all.panes, item = 0;
    all.pane[pane]->zoom->count(control->model, &item);
    show(control, &all, pane, item);
}

static void close(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->overlay = NULL;
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    (void)pane;
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        step(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, NULL);
    else if (mouse->kind == DV_MOUSE_PRESS)
        close(control, 0, NULL);
}

static const dv_action rows[] = {
    {"zoom-next", "next picture; the one before", {DV_KEY_RIGHT, 'l'}, step, 1, .hint = "next"},
    {"zoom-back", "", {DV_KEY_LEFT, 'h'}, step, -1},
    {"zoom-next-pane", "those of the next pane; the one before", {DV_KEY_DOWN, 'j', 'w'}, step_pane, 1},
    {"zoom-back-pane", "", {DV_KEY_UP, 'k', 'W'}, step_pane, -1},
    {"zoom-close", "back to the view", {DV_KEY_ESCAPE, 'z', 'q', DV_KEY_ENTER}, close, 0, .hint = "back"},
};

static const dv_action_set actions = DV_ACTION_SET("Zoom", rows);

static const dv_pane_kind pane_zoom = {.name = "zoom", .draw = draw_pane, .mouse = mouse};

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    frames[0] = (dv_frame){&pane_zoom, body};
    return 1;
}

static const dv_pane_kind *const panes[] = {NULL};

const dv_view dv_view_zoom = {
    .name = "zoom", .title = "Zoom", .actions = &actions, .panes = panes, .arrange = arrange, .is_open = true};
