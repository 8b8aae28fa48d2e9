/* Neighbourhood and student: what can be turned from anywhere. */
#include "tui/control.h"
#include "session/setting.h"

#include <stdio.h>
#include <string.h>

static void changed(dv_control *control, bool changed)
{
    if (changed)
        dv_model_want(control->model);
}

/* Steps a setting; `number` is its id + 1, negative for down. */
static void step(dv_control *control, int number, const char *argument)
{
    (void)argument;
    dv_control_step(control, dv_setting_get((dv_setting_id)((number < 0 ? -number : number) - 1)), number < 0 ? -1 : 1);
}

static void ridge_by_rule(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_control_set(control, dv_setting_get(DV_SETTING_LAMBDA), "rule");
}

/* ":set NAME VALUE" */
static void set(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_model *model = control->model;
    char name[64];
    size_t length = argument ? strcspn(argument, " =") : 0;
    snprintf(name, sizeof(name), "%.*s", (int)length, argument ? argument : "");
    const dv_setting *setting = dv_setting_find(name);
    if (!setting) {
        dv_model_say(model, true, "There is no setting '%s'; Tab behind 'set' lists them.", name);
        return;
    }
    dv_control_set(control, setting, argument + length + strspn(argument + length, " ="));
}

static void reset_knobs(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    changed(control, dv_wish_reset_knobs(&control->model->wish));
}

static void reset_bands(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    changed(control, dv_wish_reset_bands(&control->model->wish));
}

static void explain(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model_ask_again(control->model);
}

#define UP(setting) DV_SETTING_##setting + 1
#define DOWN(setting) -(DV_SETTING_##setting + 1)

static const dv_action neighborhood[] = {
    {"band-down", "narrower or wider band, for all dimensions", {'('}, step, DOWN(BAND)},
    {"band-up", "", {')'}, step, UP(BAND)},
    {"reset-bands", "one band for all dimensions again", {'V'}, reset_bands, 0},
    {"reset-knobs", "put all latent dimensions back to the picture's own", {'Z'}, reset_knobs, 0, .hint = "reset"},
    {"neighbors-down", "fewer or more neighbours", {'-'}, step, DOWN(NEIGHBORS)},
    {"neighbors-up", "", {'+', '='}, step, UP(NEIGHBORS)},
    {"sampling", "other sampling: sobol, normal", {'s'}, step, UP(SAMPLING)},
    {"neighborhood", "other neighbourhood: vae, residual, mixed, masked, auto", {'o'}, step, UP(NEIGHBORHOOD)},
    {"seed-up", "new seed; the one before", {'r'}, step, UP(SEED)},
    {"seed-down", "", {'R'}, step, DOWN(SEED)},
};

static const dv_action student[] = {
    {"student", "other student: ridge, adam, sgd, gd", {'d'}, step, UP(STUDENT)},
    {"lambda-down", "smaller or larger lambda: sharper or calmer maps", {'['}, step, DOWN(LAMBDA)},
    {"lambda-up", "", {']'}, step, UP(LAMBDA)},
    {"lambda-rule", "lambda by the rule", {'a'}, ridge_by_rule, 0},
    {"temperature-down", "lower temperature; higher: softer labels", {'t'}, step, DOWN(TEMPERATURE)},
    {"temperature-up", "", {'T'}, step, UP(TEMPERATURE)},
    {"explain", "work again, after a cancel or an error", {DV_CONTROL('R'), DV_KEY_ENTER}, explain, 0},
    {"set", "set anything by its name", {0}, set, 0, "NAME VALUE"},
};

const dv_action_set dv_actions_neighborhood = DV_ACTION_SET("Neighbourhood", neighborhood);
const dv_action_set dv_actions_student = DV_ACTION_SET("Student", student);
