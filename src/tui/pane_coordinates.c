/* Parallel coordinates: an axis a latent dimension, the line of the centre over them, the band around it, neighbours
 * behind. Where there are no graphics the same axes stand there in letters. */
#include "base/memory.h"
#include "figure/parallel.h"
#include "figure/pages.h"
#include "tui/control.h"
#include "tui/view.h"
#include "session/setting.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADING = 1,
    LABELS = 2,     /* rows below the axes: name and value */
    SLOT = 5,       /* columns that an axis needs */
    ROOMY_SLOT = 7, /* there the value has two digits behind the point */
    LINES = 40,     /* of neighbours, at most */
    LINES_LEAST = 12,
    LINE_PIXELS = 3200, /* so many lines times the pixels of a cell: larger pictures need more bytes for each line */
    SHORT_TITLE = 50,   /* columns; fewer have a shorter title */
    SHORT_TITLE_PAGED = 60,
    PARTS = 6,      /* pictures: a knob changes the two slots beside its axis */
    FINE_CELL = 12, /* pixels: cells that high have room for thicker strokes */
    GRIP_ROWS = 1,  /* so near a click must be to take hold of something */
    AXIS_TEXT = 16,
};

/* Where the axes are. */
typedef struct chart {
    dv_axes_page page;
    dv_area place; /* on the screen */
    dv_cell cell;  /* 1 x 1 for letters */
    dv_plot plot;
    bool letters;
} chart;

/* What is known of each dimension. */
typedef struct numbers {
    const float *mean;
    float *low, *high, *center, *band;
    float *line; /* LINES x latent: neighbours, moved to where the centre is now */
    int64_t lines;
} numbers;

static chart lay_out(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_axes *axes = &model->vae.axes;
    chart it = {.cell = dv_cell_of(pane->screen), .place = pane->area};
    it.page = dv_axes_page_of(axes, pane->area.columns / SLOT, dv_axes_place(axes, model->vae.dimension));
    it.letters = it.cell.graphics == DV_GRAPHICS_OFF || it.cell.graphics == DV_GRAPHICS_ASCII;
    it.place.row += HEADING;
    it.place.rows -= HEADING + LABELS;
    it.plot = dv_pane_plot(pane, it.place);
    if (it.letters) {
        it.cell = (dv_cell){.width = 1, .height = 1};
        it.plot = (dv_plot){.width = it.place.columns, .height = it.place.rows};
    }
    it.plot.unit = it.cell.height < FINE_CELL ? 1 : 2;
    return it;
}

static int count_lines(const dv_screen *screen)
{
    int width, height;
    dv_screen_cell(screen, &width, &height);
    int lines = dv_screen_slow(screen) ? LINES_LEAST : LINE_PIXELS / (width * height);
    return lines < LINES_LEAST ? LINES_LEAST : lines < LINES ? lines : LINES;
}

/* The first neighbours, which a preview has, too. They lie around the centre of the explanation: until there is one of
 * the present centre they are moved along, so that the lines follow a knob at once. */
static void collect_lines(const dv_model *model, numbers *it, int64_t most)
{
    const dv_explanation *explanation = model->explanation;
    int latent = model->facts->latent;
    it->lines = 0;
    if (!dv_model_has_explanation(model))
        return;
    it->lines = explanation->kept < most ? explanation->kept : most;
    for (int64_t i = 0; i < it->lines * latent; i++) {
        int d = (int)(i % latent);
        it->line[i] = explanation->latents[i] - explanation->center[d] + it->center[d];
    }
}

/* Fills `it` from one block, which is the caller's; NULL while the picture's means are unknown. */
static float *measure(const dv_model *model, int64_t most_lines, numbers *it)
{
    size_t latent = (size_t)model->facts->latent;
    const dv_wish *wish = &model->wish;
    float *block;
    it->mean = dv_model_mean(model);
    if (!it->mean || !(block = dv_alloc((4 + LINES) * latent, sizeof(*block), NULL)))
        return NULL;
    it->line = block + 4 * latent;
    it->low = block;
    it->high = it->low + latent;
    it->center = it->high + latent;
    it->band = it->center + latent;
    for (int d = 0; d < wish->latent; d++) {
        it->center[d] = it->mean[d] + wish->offset[d];
        it->band[d] = (float)dv_model_band(model, d);
        it->high[d] = dv_axes_reach(it->center[d], it->band[d]);
        it->low[d] = -it->high[d];
    }
    collect_lines(model, it, most_lines);
    return block;
}

