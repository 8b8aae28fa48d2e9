/* All pictures as points of a plane: the cursor is the current one, a region chooses some. */
#include "figure/pages.h"
#include "tui/control.h"
#include "tui/letters.h"
#include "tui/window.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LEGEND_COLUMNS = 14, /* beside the points, where there is room */
    MAX_LEGEND = 64,     /* classes */
    PART_COLUMNS = 16,   /* of the pictures side by side, of which the cursor changes few: at least */
    STEPS = 24,          /* of a region's corner from one side to the other */
    FEATURES = DV_FEATURES_PIXELS + 1,
    SHOW_MS = 400, /* between better positions */
    SHOW_SLOW_MS = 4000,
    CLICK_CELLS = 2, /* a click chooses the nearest point within so many rows */
};

static const double ZOOM = 1.5;

/* The points as they are on the screen. */
typedef struct chart {
    dv_cell cell;
    dv_area area;   /* relative to the pane */
    dv_area legend; /* no columns: none */
    dv_plot plot;
    dv_scatter scatter;
} chart;

static const dv_positions *positions_of(const dv_model *model)
{
    return dv_model_result(model, DV_JOB_PROJECT);
}

/* The current picture's place, NULL when it is not known yet. */
static const float *cursor_of(const dv_model *model)
{
    const dv_positions *positions = positions_of(model);
    return positions ? positions->position + 2 * model->wish.options.index : NULL;
}

static const int *classes_of(const dv_model *model)
{
    return model->teacher.by_prediction || !model->facts->labels ? model->pictures->prediction : model->facts->labels;
}

/* Letters stand for points where there are no pixels. */
static bool by_letters(const chart *it)
{
    return it->cell.graphics == DV_GRAPHICS_OFF || it->cell.graphics == DV_GRAPHICS_ASCII;
}

/* A square as large as fits, and the legend beside it: where there is room, or where letters must be explained. */
static void place(const dv_pane *pane, chart *it)
{
    dv_cell cell = dv_cell_of(pane->screen);
    double wide = cell.aspect > 0 ? cell.width * cell.aspect : cell.width;
    dv_area area = {.row = 1, .rows = pane->area.rows - 1, .columns = pane->area.columns};
    int columns = (int)ceil(area.rows * cell.height / wide);
    int room = area.columns;
    it->cell = cell;
    it->area = area;
    if (by_letters(it) && room > 2 * LEGEND_COLUMNS)
        room -= LEGEND_COLUMNS + DV_GAP;
    it->area.columns = columns < room ? columns : room;
    it->legend = area;
    it->legend.column = it->area.columns + DV_GAP;
    it->legend.columns = area.columns - it->legend.column;
    if (it->legend.columns < LEGEND_COLUMNS)
        it->legend.columns = 0;
    it->plot = dv_pane_plot(pane, it->area);
}

static dv_scatter scatter_of(const dv_model *model, const dv_positions *positions)
{
    const dv_region *region = &model->teacher.region;
    return (dv_scatter){.count = positions->count,
                        .position = positions->position,
                        .class_index = classes_of(model),
                        .wrong = model->pictures->marked,
                        .selected = dv_pictures_is_filtered(model->pictures) ? model->pictures->chosen : NULL,
                        .cursor = model->wish.options.index,
                        .window = model->teacher.window,
                        .corners = region->kind == DV_REGION_NONE ? 0 : region->corners,
                        .corner = region->corner,
                        .closed = region->kind == DV_REGION_BOX};
}

/* False when there is no room or nothing to show. */
static bool open_chart(const dv_pane *pane, chart *it)
{
    const dv_positions *positions = positions_of(pane->model);
    place(pane, it);
    if (!positions || it->area.rows < 1 || it->area.columns < 1)
        return false;
    it->scatter = scatter_of(pane->model, positions);
    return true;
}

/* ---- drawing ----------------------------------------------------------------------- */

