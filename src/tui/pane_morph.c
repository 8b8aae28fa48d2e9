/* The way from the picture to the marked one: a slider on it, pictures along it, what the teacher says on the way and
 * where its word changes. */
#include "base/memory.h"
#include "figure/curve.h"
#include "tui/control.h"
#include "tui/film.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 41, /* of the way */
    HEADING = 2,
    LEGEND = 20,    /* columns */
    CURVE_ROWS = 3, /* at least */
    FILM_ROWS = 7,  /* where there is room for more than that */
    FILM_LEAST = 5,
    MOST_CURVES = 8,
    FINE_CELL = 12, /* pixels: cells that high have room for thicker strokes */
};

static const double SEEN = .05; /* a class below that all the way has no curve */

/* The way that is shown, for a moment perhaps that of a wish before; NULL while there is none. */
static const dv_morph *get_morph(const dv_model *model)
{
    bool possible = model->marked >= 0 && model->marked != model->wish.options.index;
    return possible && !model->answer[DV_JOB_MORPH].failed ? dv_model_result(model, DV_JOB_MORPH) : NULL;
}

static void write_caption(double value, char text[DV_FILM_TEXT])
{
    snprintf(text, DV_FILM_TEXT, "%.0f %%", 100 * value);
}

static dv_film make_film(const dv_model *model, const dv_morph *morph, int columns)
{
    int frames = columns / DV_FILM_FRAME;
    dv_film film = {.strip = morph->strip,
                    .frames = frames < 2                     ? 2
                              : frames > morph->strip->count ? morph->strip->count
                                                             : frames,
                    .usual = morph->strip->class_index[0],
                    .now = model->vae.morph_at,
                    .caption = write_caption};
    film.cursor = -1;
    return film;
}

/* The teacher's probability of a class at a place between two pictures of the strip. */
static double odds_at(const dv_strip *strip, int class, double t)
{
    double at = t * (strip->count - 1);
    int before = (int)fmin(floor(at), strip->count - 2);
    const float *left = strip->probabilities + (int64_t)before * strip->classes + class;
    return (double)left[0] + (at - before) * ((double)left[strip->classes] - (double)left[0]);
}

/* Fills those that are seen at all, the most probable ones first; returns how many. */
static int collect_classes(const dv_strip *strip, int most, int *classes)
{
    float *peak = dv_alloc((size_t)strip->classes, sizeof(*peak), NULL);
    int count = 0;
    if (!peak)
        return 0;
    for (int i = 0; i < strip->count; i++)
        for (int k = 0; k < strip->classes; k++)
            peak[k] = fmaxf(peak[k], strip->probabilities[(int64_t)i * strip->classes + k]);
    for (; count < most; count++) {
        int best = 0;
        for (int k = 1; k < strip->classes; k++)
            best = peak[k] > peak[best] ? k : best;
        if ((double)peak[best] < SEEN)
            break;
        classes[count] = best;
        peak[best] = -1;
    }
    free(peak);
    return count;
}

/* ---- drawing ---------------------------------------------------------------------- */

/* "Coat → Shirt at 41.7 %", one after the other. */
static void draw_turnings(const dv_pane *pane, int row, const dv_morph *morph)
{
    const dv_model *model = pane->model;
    int column = 0;
    if (morph->turning_count == 0)
        dv_pane_text(pane, row, 0, 0, DV_STYLE_DIM, "%s all the way",
                     dv_model_class_name(model, morph->strip->class_index[0]));
    for (int i = 0; i < morph->turning_count; i++) {
        const dv_turning *turning = &morph->turning[i];
        column += dv_pane_text(pane, row, column, 0, DV_STYLE_TEXT, "%s → %s at ",
                               dv_model_class_name(model, turning->before), dv_model_class_name(model, turning->after));
        column += dv_pane_text(pane, row, column, 0, DV_STYLE_KEY, "%.1f %%", 100 * turning->t) + 3;
    }
}

/* Each class with its colour and its probability at the slider. */
static void draw_legend(const dv_pane *pane, int row, const dv_morph *morph, const int *classes, int count)
{
    int column = pane->area.columns - LEGEND;
    dv_pane_swatches(pane, row, column, classes, count);
    for (int i = 0; i < count; i++) {
        double odds = odds_at(morph->strip, classes[i], pane->model->vae.morph_at);
        dv_pane_text(pane, row + i, column + 2, 0, odds > .5 ? DV_STYLE_TEXT : DV_STYLE_DIM, "%.2f %s", odds,
                     dv_model_class_name(pane->model, classes[i]));
    }
}

