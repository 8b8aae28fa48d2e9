/* A slider a latent dimension: where the picture is, where the knob is, how far neighbours reach. */
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
    bool chosen = dimension == model->dimension, turned = model->offset[dimension] != 0;
    dv_style style = chosen ? DV_STYLE_SELECTED : DV_STYLE_TEXT;
    dv_pane_text(pane, row, 0, NAME_COLUMNS, style, "%sz%-3d", chosen ? "▸" : " ", dimension);
    if (!explanation || explanation->options.index != model->options.index)
        return;
    double mean = (double)explanation->latent_mean[dimension], value = mean + (double)model->offset[dimension];
    dv_pane_text(pane, row, NAME_COLUMNS, VALUE_COLUMNS, turned ? DV_STYLE_WARNING : DV_STYLE_TEXT, "%+6.2f", value);
    int width = pane->area.columns - NAME_COLUMNS - VALUE_COLUMNS - (show_mean ? MEAN_COLUMNS : 0);
    draw_slider(pane, row, NAME_COLUMNS + VALUE_COLUMNS, width, value, mean, model->options.band,
                chosen ? DV_STYLE_TEXT : DV_STYLE_DIM);
    if (show_mean)
        dv_pane_text(pane, row, pane->area.columns - MEAN_COLUMNS + 1, 0, DV_STYLE_DIM, "μ %+5.2f", mean);
}

void dv_pane_draw_latents(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int latent = model->facts->latent, room = pane->area.rows - 1;
    int first = 0;
    if (latent > room) {
        first = model->dimension - room / 2;
        first = first < 0 ? 0 : first > latent - room ? latent - room : first;
        dv_pane_heading(pane, "Latent", "%d-%d of %d", first, first + room - 1, latent);
    } else
        dv_pane_heading(pane, "Latent", "%s", "");
    bool show_mean = pane->area.columns >= NAME_COLUMNS + VALUE_COLUMNS + MEAN_COLUMNS + 9;
    for (int row = 0; row < room && first + row < latent; row++)
        draw_dimension(pane, row + 1, first + row, show_mean);
}
