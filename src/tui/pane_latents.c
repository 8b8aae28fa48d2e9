/* A slider a latent dimension: where the picture is, where the knob is, how far neighbours reach. */
#include "tui/control.h"
#include "tui/pane.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLUMNS = 5, VALUE_COLUMNS = 7, MEAN_COLUMNS = 9, MAX_SLIDER = 64, MARK_SIZE = 4 };

static const double REACH = 4; /* the slider goes from -REACH to REACH standard deviations of the prior */

static int cell_of(double value, int width)
{
    double place = (value + REACH) / (2 * REACH) * (width - 1);
    return (int)lround(fmax(0, fmin(width - 1, place)));
}

/* Draws "····├──●──┤·│··". */
static void draw_slider(const dv_pane *pane, int row, int column, int width, double value, double mean, double band,
                        dv_style style)
{
    char marks[MAX_SLIDER][MARK_SIZE];
    char text[MAX_SLIDER * MARK_SIZE] = "";
    width = width < MAX_SLIDER ? width : MAX_SLIDER;
    if (width < 5)
        return;
    int low = cell_of(value - band, width), high = cell_of(value + band, width), knob = cell_of(value, width);
    for (int i = 0; i < width; i++)
        snprintf(marks[i], MARK_SIZE, "%s", i > low && i < high ? "─" : "·");
    snprintf(marks[cell_of(mean, width)], MARK_SIZE, "%s", "│");
    snprintf(marks[low], MARK_SIZE, "%s", "├");
    snprintf(marks[high], MARK_SIZE, "%s", "┤");
    snprintf(marks[knob], MARK_SIZE, "%s", "●");
    size_t used = 0;
    for (int i = 0; i < width; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", marks[i]);
    dv_pane_text(pane, row, column, width, style, "%s", text);
}

static void draw_dimension(const dv_pane *pane, int row, int dimension, bool show_mean)
{
    const dv_model *model = pane->model;
    const dv_explanation *explanation = model->explanation;
    bool chosen = dimension == model->vae.dimension, turned = model->wish.offset[dimension] != 0;
    dv_style style = chosen ? DV_STYLE_SELECTED : DV_STYLE_TEXT;
    dv_pane_text(pane, row, 0, NAME_COLUMNS, style, "%sz%-3d", chosen ? "▸" : " ", dimension);
    if (!explanation || explanation->options.index != model->wish.options.index)
        return;
    double mean = (double)explanation->latent_mean[dimension], value = mean + (double)model->wish.offset[dimension];
    dv_pane_text(pane, row, NAME_COLUMNS, VALUE_COLUMNS, turned ? DV_STYLE_WARNING : DV_STYLE_TEXT, "%+6.2f", value);
    int width = pane->area.columns - NAME_COLUMNS - VALUE_COLUMNS - (show_mean ? MEAN_COLUMNS : 0);
    draw_slider(pane, row, NAME_COLUMNS + VALUE_COLUMNS, width, value, mean, model->wish.options.band,
                chosen ? DV_STYLE_TEXT : DV_STYLE_DIM);
    if (show_mean)
        dv_pane_text(pane, row, pane->area.columns - MEAN_COLUMNS + 1, 0, DV_STYLE_DIM, "μ %+5.2f", mean);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int latent = model->facts->latent, room = pane->area.rows - 1;
    int first = 0;
    if (latent > room) {
        first = model->vae.dimension - room / 2;
        first = first < 0 ? 0 : first > latent - room ? latent - room : first;
        dv_pane_heading(pane, "Latent", "%d-%d of %d", first, first + room - 1, latent);
    } else
        dv_pane_heading(pane, "Latent", "%s", "");
    bool show_mean = pane->area.columns >= NAME_COLUMNS + VALUE_COLUMNS + MEAN_COLUMNS + 9;
    for (int row = 0; row < room && first + row < latent; row++)
        draw_dimension(pane, row + 1, first + row, show_mean);
}

enum { FINE = 1, FAR = 5 }; /* tenths of a latent unit */

static void choose(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_model_choose_dimension(control->model, step);
}

static void turn(dv_control *control, int tenths, const char *argument)
{
    (void)argument;
    if (dv_wish_turn(&control->model->wish, control->model->vae.dimension, tenths / 10.0))
        dv_model_want(control->model);
}

static void reset(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    if (dv_wish_reset_knob(&control->model->wish, control->model->vae.dimension))
        dv_model_want(control->model);
}

static const dv_action rows[] = {
    {"dimension-up", "choose the dimension above; below", {DV_KEY_UP, 'k'}, choose, -1},
    {"dimension-down", "", {DV_KEY_DOWN, 'j'}, choose, 1},
    {"turn-down", "turn it down or up by 0.1", {DV_KEY_LEFT, 'h'}, turn, -FINE},
    {"turn-up", "", {DV_KEY_RIGHT, 'l'}, turn, FINE},
    {"turn-far-down", "turn it down or up by 0.5", {DV_KEY_SHIFT_LEFT, 'H'}, turn, -FAR},
    {"turn-far-up", "", {DV_KEY_SHIFT_RIGHT, 'L'}, turn, FAR},
    {"reset-knob", "put it back to the picture's own value", {'0'}, reset, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Latent dimensions", rows);

const dv_pane_kind dv_pane_latents = {.name = "latents", .actions = &actions, .draw = draw_pane};
