/* One row an action: what to call, with which number. */
#include "tui/control.h"
#include "tui/actions.h"
#include "tui/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINE = 1, FAR = 5 }; /* tenths of a latent unit */

/* ---- pictures ------------------------------------------------------------------ */

static void move(dv_control *control, int step)
{
    dv_model_go(control->model, control->model->options.index + step);
}

static void go_to_end(dv_control *control, int last)
{
    dv_model_go(control->model, last ? control->model->facts->count - 1 : 0);
}

static void go_to_wrong(dv_control *control, int direction)
{
    dv_model *model = control->model;
    int64_t index = dv_model_find_wrong(model, direction);
    if (index >= 0)
        dv_model_go(model, index);
    else if (!model->facts->labels)
        dv_model_say(model, true, "These pictures have no labels, so none can be wrong.");
    else
        dv_model_say(model, false, "No wrong one among the %" PRId64 " pictures the teacher was asked about.",
                     model->classified);
    if (model->classified < model->facts->count)
        dv_worker_classify(control->worker);
}

static void ask(dv_control *control, int unused)
{
    (void)unused;
    control->model->asking = true;
    control->model->answer[0] = '\0';
}

static void answer_key(dv_control *control, int key)
{
    dv_model *model = control->model;
    size_t length = strlen(model->answer);
    if (key >= '0' && key <= '9' && length + 1 < sizeof(model->answer)) {
        model->answer[length] = (char)key;
        model->answer[length + 1] = '\0';
    } else if (key == DV_KEY_BACKSPACE && length > 0) {
        model->answer[length - 1] = '\0';
    } else if (key == DV_KEY_ENTER && length > 0) {
        model->asking = false;
        int64_t index = strtoll(model->answer, NULL, 10);
        if (index < model->facts->count)
            dv_model_go(model, index);
        else
            dv_model_say(model, true, "There is no picture %s: they go from 0 to %" PRId64 ".", model->answer,
                         model->facts->count - 1);
    } else if (key == DV_KEY_ESCAPE || key == DV_CONTROL('C') || key == DV_KEY_ENTER || key == DV_KEY_BACKSPACE)
        model->asking = false;
}

/* ---- knobs ------------------------------------------------------------------------ */

static void choose(dv_control *control, int step)
{
    dv_model_choose(control->model, step);
}

static void turn(dv_control *control, int tenths)
{
    dv_model_turn(control->model, tenths / 10.0);
}

static void reset(dv_control *control, int all)
{
    dv_model_reset(control->model, all);
}

static void step_band(dv_control *control, int direction)
{
    dv_model_step_band(control->model, direction);
}

static void step_neighbors(dv_control *control, int direction)
{
    dv_model_step_neighbors(control->model, direction);
}

static void step_temperature(dv_control *control, int direction)
{
    dv_model_step_temperature(control->model, direction);
}

static void step_ridge(dv_control *control, int direction)
{
    dv_model_step_ridge(control->model, direction);
}

static void step_seed(dv_control *control, int direction)
{
    dv_model_step_seed(control->model, direction);
}

static void ridge_by_rule(dv_control *control, int unused)
{
    (void)unused;
    dv_model_ridge_by_rule(control->model);
}

static void next_method(dv_control *control, int unused)
{
    (void)unused;
    dv_model_next_method(control->model);
}

static void next_sampling(dv_control *control, int unused)
{
    (void)unused;
    dv_model_next_sampling(control->model);
}

static void next_neighborhood(dv_control *control, int unused)
{
    (void)unused;
    dv_model_next_neighborhood(control->model);
}

static void explain(dv_control *control, int unused)
{
    (void)unused;
    if (!dv_model_is_current(control->model) || control->model->preview)
        dv_model_want(control->model);
}

/* ---- the program -------------------------------------------------------------------- */

static void help(dv_control *control, int unused)
{
    (void)unused;
    control->model->help = true;
    control->model->help_page = 0;
    dv_screen_repaint(control->screen);
}

static void export(dv_control *control, int unused)
{
    (void)unused;
    dv_model *model = control->model;
    char folder[DV_FOLDER_SIZE];
    snprintf(folder, sizeof(folder), "deepvid-%" PRId64, model->options.index);
    if (dv_worker_export(control->worker, &model->options, folder))
        dv_model_say(model, false, "Writing the report into ./%s ...", folder);
    else
        dv_model_say(model, false, "A report is being written already.");
}