/* ---- drawing ------------------------------------------------------------------ */

static dv_parallel parallel_of(const dv_model *model, const dv_axes_page *page, const numbers *it)
{
    const dv_axes *axes = &model->vae.axes;
    return (dv_parallel){.axes = page->count,
                         .dimension = axes->order + page->first,
                         .low = it->low,
                         .high = it->high,
                         .center = it->center,
                         .band = it->band,
                         .mean = it->mean,
                         .quartile = axes->learned > 0 ? (const float(*)[3])axes->quartile : NULL,
                         .lines = it->lines,
                         .line = it->line,
                         .stride = model->facts->latent,
                         .line_class = it->lines > 0 ? model->explanation->neighbor_classes : NULL,
                         .chosen = dv_axes_place(axes, model->vae.dimension) - page->first};
}

static dv_image *plot(const dv_model *model, const chart *at, const numbers *it)
{
    dv_parallel parallel = parallel_of(model, &at->page, it);
    return dv_figure_parallel(&at->plot, &parallel, NULL);
}

enum { PAGE_AXES = 16 };

static dv_image *page(const dv_model *model, dv_error *error)
{
    const dv_bundle_facts *facts = model->facts;
    const dv_axes *axes = &model->vae.axes;
    numbers it;
    float *block = measure(model, LINES, &it);
    char title[256];
    if (!block)
        return NULL;
    dv_axes_page shown = dv_axes_page_of(axes, PAGE_AXES, dv_axes_place(axes, model->vae.dimension));
    dv_parallel parallel = parallel_of(model, &shown, &it);
    snprintf(title, sizeof(title), "%.160s: picture %" PRId64, facts->name, model->wish.options.index);
    dv_page_words words = {.title = title,
                           .subtitle =
                               "Its latent dimensions, the band, and neighbours in the colours of the teacher's words.",
                           .note = "",
                           .classes = facts->classes,
                           .class_names = facts->class_names};
    dv_image *image = dv_figure_page_parallel(&words, &parallel, NULL, error);
    free(block);
    return image;
}

/* An axis in letters, from the top: the band, the mean and the knob over the middle half of the data. */
static void draw_letters(const dv_pane *pane, const chart *at, const numbers *it, int axis, int dimension)
{
    const float *quartile = pane->model->vae.axes.quartile[dimension];
    int column = (int)dv_parallel_x(&at->plot, at->page.count, axis);
    bool known = pane->model->vae.axes.learned > 0;
#define ROW(value) (int)lround(dv_parallel_y(&at->plot, it->low[dimension], it->high[dimension], (double)(value)))
    int knob = ROW(it->center[dimension]), mean = ROW(it->mean[dimension]);
    int top = ROW(it->center[dimension] + it->band[dimension]), end = ROW(it->center[dimension] - it->band[dimension]);
    int upper = known ? ROW(quartile[2]) : 0, lower = known ? ROW(quartile[0]) : -1;
#undef ROW
    for (int row = 0; row < at->plot.height; row++) {
        bool in_band = row >= top && row <= end;
        const char *mark = row == knob                    ? "●"
                           : row == mean                  ? "○"
                           : row == top                   ? "┬"
                           : row == end                   ? "┴"
                           : in_band                      ? "│"
                           : row >= upper && row <= lower ? ":"
                                                          : "·";
        dv_pane_text(pane, HEADING + row, column, 1,
                     dimension == pane->model->vae.dimension || in_band ? DV_STYLE_TEXT : DV_STYLE_DIM, "%s", mark);
    }
}