/* Fills the curves, whose y are one block that the caller frees; NULL without memory. */
static double *collect_curves(const dv_strip *strip, const int *classes, int count, dv_curve *curve)
{
    double *block = dv_alloc((size_t)(count + 1) * (size_t)strip->count, sizeof(*block), NULL);
    if (!block)
        return NULL;
    for (int i = 0; i < strip->count; i++)
        block[i] = (double)strip->value[i];
    for (int c = 0; c < count; c++) {
        double *y = block + (int64_t)(c + 1) * strip->count;
        for (int i = 0; i < strip->count; i++)
            y[i] = (double)strip->probabilities[(int64_t)i * strip->classes + classes[c]];
        curve[c] = (dv_curve){.count = strip->count, .x = block, .y = y};
        dv_colormap_class(classes[c], curve[c].color);
    }
    return block;
}

/* Over the film: the first frame's middle is at its left edge, the last one's at its right edge. */
static void draw_curves(const dv_pane *pane, int row, int rows, const dv_morph *morph, const dv_film *film,
                        const int *classes, int count)
{
    dv_cell cell = dv_cell_of(pane->screen);
    if (cell.graphics == DV_GRAPHICS_OFF || cell.graphics == DV_GRAPHICS_ASCII)
        return;
    dv_curve curve[MOST_CURVES];
    double turning[DV_MAX_STRIP];
    double *block = collect_curves(morph->strip, classes, count, curve);
    int pitch = (pane->area.columns - LEGEND) / film->frames, verticals = 0;
    for (; verticals < morph->turning_count && verticals < DV_MAX_STRIP; verticals++)
        turning[verticals] = morph->turning[verticals].t;
    dv_curves curves = {.count = count,
                        .curve = curve,
                        .current = pane->model->vae.morph_at,
                        .verticals = verticals,
                        .vertical = turning,
                        .horizontal = NAN};
    const dv_limits limits = {.x_high = 1, .y_low = -.03, .y_high = 1.03};
    dv_area place = {.row = pane->area.row + row,
                     .column = pane->area.column + pitch / 2,
                     .rows = rows,
                     .columns = pitch * (film->frames - 1) + 1};
    dv_plot plot = dv_pane_plot(pane, place);
    plot.unit = cell.height < FINE_CELL ? 1 : 2;
    if (block)
        dv_pane_image(pane, place, dv_figure_curve(&plot, &curves, &limits, NULL));
    free(block);
}

static void explain_way(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    dv_pane_heading(pane, "Morph", "%s", "");
    if (model->marked < 0)
        dv_pane_say(pane, "m marks a picture; from any other one this shows the way to it.");
    else if (model->marked == model->wish.options.index)
        dv_pane_say(pane, "This picture is the marked one; from any other one this shows the way to it.");
    else
        dv_pane_say(pane, "decoding ...");
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_morph *morph = get_morph(model);
    if (!morph) {
        explain_way(pane);
        return;
    }
    int classes[MOST_CURVES], rows = pane->area.rows - HEADING;
    int count = collect_classes(morph->strip, rows < MOST_CURVES ? rows : MOST_CURVES, classes);
    dv_film film = make_film(model, morph, pane->area.columns - LEGEND);
    dv_pane_heading(pane, "Morph", "%" PRId64 " to %" PRId64 ", at %.1f %%", model->wish.options.index, model->marked,
                    100 * model->vae.morph_at);
    draw_turnings(pane, 1, morph);
    draw_legend(pane, HEADING, morph, classes, count);
    int film_rows = rows - CURVE_ROWS < FILM_ROWS ? rows - CURVE_ROWS : (rows - FILM_ROWS) / 3 + FILM_ROWS;
    dv_pane left = *pane;
    left.area.columns -= LEGEND;
    if (film_rows < FILM_LEAST)
        film_rows = rows < FILM_LEAST ? rows : FILM_LEAST;
    if (rows - film_rows > 0)
        draw_curves(pane, HEADING, rows - film_rows, morph, &film, classes, count);
    dv_film_draw(&left, HEADING + rows - film_rows, film_rows, &film);
}

static void need(dv_control *control)
{
    dv_model *model = control->model;
    if (model->marked < 0 || model->marked == model->wish.options.index)
        return;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_MORPH,
                                          .key = dv_control_request_key(control, model->marked, STEPS),
                                          .wish = &model->wish,
                                          .index = model->marked,
                                          .count = STEPS});
}

/* ---- actions ---------------------------------------------------------------------- */

