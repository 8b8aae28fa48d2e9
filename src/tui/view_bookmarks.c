/* The bookmarks as a list: an overlay. */
#include "tui/control.h"
#include "tui/kept.h"
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>

enum { TOP = 2, NAME_COLUMNS = 36, TEXT_SIZE = 160 };

/* The chosen one, whatever has been forgotten since. */
static int chosen(const dv_model *model)
{
    int last = model->session->bookmark_count - 1;
    return model->bookmark < last ? model->bookmark : last;
}

/* "picture 12, 3 knobs turned, ridge, band 0.5, seed 1" */
static void describe(const dv_wish *wish, char text[TEXT_SIZE])
{
    int turned = 0;
    char knobs[32] = "";
    for (int d = 0; d < wish->latent; d++)
        turned += wish->offset[d] != 0;
    if (turned > 0)
        snprintf(knobs, sizeof(knobs), ", %d knob%s turned", turned, turned == 1 ? "" : "s");
    const dv_explain_options *options = &wish->options;
    snprintf(text, TEXT_SIZE, "picture %" PRId64 "%s, %s, band %.3g%s, %" PRId64 " %s neighbours, seed %" PRIu64,
             options->index, knobs, dv_student_method_name(options->method), options->band,
             options->bands ? " and own ones" : "", options->neighbors, dv_neighborhood_name(options->neighborhood),
             options->seed);
}

static void draw_list(const dv_pane *pane)
{
    const dv_session *session = pane->model->session;
    int rows = pane->area.rows - TOP, cursor = chosen(pane->model);
    int first = cursor < rows ? 0 : cursor - rows + 1;
    dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "Bookmarks");
    if (session->bookmark_count == 0)
        dv_pane_text(pane, TOP, 0, 0, DV_STYLE_DIM, "none is left; B sets one");
    for (int i = first; i < session->bookmark_count && i - first < rows; i++) {
        char text[TEXT_SIZE];
        describe(&session->bookmark[i].wish, text);
        dv_style style = i == cursor ? DV_STYLE_SELECTED : DV_STYLE_TEXT;
        dv_pane_text(pane, TOP + i - first, 0, NAME_COLUMNS - 1, style, "%s", session->bookmark[i].name);
        dv_pane_text(pane, TOP + i - first, NAME_COLUMNS, 0, DV_STYLE_DIM, "%s", text);
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void step(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    int last = model->session->bookmark_count - 1, next = chosen(model) + direction;
    model->bookmark = next > last ? last : next < 0 ? 0 : next;
}

static void close(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->overlay = NULL;
}

static void go(dv_control *control, int unused, const char *argument)
{
    dv_model *model = control->model;
    if (chosen(model) >= 0) {
        dv_wish_copy(&model->wish, &model->session->bookmark[chosen(model)].wish);
        dv_model_want(model);
    }
    close(control, unused, argument);
}

static void forget(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    if (chosen(control->model) >= 0)
        dv_session_forget(&control->kept->session, chosen(control->model));
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    int rows = pane->area.rows - TOP, cursor = chosen(control->model);
    int clicked = mouse->row - TOP + (cursor < rows ? 0 : cursor - rows + 1);
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        step(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, NULL);
    else if (mouse->kind == DV_MOUSE_PRESS && mouse->row >= TOP && clicked < control->model->session->bookmark_count) {
        control->model->bookmark = clicked;
        go(control, 0, NULL);
    }
}

static const dv_action rows[] = {
    {"bookmark-next", "next bookmark; the one before", {DV_KEY_DOWN, 'j'}, step, 1},
    {"bookmark-back", "", {DV_KEY_UP, 'k'}, step, -1},
    {"bookmark-go", "to that picture, with its knobs and settings", {DV_KEY_ENTER}, go, 0, .hint = "go there"},
    {"bookmark-forget", "forget it", {'x', DV_KEY_DELETE}, forget, 0, .hint = "forget"},
    {"bookmarks-close", "back to the view", {DV_KEY_ESCAPE, '\'', 'q'}, close, 0, .hint = "back"},
};

static const dv_action_set actions = DV_ACTION_SET("Bookmarks", rows);

static const dv_pane_kind list = {.name = "bookmarks", .draw = draw_list, .mouse = mouse};

static int arrange(const dv_model *model, dv_area body, dv_frame frames[DV_MAX_FRAMES])
{
    (void)model;
    frames[0] = (dv_frame){&list, body};
    return 1;
}

static const dv_pane_kind *const panes[] = {NULL};

const dv_view dv_view_bookmarks = {
    .name = "bookmarks",
    .title = "Bookmarks",
    .actions = &actions,
    .panes = panes,
    .arrange = arrange,
};