static void draw_legend(const dv_pane *pane, const chart *it)
{
    const dv_model *model = pane->model;
    int classes[MAX_LEGEND], room = it->legend.rows < MAX_LEGEND ? it->legend.rows : MAX_LEGEND;
    int count = model->facts->classes < room ? model->facts->classes : room;
    if (it->legend.columns == 0)
        return;
    for (int k = 0; k < count; k++) {
        int row = it->legend.row + k, column = it->legend.column;
        classes[k] = k;
        if (by_letters(it))
            dv_pane_text(pane, row, column, 1, DV_STYLE_TEXT, "%c", dv_letter_of(k));
        dv_pane_text(pane, row, column + 2, it->legend.columns - 2, DV_STYLE_DIM, "%s", dv_model_class_name(model, k));
    }
    dv_pane_swatches(pane, it->legend.row, it->legend.column, classes, count);
}

static void draw_heading(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_positions *positions = positions_of(model);
    const dv_project_options *wanted = &model->teacher.project;
    char progress[32] = "", zoom[32] = "";
    if (!positions || !dv_model_is_answered(model, DV_JOB_PROJECT))
        snprintf(progress, sizeof(progress), "%s", model->answer[DV_JOB_PROJECT].failed ? " failed" : " begins");
    else if (positions->fraction < 1)
        snprintf(progress, sizeof(progress), " %.0f %%", 100 * positions->fraction);
    if (model->teacher.window.reach < 1)
        snprintf(zoom, sizeof(zoom), ", zoom %.1f", 1 / model->teacher.window.reach);
    dv_pane_heading(pane, "Projection", "%s %s%s, by %s%s", dv_features_name(wanted->features),
                    wanted->tsne ? "t-SNE" : "PCA", progress,
                    classes_of(model) == model->facts->labels ? "label" : "teacher", zoom);
}

static dv_image *page(const dv_model *model, dv_error *error)
{
    const dv_positions *positions = positions_of(model);
    const dv_bundle_facts *facts = model->facts;
    char title[256], subtitle[256];
    if (!positions)
        return NULL;
    dv_scatter scatter = scatter_of(model, positions);
    const dv_project_options *options = &positions->options;
    snprintf(title, sizeof(title), "%.160s: %" PRId64 " pictures", facts->name, facts->count);
    snprintf(subtitle, sizeof(subtitle), "%s of %s, coloured by %s.", options->tsne ? "t-SNE" : "PCA",
             dv_features_name(options->features),
             scatter.class_index == facts->labels ? "label" : "the teacher's word");
    dv_page_words words = {.title = title,
                           .subtitle = subtitle,
                           .note = positions->fraction < 1 ? "t-SNE was still at work." : "",
                           .classes = facts->classes,
                           .class_names = facts->class_names};
    return dv_figure_page_projection(&words, &scatter, error);
}

static void draw_pane(const dv_pane *pane)
{
    chart it;
    draw_heading(pane);
    if (!open_chart(pane, &it)) {
        dv_pane_say(pane, pane->model->answer[DV_JOB_PROJECT].failed ? "there is none; Ctrl-R tries again" : "");
        return;
    }
    dv_area place = it.area;
    place.row += pane->area.row;
    place.column += pane->area.column;
    int parts = place.columns < 2 * PART_COLUMNS ? 1 : place.columns / PART_COLUMNS;
    if (by_letters(&it))
        dv_letters_draw(pane, it.area, &it.plot, &it.scatter);
    else
        dv_pane_image_parts(pane, place, dv_figure_scatter(&it.plot, &it.scatter, NULL), parts);
    draw_legend(pane, &it);
}

/* ---- the window -------------------------------------------------------------------------- */

/* A cursor that was moved stays in sight. */
static void follow(dv_model *model)
{
    dv_teacher_state *state = &model->teacher;
    const float *cursor = cursor_of(model);
    if (!cursor || state->followed == model->wish.options.index)
        return;
    state->followed = model->wish.options.index;
    dv_window_follow(&state->window, cursor);
}

static void need(dv_control *control)
{
    const dv_project_options *wanted = &control->model->teacher.project;
    uint64_t key = 1 + 2 * (uint64_t)wanted->features + wanted->tsne;
    int interval = dv_screen_slow(control->screen) ? SHOW_SLOW_MS : SHOW_MS;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_PROJECT, .key = key, .project = *wanted, .count = interval});
    follow(control->model);
}

