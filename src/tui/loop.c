/* Waits for keys and for the worker, changes the model, draws. Never waits for the engine. */
#include "base/error.h"
#include "base/file.h"
#include "tui/control.h"
#include "tui/kept.h"
#include "tui/model.h"
#include "tui/tui.h"
#include "tui/view.h"
#include "tui/worker.h"

#include <math.h>

enum {
    FRAME_MS = 50, /* keys that come without end are not taken in for longer than this between two frames */
    HOLD_MS = 40,  /* so long a frame may wait for maps that are likely to come by then: nobody sees the delay, and the
                    * processors are left to the engine */
};

/* False when there was none, or something of the worker's waits. */
static bool act(dv_control *control, int timeout_ms)
{
    dv_event event = dv_screen_wait(control->screen, dv_worker_fd(control->worker), timeout_ms);
    switch (event.kind) {
    case DV_EVENT_KEY:
        dv_control_key(control, event.key);
        return true;
    case DV_EVENT_MOUSE:
        dv_control_mouse(control, &event.mouse);
        return true;
    case DV_EVENT_SUSPEND:
        dv_kept_save(control);
        dv_screen_suspend(control->screen);
        return true;
    case DV_EVENT_STOP:
        control->leave = true;
        return true;
    case DV_EVENT_RESIZE:
        return true;
    case DV_EVENT_WAKE:
    case DV_EVENT_NONE:
        break;
    }
    return false;
}

static bool take_event(dv_control *control, int timeout_ms)
{
    bool taken = act(control, timeout_ms);
    dv_kept_note(control);
    return taken;
}

static void take_outcomes(dv_control *control)
{
    dv_outcome outcome;
    control->model->work = dv_worker_look(control->worker);
    while (dv_worker_take(control->worker, &outcome))
        dv_control_accept(control, &outcome);
}

static void draw(const dv_control *control)
{
    dv_model *model = control->model;
    dv_screen *screen = control->screen;
    dv_frame frames[DV_MAX_FRAMES];
    model->now = dv_clock_ms();
    int count = dv_view_frames(model, dv_screen_rows(screen), dv_screen_columns(screen), frames);
    const dv_pane_kind *focus = dv_view_focus(model);
    dv_screen_begin(screen);
    for (int i = 0; i < count; i++) {
        dv_pane pane = {.screen = screen, .model = model, .area = frames[i].area, .focused = frames[i].kind == focus};
        if (pane.area.rows > 0 && pane.area.columns > 0)
            frames[i].kind->draw(&pane);
    }
    dv_screen_end(screen);
}

/* Whether an explanation is awaited, or has come and is not on the screen. */
static bool is_hurried(const dv_control *control)
{
    const dv_model *model = control->model;
    return !model->failed && (!dv_model_is_current(model) || control->drawn != model->taken);
}

/* Of the maps that have been drawn, from `start` on. */
static void note_cost(dv_control *control, double start)
{
    dv_model *model = control->model;
    dv_cost *cost = &model->cost;
    double now = dv_clock_ms();
    cost->of = model->wanted;
    cost->maps = now - model->wanted_at;
    cost->figures = -1;
    cost->write = dv_screen_write_ms(control->screen);
    cost->draw = now - start - cost->write;
    cost->bytes = dv_screen_frame_bytes(control->screen);
    cost->preview = model->preview;
    cost->engine = model->explanation->timing;
}

/* Draws. With the first answer to a wish once more, now that its time and its bytes are known. */
static void update(dv_control *control)
{
    dv_model *model = control->model;
    double start = dv_clock_ms();
    bool at_once = dv_screen_ready(control->screen);
    draw(control);
    control->drawn = model->taken;
    if (!dv_model_is_current(model))
        return;
    bool has_maps = control->timed != model->wanted;
    bool has_figures = control->figured != model->wanted && dv_model_fidelity(model);
    control->timed = model->wanted;
    if (has_figures)
        control->figured = model->wanted;
    if (!at_once)
        return; /* the frame waits for the terminal: its time and its bytes are not known yet */
    if (has_maps)
        note_cost(control, start);
    if (has_figures && model->cost.of == model->wanted)
        model->cost.figures = dv_clock_ms() - model->wanted_at;
    if (has_maps)
        draw(control);
}