static void draw_label(const dv_pane *pane, const chart *at, const numbers *it, int axis, int dimension)
{
    const dv_model *model = pane->model;
    int middle = (int)(dv_parallel_x(&at->plot, at->page.count, axis) / at->cell.width);
    int row = HEADING + at->place.rows, digits = at->place.columns / at->page.count < ROOMY_SLOT ? 1 : 2;
    char name[AXIS_TEXT], value[AXIS_TEXT];
    snprintf(name, sizeof(name), "z%d", dimension);
    dv_pane_text(pane, row, middle - (int)strlen(name) / 2, 0,
                 dimension == model->vae.dimension ? DV_STYLE_SELECTED : DV_STYLE_DIM, "%s", name);
    if (!it)
        return;
    snprintf(value, sizeof(value), "%+.*f", digits, (double)it->center[dimension]);
    int column = middle - (int)strlen(value) / 2;
    dv_pane_text(pane, row + 1, column < 0 ? 0 : column, 0,
                 model->wish.offset[dimension] != 0 ? DV_STYLE_WARNING : DV_STYLE_TEXT, "%s", value);
}

static void draw_heading(const dv_pane *pane, const chart *at, const numbers *it)
{
    const dv_model *model = pane->model;
    int d = model->vae.dimension;
    char page[48] = "", text[128];
    if (at->page.pages > 1)
        snprintf(page, sizeof(page), "  %d-%d of %d", at->page.first + 1, at->page.first + at->page.count,
                 model->facts->latent);
    int used = snprintf(text, sizeof(text), "z%d", d);
    if (it)
        used += snprintf(text + used, sizeof(text) - (size_t)used, " %+.2f  μ %+.2f", (double)it->center[d],
                         (double)it->mean[d]);
    used += snprintf(text + used, sizeof(text) - (size_t)used, "  band %g", dv_wish_band(&model->wish, d));
    if (it && model->wish.options.band_scale == DV_BAND_POSTERIOR && it->band[d] > 0)
        snprintf(text + used, sizeof(text) - (size_t)used, " σ = %.2f", (double)it->band[d]);
    dv_pane_heading(pane, pane->area.columns < (page[0] ? SHORT_TITLE_PAGED : SHORT_TITLE) ? "Latent" : "Coordinates",
                    "%s%s", text, page);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    chart at = lay_out(pane);
    numbers it;
    float *block = measure(pane->model, count_lines(pane->screen), &it);
    draw_heading(pane, &at, block ? &it : NULL);
    if (at.place.rows < 1 || at.plot.height < 1) {
        free(block);
        return;
    }
    for (int axis = 0; axis < at.page.count; axis++) {
        int dimension = model->vae.axes.order[at.page.first + axis];
        draw_label(pane, &at, block ? &it : NULL, axis, dimension);
        if (block && at.letters)
            draw_letters(pane, &at, &it, axis, dimension);
    }
    if (block && !at.letters)
        dv_pane_image_parts(pane, at.place, plot(pane->model, &at, &it), PARTS);
    free(block);
}

/* ---- what it needs ---------------------------------------------------------------- */

/* The view shows these two when the focus is elsewhere. */
static void remember_focus(dv_vae_state *vae, const dv_pane_kind *focus)
{
    if (!focus || focus == &dv_pane_coordinates || focus == vae->below[0])
        return;
    vae->below[1] = vae->below[0];
    vae->below[0] = focus;
}

static void need(dv_control *control)
{
    dv_model *model = control->model;
    dv_vae_state *vae = &model->vae;
    remember_focus(vae, dv_view_focus(model));
    dv_axes_learn(&vae->axes, model->means, model->surveyed, model->facts->count);
    if (!vae->by_influence)
        return;
    /* One order a picture, so that axes stay where they are while knobs turn. */
    uint64_t key = (uint64_t)model->wish.options.index * 1000003 + (uint64_t)vae->reorderings + 1;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_INFLUENCE, .key = key, .wish = &model->wish});
    const uint64_t known = model->answer[DV_JOB_INFLUENCE].key;
    if (dv_model_is_answered(model, DV_JOB_INFLUENCE) && vae->influence_of != known) {
        dv_axes_sort(&vae->axes, dv_model_result(model, DV_JOB_INFLUENCE));
        if (vae->influence_of == 0 && vae->reorderings == 0 && vae->dimension == 0)
            vae->dimension = vae->axes.order[0]; /* at the start, the page that matters most */
        vae->influence_of = known;
    }
}