static void zoom(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_window *window = &control->model->teacher.window;
    const float *cursor = cursor_of(control->model);
    if (!cursor || direction == 0) {
        dv_window_show_all(window);
        return;
    }
    dv_window_zoom(window, direction > 0 ? ZOOM : 1 / ZOOM, cursor);
    dv_window_look_at(window, cursor);
}

/* ---- regions ------------------------------------------------------------------------------- */

static void finish_region(dv_control *control)
{
    dv_model *model = control->model;
    const dv_positions *positions = positions_of(model);
    dv_region *region = &model->teacher.region;
    dv_pictures *pictures = model->pictures;
    bool closed = dv_region_is_closed(region);
    int64_t found = positions && closed
                        ? dv_region_collect(region, positions->position, positions->count, pictures->filter.region)
                        : 0;
    region->kind = DV_REGION_NONE;
    pictures->filter.by_region = found > 0;
    dv_pictures_select(pictures);
    if (found > 0)
        dv_control_show_selection(control);
    else
        dv_model_say(model, false, "No picture lies in the region.");
}

static void begin_region(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    const float *cursor = cursor_of(model);
    dv_region *region = &model->teacher.region;
    if (region->kind != DV_REGION_NONE || !cursor) {
        region->kind = DV_REGION_NONE;
        return;
    }
    dv_region_begin_box(region, cursor, (float)(2 * model->teacher.window.reach / STEPS));
    dv_model_say(model, false, "Region: arrows move one corner, with Shift the other; Enter chooses what is in it.");
}

static void accept(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    if (control->model->teacher.region.kind == DV_REGION_NONE)
        dv_control_command(control, "explain");
    else
        finish_region(control);
}

static void give_up(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_region *region = &control->model->teacher.region;
    if (region->kind == DV_REGION_NONE)
        dv_control_command(control, "cancel");
    else
        region->kind = DV_REGION_NONE;
}

/* ---- keys ------------------------------------------------------------------------------------- */

static const int ways[][2] = {[DV_DIRECTION_UP] = {0, 1},
                              [DV_DIRECTION_DOWN] = {0, -1},
                              [DV_DIRECTION_LEFT] = {-1, 0},
                              [DV_DIRECTION_RIGHT] = {1, 0}};

static void move_corner(dv_model *model, int corner, int direction)
{
    dv_teacher_state *state = &model->teacher;
    float step = (float)(2 * state->window.reach / STEPS);
    dv_region_move_corner(&state->region, corner, step * (float)ways[direction][0], step * (float)ways[direction][1],
                          &state->window);
}

static void move(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    const dv_pictures *pictures = model->pictures;
    const dv_positions *positions = positions_of(model);
    if (model->teacher.region.kind == DV_REGION_BOX) {
        move_corner(model, 2, direction);
        return;
    }
    if (!positions)
        return;
    int64_t next = dv_scatter_next(positions->position, positions->count,
                                   dv_pictures_is_filtered(pictures) ? pictures->chosen : NULL,
                                   model->wish.options.index, (dv_direction)direction);
    if (next >= 0)
        dv_model_go(model, next);
}

static void move_other(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    if (control->model->teacher.region.kind == DV_REGION_BOX)
        move_corner(control->model, 0, direction);
}

static void change_features(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_project_options *project = &control->model->teacher.project;
    int features = ((int)project->features + 1) % FEATURES;
    if (argument && argument[0])
        for (features = 0; features < FEATURES; features++)
            if (strcmp(dv_features_name((dv_features)features), argument) == 0)
                break;
    if (features == FEATURES) {
        dv_model_say(control->model, true, "Projections are made from latent, logits, hidden or pixels.");
        return;
    }
    project->features = (dv_features)features;
}

static void change_method(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->teacher.project.tsne = !control->model->teacher.project.tsne;
}

/* ---- the mouse ---------------------------------------------------------------------------------- */

/* The middle of a cell; of one at the rim, just beyond it: what lies on the rim can be enclosed. */
static double pixel_of(int cell, int cells, int size)
{
    return cell <= 0 ? -1 : cell >= cells - 1 ? cells * size : (cell + .5) * size - .5;
}

