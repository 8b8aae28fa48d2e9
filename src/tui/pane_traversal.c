/* What the chosen dimension means: pictures along it, all else as it is. */
#include "tui/control.h"
#include "tui/film.h"

#include <math.h>
#include <stdio.h>

enum { FEW = 7, MANY = 13 }; /* frames */

static const double REACH = 3; /* standard deviations of the prior */

static void write_caption(double value, char text[DV_FILM_TEXT])
{
    snprintf(text, DV_FILM_TEXT, value == 0 ? "%.0f" : value == round(value) ? "%+.0f" : "%+.1f", value);
}

/* False while there is no strip. */
static bool make_film(const dv_model *model, dv_film *film)
{
    const dv_vae_state *vae = &model->vae;
    const dv_strip *strip = dv_model_result(model, DV_JOB_TRAVERSE);
    const float *mean = dv_model_mean(model);
    if (!strip)
        return false;
    double now = mean ? (double)mean[vae->dimension] + (double)model->wish.offset[vae->dimension] : (double)NAN;
    *film = (dv_film){.strip = strip,
                      .frames = strip->count,
                      .usual = dv_model_teacher_class(model),
                      .odds = true,
                      .now = now,
                      .caption = write_caption};
    film->cursor = vae->frame < 0 ? dv_film_nearest(film, now) : vae->frame;
    if (film->cursor >= film->frames)
        film->cursor = film->frames - 1;
    return true;
}

static void draw_pane(const dv_pane *pane)
{
    dv_film film;
    dv_pane_heading(pane, "Traversal", "z%d from %+.0f to %+.0f σ", pane->model->vae.dimension, -REACH, REACH);
    if (!make_film(pane->model, &film)) {
        dv_pane_say(pane, "decoding ...");
        return;
    }
    if (!pane->focused)
        film.cursor = -1;
    dv_film_draw(pane, 1, pane->area.rows - 1, &film);
}

static void need(dv_control *control)
{
    dv_pane pane;
    bool wide = dv_control_find_pane(control, &dv_pane_traversal, &pane) && pane.area.columns >= MANY * DV_FILM_FRAME;
    int dimension = control->model->vae.dimension, count = wide ? MANY : FEW;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_TRAVERSE,
                                          .key = dv_control_request_key(control, dimension, count),
                                          .wish = &control->model->wish,
                                          .number = dimension,
                                          .count = count,
                                          .reach = REACH});
}

/* ---- actions ----------------------------------------------------------------------- */

static void move(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_film film;
    if (!make_film(control->model, &film))
        return;
    int frame = film.cursor + step;
    control->model->vae.frame = frame < 0 ? 0 : frame < film.frames ? frame : film.frames - 1;
}

static void choose(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_vae_state *vae = &control->model->vae;
    vae->dimension = dv_axes_step(&vae->axes, vae->dimension, step);
    vae->frame = -1;
}

static void take(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    dv_film film;
    if (!dv_model_is_answered(model, DV_JOB_TRAVERSE) || !make_film(model, &film))
        return;
    dv_model_set_center(model, film.strip->latents + (size_t)film.cursor * (size_t)film.strip->latent);
    model->vae.frame = -1;
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    dv_film film;
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        choose(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, NULL);
    else if (make_film(control->model, &film))
        control->model->vae.frame = dv_film_frame_at(pane, &film, mouse->column);
}

static const dv_action rows[] = {
    {"frame-left", "choose the picture to the left; to the right", {DV_KEY_LEFT, 'h'}, move, -1},
    {"frame-right", "", {DV_KEY_RIGHT, 'l'}, move, 1, .hint = "picture"},
    {"frame-take", "give the dimension the value of this picture", {DV_KEY_ENTER}, take, 0, .hint = "take it"},
    {"traverse-back", "the dimension before; the next one", {DV_KEY_UP, 'k'}, choose, -1},
    {"traverse-next", "", {DV_KEY_DOWN, 'j'}, choose, 1, .hint = "dimension"},
};

static const dv_action_set actions = DV_ACTION_SET("Traversal", rows);

/* ---- zoom ------------------------------------------------------------------------------ */

static int count_frames(const dv_model *model, int *chosen)
{
    dv_film film;
    if (!make_film(model, &film))
        return 0;
    *chosen = film.cursor;
    return film.frames;
}

static dv_image *paint_frame(const dv_model *model, int item, const dv_tiles *tile, dv_close_up *close_up)
{
    dv_film film;
    if (!make_film(model, &film))
        return NULL;
    const dv_strip *strip = film.strip;
    item = item < strip->count ? item : strip->count - 1;
    snprintf(close_up->title, sizeof(close_up->title), "z%d = %+.1f", model->vae.dimension, (double)strip->value[item]);
    return dv_film_enlarge(model, strip, item, tile, close_up);
}

static const dv_zoom zoom = {.count = count_frames, .paint = paint_frame};

const dv_pane_kind dv_pane_traversal = {
    .name = "traversal", .actions = &actions, .draw = draw_pane, .need = need, .mouse = mouse, .zoom = &zoom};