/* ---- the mouse ----------------------------------------------------------------------- */

typedef struct touch {
    int dimension;
    double value, row; /* what the pointer stands at; how much a row is worth */
} touch;

/* What is held stays, whatever axis the pointer goes over. */
static bool touch_axis(const dv_pane *pane, const dv_mouse *mouse, const numbers *it, touch *touched)
{
    const dv_vae_state *vae = &pane->model->vae;
    chart at = lay_out(pane);
    if (at.place.rows < 1)
        return false;
    int axis = dv_parallel_axis(&at.plot, at.page.count, (mouse->column + .5) * at.cell.width);
    bool held = mouse->kind == DV_MOUSE_DRAG && vae->grip != DV_GRIP_NONE;
    int d = touched->dimension = held ? vae->dimension : vae->axes.order[at.page.first + axis];
    double y = (mouse->row - HEADING + .5) * at.cell.height - .5;
    touched->value = dv_parallel_value(&at.plot, it->low[d], it->high[d], y);
    touched->row = dv_parallel_value(&at.plot, it->low[d], it->high[d], y - at.cell.height) - touched->value;
    return true;
}

/* The point, or an edge of the band where that is nearer; with the right button always an edge. */
static dv_grip grip_at(const touch *touched, const numbers *it, int button)
{
    int d = touched->dimension;
    double from_point = touched->value - (double)it->center[d];
    double from_edge = fabs(fabs(from_point) - (double)it->band[d]);
    if (button == 3)
        return DV_GRIP_EDGE;
    if (fmin(fabs(from_point), from_edge) > GRIP_ROWS * touched->row)
        return DV_GRIP_NONE;
    return from_edge < fabs(from_point) && (double)it->band[d] > touched->row ? DV_GRIP_EDGE : DV_GRIP_POINT;
}

static bool drag(dv_model *model, const touch *touched, const numbers *it)
{
    int d = model->vae.dimension;
    if (model->vae.grip == DV_GRIP_POINT)
        return dv_wish_set_knob(&model->wish, d, (float)(round((touched->value - (double)it->mean[d]) * 100) / 100));
    double unit = (double)it->band[d] > 0 ? (double)it->band[d] / dv_wish_band(&model->wish, d) : 1;
    double width = fabs(touched->value - (double)it->center[d]);
    return dv_wish_set_band(&model->wish, d, round(width / unit * 100) / 100);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    dv_model *model = control->model;
    dv_vae_state *vae = &model->vae;
    numbers it;
    touch touched;
    float *block = measure(pane->model, count_lines(pane->screen), &it);
    if (!block || !touch_axis(pane, mouse, &it, &touched)) {
        free(block);
        return;
    }
    bool changed = false;
    switch (mouse->kind) {
    case DV_MOUSE_PRESS:
        vae->dimension = touched.dimension;
        vae->grip = grip_at(&touched, &it, mouse->button);
        break;
    case DV_MOUSE_DRAG:
        changed = vae->grip != DV_GRIP_NONE && drag(model, &touched, &it);
        break;
    case DV_MOUSE_RELEASE:
        vae->grip = DV_GRIP_NONE;
        break;
    case DV_MOUSE_WHEEL_UP:
    case DV_MOUSE_WHEEL_DOWN:
        vae->dimension = touched.dimension;
        changed = dv_wish_turn(&model->wish, touched.dimension,
                               (mouse->kind == DV_MOUSE_WHEEL_UP ? 1 : -1) * (mouse->shift ? .5 : .1));
    }
    if (changed)
        dv_model_want(model);
    free(block);
}

const dv_pane_kind dv_pane_coordinates = {
    .name = "coordinates", .actions = &dv_actions_axes, .draw = draw_pane, .need = need, .mouse = mouse, .page = page};