static void cycle_graphics(dv_control *control, int unused)
{
    (void)unused;
    dv_graphics now = dv_screen_graphics(control->screen);
    dv_graphics next = now == DV_GRAPHICS_OFF ? DV_GRAPHICS_SIXEL : now + 1;
    dv_screen_set_graphics(control->screen, next);
    bool promised = next != DV_GRAPHICS_SIXEL || dv_screen_has_sixel(control->screen);
    dv_model_say(control->model, false, "Graphics: %s%s", dv_graphics_name(next),
                 promised ? "" : ", which this terminal does not say it can show; c goes on");
}

static void repaint(dv_control *control, int unused)
{
    (void)unused;
    dv_screen_repaint(control->screen);
}

static void suspend(dv_control *control, int unused)
{
    (void)unused;
    dv_screen_suspend(control->screen);
}

static void cancel(dv_control *control, int unused)
{
    (void)unused;
    if (dv_worker_cancel(control->worker))
        dv_model_say(control->model, false, "Cancelled.");
    else
        control->leave = true;
}

static void quit(dv_control *control, int unused)
{
    (void)unused;
    control->leave = true;
}

static const struct {
    void (*act)(dv_control *control, int number);
    int number;
} handlers[DV_ACTION_COUNT] = {
    [DV_ACTION_PICTURE_NEXT] = {move, 1},
    [DV_ACTION_PICTURE_BACK] = {move, -1},
    [DV_ACTION_PICTURE_FIRST] = {go_to_end, false},
    [DV_ACTION_PICTURE_LAST] = {go_to_end, true},
    [DV_ACTION_WRONG_NEXT] = {go_to_wrong, 1},
    [DV_ACTION_WRONG_BACK] = {go_to_wrong, -1},
    [DV_ACTION_PICTURE_ASK] = {ask, 0},
    [DV_ACTION_LATENT_UP] = {choose, -1},
    [DV_ACTION_LATENT_DOWN] = {choose, 1},
    [DV_ACTION_TURN_LEFT] = {turn, -FINE},
    [DV_ACTION_TURN_RIGHT] = {turn, FINE},
    [DV_ACTION_TURN_FAR_LEFT] = {turn, -FAR},
    [DV_ACTION_TURN_FAR_RIGHT] = {turn, FAR},
    [DV_ACTION_RESET_ONE] = {reset, false},
    [DV_ACTION_RESET_ALL] = {reset, true},
    [DV_ACTION_BAND_DOWN] = {step_band, -1},
    [DV_ACTION_BAND_UP] = {step_band, 1},
    [DV_ACTION_NEIGHBORS_DOWN] = {step_neighbors, -1},
    [DV_ACTION_NEIGHBORS_UP] = {step_neighbors, 1},
    [DV_ACTION_SAMPLING] = {next_sampling, 0},
    [DV_ACTION_NEIGHBORHOOD] = {next_neighborhood, 0},
    [DV_ACTION_SEED_NEXT] = {step_seed, 1},
    [DV_ACTION_SEED_BACK] = {step_seed, -1},
    [DV_ACTION_METHOD] = {next_method, 0},
    [DV_ACTION_RIDGE_DOWN] = {step_ridge, -1},
    [DV_ACTION_RIDGE_UP] = {step_ridge, 1},
    [DV_ACTION_RIDGE_RULE] = {ridge_by_rule, 0},
    [DV_ACTION_TEMPERATURE_DOWN] = {step_temperature, -1},
    [DV_ACTION_TEMPERATURE_UP] = {step_temperature, 1},
    [DV_ACTION_EXPLAIN] = {explain, 0},
    [DV_ACTION_HELP] = {help, 0},
    [DV_ACTION_EXPORT] = {export, 0},
    [DV_ACTION_GRAPHICS] = {cycle_graphics, 0},
    [DV_ACTION_REPAINT] = {repaint, 0},
    [DV_ACTION_SUSPEND] = {suspend, 0},
    [DV_ACTION_CANCEL] = {cancel, 0},
    [DV_ACTION_QUIT] = {quit, 0},
};

void dv_control_key(dv_control *control, int key)
{
    dv_model *model = control->model;
    model->message[0] = '\0';
    if (model->asking) {
        answer_key(control, key);
        return;
    }
    if (model->help) {
        model->help = ++model->help_page < dv_view_help_pages(control->screen);
        dv_screen_repaint(control->screen);
        return;
    }
    dv_action action = dv_action_of_key(key);
    if (action == DV_ACTION_NONE)
        return;
    assert(handlers[action].act);
    uint64_t before = model->wanted;
    handlers[action].act(control, handlers[action].number);
    if (model->wanted != before)
        dv_worker_explain(control->worker, &model->options, model->wanted);
}