static void slide_to(dv_model *model, double t)
{
    model->vae.morph_at = fmax(0, fmin(1, t));
}

/* `number` in thousandths. */
static void slide(dv_control *control, int number, const char *argument)
{
    (void)argument;
    slide_to(control->model, round(control->model->vae.morph_at * 1000 + number) / 1000);
}

static void go_to_end(dv_control *control, int end, const char *argument)
{
    (void)argument;
    slide_to(control->model, end);
}

static void go_to_turning(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    const dv_morph *morph = get_morph(model);
    double now = model->vae.morph_at, best = now;
    for (int i = 0; morph && i < morph->turning_count; i++) {
        double t = morph->turning[i].t;
        if (direction * (t - now) > 0 && (best == now || direction * (t - best) < 0))
            best = t;
    }
    if (best == now)
        dv_model_say(model, false, "The teacher's word does not change on this side.");
    slide_to(model, best);
}

static void take(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    const dv_morph *morph = get_morph(model);
    size_t latent = (size_t)model->facts->latent;
    float *center = morph ? dv_alloc(latent, sizeof(*center), NULL) : NULL;
    if (!center || !dv_model_is_answered(model, DV_JOB_MORPH)) {
        free(center);
        return;
    }
    const float *from = morph->strip->latents, *to = from + latent * (size_t)(morph->strip->count - 1);
    for (size_t d = 0; d < latent; d++)
        center[d] = from[d] + (float)model->vae.morph_at * (to[d] - from[d]);
    dv_model_set_center(model, center);
    free(center);
    slide_to(model, 0);
    dv_model_say(model, false, "The way goes on from there; Z goes back to the picture.");
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    dv_model *model = control->model;
    const dv_morph *morph = get_morph(model);
    if (!morph || mouse->kind == DV_MOUSE_RELEASE)
        return;
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN) {
        slide(control, mouse->kind == DV_MOUSE_WHEEL_UP ? 25 : -25, NULL);
        return;
    }
    dv_film film = make_film(model, morph, pane->area.columns - LEGEND);
    int pitch = (pane->area.columns - LEGEND) / film.frames;
    if (mouse->row >= HEADING && mouse->column < pitch * film.frames)
        slide_to(model, (mouse->column - pitch / 2) / (double)(pitch * (film.frames - 1)));
}

static const dv_action rows[] = {
    {"morph-back", "slide 2.5 % back; on", {DV_KEY_LEFT, 'h'}, slide, -25},
    {"morph-on", "", {DV_KEY_RIGHT, 'l'}, slide, 25, .hint = "slide"},
    {"morph-fine-back", "slide 0.1 % back; on", {DV_KEY_SHIFT_LEFT, 'H'}, slide, -1},
    {"morph-fine-on", "", {DV_KEY_SHIFT_RIGHT, 'L'}, slide, 1},
    {"morph-turning-back", "to where the teacher's word changes before; after", {DV_KEY_UP, 'k'}, go_to_turning, -1},
    {"morph-turning-on", "", {DV_KEY_DOWN, 'j'}, go_to_turning, 1, .hint = "next change"},
    {"morph-start", "to the picture; to the marked one", {DV_KEY_HOME}, go_to_end, 0},
    {"morph-end", "", {DV_KEY_END}, go_to_end, 1},
    {"morph-take", "make the point under the slider the new centre", {DV_KEY_ENTER}, take, 0, .hint = "new centre"},
};

static const dv_action_set actions = DV_ACTION_SET("Morph", rows);

/* ---- zoom ------------------------------------------------------------------------------ */

static int count_pictures(const dv_model *model, int *chosen)
{
    const dv_morph *morph = get_morph(model);
    if (!morph)
        return 0;
    *chosen = (int)lround(model->vae.morph_at * (morph->strip->count - 1));
    return morph->strip->count;
}

static dv_image *paint_picture(const dv_model *model, int item, const dv_tiles *tile, dv_close_up *close_up)
{
    const dv_morph *morph = get_morph(model);
    if (!morph || item >= morph->strip->count)
        return NULL;
    snprintf(close_up->title, sizeof(close_up->title), "%.1f %% of the way to picture %" PRId64,
             100 * (double)morph->strip->value[item], model->marked);
    return dv_film_enlarge(model, morph->strip, item, tile, close_up);
}

static const dv_zoom zoom = {.count = count_pictures, .paint = paint_picture};

const dv_pane_kind dv_pane_morph = {
    .name = "morph", .actions = &actions, .draw = draw_pane, .need = need, .mouse = mouse, .zoom = &zoom};