/* False beside the points. */
static bool find_pixel(const chart *it, const dv_mouse *mouse, double pixel[2])
{
    int row = mouse->row - it->area.row, column = mouse->column - it->area.column;
    pixel[0] = pixel_of(column, it->area.columns, it->cell.width);
    pixel[1] = pixel_of(row, it->area.rows, it->cell.height);
    return row >= 0 && row < it->area.rows && column >= 0 && column < it->area.columns;
}

static void release(dv_control *control, const chart *it, const double pixel[2])
{
    dv_region *region = &control->model->teacher.region;
    if (region->kind != DV_REGION_LASSO)
        return;
    if (dv_region_is_closed(region)) {
        finish_region(control);
        return;
    }
    region->kind = DV_REGION_NONE;
    int64_t index = dv_scatter_nearest(&it->plot, &it->scatter, pixel, CLICK_CELLS * it->cell.height);
    if (index >= 0)
        dv_model_go(control->model, index);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    dv_teacher_state *state = &control->model->teacher;
    chart it;
    double pixel[2];
    float position[2];
    if (!open_chart(pane, &it))
        return;
    bool inside = find_pixel(&it, mouse, pixel);
    dv_scatter_position(&it.plot, &state->window, pixel, position);
    switch (mouse->kind) {
    case DV_MOUSE_PRESS:
        if (inside && mouse->button <= 1)
            dv_region_begin_lasso(&state->region, position);
        break;
    case DV_MOUSE_DRAG:
        if (state->region.kind == DV_REGION_LASSO)
            dv_region_extend(&state->region, position);
        break;
    case DV_MOUSE_RELEASE:
        release(control, &it, pixel);
        break;
    case DV_MOUSE_WHEEL_UP:
    case DV_MOUSE_WHEEL_DOWN:
        dv_window_zoom(&state->window, mouse->kind == DV_MOUSE_WHEEL_UP ? ZOOM : 1 / ZOOM, position);
        break;
    }
}

static const dv_action rows[] = {
    {"point-up", "the next point upwards; down; to the left; right", {DV_KEY_UP, 'k'}, move, DV_DIRECTION_UP},
    {"point-down", "", {DV_KEY_DOWN, 'j'}, move, DV_DIRECTION_DOWN},
    {"point-left", "", {DV_KEY_LEFT, 'h'}, move, DV_DIRECTION_LEFT},
    {"point-right", "", {DV_KEY_RIGHT, 'l'}, move, DV_DIRECTION_RIGHT},
    {"features", "project latent means, logits, hidden layer, pixels", {'f'}, change_features, 0, "NAME", "features"},
    {"method", "principal components, or t-SNE", {'P'}, change_method, 0, .hint = "PCA/t-SNE"},
    {"region",
     "draw a region: arrows move a corner, Enter ends, Esc gives up",
     {'v'},
     begin_region,
     0,
     .hint = "region"},
    {"corner-up", "move the region's other corner", {DV_KEY_SHIFT_UP, 'K'}, move_other, DV_DIRECTION_UP},
    {"corner-down", "", {DV_KEY_SHIFT_DOWN, 'J'}, move_other, DV_DIRECTION_DOWN},
    {"corner-left", "", {DV_KEY_SHIFT_LEFT, 'H'}, move_other, DV_DIRECTION_LEFT},
    {"corner-right", "", {DV_KEY_SHIFT_RIGHT, 'L'}, move_other, DV_DIRECTION_RIGHT},
    {"region-end", "choose what is in the region", {DV_KEY_ENTER}, accept, 0},
    {"region-leave", "give the region up", {DV_KEY_ESCAPE}, give_up, 0},
    {"closer", "closer to the cursor; farther; everything", {'+', '='}, zoom, 1},
    {"farther", "", {'-'}, zoom, -1},
    {"whole", "", {'0'}, zoom, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Projection", rows);

const dv_pane_kind dv_pane_projection = {
    .name = "projection", .actions = &actions, .draw = draw_pane, .need = need, .mouse = mouse, .page = page};
