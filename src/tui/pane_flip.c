/* The nearest flip: the smallest step in latent space that was found to change the teacher's word. */
#include "tui/control.h"
#include "tui/pane.h"
#include "tui/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PICTURES = 3, WORDS = 34 /* columns beside the pictures */ };

/* The flip of the picture of the wish; NULL: none was found, or none asked for. */
static const dv_flip *get_flip(const dv_model *model)
{
    bool asked = model->vae.flip_index == model->wish.options.index;
    return asked && dv_model_is_answered(model, DV_JOB_FLIP) ? dv_model_result(model, DV_JOB_FLIP) : NULL;
}

/* The key of the request for what is wished now. */
static uint64_t key_of(const dv_control *control)
{
    return dv_control_request_key(control, DV_JOB_FLIP, control->model->vae.flip_class);
}

/* Whether it starts where the centre is now. */
static bool is_of_center(const dv_model *model, const dv_flip *flip)
{
    const float *mean = dv_model_mean(model);
    for (int d = 0; mean && d < flip->latent; d++)
        if (fabs((double)flip->center[d] - (double)mean[d] - (double)model->wish.offset[d]) > 1e-3)
            return false;
    return true;
}

/* ---- drawing ---------------------------------------------------------------------- */

/* Two pictures or their difference in cells of one size; returns the columns behind it. */
static int draw_tile(const dv_pane *pane, const dv_grid *grid, int column, const char *caption, const float *picture,
                     bool is_difference)
{
    const dv_bundle_facts *facts = pane->model->facts;
    dv_tiles tile = grid->tiles;
    dv_area place = {.row = pane->area.row + 2,
                     .column = pane->area.column + column,
                     .rows = grid->cell_rows,
                     .columns = grid->cell_columns};
    tile.count = tile.columns = 1;
    dv_pane_text(pane, 1, column, grid->cell_columns, DV_STYLE_DIM, "%s", caption);
    dv_pane_image(pane, place,
                  is_difference ? dv_figure_differences(&tile, &picture, NULL, facts->channels, facts->height,
                                                        facts->width, 1, NULL)
                                : dv_pane_enlarge(pane->model, picture, &tile));
    return column + grid->cell_columns + 1;
}

/* Pictures before and after with their difference between them; returns the columns they take. */
static int draw_pictures(const dv_pane *pane, const dv_flip *flip)
{
    const dv_bundle_facts *facts = pane->model->facts;
    dv_grid_wish wish = {.rows = pane->area.rows - 2,
                         .columns = (pane->area.columns - WORDS) / PICTURES,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = 1,
                         .most = 1};
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid grid;
    if (!dv_grid_fit(&cell, &wish, &grid))
        return 0;
    int column = draw_tile(pane, &grid, 0, "before", flip->before, false);
    if (!flip->found)
        return column;
    column = draw_tile(pane, &grid, column, "change", flip->difference, true);
    return draw_tile(pane, &grid, column, "after", flip->after, false);
}

static void tell(const dv_pane *pane, int *row, dv_style style, const char *text)
{
    *row += dv_pane_wrap(pane, *row, 0, pane->area.rows - *row, style, text);
}

static void draw_words(const dv_pane *pane, const dv_flip *flip, int column)
{
    const dv_model *model = pane->model;
    const char *from = dv_model_class_name(model, flip->from_class), *to = dv_model_class_name(model, flip->to_class);
    char line[256];
    dv_pane words = *pane;
    int row = 1;
    words.area.column += column;
    words.area.columns -= column;
    if (!flip->found) {
        tell(&words, &row, DV_STYLE_WARNING, "none was found");
        tell(&words, &row, DV_STYLE_DIM, flip->reason);
        return;
    }
    snprintf(line, sizeof(line), "%s → %s", from, to);
    tell(&words, &row, DV_STYLE_TITLE, line);
    snprintf(line, sizeof(line), "the border lies at %.3g σ", flip->distance);
    tell(&words, &row, DV_STYLE_TEXT, line);
    snprintf(line, sizeof(line), "shown %.2g times as far", flip->shown_factor);
    tell(&words, &row, DV_STYLE_DIM, line);
    if (flip->looks_unreal)
        tell(&words, &row, DV_STYLE_WARNING, "may not look real");
    snprintf(line, sizeof(line), "before: %s %.2f", from, (double)flip->before_probabilities[flip->from_class]);
    tell(&words, &row, DV_STYLE_TEXT, line);
    snprintf(line, sizeof(line), "after:  %s %.2f", to, (double)flip->after_probabilities[flip->to_class]);
    tell(&words, &row, DV_STYLE_TEXT, line);
    snprintf(line, sizeof(line), "%s, %" PRId64 " teacher calls",
             flip->by_gradient ? "by gradient" : "128 directions, bisection", flip->teacher_calls);
    tell(&words, &row, DV_STYLE_DIM, line);
    if (flip->reason[0])
        tell(&words, &row, DV_STYLE_DIM, flip->reason);
    if (!is_of_center(model, flip))
        tell(&words, &row, DV_STYLE_WARNING, "knobs were turned since: f anew");
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_flip *flip = get_flip(model);
    dv_pane_heading(pane, "Nearest flip", "to %s",
                    model->vae.flip_class < 0 ? "any other word" : dv_model_class_name(model, model->vae.flip_class));
    bool asked = model->vae.flip_index == model->wish.options.index && model->answer[DV_JOB_FLIP].asked;
    if (flip)
        draw_words(pane, flip, draw_pictures(pane, flip));
    else if (asked && !model->answer[DV_JOB_FLIP].failed)
        dv_pane_say(pane, "searching; Esc stops it");
    else
        dv_pane_say(pane, "f searches the smallest step that changes the teacher's word; Up and Down choose to which.");
}