/* Milliseconds that the next frame waits for maps, unless they come before; 0: it does not. Maps that have not come by
 * the end of the wait are waited for no more: until some come, each key is on the screen at once. */
static int hold(dv_control *control)
{
    const dv_model *model = control->model;
    const double now = dv_clock_ms();
    const bool soon = model->cost.maps > 0 && model->cost.maps < HOLD_MS;
    if (model->failed || dv_model_is_current(model) || !soon) {
        control->held_at = 0;
        return 0;
    }
    if (control->held_at == 0)
        control->held_at = now;
    const double left = control->held_at + HOLD_MS - now;
    return left > 0 ? (int)ceil(left) : 0;
}

/* Of two waits in milliseconds, of which a negative one never ends. */
static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void run(dv_control *control)
{
    dv_model *model = control->model;
    while (!control->leave) {
        take_outcomes(control);
        bool hurried = is_hurried(control);
        dv_control_ask_needs(control, hurried);
        int timeout_ms = sooner(dv_model_expire(model, dv_clock_ms()), dv_kept_look(control));
        int hold_ms = hold(control);
        if (hold_ms > 0)
            timeout_ms = sooner(timeout_ms, hold_ms);
        else
            update(control);
        if (hurried && !is_hurried(control))
            dv_control_ask_needs(control, false);
        double drawn = dv_clock_ms();
        if (take_event(control, timeout_ms))
            while (!control->leave && dv_clock_ms() < drawn + FRAME_MS && take_event(control, 0))
                ;
    }
}

static dv_screen *open_screen(dv_graphics graphics, dv_error *error)
{
    dv_error cause;
    dv_screen *screen = dv_screen_open(graphics, &cause);
    if (!screen)
        dv_error_set(error, cause.code, "%s ('deepvid explain' needs none)", cause.message);
    return screen;
}

/* Opens the second teacher that the command line names, or else the session; what the session names may be missing by
 * now. */
static bool open_second(dv_control *control, dv_bundle *bundle, const dv_tui_options *options, dv_error *error)
{
    dv_kept *kept = control->kept;
    dv_bundle_source source = *options->source;
    source.teacher = options->compare ? options->compare : kept->session.second;
    if (!source.teacher[0] || (control->second = dv_bundle_open_second(bundle, &source, error)))
        return true;
    if (options->compare)
        return false;
    if (kept->note.code == DV_OK)
        kept->note = *error;
    dv_session_compare(&kept->session, "", NULL);
    return true;
}

static bool add_teacher(dv_control *control, dv_error *error)
{
    if (!control->second)
        return true;
    dv_pictures *pictures = dv_pictures_new(dv_bundle_get_facts(control->second), error);
    if (!pictures)
        return false;
    dv_worker_add_teacher(control->worker, control->second);
    dv_model_take_teacher(control->model, control->second, pictures);
    return true;
}

bool dv_tui_run(dv_bundle *bundle, const dv_tui_options *options, dv_error *error)
{
    dv_kept kept = {0};
    dv_error unsaved;
    dv_control control = {.kept = &kept, .options = options};
    bool fine = dv_kept_open(&kept, bundle, options, error) && open_second(&control, bundle, options, error) &&
                (control.model = dv_model_new(bundle, &kept.session.wish.options, error)) &&
                (control.worker = dv_worker_new(bundle, error)) && add_teacher(&control, error) &&
                (control.screen = open_screen(options->graphics, error));
    if (fine) {
        control.model->session = &kept.session;
        dv_kept_show(&control);
        run(&control);
    }
    if (!dv_kept_close(&kept, &unsaved) && fine) {
        *error = unsaved;
        fine = false;
    }
    if (control.screen)
        dv_screen_close(control.screen);
    dv_worker_free(control.worker);
    dv_model_free(control.model);
    dv_bundle_close(control.second);
    return fine;
}
