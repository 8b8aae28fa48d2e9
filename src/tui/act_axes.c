/* The latent dimensions: what can be turned along an axis. */
#include "base/number.h"
#include "tui/control.h"
#include "session/setting.h"

#include <inttypes.h>
#include <stdio.h>

enum { FINE = 1, FAR = 5 }; /* tenths of a latent unit */

static void changed(dv_control *control, bool changed)
{
    if (changed)
        dv_model_want(control->model);
}

static void choose(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_vae_state *vae = &control->model->vae;
    vae->dimension = dv_axes_step(&vae->axes, vae->dimension, step);
}

static void choose_number(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    int64_t number;
    int latent = control->model->facts->latent;
    if (!dv_control_number(control, argument ? argument : "", &number))
        return;
    if (number < 0 || number >= latent)
        dv_model_say(control->model, true, "The latent dimensions go from 0 to %d.", latent - 1);
    else
        control->model->vae.dimension = (int)number;
}

static void turn(dv_control *control, int tenths, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    changed(control, dv_wish_turn(&model->wish, model->vae.dimension, tenths / 10.0));
}

static void set_value(dv_control *control, const char *text)
{
    dv_model *model = control->model;
    const float *mean = dv_model_mean(model);
    double value;
    if (!dv_number_read(text, &value))
        dv_model_say(model, true, "'%s' is no number.", text);
    else if (mean)
        changed(control, dv_wish_set_knob(&model->wish, model->vae.dimension,
                                          (float)(value - (double)mean[model->vae.dimension])));
}

static const dv_prompt_kind value_prompt = {.label = "Value of this dimension: ", .accept = set_value};

static void ask_value(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0])
        set_value(control, argument);
    else
        dv_prompt_open(&control->model->prompt, &value_prompt, "");
}

static void reset(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    changed(control, dv_wish_reset_knob(&model->wish, model->vae.dimension));
}

/* Along the ladder of the band for all; below its end the dimension stands still. */
static void step_band(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    int d = model->vae.dimension;
    double now = dv_wish_band(&model->wish, d);
    double next = dv_setting_next(dv_setting_get(DV_SETTING_BAND), now, direction);
    if (next == now && direction < 0)
        next = 0;
    if (dv_wish_set_band(&model->wish, d, next))
        dv_model_want(model);
    else if (next == 0 && now > 0)
        dv_model_say(model, false, "z%d is the last dimension that neighbours differ in.", d);
}

static void reset_band(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    changed(control, dv_wish_reset_band(&model->wish, model->vae.dimension));
}

static void step_scale(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    changed(control, dv_setting_step(dv_setting_get(DV_SETTING_BAND_SCALE), &model->wish, 1, 0));
    dv_model_say(model, false, "%s",
                 model->wish.options.band_scale == DV_BAND_PRIOR ? "Bands count in the prior's deviation, 1."
                                                                 : "Bands count in the encoder's deviations.");
}

static void reorder(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    dv_vae_state *vae = &model->vae;
    vae->by_influence = !vae->by_influence;
    vae->reorderings++;
    vae->influence_of = 0;
    if (!vae->by_influence)
        dv_axes_sort(&vae->axes, NULL);
    dv_model_say(model, false, "%s",
                 vae->by_influence ? "Axes: those that move the teacher most first." : "Axes: by number.");
}

static const dv_action rows[] = {
    {"axis-left", "choose the axis to the left; to the right", {DV_KEY_LEFT, 'h'}, choose, -1},
    {"axis-right", "", {DV_KEY_RIGHT, 'l'}, choose, 1, .hint = "axis"},
    {"dimension", "choose the axis of a latent dimension", {0}, choose_number, 0, "NUMBER"},
    {"turn-up", "turn its value up or down by 0.1", {DV_KEY_UP, 'k'}, turn, FINE, .hint = "turn"},
    {"turn-down", "", {DV_KEY_DOWN, 'j'}, turn, -FINE},
    {"turn-far-up", "turn it up or down by 0.5", {DV_KEY_SHIFT_UP, 'K'}, turn, FAR},
    {"turn-far-down", "", {DV_KEY_SHIFT_DOWN, 'J'}, turn, -FAR},
    {"value", "set its value", {'#'}, ask_value, 0, "VALUE"},
    {"reset-knob", "put it back to the picture's own value", {'0'}, reset, 0},
    {"own-band-down", "narrower or wider band for it alone", {'<'}, step_band, -1, .hint = "own band"},
    {"own-band-up", "", {'>'}, step_band, 1},
    {"reset-own-band", "give it the band of all again", {'x'}, reset_band, 0},
    {"band-scale", "bands in units of the prior's or of the encoder's standard deviation", {'p'}, step_scale, 0},
    {"order-axes", "axes by how much they move the teacher now, or by number", {'i'}, reorder, 0},
};

const dv_action_set dv_actions_axes = DV_ACTION_SET("Latent dimensions", rows);