/* ---- actions ------------------------------------------------------------------------ */

static void search(dv_control *control)
{
    dv_model *model = control->model;
    dv_view_set_focus(model, &dv_pane_flip);
    if (model->answer[DV_JOB_FLIP].failed)
        model->answer[DV_JOB_FLIP].asked = 0; /* cancelled perhaps: now it is wanted after all */
    model->vae.flip_index = model->wish.options.index;
    if (model->answer[DV_JOB_FLIP].failed) /* cancelled, perhaps */
        model->answer[DV_JOB_FLIP].asked = 0;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_FLIP,
                                          .key = key_of(control),
                                          .wish = &model->wish,
                                          .number = model->vae.flip_class});
}

static bool set_class(dv_model *model, const char *name)
{
    if (strcmp(name, "any") == 0) {
        model->vae.flip_class = -1;
        return true;
    }
    for (int k = 0; k < model->facts->classes; k++)
        if (strcasecmp(model->facts->class_names[k], name) == 0) {
            model->vae.flip_class = k;
            return true;
        }
    dv_model_say(model, true, "No class is called '%s'; 'any' stands for all.", name);
    return false;
}

/* Also from other views: it is shown in this one. */
static void find(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0] && !set_class(control->model, argument))
        return;
    dv_control_command(control, "pane flip");
    search(control);
}

/* -1, then the classes but for the word that there is. */
static void step_class(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    int choices = model->facts->classes + 1, word = dv_model_teacher_class(model);
    int next = model->vae.flip_class;
    do
        next = (next + 1 + direction + choices) % choices - 1;
    while (next >= 0 && next == word);
    model->vae.flip_class = next;
}

static void take(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    const dv_flip *flip = get_flip(model);
    if (!flip || !flip->found)
        return;
    dv_model_set_center(model, flip->shown);
    dv_model_say(model, false, "The flip is the new centre%s; Z goes back to the picture.",
                 model->wish.options.neighborhood == DV_NEIGHBORHOOD_VAE
                     ? ", decoded (o keeps the picture's residual, as the flip does)"
                     : "");
}

static const dv_action rows[] = {
    {"flip",
     "find the smallest step that changes the teacher's word, or reaches the class named",
     {'f', DV_KEY_ENTER},
     find,
     0,
     "CLASS|any",
     "search"},
    {"flip-class-up", "the class to reach: the one before; the next one", {DV_KEY_UP, 'k'}, step_class, -1},
    {"flip-class-down", "", {DV_KEY_DOWN, 'j'}, step_class, 1, .hint = "class"},
    {"flip-take", "make the picture behind the border the new centre", {'x'}, take, 0, .hint = "new centre"},
};

static const dv_action_set actions = DV_ACTION_SET("Nearest flip", rows);

/* ---- zoom ------------------------------------------------------------------------------ */

static int count_pictures(const dv_model *model, int *chosen)
{
    const dv_flip *flip = get_flip(model);
    (void)chosen;
    return !flip ? 0 : flip->found ? PICTURES : 1;
}

static dv_image *paint_picture(const dv_model *model, int item, const dv_tiles *tile, dv_close_up *close_up)
{
    const dv_bundle_facts *facts = model->facts;
    const dv_flip *flip = get_flip(model);
    if (!flip || item > (flip->found ? PICTURES - 1 : 0))
        return NULL;
    if (item == 1) {
        const float *difference = flip->difference;
        close_up->scale = 1;
        snprintf(close_up->title, sizeof(close_up->title), "what changes");
        return dv_figure_differences(tile, &difference, NULL, facts->channels, facts->height, facts->width, 1, NULL);
    }
    int class = item == 0 ? flip->from_class : flip->to_class;
    const float *odds = item == 0 ? flip->before_probabilities : flip->after_probabilities;
    snprintf(close_up->title, sizeof(close_up->title), "%s the flip", item == 0 ? "before" : "after");
    snprintf(close_up->note, sizeof(close_up->note), "%s %.2f to the teacher%s", dv_model_class_name(model, class),
             (double)odds[class], item == 2 && flip->looks_unreal ? "; may not look real" : "");
    return dv_pane_enlarge(model, item == 0 ? flip->before : flip->after, tile);
}

static const dv_zoom zoom = {.count = count_pictures, .paint = paint_picture};

const dv_pane_kind dv_pane_flip = {.name = "flip", .actions = &actions, .draw = draw_pane, .zoom = &zoom};
