/* The pictures of the bundle by number, label and the teacher's word: a list, or a strip in one row. */
#include "tui/control.h"
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STRIP_EACH_WAY = 8, NAME_SIZE = 160 };

static int digits(int64_t number)
{
    char text[24];
    return snprintf(text, sizeof(text), "%" PRId64, number);
}

static void head(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int64_t count = model->facts->count;
    if (model->pictures->known < count)
        dv_pane_heading(pane, "Pictures", "asking %.0f %%", 100. * (double)model->pictures->known / (double)count);
    else if (model->pictures->labelled > 0)
        dv_pane_heading(pane, "Pictures", "%.2f %% right",
                        100. * (double)model->pictures->right / (double)model->pictures->labelled);
    else
        dv_pane_heading(pane, "Pictures", "%s", "");
}

static void draw_row(const dv_pane *pane, int row, int64_t index)
{
    const dv_model *model = pane->model;
    bool here = index == model->wish.options.index;
    int label = dv_pictures_label(model->pictures, index), prediction = dv_pictures_prediction(model->pictures, index);
    if (here)
        dv_pane_text(pane, row, 0, 0, DV_STYLE_SELECTED, "%*s", pane->area.columns, "");
    int column = 1 + digits(model->facts->count - 1) + 1;
    dv_style style = here ? DV_STYLE_SELECTED : DV_STYLE_TEXT;
    dv_pane_text(pane, row, 0, 0, here ? style : DV_STYLE_DIM, "%*" PRId64, column - 1, index);
    const char *name = dv_model_class_name(model, label >= 0 ? label : prediction);
    if (label >= 0 || prediction >= 0)
        column += dv_pane_text(pane, row, column, 0, style, "%s", name);
    if (dv_pictures_is_wrong(model->pictures, index))
        dv_pane_text(pane, row, column, 0, here ? style : DV_STYLE_BAD, " → %s",
                     dv_model_class_name(model, prediction));
}

static void draw_list(const dv_pane *pane)
{
    head(pane);
    int rows = pane->area.rows - 1;
    int64_t count = pane->model->facts->count, first = pane->model->wish.options.index - rows / 2;
    if (first > count - rows)
        first = count - rows;
    if (first < 0)
        first = 0;
    for (int row = 0; row < rows && first + row < count; row++)
        draw_row(pane, row + 1, first + row);
}

/* ---- the strip --------------------------------------------------------------- */

static void name_entry(const dv_model *model, int64_t index, char name[NAME_SIZE])
{
    int label = dv_pictures_label(model->pictures, index), prediction = dv_pictures_prediction(model->pictures, index);
    int used =
        snprintf(name, NAME_SIZE, " %" PRId64 " %.60s ", index,
                 label >= 0 || prediction >= 0 ? dv_model_class_name(model, label >= 0 ? label : prediction) : "");
    if (dv_pictures_is_wrong(model->pictures, index))
        snprintf(name + used - 1, (size_t)(NAME_SIZE - used + 1), "→ %.60s ", dv_model_class_name(model, prediction));
}

/* Columns of UTF-8 whose every character takes one. */
static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* The chosen picture in the middle, the others to its left and right as far as there is room. */
static void draw_strip(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int64_t middle = model->wish.options.index;
    char name[NAME_SIZE];
    name_entry(model, middle, name);
    int width = columns_of(name);
    int left = (pane->area.columns - width) / 2, right = left + width;
    dv_pane_text(pane, 0, left, 0, DV_STYLE_SELECTED, "%s", name);
    for (int64_t index = middle - 1; index >= 0 && index > middle - STRIP_EACH_WAY; index--) {
        name_entry(model, index, name);
        left -= columns_of(name);
        if (left < 0)
            break;
        dv_pane_text(pane, 0, left, 0, dv_pictures_is_wrong(model->pictures, index) ? DV_STYLE_BAD : DV_STYLE_DIM, "%s",
                     name);
    }
    for (int64_t index = middle + 1; index < model->facts->count && index < middle + STRIP_EACH_WAY; index++) {
        name_entry(model, index, name);
        width = columns_of(name);
        if (right + width > pane->area.columns)
            break;
        dv_pane_text(pane, 0, right, 0, dv_pictures_is_wrong(model->pictures, index) ? DV_STYLE_BAD : DV_STYLE_DIM,
                     "%s", name);
        right += width;
    }
}

static void draw_pane(const dv_pane *pane)
{
    if (pane->area.rows == 1)
        draw_strip(pane);
    else
        draw_list(pane);
}

static void step(dv_control *control, int number, const char *argument)
{
    (void)argument;
    int64_t index = dv_pictures_step(control->model->pictures, control->model->wish.options.index, number);
    if (index >= 0)
        dv_model_go(control->model, index);
}

static const dv_action rows[] = {
    {"row-up", "the picture above; below", {DV_KEY_UP, 'k'}, step, -1},
    {"row-down", "", {DV_KEY_DOWN, 'j'}, step, 1},
};

static const dv_action_set actions = DV_ACTION_SET("List of pictures", rows);

const dv_pane_kind dv_pane_instances = {.name = "instances", .actions = &actions, .draw = draw_pane};
